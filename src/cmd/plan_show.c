/* rollcall plan show: the plan as it stood at a moment. Facts of the moment first, then timeline, steps and
 * history. */
#include "cmd/plan_view.h"

#include "core/dns/dnskey.h"

#include <string.h>

enum { LABEL = 11 }; /* "published  " */

void plan_add_wrapped(struct text *text, const char *string, size_t at, size_t indent, size_t columns)
{
    struct text safe;
    text_start(&safe);
    text_add_safe(&safe, string);
    bool first = true;
    for (char *word = safe.string, *end; *word; word = end) {
        end = word + strcspn(word, " ");
        bool more = *end == ' ';
        *end = '\0';
        size_t width = text_columns(word);
        if (!first && at + 1 + width > columns) {
            text_printf(text, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        text_printf(text, "%s%s", first ? "" : " ", word);
        at += width + !first;
        first = false;
        end += more;
    }
    text->failed = text->failed || safe.failed;
    text_free(&safe);
}

static void add_fact(struct view *v, const char *label, const char *string)
{
    text_printf(v->text, "%-*s", LABEL, label);
    plan_add_wrapped(v->text, string, LABEL, LABEL, v->screen.columns);
    text_add(v->text, "\n");
}

const char *plan_moment(const struct plan *plan, int64_t us, char out[UTC_TEXT])
{
    if (us == UTC_OPEN)
        return strcpy(out, "no date");
    if (!plan->relative)
        return utc_format_short(us, out);
    if (us == 0)
        return strcpy(out, "start");
    char words[UTC_TEXT];
    snprintf(out, UTC_TEXT, "+%.30s", utc_format_words(us, words));
    return out;
}

static void add_head(struct view *v)
{
    char ttl[UTC_TEXT], life[UTC_TEXT], hold[UTC_TEXT], refresh[UTC_TEXT];
    const struct plan *plan = v->whole;
    struct text line;
    text_start(&line);
    text_printf(&line, "%s%s%s", plan->name, plan->title ? ": " : "", plan->title ? plan->title : "");
    plan_add_wrapped(v->text, line.string, 0, 2, v->screen.columns);
    text_free(&line);
    text_start(&line);
    text_printf(&line, "zone %s, DNSKEY TTL %s, signatures %s, hold-down %s, refresh %s%s%s", plan->zone,
        utc_format_words(plan->dnskey_ttl_s * UTC_SECOND, ttl),
        utc_format_words(plan->signature_s * UTC_SECOND, life), utc_format_words(plan->add_hold_us, hold),
        utc_format_words(plan_refresh(plan), refresh), plan->builtin ? "; built in" : "",
        plan->relative ? "; a template: times count from its start" : "");
    text_add(v->text, "\n");
    plan_add_wrapped(v->text, line.string, 0, 2, v->screen.columns);
    text_add(v->text, "\n");
    text_free(&line);
}

static const char *phase_words(const char *phase)
{
    static const char *const words[][2] = {
        {"before", "none of its keys signs yet"},
        {"steady", "no roll is under way"},
        {"hold-down", "the new key is published, and followers do not trust it yet"},
        {"waiting", "followers trust the new key, and it does not sign alone yet"},
        {"sign", "the new key signs alone"},
        {"revoke", "the old key is revoked"},
        {"done", "the old key is gone"},
        {"postponed", "what comes next has no date"},
        {"backed-out", "the old key signs again"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], phase) == 0)
            return words[i][1];
    return "";
}

/* Key ids with tags, of keys that pass the test. */
static void list_keys(const struct plan *plan, int64_t t_us,
    bool (*test)(const struct plan_key *, struct plan_key_state), struct text *out)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct plan_key_state state = plan_key_at(key, t_us);
        if (!test(key, state))
            continue;
        int32_t tag = state.revoked ? key->revoked_tag : key->tag;
        text_printf(out, "%s%s", out->length ? ", " : "", key->id);
        if (tag >= 0)
            text_printf(out, " (%d)", tag);
        if (state.revoked)
            text_add(out, " revoked");
    }
    if (!out->length)
        text_add(out, "nothing");
}

static bool signs_keys(const struct plan_key *key, struct plan_key_state state)
{
    return !key->zsk && (state.signing || state.revoked);
}

static bool signs_zone(const struct plan_key *key, struct plan_key_state state)
{
    return key->zsk && state.signing;
}

static bool is_published(const struct plan_key *key, struct plan_key_state state)
{
    return state.published;
}

static bool has_zsk(const struct plan *plan)
{
    for (size_t i = 0; i < plan->key_count; i++)
        if (plan->keys[i].zsk)
            return true;
    return false;
}

static void add_keys(
    struct view *v, const char *label, bool (*test)(const struct plan_key *, struct plan_key_state))
{
    struct text keys;
    text_start(&keys);
    list_keys(v->plan, v->now_us, test, &keys);
    add_fact(v, label, keys.string);
    text_free(&keys);
}

