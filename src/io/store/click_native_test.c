/* Blocks as ClickHouse writes them: told row by row, however they are cut; and what is none. */
#include "io/store/click_native.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3 };

static const char types[] = "1248ifs1";
static const char *const names[] = {
    "UInt8", "UInt16", "UInt32", "UInt64", "Int64", "FixedString(16)", "String", "UInt8"};
static const char *const strings[ROWS] = {"ab", "", "."};

static void write_values(struct click_rows *out, size_t column, size_t row)
{
    static const unsigned octets[] = {1, 2, 4, 8, 8};
    char fixed[16] = {(char)('a' + row)};
    if (column < 5)
        click_row_number(out, 0xf0 + row, octets[column]);
    else if (column == 5)
        click_row_fixed(out, fixed, sizeof fixed);
    else if (column == 6)
        click_row_string(out, strings[row]);
    else
        click_row_number(out, 1, 1);
}

static void write_block(struct click_rows *out, size_t columns, size_t rows)
{
    click_row_length(out, columns);
    click_row_length(out, rows);
    for (size_t column = 0; column < columns; column++) {
        click_row_string(out, "any name");
        click_row_string(out, names[column]);
        for (size_t row = 0; row < rows; row++)
            write_values(out, column, row);
    }
}

static void expect_rows(struct click_native *native, const uint8_t *bytes)
{
    static const unsigned octets[] = {1, 2, 4, 8, 8};
    assert_int_equal(native->rows, ROWS);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t column = 0; column < 5; column++)
            assert_int_equal(click_native_number(native, bytes, column, row, octets[column]), 0xf0 + row);
        assert_int_equal(click_native_fixed(native, bytes, 5, row)[0], 'a' + row);
        struct click_value string = click_native_string(native, bytes, 6);
        assert_int_equal(string.length, strlen(strings[row]));
        assert_memory_equal(string.bytes, strings[row], string.length);
        assert_int_equal(click_native_number(native, bytes, 7, row, 1), 1);
    }
}

/* In two pieces, wherever the cut is; another block follows, of which nothing is looked at. */
static void a_block_is_told_however_it_is_cut(void **state)
{
    (void)state;
    struct click_rows block = {0};
    struct click_native native;
    write_block(&block, 8, ROWS);
    size_t whole = block.length;
    write_block(&block, 8, ROWS);
    for (size_t cut = 0; cut < whole; cut++) {
        uint8_t *piece = malloc(cut + 1); /* so that a read beyond it is seen */
        memcpy(piece, block.bytes, cut);
        click_native_start(&native, types);
        assert_int_equal(click_native_read(&native, piece, cut), 0);
        free(piece);
        assert_int_equal(click_native_read(&native, block.bytes, block.length), whole);
        expect_rows(&native, block.bytes);
    }
    click_rows_free(&block);
}

static void a_block_without_rows(void **state)
{
    (void)state;
    struct click_rows block = {0};
    struct click_native native;
    write_block(&block, 8, 0);
    click_native_start(&native, types);
    assert_int_equal(click_native_read(&native, block.bytes, block.length), block.length);
    assert_int_equal(native.rows, 0);
    click_rows_free(&block);
}

static ptrdiff_t read_as(const char *wanted, const void *bytes, size_t length)
{
    struct click_native native;
    click_native_start(&native, wanted);
    return click_native_read(&native, bytes, length);
}

static void what_is_no_block_of_ours(void **state)
{
    (void)state;
    static const char words[] = "Code: 241, e.displayText() = DB::Exception: Memory limit exceeded",
                      new_words[] = "\r\n__exception__\r\n", rows[] = "\1\xff\xff\xff\xff\x0f",
                      string[] = "\1\1\1n\6String\xff\xff\xff\xff\x0f", head[] = "\1\1\xff\xff\x7f";
    struct click_rows block = {0};
    write_block(&block, 8, ROWS);
    assert_int_equal(read_as("1248ifs", block.bytes, block.length), ERR_DATA);   /* a column more */
    assert_int_equal(read_as("1248ifs11", block.bytes, block.length), ERR_DATA); /* one less */
    assert_int_equal(read_as("1248ifs2", block.bytes, block.length), ERR_DATA);  /* another type */
    assert_int_equal(read_as("1248iff1", block.bytes, block.length), ERR_DATA);
    assert_int_equal(read_as(types, words, sizeof words - 1), ERR_DATA);
    assert_int_equal(read_as(types, new_words, sizeof new_words - 1), ERR_DATA);
    assert_int_equal(read_as("1", rows, sizeof rows - 1), ERR_DATA); /* lengths that lie */
    assert_int_equal(read_as("s", string, sizeof string - 1), ERR_DATA);
    assert_int_equal(read_as("s", head, sizeof head - 1), ERR_DATA);
    click_rows_free(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_told_however_it_is_cut),
        cmocka_unit_test(a_block_without_rows),
        cmocka_unit_test(what_is_no_block_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
