/* A tree of nodes in memory, then written out: nodes, 16 octets of nothing, records, metadata. */
#include "io/networks/mmdb_try.h"

#include "base/address.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_NODES = 4096, MAX_DATA = 65536, EMPTY = -1 };

struct maker {
    int64_t node[MAX_NODES][2]; /* EMPTY, a node, or -2 - offset of a record */
    size_t nodes;
    uint8_t data[MAX_DATA];
    size_t size;
};

static void put(struct maker *maker, const void *bytes, size_t size)
{
    assert(maker->size + size <= MAX_DATA);
    memcpy(maker->data + maker->size, bytes, size);
    maker->size += size;
}

static void put_control(struct maker *maker, unsigned type, size_t size)
{
    assert(size < 29 + 256);
    uint8_t first = (uint8_t)((type < 8 ? type << 5 : 0) | (size < 29 ? size : 29));
    put(maker, &first, 1);
    if (type >= 8)
        put(maker, &(uint8_t){(uint8_t)(type - 7)}, 1);
    if (size >= 29)
        put(maker, &(uint8_t){(uint8_t)(size - 29)}, 1);
}

static void put_text(struct maker *maker, const char *text)
{
    put_control(maker, 2, strlen(text));
    put(maker, text, strlen(text));
}

static void put_number(struct maker *maker, unsigned type, uint64_t value)
{
    uint8_t octets[8];
    size_t size = 0;
    for (unsigned shift = 64; shift > 0; shift -= 8)
        if (size > 0 || value >> (shift - 8) != 0)
            octets[size++] = (uint8_t)(value >> (shift - 8));
    put_control(maker, type, size);
    put(maker, octets, size);
}

static void put_country(struct maker *maker, const char *key, const char *country)
{
    put_text(maker, key);
    put_control(maker, 7, 1);
    put_text(maker, "iso_code");
    put_text(maker, country);
}

static int64_t put_record(struct maker *maker, const struct mmdb_try_entry *entry)
{
    int64_t record = -2 - (int64_t)maker->size;
    const bool has[] = {entry->country, entry->registered, entry->organization, entry->as != 0};
    size_t keys = 0;
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        keys += has[i];
    put_control(maker, 7, keys);
    if (entry->country)
        put_country(maker, "country", entry->country);
    if (entry->registered)
        put_country(maker, "registered_country", entry->registered);
    if (entry->as) {
        put_text(maker, "autonomous_system_number");
        put_number(maker, 6, entry->as);
    }
    if (entry->organization) {
        put_text(maker, "autonomous_system_organization");
        put_text(maker, entry->organization);
    }
    return record;
}

/* Sets the record at the end of these bits; outer prefixes come before inner ones. */
static void set(struct maker *maker, const uint8_t *octets, unsigned length, int64_t record)
{
    size_t at = 0;
    for (unsigned bit = 0;; bit++) {
        int64_t *next = &maker->node[at][octets[bit / 8] >> (7 - bit % 8) & 1];
        if (bit + 1 == length) {
            *next = record;
            return;
        }
        if (*next < 0) {
            assert(maker->nodes < MAX_NODES);
            maker->node[maker->nodes][0] = maker->node[maker->nodes][1] = *next;
            *next = (int64_t)maker->nodes++;
        }
        at = (size_t)*next;
    }
}

static void add_aliases(struct maker *maker)
{
    static const uint8_t six_to_four[16] = {0x20, 0x02}, mapped[16] = {[10] = 0xff, [11] = 0xff};
    int64_t at = 0;
    for (unsigned bit = 0; bit < 96 && at >= 0; bit++)
        at = maker->node[at][0];
    set(maker, six_to_four, 16, at);
    set(maker, mapped, 96, at);
}

static void write_node(uint8_t *to, unsigned record_bits, uint64_t left, uint64_t right)
{
    if (record_bits == 28) {
        uint64_t both =
            (left & 0xffffff) << 32 | (left >> 24 & 15) << 28 | (right >> 24 & 15) << 24 | (right & 0xffffff);
        for (unsigned i = 0; i < 7; i++)
            to[i] = (uint8_t)(both >> (48 - 8 * i));
        return;
    }
    for (unsigned i = 0; i < record_bits / 8; i++) {
        to[i] = (uint8_t)(left >> (record_bits - 8 - 8 * i));
        to[record_bits / 8 + i] = (uint8_t)(right >> (record_bits - 8 - 8 * i));
    }
}

static uint64_t record_value(const struct maker *maker, int64_t record)
{
    if (record == EMPTY)
        return maker->nodes;
    return record >= 0 ? (uint64_t)record : maker->nodes + 16 + (uint64_t)(-2 - record);
}

static void put_metadata(struct maker *maker, unsigned ip_version, unsigned record_bits)
{
    static const char marker[] = "\xab\xcd\xefMaxMind.com";
    put(maker, marker, sizeof marker - 1);
    put_control(maker, 7, 9);
    put_text(maker, "binary_format_major_version"), put_number(maker, 5, 2);
    put_text(maker, "binary_format_minor_version"), put_number(maker, 5, 0);
    put_text(maker, "build_epoch"), put_number(maker, 9, 1600000000);
    put_text(maker, "database_type"), put_text(maker, "Made-Up");
    put_text(maker, "description"), put_control(maker, 7, 1), put_text(maker, "en"),
        put_text(maker, "made up");
    put_text(maker, "ip_version"), put_number(maker, 5, ip_version);
    put_text(maker, "languages"), put_control(maker, 11, 1), put_text(maker, "en");
    put_text(maker, "node_count"), put_number(maker, 6, maker->nodes);
    put_text(maker, "record_size"), put_number(maker, 5, record_bits);
}

uint8_t *mmdb_try_make(const struct mmdb_try_entry *entries, size_t count, unsigned ip_version,
    unsigned record_bits, bool aliases, size_t *ret_size)
{
    struct maker *maker = calloc(1, sizeof *maker);
    assert(maker);
    maker->nodes = 1;
    maker->node[0][0] = maker->node[0][1] = EMPTY;
    for (size_t i = 0; i < count; i++) {
        uint8_t octets[16];
        assert(address_parse(entries[i].address, strlen(entries[i].address), octets));
        bool is_four = strchr(entries[i].address, ':') == NULL;
        memset(octets, 0, is_four ? 12 : 0); /* not ::ffff:0:0/96 but ::/96 */
        bool is_short = is_four && ip_version == 4;
        set(maker, is_short ? octets + 12 : octets, entries[i].length + (is_four && !is_short ? 96 : 0),
            put_record(maker, &entries[i]));
    }
    if (aliases)
        add_aliases(maker);
    put_metadata(maker, ip_version, record_bits);
    size_t tree = maker->nodes * record_bits / 4;
    uint8_t *bytes = calloc(1, tree + 16 + maker->size);
    assert(bytes);
    for (size_t i = 0; i < maker->nodes; i++)
        write_node(bytes + i * record_bits / 4, record_bits, record_value(maker, maker->node[i][0]),
            record_value(maker, maker->node[i][1]));
    memcpy(bytes + tree + 16, maker->data, maker->size);
    *ret_size = tree + 16 + maker->size;
    free(maker);
    return bytes;
}

int mmdb_try_file(const void *bytes, size_t size, char ret_path[64])
{
    int fd = memfd_create("networks", MFD_CLOEXEC);
    assert(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, (const char *)bytes + done, size - done);
        assert(written > 0);
        done += (size_t)written;
    }
    snprintf(ret_path, 64, "/proc/self/fd/%d", fd);
    return fd;
}
