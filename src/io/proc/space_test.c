#include "io/proc/proc.h"
#include "io/proc/space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const char *const addresses[] = {"198.41.0.4", "2001:503:ba3e::2:30"};
static const struct space_spec usual = {.addresses = addresses, .address_count = 2};

/* What main() of a space sees; shown to the test by its exit code, and by a line in a file where it fails. */
struct inside {
    char directory[64];
    int fd;
};

#define INSIST(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "in the space, line %d: %s (%s)\n", __LINE__, #condition, strerror(errno));      \
            return 1;                                                                                        \
        }                                                                                                    \
    } while (0)

static int setup(void **state)
{
    struct inside *inside = calloc(1, sizeof *inside);
    strcpy(inside->directory, "/tmp/rollcall-space-XXXXXX");
    assert_non_null(mkdtemp(inside->directory));
    *state = inside;
    return 0;
}

static int teardown(void **state)
{
    struct inside *inside = *state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", inside->directory);
    int rc = system(command);
    free(inside);
    return rc;
}

/* Namespaces may be forbidden where the tests run: then all there is to test is what is said about it. */
static pid_t start(const struct space_spec *spec, space_main *main, void *context)
{
    struct err_note note = {""};
    pid_t pid = -1;
    int rc = space_start(spec, main, context, &pid, &note);
    if (rc == ERR_PERM) {
        print_message("skipped: %s\n", note.text);
        skip();
    }
    if (rc)
        print_message("%s\n", note.text);
    assert_int_equal(rc, 0);
    assert_true(pid > 1);
    return pid;
}

static int code_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int bind_to(const char *address, int type, int family)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(family, address, family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr);
    int fd = socket(family, type | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const struct sockaddr *where = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    return bind(fd, where, family == AF_INET ? sizeof four : sizeof six) == 0 ? fd : -1;
}

/* Only loopback, with the addresses; no route leads out. */
static int sees_network(void *context)
{
    struct ifaddrs *list;
    INSIST(getifaddrs(&list) == 0);
    for (struct ifaddrs *at = list; at; at = at->ifa_next)
        INSIST(!strcmp(at->ifa_name, "lo"));
    freeifaddrs(list);
    INSIST(getpid() == 1);
    INSIST(geteuid() == 0);
    INSIST(bind_to("198.41.0.4", SOCK_DGRAM, AF_INET) >= 0);
    INSIST(bind_to("2001:503:ba3e::2:30", SOCK_DGRAM, AF_INET6) >= 0);
    INSIST(bind_to("192.0.2.1", SOCK_DGRAM, AF_INET) < 0);
    struct sockaddr_in outside = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "8.8.8.8", &outside.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    INSIST(connect(fd, (struct sockaddr *)&outside, sizeof outside) < 0 && errno == ENETUNREACH);
    return 7;
}

static void test_network(void **state)
{
    assert_int_equal(code_of(start(&usual, sees_network, NULL)), 7);
}

static int sees_ethernet(void *context)
{
    int ours = bind_to(SPACE_OUR_ADDRESS, SOCK_DGRAM, AF_INET),
        theirs = bind_to(SPACE_THEIR_ADDRESS, SOCK_DGRAM, AF_INET);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, SPACE_OUR_ADDRESS, &to.sin_addr);
    INSIST(ours >= 0 && theirs >= 0);
    INSIST(sendto(theirs, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1);
    char octet;
    INSIST(recv(ours, &octet, 1, 0) == 1);
    struct ifaddrs *list;
    unsigned running = 0;
    INSIST(getifaddrs(&list) == 0);
    for (struct ifaddrs *at = list; at; at = at->ifa_next)
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET && strncmp(at->ifa_name, "lab", 3) == 0)
            running += (at->ifa_flags & 0x40) != 0; /* IFF_RUNNING: there is a carrier */
    freeifaddrs(list);
    INSIST(running == 2);
    return 0;
}

static void test_ethernet(void **state)
{
    struct space_spec spec = usual;
    spec.ethernet = true;
    assert_int_equal(code_of(start(&spec, sees_ethernet, NULL)), 0);
}

static bool holds(const char *path, const char *text)
{
    char line[100] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return read && !strcmp(line, text);
}

static int put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return -1;
    fputs(text, file);
    return fclose(file);
}

static int mounts(void *context)
{
    const struct inside *inside = context;
    struct err_note note;
    INSIST(chdir(inside->directory) == 0);
    INSIST(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("c", 0755) == 0);
    INSIST(mkdir("with,comma:colon", 0755) == 0);
    INSIST(put("a/x", "of a") == 0 && put("b/x", "of b") == 0 && put("b/y", "of b") == 0);
    INSIST(put("with,comma:colon/y", "odd") == 0);
    INSIST(space_bind("a/x", "b/x", &note) == 0 && holds("b/x", "of a"));
    INSIST(space_bind("a", "c", &note) == 0 && holds("c/x", "of a"));
    INSIST(space_bind("nowhere", "c", &note) == ERR_NOINPUT && strstr(note.text, "nowhere: "));
    INSIST(space_bind("a", "nowhere", &note) == ERR_NOINPUT && strstr(note.text, "nowhere: "));
    INSIST(space_tmpfs("c", &note) == 0 && put("c/z", "in memory") == 0);
    INSIST(space_tmpfs("nowhere", &note) == ERR_NOINPUT);
    int rc = space_overlay("with,comma:colon", "b", &note);
    if (rc == ERR_PERM || rc == ERR_UNAVAILABLE) /* kernels before 5.11 allow it to root alone */
        return 70;
    INSIST(rc == 0 && holds("b/y", "odd"));
    INSIST(put("b/y", "no") < 0 && errno == EROFS);
    return 0;
}

