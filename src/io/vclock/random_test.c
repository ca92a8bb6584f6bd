#include "base/utc.h"
#include "io/vclock/vclock.h"

#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define START (INT64_C(1735689600) * UTC_SECOND)
enum { MOST = 2048, LEAST_WAYS = 9 };

/* A space's ids are its own, and threads are told by theirs. False: no such namespace is to be had. */
static bool ids_are_ours(void)
{
    int status = 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
        return false;
    pid_t first = fork();
    if (first <= 0)
        return first == 0;
    waitpid(first, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/* What random_try draws under the clock. */
static void draw(const struct vclock *clock, char ret[MOST])
{
    char library[PATH_MAX], path[PATH_MAX + 16];
    struct err_note note = {""};
    int ends[2], status;
    assert_int_equal(vclock_library(library, sizeof library, &note), 0);
    *strrchr(library, '/') = '\0';
    snprintf(path, sizeof path, "%s/random_try", library);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        for (const char *const *at = vclock_environment(clock); *at; at++)
            putenv((char *)*at);
        if (ids_are_ours())
            execl(path, path, NULL);
        else
            execl(path, path, "no-threads", NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], ret + length, MOST - 1 - length)) > 0)
        length += (size_t)got;
    ret[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_non_null(strstr(ret, "\nok\n"));
}

static const char *number_of(const char *line)
{
    return strchr(line, ' ');
}

/* Each way gives the same, or none does; returns how many there are. */
static size_t compare(const char *a, const char *b, bool alike)
{
    size_t ways = 0;
    for (; strncmp(a, "ok", 2) != 0; a = strchr(a, '\n') + 1, b = strchr(b, '\n') + 1, ways++) {
        size_t length = strcspn(a, "\n");
        if ((strncmp(a, b, length) == 0) != alike)
            fail_msg("%.*s and %.*s are %salike", (int)length, a, (int)length, b, alike ? "not " : "");
    }
    return ways;
}

/* No way gives what another does: neither the threads nor the children go in step. */
static void differ(const char *drawn)
{
    for (const char *a = drawn; strncmp(a, "ok", 2) != 0; a = strchr(a, '\n') + 1)
        for (const char *b = strchr(a, '\n') + 1; strncmp(b, "ok", 2) != 0; b = strchr(b, '\n') + 1)
            if (strncmp(number_of(a), number_of(b), 2 * 8) == 0)
                fail_msg("%.*s twice", (int)strcspn(a, "\n"), a);
}

static void a_seed_draws_the_same(void **state)
{
    char directory[] = "/tmp/rollcall-random-XXXXXX", page[64], first[MOST], again[MOST];
    struct vclock *clock = NULL;
    struct err_note note = {""};
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(page, sizeof page, "%s/page", directory);
    if (vclock_new(page, START, &clock, &note))
        fail_msg("%s", note.text);
    draw(clock, first); /* without a seed: real */
    draw(clock, again);
    assert_true(compare(first, again, false) >= LEAST_WAYS);
    vclock_seed(clock, 1);
    draw(clock, first);
    draw(clock, again);
    assert_true(compare(first, again, true) >= LEAST_WAYS);
    differ(first);
    vclock_seed(clock, 2);
    draw(clock, again);
    compare(first, again, false);
    vclock_free(clock);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_seed_draws_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
