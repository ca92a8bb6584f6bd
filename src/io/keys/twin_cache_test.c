/* Kept keys: the same for all who ask, never a file that cannot be trusted, and a key even where none can be
 * kept. */
#include "io/keys/twin.h"

#include "base/text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BITS = 1024, TAG = 20326, REVOKED = 20454 }; /* can be had for 1,024 bits as for 2,048 */

static const char file_name[] = "twin-20326-8-1024-257.private";

static int make_directory(void **state)
{
    static char directory[64];
    strcpy(directory, "/tmp/rollcall-twin-test.XXXXXX");
    *state = mkdtemp(directory);
    return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    return system(command);
}

static char *join(const char *directory, const char *name)
{
    static char path[4][256];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, 256, "%s/%s", directory, name);
    return out;
}

static struct dnskey *get(const char *directory, const char *expected_note)
{
    struct dnskey *key = NULL;
    struct err_note note = {"left"};
    if (twin_get(directory, 8, BITS, DNSKEY_KSK, TAG, REVOKED, &key, &note))
        fail_msg("%s", note.text);
    assert_int_equal(key->tag, TAG);
    assert_int_equal(dnskey_tag_with(key, DNSKEY_KSK | DNSKEY_REVOKE), REVOKED);
    assert_true(dnskey_is_pair(key));
    if (*expected_note ? !strstr(note.text, expected_note) : note.text[0] != '\0')
        fail_msg("'%s' instead of '%s'", note.text, expected_note);
    return key;
}

static void assert_same(struct dnskey *a, struct dnskey *b, bool same)
{
    assert_int_equal(dnskey_same(a, b), same);
    dnskey_free(a);
    dnskey_free(b);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode;
}

static void write_file(const char *path, const char *content, mode_t mode)
{
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_kept(void **state)
{
    char deep[128];
    snprintf(deep, sizeof deep, "%s/a/b/twins", (char *)*state);
    assert_same(get(deep, ""), get(deep, ""), true);
    assert_int_equal(mode_of(join(*state, "a")), S_IFDIR | 0700);
    assert_int_equal(mode_of(deep), S_IFDIR | 0700);
    assert_int_equal(mode_of(join(deep, file_name)), S_IFREG | 0600);
}

/* The user's own directory. A relative path is none (XDG Base Directory Specification). */
static void test_own_directory(void **state)
{
    setenv("HOME", join(*state, "home"), 1);
    setenv("XDG_CACHE_HOME", join(*state, "cache"), 1);
    dnskey_free(get(NULL, ""));
    assert_int_equal(access(join(*state, "cache/rollcall/twins/twin-20326-8-1024-257.private"), R_OK), 0);
    static const char *const none[] = {"", "relative/cache"};
    for (size_t i = 0; i < 2; i++) {
        setenv("XDG_CACHE_HOME", none[i], 1);
        dnskey_free(get(NULL, ""));
        assert_int_equal(
            access(join(*state, "home/.cache/rollcall/twins/twin-20326-8-1024-257.private"), R_OK), 0);
    }
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_same(get(NULL, "HOME"), get(NULL, "not kept"), false);
}

static void private_text(struct text *text, const struct dnskey *key)
{
    text_start(text);
    assert_int_equal(dnskey_private_text(key, text, NULL), 0);
}

static void test_damaged(void **state)
{
    const char *path = join(*state, file_name);
    struct dnskey *first = get(*state, ""), *other = NULL, *later;
    struct text good, bad;
    private_text(&good, first);
    assert_int_equal(twin_keep(*state, "other", 8, BITS, DNSKEY_KSK, &other, NULL), 0);
    private_text(&bad, other); /* whole, but of another tag */
    char *cut = strdup(good.string), *changed = strdup(good.string);
    cut[good.length / 2] = '\0';
    *(strstr(changed, "Exponent1: ") + 20) ^= 1;
    const char *contents[] = {"", "nonsense\n", cut, changed, bad.string};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_file(path, contents[i], 0600);
        later = get(*state, "");
        assert_false(dnskey_same(first, later));
        assert_same(later, get(*state, ""), true); /* and that is kept now */
    }
    write_file(path, bad.string, 0600);
    assert_int_equal(twin_get(*state, 8, BITS, DNSKEY_KSK, TAG, -1, &later, NULL), 0);
    assert_int_equal(later->tag, TAG);
    dnskey_free(later);
    write_file(path, good.string, 0600);
    later = get(*state, "");
    assert_same(first, later, true);
    free(cut);
    free(changed);
    text_free(&good);
    text_free(&bad);
    dnskey_free(other);
}

