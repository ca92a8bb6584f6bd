/* Findings: each a fact with its rule, what follows and what mends it. The first is the cause of the verdict;
 * the others stand by themselves. Rules FM… are the failure modes; those of a rehearsal alone:
 *   RH01 no DNSKEY query for two intervals      RH05 nothing explains it
 *   RH02 not as the model of its profile        RH06 the new key is not trusted, with the roll to come
 *   RH03 not as the scenario expects            RH07 an outage that the scenario wanted
 *   RH04 it ended, or did not start             RH08 a part could not be rehearsed
 *   RH09 it signals other keys than it trusts   RH10 answers that need more than UDP
 *   RH11 unsigned names have no answer, though signed ones have
 *   RH12 no answers right after a start, and well at the next look
 *   RH13 how the rehearsal treats the user's configuration, without harm to the verdict */
#include "core/roll/rehearsal_inside.h"

#include <string.h>

void trial_find(struct trial *t, struct verdict_finding finding)
{
    struct rehearsal_result *r = &t->result;
    if (r->finding_count < TRIAL_FINDINGS &&
        trial_grow(t, &r->findings, r->finding_count, sizeof *r->findings))
        r->findings[r->finding_count++] = finding;
}

static const char *outage_means(struct trial *t, const struct rehearsal_outage *outage)
{
    const char *what = outage->kind == REHEARSAL_OPEN ? "its users get answers that were not validated"
                                                      : "its users get no answers for signed names";
    const char *from = trial_day(t, outage->from_us), *to = trial_day(t, outage->to_us);
    const char *since = from && to && strcmp(from, to) == 0
                            ? trial_say(t, "From %s on", from)
                            : trial_say(t, "From between %s and %s on", from, to);
    if (outage->healed_us == UTC_OPEN)
        return trial_say(t, "%s, %s; until %s, the last look of it, it does not heal.", since, what,
            trial_day(t, outage->last_us));
    return trial_say(t, "%s, %s, until %s.", since, what, trial_day(t, outage->healed_us));
}

static void find_outages(struct trial *t)
{
    bool told[2] = {false, false};
    for (size_t i = 0; i < t->result.outage_count; i++) {
        const struct rehearsal_outage *outage = &t->result.outages[i];
        /* One of a kind, the others are in the list of outages; and none that follows from its end. */
        if (outage->excused || told[outage->kind] || trial_ended_by(t, outage->first_us))
            continue;
        told[outage->kind] = true;
        struct trial_cause cause = trial_cause(t, outage);
        trial_find(t, (struct verdict_finding){.rule = cause.rule,
                          .text = cause.text,
                          .means = outage_means(t, outage),
                          .mend = cause.mend,
                          .count = outage->looks,
                          .first_us = outage->first_us,
                          .last_us = outage->last_us,
                          .harmful = true});
    }
}

static void find_end(struct trial *t)
{
    static const enum rehearsal_what ends[] = {REHEARSAL_COULD_NOT_START, REHEARSAL_ENDED};
    for (size_t i = 0; i < 2; i++) {
        const struct rehearsal_event *event = trial_event(t, ends[i]);
        if (!event)
            continue;
        struct trial_cause cause = trial_cause_ended(t, event);
        trial_find(t, (struct verdict_finding){.rule = cause.rule,
                          .text = cause.text,
                          .means = "Its users get nothing until somebody starts it again.",
                          .mend = cause.mend,
                          .count = 1,
                          .first_us = event->at_us,
                          .last_us = event->at_us,
                          .harmful = true});
    }
}

static bool is_answer(uint8_t answer)
{
    return answer == REHEARSAL_AD || answer == REHEARSAL_PLAIN;
}

