/* Pieces come in order and whole, whoever does what, and no slot is used for two at once. */
#include "app/observe/crew.h"

#include "base/hash.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PIECES = 20000 };

/* Each step leaves its mark; cmocka's assertions may be used by the test's own thread only. */
enum step { EMPTY, FETCHED, PREPARED };

struct slot {
    uint64_t number, work;
    atomic_int step;
};

struct row {
    struct slot slots[CREW_SLOTS];
    uint64_t fetched, last; /* last: after it nothing is fetched; 0: endless */
    uint64_t ends_at;       /* finishing this one ends it; 0: none does */
    uint64_t far;           /* how many pieces back each fetch waits for; 0: it does not wait */
    pthread_t caller;
    _Atomic uint64_t finished;
    atomic_uint faults, fetching, by_caller;
    bool pauses;
};

static void spend(uint64_t random)
{
    for (volatile uint64_t i = random % 512; i > 0; i--)
        continue;
    if (random % 997 == 0)
        usleep(300); /* longer than anybody looks */
}

static bool fetch(void *context, struct crew *crew, void *slot)
{
    struct row *row = context;
    struct slot *piece = slot;
    row->faults += row->fetching++ > 0;
    uint64_t number = ++row->fetched;
    row->by_caller += pthread_equal(row->caller, pthread_self()) != 0;
    row->faults += piece->step != EMPTY;
    spend(hash_mix(number, 1));
    if (row->far && number > row->far) {
        crew_wait(crew, number - row->far);
        row->faults += row->finished + row->far < number;
    }
    piece->number = number;
    piece->step = FETCHED;
    row->fetching--;
    return number != row->last;
}

static void prepare(void *context, void *slot)
{
    struct row *row = context;
    struct slot *piece = slot;
    row->faults += piece->step != FETCHED;
    spend(hash_mix(piece->number, 2));
    piece->work = hash_mix(piece->number, 3);
    piece->step = PREPARED;
}

static bool finish(void *context, void *slot)
{
    struct row *row = context;
    struct slot *piece = slot;
    assert_true(pthread_equal(row->caller, pthread_self()));
    assert_int_equal(piece->step, PREPARED);
    assert_true(piece->number == row->finished + 1);
    assert_true(piece->work == hash_mix(piece->number, 3));
    spend(hash_mix(piece->number, 4));
    row->finished = piece->number;
    piece->step = EMPTY;
    return piece->number != row->ends_at;
}

static void run(struct row *row)
{
    struct crew_task task = {fetch, prepare, finish, row, {NULL}, .pauses = row->pauses};
    row->caller = pthread_self();
    for (size_t i = 0; i < CREW_SLOTS; i++)
        task.slots[i] = &row->slots[i];
    crew_run(&task);
    assert_int_equal(row->faults, 0);
}

static void takes_all(void **state)
{
    static const uint64_t lasts[] = {1, 2, 3, 4, 5, 7, 100, PIECES};
    for (unsigned pauses = 0; pauses < 2; pauses++)
        for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++)
            for (uint64_t far = 0; far < CREW_SLOTS; far++) {
                struct row row = {.last = lasts[i], .far = far, .pauses = pauses};
                run(&row);
                assert_true(row.fetched == row.last && row.finished == row.last);
                if (pauses)
                    assert_int_equal(row.by_caller, 0);
            }
}

/* What was fetched beyond the end is not finished, and no more is fetched than there are slots. */
static void ends_early(void **state)
{
    for (uint64_t end = 1; end < 300; end++) {
        struct row row = {.ends_at = end, .far = end % CREW_SLOTS, .pauses = end % 2};
        run(&row);
        assert_true(row.finished == end);
        assert_true(row.fetched >= end && row.fetched <= end + CREW_SLOTS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_all), cmocka_unit_test(ends_early)};
    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
