/* clock_at: LD_PRELOAD it and a program believes that it was started at CLOCK_AT (POSIX seconds); its clock
 * runs on from there. Unlike libfaketime it asks the kernel itself and needs no initialization, which
 * programs linked with jemalloc (dnssec-verify) never get to. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void)
{
    static time_t seconds; /* the same for every caller: 0 is "not yet known" */
    const char *at = getenv("CLOCK_AT");
    struct timespec now;
    if (seconds == 0 && at && syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0)
        seconds = (time_t)strtoll(at, NULL, 10) - now.tv_sec;
    return seconds;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, which, now);
    if (rc == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift();
    return rc;
}

time_t time(time_t *ret)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return (time_t)-1;
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int rc = clock_gettime(CLOCK_REALTIME, &now);
    if (rc == 0)
        *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return rc;
}
