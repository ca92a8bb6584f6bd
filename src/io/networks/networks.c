/* What addresses belong to is kept as ranges, by family; a file that is read later goes into their gaps. */
#include "io/networks/networks.h"

#include "base/text.h"
#include "io/networks/networks_inside.h"

#include <stdlib.h>
#include <string.h>

struct networks {
    struct ranges as[FAMILIES], country[FAMILIES], as_country;
    struct as_table entries;
    int64_t country_users[COUNTRIES]; /* -1: not told */
    size_t conflicts;
};

int networks_new(struct networks **ret_networks)
{
    struct networks *networks = calloc(1, sizeof *networks);
    if (!networks)
        return ERR_NOMEM;
    for (size_t i = 0; i < COUNTRIES; i++)
        networks->country_users[i] = -1;
    *ret_networks = networks;
    return 0;
}

void networks_free(struct networks *networks)
{
    if (!networks)
        return;
    for (unsigned family = 0; family < FAMILIES; family++) {
        ranges_free(&networks->as[family]);
        ranges_free(&networks->country[family]);
    }
    ranges_free(&networks->as_country);
    as_table_free(&networks->entries);
    free(networks);
}

/* ---- addresses ---- */

int networks_take(struct networks *networks, struct told *told)
{
    struct {
        struct ranges *kept, made;
        struct prefixes *more;
    } part[] = {
        {&networks->as[FAMILY_FOUR], {0}, &told->as[FAMILY_FOUR]},
        {&networks->as[FAMILY_SIX], {0}, &told->as[FAMILY_SIX]},
        {&networks->country[FAMILY_FOUR], {0}, &told->country[FAMILY_FOUR]},
        {&networks->country[FAMILY_SIX], {0}, &told->country[FAMILY_SIX]},
        {&networks->as_country, {0}, &told->as_country},
    };
    enum { PARTS = sizeof part / sizeof *part };
    size_t conflicts = 0;
    int rc = 0;
    for (size_t i = 0; i < PARTS && rc == 0; i++)
        if (part[i].more->count > 0)
            rc = ranges_fill(part[i].kept, part[i].more, &part[i].made, &conflicts);
    for (size_t i = 0; i < PARTS; i++) {
        if (rc) {
            ranges_free(&part[i].made);
        } else if (part[i].more->count > 0) {
            ranges_free(part[i].kept);
            *part[i].kept = part[i].made;
        }
    }
    networks->conflicts += rc ? 0 : conflicts;
    return rc;
}

void told_free(struct told *told)
{
    for (unsigned family = 0; family < FAMILIES; family++) {
        prefixes_free(&told->as[family]);
        prefixes_free(&told->country[family]);
    }
    prefixes_free(&told->as_country);
}

static ranges_key address_key(const uint8_t address[16], unsigned *ret_family)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    ranges_key key = 0;
    for (unsigned i = 0; i < 16; i++)
        key = key << 8 | address[i];
    *ret_family = memcmp(address, mapped, sizeof mapped) == 0 ? FAMILY_FOUR : FAMILY_SIX;
    return *ret_family == FAMILY_FOUR ? key << 96 : key;
}

void networks_find(const struct networks *networks, const uint8_t address[16], struct network *ret_network)
{
    unsigned family;
    ranges_key key = address_key(address, &family);
    struct range as = ranges_find(&networks->as[family], key);
    uint32_t country = ranges_find(&networks->country[family], key).value;
    if (country == 0 && as.value != 0)
        country = ranges_find(&networks->as_country, (ranges_key)as.value << 96).value;
    *ret_network = (struct network){.as = as.value};
    if (as.value)
        ret_network->prefix = (uint8_t)(as.length + (family == FAMILY_FOUR ? 96 : 0));
    if (country) {
        ret_network->country[0] = (char)('A' + (country - 1) / 26);
        ret_network->country[1] = (char)('A' + (country - 1) % 26);
    }
}

size_t networks_conflicts(const struct networks *networks)
{
    return networks->conflicts;
}

bool country_parse(const char *text, size_t length, uint32_t *ret_country)
{
    if (length != 2)
        return false;
    uint32_t letters[2];
    for (unsigned i = 0; i < 2; i++) {
        letters[i] = ((unsigned char)text[i] | 0x20U) - 'a';
        if (letters[i] >= 26)
            return false;
    }
    uint32_t country = 1 + letters[0] * 26 + letters[1];
    *ret_country = country == COUNTRIES ? 0 : country;
    return true;
}

