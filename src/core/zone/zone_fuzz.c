/* Any octets asked of all kinds of zones at once: what comes back is an answer to them, is well-formed, and
 * fits. */
#include "core/zone/zone_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static const struct zone_server server = {.nsid = "fuzz", .version = "fuzz", .udp_size = 1232};

static void check(const uint8_t *data, size_t size, bool tcp, const uint8_t *out, size_t written)
{
    static struct try_answer answer;
    const char *wrong = try_parse(out, written, &answer);
    must(!wrong, wrong ? wrong : "");
    must(written >= 12 && written <= (tcp ? 65535U : 4096U), "length");
    must(size >= 12 && !(data[2] & 0x80), "an answer to no question");
    must(!memcmp(out, data, 2) && out[2] & 0x80, "not an answer to this one");
    must((out[2] & 0x78) == (data[2] & 0x78) && (out[2] & 1) == (data[2] & 1), "opcode or RD");
    must(!(out[3] & 0xb0), "RA, AD or CD"); /* Z and the rest of the flags are 0 too */
    must(answer.count[0] <= 1, "questions");
    if (answer.flags & 0x200)
        must(!tcp && !answer.count[1] && !answer.count[2], "truncated, and not empty");
    if (answer.rcode == 0 && answer.flags & 0x400 && !(answer.flags & 0x200))
        must(answer.count[1] || answer.count[2] || answer.count[0], "empty");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct try_world world;
    static uint8_t out[65535];
    struct zone_client client = {.address = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 53, .now_us = TRY_NOW};
    struct zone_event event;
    if (!world.set)
        try_world_make(&world, TRY_NOW);
    for (int tcp = 0; tcp < 2; tcp++) {
        client.tcp = tcp;
        client.address[10] = tcp ? 0 : 0xff; /* the other family too */
        size_t written =
            zones_answer(world.set, &server, &client, data, size, out, tcp ? sizeof out : 4096, &event);
        if (written)
            check(data, size, tcp, out, written);
        must(written || size < 12 || data[2] & 0x80, "no answer to a question");
    }
    return 0;
}
