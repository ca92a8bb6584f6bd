/* A space, the world in it, its server, and a client without any subtlety, all in one process. */
#include "app/lab/world/server.h"
#include "app/lab/world/servers.h"
#include "app/lab/world/world_try.h"
#include "core/dns/message.h"
#include "core/zone/zone_try.h"
#include "io/proc/clock.h"
#include "io/proc/space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define INSIST(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "in the space, line %d: %s (%s)\n", __LINE__, #condition, strerror(errno));      \
            return 1;                                                                                        \
        }                                                                                                    \
    } while (0)

#define at world_try_at
#define A_ROOT "198.41.0.4"
#define C_ROOT "192.33.4.12"
#define D_ROOT "199.7.91.13"

struct lab {
    const struct world_try *try;
    struct vclock *clock;
    struct lab_world *world;
    struct lab_server *server;
    int (*test)(struct lab *lab);
    uint8_t raw[65535];
    struct try_answer answer;
};

static int setup(void **state)
{
    return world_try_setup(state, "2026-09-01", "2027-05-01");
}

/* ---- the client ---- */

static socklen_t where(const char *address, struct sockaddr_storage *ret)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
    memset(ret, 0, sizeof *ret);
    four->sin_port = htons(53); /* at the same place in both */
    ret->ss_family = strchr(address, ':') ? AF_INET6 : AF_INET;
    inet_pton(ret->ss_family, address,
        ret->ss_family == AF_INET ? (void *)&four->sin_addr : (void *)&six->sin6_addr);
    return ret->ss_family == AF_INET ? sizeof *four : sizeof *six;
}

static int connect_to(const char *address, int type)
{
    struct sockaddr_storage to;
    socklen_t length = where(address, &to);
    int fd = socket(to.ss_family, type, 0);
    if (connect(fd, (struct sockaddr *)&to, length) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The length of what came within half a second, while the server works; 0 for none, or the end. */
static size_t await(struct lab *lab, int fd, uint8_t *out, size_t capacity)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < 50; i++) {
        unsigned answered;
        if (lab_server_poll(lab->server, 0, 0, &answered))
            return 0;
        if (poll(&wait, 1, i < 3 ? 0 : 10) == 1) {
            ssize_t got = recv(fd, out, capacity, MSG_DONTWAIT);
            return got > 0 ? (size_t)got : 0;
        }
    }
    return 0;
}

/* Asks over UDP. 0: no answer. */
static size_t ask(struct lab *lab, const char *address, struct try_ask question)
{
    uint8_t query[512];
    int fd = connect_to(address, SOCK_DGRAM);
    size_t length = try_query(question, query);
    size_t got = fd >= 0 && send(fd, query, length, 0) == (ssize_t)length
                     ? await(lab, fd, lab->raw, sizeof lab->raw)
                     : 0;
    close(fd);
    const char *wrong = got ? try_parse(lab->raw, got, &lab->answer) : NULL;
    if (wrong)
        fprintf(stderr, "%s\n", wrong);
    return wrong ? 0 : got;
}

static size_t send_stream(int fd, struct try_ask question)
{
    uint8_t query[514];
    size_t length = try_query(question, query + 2);
    bytes_put_u16(query, (uint16_t)length);
    return send(fd, query, length + 2, MSG_NOSIGNAL) == (ssize_t)length + 2 ? length : 0;
}

/* One whole message of a stream. 0: none. */
static size_t take_stream(struct lab *lab, int fd)
{
    uint8_t *raw = lab->raw;
    size_t have = 0;
    while (have < 2 || have < 2U + bytes_u16(raw)) {
        size_t want = have < 2 ? 2 - have : 2U + bytes_u16(raw) - have;
        size_t got = await(lab, fd, raw + have, want);
        if (!got)
            return 0;
        have += got;
    }
    return try_parse(raw + 2, have - 2, &lab->answer) ? 0 : have - 2;
}

static size_t ask_stream(struct lab *lab, const char *address, struct try_ask question)
{
    int fd = connect_to(address, SOCK_STREAM);
    size_t got = fd >= 0 && send_stream(fd, question) ? take_stream(lab, fd) : 0;
    close(fd);
    return got;
}

static const struct try_ask root_keys = {
    .name = ".", .type = RR_DNSKEY, .edns = true, .dnssec_ok = true, .udp_size = 4096};

