/* A label is read by its shape first (the length alone tells how many tags it must hold) and only then by its
 * digits. */
#include "core/roll/tasignal.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <string.h>

enum { PREFIX = 4, STEP = 5 }; /* "_ta-"; four digits and a hyphen */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static int digit(uint8_t c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Puts a tag in its place among those that are there; one that is there already stays alone. */
static unsigned insert(uint16_t *tags, unsigned count, uint16_t tag)
{
    unsigned at = count;
    while (at > 0 && tags[at - 1] > tag)
        at--;
    if (at > 0 && tags[at - 1] == tag)
        return count;
    memmove(tags + at + 1, tags + at, (count - at) * sizeof *tags);
    tags[at] = tag;
    return count + 1;
}

static bool is_signal(const uint8_t *label, size_t length)
{
    return length >= PREFIX && label[0] == '_' && lower(label[1]) == 't' && lower(label[2]) == 'a' &&
           label[3] == '-';
}

/* Fills tags and count, or returns the fault. The label begins with "_ta-". */
static const char *read_tags(
    const uint8_t *label, size_t length, uint16_t tags[TASIGNAL_MAX_TAGS], unsigned *count)
{
    if (length > TASIGNAL_MAX_LABEL)
        return "longer than a label";
    if (length == PREFIX)
        return "no key tag";
    for (size_t at = PREFIX; at < length; at += STEP) {
        uint16_t tag = 0;
        for (size_t i = 0; i < STEP - 1; i++) {
            if (at + i >= length || label[at + i] == '-')
                return "a key tag of fewer than four digits";
            int value = digit(label[at + i]);
            if (value < 0)
                return "a key tag with a character that is no hexadecimal digit";
            tag = (uint16_t)(tag << 4 | value);
        }
        if (at + STEP - 1 < length && label[at + STEP - 1] != '-')
            return "a key tag of more than four digits";
        if (at + STEP == length)
            return "a hyphen at the end";
        *count = insert(tags, *count, tag);
    }
    return NULL;
}

int tasignal_parse(
    const uint8_t *label, size_t length, uint16_t ret_tags[TASIGNAL_MAX_TAGS], unsigned *ret_count)
{
    uint16_t tags[TASIGNAL_MAX_TAGS];
    unsigned count = 0;
    if (!is_signal(label, length))
        return ERR_NOINPUT;
    if (read_tags(label, length, tags, &count))
        return ERR_DATA;
    memcpy(ret_tags, tags, count * sizeof *tags);
    *ret_count = count;
    return 0;
}

const char *tasignal_fault(const uint8_t *label, size_t length)
{
    uint16_t tags[TASIGNAL_MAX_TAGS];
    unsigned count = 0;
    return is_signal(label, length) ? read_tags(label, length, tags, &count) : "does not begin with _ta-";
}

size_t tasignal_label(const uint16_t *tags, size_t count, char out[TASIGNAL_MAX_LABEL + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint16_t sorted[TASIGNAL_MAX_TAGS + 1];
    unsigned kept = 0;
    for (size_t i = 0; i < count && kept <= TASIGNAL_MAX_TAGS; i++)
        kept = insert(sorted, kept, tags[i]);
    if (kept == 0 || kept > TASIGNAL_MAX_TAGS)
        return 0;
    char *at = out;
    memcpy(at, "_ta", 3);
    at += 3;
    for (unsigned i = 0; i < kept; i++) {
        *at++ = '-';
        for (int shift = 12; shift >= 0; shift -= 4)
            *at++ = digits[sorted[i] >> shift & 15];
    }
    *at = '\0';
    return (size_t)(at - out);
}

int tasignal_parse_option(
    const uint8_t *option, size_t length, uint16_t ret_tags[TASIGNAL_MAX_OPTION], unsigned *ret_count)
{
    unsigned count = 0;
    if (length == 0 || length % 2 || length > 2 * TASIGNAL_MAX_OPTION)
        return ERR_DATA;
    for (size_t i = 0; i < length; i += 2)
        count = insert(ret_tags, count, bytes_u16(option + i));
    *ret_count = count;
    return 0;
}

size_t tasignal_option(const uint16_t *tags, size_t count, uint8_t *out, size_t capacity)
{
    if (count > capacity / 2)
        return 0;
    for (size_t i = 0; i < count; i++)
        bytes_put_u16(out + 2 * i, tags[i]);
    return 2 * count;
}
