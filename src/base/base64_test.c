#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 §10. */
static const struct {
    const char *plain, *text;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[32];
        uint8_t back[32];
        size_t length = strlen(vectors[i].plain);
        assert_int_equal(
            base64_write((const uint8_t *)vectors[i].plain, length, text), strlen(vectors[i].text));
        assert_string_equal(text, vectors[i].text);
        assert_int_equal(BASE64_SIZE(length), strlen(text) + 1);
        assert_int_equal(base64_read(text, strlen(text), back, length), length); /* it just fits */
        assert_memory_equal(back, vectors[i].plain, length);
        if (length)
            assert_int_equal(base64_read(text, strlen(text), back, length - 1), -1);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"Z", "Zg", "Zg=", "Zg===", "=",
        "====", "Z===", "Zg==Zg==", "Zh==" /* bits left over */, "Zm9=", "Zm 9", "Zm9\n", "Zm-_",
        "Z=g=", "\303\244aa"};
    uint8_t out[32];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (base64_read(texts[i], strlen(texts[i]), out, sizeof out) != -1)
            fail_msg("%s", texts[i]);
}

static void test_every_octet(void **state)
{
    (void)state;
    uint8_t bytes[512], back[512];
    char text[BASE64_SIZE(512)];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + i / 256);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        size_t size = base64_write(bytes, length, text);
        assert_int_equal(base64_read(text, size, back, sizeof back), length);
        assert_memory_equal(bytes, back, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_refused), cmocka_unit_test(test_every_octet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
