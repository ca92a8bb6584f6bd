/* The dnstap socket: senders made with libfstrm and by hand, good ones and others. */
#include "io/capture/capture.h"
#include "io/capture/dnstap.h"
#include "io/capture/dnstap_try.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <fstrm.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { START = 2, STOP = 3, READY = 4, ENOUGH_US = 20000000 };

static char directory[] = "/tmp/dnstap_socket_test.XXXXXX";
static char path[sizeof directory + 16];

static struct capture *open_socket(void)
{
    struct capture *capture = NULL;
    struct err_note note = {""};
    if (capture_open_dnstap(path, &capture, &note) != 0)
        fail_msg("%s", note.text);
    return capture;
}

/* A frame about query number `i` of the sender at this port. */
static size_t make_frame(uint8_t *out, uint16_t port, unsigned i)
{
    static const uint8_t client[4] = {192, 0, 2, 1};
    char query[32];
    struct dnstap_try *made = calloc(1, sizeof *made);
    assert_non_null(made);
    snprintf(query, sizeof query, "query number %06u", i);
    dnstap_try_frame(made, &(struct dnstap_try_frame){.type = 1,
                               .family = 1,
                               .protocol = 1,
                               .client = client,
                               .client_port = port,
                               .query_sec = 1700000000,
                               .query = query});
    size_t length = made->length;
    assert_true(length < 512);
    memcpy(out, made->bytes, length);
    free(made);
    return length;
}

/* ---- what comes out ---- */

struct seen {
    size_t count;
    unsigned next[65536]; /* by port */
    bool end, disordered;
};

static void look(struct seen *seen, const struct capture_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct capture_record *record = &batch->records[i];
        char want[32];
        snprintf(want, sizeof want, "query number %06u", seen->next[record->peer->client_port]++);
        if (record->length != strlen(want) || memcmp(record->bytes, want, record->length) != 0)
            seen->disordered = true;
    }
    seen->count += batch->count;
    seen->end = batch->end;
}

static void read_once(struct capture *capture, struct seen *seen)
{
    struct capture_batch batch;
    assert_int_equal(capture_next(capture, &batch, NULL), 0);
    look(seen, &batch);
}

static void read_at_least(struct capture *capture, struct seen *seen, size_t count)
{
    int64_t until_us = clock_mono_us() + ENOUGH_US;
    while (seen->count < count && !seen->end && clock_mono_us() < until_us)
        read_once(capture, seen);
    assert_true(seen->count >= count);
    assert_false(seen->disordered);
}

static void read_until(struct capture *capture, struct seen *seen, size_t count)
{
    read_at_least(capture, seen, count);
    assert_int_equal(seen->count, count);
}

static struct seen *new_seen(void)
{
    struct seen *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    return seen;
}

/* ---- senders ---- */

struct fstrm_sender {
    pthread_t thread;
    uint16_t port;
    unsigned count;
    bool good; /* to its FINISH */
};

static void *run_fstrm_sender(void *context)
{
    struct fstrm_sender *sender = context;
    struct fstrm_unix_writer_options *unix_options = fstrm_unix_writer_options_init();
    struct fstrm_writer_options *options = fstrm_writer_options_init();
    fstrm_unix_writer_options_set_socket_path(unix_options, path);
    fstrm_writer_options_add_content_type(options, DNSTAP_CONTENT_TYPE, sizeof DNSTAP_CONTENT_TYPE - 1);
    struct fstrm_writer *writer = fstrm_unix_writer_init(unix_options, options);
    bool good = writer && fstrm_writer_open(writer) == fstrm_res_success;
    uint8_t frame[512];
    size_t length = make_frame(frame, sender->port, 0);
    char *number = (char *)memmem(frame, length, "number ", 7) + 7;
    for (unsigned i = 0; good && i < sender->count; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%06u", i);
        memcpy(number, digits, 6);
        good = fstrm_writer_write(writer, frame, length) == fstrm_res_success;
    }
    good = good && fstrm_writer_close(writer) == fstrm_res_success;
    fstrm_writer_destroy(&writer);
    fstrm_writer_options_destroy(&options);
    fstrm_unix_writer_options_destroy(&unix_options);
    sender->good = good;
    return NULL;
}

