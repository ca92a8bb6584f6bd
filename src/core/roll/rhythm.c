/* The weights, and what they were drawn from.
 *
 * A strong sign: 4 bits for following. Of a static validator's DNSKEY queries, perhaps one in twenty arrives
 * later than `burst_us` after the question that caused it (a lost datagram sent again late, a client that
 * asks for DNSKEY itself); of a follower's windows nearly every one has a sign. 1 : 1/20 is 4.3 bits. Signs
 * closer than 0.7 R to the last that counted do not count: a refresh timer cannot have made them, and a fault
 * might make many.
 *
 * A weak sign: 3 bits if it keeps the interval R from the last sign (0.88 to 1.05 of it): that also shows a
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
 * at R 1 h, five days at R 1 d.
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

static void open_window(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    rhythm->window.from_us = at_us;
    rhythm->window.covered_us = covered(prompts, scale, at_us);
    rhythm->window.fresh_us = rhythm->window.silence_us = 0;
    rhythm->window.doubled = false;
}

/* The part of the window up to at_us in which the cached RRset was young enough for any DNSKEY query to be
 * early. */
static int64_t fresh(const struct rhythm *rhythm, const struct rhythm_scale *scale, int64_t at_us)
{
    int64_t from = rhythm->key_us > rhythm->window.from_us ? rhythm->key_us : rhythm->window.from_us;
    int64_t to = least(at_us, rhythm->key_us + scale->early_us);
    return to > from ? to - from : 0;
}

static void score_add(struct rhythm *rhythm, int eighths)
{
    rhythm->score = (int16_t)within(rhythm->score + eighths, -RHYTHM_MOST, RHYTHM_MOST);
}

static void count_missed(struct rhythm *rhythm, int eighths, int64_t at_us)
{
    sightings_add(&rhythm->missed, at_us);
    score_add(rhythm, eighths);
    if (++rhythm->missed_row >= RUN_ENDS)
        rhythm->run_us = INT64_MIN;
}

/* Thousandths of a window's time that questions cover, and what a missed refresh in it is worth. */
static int64_t density(const struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t span = at_us - rhythm->window.from_us;
    return span > 0 ? (covered(prompts, scale, at_us) - rhythm->window.covered_us) * 1000 / span : 0;
}

static int missed_worth(const struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    static const struct {
        int hidden, eighths;
    } worth[] = {
        {125, 3 * RHYTHM_BIT}, {250, 2 * RHYTHM_BIT}, {500, RHYTHM_BIT}, {707, RHYTHM_BIT / 2}, {1001, 0}};
    int64_t span = at_us - rhythm->window.from_us;
    int64_t fresh_us = rhythm->window.fresh_us + fresh(rhythm, scale, at_us);
    int64_t old = span > 0 && scale->refresh_us > scale->early_us ? 1000 - fresh_us * 1000 / span : 0;
    int64_t hidden = density(rhythm, scale, prompts, at_us) * old / 1000;
    for (size_t i = 0;; i++)
        if (hidden <= worth[i].hidden || worth[i].eighths == 0)
            return worth[i].eighths;
}

static void close_window(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    const int64_t patience = 4 * (scale->ttl_us > scale->refresh_us ? scale->ttl_us : scale->refresh_us);
    int64_t silence = at_us - rhythm->last_us;
    bool gap = silence > scale->window_us;
    if (rhythm->window.doubled || rhythm->last_us - rhythm->key_us > patience) {
        sightings_add(&rhythm->neutral, at_us);
        rhythm->window.gap = false;
    } else if (gap) {
        if (rhythm->window.gap)
            count_missed(rhythm, silence > 3 * scale->refresh_us ? 3 * RHYTHM_BIT : 2 * RHYTHM_BIT, at_us);
        rhythm->window.gap = true;
    } else {
        int worth = missed_worth(rhythm, scale, prompts, at_us);
        if (rhythm->window.silence_us > scale->refresh_us / 2 || silence > scale->refresh_us / 2)
            worth = worth > 2 * RHYTHM_BIT ? 2 * RHYTHM_BIT : worth;
        if (worth)
            count_missed(rhythm, worth, at_us);
        else
            sightings_add(&rhythm->neutral, at_us);
        rhythm->window.gap = false;
    }
    open_window(rhythm, scale, prompts, at_us);
}

void rhythm_query(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    if (rhythm->begun) {
        if (at_us - rhythm->window.from_us >= scale->window_us)
            close_window(rhythm, scale, prompts, at_us);
        else if (at_us - rhythm->last_us > rhythm->window.silence_us)
            rhythm->window.silence_us = at_us - rhythm->last_us;
    }
    rhythm->last_us = at_us;
}

static void count_sign(struct rhythm *rhythm, int eighths, int64_t at_us)
{
    score_add(rhythm, -eighths);
    rhythm->sign_us = at_us;
    if (rhythm->run_us == INT64_MIN)
        rhythm->run_us = at_us;
}

/* A strong sign; false if a refresh timer cannot have made it, so soon after the last. */
static bool strong_sign(struct rhythm *rhythm, const struct rhythm_scale *scale, int64_t at_us)
{
    if (rhythm->sign_us != INT64_MIN && at_us - rhythm->sign_us < scale->refresh_us / 10 * 7)
        return false;
    count_sign(rhythm, STRONG, at_us);
    return true;
}

/* A weak sign; true if it keeps the refresh interval, and so counts. */
static bool weak_sign(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us)
{
    int64_t since = at_us - rhythm->mark_us, refresh = scale->refresh_us;
    if (since >= refresh / 100 * 88 && since <= refresh / 100 * 105 && refresh < UTC_DAY / 2) {
        count_sign(rhythm, KEEPING, at_us);
        return true;
    }
    if (density(rhythm, scale, prompts, at_us) > 500 && rhythm->score > WEAK_FLOOR) {
        score_add(rhythm, -WEAK);
        if (rhythm->score < WEAK_FLOOR)
            rhythm->score = WEAK_FLOOR;
    }
    return false;
}

bool rhythm_dnskey(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us, bool tcp)
{
    int64_t age = at_us - rhythm->key_us;
    if (!rhythm->begun) {
        *rhythm = (struct rhythm){.begun = true,
            .last_us = at_us,
            .key_us = at_us,
            .mark_us = at_us,
            .sign_us = INT64_MIN,
            .run_us = INT64_MIN};
        open_window(rhythm, scale, prompts, at_us);
        return false;
    }
    if (age <= scale->burst_us) { /* the same occasion; over TCP it only asks again for what was cut off */
        rhythm->window.doubled |= !tcp;
        rhythm->key_us = at_us;
        rhythm_query(rhythm, scale, prompts, at_us);
        return false;
    }
    bool prompted = prompts->any && at_us - prompts->last_us <= scale->burst_us,
         early = age < scale->early_us, counts;
    rhythm->window.fresh_us += fresh(rhythm, scale, at_us);
    rhythm->key_us = at_us;
    sightings_add(!prompted ? &rhythm->strong : early ? &rhythm->weak : &rhythm->cached, at_us);
    if (prompted && !early) {
        rhythm_query(rhythm, scale, prompts, at_us);
        return false;
    }
    counts = prompted ? weak_sign(rhythm, scale, prompts, at_us) : strong_sign(rhythm, scale, at_us);
    if (counts || prompted) {
        rhythm->mark_us = at_us;
        rhythm->missed_row = 0;
        rhythm->window.gap = false;
        open_window(rhythm, scale, prompts, at_us);
    }
    rhythm->last_us = at_us;
    return counts;
}