/* The last postponement or back-out until now, and from which date of the roll. */
static void add_postponement(struct view *v)
{
    char when[UTC_TEXT], from[UTC_TEXT];
    size_t i = v->plan->history_count;
    while (i > 0 && strcmp(v->plan->history[i - 1].operation, "postpone") != 0 &&
           strcmp(v->plan->history[i - 1].operation, "back-out") != 0)
        i--;
    if (!i)
        return;
    const struct plan_entry *entry = &v->plan->history[i - 1];
    bool back_out = strcmp(entry->operation, "back-out") == 0;
    struct text line;
    text_start(&line);
    text_printf(&line, "on %s%s%s", utc_format_short(entry->at_us, when), entry->who ? " by " : "",
        entry->who ? entry->who : "");
    int64_t first_us = UTC_OPEN;
    for (size_t j = 0; !back_out && j < entry->change_count; j++)
        first_us = entry->changes[j].from_us < first_us ? entry->changes[j].from_us : first_us;
    if (first_us != UTC_OPEN)
        text_printf(&line, ", was to go on %s", utc_format_short(first_us, from));
    text_printf(&line, ": %s", entry->reason);
    add_fact(v, back_out ? "backed out" : "postponed", line.string);
    text_free(&line);
}

/* What the plan says of this moment is no more than a plan where the last step of a key is. */
static bool is_by_plan(const struct view *v)
{
    for (size_t i = 0; i < v->plan->key_count; i++)
        if (plan_key_at(&v->plan->keys[i], v->now_us).planned)
            return true;
    return false;
}

static const char *const verbs[] = {
    "is published", "begins to sign", "stops signing", "is revoked", "is withdrawn"};

static void describe_next(struct view *v, struct text *line)
{
    char when[UTC_TEXT], span[UTC_TEXT];
    int64_t next_us = plan_next_change(v->plan, v->now_us);
    if (next_us == UTC_OPEN) {
        text_add(line, plan_roll_at(v->plan, v->now_us).open ? "no date" : "nothing more");
        return;
    }
    text_printf(
        line, "%s, in %s:", plan_moment(v->plan, next_us, when), utc_format_words(next_us - v->now_us, span));
    bool any = false, planned = false;
    for (size_t i = 0; i < v->plan->key_count; i++)
        for (size_t j = 0; j < v->plan->keys[i].step_count; j++) {
            const struct plan_step *step = &v->plan->keys[i].steps[j];
            if (step->at_us != next_us)
                continue;
            text_printf(line, "%s %s %s", any ? ";" : "", v->plan->keys[i].id, verbs[step->what]);
            if (step->what == PLAN_REVOKE && v->plan->keys[i].revoked_tag >= 0)
                text_printf(line, ", its tag becomes %d", v->plan->keys[i].revoked_tag);
            any = true;
            planned = planned || step->planned;
        }
    if (planned)
        text_add(line, " (planned)");
}

static void add_roll(struct view *v)
{
    struct plan_roll roll = plan_roll_at(v->plan, v->now_us);
    char a[UTC_TEXT], b[UTC_TEXT], c[UTC_TEXT], d[UTC_TEXT];
    if (!roll.new_key)
        return;
    struct text line;
    text_start(&line);
    text_printf(&line, "%s to %s: published %s, trusted by followers from %s (replay-safe from %s), ",
        roll.old_key->id, roll.new_key->id, plan_moment(v->plan, roll.publish_us, a),
        plan_moment(v->plan, roll.trust_us, b), plan_moment(v->plan, roll.safe_us, c));
    text_printf(&line, roll.sign_us == UTC_OPEN ? "no date to sign alone" : "signs alone from %s",
        plan_moment(v->plan, roll.sign_us, d));
    if (roll.sign_us != UTC_OPEN && roll.sign_us < roll.trust_us)
        text_add(&line, ": INSIDE THE HOLD-DOWN");
    add_fact(v, "roll", line.string);
    text_free(&line);
}

static void add_present(struct view *v)
{
    char when[UTC_TEXT];
    const char *phase = plan_phase_at(v->plan, v->now_us);
    struct text line;
    text_add(v->text, "\n");
    text_start(&line);
    text_printf(&line, "%s: %s, %s%s", plan_moment(v->plan, v->now_us, when), phase, phase_words(phase),
        is_by_plan(v) ? " (by plan: not confirmed)" : "");
    add_fact(v, "at", line.string);
    text_free(&line);
    add_keys(v, has_zsk(v->plan) ? "signs keys" : "signs", signs_keys);
    if (has_zsk(v->plan))
        add_keys(v, "signs zone", signs_zone);
    add_keys(v, "published", is_published);
    text_start(&line);
    describe_next(v, &line);
    add_fact(v, "next", line.string);
    text_free(&line);
    add_postponement(v);
    add_roll(v);
}

