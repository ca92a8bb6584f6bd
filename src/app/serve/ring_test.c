/* Order, fullness, and many producers at once: nothing lost, doubled or torn. Run under ThreadSanitizer too.
 */
#include "app/serve/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static struct zone_event event_of(int64_t tag, int64_t at_us)
{
    struct zone_event event = {
        .record = true, .tag = tag, .qname = {.length = 5, .wire = "\3abc"}, .qclass = 1};
    event.event.at_us = at_us;
    event.event.port = (uint16_t)(at_us * 7);
    return event;
}

static void keeps_order_and_limit(void **state)
{
    (void)state;
    struct ring *ring = ring_new(5);
    assert_int_equal(ring_capacity(ring), 8);
    struct zone_event out[16];
    for (int64_t lap = 0; lap < 5; lap++) {
        for (int64_t i = 0; i < 8; i++) {
            struct zone_event event = event_of(lap, i);
            assert_true(ring_push(ring, &event));
        }
        struct zone_event event = event_of(lap, 8);
        assert_false(ring_push(ring, &event)); /* full */
        assert_int_equal(ring_pop(ring, out, 3), 3);
        assert_int_equal(ring_pop(ring, out + 3, 16), 5);
        for (int64_t i = 0; i < 8; i++) {
            assert_int_equal(out[i].tag, lap);
            assert_int_equal(out[i].event.at_us, i);
            assert_memory_equal(out[i].qname.wire, "\3abc", 5);
        }
        assert_int_equal(ring_pop(ring, out, 16), 0);
        assert_int_equal(ring_pushed(ring), (uint64_t)(lap + 1) * 8);
    }
    ring_free(ring);
    ring_free(NULL);
}

enum { PRODUCERS = 4, EACH = 50000 };

struct producer {
    struct ring *ring;
    int64_t tag, dropped;
    atomic_int *running;
};

static void *produce(void *context)
{
    struct producer *producer = context;
    for (int64_t i = 0; i < EACH; i++) {
        struct zone_event event = event_of(producer->tag, i);
        if (!ring_push(producer->ring, &event)) {
            producer->dropped++;
            sched_yield();
        }
    }
    atomic_fetch_sub(producer->running, 1);
    return NULL;
}

static void many_producers(void **state)
{
    (void)state;
    struct ring *ring = ring_new(256);
    atomic_int running = PRODUCERS;
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){ring, i, 0, &running};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    struct zone_event out[64];
    int64_t last[PRODUCERS] = {-1, -1, -1, -1}, got = 0, dropped = 0;
    bool over = false;
    for (;;) {
        size_t count = ring_pop(ring, out, 64);
        for (size_t i = 0; i < count; i++) {
            assert_in_range(out[i].tag, 0, PRODUCERS - 1);
            assert_true(out[i].event.at_us > last[out[i].tag]); /* each producer's own order */
            assert_int_equal(out[i].event.port, (uint16_t)(out[i].event.at_us * 7)); /* not torn */
            last[out[i].tag] = out[i].event.at_us;
        }
        got += (int64_t)count;
        if (count == 0 && over)
            break;
        over = count == 0 && atomic_load(&running) == 0;
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        dropped += producers[i].dropped;
    }
    assert_int_equal(got + dropped, PRODUCERS * EACH);
    assert_int_equal(ring_pushed(ring), got);
    ring_free(ring);
}

/* A bound far above what it should be (about 20 ns), so that a busy machine or a sanitizer does not fail it.
 */
static void push_is_cheap(void **state)
{
    (void)state;
    enum { LAPS = 40, SIZE = 16384 };
    struct ring *ring = ring_new(SIZE);
    struct zone_event *out = malloc(SIZE * sizeof *out), event = event_of(1, 1);
    struct timespec start, end;
    double best = 1e9;
    for (int lap = 0; lap < LAPS; lap++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
        for (int i = 0; i < SIZE; i++)
            ring_push(ring, &event);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        double ns =
            ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / SIZE;
        best = ns < best ? ns : best;
        assert_int_equal(ring_pop(ring, out, SIZE), SIZE);
    }
    print_message("a push costs %.0f ns\n", best);
    assert_true(best < 2000);
    free(out);
    ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_limit),
        cmocka_unit_test(many_producers),
        cmocka_unit_test(push_is_cheap),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
