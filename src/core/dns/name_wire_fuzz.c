/* The input is a message; a name is read at each of its octets. One that is read is a name: it survives the
 * way through text, its neighbours in the tree are consistent, and any two compare as their sort keys do. */
#include "core/dns/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_name(const struct name *name)
{
    struct name back, parent, again;
    char text[NAME_MAX_TEXT];
    must(name_from_wire(name->wire, name->length, &back) == name->length);
    must(name_from_text(name_to_text(name, text), &back, NULL) == 0);
    must(back.length == name->length && memcmp(back.wire, name->wire, name->length) == 0);
    if (name_parent(name, &parent)) {
        must(
            name_is_below(name, &parent) && !name_is_below(&parent, name) && name_compare(&parent, name) < 0);
        must(name_prepend(name->wire + 1, name->wire[0], &parent, &again) && name_equal(&again, name));
        must(name_labels(name) == name_labels(&parent) + 1);
    }
}

static void check_order(const struct name *a, const struct name *b)
{
    uint8_t x[NAME_MAX_KEY], y[NAME_MAX_KEY];
    size_t m = name_sort_key(a->wire, x), n = name_sort_key(b->wire, y);
    int order = memcmp(x, y, m < n ? m : n);
    order = order ? order : (m > n) - (m < n);
    int compared = name_compare(a, b);
    must((order > 0) == (compared > 0) && (order < 0) == (compared < 0));
    must((order == 0) == name_equal(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct name name, last = {.length = 1};
    for (size_t at = 0; at < length && at < 600; at++) {
        struct reader r = reader_over(bytes, length);
        r.at += at;
        name_read(&r, &name);
        must(name.length >= 1);
        if (r.bad)
            continue;
        must(r.at > bytes + at && r.at <= bytes + length);
        check_name(&name);
        check_order(&name, &last);
        last = name;
    }
    return 0;
}
