/* The idea: read the zone as it was written last, then do to it what the journal says has been done since.
 *
 * A journal (BIND lib/dns/journal.c): a header of 64 octets (format in 16; first and last position, each
 * serial and offset; size of an index of positions, which follows), then transactions: size, [count of
 * records, in format V9.2,] serial before, serial after; records, each with its size before: owner, type,
 * class, TTL, length, RDATA. Within a transaction the first SOA begins what is deleted, the second what is
 * added. Integers in network order.
 *
 * KEYDATA (BIND lib/dns/rdata/generic/keydata_65533.c): refresh, add hold-down, remove hold-down (POSIX
 * seconds), flags, protocol, algorithm, key. */
#include "app/lab/products/mkeys.h"

#include "base/bytes.h"
#include "core/dns/dnskey.h"
#include "io/file/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_KEYS = 64,
    TYPE_SOA = 6,
    TYPE_KEYDATA = 65533,
    TIMES = 12,
    HEADER = 64,
    MAX_FILE = 4 << 20,
    MAX_NAME = 255
};

struct key {
    uint8_t rdata[TIMES + DNSKEY_MAX_RDATA];
    size_t length;
};

struct keys {
    struct key *key[MOST_KEYS];
    size_t count;
    uint32_t serial;
};

static void drop(struct keys *keys, size_t index)
{
    free(keys->key[index]);
    keys->key[index] = keys->key[--keys->count];
}

static void forget(struct keys *keys)
{
    while (keys->count)
        drop(keys, 0);
}

static int add(
    struct keys *keys, const uint8_t *rdata, size_t length, const char *name, struct err_note *note)
{
    if (keys->count == MOST_KEYS || length > sizeof keys->key[0]->rdata)
        return err_set(note, ERR_DATA, "%s: more keys, or a longer one, than named keeps", name);
    struct key *key = malloc(sizeof *key);
    if (!key)
        return err_set(note, ERR_NOMEM, "out of memory");
    memcpy(key->rdata, rdata, length);
    key->length = length;
    keys->key[keys->count++] = key;
    return 0;
}

/* ---- the zone file ---- */

/* RDATA of a KEYDATA record; its form has been checked. */
static size_t rdata_of(
    const struct record *record, const struct record_anchor *anchor, uint8_t *out, size_t capacity)
{
    struct writer w = writer_over(out, capacity);
    uint32_t protocol = 0;
    record_number(record->word[anchor->rdata + 4], UINT8_MAX, &protocol);
    writer_u32(&w, anchor->refresh);
    writer_u32(&w, anchor->add);
    writer_u32(&w, anchor->remove);
    writer_u16(&w, anchor->flags);
    writer_u8(&w, (uint8_t)protocol);
    writer_u8(&w, anchor->algorithm);
    size_t used = writer_used(&w);
    size_t key = record_key(record->word + anchor->rdata + 6, record->word_count - anchor->rdata - 6,
        out + used, capacity - used);
    return key ? used + key : 0;
}

static int read_zone(const struct mkeys_source *source, struct keys *keys, struct err_note *note)
{
    struct record_reader reader = {.text = source->zone, .length = source->zone_length};
    struct record record;
    int rc = 0;
    while (rc == 0 && record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        uint8_t rdata[sizeof keys->key[0]->rdata];
        size_t length;
        if (anchor.kind == RECORD_SOA)
            keys->serial = anchor.serial;
        else if (anchor.kind == RECORD_KEYDATA && anchor.root &&
                 (length = rdata_of(&record, &anchor, rdata, sizeof rdata)))
            rc = add(keys, rdata, length, source->name, note);
    }
    return rc;
}

/* ---- the journal ---- */

/* A record's size, the record. `ret`: type, whether its owner is the root, RDATA. */
struct entry {
    uint16_t type;
    bool root;
    const uint8_t *rdata;
    uint16_t length;
};

static bool read_entry(struct reader *r, struct entry *ret)
{
    uint32_t size = reader_u32(r);
    const uint8_t *bytes = reader_bytes(r, size);
    if (r->bad)
        return false;
    struct reader e = reader_over(bytes, size);
    size_t owner = 0;
    for (uint8_t label; (label = reader_u8(&e)) != 0 && !e.bad && owner < MAX_NAME; owner += label + 1U)
        reader_bytes(&e, label);
    ret->root = owner == 0;
    ret->type = reader_u16(&e);
    reader_u16(&e);
    reader_u32(&e);
    ret->length = reader_u16(&e);
    ret->rdata = reader_bytes(&e, ret->length);
    return !e.bad;
}

static int apply(
    struct keys *keys, const struct entry *entry, bool adds, const char *name, struct err_note *note)
{
    if (entry->type != TYPE_KEYDATA || !entry->root)
        return 0;
    if (adds)
        return add(keys, entry->rdata, entry->length, name, note);
    for (size_t i = 0; i < keys->count; i++)
        if (keys->key[i]->length == entry->length &&
            memcmp(keys->key[i]->rdata, entry->rdata, entry->length) == 0) {
            drop(keys, i);
            break;
        }
    return 0;
}

static int apply_transaction(struct keys *keys, struct reader *body, const char *name, struct err_note *note)
{
    unsigned soas = 0;
    int rc = 0;
    while (rc == 0 && reader_left(body) > 0) {
        struct entry entry;
        if (!read_entry(body, &entry))
            return err_set(note, ERR_DATA, "%s: the journal is damaged", name);
        soas += entry.type == TYPE_SOA;
        rc = apply(keys, &entry, soas > 1, name, note);
    }
    return rc;
}

