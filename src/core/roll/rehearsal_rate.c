/* DNSKEY queries a day. A resolver that is well asks once an interval (RFC 5011 §2.3) or when its cache is
 * empty; one that has lost its anchor may ask for ever. What came by TCP after a truncated answer is the same
 * question again, and does not count. */
#include "core/roll/rehearsal_inside.h"

static bool counts(const struct trial *t, size_t index)
{
    const struct rehearsal_fetch *fetch = &t->seen->fetches[index];
    return !fetch->tcp || index == 0 || !t->seen->fetches[index - 1].truncated;
}

/* Queries a day of [from, to) while it ran; -1 where that is less than a day. */
static double rate(const struct trial *t, int64_t from_us, int64_t to_us)
{
    unsigned long count = 0;
    from_us = from_us < t->install_us ? t->install_us : from_us;
    to_us = to_us > t->end_us ? t->end_us : to_us;
    int64_t time_us = from_us < to_us ? trial_running(t, from_us, to_us) : 0;
    if (time_us < UTC_DAY)
        return -1;
    for (size_t i = 0; i < t->seen->fetch_count; i++)
        count += t->seen->fetches[i].at_us >= from_us && t->seen->fetches[i].at_us < to_us && counts(t, i);
    return (double)count / ((double)time_us / (double)UTC_DAY);
}

static void peak(struct trial *t, int64_t from_us)
{
    struct rehearsal_rate *r = &t->result.rate;
    int64_t day_us = from_us;
    unsigned long count = 0;
    for (size_t i = 0; i < t->seen->fetch_count; i++) {
        int64_t at_us = t->seen->fetches[i].at_us;
        if (at_us < from_us || !counts(t, i))
            continue;
        if (at_us - day_us >= UTC_DAY) {
            day_us += (at_us - day_us) / UTC_DAY * UTC_DAY;
            count = 0;
        }
        count++;
        if ((double)count > r->peak) {
            r->peak = (double)count;
            r->peak_us = day_us;
        }
    }
}

void trial_rates(struct trial *t)
{
    struct rehearsal_rate *r = &t->result.rate;
    const int64_t *at = t->schedule->events_us;
    /* The first two days hold what an empty cache asks. */
    int64_t settled_us = t->install_us + 2 * UTC_DAY, roll_us = at[SCENARIO_AT_ROLL];
    int64_t revoke_us = at[SCENARIO_AT_REVOKE], withdraw_us = at[SCENARIO_AT_WITHDRAW];
    double baseline = rate(t, settled_us, roll_us);
    double rolled = roll_us == UTC_OPEN ? -1 : rate(t, roll_us + t->ttl_us, revoke_us);
    double revoked = revoke_us == UTC_OPEN ? -1 : rate(t, revoke_us, withdraw_us);
    r->baseline = baseline < 0 ? 0 : baseline;
    r->rolled = rolled < 0 ? 0 : rolled;
    r->revoked = revoked < 0 ? 0 : revoked;
    r->factor = baseline > 0 && revoked >= 0 ? revoked / baseline : 0;
    peak(t, settled_us);
}

bool trial_lost_timer(const struct trial *t, int64_t *ret_from_us, int64_t *ret_to_us, unsigned *ret_count)
{
    int64_t most_us = 2 * plan_refresh(t->schedule->plan) + 2 * UTC_HOUR, before_us = t->install_us;
    int64_t end_us = t->end_us < trial_ended_us(t) ? t->end_us : trial_ended_us(t), longest_us = 0;
    for (size_t i = 0; i < t->result.outage_count; i++) /* without any anchor there is nothing to refresh */
        if (t->result.outages[i].kind == REHEARSAL_OPEN && t->result.outages[i].from_us < end_us)
            end_us = t->result.outages[i].from_us;
    *ret_count = 0;
    if (!t->follows || !t->seen->fetch_count)
        return false;
    for (size_t i = 0; i <= t->seen->fetch_count; i++) {
        int64_t at_us = i < t->seen->fetch_count ? t->seen->fetches[i].at_us : end_us;
        at_us = at_us > end_us ? end_us : at_us;
        int64_t time_us = at_us > before_us ? trial_running(t, before_us, at_us) : 0;
        if (time_us > most_us) {
            (*ret_count)++;
            if (time_us > longest_us) {
                longest_us = time_us;
                *ret_from_us = before_us;
                *ret_to_us = at_us;
            }
        }
        before_us = at_us > before_us ? at_us : before_us;
    }
    return *ret_count > 0;
}
