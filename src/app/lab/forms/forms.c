#include "app/lab/forms/forms_inside.h"

#include "core/roll/sighting.h"

#include <inttypes.h>
#include <string.h>

enum verdict forms_verdict(const struct forms_report *report)
{
    enum verdict worst = report->count ? VERDICT_READY : VERDICT_UNKNOWN;
    for (size_t i = 0; i < report->count; i++)
        worst = verdict_worse(worst, report->runs[i].result->verdict);
    return worst;
}

/* ---- resolvers ---- */

void forms_add_label(struct text *text, const struct forms_run *run)
{
    text_add(text, run->product);
    if (run->version)
        text_printf(text, " %s", run->version);
    const char *more = strpbrk(run->resolver, "=:");
    if (more)
        text_printf(text, " %s", more);
}

bool forms_same_resolver(const struct forms_run *a, const struct forms_run *b)
{
    return strcmp(a->resolver, b->resolver) == 0;
}

/* ---- moments ---- */

void forms_add_date(struct text *text, int64_t us)
{
    if (us == UTC_OPEN || us == INT64_MIN) {
        text_add(text, "-");
        return;
    }
    struct utc_date date = utc_date_of(us);
    text_printf(text, "%04d-%02d-%02d", date.year, date.month, date.day);
}

void forms_add_broke(struct text *text, const struct rehearsal_result *result)
{
    forms_add_date(text, result->broke_from_us);
    if (result->broke_from_us == UTC_OPEN || result->broke_to_us == UTC_OPEN)
        return;
    struct utc_date from = utc_date_of(result->broke_from_us), to = utc_date_of(result->broke_to_us);
    if (from.year != to.year)
        text_printf(text, " to %04d-%02d-%02d", to.year, to.month, to.day);
    else if (from.month != to.month || from.day != to.day)
        text_printf(text, " to %02d-%02d", to.month, to.day);
}

/* ---- what happens ---- */

static const char *plan_word(enum plan_do what)
{
    static const char *const words[] = {[PLAN_PUBLISH] = "published",
        [PLAN_SIGN] = "signs",
        [PLAN_STOP] = "stops signing",
        [PLAN_REVOKE] = "revoked",
        [PLAN_WITHDRAW] = "withdrawn"};
    return words[what];
}

/* Before each of several. */
static struct text *next_of(struct text *text, bool *any)
{
    text_add(text, *any ? ", " : " ");
    *any = true;
    return text;
}

static void add_servers(struct text *text, const struct scenario_step *step)
{
    const struct scenario_servers *servers = &step->servers;
    char span[UTC_TEXT];
    bool any = false;
    if (step->root >= 0)
        text_printf(text, "%c.root-servers.net", 'a' + step->root);
    else
        text_add(text, "root servers");
    if (servers->off)
        text_add(next_of(text, &any), "off");
    if (servers->no_tcp)
        text_add(next_of(text, &any), "without TCP");
    if (servers->lag_us)
        text_printf(next_of(text, &any), "%s behind", utc_format_words(servers->lag_us, span));
    if (servers->udp_size)
        text_printf(next_of(text, &any), "truncate above %u octets", servers->udp_size);
    if (servers->fragment_above)
        text_printf(next_of(text, &any), "lose UDP answers above %u octets", servers->fragment_above);
    if (!any)
        text_add(text, " well");
}

static void add_tamper(struct text *text, const struct scenario_step *step)
{
    switch (step->tamper) {
    case SCENARIO_TAMPER_REPLAY:
        text_add(text, "DNSKEY RRset of ");
        forms_add_date(text, step->as_of_us);
        text_add(text, " replayed");
        return;
    case SCENARIO_TAMPER_REVOKED_UNSIGNED:
        text_add(text, "revoked key does not sign");
        return;
    case SCENARIO_TAMPER_COLLIDING:
        text_add(text, "another key with the old key\xe2\x80\x99s tag");
        return;
    case SCENARIO_TAMPER_NONE:
    case SCENARIO_TAMPERS:
        text_add(text, "DNSKEY RRset as it should be");
    }
}

