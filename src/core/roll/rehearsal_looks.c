/* What users got, as outages. A look is good where the signed name was answered as validated and the bogus
 * one was not answered. Not every program shows AD: where it never did, an answer without it is good as long
 * as the bogus name has none. Looks in a row that are not good are one outage; those that the scenario wanted
 * (the program was stopped, the root off, the clock wrong, and shortly after) are an excused one.
 *
 * When an outage began is told as an interval. A change of the keys is felt when the DNSKEY RRset leaves the
 * cache, at the latest a TTL after it: where that explains an outage, the interval is that, as another
 * resolver of the same kind would break at any time within it. Else it lies between two looks. */
#include "core/roll/rehearsal_inside.h"

enum look { LOOK_GOOD, LOOK_FAILS, LOOK_OPEN, LOOK_EXCUSED, LOOK_STARTING };

/* How long the consequences of a fault may last that is over. */
static int64_t grace_us(const struct trial *t, enum trial_why why)
{
    int64_t retry_us = plan_retry(t->schedule->plan);
    return why == TRIAL_STOPPED ? UTC_HOUR : why == TRIAL_ROOT_OFF ? retry_us + UTC_HOUR : UTC_DAY;
}

static bool excused(const struct trial *t, int64_t at_us)
{
    for (size_t i = 0; i < t->span_count; i++) {
        const struct trial_span *span = &t->spans[i];
        if (at_us >= span->from_us &&
            (span->to_us == UTC_OPEN || at_us - span->to_us < grace_us(t, span->why)))
            return true;
    }
    return false;
}

/* Whether it was just started: a program may need a while, but not longer than until the next look. */
static bool starting(const struct trial *t, int64_t at_us)
{
    for (size_t i = 0; i < t->schedule->step_count; i++) {
        const struct scenario_step *step = &t->schedule->steps[i];
        if ((step->what <= SCENARIO_STATE_LOST && step->what != SCENARIO_STOP) && at_us >= step->at_us &&
            at_us - step->at_us < UTC_DAY)
            return true;
    }
    return false;
}

static bool is_answer(uint8_t answer)
{
    return answer == REHEARSAL_AD || answer == REHEARSAL_PLAIN;
}

/* `gave_ad`: an earlier look had AD. */
static enum look judge_look(const struct trial *t, const struct rehearsal_look *look, bool gave_ad)
{
    if (!is_answer(look->secure))
        return excused(t, look->at_us) ? LOOK_EXCUSED : starting(t, look->at_us) ? LOOK_STARTING : LOOK_FAILS;
    if (is_answer(look->bogus) || (look->secure == REHEARSAL_PLAIN && gave_ad))
        return LOOK_OPEN;
    return LOOK_GOOD;
}

static struct rehearsal_outage *begin(
    struct trial *t, enum look look, const struct rehearsal_look *at, int64_t before_us, int64_t last_good_us)
{
    struct rehearsal_result *r = &t->result;
    if (!trial_grow(t, &r->outages, r->outage_count, sizeof *r->outages))
        return NULL;
    struct rehearsal_outage *outage = &r->outages[r->outage_count++];
    *outage = (struct rehearsal_outage){.kind = look == LOOK_OPEN ? REHEARSAL_OPEN : REHEARSAL_NO_ANSWERS,
        .from_us = before_us,
        .to_us = at->at_us,
        .last_good_us = last_good_us,
        .first_us = at->at_us,
        .last_us = at->at_us,
        .view = at->view,
        .healed_us = UTC_OPEN,
        .excused = look == LOOK_EXCUSED || look == LOOK_STARTING};
    return outage;
}

/* The latest change of the KSKs that users can have felt between the two looks. */
static int64_t key_change(const struct trial *t, int64_t after_us, int64_t until_us)
{
    const struct plan *plan = t->schedule->plan;
    int64_t found = INT64_MIN;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            int64_t at = plan->keys[i].steps[j].at_us;
            if (at > found && at > after_us && at <= until_us)
                found = at;
        }
    return found;
}