/* What others may read or may have placed is taken away, however good it looks. */
static void test_not_trusted(void **state)
{
    char *path = join(*state, file_name), *aside = join(*state, "aside");
    static const mode_t modes[] = {0640, 0604, 0620, 0602};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct dnskey *first = get(*state, "");
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_same(first, get(*state, ""), false);
        assert_int_equal(mode_of(path), S_IFREG | 0600);
    }
    struct dnskey *first = get(*state, "");
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    assert_same(first, get(*state, ""), false);
    assert_int_equal(mode_of(path), S_IFREG | 0600);
    assert_int_equal(access(aside, R_OK), 0);
    /* A directory is in the way. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    dnskey_free(get(*state, "cannot be removed"));
    if (geteuid() == 0) {
        assert_int_equal(rmdir(path), 0);
        first = get(*state, "");
        assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
        assert_same(first, get(*state, ""), false);
    }
}

static void test_nothing_can_be_kept(void **state)
{
    struct stat status;
    write_file(join(*state, "file"), "", 0600);
    assert_same(
        get(join(*state, "file/twins"), "not kept"), get(join(*state, "file/twins"), "not kept"), false);
    if (geteuid() != 0) { /* root may write everywhere */
        assert_int_equal(mkdir(join(*state, "closed"), 0500), 0);
        dnskey_free(get(join(*state, "closed"), "not kept"));
    }
    /* A full disk, as a limit plays it. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct dnskey *key = NULL;
        struct err_note note = {""};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100});
        int rc = twin_get(*state, 8, BITS, DNSKEY_KSK, TAG, -1, &key, &note);
        _exit(rc == 0 && key->tag == TAG && strstr(note.text, "not kept") ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_true(stat(join(*state, file_name), &status) != 0 || status.st_size == 0);
    assert_same(get(*state, ""), get(*state, ""), true); /* when there is room again */
}

/* Twelve at once, each asking for two keys: all have the same two. */
static void test_many(void **state)
{
    enum { MANY = 12 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < MANY; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct dnskey *key[2] = {NULL, NULL};
            struct err_note note[2];
            uint8_t ds[2][DNSKEY_MAX_DS];
            struct name root = {.length = 1};
            if (twin_get(*state, 8, BITS, DNSKEY_KSK, TAG, -1, &key[0], &note[0]) ||
                twin_keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK, &key[1], &note[1]) || note[0].text[0] ||
                note[1].text[0])
                _exit(1);
            for (int j = 0; j < 2; j++)
                dnskey_ds(&root, key[j], 2, ds[j]);
            _exit(write(ends[1], ds, sizeof ds) == sizeof ds ? 0 : 1);
        }
    }
    uint8_t first[2][DNSKEY_MAX_DS], ds[2][DNSKEY_MAX_DS];
    for (int i = 0; i < MANY; i++) {
        int how;
        assert_true(wait(&how) > 0);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        assert_int_equal(read(ends[0], i ? ds : first, sizeof ds), sizeof ds);
        for (int j = 0; i > 0 && j < 2; j++)
            assert_memory_equal(first[j], ds[j], 36);
    }
    close(ends[0]);
    close(ends[1]);
}

static struct dnskey *keep(
    const char *directory, const char *name, uint8_t algorithm, unsigned bits, uint16_t flags)
{
    struct dnskey *key = NULL;
    struct err_note note = {""};
    if (twin_keep(directory, name, algorithm, bits, flags, &key, &note))
        fail_msg("%s", note.text);
    assert_string_equal(note.text, "");
    assert_int_equal(key->algorithm, algorithm);
    assert_int_equal(key->flags, flags);
    return key;
}

static void test_by_name(void **state)
{
    assert_same(keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK), keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK), true);
    assert_same(keep(*state, "zsk-0", 13, 0, DNSKEY_ZSK), keep(*state, "zsk-0", 13, 256, DNSKEY_ZSK), true);
    assert_same(keep(*state, "zsk-0", 8, 0, DNSKEY_ZSK), keep(*state, "zsk-0", 8, 2048, DNSKEY_ZSK), true);
    assert_same(
        keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK), keep(*state, "zsk-1", 8, BITS, DNSKEY_ZSK), false);
    assert_same(
        keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK), keep(*state, "zsk-0", 8, BITS, DNSKEY_KSK), false);
    assert_same(
        keep(*state, "zsk-0", 8, BITS, DNSKEY_ZSK), keep(*state, "zsk-0", 8, BITS + 8, DNSKEY_ZSK), false);
}

/* Wrong wishes: an error, and nothing in the directory. */
static void test_bad_wishes(void **state)
{
    static const char *const names[] = {"", "../x", "a/b", "A", "a.b", "a b", ".",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct dnskey *key = NULL;
    struct err_note note = {""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(twin_keep(*state, names[i], 13, 0, DNSKEY_KSK, &key, &note), ERR_USAGE);
    assert_int_equal(twin_keep(*state, "a", 253, 0, DNSKEY_KSK, &key, &note), ERR_USAGE);
    assert_int_equal(twin_keep(*state, "a", 8, 100, DNSKEY_KSK, &key, &note), ERR_USAGE);
    assert_int_equal(twin_get(*state, 8, BITS, DNSKEY_KSK, 65535, -1, &key, &note), ERR_USAGE);
    assert_int_equal(twin_get(*state, 8, BITS, DNSKEY_KSK, TAG, TAG, &key, &note), ERR_USAGE);
    assert_null(key);
    assert_int_equal(rmdir(*state), 0); /* it is empty */
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(test_kept),
        IN_DIRECTORY(test_own_directory),
        IN_DIRECTORY(test_damaged),
        IN_DIRECTORY(test_not_trusted),
        IN_DIRECTORY(test_nothing_can_be_kept),
        IN_DIRECTORY(test_many),
        IN_DIRECTORY(test_by_name),
        IN_DIRECTORY(test_bad_wishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