/* ---- tests, inside ---- */

static int every_address(struct lab *lab)
{
    static const struct try_ask question = {
        .name = "D7.ok.lab.", .type = RR_A, .edns = true, .dnssec_ok = true, .flags = MESSAGE_RD};
    for (size_t i = 0; i < servers_count(); i++) {
        const struct servers_row *row = &servers_table[i];
        INSIST(ask(lab, row->address, question));
        size_t answers = try_count(&lab->answer, 0, "d7.ok.lab.", RR_A);
        bool recursing = row->number == SERVERS_RECURSING;
        INSIST(answers == (row->number == SERVERS_LEAF || recursing));
        INSIST(try_count(&lab->answer, 1, "lab.", RR_NS) == (row->number < LAB_ROOTS ? 2 : 0));
        INSIST(!(lab->answer.flags & MESSAGE_RA) == !recursing);
        INSIST(!(lab->answer.flags & MESSAGE_AA) == (row->number != SERVERS_LEAF));
        INSIST(!(lab->answer.flags & MESSAGE_AD));
        INSIST(ask_stream(lab, row->address, question));
        INSIST(try_count(&lab->answer, 0, "d7.ok.lab.", RR_A) == answers);
    }
    struct lab_counts counts = lab_server_counts(lab->server);
    INSIST(counts.root[0] == 4 && counts.root[1] == 12 && counts.recursing == 4 && counts.tld == 16);
    INSIST(counts.tcp == servers_count());
    return 0;
}

/* 1,414 octets, on 2026-10-05. */
static int sizes_and_fragments(struct lab *lab)
{
    INSIST(ask(lab, A_ROOT, root_keys) && lab->answer.flags & MESSAGE_TC && !lab->answer.count[1]);
    INSIST(ask_stream(lab, A_ROOT, root_keys) == 1414 && !(lab->answer.flags & MESSAGE_TC));
    lab_server_fault(lab->server, 0, (struct lab_server_faults){.udp_size = 4096});
    INSIST(ask(lab, A_ROOT, root_keys) == 1414);
    INSIST(ask(lab, C_ROOT, root_keys) && lab->answer.flags & MESSAGE_TC);
    lab_server_fault(lab->server, -1, (struct lab_server_faults){.fragment_above = 1232});
    INSIST(!ask(lab, A_ROOT, root_keys) && !ask(lab, C_ROOT, root_keys));
    INSIST(!ask(lab, LAB_SERVER_RECURSING, root_keys));
    INSIST(ask_stream(lab, C_ROOT, root_keys) == 1414);
    INSIST(
        ask(lab, C_ROOT, (struct try_ask){.name = ".", .type = RR_DNSKEY, .edns = true, .udp_size = 1232}));
    INSIST(ask(lab, C_ROOT, (struct try_ask){.name = "lab.", .type = RR_DS}));
    lab_server_fault(lab->server, -1, (struct lab_server_faults){.fragment_above = 1472});
    INSIST(ask(lab, C_ROOT, root_keys) == 1414);
    size_t count;
    const struct lab_query *log = lab_server_log(lab->server, &count);
    static const struct {
        uint16_t size;
        uint8_t server;
        bool tcp, truncated;
    } logged[] = {{28, 0, false, true}, {1414, 0, true, false}, {1414, 0, false, false}, {28, 2, false, true},
        {0, 0, false, false}, {0, 2, false, false}, {0, SERVERS_RECURSING, false, false},
        {1414, 2, true, false}, {1128, 2, false, false}, {1414, 2, false, false}};
    INSIST(count == sizeof logged / sizeof *logged);
    for (size_t i = 0; i < count; i++) {
        INSIST(log[i].answer_size == logged[i].size && log[i].server == logged[i].server);
        INSIST(log[i].tcp == logged[i].tcp && log[i].truncated == logged[i].truncated);
        INSIST(log[i].qtype == RR_DNSKEY && !strcmp(log[i].qname, "."));
        INSIST(log[i].at_us >= at("2026-10-05") && log[i].at_us < at("2026-10-05") + UTC_HOUR);
    }
    return 0;
}