void forms_add_step(struct text *text, const struct scenario_step *step)
{
    static const char *const words[SCENARIO_DOS] = {
        [SCENARIO_INSTALL] = "installed",
        [SCENARIO_START] = "started again",
        [SCENARIO_STOP] = "stopped",
        [SCENARIO_RESTART] = "restarted",
        [SCENARIO_STATE_LOST] = "state lost",
        [SCENARIO_STATE_READ_ONLY] = "state read-only",
        [SCENARIO_STATE_WRITABLE] = "state writable",
    };
    char span[UTC_TEXT];
    if (words[step->what])
        text_add(text, words[step->what]);
    else if (step->what == SCENARIO_SERVERS)
        add_servers(text, step);
    else if (step->what == SCENARIO_TAMPER)
        add_tamper(text, step);
    else if (step->by_us == 0)
        text_add(text, "clock right");
    else
        text_printf(text, "clock %s %s", utc_format_words(step->by_us < 0 ? -step->by_us : step->by_us, span),
            step->by_us < 0 ? "behind" : "ahead");
}

/* ---- marks ---- */

static size_t add_moment(struct forms_mark *marks, size_t count, int64_t at_us, bool scenario)
{
    size_t at = 0;
    while (at < count && marks[at].at_us < at_us)
        at++;
    if (at < count && marks[at].at_us == at_us) {
        marks[at].scenario |= scenario;
        return count;
    }
    if (count == FORMS_MOST_MARKS)
        return count;
    memmove(&marks[at + 1], &marks[at], (count - at) * sizeof *marks);
    marks[at] = (struct forms_mark){at_us, scenario};
    return count + 1;
}

size_t forms_marks(const struct forms_run *run, struct forms_mark ret[FORMS_MOST_MARKS])
{
    const struct scenario_schedule *schedule = run->schedule;
    size_t count = 0;
    for (size_t i = 0; i < schedule->plan->key_count; i++) {
        const struct plan_key *key = &schedule->plan->keys[i];
        for (size_t j = 0; j < key->step_count; j++)
            if (key->steps[j].at_us >= schedule->from_us && key->steps[j].at_us < schedule->to_us)
                count = add_moment(ret, count, key->steps[j].at_us, false);
    }
    for (size_t i = 0; i < schedule->step_count; i++)
        count = add_moment(ret, count, schedule->steps[i].at_us, true);
    return count;
}

/* "KSK-2024 (38696) published, signs" */
static bool add_key_steps(struct text *text, const struct plan_key *key, int64_t at_us, bool any)
{
    bool named = false;
    for (size_t i = 0; i < key->step_count; i++) {
        if (key->steps[i].at_us != at_us)
            continue;
        text_add(text, any ? ", " : "");
        if (!named) {
            text_add(text, key->id);
            if (key->tag >= 0)
                text_printf(text, " (%" PRId32 ")", key->tag);
            text_add(text, " ");
        }
        text_add(text, plan_word(key->steps[i].what));
        named = any = true;
    }
    return any;
}

void forms_add_mark(struct text *text, const struct forms_run *run, const struct forms_mark *mark)
{
    const struct scenario_schedule *schedule = run->schedule;
    bool any = false;
    for (size_t i = 0; i < schedule->plan->key_count; i++)
        any = add_key_steps(text, &schedule->plan->keys[i], mark->at_us, any);
    for (size_t i = 0; i < schedule->step_count; i++) {
        if (schedule->steps[i].at_us != mark->at_us)
            continue;
        text_add(text, any ? ", " : "");
        forms_add_step(text, &schedule->steps[i]);
        any = true;
    }
}

/* ---- keys ---- */

static size_t add_tag(uint16_t *tags, size_t count, uint16_t tag)
{
    size_t at = 0;
    while (at < count && tags[at] < tag)
        at++;
    if ((at < count && tags[at] == tag) || count == FORMS_MOST_TAGS)
        return count;
    memmove(&tags[at + 1], &tags[at], (count - at) * sizeof *tags);
    tags[at] = tag;
    return count + 1;
}

