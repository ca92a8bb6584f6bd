/* The judgement in order: is this evidence at all; what happened to its users; what the model would have
 * done; what that means. The verdict is about users: whether the roll costs them their answers, or their
 * protection. That something was to be expected makes it no better. And `ready` needs eyes on it all the
 * time: what was not looked at is not known. */
#include "core/roll/rehearsal_inside.h"

#include "core/roll/sighting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool trial_grow(struct trial *t, void *array, size_t count, size_t size)
{
    void **at = array, *grown;
    if (count && count & (count - 1))
        return !t->failed;
    grown = arena_alloc(t->arena, (count ? 2 * count : 1) * size);
    t->failed |= !grown;
    if (t->failed)
        return false;
    if (count)
        memcpy(grown, *at, count * size);
    *at = grown;
    return true;
}

const char *trial_say(struct trial *t, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *string = arena_string(t->arena, text);
    t->failed |= !string;
    return string ? string : "";
}

const char *trial_day(struct trial *t, int64_t us)
{
    char text[UTC_TEXT];
    if (us == UTC_OPEN)
        return "the end";
    return trial_say(t, "%.10s", utc_format(us, text));
}

const char *trial_key(struct trial *t, const struct plan_key *key)
{
    return key->tag < 0 ? key->id : trial_say(t, "%s (%d)", key->id, (int)key->tag);
}

const char *rehearsal_answer_name(enum rehearsal_answer answer)
{
    static const char *const names[REHEARSAL_ANSWERS] = {"AD", "no AD", "SERVFAIL", "nothing", "odd"};
    return (unsigned)answer < REHEARSAL_ANSWERS ? names[answer] : "?";
}

const char *rehearsal_what_name(enum rehearsal_what what)
{
    static const char *const names[REHEARSAL_WHATS] = {
        "started", "could-not-start", "ended", "stopped", "step", "log", "lab"};
    return (unsigned)what < REHEARSAL_WHATS ? names[what] : "?";
}

/* --- is it evidence? --- */

static const char *fault_of_look(const void *at)
{
    const struct rehearsal_look *look = at;
    return look->view <= REHEARSAL_VIEWS && look->secure < REHEARSAL_ANSWERS &&
                   look->bogus < REHEARSAL_ANSWERS && look->plain < REHEARSAL_ANSWERS
               ? NULL
               : "an answer that is none";
}

static const char *fault_of_state(const void *at)
{
    return ((const struct rehearsal_state *)at)->state < RFC5011_STATES ? NULL : "a state that is none";
}

static const char *fault_of_signal(const void *at)
{
    const struct rehearsal_signal *signal = at;
    return signal->kind >= SIGHTING_TA_NULL && signal->kind <= SIGHTING_OPTION ? NULL
                                                                               : "a signal that is none";
}

static const char *fault_of_fetch(const void *at)
{
    return ((const struct rehearsal_fetch *)at)->root < TRIAL_SERVERS ? NULL : "a server that is none";
}

static const char *fault_of_event(const void *at)
{
    const struct rehearsal_event *event = at;
    return event->what >= REHEARSAL_WHATS                   ? "an event that is none"
           : !memchr(event->text, '\0', sizeof event->text) ? "a text without an end"
                                                            : NULL;
}