/* The latest that was done to the resolver or its world in that time. */
static int64_t step_done(const struct trial *t, int64_t after_us, int64_t until_us)
{
    int64_t found = INT64_MIN;
    for (size_t i = 0; i < t->schedule->step_count; i++) {
        int64_t at = t->schedule->steps[i].at_us;
        if (at > found && at > after_us && at <= until_us)
            found = at;
    }
    for (size_t i = 0; i < t->seen->event_count; i++) {
        const struct rehearsal_event *event = &t->seen->events[i];
        if ((event->what == REHEARSAL_ENDED || event->what == REHEARSAL_COULD_NOT_START) &&
            event->at_us > found && event->at_us > after_us && event->at_us <= until_us)
            found = event->at_us;
    }
    return found;
}

static void set_interval(const struct trial *t, struct rehearsal_outage *outage)
{
    int64_t before_us = outage->from_us, step_us = step_done(t, before_us, outage->first_us);
    int64_t key_us = key_change(t, before_us - t->ttl_us, outage->first_us);
    if (step_us != INT64_MIN)
        outage->from_us = step_us;
    else if (key_us != INT64_MIN && outage->last_good_us != INT64_MIN) {
        outage->from_us = key_us;
        outage->to_us = key_us + t->ttl_us;
    }
}

void trial_outages(struct trial *t)
{
    int64_t last_good_us = INT64_MIN, before_us = t->install_us;
    enum look before = LOOK_GOOD;
    bool gave_ad = false;
    struct rehearsal_outage *outage = NULL;
    for (size_t i = 0; i < t->seen->look_count; i++) {
        const struct rehearsal_look *look = &t->seen->looks[i];
        if (look->at_us < t->install_us)
            continue;
        enum look now = judge_look(t, look, gave_ad);
        gave_ad |= look->secure == REHEARSAL_AD;
        t->ever_good |= now == LOOK_GOOD;
        t->ever_open |= now == LOOK_OPEN;
        if (now == LOOK_GOOD) {
            last_good_us = look->at_us;
            if (outage)
                outage->healed_us = look->at_us;
            outage = NULL;
        } else if (outage && before == LOOK_STARTING && now == LOOK_FAILS) {
            outage->excused = false; /* it was more than its start */
        } else if (now != before || !outage) {
            outage = begin(t, now, look, before_us, last_good_us);
        }
        if (outage) {
            outage->last_us = look->at_us;
            outage->looks++;
        }
        before = now;
        before_us = look->at_us;
    }
    if (outage && before == LOOK_STARTING)
        outage->excused = false; /* not known to be over */
    for (size_t i = 0; i < t->result.outage_count; i++)
        set_interval(t, &t->result.outages[i]);
}

const struct rehearsal_outage *trial_outage(const struct trial *t)
{
    for (size_t i = 0; i < t->result.outage_count; i++)
        if (!t->result.outages[i].excused)
            return &t->result.outages[i];
    return NULL;
}

/* Users are asked for once a day, or as was planned: who was not looked at for much longer may have been
 * broken and whole again. */
void trial_coverage(struct trial *t)
{
    int64_t most_us = (int64_t)(t->seen->look_days ? t->seen->look_days : 1) * UTC_DAY + 3 * UTC_DAY / 2;
    int64_t before_us = t->install_us;
    t->gap_from_us = t->gap_to_us = UTC_OPEN;
    for (size_t i = 0; i <= t->seen->look_count; i++) {
        int64_t at_us = i < t->seen->look_count ? t->seen->looks[i].at_us : t->schedule->to_us;
        if (at_us > before_us && trial_running(t, before_us, at_us) > most_us) {
            t->gap_from_us = before_us;
            t->gap_to_us = at_us;
            return;
        }
        before_us = at_us > before_us ? at_us : before_us;
    }
}
