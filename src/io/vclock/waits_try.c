/* A program for vclock_test: waits for some seconds by the call that its first argument names, and says
 * whether every clock agrees that so much time has passed and not much more. It knows nothing of virtual
 * time. waits_try NAME SECONDS Prints "waits" before the wait, then "ok" or what is wrong. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t rung; /* times that a signal came */

static void ring(int number)
{
    rung++;
}

static void on_thread(union sigval value)
{
    sem_post(value.sival_ptr);
}

static struct timespec after(clockid_t clock, int seconds)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_sec += seconds;
    return time;
}

static bool ended(int result, int expected)
{
    if (result == expected)
        return true;
    printf("returned %d (%s), not %d\n", result, strerror(errno), expected);
    return false;
}

static bool ended_with(int result, int error)
{
    return ended(result, -1) && ended(errno, error);
}

/* Sleeps */

static bool by_nanosleep(int s)
{
    return ended(nanosleep(&(struct timespec){.tv_sec = s}, NULL), 0);
}

static bool by_clock_nanosleep(int s)
{
    return ended(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_sec = s}, NULL), 0);
}

static bool by_clock_nanosleep_wall(int s)
{
    struct timespec time = after(CLOCK_REALTIME, s);
    return ended(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL), 0);
}

static bool by_clock_nanosleep_boot(int s)
{
    struct timespec time = after(CLOCK_BOOTTIME, s);
    return ended(clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &time, NULL), 0);
}

static bool by_sleep(int s)
{
    return ended((int)sleep((unsigned)s), 0);
}

static bool by_usleep(int s)
{
    return ended(usleep((useconds_t)s * 1000000), 0);
}

static bool by_thrd_sleep(int s)
{
    return ended(thrd_sleep(&(struct timespec){.tv_sec = s}, NULL), 0);
}

/* Descriptors that never become ready */

static int silent(void)
{
    int ends[2];
    return pipe(ends) == 0 ? ends[0] : -1;
}

static bool by_poll(int s)
{
    struct pollfd fd = {.fd = silent(), .events = POLLIN};
    return ended(poll(&fd, 1, s * 1000), 0) && ended(fd.revents, 0);
}

static bool by_ppoll(int s)
{
    sigset_t all;
    struct pollfd fd = {.fd = silent(), .events = POLLIN};
    sigfillset(&all);
    return ended(ppoll(&fd, 1, &(struct timespec){.tv_sec = s}, &all), 0);
}

static bool by_select(int s)
{
    fd_set set;
    int fd = silent();
    struct timeval time = {.tv_sec = s};
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return ended(select(fd + 1, &set, NULL, NULL, &time), 0) && ended(FD_ISSET(fd, &set), 0) &&
           ended((int)time.tv_sec, 0);
}

static bool by_pselect(int s)
{
    sigset_t all;
    fd_set set;
    int fd = silent();
    sigfillset(&all);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return ended(pselect(fd + 1, &set, NULL, NULL, &(struct timespec){.tv_sec = s}, &all), 0) &&
           ended(FD_ISSET(fd, &set), 0);
}

static int silent_set(void)
{
    int set = epoll_create1(0), fd = silent();
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN});
    return set;
}

static bool by_epoll_wait(int s)
{
    struct epoll_event event;
    return ended(epoll_wait(silent_set(), &event, 1, s * 1000), 0);
}

static bool by_epoll_pwait(int s)
{
    sigset_t all;
    struct epoll_event event;
    sigfillset(&all);
    return ended(epoll_pwait(silent_set(), &event, 1, s * 1000, &all), 0);
}

static bool by_epoll_pwait2(int s)
{
    struct epoll_event event;
    return ended(epoll_pwait2(silent_set(), &event, 1, &(struct timespec){.tv_sec = s}, NULL), 0);
}

static int silent_socket(int s)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
        return -1;
    struct timeval time = {.tv_sec = s};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    return ends[0];
}

static bool by_recv(int s)
{
    char octet;
    return ended_with((int)recv(silent_socket(s), &octet, 1, 0), EAGAIN);
}

static bool by_recvmsg(int s)
{
    struct msghdr message = {0};
    return ended_with((int)recvmsg(silent_socket(s), &message, 0), EAGAIN);
}

static bool by_read_socket(int s)
{
    char octet;
    return ended_with((int)read(silent_socket(s), &octet, 1), EAGAIN);
}