/* ---- names and users ---- */

static int compare(const void *a, const void *b)
{
    const struct as_entry *x = a, *y = b;
    return x->as < y->as ? -1 : x->as > y->as;
}

static const struct as_entry *entry_of(const struct networks *networks, uint32_t as)
{
    const struct as_entry wanted = {.as = as};
    return networks->entries.count == 0
               ? NULL
               : bsearch(&wanted, networks->entries.list, networks->entries.count, sizeof wanted, compare);
}

int networks_take_entries(struct networks *networks, struct as_table *more)
{
    struct as_table *old = &networks->entries, made = {0};
    if (more->count == 0)
        return 0;
    made.list = reallocarray(NULL, old->count + more->count, sizeof *made.list);
    if (!made.list)
        return ERR_NOMEM;
    for (size_t i = 0, k = 0; i < old->count || k < more->count;) {
        bool by_old = i < old->count && (k == more->count || old->list[i].as <= more->list[k].as);
        bool by_more = k < more->count && (i == old->count || more->list[k].as <= old->list[i].as);
        struct as_entry *to = &made.list[made.count++];
        *to = by_old ? old->list[i++] : more->list[k];
        if (by_old && by_more) {
            to->users = to->users < 0 ? more->list[k].users : to->users;
            if (to->name == NULL)
                to->name = more->list[k].name;
            else
                free(more->list[k].name);
        }
        if (by_more)
            more->list[k++].name = NULL;
    }
    free(old->list);
    *old = made;
    return 0;
}

void as_table_free(struct as_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->list[i].name);
    free(table->list);
    *table = (struct as_table){0};
}

void networks_take_countries(struct networks *networks, const int64_t users[COUNTRIES])
{
    for (size_t i = 0; i < COUNTRIES; i++)
        if (networks->country_users[i] < 0)
            networks->country_users[i] = users[i];
}

int64_t networks_as_users(const struct networks *networks, uint32_t as)
{
    const struct as_entry *entry = entry_of(networks, as);
    return entry ? entry->users : -1;
}

const char *networks_as_name(const struct networks *networks, uint32_t as)
{
    const struct as_entry *entry = entry_of(networks, as);
    return entry ? entry->name : NULL;
}

int64_t networks_country_users(const struct networks *networks, const char *country)
{
    uint32_t number = 0;
    if (!country_parse(country, strlen(country), &number) || number == 0)
        return -1;
    return networks->country_users[number - 1];
}

int64_t networks_users(const struct networks *networks)
{
    int64_t by_as = -1, by_country = -1;
    for (size_t i = 0; i < networks->entries.count; i++)
        if (networks->entries.list[i].users >= 0)
            by_as = (by_as < 0 ? 0 : by_as) + networks->entries.list[i].users;
    for (size_t i = 0; i < COUNTRIES; i++)
        if (networks->country_users[i] >= 0)
            by_country = (by_country < 0 ? 0 : by_country) + networks->country_users[i];
    return by_as >= 0 ? by_as : by_country;
}

char *networks_name(const char *text, size_t length)
{
    struct text name;
    text_start(&name);
    for (size_t at = 0; at < length && name.length <= NETWORKS_MAX_NAME;) {
        unsigned code = 0;
        size_t valid = text_utf8(text + at, length - at, &code), before = name.length;
        if (valid && code != 0)
            text_add_bytes(&name, text + at, valid);
        else
            text_add(&name, "\xef\xbf\xbd");
        at += valid ? valid : 1;
        if (name.length > NETWORKS_MAX_NAME) {
            name.length = before;
            break;
        }
    }
    char *copy = name.failed ? NULL : strndup(name.string, name.length);
    text_free(&name);
    return copy;
}

int networks_read_lines(struct networks *networks, const char *path,
    int (*read)(const struct lines *lines, struct told *told, struct err_note *note), struct err_note *note)
{
    struct lines lines;
    struct told told = {0};
    int rc = lines_open(path, &lines, note);
    if (rc)
        return rc;
    while ((rc = lines_next(&lines, note)) > 0)
        if ((rc = read(&lines, &told, note)))
            break;
    if (rc == 0 && networks_take(networks, &told))
        rc = err_set(note, ERR_NOMEM, "%s: out of memory", path);
    lines_close(&lines);
    told_free(&told);
    return rc;
}