/* Serial arithmetic (RFC 1982). */
static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static int read_journal(const struct mkeys_source *source, struct keys *keys, struct err_note *note)
{
    static const char first[16] = ";BIND LOG V9\n", second[16] = ";BIND LOG V9.2\n";
    struct reader r = reader_over(source->journal, source->journal_length);
    const uint8_t *format = reader_bytes(&r, 16);
    reader_u32(&r);
    uint32_t offset = reader_u32(&r);
    reader_u32(&r);
    uint32_t end = reader_u32(&r);
    bool counted = format && memcmp(format, second, strlen(second)) == 0;
    if (!format || r.bad || (!counted && memcmp(format, first, strlen(first)) != 0))
        return err_set(note, ERR_DATA, "%s.jnl: this is no journal of BIND 9", source->name);
    if (end > source->journal_length || offset > end || (offset < HEADER && end > 0))
        return err_set(note, ERR_DATA, "%s.jnl: the journal is damaged", source->name);
    r = reader_over(source->journal + offset, end - offset);
    int rc = 0;
    while (rc == 0 && reader_left(&r) > 0) {
        uint32_t size = reader_u32(&r);
        if (counted)
            reader_u32(&r);
        uint32_t from = reader_u32(&r), to = reader_u32(&r);
        const uint8_t *bytes = reader_bytes(&r, size);
        if (r.bad)
            return err_set(note, ERR_DATA, "%s.jnl: the journal is damaged", source->name);
        struct reader body = reader_over(bytes, size);
        if (before(from, keys->serial)) /* the zone file has it already */
            continue;
        rc = apply_transaction(keys, &body, source->name, note);
        keys->serial = to;
    }
    return rc;
}

/* ---- what it means ---- */

/* As `rndc managed-keys status` tells it (BIND bin/named/server.c, mkey_dumpzone()). */
static void tell(const struct key *key, int64_t now_us, struct product_states *states)
{
    struct reader r = reader_over(key->rdata, key->length);
    uint32_t refresh_s = reader_u32(&r), add_s = reader_u32(&r);
    reader_u32(&r);
    now_us = now_us == MKEYS_AS_WRITTEN ? (int64_t)refresh_s * UTC_SECOND : now_us;
    uint8_t dnskey[DNSKEY_MAX_RDATA];
    size_t length = reader_left(&r);
    if (r.bad || length <= 4) /* a placeholder: nothing was fetched yet */
        return;
    memcpy(dnskey, r.at, length);
    uint16_t flags = bytes_u16(dnskey);
    bytes_put_u16(dnskey, (uint16_t)(flags & ~DNSKEY_REVOKE));
    enum rfc5011_state state = flags & DNSKEY_REVOKE                  ? RFC5011_REVOKED
                               : add_s == 0                           ? RFC5011_START
                               : (int64_t)add_s * UTC_SECOND > now_us ? RFC5011_ADD_PEND
                                                                      : RFC5011_VALID;
    product_tell(states, dnskey_tag(dnskey, length), state);
}

int mkeys_read(
    const struct mkeys_source *source, int64_t now_us, struct product_states *states, struct err_note *note)
{
    struct keys keys = {.count = 0};
    int rc = source->zone ? read_zone(source, &keys, note) : 0;
    if (rc == 0 && source->journal)
        rc = read_journal(source, &keys, note);
    for (size_t i = 0; rc == 0 && i < keys.count; i++)
        tell(keys.key[i], now_us, states);
    forget(&keys);
    return rc;
}

int mkeys_file(const char *path, int64_t now_us, struct product_states *states, struct err_note *note)
{
    char journal_path[4096], *zone = NULL, *journal = NULL;
    size_t zone_length = 0, journal_length = 0;
    if ((size_t)snprintf(journal_path, sizeof journal_path, "%s.jnl", path) >= sizeof journal_path)
        return err_set(note, ERR_USAGE, "%s: the path is too long", path);
    int rc = file_read_all(path, MAX_FILE, &zone, &zone_length, note);
    if (rc == 0 || rc == ERR_NOINPUT)
        rc = file_read_all(journal_path, MAX_FILE, &journal, &journal_length, note);
    if (rc == 0 || (rc == ERR_NOINPUT && zone))
        rc = mkeys_read(
            &(struct mkeys_source){path, zone, zone_length, (const uint8_t *)journal, journal_length}, now_us,
            states, note);
    free(zone);
    free(journal);
    return rc;
}

static bool is_zone(const char *name, size_t *ret_length)
{
    static const char *const ends[] = {"managed-keys.bind", ".mkeys"};
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".jnl") == 0)
        length -= 4;
    *ret_length = length;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && strncmp(name + length - end, ends[i], end) == 0)
            return true;
    }
    return false;
}

int mkeys_state(
    const struct lab_setup *setup, int64_t now_us, struct product_states *states, struct err_note *note)
{
    char directory[4000], path[4096];
    snprintf(directory, sizeof directory, "%s/state", setup->directory);
    DIR *list = opendir(directory);
    if (!list)
        return file_error(note, directory, "cannot be read");
    int rc = 0;
    bool any = false;
    for (struct dirent *entry; rc == 0 && (entry = readdir(list));) {
        size_t length;
        if (!is_zone(entry->d_name, &length))
            continue;
        bool journal = entry->d_name[length] != '\0';
        snprintf(path, sizeof path, "%s/%.*s", directory, (int)length, entry->d_name);
        if (journal && access(path, F_OK) == 0)
            continue; /* read with the zone */
        any = true;
        rc = mkeys_file(path, now_us, states, note);
    }
    closedir(list);
    return rc || any ? rc : err_set(note, ERR_NOINPUT, "%s: no managed keys yet", directory);
}
