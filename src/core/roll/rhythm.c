/* The weights, and what they were drawn from.
 *
 * A strong sign: 4 bits for following. Of a static validator's DNSKEY queries, about one in two hundred
 * arrives later than `burst_us` after the question that caused it (a lost datagram sent again late; a client
 * that asks for DNSKEY itself); of a follower's windows nearly every one has a sign. One query by itself
 * would be worth more than 7 bits; 4 are counted, and fewer where so many queries lie between two signs that
 * chance makes one. One that keeps the refresh interval from the last counts 4 all the same. Signs closer
 * than 0.7 R to the last that counted do not count: no refresh timer can have made them.
 *
 * A weak sign: 3 bits if it keeps the interval R from the last sign (0.88 to 1.05 of it): that shows a
 * follower whose timer keeps step with its clients, and one so busy that no query is unprompted. Not for R of
 * half a day and more: caches that keep answers for a day at most are common, and keep that interval too.
 * Other weak signs: 1.5 bits, and only where questions are so dense that strong signs are rare. A cache with
 * a lower limit of its own (max-cache-ttl, cache-max-ttl, memory short) looks the same, so they alone never
 * decide: they stop at 8 bits. Any weak sign ends the window, so that no resolver with a short cache is taken
 * for a static one on that account.
 *
 * A window without a sign, for a timer that may start anew at any DNSKEY query: a stretch without such a
 * query. Nothing can hide in it: 3 bits, no more, since windows are not independent and a fault of ours could
 * spoil a few in a row. At TTL 60 s and R 1 h that takes quiet of more than an hour, and busy resolvers are
 * not decided so.
 *
 * For a timer of its own: a refresh falls on the same phase of every period of R. Each period strikes out the
 * phases at which no DNSKEY query came, prompted or not (one slot to either side is allowed for drift). When
 * no phase is left, no timer can have been at work: 3 bits, and all begins anew. A client that asks by the
 * clock leaves phases open for ever, and then this says nothing; that is right, since a refresh could keep
 * step with it. A static validator is named after four such at the earliest: 20 s at R 5 s, four to twenty
 * hours at R 1 h, four days at R 1 d.
 *
 * 2 bits where the source was silent for half of R or more. A silence longer than a window counts only when
 * no sign follows it at once (a resolver that was down asks when it comes up): 2 bits, 3 when it was longer
 * than 3 R. A source whose questions go on for longer than the TTL without a DNSKEY query has a cache with a
 * minimum TTL, or does not validate: windows grow with what was seen.
 *
 * Early: 0.85 of the TTL. Unbound's prefetch begins at 0.9; BIND's at 2 s before the end, and only for
 * clients that ask for DNSKEY themselves. Caches cut TTLs to a day by default (Unbound cache-max-ttl 86400,
 * PowerDNS likewise), so the root's 172,800 s count as 86,400 s here. */
#include "core/roll/rhythm.h"

#include <string.h>

enum {
    STRONG = 4 * RHYTHM_BIT,
    KEEPING = 3 * RHYTHM_BIT,
    WEAK = 12, /* 1.5 bits */
    UNSAID = 2 * RHYTHM_BIT,
    WEAK_FLOOR = -8 * RHYTHM_BIT,
    RUN_ENDS = 3, /* windows missed in a row */
};

