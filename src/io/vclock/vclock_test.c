#include "base/utc.h"
#include "io/vclock/page.h"
#include "io/vclock/vclock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* Moments come by jumps alone, and whoever looks reads the same. */
static void time_stands_still(void **state)
{
    static const char *const names[] = {"poll", "nanosleep", "cond_timedwait", "timerfd", "timerfd_repeated",
        "timer", "alarm_read", "setitimer"};
    struct world *w = *state;
    vclock_still(w->clock, START);
    assert_int_equal(vclock_now_us(w->clock), START);
    usleep(10000);
    assert_int_equal(vclock_now_us(w->clock), START);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        wait_by(w, names[i]);
    assert_int_equal((vclock_now_us(w->clock) - START) % 1000, 0);

    /* What is due soon does not come by waiting. */
    start(w, "waits_try", "poll", "1");
    wait_for(w, "waits");
    vclock_jump(w->clock, settle(w).next_us - 100);
    usleep(20000);
    assert_string_equal(said(w), "waits\n");
    vclock_jump(w->clock, settle(w).next_us);
    wait_for(w, "ok");
    assert_int_equal(end(w), 0);
}

/* What programs do */

/* Jumps from moment to moment until it has ended. */
static void run_to_end(struct world *w, const char *name)
{
    int64_t until = real_ms() + REAL_LIMIT_MS;
    int status;
    while (waitpid(w->pid, &status, WNOHANG) == 0) {
        struct vclock_look look;
        vclock_look(w->clock, &look);
        if (look.asleep && look.next_us != UTC_OPEN)
            vclock_jump(w->clock, look.next_us);
        if (real_ms() > until)
            fail_msg("%s: does not end: %s", name, said(w));
    }
    vclock_reap(w->clock, w->pid);
    w->pid = 0;
    said(w);
    if (status != 0 || !strstr(w->said, "ok\n"))
        fail_msg("%s: status %x, %s", name, (unsigned)status, w->said);
    close(w->output);
    w->output = -1;
}

static void programs_do_what_they_do(void **state)
{
    static const char *const names[] = {"fork", "fork_raw", "nap", "exec", "exec_in_thread", "spawn", "vfork",
        "threads", "end_first", "cancel", "longjmp", "urgent", "close_all", "stamps"};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        print_message("%s\n", names[i]);
        start(w, "acts_try", names[i], NULL);
        run_to_end(w, names[i]);
    }
}

static void sleeps_until_jump(void **state)
{
    struct world *w = *state;
    start(w, "acts_try", "interrupted", NULL);
    wait_for(w, "waits");
    settle(w);
    kill(w->pid, SIGUSR1);
    wait_for(w, "again");
    settle(w);
    vclock_jump(w->clock, vclock_now_us(w->clock) + 15 * UTC_MINUTE);
    settle(w);
    kill(w->pid, SIGUSR1);
    run_to_end(w, "interrupted");

    start(w, "acts_try", "nested", NULL);
    wait_for(w, "waits");
    vclock_jump(w->clock, vclock_now_us(w->clock) + 1 * UTC_SECOND);
    settle(w);
    kill(w->pid, SIGUSR1);
    run_to_end(w, "nested");
}

static void no_clock_goes_back(void **state)
{
    struct world *w = *state;
    start(w, "acts_try", "order", NULL);
    wait_for(w, "reads");
    for (int i = 0; i < 2000; i++)
        vclock_jump(w->clock, vclock_now_us(w->clock) + (i % 3 ? UTC_HOUR : 1000));
    kill(w->pid, SIGUSR1);
    run_to_end(w, "order");
}