static void start_sender(struct fstrm_sender *sender, uint16_t port, unsigned count)
{
    *sender = (struct fstrm_sender){.port = port, .count = count};
    assert_int_equal(pthread_create(&sender->thread, NULL, run_fstrm_sender, sender), 0);
}

static void join_sender(struct fstrm_sender *sender)
{
    pthread_join(sender->thread, NULL);
    assert_true(sender->good);
}

static int connect_by_hand(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void send_bytes(int fd, const void *bytes, size_t length)
{
    assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void send_control(int fd, unsigned type, const char *content)
{
    struct dnstap_try *made = calloc(1, sizeof *made);
    assert_non_null(made);
    dnstap_try_control(made, type, content);
    send_bytes(fd, made->bytes, made->length);
    free(made);
}

static void send_frame(int fd, uint16_t port, unsigned i)
{
    uint8_t frame[516] = {0};
    size_t length = make_frame(frame + 4, port, i);
    frame[2] = (uint8_t)(length >> 8);
    frame[3] = (uint8_t)length;
    send_bytes(fd, frame, length + 4);
}

/* ---- tests ---- */

static void test_libfstrm_sends(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    struct fstrm_sender senders[8];
    for (unsigned i = 0; i < 8; i++)
        start_sender(&senders[i], (uint16_t)(1000 + i), 5000);
    read_until(capture, seen, 8 * 5000);
    for (unsigned i = 0; i < 8; i++)
        join_sender(&senders[i]);
    struct capture_state told = capture_state(capture);
    assert_string_equal(told.format, "dnstap socket");
    assert_int_equal(told.records, 8 * 5000);
    assert_int_equal(told.dropped, 0);
    capture_close(capture);
    free(seen);
}

/* Far more than all buffers hold, while nobody reads: the sender has to wait, and nothing is lost. */
static void test_slow_reader(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    struct fstrm_sender sender;
    start_sender(&sender, 1, 20000);
    usleep(300000);
    assert_false(sender.good);
    read_at_least(capture, seen, 1000);
    usleep(300000);
    read_until(capture, seen, 20000);
    join_sender(&sender);
    assert_int_equal(capture_state(capture).dropped, 0);
    capture_close(capture);
    free(seen);
}

/* START without READY; and again after STOP. */
static void test_unidirectional(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int fd = connect_by_hand();
    for (unsigned i = 0; i < 4; i += 2) {
        send_control(fd, START, i ? NULL : DNSTAP_CONTENT_TYPE);
        send_frame(fd, 7, i);
        send_frame(fd, 7, i + 1);
        send_control(fd, STOP, NULL);
    }
    read_until(capture, seen, 4);
    uint8_t octet;
    assert_int_equal(recv(fd, &octet, 1, MSG_DONTWAIT), -1); /* it wants no FINISH */
    close(fd);
    capture_close(capture);
    free(seen);
}

/* Sent octet by octet; the answers of the handshake octet for octet. */
static void test_handshake_by_hand(void **state)
{
    static const uint8_t accept[] = "\0\0\0\0\0\0\0\x22\0\0\0\1\0\0\0\1\0\0\0\x16" DNSTAP_CONTENT_TYPE;
    static const uint8_t finish[] = {0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 5};
    uint8_t got[64];
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int fd = connect_by_hand();
    struct dnstap_try *made = calloc(1, sizeof *made);
    assert_non_null(made);
    dnstap_try_control(made, READY, DNSTAP_CONTENT_TYPE);
    for (size_t i = 0; i < made->length; i++)
        send_bytes(fd, made->bytes + i, 1);
    assert_int_equal(recv(fd, got, sizeof accept - 1, MSG_WAITALL), sizeof accept - 1);
    assert_memory_equal(got, accept, sizeof accept - 1);
    send_control(fd, START, DNSTAP_CONTENT_TYPE);
    send_frame(fd, 1, 0);
    send_control(fd, STOP, NULL);
    assert_int_equal(recv(fd, got, sizeof finish, MSG_WAITALL), sizeof finish);
    assert_memory_equal(got, finish, sizeof finish);
    read_until(capture, seen, 1);
    close(fd);
    capture_close(capture);
    free(made);
    free(seen);
}

/* Rubbish: the connection is closed, the others go on. */
static void test_rubbish(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool started; /* after START */
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18, false}, {"\0\0\0\1x", 5, false}, /* data before START */
        {"\0\0\0\0\0\0\0\4\0\0\0\3", 12, false},                        /* STOP before START */
        {"\0\0\0\0\0\0\0\4\0\0\0\4", 12, true},                         /* READY after START */
        {"\0\0\0\0\0\0\xff\xff", 8, false},                             /* a long control frame */
        {"\xff\xff\xff\xff", 4, true},                                  /* a frame of 4 GiB */
        {"\0\0\0\2\x72\x05", 6, true},                                  /* no protobuf */
        {"\0\0\0\0\0\0\0\x0d\0\0\0\4\0\0\0\1\0\0\0\1?", 21, false},     /* READY for something else */
    };
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int good = connect_by_hand();
    send_control(good, START, DNSTAP_CONTENT_TYPE);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = connect_by_hand();
        char octet;
        if (cases[i].started)
            send_control(fd, START, DNSTAP_CONTENT_TYPE);
        send_bytes(fd, cases[i].bytes, cases[i].length);
        ssize_t got = recv(fd, &octet, 1, 0);
        assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
        close(fd);
        send_frame(good, 9, i);
        read_until(capture, seen, i + 1);
    }
    assert_int_equal(capture_state(capture).dropped, sizeof cases / sizeof *cases);
    close(good);
    capture_close(capture);
    free(seen);
}

