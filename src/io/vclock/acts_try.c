/* A program for vclock_test: does under the clock what its first argument names, and says "ok" or what is
 * wrong. It knows nothing of virtual time. acts_try NAME [ARGUMENT] */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *self; /* path of this program */
static volatile sig_atomic_t rung;

static void ring(int number)
{
    rung++;
}

static bool same(const char *what, long is, long expected)
{
    if (is != expected)
        printf("%s: %ld (%s), not %ld\n", what, is, strerror(errno), expected);
    return is == expected;
}

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Whether it took this long. */
static bool took(double since, double seconds)
{
    double passed = now(CLOCK_MONOTONIC) - since;
    if (passed < seconds || passed > seconds + 2)
        printf("%.6f s passed, not %.0f\n", passed, seconds);
    return passed >= seconds && passed <= seconds + 2;
}

static bool naps(int seconds)
{
    double since = now(CLOCK_MONOTONIC);
    sleep((unsigned)seconds);
    return took(since, seconds);
}

/* Children */

static bool child_is_well(pid_t pid)
{
    int status = 0;
    return same("waitpid", waitpid(pid, &status, 0), pid) && same("status", status, 0);
}

static bool does_fork(const char *argument)
{
    pid_t children[5];
    double since = now(CLOCK_MONOTONIC);
    for (int i = 0; i < 5; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(naps(100 * (i + 1)) ? 0 : 1);
    }
    for (int i = 0; i < 5; i++)
        if (!child_is_well(children[i]))
            return false;
    return took(since, 500);
}

/* Past libc: no handler of pthread_atfork() runs. Nobody can know of the child before its first wait. */
static bool does_fork_raw(const char *argument)
{
    int known[2];
    char octet = 0;
    if (!naps(5) || pipe(known) < 0)
        return false;
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        sleep(1);
        _exit(write(known[1], &octet, 1) == 1 && naps(100) && naps(100) ? 0 : 1);
    }
    return read(known[0], &octet, 1) == 1 && naps(150) && child_is_well(pid);
}

static bool does_nap(const char *argument)
{
    return naps(100);
}

static bool does_exec(const char *argument)
{
    if (naps(100))
        execl(self, self, "nap", NULL);
    return false;
}

static void *exec_here(void *unused)
{
    if (naps(50))
        execl(self, self, "nap", NULL);
    return NULL;
}

static bool does_exec_in_thread(const char *argument)
{
    pthread_t thread;
    pthread_create(&thread, NULL, exec_here, NULL);
    sleep(1000); /* its wait ends with the program */
    return false;
}

static bool does_spawn(const char *argument)
{
    char *argv[] = {(char *)self, (char *)"nap", NULL};
    pid_t pid;
    double since = now(CLOCK_MONOTONIC);
    return same("posix_spawn", posix_spawn(&pid, self, NULL, NULL, argv, environ), 0) && child_is_well(pid) &&
           took(since, 100);
}

static bool does_vfork(const char *argument)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execl(self, self, "nap", NULL);
        _exit(127);
    }
    return child_is_well(pid);
}

/* Out of reach: the environment says nothing any more. */
static bool does_leave(const char *argument)
{
    char *const none[] = {NULL};
    if (naps(100))
        execle("/bin/sleep", "sleep", "1000", NULL, none);
    return false;
}

/* Threads */

static void *nap_often(void *seconds)
{
    int length = (int)(intptr_t)seconds;
    for (int i = 0; i < 10; i++)
        if (!naps(length))
            return NULL;
    return seconds;
}

static bool does_threads(const char *argument)
{
    static const int lengths[] = {7, 11, 13, 60, 600, 3600};
    enum { COUNT = sizeof lengths / sizeof *lengths };
    pthread_t threads[COUNT];
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, nap_often, (void *)(intptr_t)lengths[i]);
    for (int i = 0; i < COUNT; i++) {
        void *result;
        pthread_join(threads[i], &result);
        if (!same("thread", (long)(intptr_t)result, lengths[i]))
            return false;
    }
    return true;
}

static void *nap_last(void *unused)
{
    if (naps(100) && naps(100))
        printf("ok\n");
    return NULL;
}

/* The first thread ends, the program does not. */
static bool does_end_first(const char *argument)
{
    pthread_t thread;
    pthread_create(&thread, NULL, nap_last, NULL);
    pthread_exit(NULL);
}

static void *wait_long(void *unused)
{
    poll(NULL, 0, 3600 * 1000);
    return NULL;
}

static bool does_cancel(const char *argument)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, wait_long, NULL);
    return naps(10) && same("cancel", pthread_cancel(thread), 0) &&
           same("join", pthread_join(thread, &result), 0) &&
           same("result", (long)(intptr_t)result, (long)(intptr_t)PTHREAD_CANCELED) && naps(10);
}

/* A token goes from thread to thread: by pipe, eventfd and condition variable, to waits with a moment and
 * without. Every hour it goes round again. The lab reads the hops from the file in the argument. */
