/* hostile_sender --port PORT --udp COUNT --tcp COUNT --name NAME [--name NAME …] [--pid PID] [--growth KIB]
 * [--seed N]
 *
 * Sends that many hostile messages to 127.0.0.1 and accounts for each answer. NAMEs exist; the first one has
 * a DNSKEY RRset, which is asked in between: that answer must come and be right, and since a server keeps the
 * order on one socket, all answers to what was sent before it have come too. Failures, each of which ends the
 * run with exit code 1: an answer with an id that was not asked, or a second one; without QR; to a response;
 * that is not a well-formed message; a right question without a right answer; a connection that is not taken;
 * the process PID gone, or grown by more than KIB since a fifth of the messages was sent. A batch and each
 * wait are bounded, so it always ends. */
#include "hostile_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 48,
    MAX_NAMES = 16,
    WAIT_MS = 5000, /* for an answer that must come */
    TYPE_DNSKEY = 48,
    TCP_ROOM = 1 << 20,
    HALF_OPEN = 64,
};

struct sender {
    struct hostile hostile;
    struct sockaddr_in to;
    const char *names[MAX_NAMES];
    unsigned long udp, tcp, sent, answered, controls, connections;
    pid_t pid;
    long growth_kib, first_kib;
    int fd;
    uint8_t wanted[65536]; /* answers that an id may still bring */
    int half_open[HALF_OPEN];
    uint8_t stream[TCP_ROOM];
};

static _Noreturn void fail(const struct sender *s, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "hostile_sender: after %lu messages (seed state %llu): ", s->sent,
        (unsigned long long)s->hostile.random);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A response, and what is no message, must stay without an answer. */
static bool may_be_answered(const uint8_t *message, size_t length)
{
    return length >= 12 && !(message[2] & 0x80);
}

/* One hostile message with an id; counts the answer that it may bring. */
static size_t next_message(struct sender *s, uint16_t id, uint8_t *out)
{
    size_t length = hostile_message(&s->hostile, out);
    if (length >= 2)
        put16(out, id);
    s->wanted[id] = may_be_answered(out, length);
    s->sent++;
    return length;
}

static void take_answer(struct sender *s, const uint8_t *answer, size_t length, const char *transport)
{
    if (length < 12)
        fail(s, "an answer of %zu octets over %s", length, transport);
    uint16_t id = get16(answer);
    if (!(answer[2] & 0x80))
        fail(s, "an answer without QR over %s, id %u", transport, id);
    if (!s->wanted[id])
        fail(s, "an answer over %s with id %u that was not asked, was answered before, or was a response",
            transport, id);
    if (!hostile_well_formed(answer, length))
        fail(s, "an answer over %s that is no message, id %u, %zu octets", transport, id, length);
    s->wanted[id]--;
    s->answered++;
}

static bool is_right(const uint8_t *answer, size_t length)
{
    return length > 12 && (answer[3] & 0x0f) == 0 && get16(answer + 6) > 0 && answer[2] & 0x04;
}

/* What the process uses, or -1. */
static long resident_kib(pid_t pid)
{
    char path[64], line[200];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

static void watch_process(struct sender *s, unsigned long done, unsigned long all)
{
    if (!s->pid)
        return;
    long now = resident_kib(s->pid);
    if (now < 0)
        fail(s, "the server has ended");
    if (!s->first_kib && done * 5 >= all)
        s->first_kib = now;
    if (s->first_kib && now > s->first_kib + s->growth_kib)
        fail(s, "the server has grown from %ld to %ld KiB", s->first_kib, now);
}

/* UDP */

/* The control question; reads until its answer has come, which also collects those to all before it. A full
 * socket buffer may have dropped it, so it is asked up to three times. */
static void udp_control(struct sender *s, uint16_t id)
{
    uint8_t query[512], answer[65535];
    size_t length = hostile_query(s->names[0], TYPE_DNSKEY, id, query);
    for (int tries = 0; tries < 3; tries++) {
        s->wanted[id] = (uint8_t)(tries + 1);
        if (send(s->fd, query, length, 0) < 0)
            fail(s, "send: %s", strerror(errno));
        ssize_t got;
        while ((got = recv(s->fd, answer, sizeof answer, 0)) >= 0) {
            take_answer(s, answer, (size_t)got, "UDP");
            if (get16(answer) != id)
                continue;
            if (!is_right(answer, (size_t)got))
                fail(s, "a wrong answer to %s DNSKEY over UDP, rcode %u", s->names[0], answer[3] & 0x0fU);
            s->controls++;
            return;
        }
    }
    fail(s, "no answer to %s DNSKEY over UDP: %s", s->names[0], strerror(errno));
}

static void open_udp(struct sender *s)
{
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    int size = 4 << 20;
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&s->to, sizeof s->to) < 0)
        fail(s, "no UDP socket: %s", strerror(errno));
}