/* A sender that dies in the middle of a frame: what was whole is kept, what was lost is counted. */
static void test_death_in_a_frame(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int fd = connect_by_hand();
    send_control(fd, START, DNSTAP_CONTENT_TYPE);
    send_frame(fd, 1, 0);
    send_bytes(fd, "\0\0\0\x10half", 8);
    close(fd);
    read_until(capture, seen, 1);
    for (unsigned i = 0; i < 50 && capture_state(capture).dropped == 0; i++)
        usleep(20000);
    assert_int_equal(capture_state(capture).dropped, 1);
    capture_close(capture);
    free(seen);
}

/* Frames longer than the buffers begin with. */
static void test_long_frames(void **state)
{
    static char query[DNSTAP_MAX_MESSAGE + 1], response[DNSTAP_MAX_MESSAGE + 1];
    static const uint8_t client[4] = {192, 0, 2, 1};
    memset(query, 'q', DNSTAP_MAX_MESSAGE);
    memset(response, 'r', DNSTAP_MAX_MESSAGE);
    struct capture *capture = open_socket();
    int fd = connect_by_hand();
    send_control(fd, START, DNSTAP_CONTENT_TYPE);
    struct dnstap_try *made = calloc(2, sizeof *made);
    assert_non_null(made);
    dnstap_try_frame(
        made, &(struct dnstap_try_frame){.type = 2, .client = client, .query = query, .response = response});
    dnstap_try_data(made + 1, made->bytes, made->length);
    size_t count = 0;
    for (unsigned round = 0; round < 20; round++) {
        for (size_t at = 0; at < made[1].length; at += 10000) {
            size_t left = made[1].length - at;
            send_bytes(fd, made[1].bytes + at, left < 10000 ? left : 10000);
        }
        int64_t until_us = clock_mono_us() + ENOUGH_US;
        for (size_t want = count + 2; count < want && clock_mono_us() < until_us;) {
            struct capture_batch batch;
            assert_int_equal(capture_next(capture, &batch, NULL), 0);
            for (size_t i = 0; i < batch.count; i++, count++) {
                const struct capture_record *record = &batch.records[i];
                assert_int_equal(record->length, DNSTAP_MAX_MESSAGE);
                assert_memory_equal(record->bytes, count % 2 ? response : query, record->length);
            }
        }
    }
    assert_int_equal(count, 40);
    close(fd);
    capture_close(capture);
    free(made);
}

