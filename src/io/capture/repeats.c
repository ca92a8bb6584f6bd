/* The idea: a table of hashes of who asked what, with which id. A later query takes the place of an earlier
 * one that falls on the same place. */
#include "io/capture/repeats.h"

#include "base/hash.h"

enum { FIRST = 24, LAST = 8 };

/* Of a long query the first and the last octets, and how many: what has the same client, port, id, flags and
 * begin of the name is no other query. So each costs the same few steps, which the processor does beside each
 * other. */
static uint64_t print_of(const struct dnstap_frame *frame)
{
    const struct capture_peer *peer = &frame->peer;
    const uint8_t *query = frame->messages[0].bytes;
    size_t length = frame->messages[0].length;
    uint64_t seed = length << 16 | peer->client_port;
    uint64_t hash = hash_mix(hash_load(peer->client) ^ seed, hash_load(peer->client + 8));
    if (length < FIRST)
        hash ^= hash_bytes(query, length, seed);
    else
        hash ^= hash_mix(hash_load(query) ^ seed, hash_load(query + 8)) ^
                hash_mix(hash_load(query + 16) ^ seed, hash_load(query + length - LAST));
    return hash ? hash : 1;
}

unsigned repeats_first(struct repeats *repeats, const struct dnstap_frame *frame)
{
    if (frame->count == 0 || !(frame->query || frame->repeated))
        return 0;
    uint64_t print = print_of(frame);
    uint64_t *place = &repeats->seen[print % REPEATS];
    if (frame->repeated)
        return *place == print ? 1 : 0;
    *place = print;
    return 0;
}
