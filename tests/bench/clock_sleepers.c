/* clock_sleepers calls N: nanoseconds for one of N calls of clock_gettime().
 * clock_sleepers sleep AWAKE ASLEEP: threads that sleep an hour at a time, and such that sleep for a hundred
 * years. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int calls(long count)
{
    struct timespec begin, end, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long i = 0; i < count; i++)
        clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
    printf("%.1f\n", ns / (double)count);
    return 0;
}

static void *sleep_on(void *seconds)
{
    for (;;)
        sleep((unsigned)(uintptr_t)seconds);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "calls") == 0)
        return calls(atol(argv[2]));
    if (argc != 4 || strcmp(argv[1], "sleep") != 0)
        return 64;
    for (int i = 0, awake = atoi(argv[2]), all = awake + atoi(argv[3]); i < all; i++) {
        pthread_t thread;
        uintptr_t seconds = i < awake ? 3600 : (uintptr_t)86400 * 36500;
        if (pthread_create(&thread, NULL, sleep_on, (void *)seconds) != 0)
            return 70;
    }
    pause();
    return 0;
}
