/* server: answers as the whole DNS of a rehearsal, on port 53 of every address of servers.h, over UDP and
 * TCP, in one thread and only while lab_server_poll() runs. Root servers can be made to fail; what they were
 * asked about trust anchors is kept.
 *
 * The *recursing* address is for resolvers that forward: it answers as a resolver would that follows
 * referrals, with all DNSSEC records, and leaves validation to the forwarder. It never says SERVFAIL, and
 * never sets AD. */
#ifndef APP_LAB_SERVER_H
#define APP_LAB_SERVER_H

#include "app/lab/world/world.h"
#include "core/roll/evidence.h"
#include "io/vclock/vclock.h"

#define LAB_SERVER_RECURSING "198.18.0.53"

struct lab_server_faults { /* of one root server; all zero: none */
    bool off;              /* no answer at all: what comes over UDP is lost, TCP is accepted and stays dumb */
    int64_t lag_us;        /* it serves the root as it was so long ago, with the signatures of then */
    bool no_tcp;           /* TCP is refused */
    uint16_t udp_size;     /* it truncates above; 0: 1232 */
    uint16_t fragment_above; /* UDP answers that are larger vanish, as fragments that are lost; it truncates
                                above 4096 then, whatever udp_size. 0: none */
};

struct lab_query { /* what the world was asked */
    int64_t at_us;
    uint8_t server; /* 0 to 12: a root server; SERVERS_TLD, SERVERS_LEAF, SERVERS_RECURSING */
    bool tcp;
    uint16_t qtype;
    struct evidence_event event;
    const char *qname;    /* presentation form, in the case in which it was asked; the log's own */
    uint16_t answer_size; /* 0: there was no answer, or it vanished */
    bool truncated;
};

struct lab_counts { /* of messages that arrived, answered or not */
    uint64_t root[LAB_ROOTS], tld, leaf, recursing, tcp;
};

struct lab_server;

/* Binds the addresses, which a space has (space.h). `clock` NULL: time is real. ERR_UNAVAILABLE, ERR_PERM: an
 * address cannot be had (IPv6 may be missing as a whole); ERR_NOMEM. */
int lab_server_new(
    struct lab_world *world, struct vclock *clock, struct lab_server **ret_server, struct err_note *note);
void lab_server_free(struct lab_server *server); /* NULL is allowed; not the world and the clock */

/* All addresses, for space_spec; and those of the root servers of today, for hints. Static. */
const char *const *lab_server_addresses(size_t *ret_count);
const char *const *lab_server_roots(size_t *ret_count);

/* From now on; `root` -1: all 13, and the recursing address (which does not lag). Connections to a server
 * that refuses TCP are closed. */
void lab_server_fault(struct lab_server *server, int root, struct lab_server_faults faults);

/* Waits for a message at most timeout_ms of real time (-1: for ever), then answers all that is there, but of
 * datagrams and connections no more than `most` (0: any number), by the world of the clock's moment.
 * *ret_answered: how many messages came. ERR_NOMEM, ERR_CONFIG: the world could
 * not be made; ERR_UNAVAILABLE: an address was lost. A signal ends the wait: 0. */
int lab_server_poll(struct lab_server *server, int timeout_ms, unsigned most, unsigned *ret_answered);

/* Readable (poll(2)) when there is something to answer; the server's own. */
int lab_server_fd(const struct lab_server *server);

/* Questions for the root's DNSKEY, signals of RFC 8145 (names and options) to the root, and sentinel names
 * (RFC 8509), in the order of their arrival; valid until the next lab_server_poll(). */
const struct lab_query *lab_server_log(const struct lab_server *server, size_t *ret_count);
struct lab_counts lab_server_counts(const struct lab_server *server);

#endif
