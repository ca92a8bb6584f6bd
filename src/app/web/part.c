#include "app/web/part.h"

#include "base/html.h"
#include "base/moment.h"
#include "app/web/timeline.h"
#include "core/roll/verdict_html.h"
#include "assets.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *path, *name;
} navigation[] = {{"/", "Overview"}, {"/readiness", "Readiness"}, {"/join", "Take part"}, {"/plans", "Plans"},
    {"/api/", "API"}};

static const char *const states[] = {[STATE_WAITING] = "nothing seen yet",
    [STATE_JOINED] = "joined",
    [STATE_LEARNING] = "learning the new key",
    [STATE_LEARNED] = "trusts the new key",
    [STATE_SURVIVED] = "survived the roll",
    [STATE_DONE] = "done",
    [STATE_FAILED] = "failed"};

static const struct {
    const char *phase, *sentence;
} phases[] = {
    {"before", "has not begun"},
    {"steady", "no roll is under way"},
    {"hold-down", "the new key is published, and followers wait out their hold-down"},
    {"waiting", "the hold-down is over, and the new key does not sign yet"},
    {"sign", "the new key signs alone"},
    {"revoke", "the old key is revoked"},
    {"done", "done: the old key is withdrawn"},
    {"postponed", "postponed, and nothing happens until there is a date"},
    {"backed-out", "backed out: the old key signs again"},
    {"unreadable", "the plan cannot be read"},
};

static void link_asset(struct text *out, const char *before, const char *name, const char *after)
{
    for (size_t i = 0; i < asset_count; i++)
        if (strcmp(assets[i].name, name) == 0)
            text_printf(out, "%s/assets/%s?v=%s%s\n", before, name, assets[i].hash, after);
}

void part_open(struct text *out, const struct part_frame *frame)
{
    html_document(out);
    if (frame->secret)
        text_add(out, "<meta name=\"robots\" content=\"noindex\">\n");
    if (frame->again_s)
        text_printf(out, "<meta http-equiv=\"refresh\" content=\"%u\">\n", frame->again_s);
    text_add(out, "<title>");
    text_add_html(out, frame->title);
    text_add(out, " \xc2\xb7 rollcall</title>\n");
    link_asset(out, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"", "icon.svg", "\">");
    link_asset(out, "<link rel=\"stylesheet\" href=\"", "site.css", "\">");
    link_asset(out, "<script type=\"module\" src=\"", "site.js", "\"></script>");
    if (frame->refresh_s)
        text_printf(out, "<noscript><meta http-equiv=\"refresh\" content=\"%u\"></noscript>\n",
            frame->refresh_s < 5 ? 5 : frame->refresh_s);
    text_add(out,
        "</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
        "<header class=\"top\"><a class=\"brand\" href=\"/\">rollcall</a>\n<nav aria-label=\"Site\"><ul>\n");
    for (size_t i = 0; i < sizeof navigation / sizeof *navigation; i++)
        text_printf(out, "<li><a href=\"%s\"%s>%s</a></li>\n", navigation[i].path,
            frame->here && strcmp(frame->here, navigation[i].path) == 0 ? " aria-current=\"page\"" : "",
            navigation[i].name);
    text_printf(out, "</ul></nav></header>\n<main id=\"main\" data-refresh=\"%u\">\n", frame->refresh_s);
}

void part_close(struct text *out)
{
    text_add(out,
        "</main>\n<footer><p>rollcall " ROLLCALL_VERSION ": who is ready when the key that the DNS hangs on "
        "changes. Nothing on these pages comes from another "
        "host. <span id=\"live\" role=\"status\"></span></p></footer>\n</body>\n</html>\n");
}

void part_label(struct text *out, const char *label)
{
    text_add(out, "<bdi>");
    text_add_html(out, *label ? label : "(no name)");
    text_add(out, "</bdi>");
}

void part_sentence(struct text *out, const char *words)
{
    size_t length = strlen(words);
    if (words[0] >= 'a' && words[0] <= 'z') {
        text_printf(out, "%c", words[0] - 'a' + 'A');
        words++;
        length--;
    }
    text_add_html(out, words);
    if (length && !strchr(".!?", words[length - 1]))
        text_add(out, ".");
}

void part_change(struct text *out, const struct store_verdict *change, const char *label)
{
    text_add(out, "<li><span class=\"when\">");
    moment_html(out, change->at_us, true);
    text_add(out, "</span> ");
    if (label) {
        part_label(out, label);
        text_add(out, " ");
    }
    verdict_html(out, view_verdict(change->verdict));
    text_add(out, " <span class=\"why\">");
    part_sentence(out, change->summary);
    text_add(out, "</span></li>\n");
}

const char *part_state(enum verdict_state state)
{
    return states[state];
}

const char *part_phase(const char *phase)
{
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (strcmp(phases[i].phase, phase) == 0)
            return phases[i].sentence;
    return phase;
}

bool part_seconds(const struct plan *plan)
{
    return plan->add_hold_us < UTC_DAY;
}

unsigned part_refresh_s(const struct plan *plan)
{
    return plan && part_seconds(plan) ? 2 : 60;
}

/* --- operations --- */

