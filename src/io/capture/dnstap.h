/* dnstap: one frame of dnstap (a protobuf of www.dnstap.info's dnstap.proto), read in place.
 *
 * Taken is what a name server saw from those who asked it: AUTH_QUERY, AUTH_RESPONSE, CLIENT_QUERY and
 * CLIENT_RESPONSE (a resolver's own service is a name server's view too: its clients may be validators that
 * forward). Not taken, but counted by the reader as skipped: RESOLVER_*, FORWARDER_*, STUB_* and TOOL_* (what
 * the program itself asked of others: it would make the server a source of its own), UPDATE_* (no queries),
 * frames of an unknown type, without a DNS message, or without the client's address.
 *
 * Nothing is allocated: docs/decisions/0011. */
#ifndef IO_CAPTURE_DNSTAP_H
#define IO_CAPTURE_DNSTAP_H

#include "io/capture/capture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNSTAP_CONTENT_TYPE "protobuf:dnstap.Dnstap"

enum {
    DNSTAP_MESSAGES = 2,       /* in a frame at most: a response, and some programs repeat its query */
    DNSTAP_MAX_MESSAGE = 65535 /* octets of a DNS message */
};

struct dnstap_message {
    int64_t time_us; /* its own, or that of its other half if it has none; 0: not told */
    const uint8_t *bytes;
    uint32_t length;
};

struct dnstap_frame {
    struct capture_peer peer;                        /* addresses cut short by an anonymiser: zeros follow */
    struct dnstap_message messages[DNSTAP_MESSAGES]; /* the query first */
    unsigned count;                                  /* 0: the frame is skipped; nothing else is set */
    bool query;                                      /* messages[0] is the query, in a frame about it */
    bool repeated; /* messages[0] is the query, in a frame about its response: it may have come before */
};

/* 0, or ERR_DATA: no protobuf, an address of more than 16 octets, a port above 65535, a DNS message longer
 * than those can be. *ret_fault is then a constant string. */
int dnstap_parse(const uint8_t *bytes, size_t length, struct dnstap_frame *ret, const char **ret_fault);

#endif
