#include "io/keys/keys.h"

#include "base/text.h"
#include "base/utc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t algorithms[] = {5, 7, 8, 10, 13, 14, 15, 16};
enum { ALGORITHMS = sizeof algorithms };

static struct name named(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), 0);
    return name;
}

/* A directory of its own for each test, removed with what is in it. */
static int make_directory(void **state)
{
    static char directory[] = "/tmp/rollcall-keys-test.XXXXXX";
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    *state = mkdtemp(directory);
    return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    return system(command);
}

static char *join(const char *directory, const char *base, const char *ending)
{
    static char path[4][1024];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, 1024, "%s/%s%s", directory, base, ending);
    return out;
}

static void spoil(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_write_and_read(void **state)
{
    const char *directory = *state;
    struct name owner = named("Sub.Example."), owner_back;
    struct keys_times times = {.created_us = 1700000000 * UTC_SECOND, .activate_us = 1700000001 * UTC_SECOND},
                      times_back;
    for (size_t i = 0; i < ALGORITHMS; i++) {
        struct dnskey *key, *back;
        struct err_note note = {""};
        char base[KEYS_MAX_BASE], expected[KEYS_MAX_BASE];
        struct stat status;
        assert_int_equal(keys_generate(algorithms[i], 1024, DNSKEY_KSK, &key, &note), 0);
        if (keys_write(directory, &owner, key, &times, NULL, base, &note))
            fail_msg("%s", note.text);
        snprintf(expected, sizeof expected, "Ksub.example.+%03u+%05u", key->algorithm, key->tag);
        assert_string_equal(base, expected);
        assert_int_equal(stat(join(directory, base, ".private"), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        const char *endings[] = {"", ".key", ".private"};
        for (size_t j = 0; j < 3; j++) {
            if (keys_read(join(directory, base, endings[j]), &owner_back, &back, &times_back, &note))
                fail_msg("algorithm %u: %s", algorithms[i], note.text);
            assert_true(name_equal(&owner, &owner_back));
            assert_true(dnskey_same(key, back));
            assert_int_equal(back->tag, key->tag);
            assert_non_null(back->private_key);
            assert_memory_equal(&times, &times_back, sizeof times);
            dnskey_free(back);
        }
        /* Written again: refused, and the files are as they were. */
        assert_int_equal(keys_write(directory, &owner, key, NULL, NULL, base, &note), ERR_IO);
        assert_int_equal(keys_read(join(directory, base, ""), &owner_back, &back, NULL, &note), 0);
        dnskey_free(back);
        assert_int_equal(unlink(join(directory, base, ".private")), 0);
        assert_int_equal(keys_read(join(directory, base, ""), &owner_back, &back, NULL, &note), 0);
        assert_null(back->private_key);
        dnskey_free(back);
        dnskey_free(key);
    }
}

static void test_never_half(void **state)
{
    const char *directory = *state;
    struct name owner = named("example.");
    struct dnskey *key;
    char base[KEYS_MAX_BASE];
    struct err_note note = {""};
    struct stat status;
    assert_int_equal(keys_generate(13, 0, DNSKEY_KSK, &key, NULL), 0);
    assert_int_equal(keys_base(&owner, 13, key->tag, base, NULL), 0);
    spoil(join(directory, base, ".key"), "mine"); /* only one half is in the way */
    assert_int_equal(keys_write(directory, &owner, key, NULL, NULL, base, &note), ERR_IO);
    assert_int_equal(lstat(join(directory, base, ".private"), &status), -1);
    assert_int_equal(unlink(join(directory, base, ".key")), 0);
    assert_int_equal(symlink("nowhere", join(directory, base, ".key")),
        0); /* a link that leads nowhere is in the way too */
    assert_int_equal(keys_write(directory, &owner, key, NULL, NULL, base, &note), ERR_IO);
    assert_int_equal(lstat(join(directory, base, ".private"), &status), -1);
    assert_int_equal(keys_write("/nonexistent", &owner, key, NULL, NULL, base, &note), ERR_NOINPUT);
    dnskey_free(key);
}

static void test_bad_pairs(void **state)
{
    const char *directory = *state;
    struct name owner = named("example."), back;
    struct dnskey *key, *other, *read;
    char base[KEYS_MAX_BASE], other_base[KEYS_MAX_BASE];
    struct err_note note = {""};
    assert_int_equal(keys_generate(13, 0, DNSKEY_KSK, &key, NULL), 0);
    assert_int_equal(keys_generate(13, 0, DNSKEY_KSK, &other, NULL), 0);
    assert_int_equal(keys_write(directory, &owner, key, NULL, NULL, base, &note), 0);
    assert_int_equal(keys_write(directory, &owner, other, NULL, NULL, other_base, &note), 0);
    assert_int_equal(rename(join(directory, other_base, ".private"), join(directory, base, ".private")), 0);
    assert_int_equal(keys_read(join(directory, base, ""), &back, &read, NULL, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "another key"));
    spoil(join(directory, base, ".private"),
        "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: !\n");
    assert_int_equal(keys_read(join(directory, base, ""), &back, &read, NULL, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "line 3"));
    assert_int_equal(keys_read(join(directory, "Knone", ""), &back, &read, NULL, &note), ERR_NOINPUT);
    assert_int_equal(keys_read(directory, &back, &read, NULL, &note), ERR_NOINPUT);
    spoil(join(directory, base, ".key"), "");
    assert_int_equal(keys_read(join(directory, base, ""), &back, &read, NULL, &note), ERR_DATA);
    dnskey_free(key);
    dnskey_free(other);
}

static void test_base(void **state)
{
    (void)state;
    static const struct {
        const char *owner, *base;
    } rows[] = {
        {".", "K.+008+20326"},
        {"WWW.Example.", "Kwww.example.+008+20326"},
        {"a/b\\..\\000.", "Ka%2Fb%2E.%00.+008+20326"}, /* nothing leads out of the directory */
        {"a_b-c.*.", "Ka_b-c.%2A.+008+20326"},
    };
    char base[KEYS_MAX_BASE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name owner = named(rows[i].owner);
        assert_int_equal(keys_base(&owner, 8, 20326, base, NULL), 0);
        assert_string_equal(base, rows[i].base);
    }
    struct name longest = {.length = 1}, longer;
    for (int i = 0; i < 127; i++, longest = longer)
        assert_true(name_prepend("/", 1, &longest, &longer));
    assert_int_equal(keys_base(&longest, 8, 1, base, NULL), ERR_DATA);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        unsigned bits;
    } rows[] = {{8, 1023}, {8, 4097}, {10, 512}, {3, 0}, {0, 0}, {12, 0}, {255, 0}};
    struct dnskey *key;
    struct err_note note = {""};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(keys_generate(rows[i].algorithm, rows[i].bits, DNSKEY_ZSK, &key, &note), ERR_USAGE);
    assert_int_equal(keys_generate(8, 0, DNSKEY_ZSK, &key, &note), 0);
    assert_int_equal(dnskey_bits(key), 2048);
    dnskey_free(key);
}

static void test_token(void **state)
{
    (void)state;
    char one[200], two[200];
    unsigned seen[128] = {0}, kinds = 0;
    assert_int_equal(keys_random_token(one, 199), 0);
    assert_int_equal(keys_random_token(two, 199), 0);
    assert_int_equal(strlen(one), 199);
    assert_string_not_equal(one, two);
    for (const char *at = one; *at; at++) {
        assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz234567", *at));
        kinds += seen[(int)*at]++ == 0;
    }
    assert_true(kinds > 20); /* of 32; fewer in 199 draws has a chance below 10^-15 */
    assert_int_equal(keys_random_token(one, 0), 0);
    assert_string_equal(one, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_and_read, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_never_half, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_bad_pairs, make_directory, remove_directory),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
