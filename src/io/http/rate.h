/* rate: how often an address may do something: a bucket of tokens for each, in a table of fixed size.
 *
 * When there are more addresses than places, the bucket that has been refilled most gives way; nobody is
 * refused for the sake of others. IPv6 addresses count by their first 64 bits. One thread at a time. */
#ifndef IO_HTTP_RATE_H
#define IO_HTTP_RATE_H

#include <stdint.h>

struct rate_table;

/* `per_s` tokens come back each second (may be a fraction), at most `burst` are held. NULL when memory is
 * short. */
struct rate_table *rate_new(double per_s, double burst);
void rate_free(struct rate_table *table); /* NULL is allowed */

/* Takes a token. 0: granted. Else the seconds, rounded up, until there will be one. `now_us` is any clock; if
 * it goes back, nothing is refilled meanwhile. */
unsigned rate_take(struct rate_table *table, const uint8_t address[16], int64_t now_us);

#endif