static void test_mounts(void **state)
{
    struct inside *inside = *state;
    char path[100];
    int code = code_of(start(&usual, mounts, inside));
    if (code == 70)
        print_message("no overlay file systems in user namespaces here\n");
    else
        assert_int_equal(code, 0);
    snprintf(path, sizeof path, "%s/b/x", inside->directory); /* outside nothing was seen of it */
    assert_true(holds(path, "of b"));
    snprintf(path, sizeof path, "%s/c/z", inside->directory);
    assert_int_equal(access(path, F_OK), -1);
}

static int turns_read_only(void *context)
{
    const struct inside *inside = context;
    struct err_note note;
    INSIST(chdir(inside->directory) == 0 && mkdir("s", 0755) == 0);
    INSIST(space_read_only("s", false, &note) == 0);
    INSIST(chdir("s") == 0);
    INSIST(put("x", "1") == 0);
    char path[100];
    snprintf(path, sizeof path, "%s/s", inside->directory);
    INSIST(space_read_only(path, true, &note) == 0);
    INSIST(put("x", "2") < 0 && errno == EROFS);
    INSIST(space_read_only(path, true, &note) == 0);
    INSIST(space_read_only(path, false, &note) == 0);
    INSIST(put("x", "3") == 0);
    int open_file = open("x", O_WRONLY);
    INSIST(space_read_only(path, true, &note) == 0); /* what is open is written on, below the new mount */
    INSIST(chdir("/") == 0 && chdir(path) == 0);
    INSIST(put("x", "4") < 0 && errno == EROFS && write(open_file, "5", 1) == 1);
    close(open_file);
    INSIST(space_read_only(path, false, &note) == 0 && put("x", "6") == 0);
    INSIST(space_read_only("nowhere", true, &note) == ERR_NOINPUT);
    return 0;
}

static void test_read_only(void **state)
{
    assert_int_equal(code_of(start(&usual, turns_read_only, *state)), 0);
}

static int looks_at_sockets(void *context)
{
    bool idle = false;
    INSIST(space_idle_sockets(&idle) == 0 && idle);
    for (int family = 0; family < 2; family++) {
        int six = family ? AF_INET6 : AF_INET;
        int fd = bind_to(addresses[family], SOCK_DGRAM, six);
        struct sockaddr_storage self;
        socklen_t length = sizeof self;
        INSIST(fd >= 0 && getsockname(fd, (struct sockaddr *)&self, &length) == 0);
        INSIST(space_idle_sockets(&idle) == 0 && idle);
        INSIST(sendto(fd, "x", 1, 0, (struct sockaddr *)&self, length) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && !idle);
        char octet;
        INSIST(recv(fd, &octet, 1, 0) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && idle);
        int listener = bind_to(addresses[family], SOCK_STREAM, six);
        INSIST(listener >= 0 && listen(listener, 5) == 0);
        INSIST(getsockname(listener, (struct sockaddr *)&self, &length) == 0);
        INSIST(space_idle_sockets(&idle) == 0 && idle);
        int client = socket(six, SOCK_STREAM, 0);
        INSIST(connect(client, (struct sockaddr *)&self, length) == 0);
        INSIST(send(client, "x", 1, 0) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && !idle);
        int server = accept(listener, NULL, NULL);
        INSIST(server >= 0 && recv(server, &octet, 1, 0) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && idle);
        INSIST(send(client, "x", 1, 0) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && !idle);
        INSIST(recv(server, &octet, 1, 0) == 1);
        INSIST(space_idle_sockets(&idle) == 0 && idle);
        close(client); /* its end waits for nobody */
        INSIST(space_idle_sockets(&idle) == 0 && idle);
    }
    return 0;
}

static void test_idle_sockets(void **state)
{
    assert_int_equal(code_of(start(&usual, looks_at_sockets, NULL)), 0);
}

/* A child of process 1 and an orphan sleep; both hold a pipe's end, so that its other end tells of their
 * deaths. */
static int has_children(void *context)
{
    const struct inside *inside = context;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            if (i == 1 && fork() != 0)
                _exit(0);
            setsid();
            sleep(600);
            _exit(0);
        }
    if (write(inside->fd, "r", 1) == 1)
        pause();
    return 0;
}

static int read_octet(int fd)
{
    char octet;
    return (int)read(fd, &octet, 1);
}

