/* prints: fingerprints of packets, to know again what was counted already from another input of the same
 * collector: a file that overlaps with one before it.
 *
 * A set holds the fingerprints of all packets of a segment while they are few (PRINTS_MOST), and then a
 * sample: those whose low bits are zero, one bit more each time the set is full. While it holds all,
 * membership decides packet by packet. A sample decides whether two inputs carry the same packets at all;
 * then time does, and at both ends of a segment the fingerprints of its first and last packets, all of them.
 */
#ifndef APP_OBSERVE_PRINTS_H
#define APP_OBSERVE_PRINTS_H

#include "io/capture/capture.h"

enum {
    PRINTS_MOST = 32768, /* in a sample */
    PRINTS_EDGE = 256,   /* packets at each end */
};

/* Of a record: its time and octets (all of them up to 128, and how many there were). Never changes: stored.
 */
uint64_t prints_of(const struct capture_record *record);

struct prints;

struct prints *prints_new(void); /* NULL when memory is short */
void prints_add(struct prints *prints, uint64_t print, int64_t time_us);
void prints_reset(struct prints *prints);
void prints_free(struct prints *prints); /* NULL is allowed */

/* As bytes, freed by the caller. ERR_NOMEM. */
int prints_save(const struct prints *prints, uint8_t **ret_bytes, size_t *ret_length);

/* Reads them back. ERR_DATA if the bytes are none, ERR_NOMEM. */
int prints_load(const uint8_t *bytes, size_t length, struct prints **ret_prints);

enum prints_word {
    PRINTS_IN,      /* this packet was counted */
    PRINTS_OUT,     /* it was not */
    PRINTS_SAMPLED, /* it belongs to the sample and is in it: its neighbours probably are as well */
    PRINTS_MISSED,  /* it would belong to the sample and is not in it */
    PRINTS_UNKNOWN, /* the sample does not tell */
};
enum prints_word prints_look(const struct prints *prints, uint64_t print, int64_t time_us);

#endif