void sightings_add(struct sightings *seen, int64_t at_us)
{
    if (!seen->count++)
        seen->first_us = at_us;
    seen->last_us = at_us;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t within(int64_t us, int64_t low, int64_t high)
{
    return us < low ? low : us > high ? high : us;
}

struct rhythm_scale rhythm_scale(uint32_t ttl_s, int64_t refresh_us)
{
    struct rhythm_scale scale = {
        .ttl_us = (int64_t)ttl_s * UTC_SECOND, .refresh_us = refresh_us > 0 ? refresh_us : UTC_SECOND};
    scale.burst_us = within(scale.ttl_us / 20, UTC_SECOND / 5, 3 * UTC_SECOND);
    scale.early_us = least(scale.ttl_us, UTC_DAY) / 100 * 85;
    scale.window_us = scale.refresh_us / 4 * 5 + scale.burst_us;
    return scale;
}

static int64_t covered(const struct rhythm_prompts *prompts, const struct rhythm_scale *scale, int64_t at_us)
{
    return prompts->any ? prompts->covered_us + within(at_us - prompts->last_us, 0, scale->burst_us) : 0;
}

void rhythm_prompt(struct rhythm_prompts *prompts, const struct rhythm_scale *scale, int64_t at_us)
{
    prompts->covered_us = covered(prompts, scale, at_us);
    prompts->last_us = at_us;
    prompts->any = true;
}

static void open_window(struct rhythm_test *test, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    test->from_us = at_us;
    test->covered_us = covered(prompts, scale, at_us);
    test->silence_us = 0;
}

static void open_both(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    for (int i = 0; i < RHYTHM_TIMERS; i++) {
        rhythm->test[i].missed_row = 0;
        rhythm->test[i].gap = false;
        open_window(&rhythm->test[i], scale, prompts, at_us);
    }
}

static void score_add(struct rhythm_test *test, int eighths)
{
    test->score = (int16_t)within(test->score + eighths, -RHYTHM_MOST, RHYTHM_MOST);
}

static void count_missed(struct rhythm *rhythm, struct rhythm_test *test, int eighths, int64_t at_us)
{
    sightings_add(&test->missed, at_us);
    score_add(test, eighths);
    if (++test->missed_row >= RUN_ENDS && test == &rhythm->test[RHYTHM_ANY])
        rhythm->run_us = INT64_MIN;
}

/* Thousandths of a window's time that questions cover. */
static int64_t density(const struct rhythm_test *test, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t span = at_us - test->from_us;
    return span > 0 ? (covered(prompts, scale, at_us) - test->covered_us) * 1000 / span : 0;
}

/* The longest that a follower stays without a sign. A cache with a minimum TTL makes an interval of its own:
 * half of that TTL, as the RRset seems to have it. */
static int64_t window_of(const struct rhythm *rhythm, const struct rhythm_scale *scale)
{
    int64_t held = rhythm->held_us / 4 * 5 + scale->burst_us;
    return held > scale->window_us ? held : scale->window_us;
}

/* A stretch ended with no sign in it. `missed`: and a follower would have shown one. */
static void close_window(struct rhythm *rhythm, struct rhythm_test *test, const struct rhythm_scale *scale,
    bool missed, const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t silence = at_us - rhythm->last_us, half = scale->refresh_us / 2;
    if (silence > window_of(rhythm, scale)) {
        if (test->gap)
            count_missed(
                rhythm, test, silence > 3 * scale->refresh_us ? 3 * RHYTHM_BIT : 2 * RHYTHM_BIT, at_us);
        test->gap = true;
    } else if (missed) {
        count_missed(
            rhythm, test, test->silence_us > half || silence > half ? 2 * RHYTHM_BIT : 3 * RHYTHM_BIT, at_us);
        test->gap = false;
    } else {
        sightings_add(&test->neutral, at_us);
    }
    open_window(test, scale, prompts, at_us);
}

static int64_t slot_us(const struct rhythm_scale *scale)
{
    int64_t slot = scale->refresh_us / RHYTHM_PHASES + 1;
    return slot > scale->burst_us ? slot : scale->burst_us;
}

static bool phase_get(const uint64_t *set, int64_t slot)
{
    return set[slot / 64] >> (slot % 64) & 1;
}

static void phase_set(uint64_t *set, int64_t slot)
{
    set[slot / 64] |= UINT64_C(1) << (slot % 64);
}

/* Strikes out the phases at which nothing came in this period, their neighbours allowed for. False if none is
 * left: then all are open again. */
static bool strike(struct rhythm_phases *phases, const struct rhythm_scale *scale)
{
    int64_t count = (scale->refresh_us + slot_us(scale) - 1) / slot_us(scale);
    uint64_t left[RHYTHM_PHASES / 64] = {0};
    bool any = false;
    for (int64_t slot = 0; slot < count; slot++) {
        bool near = phase_get(phases->open, slot) || phase_get(phases->open, (slot + 1) % count) ||
                    phase_get(phases->open, (slot + count - 1) % count);
        if (!near || !phase_get(phases->seen, slot))
            continue;
        phase_set(left, slot);
        any = true;
    }
    memcpy(phases->open, left, sizeof left);
    memset(phases->seen, 0, sizeof phases->seen);
    if (!any)
        memset(phases->open, 0xff, sizeof phases->open);
    return any;
}

static void open_phases(struct rhythm_phases *phases, int64_t at_us)
{
    phases->from_us = at_us;
    memset(phases->open, 0xff, sizeof phases->open);
    memset(phases->seen, 0, sizeof phases->seen);
}

/* The end of one period of R or several; `dnskey`: a DNSKEY query came now. */
static void turn_period(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, bool dnskey, int64_t at_us)
{
    struct rhythm_phases *phases = &rhythm->phases;
    struct rhythm_test *test = &rhythm->test[RHYTHM_OWN];
    if (at_us - rhythm->last_us > window_of(rhythm, scale)) {
        close_window(rhythm, test, scale, false, prompts, at_us);
        open_phases(phases, at_us);
    }
    if ((at_us - phases->from_us) / scale->refresh_us >
        8) /* one will do: nothing came in the others either */
        phases->from_us = at_us - scale->refresh_us;
    while (at_us - phases->from_us >= scale->refresh_us) {
        phases->from_us += scale->refresh_us;
        bool none = !strike(phases, scale);
        /* Signs that chance made must not add up: a period without one takes back, but never speaks against
         * by itself. */
        if (test->score < 0 && rhythm->sign_us < phases->from_us - scale->refresh_us)
            test->score = (int16_t)least(0, test->score + UNSAID);
        close_window(rhythm, test, scale, none && !rhythm->held_us, prompts, at_us);
    }
    if (dnskey)
        phase_set(phases->seen, (at_us - phases->from_us) / slot_us(scale));
    if (at_us - rhythm->last_us > test->silence_us)
        test->silence_us = at_us - rhythm->last_us;
}

/* What has to be done at every query before it is looked at. */
static void turn(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, bool dnskey, int64_t at_us)
{
    struct rhythm_test *test = &rhythm->test[RHYTHM_ANY];
    if (at_us - test->from_us >= window_of(rhythm, scale))
        close_window(rhythm, test, scale, true, prompts, at_us);
    else if (at_us - rhythm->last_us > test->silence_us)
        test->silence_us = at_us - rhythm->last_us;
    turn_period(rhythm, scale, prompts, dnskey, at_us);
}

static void settle(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us);

/* A question when the RRset must have expired, and what comes of it: how long the cache really holds. */
static void watch_stale(struct rhythm *rhythm, const struct rhythm_scale *scale, bool dnskey, int64_t at_us)
{
    if (rhythm->stale_us && at_us - rhythm->stale_us > scale->burst_us) {
        if (rhythm->stale_us - rhythm->key_us > rhythm->held_us)
            rhythm->held_us = rhythm->stale_us - rhythm->key_us;
        rhythm->stale_us = 0;
    }
    if (dnskey)
        rhythm->stale_us = 0;
    else if (!rhythm->stale_us && at_us - rhythm->key_us > scale->ttl_us / 20 * 21 + scale->burst_us)
        rhythm->stale_us = at_us;
}

void rhythm_query(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    if (rhythm->begun) {
        settle(rhythm, scale, prompts, at_us);
        watch_stale(rhythm, scale, false, at_us);
        turn(rhythm, scale, prompts, false, at_us);
    }
    rhythm->last_us = at_us;
}

/* A sign that counts. The timer that may start anew at any DNSKEY query can only have made one that comes
 * long enough after the last query. */
static void count_sign(
    struct rhythm *rhythm, const struct rhythm_scale *scale, int eighths, int64_t age_us, int64_t at_us)
{
    score_add(&rhythm->test[RHYTHM_OWN], -eighths);
    if (age_us >= scale->refresh_us / 10 * 7)
        score_add(&rhythm->test[RHYTHM_ANY], -eighths);
    rhythm->fetches = 0;
    rhythm->sign_us = at_us;
    if (rhythm->run_us == INT64_MIN)
        rhythm->run_us = at_us;
}

/* Whether it comes about one refresh interval after the last sign. */
static bool keeps_interval(int64_t since_us, const struct rhythm_scale *scale)
{
    return since_us >= scale->refresh_us / 100 * 88 && since_us <= scale->refresh_us / 100 * 105;
}

/* A strong sign counts for nothing when chance may have made it, among so many queries. */
static void strong_sign(
    struct rhythm *rhythm, const struct rhythm_scale *scale, int64_t age_us, int64_t at_us)
{
    static const struct {
        unsigned fetches;
        int eighths;
    } worth[] = {{12, STRONG}, {25, 3 * RHYTHM_BIT}, {50, 2 * RHYTHM_BIT}};
    if (keeps_interval(at_us - rhythm->mark_us, scale)) {
        count_sign(rhythm, scale, STRONG, age_us, at_us);
        return;
    }
    for (size_t i = 0; i < sizeof worth / sizeof *worth; i++)
        if (rhythm->fetches <= worth[i].fetches) {
            count_sign(rhythm, scale, worth[i].eighths, age_us, at_us);
            return;
        }
}

/* A weak sign counts in full if it keeps the refresh interval. */
static void weak_sign(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t age_us, int64_t at_us)
{
    if (keeps_interval(at_us - rhythm->mark_us, scale) && scale->refresh_us < UTC_DAY / 2) {
        count_sign(rhythm, scale, KEEPING, age_us, at_us);
        return;
    }
    bool dense = density(&rhythm->test[RHYTHM_OWN], scale, prompts, at_us) > 500;
    for (int i = 0; dense && i < RHYTHM_TIMERS; i++)
        if (rhythm->test[i].score > WEAK_FLOOR)
            score_add(&rhythm->test[i],
                rhythm->test[i].score - WEAK < WEAK_FLOOR ? WEAK_FLOOR - rhythm->test[i].score : -WEAK);
}

static void sign(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, bool strong, int64_t age_us, int64_t at_us)
{
    sightings_add(strong ? &rhythm->strong : &rhythm->weak, at_us);
    if (strong && rhythm->sign_us != INT64_MIN && at_us - rhythm->sign_us < scale->refresh_us / 10 * 7) {
        open_window(
            &rhythm->test[RHYTHM_ANY], scale, prompts, at_us); /* no timer made it, so soon after the last */
        return;
    }
    if (strong)
        strong_sign(rhythm, scale, age_us, at_us);
    else
        weak_sign(rhythm, scale, prompts, age_us, at_us);
    rhythm->mark_us = at_us;
    open_both(rhythm, scale, prompts, at_us);
}

/* Decides about a late query once it is known whether a question followed it. */
static void settle(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t late_us = rhythm->late_us;
    if (!late_us)
        return;
    if (prompts->last_us >= late_us && prompts->last_us - late_us <= scale->burst_us)
        sightings_add(&rhythm->cached, late_us);
    else if (at_us - late_us > scale->burst_us)
        sign(rhythm, scale, prompts, true, rhythm->late_age_us, late_us);
    else
        return;
    rhythm->late_us = 0;
}

static void start(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    *rhythm = (struct rhythm){.begun = true,
        .last_us = at_us,
        .key_us = at_us,
        .mark_us = at_us,
        .sign_us = INT64_MIN,
        .run_us = INT64_MIN};
    open_both(rhythm, scale, prompts, at_us);
    open_phases(&rhythm->phases, at_us);
    phase_set(rhythm->phases.seen, 0);
}

void rhythm_dnskey(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    if (!rhythm->begun) {
        start(rhythm, scale, prompts, at_us);
        return;
    }
    int64_t age = at_us - rhythm->key_us;
    bool prompted = prompts->any && at_us - prompts->last_us <= scale->burst_us,
         early = age < scale->early_us;
    settle(rhythm, scale, prompts, at_us);
    watch_stale(rhythm, scale, true, at_us);
    if (early && age > scale->burst_us) /* a sign, before anything is said to be missing */
        sign(rhythm, scale, prompts, !prompted, age, at_us);
    turn(rhythm, scale, prompts, true, at_us);
    open_window(&rhythm->test[RHYTHM_ANY], scale, prompts, at_us);
    rhythm->last_us = rhythm->key_us = at_us;
    if (age <= scale->burst_us) /* the same occasion */
        return;
    rhythm->fetches++;
    if (early)
        return;
    if (prompted) {
        sightings_add(&rhythm->cached, at_us);
    } else {
        rhythm->late_us = at_us;
        rhythm->late_age_us = age;
    }
}
