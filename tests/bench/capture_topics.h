/* capture_topics: what is asked and answered in a generated capture, as DNS messages made ahead.
 *
 * A topic is a question with its answer and its truncated answer, once for each class of resolver. Sums for
 * the Internet checksum are made ahead too: of a message, only header, flags and a random first label change
 * from packet to packet, so a packet costs a copy and a few additions. */
#ifndef BENCH_CAPTURE_TOPICS_H
#define BENCH_CAPTURE_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOPICS_LABEL_AT = 13, /* of a random first label: header, length octet */
    TOPICS_LABEL_MOST = 12,
    TOPICS_ORDINARY = 16000,
    TOPICS_TAG_SETS = 5,
    TOPICS_DECOYS = 5,
    TOPICS_SENTINELS = 20,
    TOPICS_SPELLINGS = 4, /* of a tag set: plain, two in mixed case, a tag twice */
};

/* How a resolver asks: without EDNS, with it, with DO, with DO and a bigger buffer. */
enum topics_class { TOPICS_PLAIN, TOPICS_EDNS, TOPICS_DO, TOPICS_DO_BIG, TOPICS_CLASSES };

struct topics_message {
    const uint8_t *bytes; /* a DNS message; the two octets before it hold its length, as over TCP */
    uint64_t sum;         /* of all octets but the first 4, and the `window` ones after the header */
    uint16_t length, window;
    uint16_t flags; /* of the header */
};

struct topics_topic {
    struct topics_message query[TOPICS_CLASSES], answer[TOPICS_CLASSES], cut[TOPICS_CLASSES];
    uint8_t label; /* octets of the random label; 0: none */
};

struct topics {
    struct topics_topic ordinary[TOPICS_ORDINARY]; /* most popular first */
    struct topics_topic signals[TOPICS_TAG_SETS][TOPICS_SPELLINGS];
    struct topics_topic options[TOPICS_TAG_SETS]; /* DNSKEY with option 14 */
    struct topics_topic dnskey;
    struct topics_topic sentinels[TOPICS_SENTINELS]; /* is-ta and not-ta by turns */
    struct topics_topic decoys[TOPICS_DECOYS];       /* see topics_decoy_invalid() */
    uint8_t *memory;
};

/* "4f66-9728" …: what the store is to say. The first three trust 38696 (9728), the others do not. */
extern const char *const topics_tag_sets[TOPICS_TAG_SETS];
enum { TOPICS_WITH_NEW_KEY = 3 };

/* Malformed signals (the others are something else altogether). */
bool topics_decoy_invalid(unsigned decoy);

/* NULL when memory is short. */
struct topics *topics_new(uint64_t seed);
void topics_free(struct topics *topics);

/* Sum of 16-bit words as they lie in memory, not folded; an odd last octet is padded with zero. */
uint64_t topics_sum(const uint8_t *bytes, size_t length);

#endif
