/* Where no thread can be had, sorting is done at once. */
#include "app/observe/sorter.h"

#include <signal.h>

static void *run(void *context)
{
    tally_rows_end(context);
    return NULL;
}

void sorter_begin(struct sorter *sorter, struct tally *tally)
{
    sigset_t all, kept;
    sorter->tally = tally;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    sorter->is_running = pthread_create(&sorter->thread, NULL, run, tally) == 0;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    if (!sorter->is_running)
        tally_rows_end(tally);
}

void sorter_end(struct sorter *sorter)
{
    if (sorter->is_running)
        pthread_join(sorter->thread, NULL);
    sorter->is_running = false;
}
