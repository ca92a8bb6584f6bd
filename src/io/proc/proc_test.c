#include "io/proc/clock.h"
#include "io/proc/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct world {
    struct loop *loop;
    unsigned ended, wanted;
    struct proc_end end;
    char directory[64], output[96];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(loop_new(&w->loop), 0);
    w->wanted = 1;
    strcpy(w->directory, "/tmp/rollcall-proc-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    snprintf(w->output, sizeof w->output, "%s/out", w->directory);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_free(w->loop);
    unlink(w->output);
    rmdir(w->directory);
    free(w);
    return 0;
}

static void on_end(void *context, struct proc *proc, struct proc_end end)
{
    struct world *w = context;
    w->end = end;
    if (++w->ended == w->wanted)
        loop_stop(w->loop);
}

static struct proc *start(struct world *w, const char *script)
{
    static const char *const environment[] = {"ROLLCALL_A=new", "ROLLCALL_B=added", NULL};
    const char *argv[] = {"sh", "-c", script, NULL};
    struct proc_spec spec = {
        .argv = argv, .environment = environment, .directory = w->directory, .output = w->output};
    struct proc *proc = NULL;
    struct err_note note = {""};
    assert_int_equal(proc_start(w->loop, &spec, on_end, w, &proc, &note), 0);
    return proc;
}