/* Every array is in the order of time, and begins with it. */
static int check(const struct rehearsal_evidence *seen, struct err_note *note)
{
    const struct {
        const char *name;
        const void *array;
        size_t count, size;
        const char *(*fault)(const void *);
    } arrays[] = {
        {"look", seen->looks, seen->look_count, sizeof *seen->looks, fault_of_look},
        {"state", seen->states, seen->state_count, sizeof *seen->states, fault_of_state},
        {"signal", seen->signals, seen->signal_count, sizeof *seen->signals, fault_of_signal},
        {"fetch", seen->fetches, seen->fetch_count, sizeof *seen->fetches, fault_of_fetch},
        {"event", seen->events, seen->event_count, sizeof *seen->events, fault_of_event},
    };
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
        int64_t before_us = UTC_FIRST;
        for (size_t i = 0; i < arrays[a].count; i++) {
            const char *at = (const char *)arrays[a].array + i * arrays[a].size;
            int64_t at_us;
            memcpy(&at_us, at, sizeof at_us);
            const char *why =
                at_us < before_us || at_us > UTC_LAST ? "not in the order of time" : arrays[a].fault(at);
            if (why)
                return err_set(note, ERR_DATA, "evidence: %s %zu: %s", arrays[a].name, i + 1, why);
            before_us = at_us;
        }
    }
    return memchr(seen->why_not, '\0', sizeof seen->why_not) && memchr(seen->noted, '\0', sizeof seen->noted)
               ? 0
               : err_set(note, ERR_DATA, "evidence: a reason without an end");
}

/* --- the verdict --- */

/* Whether it was over so soon that hardly anybody noticed. */
static bool is_short(const struct rehearsal_outage *outage)
{
    return outage->healed_us != UTC_OPEN && outage->last_us - outage->first_us < UTC_DAY;
}

static bool only_short(const struct trial *t)
{
    for (size_t i = 0; i < t->result.outage_count; i++)
        if (!t->result.outages[i].excused && !is_short(&t->result.outages[i]))
            return false;
    return true;
}

static bool conclude(struct trial *t, enum verdict verdict, const char *cause)
{
    t->result.verdict = verdict;
    t->result.cause = cause;
    return true;
}

/* What kept it from being tried at all. */
static bool judge_trial(struct trial *t)
{
    const struct rehearsal_event *never = trial_event(t, REHEARSAL_COULD_NOT_START);
    const struct rehearsal_event *started = trial_event(t, REHEARSAL_STARTED);
    if (t->seen->refused)
        return conclude(t, VERDICT_UNKNOWN, trial_say(t, "It was not rehearsed: %s.", t->seen->why_not));
    if (!t->seen->reached)
        return conclude(
            t, VERDICT_UNKNOWN, trial_say(t, "The virtual clock does not reach it: %s.", t->seen->why_not));
    if (never && (!started || started->at_us > never->at_us))
        return conclude(t, trial_fault(t, never->at_us) ? VERDICT_NOT_READY : VERDICT_UNKNOWN,
            trial_cause_ended(t, never).text);
    if (t->ever_good || !t->ever_open)
        return false;
    conclude(t, VERDICT_UNKNOWN,
        "It does not validate: it answered a bogus name from the first look on, so the roll means nothing to "
        "it.");
    trial_find(t, (struct verdict_finding){.rule = "FM60",
                      .text = t->result.cause,
                      .means = "Its users are not protected by DNSSEC, neither before the roll nor after it.",
                      .mend = "turn validation on, and rehearse again",
                      .count = 1,
                      .first_us = t->install_us,
                      .last_us = t->end_us});
    return true;
}

/* Nothing that it gave was ever good: only where the model expects just that is it the roll's doing. */
static bool judge_silence(struct trial *t, const struct rehearsal_outage *outage)
{
    if (t->ever_good || trial_event(t, REHEARSAL_ENDED))
        return false;
    if (outage && t->health_count &&
        !trial_model_ok(t, outage->first_us + UTC_HOUR)) /* what the look asked */
        return false;
    return conclude(t, VERDICT_UNKNOWN,
        t->seen->look_count
            ? "It never gave a validated answer, not even when all was well: its configuration, or this "
              "rehearsal, is at fault."
            : "Its users were never looked at.");
}

