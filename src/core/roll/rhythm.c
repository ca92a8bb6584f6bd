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
 * A window without a sign: a follower's refresh can hide in it only by falling into the moments after a
 * question *and* at a time when the cached RRset was old. The chance of that is taken from the traffic of the
 * very window, and the bits are -log2 of it, at most 3: windows are not independent (a client that asks once
 * a minute by the clock keeps step with an hourly refresh), and a fault of ours could spoil a few in a row.
 * So a static validator is named after four windows at the earliest: 27 s at TTL 10 s and R 5 s, five hours
 * at R 1 h, five days at R 1 d. Where the timer may start anew at any DNSKEY query, a window is a stretch
 * without one: at TTL 60 s and R 1 h that takes quiet of more than an hour, and busy resolvers are not
 * decided by rhythm.
 *
 * Windows that say nothing: two queries within a burst (the second may be a refresh just as well as a
 * retransmission); no DNSKEY query for four TTLs or refreshes (the source does not validate, or its cache has
 * a minimum TTL). A window with long silence counts at most 2 bits, and a silence longer than a window counts
 * only when no sign follows it at once (a resolver that was down asks when it comes up): 2 bits, 3 when it
 * was longer than 3 R.
 *
 * Early: 0.85 of the TTL. Unbound's prefetch begins at 0.9; BIND's at 2 s before the end, and only for
 * clients that ask for DNSKEY themselves. Caches cut TTLs to a day by default (Unbound cache-max-ttl 86400,
 * PowerDNS likewise), so the root's 172,800 s count as 86,400 s here. */
#include "core/roll/rhythm.h"

