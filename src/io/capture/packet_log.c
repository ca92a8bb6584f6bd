/* The idea: libpcap's ring in immediate mode, in which a packet can be taken as soon as it has arrived, and
 * its writer, to a buffer that is written out between two packets only. Each packet of the device "any" is
 * seen as it leaves and as it comes; those that leave are ignored. */
#include "io/capture/packet_log.h"

#include "base/utc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    RING = 32 << 20, /* about 2000 packets: each has as much room as the longest */
    BUFFER = 1 << 20,
    WRITE_AT = BUFFER / 2, /* the other half is more than a packet */
    FILE_HEAD = 24,
    RECORD_HEAD = 16,
};

struct packet_log {
    pcap_t *pcap;
    pcap_dumper_t *dump; /* NULL: nothing is written any more */
    char *path;
    uint64_t most, size, written; /* of the file: with what is in the buffer, and without */
    int64_t at_us, written_us;    /* now, and when it was written out */
    bool full;                    /* `most` is reached */
    char buffer[BUFFER];
};

/* ---- the file ---- */

/* Closes it, without the part of the buffer that could not be written. */
static void close_file(struct packet_log *log)
{
    int fd = dup(fileno(pcap_dump_file(log->dump)));
    pcap_dump_close(log->dump);
    log->dump = NULL;
    if (fd < 0)
        return;
    if (ftruncate(fd, (off_t)log->written) < 0)
        (void)0; /* readers say that the last packet is cut */
    close(fd);
}

/* The end before the end. */
static int stop(struct packet_log *log, struct err_note *note, const char *why)
{
    char when[UTC_TEXT];
    close_file(log);
    return err_set(
        note, ERR_IO, "%s: %s: packets after %s are missing", log->path, why, utc_format(log->at_us, when));
}

/* Whether what is to be written leaves enough. */
static bool has_room(const struct packet_log *log)
{
    struct statvfs disk;
    return fstatvfs(fileno(pcap_dump_file(log->dump)), &disk) < 0 ||
           (uint64_t)disk.f_bavail * disk.f_frsize >= PACKET_LOG_LEAVE + (log->size - log->written);
}

/* Why not, or NULL. */
static const char *write_out(struct packet_log *log)
{
    if (!has_room(log))
        return "the disk is nearly full";
    if (pcap_dump_flush(log->dump) != 0)
        return strerror(errno);
    log->written = log->size;
    log->written_us = log->at_us;
    return NULL;
}

static int open_file(struct packet_log *log, struct err_note *note)
{
    int fd = open(log->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        err_set(note, ERR_IO, "%s: %s", log->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    setvbuf(file, log->buffer, _IOFBF, sizeof log->buffer);
    log->dump = pcap_dump_fopen(log->pcap, file);
    if (!log->dump) {
        fclose(file);
        return err_set(note, ERR_IO, "%s: %s", log->path, pcap_geterr(log->pcap));
    }
    log->size = FILE_HEAD;
    const char *why = write_out(log);
    if (!why)
        return 0;
    close_file(log);
    unlink(log->path);
    return err_set(note, ERR_IO, "%s: %s: packets are not kept", log->path, why);
}

/* ---- packets ---- */

static void add(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct packet_log *log = (struct packet_log *)(void *)context;
    struct pcap_pkthdr own = *header;
    uint64_t size = RECORD_HEAD + own.caplen;
    log->full = log->full || log->size + size > log->most;
    if (!log->full) {
        own.ts.tv_sec = (time_t)(log->at_us / UTC_SECOND);
        own.ts.tv_usec = (suseconds_t)(log->at_us % UTC_SECOND);
        pcap_dump((u_char *)log->dump, &own, bytes);
        log->size += size;
    }
    if (log->full || log->size - log->written >= WRITE_AT)
        pcap_breakloop(log->pcap);
}

int packet_log_take(struct packet_log *log, int64_t at_us, struct err_note *note)
{
    log->at_us = at_us > log->at_us ? at_us : log->at_us;
    while (log->dump) {
        int got = pcap_dispatch(log->pcap, -1, add, (u_char *)log);
        bool ends = log->full || got == PCAP_ERROR;
        bool due = log->size - log->written >= WRITE_AT || log->at_us - log->written_us >= UTC_DAY;
        const char *why = ends || due ? write_out(log) : NULL;
        if (ends && !why)
            why = log->full ? "it has become too large" : pcap_geterr(log->pcap);
        if (why)
            return stop(log, note, why);
        if (got == 0)
            return 0;
    }
    return 0;
}

/* ---- the whole ---- */

/* Old kernels do not know how: then libpcap leaves out what leaves, but only after it took its place. */
static void ignore_outgoing(pcap_t *pcap)
{
#ifdef PACKET_IGNORE_OUTGOING
    int yes = 1;
    setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
#endif
    pcap_setdirection(pcap, PCAP_D_IN);
}

static int open_ring(struct packet_log *log, struct err_note *note)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    log->pcap = pcap_create("any", why);
    if (!log->pcap)
        return err_set(note, ERR_IO, "packets cannot be captured: %s", why);
    pcap_set_snaplen(log->pcap, PACKET_LOG_SNAP);
    pcap_set_immediate_mode(log->pcap, 1);
    pcap_set_buffer_size(log->pcap, RING);
    int status = pcap_activate(log->pcap);
    if (status == PCAP_ERROR_PERM_DENIED)
        return err_set(note, ERR_PERM, "packets cannot be captured without the capability CAP_NET_RAW");
    if (status < 0)
        return err_set(note, ERR_IO, "packets cannot be captured: %s", pcap_geterr(log->pcap));
    if (pcap_setnonblock(log->pcap, 1, why) != 0)
        return err_set(note, ERR_IO, "packets cannot be captured: %s", why);
    ignore_outgoing(log->pcap);
    return 0;
}

static void discard(struct packet_log *log)
{
    if (log->dump)
        close_file(log);
    if (log->pcap)
        pcap_close(log->pcap);
    free(log->path);
    free(log);
}

int packet_log_new(const char *path, uint64_t most, struct packet_log **ret_log, struct err_note *note)
{
    struct packet_log *log = calloc(1, sizeof *log);
    if (!log)
        return err_set(note, ERR_NOMEM, "no memory for packets");
    log->most = most;
    log->path = strdup(path);
    int err = log->path ? open_ring(log, note) : err_set(note, ERR_NOMEM, "no memory for packets");
    err = err ? err : open_file(log, note);
    if (err)
        discard(log);
    else
        *ret_log = log;
    return err;
}

int packet_log_end(struct packet_log *log, struct err_note *note)
{
    struct pcap_stat stat = {0};
    if (!log)
        return 0;
    const char *why = log->dump ? write_out(log) : NULL;
    int err = why ? stop(log, note, why) : 0;
    if (log->dump && pcap_stats(log->pcap, &stat) == 0 && stat.ps_drop)
        err = err_set(note, ERR_UNAVAILABLE,
            "%s: %u packets are missing: they came faster than they were taken", log->path, stat.ps_drop);
    discard(log);
    return err;
}