static int off_and_refused(struct lab *lab)
{
    static const struct try_ask soa = {.name = ".", .type = RR_SOA};
    lab_server_fault(lab->server, 2, (struct lab_server_faults){.off = true});
    INSIST(!ask(lab, C_ROOT, soa) && !ask(lab, "2001:500:2::c", soa));
    INSIST(ask(lab, A_ROOT, soa));
    int fd = connect_to(C_ROOT, SOCK_STREAM); /* nobody refuses; nobody answers */
    INSIST(fd >= 0 && send_stream(fd, soa) && !take_stream(lab, fd));
    lab_server_fault(lab->server, 2, (struct lab_server_faults){.no_tcp = true});
    INSIST(recv(fd, lab->raw, 1, MSG_DONTWAIT) == 0); /* it is closed now */
    close(fd);
    INSIST(connect_to(C_ROOT, SOCK_STREAM) < 0 && errno == ECONNREFUSED);
    INSIST(connect_to("2001:500:2::c", SOCK_STREAM) < 0 && errno == ECONNREFUSED);
    INSIST(ask(lab, C_ROOT, soa));
    INSIST(ask_stream(lab, A_ROOT, soa));
    lab_server_fault(lab->server, -1, (struct lab_server_faults){.no_tcp = true});
    INSIST(connect_to(A_ROOT, SOCK_STREAM) < 0 && connect_to(LAB_SERVER_RECURSING, SOCK_STREAM) < 0);
    INSIST(ask_stream(lab, "198.18.1.1", (struct try_ask){.name = "lab.", .type = RR_SOA}));
    lab_server_fault(lab->server, -1, (struct lab_server_faults){.off = true});
    INSIST(!ask(lab, A_ROOT, soa) && !ask(lab, LAB_SERVER_RECURSING, soa));
    lab_server_fault(lab->server, -1, (struct lab_server_faults){0});
    INSIST(ask_stream(lab, A_ROOT, soa) && ask_stream(lab, C_ROOT, soa) && ask(lab, C_ROOT, soa));
    INSIST(ask_stream(lab, LAB_SERVER_RECURSING, soa));
    return 0;
}

static uint16_t signer(const struct lab *lab)
{
    for (size_t i = 0; i < lab->answer.records; i++)
        if (lab->answer.record[i].type == RR_RRSIG)
            return bytes_u16(lab->answer.record[i].rdata + 16);
    return 0;
}

static int time_and_lag(struct lab *lab)
{
    INSIST(ask_stream(lab, D_ROOT, root_keys) && signer(lab) == 20326);
    vclock_jump(lab->clock, at("2026-10-12"));
    INSIST(ask_stream(lab, D_ROOT, root_keys) && signer(lab) == 38696);
    lab_server_fault(lab->server, 3, (struct lab_server_faults){.lag_us = 3 * UTC_DAY});
    INSIST(ask_stream(lab, D_ROOT, root_keys) && signer(lab) == 20326);
    INSIST(ask_stream(lab, A_ROOT, root_keys) && signer(lab) == 38696);
    INSIST(ask_stream(lab, LAB_SERVER_RECURSING, root_keys) && signer(lab) == 38696);
    INSIST(lab_world_tamper(lab->world, LAB_TAMPER_REPLAY, at("2026-10-05"), NULL) == 0);
    INSIST(ask_stream(lab, A_ROOT, root_keys) == 1414 && signer(lab) == 20326);
    INSIST(ask_stream(lab, LAB_SERVER_RECURSING, root_keys) == 1414 && signer(lab) == 20326);
    INSIST(ask(lab, A_ROOT, (struct try_ask){.name = ".", .type = RR_SOA, .edns = true, .dnssec_ok = true}));
    INSIST(lab_world_tamper(lab->world, LAB_TAMPER_NONE, 0, NULL) == 0);
    vclock_jump(lab->clock, at("2026-10-14T00:00:01Z"));
    INSIST(ask_stream(lab, D_ROOT, root_keys) && signer(lab) == 38696);
    return 0;
}