/* That a name is unsigned must be proved as well: who cannot do that refuses it. */
static void find_unsigned(struct trial *t)
{
    const struct rehearsal_look *first = NULL, *last = NULL;
    unsigned long count = 0;
    for (size_t i = 0; i < t->seen->look_count; i++) {
        const struct rehearsal_look *look = &t->seen->looks[i];
        if (!is_answer(look->secure) || is_answer(look->plain) || look->at_us < t->install_us)
            continue;
        first = first ? first : look;
        last = look;
        count++;
    }
    if (!count)
        return;
    trial_find(
        t, (struct verdict_finding){.rule = "RH11",
               .text = trial_say(t,
                   "Unsigned names had no answer in %lu look%s from %s to %s, though signed ones had.", count,
                   count == 1 ? "" : "s", trial_day(t, first->at_us), trial_day(t, last->at_us)),
               .means = "Its users lose what is not signed.",
               .count = count,
               .first_us = first->at_us,
               .last_us = last->at_us,
               .harmful = true});
}

/* "What broke in 2019 was the revocation: DNSKEY queries at two root servers rose eighty times." */
static void find_storm(struct trial *t)
{
    const struct rehearsal_rate *r = &t->result.rate;
    if (r->factor < 3 || r->revoked < 6)
        return;
    trial_find(
        t, (struct verdict_finding){.rule = "FM65",
               .text = trial_say(t,
                   "Its DNSKEY queries for the root rose from %.1f to %.1f a day after the revocation: %.0f "
                   "times as many.",
                   r->baseline, r->revoked, r->factor),
               .means = "Many like it are a burden on the root servers, as in January 2019.",
               .mend = "give it the present anchor",
               .count = (unsigned long)r->peak,
               .first_us = t->schedule->events_us[SCENARIO_AT_REVOKE],
               .last_us = t->end_us,
               .harmful = true});
}

static void find_lost_timer(struct trial *t)
{
    int64_t from_us = 0, to_us = 0;
    unsigned count = 0;
    char span[UTC_TEXT];
    if (!trial_lost_timer(t, &from_us, &to_us, &count))
        return;
    trial_find(t,
        (struct verdict_finding){.rule = "RH01",
            .text = trial_say(t,
                "No DNSKEY query for more than two intervals, %u time%s; the longest from %s to %s (%s).",
                count, count == 1 ? "" : "s", trial_day(t, from_us), trial_day(t, to_us),
                utc_format_words(to_us - from_us, span)),
            .means = "It refreshes its trust anchors more seldom than RFC 5011 section 2.3 asks for, and may "
                     "miss a key.",
            .mend = "restart it; report it to its makers with the log of this rehearsal",
            .count = count,
            .first_us = from_us,
            .last_us = to_us,
            .harmful = true});
}

static void find_differences(struct trial *t)
{
    const struct rehearsal_result *r = &t->result;
    if (!r->difference_count)
        return;
    const struct rehearsal_difference *d = &r->differences[0];
    const char *text =
        d->validates ? trial_say(t, "Users %s on %s, where the model of %s %s.",
                           d->program ? "got validated answers" : "got none", trial_day(t, d->at_us),
                           t->profile->name, d->model ? "validates" : "does not validate")
                     : trial_say(t, "On %s its state of key %u is %s, and that of the model of %s is %s.",
                           trial_day(t, d->at_us), d->tag, rfc5011_state_name((enum rfc5011_state)d->program),
                           t->profile->name, rfc5011_state_name((enum rfc5011_state)d->model));
    trial_find(t, (struct verdict_finding){.rule = "RH02",
                      .text = text,
                      .means = "Either this program is not like others of its kind, or the model is wrong.",
                      .count = r->difference_count,
                      .first_us = d->at_us,
                      .last_us = r->differences[r->difference_count - 1].at_us});
}

