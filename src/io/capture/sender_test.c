/* A sender's patience: time is an argument, so half a minute passes at once. */
#include "io/capture/dnstap_try.h"
#include "io/capture/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SECOND = 1000000, START = 2, STOP = 3, READY = 4 };

struct fixture {
    struct queue queue;
    struct senders senders;
    struct sender sender;
    struct dnstap_try made, frame;
    int other; /* the sender's end */
};

static int set_up(void **state)
{
    static const uint8_t client[4] = {192, 0, 2, 1};
    struct fixture *f = calloc(1, sizeof *f);
    int pair[2];
    if (!f || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return -1;
    queue_start(&f->queue, eventfd(0, EFD_NONBLOCK));
    f->senders.queue = &f->queue;
    f->other = pair[1];
    *state = f;
    dnstap_try_frame(&f->frame, &(struct dnstap_try_frame){.type = 1, .client = client, .query = "q"});
    return sender_open(&f->sender, pair[0], 0) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sender_close(&f->sender, &f->senders);
    assert_int_equal(f->senders.extra, 0);
    close(f->other);
    close(f->queue.wake);
    queue_free(&f->queue);
    free(f);
    return 0;
}

/* Sends octets from..to of what was made and lets the sender take them. */
static enum sender_word give(struct fixture *f, size_t from, size_t to, int64_t now_us)
{
    size_t got;
    assert_int_equal(send(f->other, f->made.bytes + from, to - from, 0), (ssize_t)(to - from));
    enum sender_word word = sender_read(&f->sender, &f->senders, now_us, &got);
    assert_int_equal(word, SENDER_GOES_ON);
    assert_int_equal(got, to - from);
    return sender_put(&f->sender, &f->senders, now_us);
}

static void test_silent_from_the_start(void **state)
{
    struct fixture *f = *state;
    assert_false(sender_is_late(&f->sender, 30 * SECOND));
    assert_true(sender_is_late(&f->sender, 30 * SECOND + 1));
    dnstap_try_control(&f->made, READY, NULL);
    assert_int_equal(give(f, 0, f->made.length, 20 * SECOND), SENDER_GOES_ON);
    assert_false(sender_is_late(&f->sender, 50 * SECOND)); /* READY bought time, but only once */
    assert_true(sender_is_late(&f->sender, 51 * SECOND));
}

static void test_idle_between_frames(void **state)
{
    struct fixture *f = *state;
    dnstap_try_control(&f->made, START, NULL);
    dnstap_try_data(&f->made, f->frame.bytes, f->frame.length);
    assert_int_equal(give(f, 0, f->made.length, 0), SENDER_GOES_ON);
    assert_false(sender_is_late(&f->sender, 86400LL * SECOND));
    assert_int_equal(f->sender.messages, 1);
}

/* Octets that drip in buy no time. */
static void test_stalls_in_a_frame(void **state)
{
    struct fixture *f = *state;
    dnstap_try_control(&f->made, START, NULL);
    size_t begin = f->made.length;
    dnstap_try_data(&f->made, f->frame.bytes, f->frame.length);
    assert_int_equal(give(f, 0, begin, 0), SENDER_GOES_ON);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(give(f, begin + i, begin + i + 1, (100 + 10 * i) * SECOND), SENDER_GOES_ON);
    assert_false(sender_is_late(&f->sender, 130 * SECOND));
    assert_true(sender_is_late(&f->sender, 131 * SECOND));
    sender_forgive(&f->sender, 131 * SECOND); /* we did not read */
    assert_false(sender_is_late(&f->sender, 161 * SECOND));
    assert_int_equal(give(f, begin + 4, f->made.length, 161 * SECOND), SENDER_GOES_ON);
    assert_false(sender_is_late(&f->sender, 1000 * SECOND));
    assert_int_equal(f->sender.messages, 1);
}

/* A queue that is full keeps the frame where it is; nothing is lost or put twice. */
static void test_full_queue(void **state)
{
    struct fixture *f = *state;
    dnstap_try_control(&f->made, START, NULL);
    assert_int_equal(give(f, 0, f->made.length, 0), SENDER_GOES_ON);
    f->made.length = 0;
    dnstap_try_data(&f->made, f->frame.bytes, f->frame.length);
    for (unsigned i = 0; i < CAPTURE_BATCH; i++)
        assert_int_equal(give(f, 0, f->made.length, 0), SENDER_GOES_ON);
    assert_int_equal(give(f, 0, f->made.length, 0), SENDER_FULL);
    assert_int_equal(sender_put(&f->sender, &f->senders, 0), SENDER_FULL);
    assert_true(sender_in_a_frame(&f->sender));
    uint64_t times;
    assert_int_equal(read(f->queue.wake, &times, sizeof times), -1); /* not yet */
    struct capture_batch batch = {0};
    queue_take(&f->queue, &batch);
    assert_int_equal(batch.count, CAPTURE_BATCH);
    assert_int_equal(read(f->queue.wake, &times, sizeof times), sizeof times);
    assert_int_equal(sender_put(&f->sender, &f->senders, 0), SENDER_GOES_ON);
    queue_finish(&f->queue);
    batch = (struct capture_batch){0};
    queue_take(&f->queue, &batch);
    assert_int_equal(batch.count, 1);
    assert_true(batch.end);
}

/* What all together may take beyond their buffers has an end. */
static void test_memory_is_bounded(void **state)
{
    struct fixture *f = *state;
    dnstap_try_control(&f->made, START, NULL);
    dnstap_try_raw(&f->made, "\x00\x04\x00\x00", 4); /* the longest frame begins */
    f->senders.extra = SENDERS_EXTRA - 1000;
    assert_int_equal(give(f, 0, f->made.length, 0), SENDER_BAD);
    assert_string_equal(f->sender.frames.fault, "no memory for frames so long");
    f->senders.extra = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_silent_from_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle_between_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stalls_in_a_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("io/capture/sender", tests, NULL, NULL);
}
