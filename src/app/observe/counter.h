/* counter: a thread that counts messages into a tally, while the next ones are read and taken apart.
 *
 * Messages are handed over in batches. Their octets stay where they are, in the records of the capture: it
 * has to call counter_done() before it takes them away (capture_keep()).
 *
 * One thread hands over. Between counter_wait() and the next message, and not otherwise, it may use the
 * tally. */
#ifndef APP_OBSERVE_COUNTER_H
#define APP_OBSERVE_COUNTER_H

#include "core/roll/tally.h"
#include "io/capture/capture.h"

struct counter;

/* The tally stays the caller's, and outlives the counter. ERR_NOMEM: no memory or no thread. */
int counter_new(struct tally *tally, struct counter **ret_counter);

/* `stays`: the octets lie in a record of the capture; else they are copied. `seen`: as tally_seen(). */
void counter_message(struct counter *counter, const struct sighting_message *message, bool seen, bool stays);

/* An ICMP error, as tally_error(). */
void counter_error(
    struct counter *counter, int64_t time_us, enum sighting_kind kind, const uint8_t client[16]);

/* Hands over what was gathered: all messages up to the capture's batch of this number have come. */
void counter_pass(struct counter *counter, uint64_t number);

/* Until all messages up to the batch of this number are counted. */
void counter_done(struct counter *counter, uint64_t number);

/* Until all of it is counted. The first error of the tally, or 0. */
int counter_wait(struct counter *counter);

/* While the counter waits: begins tally_rows_end() on the thread. counter_sorted() waits for it, at hardly
 * any cost when it is done. */
void counter_sort(struct counter *counter);
void counter_sorted(struct counter *counter);

/* As tally_full(), some batches ago. */
bool counter_full(struct counter *counter);

void counter_free(struct counter *counter); /* waits; NULL is allowed */

#endif
