/* digest: what a record tells by itself, whatever came before it. It is worked out beside what must go in
 * order (crew.h), and leaves little to be done there for the ordinary ones, which are nearly all. */
#ifndef APP_OBSERVE_DIGEST_H
#define APP_OBSERVE_DIGEST_H

#include "core/roll/tally.h"
#include "io/capture/capture.h"

enum { DIGEST_LINE = 64 }; /* of the cache: it is handed from one processor to the other */

_Static_assert((int)CAPTURE_BATCH <= (int)TALLY_BATCH, "one takes in what the other holds");

/* Of a batch of records. */
struct digest {
    _Alignas(DIGEST_LINE) uint64_t prints[CAPTURE_BATCH]; /* prints_of() each */
    struct tally_batch ordinary;                          /* all but the others */
    uint16_t others[CAPTURE_BATCH]; /* records that have to be looked at again, in order */
    uint32_t other_count;
    uint32_t packets, cut;     /* taken into `ordinary`: packets; of these, by the snap length */
    int64_t least_us, most_us; /* times of all */
};

struct digester;

/* `ports` as wire_new(). NULL when memory is short. */
struct digester *digester_new(const uint16_t *ports, size_t port_count);
void digester_free(struct digester *digester); /* NULL is allowed */

/* One record at least. */
void digest_records(
    struct digester *digester, const struct capture_record *records, size_t count, struct digest *ret_digest);

/* A log's reader does not read times: each line gets its own here, and -1 if it has none. */
void digest_time_lines(struct capture_record *lines, size_t count);

/* The message of a CAPTURE_MESSAGE record, which it points into. */
struct sighting_message digest_message(const struct capture_record *record);

#endif