static void add_rrset(struct view *v)
{
    text_printf(
        v->text, "\n%-*s%-7s%-17s%-6s%s\n", (int)v->line.label, "KEY", "FLAGS", "ALGORITHM", "TAG", "STATE");
    for (size_t i = 0; i < v->plan->key_count; i++) {
        const struct plan_key *key = &v->plan->keys[i];
        struct plan_key_state s =
            v->now_us == INT64_MIN ? (struct plan_key_state){0} : plan_key_at(key, v->now_us);
        unsigned flags = (key->zsk ? DNSKEY_ZSK : DNSKEY_KSK) | (s.revoked ? DNSKEY_REVOKE : 0);
        const char *name = dnskey_algorithm_name(key->algorithm);
        char algorithm[32], tag[16] = "?";
        snprintf(algorithm, sizeof algorithm, "%u", key->algorithm);
        if (name)
            snprintf(algorithm, sizeof algorithm, key->bits ? "%s-%u" : "%s", name, key->bits);
        if ((s.revoked ? key->revoked_tag : key->tag) >= 0)
            snprintf(tag, sizeof tag, "%d", s.revoked ? key->revoked_tag : key->tag);
        text_printf(v->text, "%-*s%-7u%-17s%-6s", (int)v->line.label, key->id, flags, algorithm, tag);
        if (v->now_us == INT64_MIN)
            text_add(v->text, "-");
        else if (s.revoked)
            timeline_color(v->text, v->screen, COLOR_REVOKED, "revoked, signs to say so");
        else if (s.signing)
            timeline_color(v->text, v->screen, COLOR_SIGNS, s.published ? "signs" : "signs, not published");
        else if (s.published)
            timeline_color(v->text, v->screen, COLOR_PUBLISHED, "published");
        else
            timeline_color(
                v->text, v->screen, COLOR_FAINT, s.ever_published ? "withdrawn" : "not yet published");
        text_add(v->text, "\n");
    }
}

/* Every character beyond ASCII becomes a question mark: names and reasons come from people. */
static void make_ascii(struct text *text)
{
    size_t to = 0;
    for (size_t i = 0; i < text->length; i++) {
        unsigned char c = (unsigned char)text->string[i];
        if (c < 0x80 || c >= 0xC0)
            text->string[to++] = c < 0x80 ? (char)c : '?';
    }
    text->length = to;
    if (to)
        text->string[to] = '\0';
}

static int print_text(
    const struct plan_args *args, const struct plan *plan, int64_t now_us, struct text *text)
{
    struct plan *as_of = NULL;
    if (now_us != INT64_MIN && plan_as_of(plan, now_us, &as_of))
        return ERR_NOMEM;
    struct view view = {
        .plan = as_of ? as_of : plan, .whole = plan, .now_us = now_us, .screen = cmd_screen(), .text = text};
    view.screen.utf8 = view.screen.utf8 && !args->ascii;
    timeline_make(&view.line, view.plan, plan, now_us, view.screen);
    add_head(&view);
    if (now_us != INT64_MIN)
        add_present(&view);
    add_rrset(&view);
    text_add(text, "\n");
    timeline_print(&view.line, text);
    plan_add_steps(&view);
    plan_add_history(&view);
    plan_free(as_of);
    if (!view.screen.utf8)
        make_ascii(text);
    return text->failed ? ERR_NOMEM : 0;
}

/* The moment to show. A template has a present only when it is told which. */
static int find_moment(
    const struct plan_args *args, const struct plan *plan, int64_t *ret_us, struct err_note *note)
{
    *ret_us = plan->relative ? INT64_MIN : args->now_us;
    if (!args->at)
        return 0;
    int64_t us;
    if (plan->relative ? utc_parse_span(args->at, &us) || us < 0 : utc_parse(args->at, &us))
        return err_set(note, ERR_USAGE,
            plan->relative ? "%s is a template: '%s' is no span from its start (P40D, 95s); or give --start"
                           : "%s: '%s' is no time (2018-10-12, 2018-10-11T16:00:00Z)",
            plan->name, args->at);
    *ret_us = us;
    return 0;
}

int plan_show(const struct plan_args *args)
{
    struct plan *plan;
    struct err_note note = {"out of memory"};
    struct text text;
    int64_t now_us;
    int code = plan_load(args, &plan);
    if (code)
        return code;
    text_start(&text);
    int rc = find_moment(args, plan, &now_us, &note);
    rc = rc ? rc : args->json ? plan_add_json(&text, plan, now_us) : print_text(args, plan, now_us, &text);
    code = rc ? cmd_fail(args->command, rc, "%s", note.text)
              : cmd_print(args->command, text.string, text.length);
    text_free(&text);
    plan_free(plan);
    return code;
}
