/* CAIDA's prefix-to-AS files: which AS announces a prefix, as route collectors saw it. */
#include "io/networks/networks.h"

#include "base/address.h"
#include "io/networks/lines.h"
#include "io/networks/networks_inside.h"

#include <string.h>

/* Parts between blanks; how many there are. */
static size_t split_blanks(const struct lines *lines, struct field *ret, size_t most)
{
    size_t count = 0, at = 0;
    while (at < lines->length) {
        size_t length = strcspn(lines->text + at, " \t");
        if (length > 0 && count < most)
            ret[count] = (struct field){lines->text + at, length};
        count += length > 0;
        at += length + strspn(lines->text + at + length, " \t");
    }
    return count;
}

/* Numbers of AS, joined by _ (several origins) or , (a set), sets perhaps in braces. The first one. */
static bool parse_origins(struct field field, uint32_t *ret_as)
{
    uint32_t first = 0;
    bool is_open = false;
    for (size_t at = 0; at < field.length;) {
        if (field.text[at] == '{') {
            if (is_open)
                return false;
            is_open = true;
            at++;
        }
        size_t length = 0;
        while (at + length < field.length && field.text[at + length] >= '0' && field.text[at + length] <= '9')
            length++;
        uint64_t as;
        if (!field_number((struct field){field.text + at, length}, UINT32_MAX, &as) || as == 0)
            return false;
        first = first ? first : (uint32_t)as;
        at += length;
        if (at < field.length && field.text[at] == '}') {
            if (!is_open)
                return false;
            is_open = false;
            at++;
        }
        if (at == field.length)
            break;
        if ((field.text[at] != '_' && field.text[at] != ',') || ++at == field.length)
            return false;
    }
    *ret_as = first;
    return first != 0 && !is_open;
}

static int read_one(const struct lines *lines, struct told *told, struct err_note *note)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct field field[3];
    uint8_t octets[16];
    uint64_t length;
    uint32_t as;
    if (split_blanks(lines, field, 3) != 3)
        return lines_bad(lines, note, "not of the form PREFIX LENGTH AS");
    bool is_six = memchr(field[0].text, ':', field[0].length) != NULL;
    unsigned bits = is_six ? 128 : 32;
    if (!address_parse(field[0].text, field[0].length, octets))
        return lines_bad(lines, note, "not an address: %.*s", FIELD_SHOWN(field[0]));
    if (is_six && memcmp(octets, mapped, sizeof mapped) == 0)
        return lines_bad(lines, note, "write IPv4 prefixes as IPv4: %.*s", FIELD_SHOWN(field[0]));
    if (!field_number(field[1], bits, &length))
        return lines_bad(lines, note, "not a length from 0 to %u: %.*s", bits, FIELD_SHOWN(field[1]));
    if (!parse_origins(field[2], &as))
        return lines_bad(
            lines, note, "not an AS number, or several joined by _ or , : %.*s", FIELD_SHOWN(field[2]));
    ranges_key key = 0;
    for (unsigned i = is_six ? 0 : 12; i < 16; i++)
        key = key << 8 | octets[i];
    key <<= 128 - bits;
    if (length < 128 && key << length != 0)
        return lines_bad(
            lines, note, "%.*s/%u has bits beyond its length", FIELD_SHOWN(field[0]), (unsigned)length);
    if (prefixes_add(&told->as[is_six ? FAMILY_SIX : FAMILY_FOUR], key, (unsigned)length, as))
        return err_set(
            note, ERR_NOMEM, "%s: out of memory, or more than %d prefixes", lines->path, PREFIXES_MAX);
    return 0;
}

int networks_read_pfx2as(struct networks *networks, const char *path, struct err_note *note)
{
    return networks_read_lines(networks, path, read_one, note);
}