enum { PLACES = 6, HOPS = 120 };
static struct {
    int pipe[2], event;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool here;
} places[PLACES];
static _Atomic uint64_t *hops;

static void pass_to(int place)
{
    uint64_t one = 1;
    if (place % 3 == 0) {
        write(places[place].pipe[1], "t", 1);
    } else if (place % 3 == 1) {
        write(places[place].event, &one, sizeof one);
    } else {
        pthread_mutex_lock(&places[place].lock);
        places[place].here = true;
        pthread_cond_signal(&places[place].cond);
        pthread_mutex_unlock(&places[place].lock);
    }
}

static void await_at(int place)
{
    uint64_t octets;
    if (place == 0) {
        struct pollfd fd = {.fd = places[place].pipe[0], .events = POLLIN};
        while (poll(&fd, 1, 1000 * 1000) == 0)
            ;
        read(fd.fd, &octets, 1);
    } else if (place % 3 == 0) {
        read(places[place].pipe[0], &octets, 1); /* a wait that nobody announces */
    } else if (place % 3 == 1) {
        struct epoll_event event = {.events = EPOLLIN};
        int set = epoll_create1(0);
        epoll_ctl(set, EPOLL_CTL_ADD, places[place].event, &event);
        while (epoll_wait(set, &event, 1, place == 1 ? -1 : 900 * 1000) == 0)
            ;
        read(places[place].event, &octets, sizeof octets);
        close(set);
    } else {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        pthread_mutex_lock(&places[place].lock);
        while (!places[place].here)
            if (place == 2)
                pthread_cond_wait(&places[place].cond, &places[place].lock);
            else {
                until.tv_sec += 700;
                pthread_cond_timedwait(&places[place].cond, &places[place].lock, &until);
            }
        places[place].here = false;
        pthread_mutex_unlock(&places[place].lock);
    }
}

static void *stand_at(void *number)
{
    int place = (int)(intptr_t)number;
    for (;;) {
        await_at(place);
        if (atomic_fetch_add(hops, 1) % HOPS != HOPS - 1)
            pass_to((place + 1) % PLACES);
    }
    return NULL;
}

static bool does_token(const char *file)
{
    FILE *shared = fopen(file, "r+");
    hops = mmap(NULL, sizeof *hops, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(shared), 0);
    for (int i = 0; i < PLACES; i++) {
        pthread_t thread;
        pipe(places[i].pipe);
        places[i].event = eventfd(0, 0);
        pthread_mutex_init(&places[i].lock, NULL);
        pthread_cond_init(&places[i].cond, NULL);
        pthread_create(&thread, NULL, stand_at, (void *)(intptr_t)i);
    }
    printf("goes\n");
    for (;;) {
        sleep(3600);
        pass_to(0);
    }
    return false;
}

/* Clocks */

static _Atomic int64_t latest[2];
static _Atomic bool back;

static void *read_clocks(void *unused)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    while (!rung)
        for (int i = 0; i < 2; i++) {
            int64_t before = atomic_load(&latest[i]);
            struct timespec time;
            clock_gettime(clocks[i], &time);
            int64_t is = time.tv_sec * 1000000000 + time.tv_nsec;
            if (is < before)
                back = true;
            while (before < is && !atomic_compare_exchange_weak(&latest[i], &before, is))
                ;
        }
    return NULL;
}

/* Until SIGUSR1. */
static bool does_order(const char *argument)
{
    pthread_t threads[3];
    signal(SIGUSR1, ring);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, read_clocks, NULL);
    printf("reads\n");
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return same("clocks that went back", back, 0);
}

/* 100 s after the wall clock's midnight, whatever the wall clock is set to. */
static bool does_wall(const char *argument)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1000;
    printf("waits\n");
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) != 0)
        ;
    double late = now(CLOCK_REALTIME) - (double)until.tv_sec - (double)until.tv_nsec / 1e9;
    if (late < 0 || late > 2)
        printf("%.6f s late\n", late);
    return late >= 0 && late <= 2;
}

/* Signals */

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

/* The test sends SIGUSR1 when it waits. */
static bool does_interrupted(const char *argument)
{
    struct timespec left = {0};
    handle(SIGUSR1, ring, SA_RESTART);
    printf("waits\n");
    bool good =
        same("poll", poll(NULL, 0, 3600 * 1000), -1) && same("errno", errno, EINTR) && same("rung", rung, 1);
    printf("again\n");
    good = good && same("nanosleep", nanosleep(&(struct timespec){.tv_sec = 3600}, &left), -1) &&
           same("errno", errno, EINTR) && same("rung", rung, 2);
    return good && same("left", left.tv_sec / 60, 44); /* a quarter had passed */
}

static void nap_in_handler(int number)
{
    rung += naps(20) ? 1 : 100;
}

