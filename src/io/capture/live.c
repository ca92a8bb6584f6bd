/* The idea: libpcap's ring (TPACKET_V3, blocks of packets) is the buffer; what is in it is copied into a
 * batch, since the kernel takes a block back with its last packet. There is no thread.
 *
 * On a loopback interface the kernel shows each packet twice, as it leaves and as it comes; libpcap leaves
 * out the first. On "any" a packet that passes through several interfaces (a bridge and its port) is seen
 * once on each of them. */
#include "io/capture/live.h"

#include "io/capture/capture_inside.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SNAPLEN = 128 << 10, /* packets that the network card or the kernel put together have up to 64 KiB */
    TAGS = 16,           /* that libpcap puts back into a packet */
    ARENA = 2 << 20,
    BUFFER = 64 << 20,
    BLOCK_MS = 100, /* a block that is not full is handed over after this time */
    WAIT_MS = 200,
    LAST_US = 300000, /* after a stop, for blocks that are not full */
};

struct live {
    struct capture capture;
    pcap_t *pcap;
    char interface[IF_NAMESIZE];
    unsigned index; /* 0: "any" */
    int wake;       /* eventfd */
    atomic_bool stop;
    int64_t stop_us, stop_mono_us; /* when the stop was seen; 0: it was not */
    uint16_t link;
    uint64_t octets;
    bool past_stop; /* a packet came that is later */
    size_t used, count;
    struct capture_record records[CAPTURE_BATCH];
    uint8_t arena[ARENA];
};

/* ---- packets ---- */

static void take(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct live *live = (struct live *)(void *)context;
    int64_t time_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec;
    if (live->stop_us && time_us > live->stop_us) {
        live->past_stop = true;
        pcap_breakloop(live->pcap);
        return;
    }
    uint8_t *copy = live->arena + live->used;
    memcpy(copy, bytes, header->caplen);
    live->records[live->count++] = (struct capture_record){.time_us = time_us,
        .bytes = copy,
        .length = header->caplen,
        .wire_length = header->len,
        .link = live->link,
        .what = CAPTURE_PACKET};
    live->used += header->caplen;
    live->octets += header->caplen;
    if (ARENA - live->used < SNAPLEN + TAGS)
        pcap_breakloop(live->pcap);
}

/* Takes what is there, without waiting. */
static int take_batch(struct live *live, struct err_note *note)
{
    live->used = live->count = 0;
    int got = pcap_dispatch(live->pcap, CAPTURE_BATCH, take, (u_char *)live);
    if (got >= 0 || got == PCAP_ERROR_BREAK || live->count > 0)
        return 0; /* an error with packets before it comes again */
    return err_set(note, ERR_IO, "%s: %s", live->interface, pcap_geterr(live->pcap));
}

/* libpcap waits for an interface that went down to come up again. Nothing is seen meanwhile, and he who asked
 * for it should know. */
static int check_interface(const struct live *live, struct err_note *note)
{
    struct ifreq request = {0};
    if (live->index == 0)
        return 0;
    if (if_nametoindex(live->interface) != live->index)
        return err_set(note, ERR_IO, "%s: the interface is gone", live->interface);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0; /* no more descriptors: not the interface's fault */
    memcpy(request.ifr_name, live->interface, sizeof request.ifr_name);
    bool down = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP);
    close(fd);
    if (down)
        return err_set(note, ERR_IO, "%s: the interface went down", live->interface);
    return 0;
}

static void wait_for_packets(struct live *live, int wait_ms)
{
    struct pollfd fds[] = {
        {.fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN},
        {.fd = live->wake, .events = POLLIN},
    };
    uint64_t times;
    if (poll(fds, 2, wait_ms) > 0 && fds[1].revents && read(live->wake, &times, sizeof times) < 0)
        (void)0; /* nothing: it was read before */
}

/* Whether a capture that was stopped is at its end: packets are later, or nothing came for long enough. */
static bool is_over(const struct live *live)
{
    if (!live->stop_us)
        return false;
    int64_t since_us = clock_mono_us() - live->stop_mono_us;
    return live->past_stop || (since_us > LAST_US && live->count == 0) || since_us > 10 * LAST_US;
}

static int live_next(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note)
{
    struct live *live = (struct live *)capture;
    int64_t begun_us = clock_mono_us();
    for (;;) {
        if (!live->stop_us && atomic_load(&live->stop)) {
            live->stop_us = clock_now_us();
            live->stop_mono_us = clock_mono_us();
        }
        int err = take_batch(live, note);
        if (err)
            return err;
        bool over = is_over(live);
        if (live->count > 0 || over) {
            *ret_batch = (struct capture_batch){.records = live->records, .count = live->count, .end = over};
            return 0;
        }
        int64_t left_us = begun_us + WAIT_MS * 1000 - clock_mono_us();
        if (left_us <= 0)
            return check_interface(live, note); /* 0: an empty batch */
        wait_for_packets(live, (int)(left_us / 1000 + 1));
    }
}

/* ---- the capture ---- */