/* It broke, or ended. */
static bool judge_harm(struct trial *t, const struct rehearsal_outage *outage)
{
    const struct rehearsal_event *dead = trial_event(t, REHEARSAL_ENDED);
    const struct rehearsal_event *again = trial_event(t, REHEARSAL_COULD_NOT_START);
    dead = dead && (!again || dead->at_us <= again->at_us) ? dead : again;
    if (dead && (!outage || trial_ended_by(t, outage->first_us)))
        return conclude(t, VERDICT_NOT_READY, trial_cause_ended(t, dead).text);
    if (!outage)
        return false;
    const char *cause = trial_cause(t, outage).text;
    for (size_t i = 0; i < t->result.outage_count && outage->kind != REHEARSAL_OPEN; i++)
        if (t->result.outages[i].kind == REHEARSAL_OPEN) {
            cause = trial_say(t, "%.*s, and since %s it fails open.", (int)(strlen(cause) - 1), cause,
                trial_day(t, t->result.outages[i].from_us));
            break;
        }
    return conclude(t, only_short(t) && !dead ? VERDICT_AT_RISK : VERDICT_NOT_READY, cause);
}

/* Whether anything happened that could have broken it. */
static bool was_tried(const struct trial *t)
{
    for (size_t i = 0; i < t->schedule->step_count; i++)
        if (t->schedule->steps[i].what != SCENARIO_INSTALL)
            return true;
    return plan_next_change(t->schedule->plan, t->install_us) <= t->end_us;
}

/* Where the evidence ends. */
static bool judge_evidence(struct trial *t)
{
    const struct rehearsal_event *lab = trial_event(t, REHEARSAL_LAB);
    if (lab)
        return conclude(t, VERDICT_UNKNOWN,
            trial_say(t, "The rehearsal could not go on on %s: %s.", trial_day(t, lab->at_us), lab->text));
    if (t->gap_from_us != UTC_OPEN)
        return conclude(t, VERDICT_UNKNOWN,
            trial_say(t, "Its users were not looked at between %s and %s.", trial_day(t, t->gap_from_us),
                trial_day(t, t->gap_to_us)));
    if (!was_tried(t))
        return conclude(t, VERDICT_UNKNOWN,
            trial_say(t, "Between %s and %s nothing happens that could show anything.",
                trial_day(t, t->install_us), trial_day(t, t->end_us)));
    const struct plan_roll *roll = &t->schedule->roll;
    if (t->schedule->cut && roll->new_key && t->end_us < roll->sign_us &&
        !trial_trusts(t, roll->new_key, t->end_us))
        return conclude(t, VERDICT_UNKNOWN,
            trial_say(t, "These days end on %s, before the roll, and until then it does not trust %s.",
                trial_day(t, t->end_us), trial_key(t, roll->new_key)));
    if (t->seen->limited)
        return conclude(t, VERDICT_UNKNOWN,
            trial_say(t, "Nothing broke, but a part of its configuration could not be rehearsed: %s.",
                t->seen->why_not));
    return false;
}

/* Since when it trusts the new key, as it does at the end; UTC_OPEN: it does not. */
static int64_t trusted_since(const struct trial *t, const struct plan_key *key)
{
    int64_t since_us = UTC_OPEN;
    for (size_t i = 0; i < t->seen->state_count + t->change_count; i++) {
        bool own = i < t->seen->state_count;
        int64_t at_us = own ? t->seen->states[i].at_us : t->changes[i - t->seen->state_count].at_us;
        if (trial_trusts(t, key, at_us) && !trial_trusts(t, key, at_us - 1))
            since_us = at_us;
    }
    return trial_trusts(t, key, t->end_us) ? since_us : UTC_OPEN;
}

static void judge_rest(struct trial *t)
{
    const struct plan_key *new_key = t->schedule->roll.new_key;
    int64_t since_us = new_key && t->follows ? trusted_since(t, new_key) : UTC_OPEN;
    conclude(t, VERDICT_READY,
        since_us != UTC_OPEN ? trial_say(t, "It trusts %s since %s, and its users noticed nothing.",
                                   trial_key(t, new_key), trial_day(t, since_us))
                             : trial_say(t, "Its users noticed nothing from %s to %s.",
                                   trial_day(t, t->install_us), trial_day(t, t->end_us)));
}

/* Nothing broke, but it is not as it should be. */
static bool judge_risk(struct trial *t)
{
    for (size_t i = 0; i < t->result.finding_count; i++)
        if (t->result.findings[i].harmful)
            return conclude(t, VERDICT_AT_RISK, t->result.findings[i].text);
    return false;
}

