/* Files that are read whole and replaced whole, whatever happens meanwhile. */
#include "io/file/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { MOST = 1 << 20 };

struct place {
    char directory[64], file[128], link[128], draft[160];
};

static int begin(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->directory, sizeof place->directory, "/tmp/rollcall-file-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->file, sizeof place->file, "%s/file", place->directory);
    snprintf(place->link, sizeof place->link, "%s/link", place->directory);
    snprintf(
        place->draft, sizeof place->draft, "%s/.file.%u.rollcall-new", place->directory, (unsigned)geteuid());
    *state = place;
    return 0;
}

/* No test leaves a draft behind. */
static int end(void **state)
{
    struct place *place = *state;
    unlink(place->file);
    unlink(place->link);
    int rc = rmdir(place->directory);
    free(place);
    return rc;
}

static void put(const struct place *place, const char *text)
{
    struct err_note note = {""};
    if (file_replace(place->file, text, strlen(text), &note))
        fail_msg("%s", note.text);
}

static void holds(const char *path, const char *text)
{
    struct err_note note = {""};
    char *bytes;
    size_t length;
    if (file_read_all(path, MOST, &bytes, &length, &note))
        fail_msg("%s", note.text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(bytes, text);
    free(bytes);
}

static void fails(int err, int expected, const struct err_note *note, const char *words)
{
    if (err != expected || !strstr(note->text, words))
        fail_msg("%d, not %d: '%s' without '%s'", err, expected, note->text, words);
}

static void test_read(void **state)
{
    const struct place *place = *state;
    struct err_note note = {""};
    char *bytes;
    size_t length;
    fails(file_read_all(place->file, MOST, &bytes, &length, &note), ERR_NOINPUT, &note, place->file);
    fails(file_read_all(place->directory, MOST, &bytes, &length, &note), ERR_NOINPUT, &note, "directory");
    put(place, "");
    holds(place->file, "");
    put(place, "12345678");
    assert_int_equal(file_read_all(place->file, 8, &bytes, &length, &note), 0); /* just fits */
    assert_int_equal(length, 8);
    free(bytes);
    fails(file_read_all(place->file, 7, &bytes, &length, &note), ERR_DATA, &note, "larger than 7 octets");
    assert_int_equal(truncate(place->file, MOST + 1), 0);
    fails(file_read_all(place->file, MOST, &bytes, &length, &note), ERR_DATA, &note, "larger than 1 MiB");
}

static void test_replace(void **state)
{
    const struct place *place = *state;
    struct stat made;
    mode_t mask = umask(027);
    put(place, "one");
    umask(mask);
    assert_int_equal(stat(place->file, &made), 0);
    assert_int_equal(made.st_mode & 07777, 0640); /* as any new file */
    assert_int_equal(chmod(place->file, 0604), 0);
    put(place, "another");
    holds(place->file, "another");
    assert_int_equal(stat(place->file, &made), 0);
    assert_int_equal(made.st_mode & 07777, 0604); /* as it was */
    assert_int_equal(symlink("file", place->link), 0);
    struct err_note note = {""};
    assert_int_equal(file_replace(place->link, "by its link", 11, &note), 0);
    holds(place->file, "by its link");
    assert_int_equal(lstat(place->link, &made), 0);
    assert_true(S_ISLNK(made.st_mode));
}

/* What may not, or cannot, be replaced is as it was. */
static void test_refused(void **state)
{
    const struct place *place = *state;
    struct err_note note = {""};
    bool placed = true;
    char path[256];
    fails(file_replace(place->directory, "x", 1, &note), ERR_NOINPUT, &note, "is no regular file");
    snprintf(path, sizeof path, "%s/none/file", place->directory);
    fails(file_replace_placed(path, "x", 1, &placed, &note), ERR_NOINPUT, &note, path);
    fails(file_check_replace(path, &note), ERR_NOINPUT, &note, path);
    fails(file_check_replace(place->directory, &note), ERR_NOINPUT, &note, "is no regular file");
    assert_true(file_check_replace("/proc/none", &note) < 0);
    assert_int_equal(file_check_replace(place->file, &note), 0);
    assert_false(placed);
    snprintf(path, sizeof path, "%s/", place->file);
    assert_true(file_replace(path, "x", 1, &note) < 0);
    assert_int_equal(symlink("nowhere", place->link), 0);
    fails(file_replace(place->link, "x", 1, &note), ERR_NOINPUT, &note, "leads nowhere");
    assert_int_equal(mkfifo(place->file, 0600), 0);
    fails(file_replace(place->file, "x", 1, &note), ERR_NOINPUT, &note, "is no regular file");
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkdir(place->draft, 0700), 0);
    assert_true(file_replace(place->file, "x", 1, &note) < 0); /* nothing can be made beside it */
    assert_non_null(strstr(note.text, "is not made"));
    assert_int_equal(rmdir(place->draft), 0);
}

static void test_dev_null(void **state)
{
    (void)state;
    struct err_note note = {""};
    fails(file_replace("/dev/null", "x", 1, &note), ERR_NOINPUT, &note, "is no regular file");
}

