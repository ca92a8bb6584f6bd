/* hostile_message: DNS messages that a server should survive, and a strict reader of what it answers. The
 * same seed gives the same messages. */
#ifndef TESTS_SYSTEM_HOSTILE_MESSAGE_H
#define TESTS_SYSTEM_HOSTILE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTILE_MAX = 4096 };

struct hostile {
    uint64_t random;
    const char *const *names; /* that exist, as "www.example.com" */
    size_t name_count;
};

uint32_t hostile_random(struct hostile *h, uint32_t below);

/* A plain query for `name` and `type` with EDNS and DO. Returns its length. */
size_t hostile_query(const char *name, uint16_t type, uint16_t id, uint8_t *out);

/* The next message, up to HOSTILE_MAX octets: most are queries with one to four things wrong, some are random
 * throughout. Its id is the caller's to set. */
size_t hostile_message(struct hostile *h, uint8_t *out);

/* Is this a whole DNS message: counts that hold, names that end, pointers that go back, nothing left over? */
bool hostile_well_formed(const uint8_t *message, size_t length);

#endif