static void test_most_senders(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int fds[64];
    for (unsigned i = 0; i < 64; i++) {
        fds[i] = connect_by_hand();
        send_control(fds[i], START, NULL);
        send_frame(fds[i], (uint16_t)(i + 1), 0);
    }
    read_until(capture, seen, 64);
    int refused = connect_by_hand();
    char octet;
    assert_int_equal(recv(refused, &octet, 1, 0), 0);
    close(refused);
    close(fds[5]); /* makes place for another */
    for (bool in = false; !in; usleep(10000)) {
        fds[5] = connect_by_hand();
        struct timeval shortly = {.tv_usec = 100000};
        setsockopt(fds[5], SOL_SOCKET, SO_RCVTIMEO, &shortly, sizeof shortly);
        in = recv(fds[5], &octet, 1, 0) < 0; /* not closed */
        if (!in)
            close(fds[5]);
    }
    send_control(fds[5], START, NULL);
    send_frame(fds[5], 6, 1);
    read_until(capture, seen, 65);
    for (unsigned i = 0; i < 64; i++)
        close(fds[i]);
    capture_close(capture);
    free(seen);
}

/* What had arrived when it was stopped still comes, then the end. */
static void test_stop(void **state)
{
    struct capture *capture = open_socket();
    struct seen *seen = new_seen();
    int fd = connect_by_hand();
    send_control(fd, START, NULL);
    send_frame(fd, 1, 0);
    read_until(capture, seen, 1); /* it is connected */
    for (unsigned i = 1; i < 500; i++)
        send_frame(fd, 1, i);
    capture_stop(capture);
    read_until(capture, seen, 500);
    for (unsigned i = 0; i < 50 && !seen->end; i++)
        read_once(capture, seen);
    assert_true(seen->end);
    assert_int_equal(capture_state(capture).records, 500);
    struct capture_batch batch;
    assert_int_equal(capture_next(capture, &batch, NULL), 0);
    assert_true(batch.end);
    close(fd);
    capture_close(capture);
    free(seen);
}

static struct capture *stopped_by_signal; /* a signal handler has no other way to know it */

static void on_signal(int number)
{
    capture_stop(stopped_by_signal);
}

static void test_stop_in_a_signal_handler(void **state)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct seen *seen = new_seen();
    stopped_by_signal = open_socket();
    sigaction(SIGALRM, &action, &before);
    int64_t begun_us = clock_mono_us();
    ualarm(100000, 0);
    for (unsigned i = 0; i < 50 && !seen->end; i++)
        read_once(stopped_by_signal, seen);
    assert_true(seen->end);
    assert_true(clock_mono_us() - begun_us < 10000000);
    sigaction(SIGALRM, &before, NULL);
    capture_close(stopped_by_signal);
    free(seen);
}

static void test_nothing_to_read(void **state)
{
    struct capture *capture = open_socket();
    struct capture_batch batch;
    int64_t begun_us = clock_mono_us();
    assert_int_equal(capture_next(capture, &batch, NULL), 0);
    int64_t took_us = clock_mono_us() - begun_us;
    assert_int_equal(batch.count, 0);
    assert_false(batch.end);
    assert_true(took_us >= 150000 && took_us < 5000000);
    capture_close(capture);
}

/* Whatever the consumer left undone, closing does not wait. */
static void test_close_while_full(void **state)
{
    struct capture *capture = open_socket();
    int fd = connect_by_hand();
    struct timeval shortly = {.tv_usec = 200000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &shortly, sizeof shortly);
    send_control(fd, START, NULL);
    uint8_t frame[516] = {0};
    size_t length = make_frame(frame + 4, 1, 0);
    frame[3] = (uint8_t)length;
    while (send(fd, frame, length + 4, MSG_NOSIGNAL) > 0) {
    }
    int64_t begun_us = clock_mono_us();
    capture_close(capture);
    assert_true(clock_mono_us() - begun_us < 1000000);
    close(fd);
}

static int make_directory(void **state)
{
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/socket", directory);
    return 0;
}

static int remove_directory(void **state)
{
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libfstrm_sends),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_unidirectional),
        cmocka_unit_test(test_handshake_by_hand),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_death_in_a_frame),
        cmocka_unit_test(test_long_frames),
        cmocka_unit_test(test_most_senders),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_in_a_signal_handler),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_close_while_full),
    };
    return cmocka_run_group_tests_name("io/capture/dnstap_socket", tests, make_directory, remove_directory);
}