/* A draft that was left behind, and things that stand where it should. */
static void test_leftover(void **state)
{
    const struct place *place = *state;
    put(place, "old");
    FILE *left = fopen(place->draft, "w");
    assert_non_null(left);
    fputs("half of something that is longer than what comes", left);
    fclose(left);
    put(place, "new");
    holds(place->file, "new");
    assert_int_equal(access(place->draft, F_OK), -1);
    assert_int_equal(symlink("file", place->draft), 0); /* never written through */
    put(place, "newer");
    holds(place->file, "newer");
    assert_int_equal(access(place->draft, F_OK), -1);
}

/* A disk that is full, or a limit, in the middle of it. */
static void test_full(void **state)
{
    const struct place *place = *state;
    int status;
    put(place, "old");
    pid_t pid = fork();
    if (pid == 0) {
        struct err_note note = {""};
        char *large = calloc(1, 5000);
        bool placed = true;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
        int rc = file_replace_placed(place->file, large, 5000, &placed, &note);
        _exit(rc == ERR_IO && !placed && strstr(note.text, "is unchanged") ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    holds(place->file, "old");
    assert_int_equal(access(place->draft, F_OK), -1);
}

/* Each writes a letter as often as the letter says: any mixture shows. */
static bool is_whole(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != *bytes)
            return false;
    return length > 0 && length == (size_t)(*bytes - 'a' + 1) * 4000;
}

static void write_often(const struct place *place, int times)
{
    struct err_note note = {""};
    char bytes[26 * 4000];
    for (int i = 0; times < 0 || i < times; i++) {
        int letter = (int)((unsigned)getpid() * 7 + (unsigned)i * 5) % 26;
        memset(bytes, 'a' + letter, sizeof bytes);
        if (file_replace(place->file, bytes, (size_t)(letter + 1) * 4000, &note))
            _exit(1);
    }
}

static void expect_whole(const struct place *place)
{
    struct err_note note = {""};
    char *bytes;
    size_t length;
    if (file_read_all(place->file, MOST, &bytes, &length, &note))
        fail_msg("%s", note.text);
    if (!is_whole(bytes, length))
        fail_msg("%zu octets, from '%c'", length, *bytes);
    free(bytes);
}

/* Several programs at once, without a lock of their own. */
static void test_together(void **state)
{
    enum { PROGRAMS = 4, EACH = 20 };
    const struct place *place = *state;
    pid_t pids[PROGRAMS];
    int status;
    char first[4000];
    memset(first, 'a', sizeof first);
    struct err_note note = {""};
    assert_int_equal(file_replace(place->file, first, sizeof first, &note), 0);
    for (int i = 0; i < PROGRAMS; i++)
        if ((pids[i] = fork()) == 0) {
            write_often(place, EACH);
            _exit(0);
        }
    for (int i = 0; i < 100; i++)
        expect_whole(place);
    for (int i = 0; i < PROGRAMS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    expect_whole(place);
    assert_int_equal(access(place->draft, F_OK), -1);
}

static void test_killed(void **state)
{
    const struct place *place = *state;
    char first[4000];
    int status;
    struct err_note note = {""};
    memset(first, 'a', sizeof first);
    assert_int_equal(file_replace(place->file, first, sizeof first, &note), 0);
    for (unsigned i = 0; i < 30; i++) {
        pid_t pid = fork();
        if (pid == 0)
            write_often(place, -1);
        usleep(1000 + i * 700);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status)); /* every one went well till then */
        expect_whole(place);
    }
    put(place, "and on");
    holds(place->file, "and on");
    assert_int_equal(access(place->draft, F_OK), -1);
}

/* Read, add one, write: under the lock none is lost. */
static void count_up(const struct place *place, int times)
{
    struct err_note note = {""};
    for (int i = 0; i < times; i++) {
        struct file_held *held;
        struct text text;
        char next[32];
        text_start(&text);
        if (file_hold(place->file, &held, &note) || file_held_read(held, 100, &text, &note))
            _exit(1);
        snprintf(next, sizeof next, "%d", atoi(text.string) + 1);
        if (file_held_replace(held, next, strlen(next), &note))
            _exit(1);
        file_release(held);
        text_free(&text);
    }
}

static void test_held(void **state)
{
    enum { PROGRAMS = 4, EACH = 15 };
    const struct place *place = *state;
    struct file_held *held;
    struct err_note note = {""};
    pid_t pids[PROGRAMS];
    int status;
    fails(file_hold(place->file, &held, &note), ERR_NOINPUT, &note, place->file);
    put(place, "0");
    for (int i = 0; i < PROGRAMS; i++)
        if ((pids[i] = fork()) == 0) {
            count_up(place, EACH);
            _exit(0);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    holds(place->file, "60");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, begin, end),
        cmocka_unit_test_setup_teardown(test_replace, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_leftover, begin, end),
        cmocka_unit_test_setup_teardown(test_full, begin, end),
        cmocka_unit_test_setup_teardown(test_together, begin, end),
        cmocka_unit_test_setup_teardown(test_killed, begin, end),
        cmocka_unit_test_setup_teardown(test_held, begin, end),
        cmocka_unit_test(test_dev_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
