/* A name is walked label by label over its wire form; nothing here allocates. Only ASCII letters fold (RFC
 * 4343), by arithmetic, so that no locale has a say. */
#include "core/dns/name.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_LABEL = 63,   /* RFC 1035 §2.3.4 */
    MAX_LABELS = 127, /* 254 octets in labels of one octet */
    POINTER = 0xc0,   /* the two high bits of a compression pointer; 01 and 10 were never assigned */
};

static inline uint8_t fold(uint8_t octet)
{
    return (uint8_t)(octet | (uint8_t)((uint8_t)(octet - 'A') < 26) << 5);
}

static bool same_octets(const uint8_t *a, const uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (fold(a[i]) != fold(b[i]))
            return false;
    return true;
}

/* Where each label begins, leftmost first, the root not counted. */
static unsigned label_starts(const uint8_t *wire, uint8_t starts[MAX_LABELS])
{
    unsigned count = 0;
    for (unsigned at = 0; wire[at] != 0 && count < MAX_LABELS; at += wire[at] + 1U)
        starts[count++] = (uint8_t)at;
    return count;
}

/* ---- presentation form ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One octet, escaped or not; NULL if the escape is wrong or the character ends a name in zone text. */
static const char *take_octet(const char *at, uint8_t *ret)
{
    if (*at != '\\') {
        *ret = (uint8_t)*at;
        return *ret <= ' ' || *ret == 0x7f || strchr("\"();", *at) ? NULL : at + 1;
    }
    at++;
    if (!is_digit(*at)) {
        *ret = (uint8_t)*at;
        return *at ? at + 1 : NULL;
    }
    if (!is_digit(at[1]) || !is_digit(at[2]))
        return NULL;
    int value = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
    *ret = (uint8_t)value;
    return value <= 255 ? at + 3 : NULL;
}

/* Errors show the name, cut short, since it may be long and a stranger's. */
#define NAME_ERROR(note, text, why) err_set(note, ERR_DATA, "name '%.80s': %s", text, why)

int name_from_text(const char *text, struct name *ret_name, struct err_note *note)
{
    struct name name = {.length = 1};
    const char *at = text;
    if (*at == '\0')
        return err_set(note, ERR_DATA, "a name is empty");
    if (strcmp(at, ".") == 0)
        at++;
    for (unsigned start = 0; *at;) {
        unsigned length = 0;
        for (; *at && *at != '.'; length++) {
            uint8_t octet;
            const char *next = take_octet(at, &octet);
            if (!next)
                return NAME_ERROR(
                    note, text, *at == '\\' ? "bad escape (\\DDD or \\X)" : "character that needs an escape");
            if (length == MAX_LABEL)
                return NAME_ERROR(note, text, "label of more than 63 octets");
            if (start + 1 + length >= NAME_MAX_WIRE - 1)
                return NAME_ERROR(note, text, "more than 255 octets");
            name.wire[start + 1 + length] = octet;
            at = next;
        }
        if (length == 0)
            return NAME_ERROR(note, text, "empty label");
        name.wire[start] = (uint8_t)length;
        start += length + 1;
        name.wire[start] = 0;
        name.length = (uint8_t)(start + 1);
        at += *at == '.';
    }
    *ret_name = name;
    return 0;
}

static char *put_octet(char *at, uint8_t octet)
{
    if (octet <= ' ' || octet >= 0x7f)
        return at + sprintf(at, "\\%03u", octet);
    if (strchr(".\\\"();@$", octet))
        *at++ = '\\';
    *at++ = (char)octet;
    return at;
}

char *name_to_text(const struct name *name, char out[NAME_MAX_TEXT])
{
    char *at = out;
    for (const uint8_t *label = name->wire; *label; label += *label + 1) {
        for (unsigned i = 1; i <= *label; i++)
            at = put_octet(at, label[i]);
        *at++ = '.';
    }
    if (at == out)
        *at++ = '.';
    *at = '\0';
    return out;
}

/* ---- wire form ---- */

