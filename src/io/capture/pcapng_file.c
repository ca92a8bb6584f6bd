/* pcapng: blocks of a type, a length at both ends, and content; a section block begins anew, with its own
 * byte order and interfaces (draft-ietf-opsawg-pcapng). Blocks that are not known are passed over without
 * being buffered, whatever their length; of known ones at most STREAM_MOST octets are looked at, so that
 * endless options cost nothing. */
#include "io/capture/capture_inside.h"
#include "io/capture/pcap_file.h"

#include "base/utc.h"

#include <stdlib.h>

enum {
    SECTION = 0x0a0d0d0a, /* the same in both byte orders */
    ORDER = 0x1a2b3c4d,
    INTERFACE = 1,
    OLD_PACKET = 2,
    SIMPLE_PACKET = 3,
    STATISTICS = 5,
    PACKET = 6,

    BLOCK_HEADER = 8,
    BLOCK_LEAST = 12, /* with the length at its end */
    MOST_INTERFACES = 65536,
    MOST_PACKET_BLOCK = 16 << 20, /* a packet and its options; what claims more lies */

    OPTION_END = 0,
    OPTION_TSRESOL = 9,
    OPTION_TSOFFSET = 14,
    OPTION_IFDROP = 5, /* of statistics */
    OPTION_OSDROP = 7,
};

/* A moment in microseconds is (ticks * multiply >> shift) / divide + offset. */
struct interface {
    uint64_t multiply, divide;
    int64_t offset_s;
    uint64_t dropped; /* by interface and system, as the last statistics said */
    uint32_t snap;    /* 0: no limit */
    uint16_t link;
    uint8_t shift;
};

struct pcapng {
    bool swapped;
    struct interface *interfaces;
    size_t count, capacity;
    int64_t last_us; /* of the packet before, on any interface and in any section */
};

/* A block, of which `size` octets are there; `total` counts its padding. */
struct block {
    const uint8_t *at;
    size_t size;
    uint64_t total;
};

static bool pcapng_is(const uint8_t *head, size_t length)
{
    return length >= 12 && pcap_u32(head, false) == SECTION &&
           (pcap_u32(head + 8, false) == ORDER || pcap_u32(head + 8, true) == ORDER);
}

static void *pcapng_open(void)
{
    return calloc(1, sizeof(struct pcapng));
}

static void pcapng_close(void *reader)
{
    struct pcapng *pcapng = reader;
    free(pcapng->interfaces);
    free(pcapng);
}

static uint64_t pcapng_u64(const struct pcapng *pcapng, const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return pcapng->swapped ? __builtin_bswap64(value) : value;
}

/* ---- options ---- */

/* Finds an option among those from `at` on; NULL if it is not there, or shorter than `length`. */
static const uint8_t *pcapng_option(
    const struct pcapng *pcapng, const struct block *block, size_t at, unsigned code, size_t length)
{
    size_t end = block->size;
    while (at <= end && end - at >= 4) {
        unsigned here = pcap_u16(block->at + at, pcapng->swapped);
        size_t size = pcap_u16(block->at + at + 2, pcapng->swapped), padded = (size + 3) & ~(size_t)3;
        if (here == OPTION_END || size > end - at - 4)
            return NULL;
        if (here == code)
            return size >= length ? block->at + at + 4 : NULL;
        at += 4 + padded;
    }
    return NULL;
}

/* if_tsresol: a power of ten, or, with the highest bit, of two; microseconds without it. */
static void interface_resolution(struct interface *interface, uint8_t resolution)
{
    unsigned exponent = resolution & 0x7f;
    interface->multiply = interface->divide = 1;
    interface->shift = 0;
    if (resolution & 0x80) {
        interface->multiply = 1000000;
        interface->shift = (uint8_t)exponent;
        return;
    }
    for (unsigned i = exponent; i < 6; i++)
        interface->multiply *= 10;
    for (unsigned i = 6; i < exponent && i < 25; i++) /* 10^19 is the greatest that fits */
        interface->divide *= 10;
    if (exponent > 25)
        interface->multiply = 0; /* finer than 64 bits reach: less than two microseconds in all */
}

/* Rounded down; kept between the years 1 and 9999, whatever the file says. */
static int64_t interface_time(const struct interface *interface, uint64_t ticks)
{
    __int128 us = (__int128)((unsigned __int128)ticks * interface->multiply >> interface->shift);
    if (interface->divide > 1)
        us = (__int128)(ticks / interface->divide) * (interface->multiply != 0);
    us += (__int128)interface->offset_s * UTC_SECOND;
    return us < UTC_FIRST ? UTC_FIRST : us > UTC_LAST ? UTC_LAST : (int64_t)us;
}

/* ---- blocks ---- */