/* It is not the roll that shows, but the state before it: a run that ends before. */
static void find_unlearned(struct trial *t)
{
    const struct plan_roll *roll = &t->schedule->roll;
    if (!roll->new_key || roll->sign_us == UTC_OPEN || t->end_us >= roll->sign_us)
        return;
    int64_t due_us = t->schedule->events_us[SCENARIO_AT_TRUST]; /* by the plan's hold-down */
    due_us = due_us == UTC_OPEN ? UTC_OPEN : due_us - t->schedule->plan->add_hold_us + TRIAL_HOLD_US;
    if (due_us == UTC_OPEN || t->end_us < due_us + 2 * plan_refresh(t->schedule->plan) + UTC_DAY ||
        trial_trusts(t, roll->new_key, t->end_us))
        return;
    trial_find(t, (struct verdict_finding){.rule = "RH06",
                      .text = trial_say(t, "On %s it does not trust %s, though the hold-down ended on %s.",
                          trial_day(t, t->end_us), trial_key(t, roll->new_key), trial_day(t, due_us)),
                      .means = trial_say(t, "It will break on %s, or up to %u s later.",
                          trial_day(t, roll->sign_us), t->schedule->plan->dnskey_ttl_s),
                      .mend = "give it the new key before that day",
                      .count = 1,
                      .first_us = due_us,
                      .last_us = t->end_us,
                      .harmful = true});
}

static void find_stale_trust(struct trial *t)
{
    const struct plan_roll *roll = &t->schedule->roll;
    int64_t revoke_us = t->schedule->events_us[SCENARIO_AT_REVOKE];
    if (trial_world_at(t, t->end_us).tamper == SCENARIO_TAMPER_REVOKED_UNSIGNED)
        return; /* not a revocation (RFC 5011 §2.1) */
    if (!t->follows || trial_ended_us(t) != UTC_OPEN || !roll->old_key || roll->old_key->tag < 0 ||
        revoke_us == UTC_OPEN || t->end_us < revoke_us + 3 * UTC_DAY ||
        !trial_trusts(t, roll->old_key, t->end_us))
        return;
    trial_find(t, (struct verdict_finding){.rule = "FM45",
                      .text = trial_say(t, "On %s it still trusts %s, which was revoked on %s.",
                          trial_day(t, t->end_us), trial_key(t, roll->old_key), trial_day(t, revoke_us)),
                      .means = "Who had that key could still deceive it.",
                      .mend = "take the key out of its anchors",
                      .count = 1,
                      .first_us = revoke_us,
                      .last_us = t->end_us});
}

static bool has_tag(const struct rehearsal_signal *signal, int32_t tag)
{
    for (size_t i = 0; i < signal->count && i < REHEARSAL_TAGS; i++)
        if (signal->tags[i] == tag)
            return true;
    return signal->count > REHEARSAL_TAGS; /* what was not kept is not known */
}

/* RFC 8145: the tags in a signal are those of the keys that the sender trusts. Allowed are two days: one for
 * the signal's own timer, one for the reading of its state. */
static void find_signals(struct trial *t)
{
    const struct plan_key *key = t->schedule->roll.new_key;
    const struct rehearsal_signal *first = NULL, *last = NULL;
    unsigned long count = 0;
    for (size_t i = 0; key && key->tag >= 0 && i < t->seen->signal_count; i++) {
        const struct rehearsal_signal *signal = &t->seen->signals[i];
        bool trusts = trial_trusts(t, key, signal->at_us);
        if (trusts == has_tag(signal, key->tag) ||
            trusts != trial_trusts(t, key, signal->at_us - 2 * UTC_DAY) ||
            trusts != trial_trusts(t, key, signal->at_us + 2 * UTC_DAY))
            continue;
        first = first ? first : signal;
        last = signal;
        count++;
    }
    if (!count)
        return;
    trial_find(t, (struct verdict_finding){.rule = "RH09",
                      .text = trial_say(t, "Its key tag signals from %s to %s %s %s, which it %s.",
                          trial_day(t, first->at_us), trial_day(t, last->at_us),
                          has_tag(first, key->tag) ? "name" : "do not name", trial_key(t, key),
                          has_tag(first, key->tag) ? "does not trust" : "trusts"),
                      .means = "Who counts signals (RFC 8145) is misled about it.",
                      .count = count,
                      .first_us = first->at_us,
                      .last_us = last->at_us});
}

