/* An IPv6 address is read into its groups from the left; where "::" stood, what came after it moves to the
 * end. */
#include "base/address.h"

#include <string.h>

static bool parse_four(const char *text, size_t length, uint8_t ret[4])
{
    size_t at = 0;
    for (unsigned part = 0; part < 4; part++) {
        if (part > 0 && (at == length || text[at++] != '.'))
            return false;
        size_t begin = at;
        unsigned value = 0;
        while (at < length && at - begin < 3 && text[at] >= '0' && text[at] <= '9')
            value = value * 10 + (unsigned)(text[at++] - '0');
        if (at == begin || value > 255 || (text[begin] == '0' && at - begin > 1))
            return false;
        ret[part] = (uint8_t)value;
    }
    return at == length;
}

/* Up to four hexadecimal digits; how many there were. */
static size_t parse_group(const char *text, size_t length, unsigned *ret)
{
    size_t at = 0;
    unsigned value = 0;
    for (; at < length && at < 4; at++) {
        char c = text[at];
        if (c >= '0' && c <= '9')
            value = value << 4 | (unsigned)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value << 4 | (unsigned)((c | 32) - 'a' + 10);
        else
            break;
    }
    *ret = value;
    return at;
}

static bool parse_six(const char *text, size_t length, uint8_t ret[16])
{
    uint8_t octets[16] = {0};
    size_t count = 0, gap = SIZE_MAX, at = 0;
    if (length >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < length) {
        unsigned value;
        size_t digits = parse_group(text + at, length - at, &value);
        if (digits > 0 && at + digits < length && text[at + digits] == '.') {
            if (count > 12 || !parse_four(text + at, length - at, octets + count))
                return false;
            count += 4;
            break;
        }
        if (digits == 0 || count > 14)
            return false;
        octets[count++] = (uint8_t)(value >> 8);
        octets[count++] = (uint8_t)value;
        at += digits;
        if (at == length)
            break;
        if (text[at++] != ':' || at == length)
            return false;
        if (text[at] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = count;
            at++;
        }
    }
    if (gap == SIZE_MAX ? count != 16 : count > 14)
        return false;
    if (gap != SIZE_MAX) {
        memmove(octets + 16 - (count - gap), octets + gap, count - gap);
        memset(octets + gap, 0, 16 - count);
    }
    memcpy(ret, octets, 16);
    return true;
}

bool address_parse(const char *text, size_t length, uint8_t ret[16])
{
    uint8_t four[4];
    if (memchr(text, ':', length))
        return parse_six(text, length, ret);
    if (!parse_four(text, length, four))
        return false;
    memset(ret, 0, 10);
    ret[10] = ret[11] = 0xff;
    memcpy(ret + 12, four, 4);
    return true;
}