void name_read(struct reader *reader, struct name *ret_name)
{
    const uint8_t *at = reader->at, *end = reader->end, *lowest = at, *after = NULL;
    unsigned length = 0;
    while (!reader->bad && at < end) {
        unsigned octet = *at;
        if (octet == 0) {
            if (length >= NAME_MAX_WIRE)
                break;
            ret_name->wire[length] = 0;
            ret_name->length = (uint8_t)(length + 1);
            reader->at = after ? after : at + 1;
            return;
        }
        if (octet <= MAX_LABEL) {
            if ((size_t)(end - at) <= octet || length + octet + 1 >= NAME_MAX_WIRE)
                break;
            memcpy(ret_name->wire + length, at, octet + 1);
            length += octet + 1;
            at += octet + 1;
            continue;
        }
        /* A pointer leads to before everything that this name was read from: each jump goes lower, so they
         * end. */
        if (octet < POINTER || end - at < 2)
            break;
        const uint8_t *target = reader->start + ((octet & ~(unsigned)POINTER) << 8 | at[1]);
        if (!after)
            after = at + 2;
        if (target >= lowest)
            break;
        at = lowest = target;
    }
    reader->bad = true;
    ret_name->length = 1;
    ret_name->wire[0] = 0;
}

size_t name_from_wire(const uint8_t *wire, size_t left, struct name *ret_name)
{
    size_t at = 0;
    while (at < left && wire[at] != 0) {
        if (wire[at] > MAX_LABEL)
            return 0;
        at += wire[at] + 1U;
    }
    if (at >= left || at >= NAME_MAX_WIRE)
        return 0;
    memcpy(ret_name->wire, wire, at + 1);
    ret_name->length = (uint8_t)(at + 1);
    return at + 1;
}

/* ---- comparing and taking apart ---- */

void name_lower(struct name *name)
{
    /* Length octets are below 'A', so they stay as they are. */
    for (unsigned i = 0; i < name->length; i++)
        name->wire[i] = fold(name->wire[i]);
}

bool name_equal(const struct name *a, const struct name *b)
{
    return a->length == b->length && same_octets(a->wire, b->wire, a->length);
}

int name_compare(const struct name *a, const struct name *b)
{
    uint8_t a_starts[MAX_LABELS], b_starts[MAX_LABELS];
    unsigned a_left = label_starts(a->wire, a_starts), b_left = label_starts(b->wire, b_starts);
    while (a_left > 0 && b_left > 0) {
        const uint8_t *x = a->wire + a_starts[--a_left], *y = b->wire + b_starts[--b_left];
        unsigned shorter = *x < *y ? *x : *y;
        for (unsigned i = 1; i <= shorter; i++)
            if (fold(x[i]) != fold(y[i]))
                return fold(x[i]) < fold(y[i]) ? -1 : 1;
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return (a_left > b_left) - (a_left < b_left);
}

bool name_is_below(const struct name *name, const struct name *apex)
{
    if (name->length < apex->length)
        return false;
    unsigned at = 0, suffix = name->length - (unsigned)apex->length;
    while (at < suffix)
        at += name->wire[at] + 1U;
    return at == suffix && same_octets(name->wire + at, apex->wire, apex->length);
}

unsigned name_labels(const struct name *name)
{
    unsigned count = 0;
    for (const uint8_t *label = name->wire; *label; label += *label + 1)
        count++;
    return count;
}

bool name_parent(const struct name *name, struct name *ret_parent)
{
    unsigned skip = name->wire[0] + 1U;
    if (name->wire[0] == 0)
        return false;
    struct name parent = {.length = (uint8_t)(name->length - skip)};
    memcpy(parent.wire, name->wire + skip, parent.length);
    *ret_parent = parent;
    return true;
}

bool name_prepend(const void *label, size_t length, const struct name *parent, struct name *ret_name)
{
    if (length == 0 || length > MAX_LABEL || parent->length + length + 1 > NAME_MAX_WIRE)
        return false;
    struct name name = {.length = (uint8_t)(parent->length + length + 1)};
    name.wire[0] = (uint8_t)length;
    memcpy(name.wire + 1, label, length);
    memcpy(name.wire + 1 + length, parent->wire, parent->length);
    *ret_name = name;
    return true;
}

size_t name_sort_key(const uint8_t *wire, uint8_t out[NAME_MAX_KEY])
{
    uint8_t starts[MAX_LABELS];
    uint8_t *at = out;
    for (unsigned left = label_starts(wire, starts); left > 0;) {
        const uint8_t *label = wire + starts[--left];
        for (unsigned i = 1; i <= *label; i++) {
            uint8_t octet = fold(label[i]);
            /* 0 -> 1 1 and 1 -> 1 2: above the 0 that ends a label, below every other octet, and in order. */
            if (__builtin_expect(octet < 2, 0)) {
                *at++ = 1;
                octet++;
            }
            *at++ = octet;
        }
        *at++ = 0;
    }
    return (size_t)(at - out);
}
