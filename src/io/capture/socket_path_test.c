/* Sockets in the file system: made with the right mode, in the place of none that lives, and removed. */
#include "io/capture/socket_path.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/socket_path_test.XXXXXX";
static char path[sizeof directory + 16];

static int open_it(struct socket_path *ret, struct err_note *note)
{
    *note = (struct err_note){""};
    int rc = socket_path_open(path, ret, note);
    if (rc != 0)
        assert_non_null(strstr(note->text, path));
    return rc;
}

static void test_mode(void **state)
{
    static const mode_t masks[] = {0, 022, 077, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        struct socket_path made;
        struct err_note note;
        struct stat there;
        mode_t before = umask(masks[i]);
        int rc = open_it(&made, &note);
        umask(before);
        assert_int_equal(rc, 0);
        assert_int_equal(lstat(path, &there), 0);
        assert_int_equal(there.st_mode & 07777, 0660);
        assert_true(S_ISSOCK(there.st_mode));
        socket_path_close(&made);
        assert_int_equal(lstat(path, &there), -1);
    }
}

static void test_left_behind(void **state)
{
    struct socket_path left, made;
    struct err_note note;
    assert_int_equal(open_it(&left, &note), 0);
    close(left.fd); /* as by kill -9 */
    assert_int_equal(open_it(&made, &note), 0);
    socket_path_close(&made);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_taken(void **state)
{
    struct socket_path first, second;
    struct err_note note;
    assert_int_equal(open_it(&first, &note), 0);
    assert_int_equal(open_it(&second, &note), ERR_UNAVAILABLE);
    assert_int_equal(access(path, F_OK), 0);
    socket_path_close(&first);
}

/* What is no socket is not touched; nor is what came in our place. */
static void test_other_files(void **state)
{
    struct socket_path made;
    struct err_note note;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(open_it(&made, &note), ERR_UNAVAILABLE);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(symlink("elsewhere", path), 0);
    assert_int_equal(open_it(&made, &note), ERR_UNAVAILABLE);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(open_it(&made, &note), 0);
    assert_int_equal(unlink(path), 0);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    socket_path_close(&made);
    assert_int_equal(unlink(path), 0);
}

static void test_bad_paths(void **state)
{
    static const struct {
        size_t length; /* of a path made of this many letters */
        int want;
    } cases[] = {{0, ERR_USAGE}, {107, ERR_NOINPUT}, {108, ERR_USAGE}, {4000, ERR_USAGE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char long_path[4001];
        memset(long_path, 'x', cases[i].length);
        long_path[cases[i].length] = '\0';
        if (cases[i].length > 3)
            memcpy(long_path, "/x/", 3);
        struct socket_path made;
        struct err_note note = {""};
        assert_int_equal(socket_path_open(long_path, &made, &note), cases[i].want);
        assert_true(note.text[0] != '\0');
    }
}

static int make_directory(void **state)
{
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/socket", directory);
    return 0;
}

static int remove_directory(void **state)
{
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode),
        cmocka_unit_test(test_left_behind),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_bad_paths),
    };
    return cmocka_run_group_tests_name("io/capture/socket_path", tests, make_directory, remove_directory);
}
