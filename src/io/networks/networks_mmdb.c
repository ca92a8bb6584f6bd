/* MaxMind DB files, by libmaxminddb. The whole tree is walked once and becomes ranges like those of other
 * files: then a lookup costs the same whatever it came from, damage is found when the file is read, and names
 * are known by AS.
 *
 * A file is not trusted: a node is a branch or a leaf of one tree, and what makes it more (the ways that lead
 * to the IPv4 part from ::ffff:0:0/96, 2002::/16 and 2001::/32; or a loop) is left out or ends the walk. */
#include "io/networks/networks.h"

#include "base/hash.h"
#include "io/networks/networks_inside.h"

#include <errno.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the record at an offset of the file tells; many prefixes share one. */
struct record {
    uint32_t offset, as, country;
    bool is_used;
};

struct walk {
    MMDB_s mmdb;
    const char *path;
    struct err_note *note;
    struct told told;
    struct record *records; /* open addressing by offset */
    size_t record_count, record_capacity;
    struct as_table names; /* in the order of records, then sorted */
    size_t name_capacity;
    uint64_t visits, most_visits;
    unsigned bits;
};

static int no_memory(struct walk *walk)
{
    return err_set(
        walk->note, ERR_NOMEM, "%s: out of memory, or more than %d networks", walk->path, PREFIXES_MAX);
}

static int damaged(struct walk *walk, const char *what)
{
    return err_set(walk->note, ERR_DATA, "%s: damaged MaxMind DB: %s", walk->path, what);
}

/* ---- records ---- */

/* 1: there is such a value; 0: there is none; or an error. */
static int value_at(struct walk *walk, MMDB_entry_s *entry, const char *const *way, MMDB_entry_data_s *ret)
{
    int status = MMDB_aget_value(entry, ret, way);
    if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || (status == MMDB_SUCCESS && !ret->has_data))
        return 0;
    return status == MMDB_SUCCESS ? 1 : damaged(walk, MMDB_strerror(status));
}

static int read_country(struct walk *walk, MMDB_entry_s *entry, uint32_t *ret_country)
{
    static const char *const ways[][3] = {
        {"country", "iso_code", NULL}, {"registered_country", "iso_code", NULL}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        MMDB_entry_data_s value;
        int rc = value_at(walk, entry, ways[i], &value);
        if (rc < 0)
            return rc;
        if (rc == 0 || value.data_size == 0)
            continue;
        if (value.type != MMDB_DATA_TYPE_UTF8_STRING ||
            !country_parse(value.utf8_string, value.data_size, ret_country))
            return damaged(walk, "an iso_code that is no country of two letters");
        if (*ret_country)
            return 0;
    }
    *ret_country = 0;
    return 0;
}

static int add_name(struct walk *walk, uint32_t as, const MMDB_entry_data_s *value)
{
    struct as_table *names = &walk->names;
    if (names->count == walk->name_capacity) {
        size_t capacity = walk->name_capacity ? walk->name_capacity * 2 : 64;
        struct as_entry *grown = reallocarray(names->list, capacity, sizeof *grown);
        if (!grown)
            return no_memory(walk);
        names->list = grown;
        walk->name_capacity = capacity;
    }
    char *name = networks_name(value->utf8_string, value->data_size);
    if (!name)
        return no_memory(walk);
    names->list[names->count++] = (struct as_entry){.as = as, .users = -1, .name = name};
    return 0;
}

static int read_as(struct walk *walk, MMDB_entry_s *entry, uint32_t *ret_as)
{
    static const char *const number[] = {"autonomous_system_number", NULL};
    static const char *const organization[] = {"autonomous_system_organization", NULL};
    MMDB_entry_data_s value;
    int rc = value_at(walk, entry, number, &value);
    *ret_as = 0;
    if (rc <= 0)
        return rc;
    if (value.type == MMDB_DATA_TYPE_UINT16)
        *ret_as = value.uint16;
    else if (value.type == MMDB_DATA_TYPE_UINT32)
        *ret_as = value.uint32;
    else
        return damaged(walk, "an autonomous_system_number that is no number");
    rc = value_at(walk, entry, organization, &value);
    if (rc <= 0 || *ret_as == 0)
        return rc;
    if (value.type != MMDB_DATA_TYPE_UTF8_STRING)
        return damaged(walk, "an autonomous_system_organization that is no text");
    return add_name(walk, *ret_as, &value);
}