enum {
    STRONG = 4 * RHYTHM_BIT,
    KEEPING = 3 * RHYTHM_BIT,
    WEAK = 12, /* 1.5 bits */
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
    test->fresh_us = test->silence_us = 0;
    test->doubled = false;
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

/* The part of the window up to at_us in which the cached RRset was young enough for any DNSKEY query to be
 * early. */
static int64_t fresh(const struct rhythm *rhythm, const struct rhythm_test *test,
    const struct rhythm_scale *scale, int64_t at_us)
{
    int64_t from = rhythm->key_us > test->from_us ? rhythm->key_us : test->from_us;
    int64_t to = least(at_us, rhythm->key_us + scale->early_us);
    return to > from ? to - from : 0;
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

/* Thousandths of a window's time that questions cover, and what a missed refresh in it is worth. */
static int64_t density(const struct rhythm_test *test, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t span = at_us - test->from_us;
    return span > 0 ? (covered(prompts, scale, at_us) - test->covered_us) * 1000 / span : 0;
}

static int missed_worth(const struct rhythm *rhythm, const struct rhythm_test *test,
    const struct rhythm_scale *scale, const struct rhythm_prompts *prompts, int64_t at_us)
{
    static const struct {
        int hidden, eighths;
    } worth[] = {
        {125, 3 * RHYTHM_BIT}, {250, 2 * RHYTHM_BIT}, {500, RHYTHM_BIT}, {707, RHYTHM_BIT / 2}, {1001, 0}};
    if (test == &rhythm->test[RHYTHM_ANY]) /* no DNSKEY query at all: nothing can hide */
        return worth[0].eighths;
    int64_t span = at_us - test->from_us, fresh_us = test->fresh_us + fresh(rhythm, test, scale, at_us);
    int64_t old = span > 0 && scale->refresh_us > scale->early_us ? 1000 - fresh_us * 1000 / span : 0;
    int64_t hidden = density(test, scale, prompts, at_us) * old / 1000;
    for (size_t i = 0;; i++)
        if (hidden <= worth[i].hidden || worth[i].eighths == 0)
            return worth[i].eighths;
}

/* The longest that a follower stays without a sign. A cache with a minimum TTL makes an interval of its own:
 * half of that TTL, as the RRset seems to have it. */
static int64_t window_of(const struct rhythm *rhythm, const struct rhythm_scale *scale)
{
    int64_t held = rhythm->held_us / 4 * 5 + scale->burst_us;
    return held > scale->window_us ? held : scale->window_us;
}

static void close_window(struct rhythm *rhythm, struct rhythm_test *test, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t silence = at_us - rhythm->last_us;
    if (test->doubled) {
        sightings_add(&test->neutral, at_us);
        test->gap = false;
    } else if (silence > window_of(rhythm, scale)) {
        if (test->gap)
            count_missed(
                rhythm, test, silence > 3 * scale->refresh_us ? 3 * RHYTHM_BIT : 2 * RHYTHM_BIT, at_us);
        test->gap = true;
    } else {
        int worth = missed_worth(rhythm, test, scale, prompts, at_us);
        if (test->silence_us > scale->refresh_us / 2 || silence > scale->refresh_us / 2)
            worth = worth > 2 * RHYTHM_BIT ? 2 * RHYTHM_BIT : worth;
        if (worth)
            count_missed(rhythm, test, worth, at_us);
        else
            sightings_add(&test->neutral, at_us);
        test->gap = false;
    }
    open_window(test, scale, prompts, at_us);
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
    if (!rhythm->begun) {
        rhythm->last_us = at_us;
        return;
    }
    settle(rhythm, scale, prompts, at_us);
    watch_stale(rhythm, scale, false, at_us);
    for (int i = 0; i < RHYTHM_TIMERS; i++) {
        struct rhythm_test *test = &rhythm->test[i];
        if (at_us - test->from_us >= window_of(rhythm, scale))
            close_window(rhythm, test, scale, prompts, at_us);
        else if (at_us - rhythm->last_us > test->silence_us)
            test->silence_us = at_us - rhythm->last_us;
    }
    rhythm->last_us = at_us;
}

/* A DNSKEY query that is no sign, or a repeated one. */
static void plain_query(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    for (int i = 0; i < RHYTHM_TIMERS; i++)
        if (at_us - rhythm->test[i].from_us >= window_of(rhythm, scale))
            close_window(rhythm, &rhythm->test[i], scale, prompts, at_us);
    open_window(&rhythm->test[RHYTHM_ANY], scale, prompts, at_us);
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

/* A query that the cache can have caused. One that comes an interval after the last may also be a refresh
 * that keeps step with a client. */
static void cached(struct rhythm *rhythm, const struct rhythm_scale *scale, int64_t age_us, int64_t at_us)
{
    sightings_add(&rhythm->cached, at_us);
    if (keeps_interval(age_us, scale))
        rhythm->test[RHYTHM_OWN].doubled = true;
}

/* Decides about a late query once it is known whether a question followed it. */
static void settle(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t late_us = rhythm->late_us;
    if (!late_us)
        return;
    if (prompts->last_us >= late_us && prompts->last_us - late_us <= scale->burst_us)
        cached(rhythm, scale, rhythm->late_age_us, late_us);
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
}

void rhythm_dnskey(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us, bool tcp)
{
    if (!rhythm->begun) {
        start(rhythm, scale, prompts, at_us);
        return;
    }
    int64_t age = at_us - rhythm->key_us;
    settle(rhythm, scale, prompts, at_us);
    watch_stale(rhythm, scale, true, at_us);
    if (age <= scale->burst_us) { /* the same occasion; over TCP it only asks again for what was cut off */
        rhythm->test[RHYTHM_OWN].doubled |= !tcp;
        rhythm->key_us = at_us;
        plain_query(rhythm, scale, prompts, at_us);
        return;
    }
    bool prompted = prompts->any && at_us - prompts->last_us <= scale->burst_us,
         early = age < scale->early_us;
    rhythm->test[RHYTHM_OWN].fresh_us += fresh(rhythm, &rhythm->test[RHYTHM_OWN], scale, at_us);
    rhythm->key_us = at_us;
    rhythm->fetches++;
    if (early) {
        sign(rhythm, scale, prompts, !prompted, age, at_us);
        rhythm->last_us = at_us;
        return;
    }
    plain_query(rhythm, scale, prompts, at_us);
    if (prompted) {
        cached(rhythm, scale, age, at_us);
    } else {
        rhythm->late_us = at_us;
        rhythm->late_age_us = age;
    }
}