/* It got the bigger answers here; where TCP is blocked it would not. */
static void find_big_answers(struct trial *t)
{
    const struct rehearsal_fetch *first = NULL, *last = NULL;
    uint16_t size = 0;
    unsigned long count = 0;
    for (size_t i = 0; i < t->seen->fetch_count; i++) {
        const struct rehearsal_fetch *fetch = &t->seen->fetches[i];
        if (!fetch->tcp)
            continue;
        first = first ? first : fetch;
        last = fetch;
        count++;
        size = fetch->size > size ? fetch->size : size;
    }
    if (!count)
        return;
    trial_find(t,
        (struct verdict_finding){.rule = "RH10",
            .text = trial_say(t,
                "From %s to %s it got the root's DNSKEY RRset by TCP, %lu times, up to %u octets.",
                trial_day(t, first->at_us), trial_day(t, last->at_us), count, size),
            .means = "Where TCP to port 53 is blocked, that would have failed (rule FM55; scenario no-tcp).",
            .mend = "let TCP to port 53 through",
            .count = count,
            .first_us = first->at_us,
            .last_us = last->at_us});
}

static bool within_span(const struct trial *t, int64_t at_us)
{
    for (size_t i = 0; i < t->span_count; i++)
        if (at_us >= t->spans[i].from_us)
            return true;
    return false;
}

static void find_excused(struct trial *t)
{
    bool told[2] = {false, false};
    for (size_t i = 0; i < t->result.outage_count; i++) {
        const struct rehearsal_outage *outage = &t->result.outages[i];
        bool wanted = within_span(t, outage->first_us);
        if (!outage->excused || told[wanted])
            continue;
        told[wanted] = true;
        trial_find(t, (struct verdict_finding){.rule = wanted ? "RH07" : "RH12",
                          .text = trial_say(t, "%s there were no answers from %s to %s.",
                              wanted ? "As the scenario wants it," : "Right after its start",
                              trial_day(t, outage->first_us), trial_day(t, outage->last_us)),
                          .count = outage->looks,
                          .first_us = outage->first_us,
                          .last_us = outage->last_us});
    }
}

static bool ended(const struct trial *t, int64_t not_before_us)
{
    const struct rehearsal_event *dead = trial_event(t, REHEARSAL_ENDED);
    const struct rehearsal_event *never = trial_event(t, REHEARSAL_COULD_NOT_START);
    return (dead && dead->at_us >= not_before_us) || (never && never->at_us >= not_before_us);
}

/* The moments of an expectation; UTC_OPEN where the plan has none. */
static int64_t moment(const struct trial *t, struct scenario_time time)
{
    int64_t at_us = t->schedule->events_us[time.event];
    return !time.set || at_us == UTC_OPEN ? UTC_OPEN : at_us + time.offset_us;
}

bool trial_as_expected(const struct trial *t)
{
    const struct scenario_expect *expect = t->result.expected;
    const struct rehearsal_outage *outage = trial_outage(t);
    int64_t at_us = moment(t, expect->breaks), heals_us = moment(t, expect->heals);
    /* A look a day, a cache that lasts, and a refresh to heal. */
    int64_t slack_us = t->ttl_us + 2 * UTC_DAY;
    if (expect->outcome == SCENARIO_SURVIVES)
        return !outage && !ended(t, INT64_MIN);
    if (expect->outcome == SCENARIO_DIES)
        return at_us != UTC_OPEN && ended(t, at_us - UTC_DAY);
    enum rehearsal_outage_kind kind =
        expect->outcome == SCENARIO_FAILS_OPEN ? REHEARSAL_OPEN : REHEARSAL_NO_ANSWERS;
    if (!outage || outage->kind != kind || at_us == UTC_OPEN || outage->to_us < at_us ||
        outage->from_us > at_us + slack_us)
        return false;
    if (heals_us == UTC_OPEN || heals_us >= t->end_us)
        return t->result.healed_us == UTC_OPEN;
    return outage->healed_us != UTC_OPEN && outage->healed_us >= heals_us - UTC_DAY &&
           outage->healed_us <= heals_us + slack_us;
}

