#include "base/utc.h"
#include "io/vclock/vclock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define START (INT64_C(1735689600) * UTC_SECOND) /* 2025-01-01 */
enum { REAL_LIMIT_MS = 20000 };

struct world {
    struct vclock *clock;
    char directory[64], page[96], tools[PATH_MAX];
    pid_t pid;
    int output;
    char said[4096];
};

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err_note note = {""};
    strcpy(w->directory, "/tmp/rollcall-vclock-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    snprintf(w->page, sizeof w->page, "%s/page", w->directory);
    if (vclock_new(w->page, START, &w->clock, &note) < 0)
        fail_msg("%s", note.text);
    assert_int_equal(vclock_library(w->tools, sizeof w->tools, &note), 0);
    *strrchr(w->tools, '/') = '\0';
    w->output = -1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w->pid > 0) {
        kill(-w->pid, SIGKILL);
        waitpid(w->pid, NULL, 0);
    }
    if (w->output >= 0)
        close(w->output);
    vclock_free(w->clock);
    assert_int_equal(access(w->page, F_OK), -1);
    rmdir(w->directory);
    free(w);
    return 0;
}

/* Runs a program beside the library, with two arguments. */
static void start(struct world *w, const char *program, const char *one, const char *two)
{
    char path[PATH_MAX + 64];
    int ends[2];
    snprintf(path, sizeof path, "%s/%s", w->tools, program);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    w->pid = fork();
    assert_true(w->pid >= 0);
    if (w->pid == 0) {
        setpgid(0, 0);
        dup2(ends[1], 1);
        for (const char *const *at = vclock_environment(w->clock); *at; at++)
            putenv((char *)*at);
        execl(path, program, one, two, NULL);
        _exit(127);
    }
    setpgid(w->pid, w->pid);
    close(ends[1]);
    w->output = ends[0];
    w->said[0] = '\0';
}

static const char *said(struct world *w)
{
    size_t length = strlen(w->said);
    ssize_t got = read(w->output, w->said + length, sizeof w->said - 1 - length);
    if (got > 0)
        w->said[length + (size_t)got] = '\0';
    return w->said;
}

static void wait_for(struct world *w, const char *text)
{
    int64_t until = real_ms() + REAL_LIMIT_MS;
    struct vclock_look look;
    while (!strstr(said(w), text) && real_ms() < until) {
        struct pollfd fd = {.fd = w->output, .events = POLLIN};
        poll(&fd, 1, 1);
        vclock_look(w->clock, &look);
    }
    if (!strstr(said(w), text))
        fail_msg("it did not say \"%s\" but \"%s\"", text, w->said);
}

static struct vclock_look settle(struct world *w)
{
    int64_t until = real_ms() + REAL_LIMIT_MS;
    struct vclock_look first, second;
    while (real_ms() < until) {
        vclock_look(w->clock, &first);
        vclock_look(w->clock, &second);
        if (first.asleep && second.asleep && first.turns == second.turns)
            return second;
    }
    fail_msg("it is not asleep");
    return second;
}

static int end(struct world *w)
{
    int status = 0;
    int64_t until = real_ms() + REAL_LIMIT_MS;
    struct vclock_look look;
    while (waitpid(w->pid, &status, WNOHANG) == 0) {
        assert_true(real_ms() < until);
        vclock_look(w->clock, &look);
    }
    vclock_reap(w->clock, w->pid);
    w->pid = 0;
    said(w);
    close(w->output);
    w->output = -1;
    return status;
}

/* Ten seconds before somebody's moment, or to `to_us`. */
static void jump_before(struct world *w, int64_t to_us)
{
    int64_t next_us = settle(w).next_us;
    assert_true(next_us != UTC_OPEN);
    vclock_jump(w->clock, next_us - 10 * UTC_SECOND < to_us ? next_us - 10 * UTC_SECOND : to_us);
    settle(w);
}

/* A wait of an hour ends when the hour is over, not before. */
static void wait_by(struct world *w, const char *name)
{
    start(w, "waits_try", name, "3600");
    wait_for(w, "waits");
    int64_t begin = vclock_now_us(w->clock);
    jump_before(w, begin + 1800 * UTC_SECOND);
    jump_before(w, begin + 3590 * UTC_SECOND);
    if (strcmp(said(w), "waits\n") != 0)
        fail_msg("%s: ended too early: %s", name, w->said);
    int64_t real = real_ms();
    for (int i = 0; i < 60 && !strstr(said(w), "ok\n"); i++) {
        struct vclock_look look = settle(w);
        if (look.next_us == UTC_OPEN)
            break;
        vclock_jump(w->clock, look.next_us);
    }
    int status = end(w);
    if (status != 0 || !strstr(w->said, "ok\n"))
        fail_msg("%s: status %x, %s", name, (unsigned)status, w->said);
    if (real_ms() - real > 5000)
        fail_msg("%s: took %d ms of real time", name, (int)(real_ms() - real));
}

static void every_wait_ends_in_time(void **state)
{
    struct world *w = *state;
    char names[4096], *rest = names;
    start(w, "waits_try", "names", NULL);
    end(w);
    strcpy(names, w->said);
    int count = 0;
    for (char *name; (name = strsep(&rest, "\n")) && *name; count++) {
        print_message("%s\n", name);
        wait_by(w, name);
    }
    assert_true(count > 30);
}

static void time_flows_and_jumps(void **state)
{
    struct world *w = *state;
    int64_t at = vclock_now_us(w->clock);
    assert_in_range(at - START, 0, 5 * UTC_SECOND);
    vclock_jump(w->clock, at - UTC_HOUR);
    assert_true(vclock_now_us(w->clock) >= at);
    vclock_jump(w->clock, START + 180 * UTC_DAY);
    assert_in_range(vclock_now_us(w->clock) - START - 180 * UTC_DAY, 0, UTC_SECOND);
    vclock_jump(w->clock, INT64_MAX);
    assert_in_range(vclock_now_us(w->clock) - START - 180 * UTC_DAY, 0, UTC_SECOND);
    struct vclock_look look = settle(w);
    assert_int_equal(look.processes, 0);
    assert_int_equal(look.next_us, UTC_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(time_flows_and_jumps, setup, teardown),
        cmocka_unit_test_setup_teardown(every_wait_ends_in_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
