/* An answer of ClickHouse: the first octet chooses the types of its rows, the second in which pieces it
 * comes, the rest are rows, or the words of an error. However it is cut, the same rows must come out. */
#include "io/store/click_error.h"
#include "io/store/click_row.h"

#include "base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"8", "s", "ss188888ii", "iss188888ii", "fss188888ii", "sii888888888",
    "sii", "ffsiiaaas", "fsf88", "88s", "4s2", "81"};

static void must(bool good)
{
    if (!good)
        abort();
}

/* A fingerprint of the values of a row. */
static uint64_t print_of(const char *type, const struct click_value *values, uint64_t print)
{
    for (size_t i = 0; type[i]; i++) {
        print = hash_mix(print, values[i].number);
        size_t octets = type[i] == 'a' ? values[i].length * 8 : values[i].length;
        if (octets)
            print = hash_bytes(values[i].bytes, octets, print);
        if (type[i] == 'a' && values[i].length)
            print = hash_mix(print, click_row_element(&values[i], values[i].length - 1));
        if (type[i] == 's')
            print += click_row_text(&values[i]);
    }
    return print;
}

/* Reads rows of which `step` octets more are there each time. Returns their fingerprint; *ret_rc 0 or
 * ERR_DATA. */
static uint64_t read_all(const uint8_t *data, size_t size, const char *type, size_t step, int *ret_rc)
{
    struct click_value values[CLICK_ROW_MAX_VALUES];
    uint64_t print = 0;
    size_t taken = 0;
    *ret_rc = 0;
    for (size_t there = step < size ? step : size;; there = size - there < step ? size : there + step) {
        while (taken < there) {
            uint8_t *exact = malloc(there - taken); /* so that a read beyond it is seen */
            memcpy(exact, data + taken, there - taken);
            ptrdiff_t octets = click_row_read(exact, there - taken, type, values);
            must(octets <= (ptrdiff_t)(there - taken) && (octets >= 0 || octets == ERR_DATA));
            if (octets > 0)
                print = print_of(type, values, print);
            free(exact);
            if (octets < 0)
                *ret_rc = ERR_DATA;
            if (octets <= 0)
                break;
            taken += (size_t)octets;
        }
        if (*ret_rc || there == size)
            return print;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4096)
        return 0;
    const char *type = types[data[0] % (sizeof types / sizeof *types)];
    size_t step = 1 + data[1];
    data += 2, size -= 2;
    int whole, pieces;
    uint64_t at_once = read_all(data, size, type, size ? size : 1, &whole);
    uint64_t by_and_by = read_all(data, size, type, step, &pieces);
    must(whole == pieces && at_once == by_and_by);

    char *words = malloc(size + 1);
    memcpy(words, data, size);
    words[size] = '\0';
    struct err_note note;
    bool shard;
    int err = click_error(words, "host:1", 500, &shard, &note);
    must(err < 0 && strlen(note.text) < sizeof note.text && (!shard || err == ERR_UNAVAILABLE));
    for (const char *at = note.text; *at; at++)
        must((unsigned char)*at >= ' ' && *at != 0x7f);
    free(words);
    return 0;
}
