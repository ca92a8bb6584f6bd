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

/* Two kinds of follower, since nobody knows which stands behind an address until it shows:
 *
 *   RHYTHM_ANY  its refresh may be due R after *any* DNSKEY query: Unbound, which takes what its cache had to
 * fetch for a refresh as well RHYTHM_OWN  its refresh keeps a timer of its own, whatever the cache does:
 * BIND, Knot Resolver
 *
 * The second is refuted sooner, and only that one when clients ask so often that the first would never need
 * to refresh by itself. */
enum rhythm_timer { RHYTHM_ANY, RHYTHM_OWN, RHYTHM_TIMERS };
enum { RHYTHM_PHASES = 512 };

struct rhythm {
    bool begun;      /* a DNSKEY query was seen */
    int64_t last_us; /* last query of any kind */
    int64_t key_us;  /* last DNSKEY query */
    int64_t sign_us; /* last sign that counted; INT64_MIN: none */
    int64_t mark_us; /* last sign of either kind, counted or not */
    int64_t run_us;  /* first sign of the present run of signs; INT64_MIN: none. Three windows missed in a row
                        end a run */
    int64_t late_us, late_age_us; /* a DNSKEY query of an old RRset, with no question before it: perhaps one
                                     follows (Knot Resolver fetches keys first). 0: none waits */
    int64_t
        stale_us; /* a question later than the TTL allows, until a DNSKEY query follows it; 0: none waits */
    int64_t held_us;  /* so long did it go without a DNSKEY query, though questions came: its cache has a
                         minimum TTL. 0: not seen */
    unsigned fetches; /* DNSKEY queries since the last sign that counted */
    struct sightings strong, weak, cached; /* DNSKEY queries by what they look like */
    struct rhythm_test {
        int16_t score; /* eighths of a bit: positive speaks for static, negative for following */
        unsigned missed_row;
        struct sightings missed, neutral; /* windows without a sign, and windows that say nothing */
        /* the stretch since the last sign; of RHYTHM_ANY: since the last DNSKEY query */
        int64_t from_us, covered_us, silence_us;
        bool gap;
    } test[RHYTHM_TIMERS];
    /* Moments within R at which a timer of its own could fire: those at which a DNSKEY query came in every
     * period so far. */
    struct rhythm_phases {
        int64_t from_us; /* of this period */
        uint64_t open[RHYTHM_PHASES / 64], seen[RHYTHM_PHASES / 64];
    } phases;
};

enum {
    RHYTHM_BIT = 8,
    RHYTHM_DECIDED =
        12 * RHYTHM_BIT, /* |score| from which the question counts as decided: 1 error in 4096, nominally */
    RHYTHM_MOST = 16 * RHYTHM_BIT, /* further evidence is not piled up, so that a change shows soon */
};

/* Each query of the source, in the order of time: this for any kind but DNSKEY … */
void rhythm_query(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us);
/* … or this one for a DNSKEY query. */
void rhythm_dnskey(struct rhythm *rhythm, const struct rhythm_scale *scale,
    const struct rhythm_prompts *prompts, int64_t at_us);

/* `timer`: the kind that the source is known to have; RHYTHM_ANY: not known, so both must be refuted. */
static inline bool rhythm_is_static(const struct rhythm *rhythm, enum rhythm_timer timer)
{
    return rhythm->test[timer].score >= RHYTHM_DECIDED && rhythm->test[RHYTHM_OWN].score > 0;
}

static inline bool rhythm_follows(const struct rhythm *rhythm)
{
    return rhythm->test[RHYTHM_ANY].score <= -RHYTHM_DECIDED ||
           rhythm->test[RHYTHM_OWN].score <= -RHYTHM_DECIDED;
}

#endif
