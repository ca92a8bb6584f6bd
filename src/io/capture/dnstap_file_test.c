/* Files of dnstap: Frame Streams of every shape, in blocks of every size. */
#include "io/capture/capture_inside.h"
#include "io/capture/dnstap.h"
#include "io/capture/dnstap_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { START = 2, STOP = 3, READY = 4, FINISH = 5 };

static const uint8_t V4[4] = {192, 0, 2, 1};
static struct dnstap_try frame, file;

/* A frame about a query or (type even) a response that holds what is not NULL. */
static void add_frame(unsigned type, const char *query, const char *response)
{
    frame.length = 0;
    dnstap_try_frame(&frame, &(struct dnstap_try_frame){.type = type,
                                 .family = 1,
                                 .protocol = 1,
                                 .client = V4,
                                 .client_port = 4000,
                                 .query_sec = 5,
                                 .response_sec = 6,
                                 .query = query,
                                 .response = response});
    dnstap_try_data(&file, frame.bytes, frame.length);
}

static void start(void)
{
    file.length = 0;
    dnstap_try_control(&file, START, DNSTAP_CONTENT_TYPE);
}

/* Reads `file` and writes what it holds as "a,b,c" into `out`; the result of the last call. */
static int read_all(
    size_t block, char *out, size_t room, struct capture_state *ret_state, struct err_note *note)
{
    struct capture *capture;
    struct capture_batch batch = {0};
    uint8_t *exact = malloc(file.length); /* so that a read past the end is seen */
    assert_non_null(exact);
    memcpy(exact, file.bytes, file.length);
    out[0] = '\0';
    int rc = capture_open_memory(exact, file.length, block, false, &capture, note);
    if (rc == 0) {
        while (!batch.end && (rc = capture_next(capture, &batch, note)) == 0)
            for (size_t i = 0; i < batch.count; i++) {
                const struct capture_record *record = &batch.records[i];
                size_t used = strlen(out);
                assert_int_equal(record->what, CAPTURE_MESSAGE);
                assert_int_equal(record->peer->client_port, 4000);
                assert_int_equal(record->length, record->wire_length);
                snprintf(out + used, room - used, "%s%.*s", used ? "," : "", (int)record->length,
                    (const char *)record->bytes);
            }
        *ret_state = capture_state(capture);
        capture_close(capture);
    }
    free(exact);
    return rc;
}

static void assert_reads(int want, const char *text, uint64_t skipped, const char *fault)
{
    static const size_t blocks[] = {1, 7, 64, 100, 4096};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        char got[65536];
        struct capture_state state = {0};
        struct err_note note = {""};
        assert_int_equal(read_all(blocks[i], got, sizeof got, &state, &note), want);
        assert_string_equal(got, text);
        assert_int_equal(state.skipped, skipped);
        if (fault && !strstr(note.text, fault))
            fail_msg("\"%s\" is not in \"%s\"", fault, note.text);
    }
}

static void test_one_stream(void **state)
{
    start();
    add_frame(1, "q1", NULL);
    add_frame(2, NULL, "r1");
    add_frame(3, "own", NULL);
    add_frame(6, "q2", "r2");
    dnstap_try_control(&file, STOP, NULL);
    assert_reads(0, "q1,r1,q2,r2", 1, NULL);
}

static void test_several_streams(void **state)
{
    start();
    add_frame(1, "a", NULL);
    dnstap_try_control(&file, STOP, NULL);
    dnstap_try_control(&file, START, DNSTAP_CONTENT_TYPE);
    dnstap_try_control(&file, STOP, NULL);
    dnstap_try_control(&file, START, NULL); /* does not say of what: taken for ours */
    add_frame(1, "b", NULL);
    dnstap_try_control(&file, START, DNSTAP_CONTENT_TYPE); /* the writer before was killed */
    add_frame(1, "c", NULL);
    assert_reads(0, "a,b,c", 0, NULL); /* and the last one as well */
}

static void test_repeated_queries(void **state)
{
    start();
    add_frame(1, "q1", NULL);
    add_frame(2, "q1", "r1"); /* the same query: once */
    add_frame(2, "q2", "r2"); /* this one only came here */
    add_frame(2, "q1", NULL); /* nothing left of it */
    assert_reads(0, "q1,r1,q2,r2", 1, NULL);
}

static void test_many(void **state)
{
    static char want[65536];
    want[0] = '\0';
    start();
    for (unsigned i = 0; i < 2000; i++) { /* of which pairs do not fit into batches evenly */
        char query[16], response[16];
        snprintf(query, sizeof query, "q%u", i);
        snprintf(response, sizeof response, "r%u", i);
        bool both = i % 3 == 0;
        add_frame(both ? 2 : 1, query, both ? response : NULL);
        size_t used = strlen(want);
        snprintf(want + used, sizeof want - used, "%s%s%s%s", used ? "," : "", query, both ? "," : "",
            both ? response : "");
    }
    assert_reads(0, want, 0, NULL);
}

