/* The idea (RFC 4470): a name's nearest neighbours in canonical order can be written down without knowing the
 * zone. Just before it: its last octet one less, and 255 behind it. Just behind all that is below it: one
 * octet 0 more at the end of its first label. Only labels that no host has make it harder. */
#include "core/zone/late.h"

enum { LABEL_MAX = 63 };

/* The name's first label replaced. */
static void with_label(const struct name *name, const uint8_t *label, size_t length, struct name *ret_name)
{
    struct name parent = {0};
    size_t skip = 1U + name->wire[0];
    parent.length = (uint8_t)(name->length - skip);
    memcpy(parent.wire, name->wire + skip, parent.length);
    name_prepend(label, length, &parent, ret_name);
}

/* Octets in the order of RFC 4034 §6.1 skip the upper-case letters. */
static uint8_t octet_less(uint8_t octet)
{
    return octet == 'Z' + 1 ? 'A' - 1 : (uint8_t)(octet - 1);
}

static uint8_t octet_more(uint8_t octet)
{
    return octet == 'A' - 1 ? 'Z' + 1 : (uint8_t)(octet + 1);
}

void narrow_before(const struct name *name, struct name *ret_before)
{
    uint8_t label[LABEL_MAX + 1], last[1] = {UINT8_MAX};
    size_t length = name->wire[0];
    memcpy(label, name->wire + 1, length);
    if (label[length - 1]) {
        label[length - 1] = octet_less(label[length - 1]);
        if (length < LABEL_MAX && name->length < NAME_MAX_WIRE)
            label[length++] = UINT8_MAX;
        with_label(name, label, length, ret_before);
    } else if (length > 1) { /* abc\000: the last names below abc stand before it */
        struct name shorter;
        with_label(name, label, length - 1, &shorter);
        if (!name_prepend(last, sizeof last, &shorter, ret_before))
            *ret_before = shorter;
    } else { /* \000 is the first name below its parent */
        ret_before->length = (uint8_t)(name->length - 2);
        memcpy(ret_before->wire, name->wire + 2, ret_before->length);
    }
}

void narrow_behind(const struct name *name, struct name *ret_behind)
{
    uint8_t label[LABEL_MAX + 1];
    size_t length = name->wire[0];
    memcpy(label, name->wire + 1, length);
    if (length < LABEL_MAX && name->length < NAME_MAX_WIRE) {
        label[length++] = 0;
        with_label(name, label, length, ret_behind);
        return;
    }
    while (length > 1 && label[length - 1] == UINT8_MAX)
        length--;
    if (label[length - 1] != UINT8_MAX)
        label[length - 1] = octet_more(label[length - 1]);
    with_label(name, label, length, ret_behind);
}

void narrow_cover(const struct name *name, struct late_nsec *ret_nsec)
{
    narrow_before(name, &ret_nsec->owner);
    narrow_behind(name, &ret_nsec->next);
    ret_nsec->type_count = 0;
}

void narrow_match(const struct name *name, const uint16_t *types, size_t count, struct late_nsec *ret_nsec)
{
    static const uint8_t zero[1] = {0};
    if (count)
        ret_nsec->owner = *name;
    else
        narrow_before(name, &ret_nsec->owner);
    if (!name_prepend(zero, sizeof zero, name, &ret_nsec->next))
        narrow_behind(name, &ret_nsec->next);
    if (count)
        memcpy(ret_nsec->types, types, count * sizeof *types);
    ret_nsec->type_count = count;
}
