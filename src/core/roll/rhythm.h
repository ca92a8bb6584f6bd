/* rhythm: does the sender of these DNSKEY queries follow RFC 5011? A sequential test over the times at which
 * one source asks.
 *
 * A follower asks for the DNSKEY RRset on its own account, once per refresh interval R, whether or not its
 * cache is fresh and whether or not anybody asked it anything (RFC 5011 §2.3). A static validator asks only
 * when a client's question needs the RRset and the cached one has expired. So two kinds of query betray a
 * follower, called signs here:
 *
 *   strong  no name of the zone was asked in the moments before it: nothing but a timer can have caused it
 *   weak    it comes clearly before the cached RRset could have expired, but just after a name was asked
 *
 * and a stretch of R (with slack) without a sign, from a source that is alive, speaks against. Each stretch
 * is worth so many bits as a follower would be unlikely to show it (Wald's sequential probability ratio
 * test); see rhythm.c for the weights and what they were drawn from. */
#ifndef CORE_ROLL_RHYTHM_H
#define CORE_ROLL_RHYTHM_H

#include "base/utc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often something was seen, and when. */
struct sightings {
    unsigned long count;
    int64_t first_us, last_us; /* meaningless while count is 0 */
};
void sightings_add(struct sightings *seen, int64_t at_us);

/* The spans that matter for a zone, from its DNSKEY TTL and refresh interval. */
struct rhythm_scale {
    int64_t ttl_us, refresh_us;
    int64_t burst_us;  /* queries this close belong to one occasion: retransmissions, and what a question sets
                          off */
    int64_t early_us;  /* younger than this, no cache lets an RRset go */
    int64_t window_us; /* a follower shows a sign at least so often */
};
struct rhythm_scale rhythm_scale(uint32_t ttl_s, int64_t refresh_us);

/* Names asked of a zone, by anybody: how much of the time lies in the moments after one. */
struct rhythm_prompts {
    int64_t last_us, covered_us;
    bool any;
};
void rhythm_prompt(struct rhythm_prompts *prompts, const struct rhythm_scale *scale, int64_t at_us);

struct rhythm {
    bool begun;      /* a DNSKEY query was seen */
    int64_t last_us; /* last query of any kind */
    int64_t key_us;  /* last DNSKEY query */
    int64_t sign_us; /* last sign that counted; INT64_MIN: none */
    int64_t mark_us; /* last sign of either kind, counted or not */
    int64_t run_us;  /* first sign of the present run of signs; INT64_MIN: none. Three windows missed in a row
                        end a run */
    int16_t score;   /* eighths of a bit: positive speaks for static, negative for following */
    unsigned missed_row;
    struct sightings strong, weak, cached, missed, neutral; /* what was seen so far; for findings */
    struct {                                                /* the stretch since the last sign */
        int64_t from_us, covered_us, fresh_us, silence_us;
        bool doubled, gap;
    } window;
};

enum {
    RHYTHM_BIT = 8,
    RHYTHM_DECIDED =
        12 * RHYTHM_BIT, /* |score| from which the question counts as decided: 1 error in 4096, nominally */
    RHYTHM_MOST = 16 * RHYTHM_BIT, /* further evidence is not piled up, so that a change shows soon */
};

/* Each query of the source, in the order of time: first this for any kind … */
void rhythm_query(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us);
/* … or this one for a DNSKEY query. Returns true if it was a sign that counted. */
bool rhythm_dnskey(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us, bool tcp);

static inline bool rhythm_is_static(const struct rhythm *rhythm)
{
    return rhythm->score >= RHYTHM_DECIDED;
}

static inline bool rhythm_follows(const struct rhythm *rhythm)
{
    return rhythm->score <= -RHYTHM_DECIDED;
}

#endif
