/* The overview: every roll with its timeline, its participants and how many users stand behind each verdict.
 * Nothing here tells a token, a zone, a contact or an address. */
#include "app/web/inside.h"
#include "core/roll/verdict_html.h"
#include "base/moment.h"
#include "app/web/part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char intro[] = "<div class=\"intro\"><h1>Who is ready when the key changes?</h1>\n"
                            "<p>rollcall rolls the keys of test zones on a schedule, and each resolver that "
                            "takes part follows a zone of "
                            "its own. What the zone\xe2\x80\x99s server sees of it becomes a verdict: would "
                            "this resolver, and its users, survive "
                            "a change of the root\xe2\x80\x99s trust anchor, and why?</p>\n"
                            "<p><a class=\"button\" href=\"/join\">Take part with a resolver</a></p></div>\n";

/* --- how many stand behind each verdict --- */

static const enum verdict order[] = {VERDICT_NOT_READY, VERDICT_AT_RISK, VERDICT_UNKNOWN, VERDICT_READY};

static int64_t amount(const struct view_roll *roll, enum verdict verdict, bool users)
{
    return users ? roll->totals[verdict].users : (int64_t)roll->totals[verdict].participants;
}

static void bar(struct text *out, const struct view_roll *roll, bool users, const char *name)
{
    double sum = 0, at = 0;
    for (size_t i = 0; i < VIEW_VERDICTS; i++)
        sum += (double)amount(roll, order[i], users);
    if (sum <= 0)
        return;
    text_printf(out,
        "<div class=\"barline\"><span class=\"barname\">%s</span><svg class=\"bar\" viewBox=\"0 0 1000 20\" "
        "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        name);
    for (size_t i = 0; i < VIEW_VERDICTS; i++) {
        double width = 1000.0 * (double)amount(roll, order[i], users) / sum;
        if (width > 0)
            text_printf(out, "<rect class=\"b-%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"20\"/>",
                verdict_name(order[i]), at, width);
        at += width;
    }
    text_add(out, "</svg></div>\n");
}

static void share(struct text *out, int64_t value, int64_t sum)
{
    text_add_number(out, value);
    if (sum > 0)
        text_printf(out, " <span class=\"share\">%.1f\xc2\xa0%%</span>", 100.0 * (double)value / (double)sum);
}

static void totals(struct text *out, const struct view_roll *roll)
{
    int64_t users = 0;
    for (size_t i = 0; i < VIEW_VERDICTS; i++)
        users += roll->totals[i].users;
    text_add(out, "<h3>Behind each verdict</h3>\n");
    bar(out, roll, false, "resolvers");
    bar(out, roll, true, "users");
    text_add(out,
        "<table class=\"totals\"><caption class=\"hidden\">Participants and users by "
        "verdict</caption><thead><tr><th "
        "scope=\"col\">Verdict</th><th scope=\"col\" class=\"n\">Participants</th><th scope=\"col\" "
        "class=\"n\">Users</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < VIEW_VERDICTS; i++) {
        text_add(out, "<tr><th scope=\"row\">");
        verdict_html(out, order[i]);
        text_add(out, "</th><td class=\"n\">");
        share(out, amount(roll, order[i], false), (int64_t)roll->count);
        text_add(out, "</td><td class=\"n\">");
        share(out, amount(roll, order[i], true), users);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table>\n");
    if (roll->users_untold)
        text_printf(
            out, "<p class=\"small\">%zu did not tell how many users they serve.</p>\n", roll->users_untold);
}

/* --- participants --- */

static void dates(struct text *out, const struct view_participant *p, int64_t now_us, bool seconds)
{
    if (p->broke_us != UTC_OPEN) {
        text_add(out, "<span class=\"date\">broke ");
        moment_html_from(out, p->broke_us, now_us, seconds);
        text_add(out, "</span> ");
    } else if (p->break_us != UTC_OPEN) {
        text_add(out,
            p->break_us > now_us ? "<span class=\"date\">will break " : "<span class=\"date\">breaks from ");
        moment_html_from(out, p->break_us, now_us, seconds);
        text_add(out, "</span> ");
    } else if (p->trust_us != UTC_OPEN && p->verdict != VERDICT_NOT_READY) {
        text_add(out, p->trust_us > now_us ? "<span class=\"date\">will trust the new key "
                                           : "<span class=\"date\">has trusted the new key since ");
        moment_html_from(out, p->trust_us, now_us, seconds);
        text_add(out, "</span>");
    }
}

static void participant_row(struct text *out, const struct view_participant *p, int64_t now_us, bool seconds)
{
    text_printf(out, "<tr id=\"n%lld\"><th scope=\"row\" data-th=\"Resolver\">", (long long)p->row.id);
    part_label(out, p->row.label);
    if (*p->row.country) {
        text_add(out, " <span class=\"country\">");
        text_add_html(out, p->row.country);
        text_add(out, "</span>");
    }
    text_add(out, "</th><td data-th=\"Verdict\">");
    verdict_html(out, p->verdict);
    text_printf(out, "</td><td data-th=\"State\">%s</td><td data-th=\"Why\">", part_state(p->state));
    part_sentence(out, p->summary);
    text_add(out, " ");
    dates(out, p, now_us, seconds);
    text_add(out, "</td><td class=\"n\" data-th=\"Users\">");
    if (p->row.users < 0)
        text_add(out, "<span class=\"small\">not told</span>");
    else
        text_add_number(out, p->row.users);
    text_add(out, "</td></tr>\n");
}

static void participants(
    struct ask *ask, struct text *out, const struct view *view, struct view_roll *roll, size_t from)
{
    bool seconds = roll->plan && part_seconds(roll->plan);
    from = from < roll->count ? from / VIEW_PAGE * VIEW_PAGE : 0;
    size_t end = from + VIEW_PAGE < roll->count ? from + VIEW_PAGE : roll->count;
    text_printf(out, "<h3>Participants <span class=\"count\">%zu</span></h3>\n", roll->count);
    if (roll->count == 0) {
        text_add(out, "<p>Nobody takes part yet.</p>\n");
        return;
    }
    text_add(out,
        "<table class=\"people\"><caption class=\"hidden\">Participants, the worst verdict "
        "first</caption><thead><tr>"
        "<th scope=\"col\">Resolver</th><th scope=\"col\">Verdict</th><th scope=\"col\">State</th><th "
        "scope=\"col\">Why</th><th scope=\"col\" class=\"n\">Users</th></tr></thead><tbody>\n");
    for (size_t i = from; i < end; i++) {
        view_dates(&roll->participants[i], ask->arena);
        participant_row(out, &roll->participants[i], view->now_us, seconds);
    }
    text_add(out, "</tbody></table>\n");
    if (roll->count <= VIEW_PAGE)
        return;
    text_printf(out, "<nav class=\"pages\" aria-label=\"Pages of participants\">%zu to %zu of %zu", from + 1,
        end, roll->count);
    if (from > 0)
        text_printf(out, " <a rel=\"prev\" href=\"/?roll=%lld&amp;from=%zu\">before</a>",
            (long long)roll->row.id, from - VIEW_PAGE);
    if (end < roll->count)
        text_printf(
            out, " <a rel=\"next\" href=\"/?roll=%lld&amp;from=%zu\">more</a>", (long long)roll->row.id, end);
    text_add(out, "</nav>\n");
}

/* --- rolls --- */

static void next_words(struct text *out, const struct view_roll *roll, int64_t now_us)
{
    int64_t next_us = plan_next_change(roll->plan, now_us);
    text_printf(out, "<p class=\"phase\">Now: %s. ", part_phase(roll->phase));
    if (next_us != UTC_OPEN) {
        text_add(out, "Next, at ");
        moment_html_from(out, next_us, now_us, part_seconds(roll->plan));
        text_add(out, ": ");
        part_step_words(out, roll->plan, next_us);
        text_add(out, ".");
    } else if (!roll->roll.open) {
        text_add(out, "Nothing more is to come.");
    }
    text_add(out, "</p>\n");
}

static void roll_section(
    struct ask *ask, struct text *out, const struct view *view, struct view_roll *roll, size_t from)
{
    long long id = (long long)roll->row.id;
    text_printf(out,
        "<section class=\"roll card\" id=\"roll%lld\" data-live aria-labelledby=\"roll%lld-h\">\n<h2 "
        "id=\"roll%lld-h\">",
        id, id, id);
    text_add_html(out, roll->row.plan_name);
    text_add(out, " <span class=\"since\">since ");
    moment_html(out, roll->row.start_us, roll->plan && part_seconds(roll->plan));
    text_add(out, "</span></h2>\n");
    if (roll->plan) {
        char name[32];
        snprintf(name, sizeof name, "tl%lld", id);
        next_words(out, roll, view->now_us);
        part_notice(out, roll->plan, &roll->roll, part_seconds(roll->plan));
        part_timeline(out, roll->plan, view->now_us, name);
    } else {
        text_add(
            out, "<p class=\"notice\">The stored plan of this roll cannot be read; the log says why.</p>\n");
    }
    if (roll->count)
        totals(out, roll);
    participants(ask, out, view, roll, from);
    if (ask->web->config.readiness && roll->count)
        text_printf(out,
            "<p class=\"small\"><a href=\"/readiness/%lld\">What the signals of its resolvers alone "
            "tell</a></p>\n",
            id);
    text_add(out, "</section>\n");
}

static void changes(struct text *out, const struct view *view)
{
    text_add(out, "<section class=\"card\" id=\"changes\" data-live aria-labelledby=\"changes-h\"><h2 "
                  "id=\"changes-h\">Changes of "
                  "verdicts</h2>\n");
    if (view->change_count == 0)
        text_add(out, "<p>None yet.</p>\n");
    else
        text_add(out, "<ol class=\"changes\">\n");
    for (size_t i = 0; i < view->change_count; i++)
        part_change(out, &view->changes[i].verdict, view->changes[i].participant->row.label);
    text_add(out, view->change_count ? "</ol></section>\n" : "</section>\n");
}

static unsigned refresh_of(const struct view *view)
{
    unsigned least = 60;
    for (size_t i = 0; i < view->roll_count; i++) {
        unsigned one = part_refresh_s(view->rolls[i].plan);
        bool over = strcmp(view->rolls[i].phase, "done") == 0;
        least = one < least && !over ? one : least;
    }
    return least;
}

static int64_t number_of(const struct form *form, const char *name)
{
    const char *text = form_get(form, name);
    return text && *text && strlen(text) < 16 && text[strspn(text, "0123456789")] == '\0' ? atoll(text) : 0;
}

static int make_home(struct ask *ask, struct text *out, struct err_note *note)
{
    struct view view;
    struct form query = {.count = 0};
    form_read(ask->request->query, strlen(ask->request->query), ask->arena, &query); /* a bad one: as none */
    int err = view_load(ask->web->store, ask->request->now_us, ask->arena, &view, note);
    if (err)
        return err;
    part_open(out, &(struct part_frame){"Overview", "/", refresh_of(&view), false});
    text_add(out, intro);
    if (view.roll_count == 0)
        text_add(out,
            "<section class=\"card\" id=\"rolls\" data-live><h2>No roll is running</h2><p>A roll begins when "
            "the first resolver takes part. The <a href=\"/plans\">plans</a> show what will happen "
            "then.</p></section>\n");
    int64_t wanted = number_of(&query, "roll");
    for (size_t i = 0; i < view.roll_count; i++)
        roll_section(ask, out, &view, &view.rolls[i],
            wanted == view.rolls[i].row.id ? (size_t)number_of(&query, "from") : 0);
    if (view.roll_count)
        changes(out, &view);
    part_close(out);
    view_free(&view);
    return 0;
}

/* The page of this second, as long as the store has not changed: all who look get news at the same moment. */
static bool from_memory(struct ask *ask, int64_t version)
{
    const struct web *web = ask->web;
    int64_t age_us = ask->request->now_us - web->home.at_us;
    if (ask->request->query[0] || web->home.page.length == 0 || web->home.version != version || age_us < 0 ||
        age_us >= UTC_SECOND)
        return false;
    text_add_bytes(ask_page(ask, 200), web->home.page.string, web->home.page.length);
    return true;
}

void home_get(struct ask *ask)
{
    struct web *web = ask->web;
    struct err_note note = {""};
    int64_t version = store_version(web->store);
    if (from_memory(ask, version))
        return;
    struct text *out = ask_page(ask, 200);
    int err = make_home(ask, out, &note);
    if (err) {
        ask_fail_store(ask, err, &note);
        return;
    }
    if (ask->request->query[0])
        return;
    text_free(&web->home.page);
    text_add_bytes(&web->home.page, out->string, out->length);
    web->home.version = version;
    web->home.at_us = ask->request->now_us;
}
