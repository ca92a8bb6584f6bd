/* kill9 ROUNDS [SEED] DIR: a process works on a store, with queries recorded through the recorder at the same
 * time, and is killed with SIGKILL at a random moment; what it had acknowledged (through a pipe) must be
 * there, and the store ready within two seconds. The store goes on from round to round, and begins anew
 * every 25. */
#include "work.h"

#include "app/serve/recorder.h"
#include "io/proc/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ACKS = 20000, ANEW = 10 };
static const int64_t ready_within_us = 2 * UTC_SECOND;

/* Queries as fast as two thousand a second, of probe names. */
static void *load(void *context)
{
    struct recorder *recorder = context;
    struct zone_event event = {.record = true, .probe = true, .qname = {.length = 5, .wire = "\3abc"}};
    for (;;) {
        for (int i = 0; i < 10; i++)
            recorder_push(recorder, &event);
        usleep(5000);
    }
    return NULL;
}

static int work_on(const char *directory, uint32_t seed, int out)
{
    struct err_note note = {""};
    struct work work = {.seed = seed, .now_us = clock_now_us(), .number = clock_mono_us(), .queries = true};
    struct recorder *recorder = NULL;
    struct recorder_options options = {.directory = directory};
    pthread_t thread;
    if (store_open(directory, false, &work.store, &note) != 0 ||
        recorder_start(&options, &recorder, &note) != 0 ||
        pthread_create(&thread, NULL, load, recorder) != 0) {
        fprintf(stderr, "writer: %s\n", note.text);
        return 1;
    }
    for (;;) {
        struct work_ack ack;
        if (work_step(&work, &ack, &note) != 0) {
            fprintf(stderr, "writer: %s\n", note.text);
            return 1;
        }
        if (write(out, &ack, sizeof ack) != (ssize_t)sizeof ack)
            return 1;
    }
}

static void empty(const char *directory)
{
    static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm", "queries.db",
        "queries.db-wal", "queries.db-shm", "state.db.new", "state.db.new-wal", "state.db.new-shm",
        "state.db.new-journal", "queries.db.new", "queries.db.new-wal", "queries.db.new-shm",
        "queries.db.new-journal"};
    char path[512];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
}

/* Lets a writer run for some milliseconds and kills it; collects what it acknowledged. -1: it ended by
 * itself. */
static int run_and_kill(
    const char *directory, uint32_t seed, int64_t most_us, struct work_ack *acks, size_t *count)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(work_on(directory, seed, ends[1]));
    }
    close(ends[1]);
    int64_t end_us = clock_mono_us() + (int64_t)seed * 37 % most_us;
    while (clock_mono_us() < end_us)
        usleep(200);
    kill(pid, SIGKILL);
    while (*count < MOST_ACKS && read(ends[0], &acks[*count], sizeof *acks) == (ssize_t)sizeof *acks)
        ++*count;
    close(ends[0]);
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : -1;
}

static int64_t check_after(
    const char *directory, const struct work_ack *acks, size_t count, struct work_loss *loss)
{
    struct err_note note = {""};
    struct store *store = NULL;
    int64_t start_us = clock_mono_us();
    if (store_open(directory, false, &store, &note) != 0) {
        fprintf(stderr, "does not open: %s\n", note.text);
        return -1;
    }
    int64_t took_us = clock_mono_us() - start_us;
    int err = store_check(store, &note);
    if (!err)
        err = work_verify(store, acks, count, loss, &note);
    if (err)
        fprintf(stderr, "after the kill: %s\n", note.text);
    store_close(store);
    return err ? -1 : took_us;
}

int main(int argc, char **argv)
{
    static struct work_ack acks[MOST_ACKS];
    if (argc < 3) {
        fprintf(stderr, "usage: kill9 ROUNDS [SEED] DIR\n");
        return 64;
    }
    const char *directory = argv[argc - 1];
    unsigned rounds = (unsigned)strtoul(argv[1], NULL, 10), bad = 0;
    uint32_t seed = argc > 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20171011;
    struct work_loss loss = {0};
    size_t count = 0, acked = 0;
    int64_t slowest_us = 0;
    for (unsigned i = 0; i < rounds; i++) {
        bool anew = i % ANEW == 0;
        if (anew || count > MOST_ACKS / 2) {
            empty(directory);
            acked += count;
            count = 0;
        }
        seed = seed * 1664525u + 1013904223u;
        if (run_and_kill(directory, seed >> 8, anew ? 15000 : 150000, acks, &count) != 0)
            return 70;
        int64_t took_us = check_after(directory, acks, count, &loss);
        bad += took_us < 0 || took_us > ready_within_us;
        slowest_us = took_us > slowest_us ? took_us : slowest_us;
    }
    printf("%u kills, %zu acknowledged writes: %zu lost, %zu half there, %u stores bad or slow; slowest "
           "ready after %.3f s\n",
        rounds, acked + count, loss.state + loss.queries, loss.halves, bad, (double)slowest_us / 1e6);
    return loss.state || loss.queries || loss.halves || bad ? 1 : 0;
}
