/* floor FILE OUTPUT: what cannot be left out when a pcap file is counted by source, and nothing else: how
 * fast could anybody be here? Steps, each with those before it: the octets are read; records are walked
 * through; of each packet over UDP and Ethernet the client's address is hashed and counted in a table with
 * room for all sources, whose memory was asked for sixteen packets ahead; as many octets as a store takes are
 * written and synced. No names, no options, no TCP, no fragments, no fingerprints, no SQL. On one thread;
 * prints seconds, the least of five. */
#include "base/bytes.h"
#include "base/hash.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 128 << 10, MOST = 256 << 10, BITS = 19, AHEAD = 16, ROUNDS = 5, STORED = 70 };
enum step { READ, WALK, COUNT, COMMIT, STEPS };
static const char *const names[STEPS] = {"read", "walk", "count", "commit"};

struct source {
    uint64_t address[2], count, rest[5];
};

struct floor {
    enum step step;
    struct source *table; /* 1 << BITS */
    struct hash_key key;
    uint64_t waiting[AHEAD][3], packets, sources;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void count(struct floor *floor, const uint64_t *wanted)
{
    size_t at = wanted[2] >> (64 - BITS);
    struct source *source = &floor->table[at];
    while (source->count && (source->address[0] != wanted[0] || source->address[1] != wanted[1]))
        source = &floor->table[at = (at + 1) & ((1U << BITS) - 1)];
    floor->sources += source->count == 0;
    source->address[0] = wanted[0];
    source->address[1] = wanted[1];
    source->count++;
}

static void take(struct floor *floor, const uint8_t *packet, uint32_t length)
{
    bool is_six = length >= 62 && packet[12] == 0x86;
    if (length < 42 || (is_six ? packet[20] : packet[23]) != 17)
        return;
    const uint8_t *ports = packet + (is_six ? 54 : 34);
    bool is_answer = bytes_u16(ports) == 53;
    const uint8_t *address = is_six ? packet + (is_answer ? 38 : 22) : packet + (is_answer ? 30 : 26);
    uint64_t *wanted = floor->waiting[floor->packets++ % AHEAD], halves[2] = {0, 0};
    if (floor->packets > AHEAD)
        count(floor, wanted);
    memcpy(halves, address, is_six ? 16 : 4);
    wanted[0] = halves[0];
    wanted[1] = halves[1];
    wanted[2] = hash_pair(halves[0], halves[1], floor->key);
    __builtin_prefetch(&floor->table[wanted[2] >> (64 - BITS)], 1);
}

/* Whole records; returns their octets. */
static size_t walk(struct floor *floor, const uint8_t *at, size_t length)
{
    const uint8_t *begin = at, *end = at + length;
    while (end - at >= 16) {
        uint32_t size;
        memcpy(&size, at + 8, sizeof size); /* files of this machine's octet order */
        if (size > MOST || (size_t)(end - at) < 16U + size)
            break;
        if (floor->step >= COUNT)
            take(floor, at + 16, size);
        at += 16 + size;
    }
    return (size_t)(at - begin);
}

static bool read_all(struct floor *floor, int fd)
{
    static uint8_t room[MOST + BLOCK];
    size_t rest = 0;
    ssize_t got = read(fd, room, 24);
    while ((got = read(fd, room + rest, BLOCK)) > 0) {
        size_t length = rest + (size_t)got, taken = floor->step >= WALK ? walk(floor, room, length) : length;
        rest = length - taken;
        if (rest > MOST)
            return false;
        memmove(room, room + taken, rest);
    }
    return got == 0;
}

static bool commit(const struct floor *floor, const char *output)
{
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t left = floor->sources * STORED;
    bool good = fd >= 0;
    for (ssize_t put; good && left > 0; left -= (size_t)put) {
        size_t part = left < sizeof *floor->table << BITS ? left : sizeof *floor->table << BITS;
        put = write(fd, floor->table, part);
        good = put > 0;
        put = good ? put : 0;
    }
    good = good && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    unlink(output);
    return good;
}

static double run(const char *path, const char *output, enum step step)
{
    double begin = now();
    struct floor floor = {.step = step, .key = hash_key(1)};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    floor.table = calloc((size_t)1 << BITS, sizeof *floor.table);
    bool good = fd >= 0 && floor.table && read_all(&floor, fd) && (step < COMMIT || commit(&floor, output));
    close(fd);
    free(floor.table);
    if (!good)
        exit(1);
    return now() - begin;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 64;
    for (int step = READ; step < STEPS; step++) {
        double least = 1e9;
        for (int round = 0; round < ROUNDS; round++) {
            double took = run(argv[1], argv[2], (enum step)step);
            least = took < least ? took : least;
        }
        printf("%-6s %.3f\n", names[step], least);
    }
    return 0;
}