/* Whoever waits for a moment of the wall clock is told when that clock is set. */
static void wall_clock_is_wrong(void **state)
{
    static const struct {
        int64_t by_s, then_s; /* the wall clock is wrong by so much; then the moment is so far away */
    } cases[] = {{0, 1000}, {600, 400}, {-600, 1600}, {1000, 0}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start(w, "acts_try", "wall", NULL);
        wait_for(w, "waits");
        int64_t begin = vclock_now_us(w->clock);
        settle(w);
        vclock_set_wall(w->clock, cases[i].by_s * UTC_SECOND);
        if (cases[i].then_s) {
            struct vclock_look look = settle(w);
            assert_in_range(look.next_us - begin + 2 * UTC_SECOND, (uint64_t)(cases[i].then_s * UTC_SECOND),
                (uint64_t)((cases[i].then_s + 4) * UTC_SECOND));
        }
        run_to_end(w, "wall");
        vclock_set_wall(w->clock, 0);
    }
}

/* Whenever all seem asleep, no token is under way. */
static void asleep_is_exact(void **state)
{
    struct world *w = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/hops", w->directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 4096), 0);
    const volatile uint64_t *hops = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    start(w, "acts_try", "token", path);
    wait_for(w, "goes");
    for (int i = 0; i < 2000; i++) {
        int64_t next_us = settle(w).next_us;
        assert_int_equal(*hops % 120, 0);
        assert_true(next_us != UTC_OPEN);
        vclock_jump(w->clock, next_us);
    }
    assert_true(*hops > 120 * 100);
    munmap((void *)hops, 4096);
    unlink(path);
}

/* The page */

static struct page *map_page(struct world *w)
{
    int fd = open(w->page, O_RDWR | O_CLOEXEC);
    struct page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    assert_true(page != MAP_FAILED);
    return page;
}

static size_t owned(const struct page *page)
{
    size_t count = 0;
    for (size_t i = 0; i < PAGE_SLOTS; i++)
        count += atomic_load(&page->slots[i].owner) != 0;
    for (size_t i = 0; i < PAGE_TIMERS; i++)
        count += atomic_load(&page->timers[i].owner) != 0;
    for (size_t i = 0; i < PAGE_PROCESSES; i++)
        count += atomic_load(&page->processes[i].who) != 0;
    return count;
}

