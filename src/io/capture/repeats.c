/* The idea: a table of hashes of who asked whom, what, with which id. A later query takes the place of an
 * earlier one that falls on the same place. */
#include "io/capture/repeats.h"

#include "base/hash.h"

static uint64_t print_of(const struct dnstap_frame *frame)
{
    uint64_t hash = hash_bytes(&frame->peer, offsetof(struct capture_peer, transport), frame->peer.transport);
    hash = hash_bytes(frame->messages[0].bytes, frame->messages[0].length, hash);
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
