/* clock_drive JUMPS STEP PROGRAM [ARGUMENT…]: runs a program under the virtual clock, lets it come to rest,
 * and jumps JUMPS times by STEP seconds, each time when all its threads are asleep. Prints what a jump cost;
 * then ends the program with SIGTERM. Exit code 1: it did not come to rest within five seconds, or ended too
 * early; 69: it is out of the clock's reach. clock_drive hold PAGE: makes a page and keeps it. */
#include "base/utc.h"
#include "io/vclock/vclock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START (INT64_C(1735689600) * UTC_SECOND) /* 2025-01-01 */
enum { REST_MS = 5000, START_MS = 700, GRACE_MS = 5000 };

static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * UTC_SECOND + now.tv_nsec / 1000;
}

static pid_t run(struct vclock *clock, char **argv)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const char *const *at = vclock_environment(clock); *at; at++)
        putenv((char *)*at);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

/* Until two looks see the same, and nobody at work. */
static int settle(struct vclock *clock, pid_t pid, struct vclock_look *ret_look)
{
    struct vclock_look before;
    for (int64_t until = real_us() + REST_MS * 1000; real_us() < until;) {
        vclock_look(clock, &before);
        if (!before.asleep)
            continue;
        vclock_look(clock, ret_look);
        if (ret_look->asleep && ret_look->turns == before.turns && ret_look->processes > 0)
            return 0;
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            fprintf(stderr, "clock_drive: the program has ended\n");
            return -1;
        }
    }
    fprintf(stderr, "clock_drive: the program does not come to rest\n");
    return -1;
}

/* Programs start in steps, with a rest between them. */
static int let_start(struct vclock *clock, pid_t pid, struct vclock_look *ret_look)
{
    for (int64_t until = real_us() + START_MS * 1000; real_us() < until; usleep(1000))
        vclock_look(clock, ret_look);
    return settle(clock, pid, ret_look);
}

static int drive(struct vclock *clock, pid_t pid, int jumps, int64_t step_us)
{
    struct vclock_look look;
    if (let_start(clock, pid, &look) < 0)
        return 1;
    if (!vclock_reaches(clock, pid)) {
        fprintf(stderr, "clock_drive: the program is out of reach\n");
        return 69;
    }
    int64_t begin = real_us(), virtual = vclock_now_us(clock);
    for (int i = 0; i < jumps; i++) {
        vclock_jump(clock, vclock_now_us(clock) + step_us);
        if (settle(clock, pid, &look) < 0)
            return 1;
    }
    double took = (double)(real_us() - begin),
           days = (double)(vclock_now_us(clock) - virtual) / (double)UTC_DAY;
    printf("%zu processes, %zu threads, %d jumps, %.1f days, %.0f us a jump\n", look.processes, look.threads,
        jumps, days, took / jumps);
    return 0;
}

/* It ends by itself when it is asked to: the clock does not hold it. */
static int end(struct vclock *clock, pid_t pid)
{
    struct vclock_look look;
    kill(pid, SIGTERM);
    for (int64_t until = real_us() + GRACE_MS * 1000; real_us() < until; usleep(1000)) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return 0;
        vclock_look(clock, &look);
        if (look.asleep && look.next_us != UTC_OPEN)
            vclock_jump(clock, look.next_us);
    }
    fprintf(stderr, "clock_drive: the program does not end\n");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 1;
}

/* Keeps a page for whoever is started elsewhere, until its standard input ends. */
static int hold(const char *page)
{
    struct vclock *clock = NULL;
    struct err_note note = {""};
    int rc = vclock_new(page, START, &clock, &note);
    printf("%s\n", rc < 0 ? note.text : "holds");
    fflush(stdout);
    while (rc == 0 && getchar() != EOF)
        ;
    vclock_free(clock);
    return rc < 0 ? err_exit(rc) : 0;
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/rollcall-clock-XXXXXX", page[64];
    struct vclock *clock = NULL;
    struct err_note note = {""};
    if (argc == 3 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2]);
    if (argc < 4 || atoi(argv[1]) <= 0 || atof(argv[2]) <= 0)
        return 64;
    if (!mkdtemp(directory))
        return 74;
    snprintf(page, sizeof page, "%s/page", directory);
    int rc = vclock_new(page, START, &clock, &note);
    if (rc < 0) {
        fprintf(stderr, "clock_drive: %s\n", note.text);
    } else {
        pid_t pid = run(clock, argv + 3);
        rc = drive(clock, pid, atoi(argv[1]), (int64_t)(atof(argv[2]) * (double)UTC_SECOND));
        if (end(clock, pid) && rc == 0)
            rc = 1;
    }
    vclock_free(clock);
    rmdir(directory);
    return rc < 0 ? err_exit(rc) : rc;
}