static void live_stop(struct capture *capture)
{
    struct live *live = (struct live *)capture;
    int kept = errno;
    uint64_t one = 1;
    atomic_store(&live->stop, true);
    if (write(live->wake, &one, sizeof one) < 0)
        (void)0; /* full: it is readable anyway */
    errno = kept;
}

static void live_state(const struct capture *capture, struct capture_state *state)
{
    const struct live *live = (const struct live *)capture;
    struct pcap_stat stat;
    state->format = "live";
    state->uncompressed = live->octets;
    if (pcap_stats(live->pcap, &stat) == 0)
        state->dropped = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
}

static void live_close(struct capture *capture)
{
    struct live *live = (struct live *)capture;
    if (live->pcap)
        pcap_close(live->pcap);
    if (live->wake >= 0)
        close(live->wake);
    free(live);
}

/* Numbers that libpcap has for itself and files do not. */
static uint16_t link_of(int dlt)
{
    return dlt == DLT_RAW ? CAPTURE_LINK_RAW : (uint16_t)dlt;
}

static int fail(const struct live *live, int status, struct err_note *note)
{
    const char *name = live->interface, *why = pcap_geterr(live->pcap);
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return err_set(note, ERR_NOINPUT, "%s: no such interface (ip link lists them)", name);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return err_set(note, ERR_PERM,
            "%s: capturing needs the capability CAP_NET_RAW: run as root, or "
            "once: setcap cap_net_raw+ep FILE, for the program's file",
            name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return err_set(note, ERR_IO, "%s: the interface is down", name);
    default:
        return err_set(note, ERR_IO, "%s: cannot capture: %s", name, *why ? why : pcap_statustostr(status));
    }
}

/* On a loopback interface: what leaves comes as well. libpcap would leave it out, but only after it took its
 * place in the ring, and its losses were counted. Old kernels do not know how; then it is as said. */
static void ignore_outgoing(const struct live *live)
{
#ifdef PACKET_IGNORE_OUTGOING
    struct ifreq request = {0};
    int fd = pcap_fileno(live->pcap), yes = 1;
    memcpy(request.ifr_name, live->interface, sizeof request.ifr_name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK)
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
#endif
}

static int activate(struct live *live, size_t buffer, struct err_note *note)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    live->pcap = pcap_create(live->interface, why);
    if (!live->pcap)
        return err_set(note, ERR_IO, "%s: cannot capture: %s", live->interface, why);
    size_t most = buffer ? buffer : BUFFER;
    pcap_set_snaplen(live->pcap, SNAPLEN);
    pcap_set_promisc(live->pcap, 1); /* a mirrored port shows packets for others */
    pcap_set_timeout(live->pcap, BLOCK_MS);
    pcap_set_buffer_size(live->pcap, most > INT32_MAX ? INT32_MAX : (int)most);
    int status = pcap_activate(live->pcap);
    if (status < 0)
        return fail(live, status, note);
    if (pcap_setnonblock(live->pcap, 1, why) != 0)
        return err_set(note, ERR_IO, "%s: cannot capture: %s", live->interface, why);
    ignore_outgoing(live);
    live->link = link_of(pcap_datalink(live->pcap));
    return 0;
}

static int set_filter(struct live *live, const uint16_t *ports, size_t port_count, struct err_note *note)
{
    static const uint16_t domain = 53;
    struct bpf_program filter;
    int err =
        live_filter(live->pcap, port_count ? ports : &domain, port_count ? port_count : 1, &filter, note);
    if (err)
        return err;
    if (pcap_setfilter(live->pcap, &filter) != 0)
        err =
            err_set(note, ERR_IO, "%s: cannot set the filter: %s", live->interface, pcap_geterr(live->pcap));
    free(filter.bf_insns);
    return err;
}

int capture_open_live(const char *interface, const uint16_t *ports, size_t port_count, size_t buffer,
    struct capture **ret_capture, struct err_note *note)
{
    static const struct capture_kind kind = {live_next, live_stop, live_state, live_close};
    if (port_count > LIVE_MAX_PORTS)
        return err_set(note, ERR_USAGE, "at most %d ports", LIVE_MAX_PORTS);
    /* libpcap has devices that are no interfaces (usbmon, dbus). */
    unsigned index = if_nametoindex(interface);
    if (index == 0 && strcmp(interface, "any") != 0)
        return err_set(note, ERR_NOINPUT, "%s: no such interface (ip link lists them)", interface);
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        return err_set(note, ERR_NOMEM, "out of memory");
    live->capture.kind = &kind;
    memcpy(live->interface, interface, strlen(interface) + 1); /* it exists, so it is short */
    live->index = index;
    live->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int err = live->wake < 0 ? err_set(note, ERR_IO, "cannot make an eventfd: %s", strerror(errno))
                             : activate(live, buffer, note);
    if (!err)
        err = set_filter(live, ports, port_count, note);
    if (err) {
        live_close(&live->capture);
        return err;
    }
    *ret_capture = &live->capture;
    return 0;
}