static void test_other_contents(void **state)
{
    file.length = 0;
    dnstap_try_control(&file, START, "protobuf:dmt.\x1bTap");
    add_frame(1, "a", NULL);
    assert_reads(ERR_DATA, "", 0, "memory: offset 0: the frames are \"protobuf:dmt.?Tap\"");
}

static void test_what_may_not_come(void **state)
{
    start();
    add_frame(1, "a", NULL);
    dnstap_try_control(&file, STOP, NULL);
    size_t good = file.length;
    char offset[32];
    snprintf(offset, sizeof offset, "offset %zu: ", good);

    add_frame(1, "b", NULL); /* after the end */
    assert_reads(ERR_DATA, "a", 0, offset);
    assert_reads(ERR_DATA, "a", 0, "a data frame where START is expected");

    file.length = good;
    dnstap_try_control(&file, STOP, NULL);
    assert_reads(ERR_DATA, "a", 0, "control frame STOP where START is expected");

    file.length = good;
    dnstap_try_control(&file, READY, DNSTAP_CONTENT_TYPE); /* only over sockets */
    assert_reads(ERR_DATA, "a", 0, "control frame READY where START is expected");

    file.length = good;
    dnstap_try_control(&file, 77, NULL);
    assert_reads(ERR_DATA, "a", 0, offset);
}

static void test_lying_lengths(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *fault;
    } cases[] = {
        {"\xff\xff\xff\xff", 4, "a frame claims 4294967295 octets"},
        {"\x00\x04\x00\x01", 4, "a frame claims 262145 octets"},
        {"\x00\x04\x00\x00", 4, "truncated"},
        {"\x00\x00\x00\x05only", 8, "truncated"},
        {"\x00\x00", 2, "truncated"},
        {"\x00\x00\x00\x00\x00\x00\x02\x01", 8, "a control frame claims 513 octets"},
        {"\x00\x00\x00\x00\x00\x00\x00\x03", 8, "a control frame claims 3 octets"},
        {"\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00", 10, "truncated"},
        {"\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x02\x00\x00\x00\x01", 16, "malformed control frame"},
        {"\x00\x00\x00\x00\x00\x00\x00\x0c\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x09", 20,
            "malformed control frame"},
        {"\x00\x00\x00\x02\x72\x05", 6, "a frame is no dnstap: a field is longer than what it lies in"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start();
        add_frame(1, "a", NULL);
        char offset[32];
        snprintf(offset, sizeof offset, "memory: offset %zu: ", file.length);
        dnstap_try_raw(&file, cases[i].bytes, cases[i].length);
        assert_reads(ERR_DATA, "a", 0, offset);
        assert_reads(ERR_DATA, "a", 0, cases[i].fault);
    }
}

/* A frame may be as long as a record of any format; what of it is a DNS message, 65535 octets. */
static void test_longest_frame(void **state)
{
    static uint8_t rest[CAPTURE_MAX_RECORD];
    start();
    frame.length = 0;
    dnstap_try_frame(
        &frame, &(struct dnstap_try_frame){.type = 1, .client = V4, .client_port = 4000, .query = "q"});
    dnstap_try_bytes(&frame, 3, rest, CAPTURE_MAX_RECORD - frame.length - 4);
    assert_int_equal(frame.length, CAPTURE_MAX_RECORD);
    static struct dnstap_try whole; /* file.bytes would not hold its header too */
    whole = frame;
    uint8_t *bytes = malloc(file.length + 4 + whole.length);
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, file.length);
    memcpy(bytes + file.length, "\x00\x04\x00\x00", 4);
    memcpy(bytes + file.length + 4, whole.bytes, whole.length);
    struct capture *capture;
    struct capture_batch batch = {0};
    size_t count = 0;
    assert_int_equal(
        capture_open_memory(bytes, file.length + 4 + whole.length, 4096, false, &capture, NULL), 0);
    while (!batch.end) {
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
        count += batch.count;
    }
    assert_int_equal(count, 1);
    capture_close(capture);
    free(bytes);
}

/* Cut anywhere: all frames that are whole, and a fault unless it was cut between two. */
static void test_cut_anywhere(void **state)
{
    start();
    size_t header = file.length;
    add_frame(1, "a", NULL);
    size_t first = file.length;
    add_frame(1, "b", NULL);
    size_t whole = file.length;
    for (size_t length = header; length <= whole; length++) {
        file.length = length;
        bool between = length == header || length == first || length == whole;
        assert_reads(between ? 0 : ERR_DATA,
            length < first   ? ""
            : length < whole ? "a"
                             : "a,b",
            0, between ? NULL : "truncated");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_stream),
        cmocka_unit_test(test_several_streams),
        cmocka_unit_test(test_repeated_queries),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_other_contents),
        cmocka_unit_test(test_what_may_not_come),
        cmocka_unit_test(test_lying_lengths),
        cmocka_unit_test(test_longest_frame),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests_name("io/capture/dnstap_file", tests, NULL, NULL);
}
