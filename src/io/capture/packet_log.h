/* packet_log: every packet of a network namespace in a pcap file, under times that the caller says: for
 * networks that live in a time of their own.
 *
 * A packet is taken where it arrives, at whatever interface, so that it is there once if both its ends are in
 * the namespace. The link type is LINUX_SLL. The file holds whole packets at any moment, all but those of the
 * last day. It is worth less than what else is written beside it: it ends before PACKET_LOG_LEAVE octets are
 * all that is free. */
#ifndef IO_CAPTURE_PACKET_LOG_H
#define IO_CAPTURE_PACKET_LOG_H

#include "base/err.h"

#include <stdint.h>

enum { PACKET_LOG_LEAVE = 32 << 20, PACKET_LOG_SNAP = 16000 /* octets of a packet that are kept */ };

struct packet_log;

/* Makes the file, which must not be there, with mode 0600, and begins. `most`: octets of the file. ERR_PERM:
 * no right to capture (CAP_NET_RAW); ERR_IO: the file, no room; ERR_NOMEM. */
int packet_log_new(const char *path, uint64_t most, struct packet_log **ret_log, struct err_note *note);

/* Writes what has arrived since the last call, as of at_us (UTC; an earlier one than before counts as that).
 * Errors come once: ERR_IO, also where there is no more room or `most` is reached. Nothing is written after
 * one, and the note says so. */
int packet_log_take(struct packet_log *log, int64_t at_us, struct err_note *note);

/* Ends it. ERR_UNAVAILABLE: packets came faster than they were taken, and some are not there; ERR_IO. The
 * error of an earlier call does not come again. NULL is allowed. */
int packet_log_end(struct packet_log *log, struct err_note *note);

#endif