static const char *output(struct world *w)
{
    static char text[1000];
    FILE *file = fopen(w->output, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    return text;
}

static bool gone(pid_t pid)
{
    for (int i = 0; i < 400; i++) {
        char path[40], state = 'X';
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
        FILE *stat = fopen(path, "r");
        if (stat) {
            if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
                state = 'X';
            fclose(stat);
        }
        if (state == 'X' || state == 'Z')
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

static void test_exit_code_environment_directory_output(void **state)
{
    struct world *w = *state;
    setenv("ROLLCALL_A", "old", 1);
    setenv("ROLLCALL_KEPT", "kept", 1);
    start(w, "echo $ROLLCALL_A $ROLLCALL_B $ROLLCALL_KEPT; pwd >&2; cat; exit 7");
    loop_run(w->loop);
    assert_false(w->end.by_signal);
    assert_int_equal(w->end.code, 7);
    char expected[200];
    snprintf(expected, sizeof expected, "new added kept\n%s\n", w->directory);
    assert_string_equal(output(w), expected);
    struct stat mode;
    assert_int_equal(stat(w->output, &mode), 0);
    assert_int_equal(mode.st_mode & 0777, 0600);
}

static void test_nothing_inherited(void **state)
{
    struct world *w = *state;
    int null = open("/dev/null", O_RDONLY);
    int fd =
        fcntl(null, F_DUPFD, 100); /* without O_CLOEXEC, as a library might; a number that no shell uses */
    close(null);
    assert_true(fd >= 100);
    signal(SIGPIPE, SIG_IGN);
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    char command[200];
    snprintf(command, sizeof command,
        "[ ! -e /proc/$$/fd/%d ] || echo open; grep -E 'Sig(Blk|Ign)' /proc/$$/status | tr -d '[:space:]'",
        fd);
    start(w, command);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(fd);
    loop_run(w->loop);
    const char *text = output(w);
    assert_null(strstr(text, "open"));
    unsigned long long blocked, ignored; /* one bit for each signal; 32 and 33 are the C library's own, and
                                            make leaves them ignored */
    const char *masks = strstr(text, "SigBlk:");
    assert_non_null(masks);
    assert_int_equal(sscanf(masks, "SigBlk:%16llxSigIgn:%16llx", &blocked, &ignored), 2);
    assert_int_equal(blocked & 0x7fffffff, 0);
    assert_int_equal(ignored & 0x7fffffff, 0);
}

static void test_stop_with_and_without_grace(void **state)
{
    struct world *w = *state;
    proc_stop(start(w, "sleep 60"), 5000);
    loop_run(w->loop);
    assert_true(w->end.by_signal);
    assert_int_equal(w->end.code, SIGTERM);
    w->ended = 0;
    struct proc *deaf = start(w, "trap '' TERM; echo ready; while :; do sleep 0.02; done");
    while (!strstr(output(w), "ready"))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    int64_t begin = clock_mono_us();
    proc_stop(deaf, 100);
    loop_run(w->loop);
    assert_true(w->end.by_signal);
    assert_int_equal(w->end.code, SIGKILL);
    assert_true(clock_mono_us() - begin >= 100000);
}

static void test_its_own_children_end_with_it(void **state)
{
    struct world *w = *state;
    start(w, "sleep 60 & echo $!");
    loop_run(w->loop);
    pid_t grandchild = (pid_t)atol(output(w));
    assert_true(grandchild > 1);
    assert_true(gone(grandchild));
}

static void test_end_all_waits(void **state)
{
    struct world *w = *state;
    w->wanted = 100;
    start(w, "sleep 60");
    start(w, "trap '' TERM; while :; do sleep 0.02; done");
    proc_end_all(w->loop, 200);
    assert_int_equal(w->ended, 2);
    start(w, "sleep 60"); /* freed with the loop */
}

static void test_what_cannot_start(void **state)
{
    struct world *w = *state;
    struct proc *proc;
    static const char *const missing[] = {"rollcall-no-such-program", NULL},
                             *const plain[] = {"/etc/passwd", NULL},
                             *const sh[] = {"/bin/sh", "-c", "exit 0", NULL};
    struct {
        struct proc_spec spec;
        int rc;
        const char *says;
    } cases[] = {
        {{.argv = missing}, ERR_UNAVAILABLE, "rollcall-no-such-program: no such program"},
        {{.argv = plain}, ERR_UNAVAILABLE, "/etc/passwd: no such program"},
        {{.argv = sh, .directory = "/nonexistent"}, ERR_IO,
            "/bin/sh: cannot run in /nonexistent: No such file or directory"},
        {{.argv = sh, .output = "/nonexistent/out"}, ERR_IO,
            "/bin/sh: cannot write to /nonexistent/out: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err_note note = {""};
        assert_int_equal(proc_start(w->loop, &cases[i].spec, on_end, w, &proc, &note), cases[i].rc);
        assert_string_equal(note.text, cases[i].says);
    }
    assert_int_equal(w->ended, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing left to reap */
    assert_int_equal(errno, ECHILD);
}

/* A process that starts a child is killed without warning; the child must end too. */
static void test_killed_with_us(void **state)
{
    struct world *w = *state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t between = fork();
    if (between == 0) {
        struct loop *loop;
        struct proc *proc;
        const char *argv[] = {"sleep", "60", NULL};
        struct proc_spec spec = {.argv = argv};
        pid_t pid = loop_new(&loop) || proc_start(loop, &spec, NULL, NULL, &proc, NULL) ? 0 : proc_pid(proc);
        if (write(pipes[1], &pid, sizeof pid) > 0)
            pause();
        _exit(1);
    }
    pid_t child = 0;
    assert_int_equal(read(pipes[0], &child, sizeof child), sizeof child);
    assert_true(child > 1);
    assert_int_equal(kill(child, 0), 0);
    kill(between, SIGKILL);
    waitpid(between, NULL, 0);
    assert_true(gone(child));
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(w->ended, 0);
}

static void test_find(void **state)
{
    char path[200];
    assert_true(proc_find("sh", "/nonexistent:/bin", path, sizeof path));
    assert_string_equal(path, "/bin/sh");
    assert_true(proc_find("/bin/sh", NULL, path, sizeof path));
    assert_false(proc_find("/etc/passwd", NULL, path, sizeof path));
    assert_false(proc_find("rollcall-no-such-program", "/bin", path, sizeof path));
    assert_false(proc_find("sh", "/bin", path, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exit_code_environment_directory_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_inherited, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_with_and_without_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_its_own_children_end_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end_all_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_with_us, setup, teardown),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
