/* What the registries gave to whom: the RIR statistics exchange format, also extended. An IPv4 record counts
 * addresses, so it may be no prefix; it becomes several. */
#include "io/networks/networks.h"

#include "base/address.h"
#include "io/networks/lines.h"
#include "io/networks/networks_inside.h"

#include <ctype.h>
#include <string.h>

enum { REGISTRY, COUNTRY, TYPE, START, VALUE, DATE, STATUS, FIELDS, MOST_FIELDS = 12 };

static const char *const registries[] = {"afrinic", "apnic", "arin", "iana", "lacnic", "ripencc", "ripe"};

static const struct {
    const char *name;
    bool is_given; /* to somebody, in a country */
} statuses[] = {{"allocated", true}, {"assigned", true}, {"available", false}, {"reserved", false}};

static int no_memory(const struct lines *lines, struct err_note *note)
{
    return err_set(note, ERR_NOMEM, "%s: out of memory, or more than %d prefixes", lines->path, PREFIXES_MAX);
}

static int read_ipv4(const struct lines *lines, const struct field *field, uint32_t country,
    struct told *told, struct err_note *note)
{
    uint8_t octets[16];
    uint64_t count;
    if (memchr(field[START].text, ':', field[START].length) ||
        !address_parse(field[START].text, field[START].length, octets))
        return lines_bad(lines, note, "not an IPv4 address: %.*s", FIELD_SHOWN(field[START]));
    uint64_t first =
        (uint64_t)octets[12] << 24 | (uint64_t)octets[13] << 16 | (uint64_t)octets[14] << 8 | octets[15];
    if (!field_number(field[VALUE], 1ULL << 32, &count) || count == 0)
        return lines_bad(lines, note, "not a number of addresses: %.*s", FIELD_SHOWN(field[VALUE]));
    if (first + count > 1ULL << 32)
        return lines_bad(lines, note, "%.*s addresses from %.*s on go beyond 255.255.255.255",
            FIELD_SHOWN(field[VALUE]), FIELD_SHOWN(field[START]));
    if (country == 0)
        return 0;
    int rc = prefixes_add_span(&told->country[FAMILY_FOUR], (ranges_key)first << 96,
        (ranges_key)(first + count - 1) << 96, 32, country);
    return rc ? no_memory(lines, note) : 0;
}

static int read_ipv6(const struct lines *lines, const struct field *field, uint32_t country,
    struct told *told, struct err_note *note)
{
    uint8_t octets[16];
    uint64_t length;
    ranges_key key = 0;
    if (!memchr(field[START].text, ':', field[START].length) ||
        !address_parse(field[START].text, field[START].length, octets))
        return lines_bad(lines, note, "not an IPv6 address: %.*s", FIELD_SHOWN(field[START]));
    if (!field_number(field[VALUE], 128, &length))
        return lines_bad(lines, note, "not a length from 0 to 128: %.*s", FIELD_SHOWN(field[VALUE]));
    for (unsigned i = 0; i < 16; i++)
        key = key << 8 | octets[i];
    if (length < 128 && key << length != 0)
        return lines_bad(
            lines, note, "%.*s/%u has bits beyond its length", FIELD_SHOWN(field[START]), (unsigned)length);
    if (country == 0)
        return 0;
    return prefixes_add(&told->country[FAMILY_SIX], key, (unsigned)length, country) ? no_memory(lines, note)
                                                                                    : 0;
}

static int read_asn(const struct lines *lines, const struct field *field, uint32_t country, struct told *told,
    struct err_note *note)
{
    uint64_t first, count;
    if (!field_number(field[START], UINT32_MAX, &first))
        return lines_bad(lines, note, "not an AS number: %.*s", FIELD_SHOWN(field[START]));
    if (!field_number(field[VALUE], 1ULL << 32, &count) || count == 0 || first + count > 1ULL << 32)
        return lines_bad(lines, note, "not a number of AS numbers: %.*s", FIELD_SHOWN(field[VALUE]));
    if (country == 0)
        return 0;
    int rc = prefixes_add_span(
        &told->as_country, (ranges_key)first << 96, (ranges_key)(first + count - 1) << 96, 32, country);
    return rc ? no_memory(lines, note) : 0;
}

static const struct {
    const char *name;
    int (*read)(const struct lines *, const struct field *, uint32_t, struct told *, struct err_note *);
} types[] = {{"ipv4", read_ipv4}, {"ipv6", read_ipv6}, {"asn", read_asn}};

static bool is_registry(struct field field)
{
    for (size_t i = 0; i < sizeof registries / sizeof *registries; i++)
        if (field_is(field, registries[i]))
            return true;
    return false;
}

/* The line of version (2|…, 2.3|…) and those of summary (registry|*|type|*|count|summary). */
static bool is_heading(const struct field *field, size_t count)
{
    bool is_version = count >= FIELDS && field[0].length > 0 && isdigit((unsigned char)field[0].text[0]);
    return is_version || (count == 6 && field_is(field[5], "summary"));
}

static int read_record(
    const struct lines *lines, const struct field *field, struct told *told, struct err_note *note)
{
    uint32_t country = 0;
    uint64_t date;
    size_t status = 0, type = 0;
    if (!is_registry(field[REGISTRY]))
        return lines_bad(lines, note, "no such registry: %.*s", FIELD_SHOWN(field[REGISTRY]));
    while (status < sizeof statuses / sizeof *statuses && !field_is(field[STATUS], statuses[status].name))
        status++;
    if (status == sizeof statuses / sizeof *statuses)
        return lines_bad(lines, note, "no such status: %.*s", FIELD_SHOWN(field[STATUS]));
    if (field[COUNTRY].length > 0 && !country_parse(field[COUNTRY].text, field[COUNTRY].length, &country))
        return lines_bad(lines, note, "not a country of two letters: %.*s", FIELD_SHOWN(field[COUNTRY]));
    if (field[DATE].length > 0 && (field[DATE].length != 8 || !field_number(field[DATE], 99999999, &date)))
        return lines_bad(lines, note, "not a date of eight digits: %.*s", FIELD_SHOWN(field[DATE]));
    while (type < sizeof types / sizeof *types && !field_is(field[TYPE], types[type].name))
        type++;
    if (type == sizeof types / sizeof *types)
        return lines_bad(lines, note, "neither ipv4, ipv6 nor asn: %.*s", FIELD_SHOWN(field[TYPE]));
    return types[type].read(lines, field, statuses[status].is_given ? country : 0, told, note);
}

static int read_one(const struct lines *lines, struct told *told, struct err_note *note)
{
    struct field field[MOST_FIELDS];
    size_t count = field_split(lines->text, lines->length, '|', field, MOST_FIELDS);
    if (is_heading(field, count))
        return 0;
    if (count < FIELDS || count > MOST_FIELDS)
        return lines_bad(lines, note, "not of the form registry|cc|type|start|value|date|status");
    return read_record(lines, field, told, note);
}

int networks_read_delegated(struct networks *networks, const char *path, struct err_note *note)
{
    return networks_read_lines(networks, path, read_one, note);
}