static int what_is_kept(struct lab *lab)
{
    static const struct {
        const char *address;
        struct try_ask question;
        bool kept;
        enum evidence_kind kind;
    } cases[] = {
        {A_ROOT, {.name = "_ta-4f66-9728.", .type = RR_NULL}, true, EVIDENCE_SIGNAL},
        {C_ROOT, {.name = "_Ta-4F66.", .type = RR_A}, true, EVIDENCE_SIGNAL},
        {A_ROOT, {.name = "_ta-zz.", .type = RR_NULL}, false, 0},
        {A_ROOT, {.name = "_ta-4f66.lab.", .type = RR_NULL}, false, 0},
        {A_ROOT, {.name = ".", .type = RR_SOA}, false, 0},
        {A_ROOT, {.name = "lab.", .type = RR_DNSKEY}, false, 0},
        {A_ROOT, {.name = ".", .type = RR_DNSKEY}, true, EVIDENCE_DNSKEY},
        {"198.18.1.1", {.name = "lab.", .type = RR_DNSKEY}, false, 0},
        {"198.18.3.2", {.name = "root-key-sentinel-is-ta-20326.ok.lab.", .type = RR_A}, true, EVIDENCE_NAME},
        {"198.18.3.2", {.name = "d9.ok.lab.", .type = RR_A}, false, 0},
        {LAB_SERVER_RECURSING, {.name = "root-key-sentinel-not-ta-38696.ok.lab.", .type = RR_A}, true,
            EVIDENCE_NAME},
    };
    size_t count, expected = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        INSIST(ask(lab, cases[i].address, cases[i].question));
        expected += cases[i].kept;
        const struct lab_query *log = lab_server_log(lab->server, &count);
        INSIST(count == expected);
        if (cases[i].kept) {
            const struct lab_query *last = &log[count - 1];
            INSIST(!strcmp(last->qname, cases[i].question.name)); /* in its own case */
            INSIST(last->event.kind == cases[i].kind && last->qtype == cases[i].question.type);
        }
    }
    const struct lab_query *log = lab_server_log(lab->server, &count);
    INSIST(log[0].event.tag_count == 2 && log[0].event.tags[0] == 20326 && log[0].event.tags[1] == 38696);
    return 0;
}

/* Two questions in one segment, one in pieces, the end of the client's stream before the answer; rubbish. */
static int streams(struct lab *lab)
{
    uint8_t query[1100];
    size_t length = try_query((struct try_ask){.name = "lab.", .type = RR_DS}, query + 2);
    bytes_put_u16(query, (uint16_t)length);
    length += 2;
    memcpy(query + length, query, length);
    int fd = connect_to(A_ROOT, SOCK_STREAM);
    INSIST(send(fd, query, 2 * length, 0) == (ssize_t)(2 * length));
    INSIST(take_stream(lab, fd) && take_stream(lab, fd));
    for (size_t i = 0; i < length; i++) {
        unsigned answered;
        INSIST(send(fd, query + i, 1, 0) == 1 && lab_server_poll(lab->server, 0, 0, &answered) == 0);
    }
    INSIST(take_stream(lab, fd));
    INSIST(send(fd, query, length, 0) > 0 && shutdown(fd, SHUT_WR) == 0);
    INSIST(take_stream(lab, fd) && !take_stream(lab, fd));
    close(fd);
    fd = connect_to(A_ROOT, SOCK_STREAM);
    memset(query, 0xff, sizeof query);
    for (int i = 0; i < 60; i++) /* a message of 65,535 octets that is none */
        INSIST(send(fd, query, sizeof query, 0) == (ssize_t)sizeof query);
    INSIST(!take_stream(lab, fd));
    close(fd);
    /* More than there is room for: the oldest has to go, the newest is heard. */
    int fds[100];
    unsigned answered;
    for (int i = 0; i < 100; i++) {
        fds[i] = connect_to(A_ROOT, SOCK_STREAM);
        INSIST(fds[i] >= 0 && lab_server_poll(lab->server, 0, 0, &answered) == 0);
    }
    INSIST(send_stream(fds[99], root_keys) && take_stream(lab, fds[99]) == 1414);
    INSIST(recv(fds[0], query, 1, MSG_DONTWAIT) == 0);
    /* An hour later all of them are closed. */
    vclock_jump(lab->clock, at("2026-10-05T01:00:00Z"));
    INSIST(lab_server_poll(lab->server, 0, 0, &answered) == 0);
    for (int i = 0; i < 100; i++) {
        INSIST(recv(fds[i], query, 1, MSG_DONTWAIT) == 0);
        close(fds[i]);
    }
    return 0;
}