/* A wait within a wait: the outer one goes on as it was. */
static bool does_nested(const char *argument)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    double since = now(CLOCK_MONOTONIC);
    handle(SIGUSR1, nap_in_handler, SA_RESTART);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1000;
    pthread_mutex_lock(&lock);
    printf("waits\n");
    int result;
    do
        result = pthread_cond_timedwait(&cond, &lock, &until);
    while (result == 0);
    return same("cond", result, ETIMEDOUT) && same("rung", rung, 1) && took(since, 1000);
}

static sigjmp_buf before_sleep;

static void jump_out(int number)
{
    siglongjmp(before_sleep, 1);
}

static bool does_longjmp(const char *argument)
{
    double since = now(CLOCK_MONOTONIC);
    handle(SIGALRM, jump_out, 0);
    for (volatile int i = 0; i < 20; i++)
        if (sigsetjmp(before_sleep, 1) == 0) {
            alarm(10);
            sleep(1000);
            return same("slept", 1, 0);
        }
    return took(since, 200) && naps(50);
}

/* SIGURG is the program's own as far as it can see. */
static bool does_urgent(const char *argument)
{
    struct sigaction is;
    sigset_t set, before;
    struct signalfd_siginfo info;
    handle(SIGURG, ring, 0);
    sigaction(SIGURG, NULL, &is);
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, &before);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    return same("handler", is.sa_handler == ring, 1) &&
           same("blocked before", sigismember(&before, SIGURG), 0) && naps(100) && same("rung", rung, 0) &&
           same("signalfd", read(fd, &info, sizeof info), -1) && same("raise", raise(SIGURG), 0) &&
           same("rung", rung, 1);
}

/* Nothing is held that a program could close, or lose by going elsewhere. */
static bool does_close_all(const char *argument)
{
    int out = dup(1);
    syscall(SYS_close_range, 3U, (unsigned)out - 1, 0);
    return same("chdir", chdir("/"), 0) && naps(100);
}

/* By what the kernel says of a datagram, it came just now. */
static bool told_now(int type, const void *data)
{
    struct timeval seen;
    struct timespec time;
    memcpy(&time, data, sizeof time);
    memcpy(&seen, data, sizeof seen);
    double at = (double)time.tv_sec +
                (type == SCM_TIMESTAMP ? (double)seen.tv_usec / 1e6 : (double)time.tv_nsec / 1e9);
    double off = now(CLOCK_REALTIME) - at;
    if (off < 0 || off > 2)
        printf("type %d: %.6f s off\n", type, off);
    return off >= 0 && off <= 2;
}

static bool comes_now(int option, bool many)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int on = option == SO_TIMESTAMPING ? SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE : 1;
    char octet = 1;
    union {
        char octets[256];
        struct cmsghdr aligned;
    } control;
    struct iovec place = {&octet, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &place, .msg_iovlen = 1, .msg_control = control.octets}};
    struct cmsghdr *at = NULL;
    bind(fd, (struct sockaddr *)&address, size);
    getsockname(fd, (struct sockaddr *)&address, &size);
    bool good = same("setsockopt", setsockopt(fd, SOL_SOCKET, option, &on, sizeof on), 0);
    /* The kernel begins to stamp when it has time to, not at once. */
    for (unsigned tries = 0; good && !at && tries < 100000; tries++) {
        message.msg_hdr.msg_controllen = sizeof control;
        good =
            same("sendto", sendto(fd, &octet, 1, 0, (struct sockaddr *)&address, size), 1) &&
            same("received", many ? recvmmsg(fd, &message, 1, 0, NULL) : recvmsg(fd, &message.msg_hdr, 0), 1);
        at = good ? CMSG_FIRSTHDR(&message.msg_hdr) : NULL;
        sched_yield();
    }
    close(fd);
    return at && told_now(at->cmsg_type, CMSG_DATA(at));
}

static bool does_stamps(const char *argument)
{
    return naps(1000) && comes_now(SO_TIMESTAMP, false) && comes_now(SO_TIMESTAMPNS, true) &&
           comes_now(SO_TIMESTAMPING, false);
}

static const struct {
    const char *name;
    bool (*act)(const char *argument);
} acts[] = {
#define ACT(name)                                                                                            \
    {                                                                                                        \
#name, does_##name                                                                                   \
    }
    ACT(fork), ACT(fork_raw), ACT(nap), ACT(exec), ACT(exec_in_thread), ACT(spawn), ACT(vfork), ACT(leave),
    ACT(threads), ACT(end_first), ACT(cancel), ACT(token), ACT(order), ACT(wall), ACT(interrupted),
    ACT(nested), ACT(longjmp), ACT(urgent), ACT(close_all), ACT(stamps)};

int main(int argc, char **argv)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    self = path;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc >= 2 && i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].name, argv[1]) == 0) {
            if (!acts[i].act(argc > 2 ? argv[2] : NULL))
                return 1;
            printf("ok\n");
            return 0;
        }
    return 64;
}