static bool by_accept(int s)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct timeval time = {.tv_sec = s};
    /* An address of no name: the kernel makes one. */
    if (bind(fd, (struct sockaddr *)&(sa_family_t){AF_UNIX}, sizeof(sa_family_t)) < 0 || listen(fd, 1) < 0)
        return ended(-1, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    return ended_with(accept(fd, NULL, NULL), EAGAIN);
}

/* Threads */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static bool by_cond_timedwait(int s)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec time = after(CLOCK_REALTIME, s);
    pthread_mutex_lock(&mutex);
    int result = pthread_cond_timedwait(&cond, &mutex, &time);
    return ended(result, ETIMEDOUT) && ended(pthread_mutex_trylock(&mutex), EBUSY);
}

static bool by_cond_timedwait_monotonic(int s)
{
    pthread_condattr_t attributes;
    pthread_cond_t cond;
    struct timespec time = after(CLOCK_MONOTONIC, s);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cond, &attributes);
    pthread_mutex_lock(&mutex);
    return ended(pthread_cond_timedwait(&cond, &mutex, &time), ETIMEDOUT);
}

static bool by_cond_clockwait(int s)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec time = after(CLOCK_MONOTONIC, s);
    pthread_mutex_lock(&mutex);
    return ended(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &time), ETIMEDOUT);
}

static bool by_sem_timedwait(int s)
{
    sem_t semaphore;
    struct timespec time = after(CLOCK_REALTIME, s);
    sem_init(&semaphore, 0, 0);
    return ended_with(sem_timedwait(&semaphore, &time), ETIMEDOUT);
}

static bool by_sem_clockwait(int s)
{
    sem_t semaphore;
    struct timespec time = after(CLOCK_MONOTONIC, s);
    sem_init(&semaphore, 0, 0);
    return ended_with(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &time), ETIMEDOUT);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

/* Holds both, for ever. */
static void *hold(void *ready)
{
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    sem_post(ready);
    for (;;)
        pause();
    return NULL;
}

static pthread_t holder(void)
{
    pthread_t thread;
    sem_t ready;
    sem_init(&ready, 0, 0);
    pthread_create(&thread, NULL, hold, &ready);
    sem_wait(&ready);
    return thread;
}

static bool by_mutex_timedlock(int s)
{
    struct timespec time = after(CLOCK_REALTIME, s);
    holder();
    return ended(pthread_mutex_timedlock(&mutex, &time), ETIMEDOUT);
}

static bool by_mutex_clocklock(int s)
{
    struct timespec time = after(CLOCK_MONOTONIC, s);
    holder();
    return ended(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &time), ETIMEDOUT);
}

static bool by_rwlock_timedrdlock(int s)
{
    struct timespec time = after(CLOCK_REALTIME, s);
    holder();
    return ended(pthread_rwlock_timedrdlock(&rwlock, &time), ETIMEDOUT);
}

static bool by_rwlock_clockwrlock(int s)
{
    struct timespec time = after(CLOCK_MONOTONIC, s);
    holder();
    return ended(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &time), ETIMEDOUT);
}

static bool by_timedjoin(int s)
{
    struct timespec time = after(CLOCK_REALTIME, s);
    return ended(pthread_timedjoin_np(holder(), NULL, &time), ETIMEDOUT);
}

/* Signals and timers */

static bool by_sigtimedwait(int s)
{
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return ended_with(sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = s}), EAGAIN);
}

static bool by_timerfd(int s)
{
    uint64_t count = 0;
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(fd, 0, &(struct itimerspec){.it_value.tv_sec = s}, NULL);
    return ended((int)read(fd, &count, sizeof count), 8) && ended((int)count, 1);
}

static bool by_timerfd_wall(int s)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct itimerspec set = {.it_value = after(CLOCK_REALTIME, s)}, left;
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &set, NULL);
    return ended(poll(&waiting, 1, -1), 1) && ended(timerfd_gettime(fd, &left), 0) &&
           ended((int)left.it_value.tv_sec, 0);
}

/* Again and again: the first after a second, the rest each third of the time. */
static bool by_timerfd_repeated(int s)
{
    uint64_t count = 0;
    int fd = timerfd_create(CLOCK_BOOTTIME, 0), set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    timerfd_settime(fd, 0, &(struct itimerspec){{s / 3, 0}, {s / 3, 0}}, NULL);
    for (int i = 0; i < 3; i++)
        if (!ended(epoll_wait(set, &event, 1, -1), 1) || !ended((int)read(fd, &count, 8), 8) ||
            !ended((int)count, 1))
            return false;
    return true;
}

