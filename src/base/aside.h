/* aside: work on a thread of its own, beside what goes on. Signals are for the threads that were there
 * before, whose waiting they are to end. */
#ifndef BASE_ASIDE_H
#define BASE_ASIDE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct aside {
    pthread_t thread;
    bool is_running;
};

/* False: no thread could be had. What `work` returns does not matter. */
static inline bool aside_begin(struct aside *aside, void *(*work)(void *), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    aside->is_running = pthread_create(&aside->thread, NULL, work, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return aside->is_running;
}

/* The same, but then the work is done at once. */
static inline void aside_do(struct aside *aside, void *(*work)(void *), void *context)
{
    if (!aside_begin(aside, work, context))
        work(context);
}

/* Waits until it is done. More than once is allowed, and costs nothing. */
static inline void aside_end(struct aside *aside)
{
    if (aside->is_running)
        pthread_join(aside->thread, NULL);
    aside->is_running = false;
}

#endif
