#include "io/keys/pseudonym.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The key and addresses of the sample trace that comes with the authors' program. */
static const uint8_t sample_key[32] = {21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2};

static struct pseudonym *make(const uint8_t key[32])
{
    struct pseudonym *pseudonym = NULL;
    assert_int_equal(pseudonym_new(key, &pseudonym, NULL), 0);
    return pseudonym;
}

static void test_sample(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"128.11.68.132", "135.242.180.132"},
        {"129.118.74.4", "134.136.186.123"}, {"130.132.252.244", "133.68.164.234"},
        {"192.102.249.13", "252.138.62.131"}};
    struct pseudonym *pseudonym = make(sample_key);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
        char text[INET_ADDRSTRLEN];
        inet_pton(AF_INET, pairs[i][0], address + 12);
        assert_int_equal(pseudonym_apply(pseudonym, address), 0);
        assert_string_equal(inet_ntop(AF_INET, address + 12, text, sizeof text), pairs[i][1]);
    }
    pseudonym_free(pseudonym);
}

static unsigned common(const uint8_t *a, const uint8_t *b)
{
    unsigned bits = 0;
    while (bits < 128 && ((a[bits / 8] ^ b[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

/* Prefixes keep their length exactly, so that no two addresses become one. */
static void test_prefixes(void **state)
{
    (void)state;
    struct pseudonym *pseudonym = make(sample_key);
    srand(1);
    for (int i = 0; i < 2000; i++) {
        uint8_t a[16], b[16], x[16], y[16];
        for (int j = 0; j < 16; j++)
            a[j] = (uint8_t)rand();
        if (i % 2)
            memcpy(a, (uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
        memcpy(b, a, 16);
        unsigned bit = i % 2 ? 96 + (unsigned)i % 32 : (unsigned)i % 128;
        b[bit / 8] ^= (uint8_t)(1U << (7 - bit % 8));
        memcpy(x, a, 16);
        memcpy(y, b, 16);
        assert_int_equal(pseudonym_apply(pseudonym, x) | pseudonym_apply(pseudonym, y), 0);
        assert_int_equal(common(x, y), common(a, b));
        assert_int_equal(memcmp(x, a, 12) == 0, i % 2); /* IPv4 stays so */
    }
    pseudonym_free(pseudonym);
}

static void test_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int err;
    } files[] = {{"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF\n", 0},
        {"00112233445566778899aabbccddeeff 00112233445566778899AABBCCDDEEFF", 0}, {"", ERR_DATA},
        {"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEF\n", ERR_DATA},
        {"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF0\n", ERR_DATA},
        {"0x112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF\n", ERR_DATA}};
    char path[] = "/tmp/pseudonym-XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct pseudonym *pseudonym = NULL;
        struct err_note note = {""};
        FILE *file = fopen(path, "w");
        fputs(files[i].text, file);
        fclose(file);
        assert_int_equal(pseudonym_read(path, &pseudonym, &note), files[i].err);
        assert_int_equal(pseudonym != NULL, files[i].err == 0);
        assert_int_equal(strstr(note.text, path) != NULL, files[i].err != 0);
        pseudonym_free(pseudonym);
    }
    unlink(path);
    assert_int_equal(pseudonym_read(path, &(struct pseudonym *){NULL}, NULL), ERR_NOINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample), cmocka_unit_test(test_prefixes), cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