static void run_udp(struct sender *s)
{
    static uint8_t messages[BATCH][HOSTILE_MAX];
    struct iovec vectors[BATCH];
    struct mmsghdr batch[BATCH];
    uint16_t id = 0;
    open_udp(s);
    udp_control(s, id++);
    for (unsigned long done = 0; done < s->udp;) {
        unsigned count = s->udp - done < BATCH ? (unsigned)(s->udp - done) : BATCH;
        memset(batch, 0, sizeof batch);
        for (unsigned i = 0; i < count; i++) {
            vectors[i] =
                (struct iovec){.iov_base = messages[i], .iov_len = next_message(s, id++, messages[i])};
            batch[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        if (sendmmsg(s->fd, batch, count, 0) != (int)count)
            fail(s, "sendmmsg: %s", strerror(errno));
        udp_control(s, id++);
        done += count;
        if (done % (BATCH * 64) == 0)
            watch_process(s, done, s->udp + s->tcp);
    }
    close(s->fd);
}

/* TCP */

static int tcp_connect(struct sender *s)
{
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || connect(fd, (struct sockaddr *)&s->to, sizeof s->to) < 0)
        fail(s, "no TCP connection: %s", strerror(errno));
    s->connections++;
    return fd;
}

static void tcp_reset(int fd)
{
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

/* Frames up to a control question at the end; then every answer is read. A frame shorter than a header may
 * end the connection, so there is none among them. */
static size_t fill_stream(struct sender *s, unsigned count, uint16_t *ret_control)
{
    size_t used = 0;
    uint16_t id = (uint16_t)hostile_random(&s->hostile, 65536);
    for (unsigned i = 0; i < count; i++) {
        size_t length = next_message(s, id, s->stream + used + 2);
        if (length < 12) {
            memset(s->stream + used + 2 + length, 0, 12 - length);
            put16(s->stream + used + 2, id);
            length = 12;
            s->wanted[id] = may_be_answered(s->stream + used + 2, length);
        }
        put16(s->stream + used, length);
        used += 2 + length;
        id++;
    }
    size_t length = hostile_query(s->names[0], TYPE_DNSKEY, id, s->stream + used + 2);
    put16(s->stream + used, length);
    s->wanted[id] = 1;
    *ret_control = id;
    return used + 2 + length;
}

static void read_answers(struct sender *s, int fd, uint16_t control)
{
    static uint8_t answer[65535];
    for (;;) {
        uint8_t prefix[2];
        if (recv(fd, prefix, 2, MSG_WAITALL) != 2)
            fail(s, "no answer to %s DNSKEY over TCP: %s", s->names[0], errno ? strerror(errno) : "closed");
        size_t length = get16(prefix);
        if (recv(fd, answer, length, MSG_WAITALL) != (ssize_t)length)
            fail(s, "half an answer over TCP");
        take_answer(s, answer, length, "TCP");
        if (get16(answer) != control)
            continue;
        if (!is_right(answer, length))
            fail(s, "a wrong answer to %s DNSKEY over TCP, rcode %u", s->names[0], answer[3] & 0x0fU);
        s->controls++;
        return;
    }
}

static void send_pieces(struct sender *s, int fd, size_t length, size_t piece)
{
    for (size_t at = 0; at < length;) {
        size_t want = length - at < piece ? length - at : piece;
        ssize_t n = send(fd, s->stream + at, want, MSG_NOSIGNAL);
        if (n <= 0)
            fail(s, "TCP send: %s", strerror(errno));
        at += (size_t)n;
    }
}

/* The manners of a connection. Those that read to the end check all answers; the others only must not hurt.
 */

static void all_at_once(struct sender *s, int fd)
{
    uint16_t control;
    size_t length = fill_stream(s, 1 + hostile_random(&s->hostile, 30), &control);
    send_pieces(s, fd, length, length);
    read_answers(s, fd, control);
    close(fd);
}

static void in_pieces(struct sender *s, int fd)
{
    uint16_t control;
    size_t length = fill_stream(s, 1 + hostile_random(&s->hostile, 3), &control);
    send_pieces(s, fd, length, 1 + hostile_random(&s->hostile, length > 2000 ? 200 : 20));
    read_answers(s, fd, control);
    close(fd);
}

static void half_close(struct sender *s, int fd)
{
    uint16_t control;
    size_t length = fill_stream(s, 1 + hostile_random(&s->hostile, 10), &control);
    send_pieces(s, fd, length, length);
    shutdown(fd, SHUT_WR);
    read_answers(s, fd, control);
    uint8_t more;
    if (recv(fd, &more, 1, 0) > 0)
        fail(s, "octets after the last answer over TCP");
    close(fd);
}

static void reset_midway(struct sender *s, int fd)
{
    uint16_t control;
    size_t length = fill_stream(s, 1 + hostile_random(&s->hostile, 20), &control);
    send_pieces(s, fd, 1 + hostile_random(&s->hostile, (uint32_t)length), TCP_ROOM);
    tcp_reset(fd);
}

static void lie_of_length(struct sender *s, int fd)
{
    static const uint16_t lies[] = {0, 1, 11, 12, 4097, 65535};
    uint16_t control;
    size_t length = fill_stream(s, 1, &control);
    put16(s->stream, lies[hostile_random(&s->hostile, 6)]);
    (void)!send(fd, s->stream, length, MSG_NOSIGNAL);
    if (hostile_random(&s->hostile, 2))
        shutdown(fd, SHUT_WR);
    close(fd);
}

static void noise(struct sender *s, int fd)
{
    size_t length = 1 + hostile_random(&s->hostile, 4000);
    for (size_t i = 0; i < length; i++)
        s->stream[i] = (uint8_t)hostile_random(&s->hostile, 256);
    (void)!send(fd, s->stream, length, MSG_NOSIGNAL);
    s->sent++;
    close(fd);
}

/* Stays open with half a message until its place is needed again. */
static void half_open(struct sender *s, int fd)
{
    uint16_t control;
    size_t length = fill_stream(s, 1, &control);
    (void)!send(fd, s->stream, 1 + hostile_random(&s->hostile, (uint32_t)length - 1), MSG_NOSIGNAL);
    int *place = &s->half_open[hostile_random(&s->hostile, HALF_OPEN)];
    if (*place)
        tcp_reset(*place);
    *place = fd;
}

/* Asks for a lot, and reads nothing. */
static void never_read(struct sender *s, int fd)
{
    size_t used = 0;
    while (used + 600 < 100000) {
        size_t length = hostile_query(s->names[0], TYPE_DNSKEY, (uint16_t)used, s->stream + used + 2);
        put16(s->stream + used, length);
        used += 2 + length;
    }
    s->sent++;
    (void)!send(fd, s->stream, used, MSG_NOSIGNAL | MSG_DONTWAIT);
    int *place = &s->half_open[hostile_random(&s->hostile, HALF_OPEN)];
    if (*place)
        tcp_reset(*place);
    *place = fd;
}

static void run_tcp(struct sender *s)
{
    static void (*const manners[])(struct sender *, int) = {
        all_at_once, all_at_once, in_pieces, half_close, reset_midway, lie_of_length, noise, half_open};
    unsigned long begin = s->sent;
    uint16_t id = 0;
    open_udp(s);
    for (unsigned long turn = 0; s->sent - begin < s->tcp; turn++) {
        size_t pick = turn % 211 == 210 ? 8 : hostile_random(&s->hostile, 8);
        int fd = tcp_connect(s);
        memset(s->wanted, 0, sizeof s->wanted);
        (pick == 8 ? never_read : manners[pick])(s, fd);
        memset(s->wanted, 0, sizeof s->wanted);
        if (turn % 16 == 0) {
            udp_control(s, id++);
            watch_process(s, s->sent, s->udp + s->tcp);
        }
    }
    for (size_t i = 0; i < HALF_OPEN; i++)
        if (s->half_open[i])
            close(s->half_open[i]);
    close(s->fd);
}

static int usage(void)
{
    fprintf(stderr, "usage: hostile_sender --port PORT --name NAME [--name NAME …] [--udp COUNT] [--tcp "
                    "COUNT] [--pid PID]\n"
                    "           [--growth KIB] [--seed N]\n");
    return 64;
}

static bool parse(struct sender *s, int argc, char **argv)
{
    static const struct option options[] = {{"port", 1, NULL, 'p'}, {"name", 1, NULL, 'n'},
        {"udp", 1, NULL, 'u'}, {"tcp", 1, NULL, 't'}, {"pid", 1, NULL, 'i'}, {"growth", 1, NULL, 'g'},
        {"seed", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        unsigned long number = option == 'n' || !optarg ? 0 : strtoul(optarg, NULL, 10);
        if (option == 'p')
            s->to.sin_port = htons((uint16_t)number);
        else if (option == 'u')
            s->udp = number;
        else if (option == 't')
            s->tcp = number;
        else if (option == 'i')
            s->pid = (pid_t)number;
        else if (option == 'g')
            s->growth_kib = (long)number;
        else if (option == 's')
            s->hostile.random = 2 * number + 1;
        else if (option == 'n' && s->hostile.name_count < MAX_NAMES)
            s->names[s->hostile.name_count++] = optarg;
        else
            return false;
    }
    return s->to.sin_port && s->hostile.name_count && optind == argc;
}

int main(int argc, char **argv)
{
    static struct sender s = {.growth_kib = 16384, .hostile.random = 20181011};
    s.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s.hostile.names = s.names;
    if (!parse(&s, argc, argv))
        return usage();
    for (int i = 0; i < 16; i++)
        hostile_random(&s.hostile, 2);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (s.udp)
        run_udp(&s);
    if (s.tcp)
        run_tcp(&s);
    watch_process(&s, 1, 1);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lu hostile messages (%lu over UDP), %lu connections, %lu answers, all asked for; %lu control "
           "questions, all answered "
           "right; %.1f s",
        s.sent, s.udp, s.connections, s.answered, s.controls,
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    if (s.pid)
        printf("; memory %ld, then %ld KiB", s.first_kib, resident_kib(s.pid));
    putchar('\n');
    return 0;
}
