/* Live captures, in a network of the test's own: loopback, tagged packets, what stops them. */
#include "io/capture/network_try.h"
#include "io/proc/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PORT = 26150, OTHER_PORT = 26151, ENOUGH_US = 20000000 };

/* ---- captures ---- */

static struct capture *open_live(const char *interface, size_t buffer)
{
    static const uint16_t ports[] = {PORT};
    struct capture *capture = NULL;
    struct err_note note = {""};
    if (capture_open_live(interface, ports, 1, buffer, &capture, &note) != 0)
        fail_msg("%s", note.text);
    return capture;
}

/* Packets by what stands in them: "<number>" as 4 octets of text behind "packet ". */
struct seen {
    size_t all;
    unsigned times[10000];
    bool end;
    struct capture_record last;
};

static void read_once(struct capture *capture, struct seen *seen)
{
    struct capture_batch batch;
    struct err_note note = {""};
    if (capture_next(capture, &batch, &note) != 0)
        fail_msg("%s", note.text);
    for (size_t i = 0; i < batch.count; i++) {
        const struct capture_record *record = &batch.records[i];
        const char *at = memmem(record->bytes, record->length, "packet ", 7);
        assert_int_equal(record->what, CAPTURE_PACKET);
        assert_true(llabs(record->time_us - clock_now_us()) < 60000000);
        if (at && at + 11 <= (const char *)record->bytes + record->length) {
            char digits[5] = {at[7], at[8], at[9], at[10], 0};
            seen->times[strtoul(digits, NULL, 10)]++;
        }
        seen->last = *record;
        seen->all++;
    }
    seen->end = batch.end;
}

/* Until there are so many, and then until nothing comes. */
static void read_all(struct capture *capture, struct seen *seen, size_t count)
{
    int64_t until_us = clock_mono_us() + ENOUGH_US;
    size_t before;
    do {
        before = seen->all;
        read_once(capture, seen);
    } while ((seen->all < count || seen->all > before) && !seen->end && clock_mono_us() < until_us);
    assert_int_equal(seen->all, count);
}

static struct seen *new_seen(void)
{
    struct seen *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    return seen;
}

static void assert_each_once(const struct seen *seen, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(seen->times[i], 1);
}

/* ---- tests ---- */

static void test_each_packet_once(void **state)
{
    static const char *const interfaces[] = {"lo", "any"};
    network_try_need(state);
    for (size_t i = 0; i < 2; i++) {
        struct seen *seen = new_seen();
        struct capture *capture = open_live(interfaces[i], 0);
        network_try_send(AF_INET, PORT, 0, 100);
        network_try_send(AF_INET, OTHER_PORT, 5000, 5100); /* not ours */
        network_try_send(AF_INET6, PORT, 100, 200);
        read_all(capture, seen, 200);
        assert_each_once(seen, 200);
        assert_int_equal(seen->last.link, i == 0 ? CAPTURE_LINK_ETHERNET : CAPTURE_LINK_SLL);
        struct capture_state told = capture_state(capture);
        assert_string_equal(told.format, "live");
        assert_int_equal(told.records, 200);
        assert_int_equal(told.dropped, 0);
        capture_close(capture);
        free(seen);
    }
}

/* An ICMP error comes for a port where nobody is. */
static void test_icmp_errors(void **state)
{
    network_try_need(state);
    struct seen *seen = new_seen();
    struct capture *capture = open_live("lo", 0);
    struct sockaddr_in nobody = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(sendto(fd, "packet 0000", 11, 0, (struct sockaddr *)&nobody, sizeof nobody), 11);
    read_all(capture, seen, 2);
    assert_int_equal(seen->times[0], 2); /* itself, and in the error */
    assert_int_equal(seen->last.bytes[14 + 9], 1);
    close(fd);
    capture_close(capture);
    free(seen);
}

/* Frames as they come from the wire: the kernel takes the outer tag out, libpcap puts it back. */
static void test_tagged(void **state)
{
    static const struct {
        const char *link;
        size_t length;
    } cases[] = {
        {"\x81\x00\x00\x64\x08\x00", 6},                                  /* VLAN */
        {"\x88\xa8\x00\x64\x81\x00\x00\xc8\x08\x00", 10},                 /* QinQ */
        {"\x81\x00\x00\x64\x81\x00\x00\xc8\x08\x00", 10},                 /* two of the same */
        {"\x88\x64\x11\x00\x00\x01\x00\x29\x00\x21", 10},                 /* PPPoE */
        {"\x81\x00\x00\x64\x88\x64\x11\x00\x00\x01\x00\x29\x00\x21", 14}, /* PPPoE in a VLAN */
    };
    static const uint8_t packet[] = {0x45, 0, 0, 39, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, //
        0x9c, 0x40, PORT >> 8, PORT & 255, 0, 19, 0, 0, 'p', 'a', 'c', 'k', 'e', 't', ' ', '0', '0', '0',
        '0'};
    network_try_need(state);
    struct seen *seen = new_seen();
    struct capture *capture = open_live("lo", 0);
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("lo"), .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    assert_true(fd >= 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t frame[128] = {0};
        memcpy(frame + 12, cases[i].link, cases[i].length);
        memcpy(frame + 12 + cases[i].length, packet, sizeof packet);
        size_t length = 12 + cases[i].length + sizeof packet;
        frame[length - 1] = (uint8_t)('0' + i);
        assert_int_equal(sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)length);
        read_all(capture, seen, i + 1);
        assert_int_equal(seen->last.length, length);
        assert_memory_equal(seen->last.bytes, frame, length);
    }
    assert_each_once(seen, sizeof cases / sizeof *cases);
    close(fd);
    capture_close(capture);
    free(seen);
}