static void test_ends_with_process_1(void **state)
{
    struct inside *inside = *state;
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    inside->fd = pipes[1];
    pid_t pid = start(&usual, has_children, inside);
    close(pipes[1]);
    assert_int_equal(read_octet(pipes[0]), 1);
    kill(pid, SIGKILL);
    assert_int_equal(code_of(pid), -SIGKILL);
    /* The wait is over: all others have ended before. */
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    assert_int_equal(read_octet(pipes[0]), 0);
    close(pipes[0]);
}

static void test_ends_with_the_starter(void **state)
{
    struct inside *inside = *state;
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    inside->fd = pipes[1];
    code_of(start(&usual, looks_at_sockets, NULL)); /* skips where it is forbidden */
    pid_t starter = fork();
    if (starter == 0) {
        pid_t pid;
        if (space_start(&usual, has_children, inside, &pid, NULL))
            _exit(1);
        pause();
        _exit(1);
    }
    close(pipes[1]);
    assert_int_equal(read_octet(pipes[0]), 1);
    kill(starter, SIGKILL);
    waitpid(starter, NULL, 0);
    assert_int_equal(read_octet(pipes[0]), 0); /* when the last of them has ended */
    close(pipes[0]);
}

static void on_signal(int number)
{
}

static int is_clean(void *context)
{
    struct sigaction action;
    sigset_t blocked;
    INSIST(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    INSIST(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 && sigisemptyset(&blocked));
    INSIST(getsid(0) == 1);
    /* The library knows the thread's number: or this would wake nobody. */
    INSIST(signal(SIGUSR2, on_signal) != SIG_ERR && raise(SIGUSR2) == 0);
    INSIST(kill(1, SIGTERM) == 0); /* does nothing */
    return 0;
}

static void test_clean_start(void **state)
{
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGUSR1, on_signal);
    pid_t pid = start(&usual, is_clean, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
    assert_int_equal(code_of(pid), 0);
}

static int starts_a_program(void *context)
{
    struct loop *loop;
    struct proc *proc;
    static const char *const argv[] = {"sh", "-c", "exit 0", NULL};
    struct proc_spec spec = {.argv = argv};
    INSIST(loop_new(&loop) == 0);
    INSIST(proc_start(loop, &spec, NULL, NULL, &proc, NULL) == 0);
    proc_end_all(loop, 5000);
    loop_free(loop);
    return 0;
}

static void test_programs_start_inside(void **state)
{
    assert_int_equal(code_of(start(&usual, starts_a_program, NULL)), 0);
}

static void test_faults(void **state)
{
    struct err_note note = {""};
    pid_t pid;
    static const char *const wrong[] = {"198.41.0.400"};
    struct space_spec spec = {.addresses = wrong, .address_count = 1};
    code_of(start(&usual, looks_at_sockets, NULL));
    assert_int_equal(space_start(&spec, sees_network, NULL, &pid, &note), ERR_USAGE);
    assert_string_equal(note.text, "198.41.0.400 is no address that loopback can have");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to wait for */
    assert_int_equal(errno, ECHILD);
    struct rlimit files, few = {.rlim_cur = 5};
    getrlimit(RLIMIT_NOFILE, &files);
    few.rlim_max = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    int rc = space_start(&usual, sees_network, NULL, &pid, &note);
    setrlimit(RLIMIT_NOFILE, &files);
    assert_int_equal(rc, ERR_UNAVAILABLE);
    assert_true(strstr(note.text, "no pipe for a process of its own: Too many open files") == note.text);
}

/* In a user namespace whose limit on further ones is 0, as the sysctl of that name would have it. */
static int may_not_nest(void *context)
{
    struct err_note note = {""};
    pid_t pid;
    if (put("/proc/sys/user/max_net_namespaces", "0"))
        return 70;
    INSIST(space_start(&usual, sees_network, NULL, &pid, &note) == ERR_PERM);
    fprintf(stderr, "%s\n", note.text);
    INSIST(strstr(note.text, "\"sysctl -w user.max_net_namespaces=1000\" allows them"));
    INSIST(waitpid(-1, NULL, WNOHANG) == -1);
    return 0;
}

static void test_forbidden(void **state)
{
    if (geteuid() == 0) {
        print_message("skipped: run it as a normal user, root's limits are left alone\n");
        skip();
    }
    int code = code_of(start(&usual, may_not_nest, NULL));
    if (code == 70)
        skip();
    assert_int_equal(code, 0);
}

static int nests(void *context)
{
    pid_t pid;
    int status;
    struct err_note note = {""};
    int rc = space_start(&usual, sees_network, NULL, &pid, &note);
    if (rc)
        fprintf(stderr, "%s\n", note.text);
    INSIST(rc == 0);
    INSIST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_nested(void **state)
{
    assert_int_equal(code_of(start(&usual, nests, NULL)), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_ethernet),
        cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
        cmocka_unit_test(test_idle_sockets),
        cmocka_unit_test_setup_teardown(test_ends_with_process_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_with_the_starter, setup, teardown),
        cmocka_unit_test(test_clean_start),
        cmocka_unit_test(test_programs_start_inside),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