/* When it broke: by what users got, or as it ended ahead of that. */
static void set_moments(struct trial *t, const struct rehearsal_outage *outage)
{
    struct rehearsal_result *r = &t->result;
    int64_t ended_us = trial_ended_us(t);
    if (outage) {
        r->broke_from_us = outage->from_us;
        r->broke_to_us = outage->to_us;
    }
    for (size_t i = 0; i < r->outage_count; i++)
        r->healed_us = r->outages[i].excused ? r->healed_us : r->outages[i].healed_us;
    if (ended_us < r->broke_from_us)
        r->broke_from_us = r->broke_to_us = ended_us;
}

static void judge(struct trial *t)
{
    const struct rehearsal_outage *outage = trial_outage(t);
    struct rehearsal_result *r = &t->result;
    bool blind = judge_trial(t) || judge_silence(t, outage);
    if (blind && r->verdict == VERDICT_UNKNOWN) {
        trial_findings(t, false);
        return;
    }
    set_moments(t, outage);
    r->as_expected = trial_as_expected(t);
    trial_findings(t, true);
    if (blind || judge_harm(t, outage) || judge_risk(t))
        return;
    if (judge_evidence(t))
        r->as_expected = false;
    else
        judge_rest(t);
}

/* --- the whole --- */

static void set_anchors(struct trial *t)
{
    const struct scenario_schedule *s = t->schedule;
    for (size_t i = 0; i < t->seen->anchor_count && i < SCENARIO_MAX_ANCHORS; i++)
        for (size_t k = 0; k < s->plan->key_count; k++)
            if (!s->plan->keys[k].zsk && s->plan->keys[k].tag == t->seen->anchors[i] &&
                t->anchor_count < SCENARIO_MAX_ANCHORS)
                t->anchors[t->anchor_count++] = &s->plan->keys[k];
    if (!t->seen->configured && !t->anchor_count)
        t->anchor_count = scenario_installed(s, t->follows, t->anchors);
}

static int64_t installed_us(const struct scenario_schedule *s)
{
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].what == SCENARIO_INSTALL)
            return s->steps[i].at_us;
    return s->from_us;
}

int rehearsal_judge(const struct scenario_schedule *schedule, const struct rfc5011_profile *profile,
    const struct rehearsal_evidence *evidence, struct arena *arena, struct rehearsal_result *ret_result,
    struct err_note *note)
{
    int rc = check(evidence, note);
    if (rc)
        return rc;
    struct trial t = {.schedule = schedule,
        .profile = schedule->scenario->managed || evidence->configured ? profile : rfc5011_profile("static"),
        .seen = evidence,
        .arena = arena,
        .install_us = installed_us(schedule),
        .end_us = evidence->to_us < schedule->to_us ? evidence->to_us : schedule->to_us,
        .ttl_us = (int64_t)schedule->plan->dnskey_ttl_s * UTC_SECOND,
        .result = {
            .broke_from_us = UTC_OPEN, .broke_to_us = UTC_OPEN, .healed_us = UTC_OPEN, .died_us = UTC_OPEN}};
    t.follows = t.profile->follows;
    t.result.expected = scenario_expected(schedule->scenario, t.profile->name, t.follows);
    const struct rehearsal_event *dead = trial_event(&t, REHEARSAL_ENDED);
    t.result.died_us = dead ? dead->at_us : UTC_OPEN;
    set_anchors(&t);
    t.failed = !trial_spans(&t);
    if (!t.failed) {
        trial_outages(&t);
        trial_coverage(&t);
        trial_rates(&t);
        trial_model(&t);
        t.still = trial_holds_still(&t);
        if (t.still) {
            t.profile = rfc5011_profile("static");
            t.follows = false;
            trial_model(&t);
        }
        trial_differences(&t);
        judge(&t);
    }
    if (t.failed)
        return err_set(note, ERR_NOMEM, "out of memory");
    *ret_result = t.result;
    return 0;
}