/* A scenario expects what it does of a resolver that is installed as it says. */
static bool as_installed(const struct trial *t)
{
    const struct plan_key *wanted[SCENARIO_MAX_ANCHORS];
    size_t count = scenario_installed(t->schedule, t->schedule->scenario->managed && t->follows, wanted);
    if (t->follows != (t->follows && t->schedule->scenario->managed) || count != t->anchor_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < t->anchor_count; k++)
            found |= t->anchors[k] == wanted[i];
        if (!found)
            return false;
    }
    return true;
}

static void find_unexpected(struct trial *t)
{
    const struct scenario_expect *expect = t->result.expected;
    const struct rehearsal_outage *outage = trial_outage(t);
    bool whole = t->gap_from_us == UTC_OPEN && !trial_event(t, REHEARSAL_LAB);
    int64_t due_us = moment(t, expect->breaks);
    if (!outage && !ended(t, INT64_MIN) && expect->outcome != SCENARIO_SURVIVES &&
        (due_us == UTC_OPEN || due_us + t->ttl_us >= t->end_us))
        return; /* the run ends before that */
    if (t->result.as_expected || (!outage && !ended(t, INT64_MIN) && !whole))
        return; /* what was seen in part may yet have come */
    char span[SCENARIO_TIME_TEXT];
    const char *expected =
        trial_say(t, "%s%s%s", scenario_outcome_name(expect->outcome), expect->breaks.set ? " at " : "",
            expect->breaks.set ? scenario_time_format(expect->breaks, span) : "");
    const char *was = ended(t, INT64_MIN) ? "it ended or did not start"
                      : !outage           ? "it survives"
                      : t->result.healed_us == UTC_OPEN
                          ? trial_say(t, "it breaks on %s and does not heal", trial_day(t, outage->from_us))
                          : trial_say(t, "it breaks on %s and heals on %s", trial_day(t, outage->from_us),
                                trial_day(t, t->result.healed_us));
    trial_find(t,
        (struct verdict_finding){.rule = "RH03",
            .text =
                as_installed(t)
                    ? trial_say(t, "Of %s the scenario expects: %s; here %s.", expect->profile, expected, was)
                    : trial_say(t,
                          "Of %s the scenario expects: %s; here %s. The configuration is not as the scenario "
                          "installs it: its anchor is %s, and it %s RFC 5011.",
                          expect->profile, expected, was, trial_anchors(t),
                          t->follows ? "follows" : "does not follow"),
            .means = as_installed(t)
                         ? "What happened is news: the program, or the expectation, is not as was thought."
                         : "It is this configuration that was rehearsed.",
            .count = 1,
            .first_us = t->install_us,
            .last_us = t->end_us});
}

void trial_findings(struct trial *t, bool users)
{
    static void (*const of_users[])(struct trial *) = {find_outages, find_unsigned, find_storm,
        find_lost_timer, find_unlearned, find_differences, find_unexpected, find_stale_trust, find_signals,
        find_big_answers, find_excused};
    find_end(t);
    for (size_t i = 0; i < sizeof of_users / sizeof *of_users && users; i++)
        of_users[i](t);
    if (*t->seen->noted)
        trial_find(t, (struct verdict_finding){.rule = "RH13",
                          .text = trial_say(t, "As to its configuration: %s.", t->seen->noted),
                          .count = 1,
                          .first_us = t->install_us,
                          .last_us = t->end_us});
    if (t->seen->limited)
        trial_find(t, (struct verdict_finding){.rule = "RH08",
                          .text = trial_say(
                              t, "A part of its configuration could not be rehearsed: %s.", t->seen->why_not),
                          .count = 1,
                          .first_us = t->install_us,
                          .last_us = t->end_us});
}