static const char *operation_word(const struct plan_entry *entry)
{
    static const struct {
        const char *operation, *word;
    } words[] = {
        {"postpone", "Postponed"}, {"resume", "Resumed"}, {"back-out", "Backed out"}, {"note", "Noted"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(entry->operation, words[i].operation) == 0)
            return words[i].word;
    return entry->operation;
}

static void change_words(struct text *out, const struct plan_change *change, bool seconds)
{
    text_add_html(out, change->key);
    text_printf(out, ", %s: ", plan_do_name(change->what));
    moment_html(out, change->from_us, seconds);
    text_add(out, " \xe2\x86\x92 ");
    moment_html(out, change->to_us, seconds);
}

static void entry_html(struct text *out, const struct plan_entry *entry, bool seconds)
{
    text_printf(out, "<p><strong>%s</strong> on ", operation_word(entry));
    moment_html(out, entry->at_us, seconds);
    if (entry->who) {
        text_add(out, " by ");
        part_label(out, entry->who);
    }
    text_add(out, ": ");
    part_label(out, entry->reason ? entry->reason : "no reason is recorded");
    text_add(out, entry->forced ? " <em>(forced, against the rule of the hold-down)</em></p>\n" : "</p>\n");
    if (entry->change_count == 0)
        return;
    text_add(out, "<details><summary>What it changed</summary><ul class=\"plain\">\n");
    for (size_t i = 0; i < entry->change_count; i++) {
        text_add(out, "<li>");
        change_words(out, &entry->changes[i], seconds);
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul></details>\n");
}

void part_notice(struct text *out, const struct plan *plan, const struct plan_roll *roll, bool seconds)
{
    if (plan->history_count == 0)
        return;
    text_printf(out, "<div class=\"notice%s\">\n", roll->open ? " notice-open" : "");
    for (size_t i = plan->history_count; i-- > 0;)
        entry_html(out, &plan->history[i], seconds);
    if (roll->open)
        text_add(out,
            "<p>There is no new date. What is published stays published, the old key goes on signing, "
            "and nothing dated happens until the roll is resumed.</p>\n");
    text_add(out, "</div>\n");
}

/* --- steps --- */

static const char *const did[] = {[PLAN_PUBLISH] = "is published",
    [PLAN_SIGN] = "signs",
    [PLAN_STOP] = "stops signing",
    [PLAN_REVOKE] = "is revoked",
    [PLAN_WITHDRAW] = "is withdrawn"};

void part_step_words(struct text *out, const struct plan *plan, int64_t at_us)
{
    bool any = false;
    for (size_t k = 0; k < plan->key_count; k++) {
        bool named = false;
        for (size_t s = 0; s < plan->keys[k].step_count; s++) {
            const struct plan_step *step = &plan->keys[k].steps[s];
            if (step->at_us != at_us)
                continue;
            text_add(out, !any ? "" : named ? " and " : ", ");
            if (!named)
                text_add_html(out, plan->keys[k].id), text_add(out, " ");
            text_add(out, did[step->what]);
            any = named = true;
        }
    }
}

static bool is_planned(const struct plan *plan, int64_t at_us)
{
    for (size_t k = 0; k < plan->key_count; k++)
        for (size_t s = 0; s < plan->keys[k].step_count; s++)
            if (plan->keys[k].steps[s].at_us == at_us && plan->keys[k].steps[s].planned)
                return true;
    return false;
}

static bool has_open(const struct plan *plan)
{
    for (size_t k = 0; k < plan->key_count; k++)
        if (plan->keys[k].step_count && plan->keys[k].steps[plan->keys[k].step_count - 1].at_us == UTC_OPEN)
            return true;
    return false;
}

void part_steps(struct text *out, const struct plan *plan, int64_t now_us)
{
    bool seconds = part_seconds(plan);
    int64_t next_us = plan->relative ? UTC_OPEN : plan_next_change(plan, now_us);
    text_add(out, "<ol class=\"steps\">\n");
    for (int64_t at_us = plan_next_change(plan, INT64_MIN); at_us != UTC_OPEN;
         at_us = plan_next_change(plan, at_us)) {
        char offset[UTC_TEXT];
        bool past = !plan->relative && at_us <= now_us;
        text_printf(out, "<li class=\"%s\"><span class=\"when\">",
            past               ? "past"
            : at_us == next_us ? "next"
                               : "coming");
        if (plan->relative)
            text_add(out, moment_offset(at_us, offset));
        else if (at_us == next_us)
            moment_html_from(out, at_us, now_us, seconds);
        else
            moment_html(out, at_us, seconds);
        text_add(out, "</span> <span class=\"what\">");
        part_step_words(out, plan, at_us);
        text_add(out, is_planned(plan, at_us) ? " <em>(planned)</em>" : "");
        text_add(out, at_us == next_us ? " <strong>next</strong></span></li>\n" : "</span></li>\n");
    }
    if (has_open(plan)) {
        text_add(out, "<li class=\"open\"><span class=\"when\">no date</span> <span class=\"what\">");
        part_step_words(out, plan, UTC_OPEN);
        text_add(out, "</span></li>\n");
    }
    text_add(out, "</ol>\n");
}

void part_timeline(struct text *out, const struct plan *plan, int64_t now_us, const char *id)
{
    text_add(out, "<figure class=\"timeline\"><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                  "aria-label=\"Timeline, may be scrolled sideways\">\n");
    timeline_svg(out, plan, now_us, id);
    text_add(out, "</div>\n<figcaption><span class=\"k k-there\">published</span> <span class=\"k "
                  "k-signs\">signing</span> <span class=\"k k-revoked\">revoked</span> <span class=\"k "
                  "k-coming\">still to come: paler</span> <span class=\"k-text\">times are "
                  "UTC</span></figcaption></figure>\n"
                  "<details class=\"steps-box\"><summary>Steps and dates</summary>\n");
    part_steps(out, plan, now_us);
    text_add(out, "</details>\n");
}
