/* Packets of a network of the test's own, at times that were never theirs. */
#include "io/capture/packet_log.h"

#include "base/utc.h"
#include "io/capture/network_try.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PORT = 26152,
    ROOM = 64,
    HEAD = 24,
    RECORD = 16 + 16 + 28 + 11, /* its own head, LINUX_SLL's, IPv4's and UDP's, "packet 0000" */
};
#define MANY (UINT64_C(1) << 30)
#define FIRST_US (INT64_C(1736553600) * UTC_SECOND + 123456)

struct tried {
    char path[512];
    struct packet_log *log;
    struct err_note note;
    size_t count;
    int64_t times[ROOM];
    char texts[ROOM][12];
};

static int try_open(struct tried *tried, uint64_t most)
{
    const char *directory = getenv("TEST_DIR");
    *tried = (struct tried){.log = NULL};
    snprintf(tried->path, sizeof tried->path, "%s/packet_log_test.%d.pcap", directory ? directory : "/tmp",
        (int)getpid());
    unlink(tried->path);
    return packet_log_new(tried->path, most, &tried->log, &tried->note);
}

/* Every record of the file; none of them is cut. */
static void read_back(struct tried *tried)
{
    struct capture *capture = NULL;
    struct capture_batch batch = {.end = false};
    assert_int_equal(capture_open_file(tried->path, &capture, &tried->note), 0);
    while (!batch.end) {
        if (capture_next(capture, &batch, &tried->note) != 0)
            fail_msg("%s", tried->note.text);
        for (size_t i = 0; i < batch.count && tried->count < ROOM; i++, tried->count++) {
            const struct capture_record *record = &batch.records[i];
            assert_int_equal(record->link, CAPTURE_LINK_SLL);
            assert_int_equal(record->length, record->wire_length);
            tried->times[tried->count] = record->time_us;
            snprintf(
                tried->texts[tried->count], 12, "%.11s", (const char *)record->bytes + record->length - 11);
        }
    }
    capture_close(capture);
}

static void test_times_and_order(void **state)
{
    network_try_need(state);
    const int64_t later_us = FIRST_US + 400 * UTC_DAY;
    struct tried tried;
    struct stat file;
    char name[12];
    assert_int_equal(try_open(&tried, MANY), 0);
    network_try_send(AF_INET, PORT, 0, 3);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), 0);
    assert_int_equal(packet_log_take(tried.log, later_us, &tried.note), 0); /* nothing came meanwhile */
    read_back(&tried);
    assert_int_equal(tried.count, 3); /* whoever is killed now has left them */
    tried.count = 0;
    network_try_send(AF_INET6, PORT, 3, 5);
    assert_int_equal(packet_log_take(tried.log, later_us, &tried.note), 0);
    network_try_send(AF_INET, PORT, 5, 6);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), 0); /* time does not go back */
    network_try_send(AF_INET, PORT, 6, 7);                                  /* too late */
    assert_int_equal(packet_log_end(tried.log, &tried.note), 0);
    read_back(&tried);
    assert_int_equal(tried.count, 6); /* once, though each packet leaves and comes */
    for (unsigned i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "packet %04u", i);
        assert_string_equal(tried.texts[i], name);
        assert_int_equal(tried.times[i], i < 3 ? FIRST_US : later_us);
    }
    assert_int_equal(stat(tried.path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    unlink(tried.path);
}

static void test_bound(void **state)
{
    network_try_need(state);
    struct tried tried;
    assert_int_equal(try_open(&tried, HEAD + 2 * RECORD + RECORD - 1), 0); /* one octet less than three */
    network_try_send(AF_INET, PORT, 0, 9);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), ERR_IO);
    assert_non_null(
        strstr(tried.note.text, "too large: packets after 2025-01-11T00:00:00.123456Z are missing"));
    network_try_send(AF_INET, PORT, 9, 12);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), 0); /* it was said */
    assert_int_equal(packet_log_end(tried.log, &tried.note), 0);
    read_back(&tried);
    assert_int_equal(tried.count, 2);
    unlink(tried.path);
}

/* A write that fails in the middle of a packet. */
static void test_half_written(void **state)
{
    network_try_need(state);
    struct tried tried;
    struct rlimit whole, few;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    few = (struct rlimit){.rlim_cur = HEAD + 3 * RECORD - 5, .rlim_max = whole.rlim_max};
    assert_int_equal(try_open(&tried, MANY), 0);
    network_try_send(AF_INET, PORT, 0, 2);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), 0);
    network_try_send(AF_INET, PORT, 2, 4);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    int err = packet_log_take(tried.log, FIRST_US + 2 * UTC_DAY, &tried.note);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    assert_int_equal(err, ERR_IO);
    assert_non_null(strstr(tried.note.text, "File too large: packets after "));
    assert_int_equal(packet_log_end(tried.log, &tried.note), 0);
    read_back(&tried);
    assert_int_equal(tried.count, 2);
    unlink(tried.path);
}

static void test_nobody_takes(void **state)
{
    network_try_need(state);
    struct tried tried;
    assert_int_equal(try_open(&tried, MANY), 0);
    network_try_send(AF_INET, PORT, 0, 9000);
    assert_int_equal(packet_log_take(tried.log, FIRST_US, &tried.note), 0);
    assert_int_equal(packet_log_end(tried.log, &tried.note), ERR_UNAVAILABLE);
    assert_non_null(strstr(tried.note.text, "packets are missing: they came faster"));
    read_back(&tried);
    assert_int_equal(tried.count, ROOM);
    unlink(tried.path);
}

static void test_no_file(void **state)
{
    network_try_need(state);
    struct tried tried;
    struct packet_log *other = NULL;
    assert_int_equal(try_open(&tried, MANY), 0);
    assert_int_equal(packet_log_new(tried.path, MANY, &other, &tried.note), ERR_IO); /* it is there */
    assert_null(other);
    assert_int_equal(packet_log_new("/none/packets.pcap", MANY, &other, &tried.note), ERR_IO);
    assert_non_null(strstr(tried.note.text, "/none/packets.pcap: No such file"));
    assert_int_equal(packet_log_end(tried.log, &tried.note), 0);
    unlink(tried.path);
    assert_int_equal(packet_log_end(NULL, &tried.note), 0);
}

int main(void)
{
    char *missing = (char *)(uintptr_t)network_try_make();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_times_and_order, missing),
        cmocka_unit_test_prestate(test_bound, missing),
        cmocka_unit_test_prestate(test_half_written, missing),
        cmocka_unit_test_prestate(test_nobody_takes, missing),
        cmocka_unit_test_prestate(test_no_file, missing),
    };
    return cmocka_run_group_tests_name("io/capture/packet_log", tests, NULL, NULL);
}