static struct record *slot_of(struct record *records, size_t capacity, uint32_t offset)
{
    size_t at = (size_t)hash_mix(offset, 0) & (capacity - 1);
    while (records[at].is_used && records[at].offset != offset)
        at = (at + 1) & (capacity - 1);
    return &records[at];
}

static bool make_room(struct walk *walk)
{
    if (walk->record_count * 2 < walk->record_capacity)
        return true;
    size_t capacity = walk->record_capacity ? walk->record_capacity * 2 : 1024;
    struct record *grown = calloc(capacity, sizeof *grown);
    if (!grown)
        return false;
    for (size_t i = 0; i < walk->record_capacity; i++)
        if (walk->records[i].is_used)
            *slot_of(grown, capacity, walk->records[i].offset) = walk->records[i];
    free(walk->records);
    walk->records = grown;
    walk->record_capacity = capacity;
    return true;
}

static int record_at(struct walk *walk, MMDB_entry_s *entry, const struct record **ret_record)
{
    if (!make_room(walk))
        return no_memory(walk);
    struct record *record = slot_of(walk->records, walk->record_capacity, entry->offset);
    if (!record->is_used) {
        struct record read = {.offset = entry->offset, .is_used = true};
        int rc = read_country(walk, entry, &read.country);
        rc = rc < 0 ? rc : read_as(walk, entry, &read.as);
        if (rc < 0)
            return rc;
        *record = read;
        walk->record_count++;
    }
    *ret_record = record;
    return 0;
}

/* ---- the tree ---- */

static int add(
    struct walk *walk, unsigned family, ranges_key key, unsigned length, const struct record *record)
{
    if (record->as && prefixes_add(&walk->told.as[family], key, length, record->as))
        return no_memory(walk);
    if (record->country && prefixes_add(&walk->told.country[family], key, length, record->country))
        return no_memory(walk);
    return 0;
}

/* IPv4 in a tree of IPv6 addresses lies below ::/96, or in what covers that. */
static int take_leaf(struct walk *walk, MMDB_entry_s *entry, ranges_key key, unsigned length)
{
    const struct record *record = NULL;
    int rc = record_at(walk, entry, &record);
    if (rc)
        return rc;
    if (walk->bits == 32)
        return add(walk, FAMILY_FOUR, key, length, record);
    if (length >= 96 && key >> 32 == 0)
        return add(walk, FAMILY_FOUR, key << 96, length - 96, record);
    rc = add(walk, FAMILY_SIX, key, length, record);
    return rc || key != 0 ? rc : add(walk, FAMILY_FOUR, 0, 0, record);
}

static int walk_node(struct walk *walk, uint64_t number, ranges_key key, unsigned depth);

static int take_branch(
    struct walk *walk, uint64_t record, uint8_t type, MMDB_entry_s *entry, ranges_key key, unsigned depth)
{
    switch (type) {
    case MMDB_RECORD_TYPE_SEARCH_NODE:
        return walk_node(walk, record, key, depth);
    case MMDB_RECORD_TYPE_EMPTY:
        return 0;
    case MMDB_RECORD_TYPE_DATA:
        return take_leaf(walk, entry, key, depth);
    default:
        return damaged(walk, "a node that leads nowhere");
    }
}