/* More than the ring holds: what was lost is told, to the packet. */
static void test_drops(void **state)
{
    network_try_need(state);
    struct seen *seen = new_seen();
    struct capture *capture = open_live("lo", 512 << 10);
    for (unsigned i = 0; i < 10; i++)
        network_try_send(AF_INET, PORT, 0, 2000);
    for (size_t before = SIZE_MAX; before != seen->all;) {
        before = seen->all;
        read_once(capture, seen);
    }
    struct capture_state told = capture_state(capture);
    assert_true(told.dropped > 0);
    assert_int_equal(told.records, seen->all);
    assert_int_equal(told.records + told.dropped, 20000);
    capture_close(capture);
    free(seen);
}

/* What was in the ring when it was stopped still comes, what comes later does not. */
static void test_stop(void **state)
{
    network_try_need(state);
    struct seen *seen = new_seen();
    struct capture *capture = open_live("lo", 0);
    network_try_send(AF_INET, PORT, 0, 1500);
    capture_stop(capture);
    read_once(capture, seen);
    usleep(1000);
    network_try_send(AF_INET, PORT, 2000, 2100);
    for (unsigned i = 0; i < 100 && !seen->end; i++)
        read_once(capture, seen);
    assert_true(seen->end);
    assert_int_equal(seen->all, 1500);
    assert_each_once(seen, 1500);
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
    network_try_need(state);
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct seen *seen = new_seen();
    stopped_by_signal = open_live("lo", 0);
    sigaction(SIGALRM, &action, &before);
    int64_t begun_us = clock_mono_us();
    ualarm(100000, 0);
    for (unsigned i = 0; i < 100 && !seen->end; i++)
        read_once(stopped_by_signal, seen);
    assert_true(seen->end);
    assert_true(clock_mono_us() - begun_us < 10000000);
    sigaction(SIGALRM, &before, NULL);
    capture_close(stopped_by_signal);
    free(seen);
}

static void test_nothing_to_read(void **state)
{
    network_try_need(state);
    struct capture *capture = open_live("lo", 0);
    struct capture_batch batch;
    int64_t begun_us = clock_mono_us();
    assert_int_equal(capture_next(capture, &batch, NULL), 0);
    int64_t took_us = clock_mono_us() - begun_us;
    assert_int_equal(batch.count, 0);
    assert_false(batch.end);
    assert_true(took_us >= 150000 && took_us < 5000000);
    capture_close(capture);
}

/* Empty batches until the fault comes. */
static void assert_fails(struct capture *capture, const char *interface)
{
    struct err_note note = {""};
    int rc = 0;
    for (unsigned i = 0; i < 20 && rc == 0; i++) {
        struct capture_batch batch;
        rc = capture_next(capture, &batch, &note);
    }
    assert_int_equal(rc, ERR_IO);
    assert_memory_equal(note.text, interface, strlen(interface));
}

static void test_interface_goes_down(void **state)
{
    network_try_need(state);
    struct capture *capture = open_live("lo", 0);
    assert_true(network_try_set_up("lo", false));
    assert_fails(capture, "lo: ");
    capture_close(capture);
    struct err_note note = {""};
    assert_int_equal(capture_open_live("lo", NULL, 0, 0, &capture, &note), ERR_IO); /* from the start */
    assert_true(network_try_set_up("lo", true));
}

static void test_interface_vanishes(void **state)
{
    network_try_need(state);
    struct ifreq request = {.ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        print_message("skipped: no /dev/net/tun: %s\n", strerror(errno));
        close(fd);
        skip();
    }
    assert_true(network_try_set_up("tap0", true));
    struct capture *capture = open_live("tap0", 0);
    close(fd);
    assert_fails(capture, "tap0: ");
    capture_close(capture);
}

static void test_no_interface(void **state)
{
    static const char *const names[] = {"none0", "", "usbmon0", "dbus-system", "../lo",
        "a-name-that-is-longer-than-the-name-of-an-interface-may-be"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct capture *capture;
        struct err_note note = {""};
        assert_int_equal(capture_open_live(names[i], NULL, 0, 0, &capture, &note), ERR_NOINPUT);
        assert_non_null(strstr(note.text, names[i]));
    }
}

/* As a user without rights: told by name which one is missing. */
static void test_not_permitted(void **state)
{
    network_try_need(state);
    if (geteuid() != 0) {
        print_message("skipped: only root can become somebody else\n");
        skip();
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct capture *capture;
        struct err_note note = {""};
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
            _exit(2);
        int rc = capture_open_live("lo", NULL, 0, 0, &capture, &note);
        _exit(rc == ERR_PERM && strstr(note.text, "CAP_NET_RAW") ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    char *missing = (char *)(uintptr_t)network_try_make();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_each_packet_once, missing),
        cmocka_unit_test_prestate(test_icmp_errors, missing),
        cmocka_unit_test_prestate(test_tagged, missing),
        cmocka_unit_test_prestate(test_drops, missing),
        cmocka_unit_test_prestate(test_stop, missing),
        cmocka_unit_test_prestate(test_stop_in_a_signal_handler, missing),
        cmocka_unit_test_prestate(test_nothing_to_read, missing),
        cmocka_unit_test_prestate(test_interface_goes_down, missing),
        cmocka_unit_test_prestate(test_interface_vanishes, missing),
        cmocka_unit_test_prestate(test_no_interface, missing),
        cmocka_unit_test_prestate(test_not_permitted, missing),
    };
    return cmocka_run_group_tests_name("io/capture/live", tests, NULL, NULL);
}