static int pcapng_section(
    struct pcapng *pcapng, struct stream *stream, const struct block *block, struct err_note *note)
{
    unsigned major = pcap_u16(block->at + 12, pcapng->swapped);
    if (major != 1)
        return stream_error(stream, note, "a section of pcapng version %u, which is not known", major);
    pcapng->count = 0;
    return 0;
}

static int pcapng_interface(
    struct pcapng *pcapng, struct stream *stream, const struct block *block, struct err_note *note)
{
    if (pcapng->count == MOST_INTERFACES)
        return stream_error(stream, note, "more than %d interfaces in a section", MOST_INTERFACES);
    if (pcapng->count == pcapng->capacity) {
        size_t capacity = pcapng->capacity ? 2 * pcapng->capacity : 4;
        struct interface *grown = reallocarray(pcapng->interfaces, capacity, sizeof *grown);
        if (!grown)
            return err_set(note, ERR_NOMEM, "%s: out of memory", stream_name(stream));
        pcapng->interfaces = grown;
        pcapng->capacity = capacity;
    }
    struct interface interface = {
        .link = pcap_link(pcap_u16(block->at + 8, pcapng->swapped)),
        .snap = pcap_u32(block->at + 12, pcapng->swapped),
    };
    const uint8_t *resolution = pcapng_option(pcapng, block, 16, OPTION_TSRESOL, 1);
    const uint8_t *offset = pcapng_option(pcapng, block, 16, OPTION_TSOFFSET, 8);
    interface_resolution(&interface, resolution ? *resolution : 6);
    interface.offset_s = offset ? (int64_t)pcapng_u64(pcapng, offset) : 0;
    pcapng->interfaces[pcapng->count++] = interface;
    return 0;
}

/* Drops are counted from the beginning of the capture: of several blocks the last counts. */
static void pcapng_statistics(struct pcapng *pcapng, const struct block *block, struct capture_fill *fill)
{
    uint32_t number = pcap_u32(block->at + 8, pcapng->swapped);
    const uint8_t *interface_drops = pcapng_option(pcapng, block, 20, OPTION_IFDROP, 8);
    const uint8_t *system_drops = pcapng_option(pcapng, block, 20, OPTION_OSDROP, 8);
    uint64_t dropped = (interface_drops ? pcapng_u64(pcapng, interface_drops) : 0) +
                       (system_drops ? pcapng_u64(pcapng, system_drops) : 0);
    if (number >= pcapng->count || dropped <= pcapng->interfaces[number].dropped)
        return;
    fill->dropped += dropped - pcapng->interfaces[number].dropped;
    pcapng->interfaces[number].dropped = dropped;
}

/* The enhanced and the old packet block differ only in how the interface is written. */
static int pcapng_packet(struct pcapng *pcapng, struct stream *stream, const struct block *block, bool old,
    struct capture_record *ret_record, struct err_note *note)
{
    const uint8_t *at = block->at;
    bool swapped = pcapng->swapped;
    uint32_t number = old ? pcap_u16(at + 8, swapped) : pcap_u32(at + 8, swapped);
    uint64_t ticks = (uint64_t)pcap_u32(at + 12, swapped) << 32 | pcap_u32(at + 16, swapped);
    uint32_t length = pcap_u32(at + 20, swapped), wire = pcap_u32(at + 24, swapped);
    if (number >= pcapng->count)
        return stream_error(
            stream, note, "a packet of interface %u, of which the section has %zu", number, pcapng->count);
    if (length > CAPTURE_MAX_RECORD)
        return stream_error(stream, note, "a packet that claims to be of %u octets", length);
    if (length > block->total - 32)
        return stream_error(stream, note, "a packet that claims to be of %u octets in a block of %llu",
            length, (unsigned long long)block->total);
    const struct interface *interface = &pcapng->interfaces[number];
    pcapng->last_us = interface_time(interface, ticks);
    *ret_record = (struct capture_record){
        .time_us = pcapng->last_us,
        .bytes = at + 28,
        .length = length,
        .wire_length = wire > length ? wire : length,
        .link = interface->link,
        .what = CAPTURE_PACKET,
    };
    return 0;
}

/* A packet without a time, of the first interface. It gets the time of the packet before it, whatever
 * interface that came from: its own may not have had one for long, or never, and 1970 is no answer. */
static int pcapng_simple(struct pcapng *pcapng, struct stream *stream, const struct block *block,
    struct capture_record *ret_record, struct err_note *note)
{
    if (pcapng->count == 0)
        return stream_error(stream, note, "a packet without an interface");
    const struct interface *interface = &pcapng->interfaces[0];
    uint32_t wire = pcap_u32(block->at + 8, pcapng->swapped), length = wire;
    if (interface->snap > 0 && length > interface->snap)
        length = interface->snap;
    if (length > block->total - 16)
        length = (uint32_t)(block->total - 16);
    if (length > CAPTURE_MAX_RECORD)
        return stream_error(stream, note, "a packet that claims to be of %u octets", length);
    *ret_record = (struct capture_record){
        .time_us = pcapng->last_us,
        .bytes = block->at + 12,
        .length = length,
        .wire_length = wire,
        .link = interface->link,
        .what = CAPTURE_PACKET,
    };
    return 0;
}

