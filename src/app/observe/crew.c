/* Piece n lies in slot n % CREW_SLOTS from its fetching to its finish. To wake a thread costs as much as
 * hundreds of messages, most of all in a virtual machine, and a piece takes some ten microseconds: so who has
 * nothing to do looks for a while before he sleeps. How long, he learns: where the other thread does not run,
 * as others are at work on the machine, looking takes its time away. */
#include "app/observe/crew.h"

#include "base/aside.h"

#include <stdatomic.h>

enum { LEAST_LOOKS = 400, MOST_LOOKS = 4000, TRY_MOST = 32 };

/* Of one thread. */
struct patience {
    unsigned looks, waits;
};

struct crew {
    const struct crew_task *task;
    pthread_t caller;
    bool is_alone, has_ended; /* has_ended: nothing more is finished */
    struct patience callers, others;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Changed under the lock, and read without it by who looks: */
    _Atomic uint64_t fetched, finished; /* pieces */
    atomic_bool ready[CREW_SLOTS];      /* prepared, and not finished */
    atomic_bool fetching;               /* somebody is */
    atomic_bool over;                   /* nothing more is fetched */
};

/* Lets the other thread of the same core go first. */
static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Twice as long as was needed, or half as long as was in vain; now and then as long as may be. */
static bool look(
    struct crew *crew, bool (*is_due)(const struct crew *, uint64_t), uint64_t number, struct patience *own)
{
    unsigned looks = ++own->waits % TRY_MOST ? own->looks : MOST_LOOKS;
    for (unsigned i = 0; i < looks; i++) {
        if (is_due(crew, number)) {
            if (2 * i > own->looks)
                own->looks = 2 * i < MOST_LOOKS ? 2 * i : MOST_LOOKS;
            return true;
        }
        relax();
    }
    own->looks = own->looks / 2 > LEAST_LOOKS ? own->looks / 2 : LEAST_LOOKS;
    return false;
}

/* Waits, first looking, then asleep, until `is_due`. */
static void wait_until(
    struct crew *crew, bool (*is_due)(const struct crew *, uint64_t), uint64_t number, struct patience *own)
{
    if (look(crew, is_due, number, own))
        return;
    pthread_mutex_lock(&crew->lock);
    while (!is_due(crew, number))
        pthread_cond_wait(&crew->changed, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

/* ---- what is waited for ---- */

static bool can_fetch(const struct crew *crew)
{
    return !crew->over && !crew->fetching && crew->fetched - crew->finished < CREW_SLOTS;
}

static bool can_finish(const struct crew *crew, uint64_t ignored)
{
    (void)ignored;
    return crew->ready[(crew->finished + 1) % CREW_SLOTS];
}

static bool is_done(const struct crew *crew)
{
    return crew->over && !crew->fetching && crew->fetched == crew->finished;
}

static bool has_caller_work(const struct crew *crew, uint64_t ignored)
{
    bool helps = !crew->task->pauses || crew->is_alone;
    return can_finish(crew, ignored) || is_done(crew) || (helps && can_fetch(crew));
}

static bool has_other_work(const struct crew *crew, uint64_t ignored)
{
    (void)ignored;
    return crew->over || can_fetch(crew);
}

static bool is_finished(const struct crew *crew, uint64_t number)
{
    return crew->finished >= number;
}

/* ---- steps ---- */

static bool fetch(struct crew *crew)
{
    const struct crew_task *task = crew->task;
    pthread_mutex_lock(&crew->lock);
    bool is_ours = can_fetch(crew);
    uint64_t number = crew->fetched + is_ours;
    crew->fetched = number;
    crew->fetching |= is_ours;
    pthread_mutex_unlock(&crew->lock);
    if (!is_ours)
        return false;
    void *slot = task->slots[number % CREW_SLOTS];
    bool more = task->fetch(task->context, crew, slot);
    pthread_mutex_lock(&crew->lock);
    crew->fetching = false;
    crew->over |= !more;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    task->prepare(task->context, slot);
    pthread_mutex_lock(&crew->lock);
    crew->ready[number % CREW_SLOTS] = true;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return true;
}

/* The next piece, which is ready. */
static void finish(struct crew *crew)
{
    const struct crew_task *task = crew->task;
    uint64_t number = crew->finished + 1;
    bool more = !crew->has_ended && task->finish(task->context, task->slots[number % CREW_SLOTS]);
    crew->has_ended |= !more;
    pthread_mutex_lock(&crew->lock);
    crew->ready[number % CREW_SLOTS] = false;
    crew->finished = number;
    crew->over |= !more;
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

void crew_wait(struct crew *crew, uint64_t number)
{
    if (!pthread_equal(crew->caller, pthread_self())) {
        wait_until(crew, is_finished, number, &crew->others);
        return;
    }
    while (crew->finished < number) {
        wait_until(crew, can_finish, 0, &crew->callers);
        finish(crew);
    }
}

static void *run(void *context)
{
    struct crew *crew = context;
    while (!crew->over)
        if (!fetch(crew))
            wait_until(crew, has_other_work, 0, &crew->others);
    return NULL;
}

static void work(struct crew *crew)
{
    while (!is_done(crew)) {
        wait_until(crew, has_caller_work, 0, &crew->callers);
        if (can_finish(crew, 0))
            finish(crew);
        else if (!is_done(crew))
            fetch(crew);
    }
}

void crew_run(const struct crew_task *task)
{
    struct crew crew = {.task = task,
        .caller = pthread_self(),
        .callers = {.looks = MOST_LOOKS},
        .others = {.looks = MOST_LOOKS}};
    struct aside other;
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.changed, NULL);
    crew.is_alone = !aside_begin(&other, run, &crew);
    work(&crew);
    aside_end(&other);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
}