/* Ten thousand questions without reading an answer: the server's memory stays small, and all are answered. */
static int pipelined(struct lab *lab)
{
    enum { QUESTIONS = 10000 };
    uint8_t query[514];
    size_t length = try_query(root_keys, query + 2), sent = 0, received = 0;
    unsigned answered;
    bytes_put_u16(query, (uint16_t)length);
    length += 2;
    int fd = connect_to(A_ROOT, SOCK_STREAM);
    size_t at_octet = 0;
    while (received < (size_t)QUESTIONS * 1416) {
        while (sent < QUESTIONS) {
            ssize_t took = send(fd, query + at_octet, length - at_octet, MSG_DONTWAIT);
            if (took < 0)
                break;
            at_octet += (size_t)took;
            if (at_octet == length) {
                at_octet = 0;
                sent++;
            }
        }
        INSIST(lab_server_poll(lab->server, 0, 0, &answered) == 0);
        ssize_t got = recv(fd, lab->raw, sizeof lab->raw, MSG_DONTWAIT);
        INSIST(got > 0 || errno == EAGAIN);
        received += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    INSIST(received == (size_t)QUESTIONS * 1416);
    return 0;
}

static int speed(struct lab *lab)
{
    enum { QUESTIONS = 3000 };
    int fd = connect_to(A_ROOT, SOCK_DGRAM);
    uint8_t query[512];
    unsigned answered, all = 0;
    size_t length =
        try_query((struct try_ask){.name = "x.lab.", .type = RR_A, .edns = true, .dnssec_ok = true}, query);
    int64_t began_us = clock_mono_us();
    for (int i = 0; i < QUESTIONS; i++) {
        INSIST(send(fd, query, length, 0) == (ssize_t)length);
        INSIST(lab_server_poll(lab->server, 0, 0, &answered) == 0 && answered == 1);
        all += recv(fd, lab->raw, sizeof lab->raw, MSG_DONTWAIT) > 0;
    }
    INSIST(all == QUESTIONS);
    fprintf(stderr, "%.1f us for a question\n", (double)(clock_mono_us() - began_us) / QUESTIONS);
    /* Memory and descriptors are those of the server: a second one finds its ports taken. */
    struct lab_server *second;
    struct err_note note = {""};
    INSIST(lab_server_new(lab->world, lab->clock, &second, &note) == ERR_UNAVAILABLE);
    INSIST(!strcmp(note.text, "port 53 of " A_ROOT " cannot be had: Address already in use"));
    return 0;
}

/* ---- outside ---- */

static int run(void *context)
{
    struct lab *lab = context;
    struct err_note note = {""};
    char page[] = "/tmp/rollcall-server-XXXXXX/page";
    char *slash = strrchr(page, '/');
    *slash = '\0';
    INSIST(mkdtemp(page));
    *slash = '/';
    int rc = vclock_new(page, at("2026-10-05"), &lab->clock, &note);
    rc = rc ? rc : lab_world_new(&lab->try->spec, &lab->world, &note);
    rc = rc ? rc : lab_server_new(lab->world, lab->clock, &lab->server, &note);
    if (rc)
        fprintf(stderr, "%s\n", note.text);
    int code = rc ? 1 : lab->test(lab);
    if (!rc)
        lab_server_free(lab->server);
    lab_world_free(lab->world);
    vclock_free(lab->clock);
    *slash = '\0';
    rmdir(page);
    return code;
}

static void in_space(void **state, int (*test)(struct lab *lab))
{
    static struct lab lab;
    struct space_spec spec = {.ethernet = false};
    struct err_note note = {""};
    pid_t pid;
    int status;
    spec.addresses = lab_server_addresses(&spec.address_count);
    lab = (struct lab){.try = *state, .test = test};
    int rc = space_start(&spec, run, &lab, &pid, &note);
    if (rc == ERR_PERM) {
        print_message("skipped: %s\n", note.text);
        skip();
    }
    if (rc)
        print_message("%s\n", note.text);
    assert_int_equal(rc, 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name)                                                                                           \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        in_space(state, name);                                                                               \
    }
TEST(every_address)
TEST(sizes_and_fragments)
TEST(off_and_refused)
TEST(time_and_lag)
TEST(what_is_kept)
TEST(streams)
TEST(pipelined)
TEST(speed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_address),
        cmocka_unit_test(test_sizes_and_fragments),
        cmocka_unit_test(test_off_and_refused),
        cmocka_unit_test(test_time_and_lag),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, setup, world_try_teardown);
}
