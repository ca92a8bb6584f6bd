/* Blocks of ClickHouse: the first octet chooses the types of their columns, the second in which pieces they
 * come. However they are cut, the same rows must come out. */
#include "io/store/click_native.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_INPUT = 8192 };

static const char *const types[] = {
    "sis11sf8888482ii1", "sif8888888882284ii1", "1", "s1", "4", "248if", "ss"};

static void must(bool good)
{
    if (!good)
        abort();
}

/* A value of the row, by the letter of its type. */
static uint64_t print_value(
    struct click_native *native, const uint8_t *bytes, size_t column, size_t row, uint64_t print)
{
    char letter = native->types[column];
    unsigned octets = letter == 'i' ? 8 : (unsigned)(letter - '0');
    if (letter == 'f')
        return hash_bytes(
            click_native_fixed(native, bytes, column, row), CLICK_NATIVE_FIXED, hash_mix(print, 1));
    if (letter != 's')
        return hash_mix(print, click_native_number(native, bytes, column, row, octets));
    struct click_value string = click_native_string(native, bytes, column);
    return hash_bytes(string.bytes, string.length, hash_mix(print, string.length));
}

static uint64_t print_of(struct click_native *native, const uint8_t *bytes, uint64_t print)
{
    for (size_t row = 0; row < native->rows; row++)
        for (size_t column = 0; native->types[column]; column++)
            print = print_value(native, bytes, column, row, print);
    return hash_mix(print, native->rows);
}

/* Reads blocks of which `step` octets more are there each time. Returns the fingerprint of their rows. */
static uint64_t read_all(const uint8_t *data, size_t size, const char *type, size_t step, int *ret_rc)
{
    struct click_native native;
    uint64_t print = 0;
    size_t taken = 0;
    *ret_rc = 0;
    click_native_start(&native, type);
    for (size_t there = step < size ? step : size;; there = size - there < step ? size : there + step) {
        while (taken < there) {
            uint8_t *exact = malloc(there - taken); /* so that a read beyond it is seen */
            memcpy(exact, data + taken, there - taken);
            ptrdiff_t octets = click_native_read(&native, exact, there - taken);
            must(octets <= (ptrdiff_t)(there - taken) && (octets >= 0 || octets == ERR_DATA));
            if (octets > 0) {
                print = print_of(&native, exact, print);
                click_native_start(&native, type);
            }
            free(exact);
            *ret_rc = octets < 0 ? ERR_DATA : 0;
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
    if (size < 2 || size > MOST_INPUT)
        return 0;
    const char *type = types[data[0] % (sizeof types / sizeof *types)];
    size_t step = 1 + data[1];
    data += 2, size -= 2;
    int whole, pieces;
    uint64_t at_once = read_all(data, size, type, size ? size : 1, &whole);
    uint64_t by_and_by = read_all(data, size, type, step, &pieces);
    must(whole == pieces && at_once == by_and_by);
    return 0;
}
