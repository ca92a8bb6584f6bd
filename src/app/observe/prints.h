/* prints: fingerprints of records, to know again what was counted already from another input of the same
 * collector: a file that overlaps with one before it.
 *
 * A set holds the fingerprints of all records while they are few, and membership then decides record by
 * record. After that it holds a sample, those whose low bits are zero (one bit more whenever the sample is
 * full): it tells whether two inputs carry the same records at all, and time does the rest; at both ends the
 * fingerprints of the first and last records are all there. */
#ifndef APP_OBSERVE_PRINTS_H
#define APP_OBSERVE_PRINTS_H

#include "io/capture/capture.h"

enum {
    PRINTS_MOST = 65536,     /* held of a file: 512 KiB in the store, for the stretch between two commits */
    PRINTS_MOST_LIVE = 4096, /* of an endless input, which hardly ever overlaps with another */
    PRINTS_EDGE = 256,       /* records at each end */
};

/* Of a record: its time, its first octets and how many there were. Never changes: it is stored. */
uint64_t prints_of(const struct capture_record *record);

struct prints;

/* Holds at most this many (2 * PRINTS_EDGE or more). NULL when memory is short. */
struct prints *prints_new(size_t most);
void prints_add(struct prints *prints, uint64_t print, int64_t time_us);
/* Of many records; one at least. */
void prints_add_all(
    struct prints *prints, const uint64_t *added, const struct capture_record *records, size_t count);
void prints_reset(struct prints *prints);
void prints_free(struct prints *prints); /* NULL is allowed */

/* As bytes, freed by the caller. ERR_NOMEM. */
int prints_save(const struct prints *prints, uint8_t **ret_bytes, size_t *ret_length);

/* Reads them back, to be looked at; nothing is added to them. ERR_DATA if the bytes are none, ERR_NOMEM. */
int prints_load(const uint8_t *bytes, size_t length, struct prints **ret_prints);

enum prints_word {
    PRINTS_OUT,     /* this record was not counted */
    PRINTS_IN,      /* it was */
    PRINTS_SAMPLED, /* it belongs to the sample and is in it: its neighbours were counted as well */
    PRINTS_MISSED,  /* it would belong to the sample and is not in it */
    PRINTS_UNKNOWN, /* the sample does not tell */
};
/* In a set that was loaded. */
enum prints_word prints_look(const struct prints *prints, uint64_t print, int64_t time_us);

#endif