/* Octets of the smallest block of a type; 0: a type that is passed over. */
static size_t pcapng_least(uint32_t type)
{
    static const struct {
        uint32_t type;
        size_t least;
    } types[] = {{PACKET, 32}, {SECTION, 28}, {INTERFACE, 20}, {STATISTICS, 24}, {SIMPLE_PACKET, 16},
        {OLD_PACKET, 32}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type)
            return types[i].least;
    return 0;
}

/* Takes in a known block. */
static int pcapng_block(struct pcapng *pcapng, struct stream *stream, uint32_t type,
    const struct block *block, struct capture_fill *fill, struct err_note *note)
{
    struct capture_record *record = &fill->records[fill->count];
    int err = 0;
    switch (type) {
    case PACKET:
    case OLD_PACKET:
        err = pcapng_packet(pcapng, stream, block, type == OLD_PACKET, record, note);
        fill->count += !err;
        break;
    case SIMPLE_PACKET:
        err = pcapng_simple(pcapng, stream, block, record, note);
        fill->count += !err;
        break;
    case SECTION:
        return pcapng_section(pcapng, stream, block, note);
    case INTERFACE:
        return pcapng_interface(pcapng, stream, block, note);
    default:
        pcapng_statistics(pcapng, block, fill);
    }
    return err;
}

static bool pcapng_is_packet(uint32_t type)
{
    return type == PACKET || type == SIMPLE_PACKET || type == OLD_PACKET;
}

/* The byte order of a section, from its first 12 octets. */
static int pcapng_order(
    struct pcapng *pcapng, struct stream *stream, const uint8_t *at, struct err_note *note)
{
    bool swapped = pcap_u32(at + 8, true) == ORDER;
    if (!swapped && pcap_u32(at + 8, false) != ORDER)
        return stream_error(stream, note, "a section without a byte order");
    pcapng->swapped = swapped;
    return 0;
}

/* Reads one block. *ret_more is false if there is not enough of it now. */
static int pcapng_step(struct pcapng *pcapng, struct stream *stream, struct capture_fill *fill,
    bool *ret_more, struct err_note *note)
{
    *ret_more = false;
    bool wait = fill->count == 0;
    const uint8_t *at;
    if ((!wait && stream_ready(stream) < BLOCK_LEAST) || !(at = stream_need(stream, BLOCK_LEAST)))
        return 0;
    uint32_t type = pcap_u32(at, pcapng->swapped);
    int err = type == SECTION ? pcapng_order(pcapng, stream, at, note) : 0;
    if (err)
        return err;
    uint32_t length = pcap_u32(at + 4, pcapng->swapped);
    size_t least = pcapng_least(type);
    if (length < (least ? least : BLOCK_LEAST))
        return stream_error(stream, note, "a block of type %u that claims to be of %u octets", type, length);
    struct block block = {.total = ((uint64_t)length + 3) & ~UINT64_C(3)};
    block.size = block.total < STREAM_MOST ? (size_t)block.total : STREAM_MOST;
    if (block.total > MOST_PACKET_BLOCK && pcapng_is_packet(type))
        return stream_error(stream, note, "a packet in a block that claims to be of %u octets", length);
    if (least && ((!wait && stream_ready(stream) < block.size) || !(at = stream_need(stream, block.size))))
        return 0;
    block.at = at;
    /* Some writers leave the padding out of the length. */
    if (least && block.size == block.total) {
        block.size -= 4;
        uint32_t again = pcap_u32(at + block.size, pcapng->swapped);
        if (again != length && again != block.total)
            return stream_error(stream, note,
                "a block that claims to be of %u octets at its begin and %u at its end", length, again);
    }
    if (least && (err = pcapng_block(pcapng, stream, type, &block, fill, note)))
        return err;
    fill->skipped += !least;
    stream_skip(stream, block.total);
    *ret_more = true;
    return 0;
}

static int pcapng_fill(void *reader, struct stream *stream, struct capture_fill *fill, struct err_note *note)
{
    bool more = true;
    int err = 0;
    while (!err && more && fill->count < CAPTURE_BATCH)
        err = pcapng_step(reader, stream, fill, &more, note);
    return err;
}

const struct capture_reader capture_pcapng = {"pcapng", pcapng_is, pcapng_open, pcapng_fill, pcapng_close};