static bool by_timer(int s)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
    siginfo_t info = {0};
    timer_t timer;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_sec = s}, NULL);
    return ended(sigwaitinfo(&set, &info), SIGUSR1) && ended(info.si_code, SI_TIMER) &&
           ended(info.si_value.sival_int, 77) && ended(timer_delete(timer), 0);
}

static bool by_timer_thread(int s)
{
    sem_t semaphore;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
        .sigev_notify_function = on_thread,
        .sigev_value.sival_ptr = &semaphore};
    timer_t timer;
    sem_init(&semaphore, 0, 0);
    timer_create(CLOCK_REALTIME, &event, &timer);
    timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_sec = s}, NULL);
    return ended(sem_wait(&semaphore), 0);
}

static bool by_alarm(int s)
{
    signal(SIGALRM, ring);
    alarm((unsigned)s);
    return ended_with(pause(), EINTR) && ended(rung, 1) && ended((int)alarm(0), 0);
}

/* A program without a wait that we could see. */
static bool by_alarm_read(int s)
{
    char octet;
    struct sigaction action = {.sa_handler = ring};
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)s);
    return ended_with((int)read(silent(), &octet, 1), EINTR) && ended(rung, 1);
}

static bool by_setitimer(int s)
{
    struct itimerval set = {.it_value.tv_sec = s};
    sigset_t none;
    signal(SIGALRM, ring);
    sigemptyset(&none);
    setitimer(ITIMER_REAL, &set, NULL);
    return ended_with(sigsuspend(&none), EINTR) && ended(rung, 1);
}

static const struct {
    const char *name;
    bool (*wait)(int seconds);
} waits[] = {
#define WAIT(name)                                                                                           \
    {                                                                                                        \
#name, by_##name                                                                                     \
    }
    WAIT(nanosleep), WAIT(clock_nanosleep), WAIT(clock_nanosleep_wall), WAIT(clock_nanosleep_boot),
    WAIT(sleep), WAIT(usleep), WAIT(thrd_sleep), WAIT(poll), WAIT(ppoll), WAIT(select), WAIT(pselect),
    WAIT(epoll_wait), WAIT(epoll_pwait), WAIT(epoll_pwait2), WAIT(recv), WAIT(recvmsg), WAIT(read_socket),
    WAIT(accept), WAIT(cond_timedwait), WAIT(cond_timedwait_monotonic), WAIT(cond_clockwait),
    WAIT(sem_timedwait), WAIT(sem_clockwait), WAIT(mutex_timedlock), WAIT(mutex_clocklock),
    WAIT(rwlock_timedrdlock), WAIT(rwlock_clockwrlock), WAIT(timedjoin), WAIT(sigtimedwait), WAIT(timerfd),
    WAIT(timerfd_wall), WAIT(timerfd_repeated), WAIT(timer), WAIT(timer_thread), WAIT(alarm),
    WAIT(alarm_read), WAIT(setitimer)};

/* All clocks, in seconds. */
enum { CLOCKS = 10 };
static void read_clocks(double ret[CLOCKS])
{
    static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_REALTIME_COARSE,
        CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI};
    struct timespec now;
    struct timeval day;
    size_t count = 0;
    for (; count < sizeof ids / sizeof *ids; count++) {
        clock_gettime(ids[count], &now);
        ret[count] = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    }
    gettimeofday(&day, NULL);
    ret[count++] = (double)day.tv_sec + (double)day.tv_usec / 1e6;
    timespec_get(&now, TIME_UTC);
    ret[count++] = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    ret[count++] = (double)time(NULL); /* whole seconds */
}

int main(int argc, char **argv)
{
    double before[CLOCKS], now[CLOCKS];
    if (argc == 2 && strcmp(argv[1], "names") == 0)
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
            printf("%s\n", waits[i].name);
    if (argc != 3)
        return 64;
    int seconds = atoi(argv[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        if (strcmp(waits[i].name, argv[1]) != 0)
            continue;
        read_clocks(before);
        printf("waits\n");
        if (!waits[i].wait(seconds))
            return 1;
        read_clocks(now);
        for (int k = 0; k < CLOCKS; k++) {
            double passed = now[k] - before[k], slack = k == CLOCKS - 1 ? 1 : 1e-6;
            if (passed < seconds - slack || passed > seconds + 1.5) {
                printf("clock %d: %.6f s passed, not %d\n", k, passed, seconds);
                return 1;
            }
        }
        printf("ok\n");
        return 0;
    }
    printf("no such wait\n");
    return 64;
}