uint16_t forms_tag(const struct forms_run *run, uint16_t tag)
{
    const struct plan *plan = run->schedule->plan;
    for (size_t i = 0; i < plan->key_count; i++)
        if (plan->keys[i].revoked_tag == tag && plan->keys[i].tag >= 0)
            return (uint16_t)plan->keys[i].tag;
    return tag;
}

size_t forms_tags(const struct forms_run *run, uint16_t ret[FORMS_MOST_TAGS])
{
    const struct rehearsal_evidence *evidence = run->evidence;
    size_t count = 0;
    for (size_t i = 0; i < evidence->state_count; i++)
        count = add_tag(ret, count, forms_tag(run, evidence->states[i].tag));
    return count;
}

uint8_t forms_state_at(const struct forms_run *run, uint16_t tag, int64_t at_us)
{
    const struct rehearsal_evidence *evidence = run->evidence;
    uint8_t state = RFC5011_START;
    for (size_t i = 0; i < evidence->state_count && evidence->states[i].at_us <= at_us; i++)
        if (forms_tag(run, evidence->states[i].tag) == tag)
            state = evidence->states[i].state;
    return state;
}

/* ---- signals ---- */

static bool same_signal(const struct rehearsal_signal *a, const struct rehearsal_signal *b)
{
    return a->kind == b->kind && a->count == b->count && memcmp(a->tags, b->tags, sizeof a->tags) == 0;
}

/* Several kinds may go on side by side: a run ends when its kind says something else or pauses. */
bool forms_next_signals(const struct rehearsal_evidence *evidence, size_t *at, struct forms_signals *ret)
{
    const struct rehearsal_signal *signals = evidence->signals;
    for (; *at < evidence->signal_count; (*at)++) {
        const struct rehearsal_signal *first = &signals[*at];
        bool goes_on = false; /* part of one that was told */
        for (size_t i = *at; i-- > 0 && signals[i].at_us >= first->at_us - FORMS_SIGNAL_GAP && !goes_on;) {
            if (signals[i].kind != first->kind)
                continue;
            goes_on = same_signal(&signals[i], first);
            break;
        }
        if (goes_on)
            continue;
        *ret = (struct forms_signals){first, first->at_us, 0};
        for (size_t i = *at; i < evidence->signal_count; i++) {
            if (signals[i].at_us > ret->last_us + FORMS_SIGNAL_GAP)
                break;
            if (signals[i].kind != first->kind)
                continue;
            if (!same_signal(&signals[i], first))
                break;
            ret->last_us = signals[i].at_us;
            ret->count++;
        }
        (*at)++;
        return true;
    }
    return false;
}

void forms_add_tags(struct text *text, const struct rehearsal_signal *signal)
{
    for (unsigned i = 0; i < signal->count && i < REHEARSAL_TAGS; i++)
        text_printf(text, "%s%u", i ? " " : "", signal->tags[i]);
    if (signal->count > REHEARSAL_TAGS)
        text_printf(text, " and %d more", signal->count - REHEARSAL_TAGS);
    if (signal->count == 0)
        text_add(text, "no key");
}

const char *forms_signal_kind(const struct rehearsal_signal *signal)
{
    return signal->kind == SIGHTING_OPTION ? "option" : signal->kind == SIGHTING_TA_A ? "A" : "NULL";
}

void forms_add_signals(struct text *text, const struct forms_signals *signals)
{
    forms_add_tags(text, signals->first);
    text_printf(text, " (%s), ", forms_signal_kind(signals->first));
    if (signals->count == 1)
        text_add(text, "once, on ");
    else
        text_printf(text, "%zu times from ", signals->count);
    forms_add_date(text, signals->first->at_us);
    if (signals->count == 1)
        return;
    text_add(text, " to ");
    forms_add_date(text, signals->last_us);
}

double forms_share(const struct forms_run *run, int64_t us)
{
    int64_t from_us = run->schedule->from_us, to_us = run->schedule->to_us;
    if (us <= from_us || to_us <= from_us)
        return 0;
    return us >= to_us ? 1 : (double)(us - from_us) / (double)(to_us - from_us);
}
