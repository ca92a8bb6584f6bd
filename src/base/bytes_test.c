#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void integers_are_in_network_order(void **state)
{
    uint8_t bytes[7];
    struct writer w = writer_over(bytes, sizeof bytes);
    (void)state;
    writer_u8(&w, 0x01);
    writer_u16(&w, 0xfedc);
    writer_u32(&w, 0xffeeddcc);
    assert_false(w.full);
    assert_int_equal(writer_used(&w), 7);
    assert_memory_equal(bytes, "\x01\xfe\xdc\xff\xee\xdd\xcc", 7);
    assert_int_equal(bytes_u16(bytes + 1), 0xfedc);
    struct reader r = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16(&r), 0xfedc);
    assert_int_equal(reader_u32(&r), 0xffeeddcc);
    assert_int_equal(reader_left(&r), 0);
    assert_false(r.bad);
}

static void a_read_past_the_end_sticks(void **state)
{
    struct reader r = reader_over("\x01\x02\x03", 3);
    (void)state;
    assert_int_equal(reader_u16(&r), 0x0102);
    assert_int_equal(reader_u16(&r), 0); /* one octet is left: none is taken */
    assert_true(r.bad);
    assert_int_equal(reader_u8(&r), 0); /* … nor any later */
    assert_null(reader_bytes(&r, 0));
    r = reader_over("abc", 3);
    assert_null(reader_bytes(&r, SIZE_MAX)); /* no sum that could overflow */
    r = reader_over(NULL, 0);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(reader_u32(&r), 0);
    assert_true(r.bad);
}

static void a_write_past_the_end_sticks(void **state)
{
    uint8_t bytes[4] = "zzz";
    struct writer w = writer_over(bytes, 3);
    (void)state;
    writer_u16(&w, 0x6162);
    writer_u16(&w, 0x6364); /* no room: nothing of it is written */
    assert_true(w.full);
    writer_u8(&w, 'c'); /* … nor anything after it */
    assert_memory_equal(bytes, "abz", 4);
    assert_int_equal(writer_used(&w), 2);
    w = writer_over(bytes, 3);
    assert_null(writer_room(&w, SIZE_MAX));
    w = writer_over(NULL, 0);
    writer_bytes(&w, NULL, 0);
    assert_false(w.full);
    writer_u32(&w, 1);
    assert_true(w.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_in_network_order),
        cmocka_unit_test(a_read_past_the_end_sticks),
        cmocka_unit_test(a_write_past_the_end_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
