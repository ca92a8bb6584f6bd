#include "io/proc/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Each case in a process of its own, since there is no way back. */
static int in_child(int (*function)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(function());
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int become_65534(void)
{
    struct err_note note = {""};
    if (privilege_drop("65534", "65533", &note))
        return 1;
    if (getuid() != 65534 || geteuid() != 65534 || getgid() != 65533 || getgroups(0, NULL) != 0)
        return 2;
    if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0)
        return 3;
    char line[200];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if ((!strncmp(line, "CapPrm:", 7) || !strncmp(line, "CapEff:", 7)) &&
            !strstr(line, "0000000000000000"))
            return 4;
    if (status)
        fclose(status);
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

static void test_drop(void **state)
{
    if (geteuid() != 0) {
        print_message("skipped: needs root\n");
        skip();
    }
    assert_int_equal(in_child(become_65534), 0);
}

static int drop_twice(void)
{
    if (privilege_drop("65534", NULL, NULL))
        return 1;
    return privilege_drop("65534", NULL, NULL) ? 2 : privilege_drop("65533", NULL, NULL) == ERR_PERM ? 0 : 3;
}

static void test_same_user_again_is_no_error(void **state)
{
    if (geteuid() != 0) {
        print_message("skipped: needs root\n");
        skip();
    }
    assert_int_equal(in_child(drop_twice), 0);
}

static int without_user(void)
{
    uid_t before = getuid();
    if (privilege_drop(NULL, NULL, NULL) || privilege_drop("", NULL, NULL) || getuid() != before)
        return 1;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static void test_without_user(void **state)
{
    assert_int_equal(in_child(without_user), 0);
}

static void test_unknown_names(void **state)
{
    struct err_note note = {""};
    assert_int_equal(privilege_drop("no-such-user", NULL, &note), ERR_CONFIG);
    assert_string_equal(note.text, "user no-such-user does not exist");
    assert_int_equal(privilege_drop("65534", "no-such-group", &note), ERR_CONFIG);
    assert_string_equal(note.text, "group no-such-group does not exist");
    assert_int_equal(privilege_drop("root", NULL, &note), ERR_CONFIG);
    assert_int_equal(privilege_drop("4294967295", NULL, &note), ERR_CONFIG); /* would mean "unchanged" */
    assert_int_equal(privilege_drop("-1", NULL, &note), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_same_user_again_is_no_error),
        cmocka_unit_test(test_without_user),
        cmocka_unit_test(test_unknown_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