static void dead_leave_nothing(void **state)
{
    struct world *w = *state;
    struct page *page = map_page(w);
    struct vclock_look look;
    start(w, "acts_try", "threads", NULL);
    while (settle(w).threads < 7)
        ;
    assert_true(owned(page) > 6);
    assert_true(vclock_reaches(w->clock, w->pid));
    kill(w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    for (int i = 0; i < 3; i++) /* without vclock_reap() */
        vclock_look(w->clock, &look);
    assert_int_equal(owned(page), 0);
    assert_int_equal(look.processes, 0);
    assert_int_equal(look.next_us, UTC_OPEN);
    assert_true(look.asleep);
    assert_false(vclock_reaches(w->clock, w->pid));

    start(w, "waits_try", "alarm", "3600");
    wait_for(w, "waits");
    settle(w);
    kill(w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    vclock_reap(w->clock, w->pid);
    w->pid = 0;
    assert_int_equal(owned(page), 0);

    /* Each of many programs finds place. */
    for (int i = 0; i < 300; i++) {
        start(w, "waits_try", "usleep", "0");
        end(w);
    }
    vclock_look(w->clock, &look);
    assert_int_equal(owned(page), 0);
    assert_true(atomic_load(&page->slots_used) < 20);
    munmap(page, sizeof *page);
}

/* Who finds no slot waits in small pieces of real time: it misses nothing. */
static void page_is_full(void **state)
{
    struct world *w = *state;
    struct page *page = map_page(w);
    for (size_t i = 0; i < PAGE_SLOTS; i++)
        atomic_store(&page->slots[i].owner, 1);
    static const char *const names[] = {"poll", "select", "epoll_wait", "cond_timedwait", "sem_timedwait",
        "mutex_timedlock", "sigtimedwait", "nanosleep", "recv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        print_message("%s\n", names[i]);
        start(w, "waits_try", names[i], "3600");
        wait_for(w, "waits");
        usleep(20000);
        bool may_end = strcmp(names[i], "cond_timedwait") == 0; /* for no reason, and does */
        assert_true(may_end || strcmp(said(w), "waits\n") == 0);
        vclock_jump(w->clock, vclock_now_us(w->clock) + UTC_HOUR);
        int status = end(w);
        if (!may_end && (status || !strstr(w->said, "ok")))
            fail_msg("%s: %x %s", names[i], (unsigned)status, w->said);
    }
    assert_true(atomic_load(&page->lost) > 0);
    munmap(page, sizeof *page);
}

/* A program writes where it should not. */
static void page_is_damaged(void **state)
{
    struct world *w = *state;
    struct page *page = map_page(w);
    struct vclock_look look;
    uint64_t random = 88172645463325252U;
    start(w, "acts_try", "threads", NULL);
    while (settle(w).threads < 7)
        ;
    kill(w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    for (int i = 0; i < 3000; i++) {
        for (int k = 0; k < 40; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            size_t at = random % (i % 2 ? sizeof *page / 8 : 700);
            uint64_t value = i % 3 == 0   ? random
                             : i % 3 == 1 ? random >> 60
                                          : (uint64_t)(uint32_t)w->pid << 32 | random >> 60;
            ((volatile uint64_t *)page)[at] = value;
        }
        int64_t before = vclock_now_us(w->clock);
        vclock_look(w->clock, &look);
        vclock_jump(w->clock, before + UTC_SECOND);
        vclock_set_wall(w->clock, i % 5);
        vclock_reaches(w->clock, w->pid);
        vclock_reap(w->clock, w->pid);
        assert_in_range(vclock_now_us(w->clock) - before, UTC_SECOND, 20 * UTC_SECOND);
    }
    w->pid = 0;
    munmap(page, sizeof *page);
}

static void reaches(void **state)
{
    struct world *w = *state;
    struct vclock_look look;
    start(w, "acts_try", "leave", NULL);
    do
        look = settle(w);
    while (look.next_us == UTC_OPEN);
    assert_int_equal(look.processes, 1);
    assert_true(vclock_reaches(w->clock, w->pid));
    vclock_jump(w->clock, look.next_us);
    for (int i = 0; i < 2000 && vclock_reaches(w->clock, w->pid); i++)
        usleep(1000);
    assert_false(vclock_reaches(w->clock, w->pid));
    assert_false(vclock_reaches(w->clock, getpid()));
}

static void bad_wishes(void **state)
{
    struct vclock *clock = NULL;
    struct err_note note = {""};
    char path[64] = "/tmp/rollcall-vclock-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(vclock_new(path, START, &clock, &note), ERR_IO); /* never over a file that is there */
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    assert_int_equal(vclock_new("/nowhere/page", START, &clock, &note), ERR_IO);
    assert_non_null(strstr(note.text, "/nowhere/page"));
    assert_int_equal(vclock_new(path, UTC_LAST, &clock, &note), ERR_USAGE);
    assert_int_equal(access(path, F_OK), -1);
    setenv("ROLLCALL_CLOCK_LIBRARY", "/nowhere/lib.so", 1);
    assert_int_equal(vclock_new(path, START, &clock, &note), ERR_NOINPUT);
    assert_non_null(strstr(note.text, "/nowhere/lib.so"));
    assert_int_equal(access(path, F_OK), -1);
    unsetenv("ROLLCALL_CLOCK_LIBRARY");
    vclock_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(time_flows_and_jumps, setup, teardown),
        cmocka_unit_test_setup_teardown(every_wait_ends_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(time_stands_still, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_do_what_they_do, setup, teardown),
        cmocka_unit_test_setup_teardown(sleeps_until_jump, setup, teardown),
        cmocka_unit_test_setup_teardown(no_clock_goes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(wall_clock_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(asleep_is_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_leave_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(page_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(page_is_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(reaches, setup, teardown),
        cmocka_unit_test(bad_wishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