static int walk_node(struct walk *walk, uint64_t number, ranges_key key, unsigned depth)
{
    MMDB_search_node_s node;
    bool is_four = walk->bits == 128 && number == walk->mmdb.ipv4_start_node.node_value &&
                   walk->mmdb.ipv4_start_node.netmask == 96;
    if (is_four && (depth != 96 || key != 0))
        return 0;
    if (number >= walk->mmdb.metadata.node_count)
        return damaged(walk, "a node that is not there");
    if (depth == walk->bits || ++walk->visits > walk->most_visits)
        return damaged(walk, "its tree has a loop");
    int status = MMDB_read_node(&walk->mmdb, (uint32_t)number, &node);
    if (status != MMDB_SUCCESS)
        return damaged(walk, MMDB_strerror(status));
    int rc =
        take_branch(walk, node.left_record, node.left_record_type, &node.left_record_entry, key, depth + 1);
    if (rc)
        return rc;
    key |= (ranges_key)1 << (127 - depth);
    return take_branch(
        walk, node.right_record, node.right_record_type, &node.right_record_entry, key, depth + 1);
}

/* One name for each AS: the first. */
static int compare(const void *a, const void *b)
{
    const struct as_entry *x = a, *y = b;
    if (x->as != y->as)
        return x->as < y->as ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void sort_names(struct as_table *names)
{
    size_t kept = 0;
    if (names->count > 0)
        qsort(names->list, names->count, sizeof *names->list, compare);
    for (size_t i = 0; i < names->count; i++) {
        if (kept > 0 && names->list[kept - 1].as == names->list[i].as)
            free(names->list[i].name);
        else
            names->list[kept++] = names->list[i];
    }
    names->count = kept;
}

static int read_all(struct walk *walk, struct networks *networks)
{
    walk->bits = walk->mmdb.metadata.ip_version == 4 ? 32 : 128;
    walk->most_visits = 2 * (uint64_t)walk->mmdb.metadata.node_count + 256;
    if (walk->mmdb.metadata.ip_version != 4 && walk->mmdb.metadata.ip_version != 6)
        return damaged(walk, "neither of IPv4 nor of IPv6");
    if (walk->mmdb.metadata.node_count == 0)
        return damaged(walk, "its tree is empty");
    int rc = walk_node(walk, 0, 0, 0);
    if (rc)
        return rc;
    size_t told = 0;
    for (unsigned family = 0; family < FAMILIES; family++)
        told += walk->told.as[family].count + walk->told.country[family].count;
    if (told == 0)
        return err_set(
            walk->note, ERR_DATA, "%s: a MaxMind DB that tells neither countries nor AS numbers", walk->path);
    sort_names(&walk->names);
    if (networks_take(networks, &walk->told) || networks_take_entries(networks, &walk->names))
        return no_memory(walk);
    return 0;
}

static int open_file(struct walk *walk)
{
    struct stat status;
    if (stat(walk->path, &status) < 0) {
        int err = errno == EACCES ? ERR_PERM : errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT : ERR_IO;
        return err_set(walk->note, err, "%s: cannot be opened: %s", walk->path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        return err_set(walk->note, ERR_NOINPUT, "%s: is no file", walk->path);
    if (status.st_size == 0)
        return err_set(walk->note, ERR_DATA, "%s: is empty", walk->path);
    int rc = MMDB_open(walk->path, MMDB_MODE_MMAP, &walk->mmdb);
    if (rc == MMDB_FILE_OPEN_ERROR)
        return err_set(walk->note, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "%s: cannot be opened: %s",
            walk->path, strerror(errno));
    if (rc == MMDB_OUT_OF_MEMORY_ERROR)
        return err_set(walk->note, ERR_NOMEM, "%s: out of memory", walk->path);
    if (rc == MMDB_IO_ERROR)
        return err_set(walk->note, ERR_IO, "%s: cannot be read", walk->path);
    return rc == MMDB_SUCCESS
               ? 0
               : err_set(walk->note, ERR_DATA, "%s: no MaxMind DB: %s", walk->path, MMDB_strerror(rc));
}

int networks_read_mmdb(struct networks *networks, const char *path, struct err_note *note)
{
    struct walk walk = {.path = path, .note = note};
    int rc = open_file(&walk);
    if (rc)
        return rc;
    rc = read_all(&walk, networks);
    MMDB_close(&walk.mmdb);
    told_free(&walk.told);
    as_table_free(&walk.names);
    free(walk.records);
    return rc;
}
