/* tally: messages counted, per hour and source: rows for the store.
 *
 * Two tables: the ordinary traffic of each source, and its sightings (what it said, in which zone, how). The
 * source of a message is the resolver: who sent a query, who an answer goes to.
 *
 * A question and its answer count once. The one that comes second is recognised by addresses, ports, id,
 * transport and question, within 30 s of capture time, whichever comes first; the row's time is that of the
 * first, its flags are the question's. Two questions alike are two, with one answer or with two. The option
 * counts with each query that has it, DNSKEY_ANSWER with each answer.
 *
 * Memory: at most 128 octets per source beside a fixed part of 10 MiB; sources are addresses with an hour.
 * Keyed by a random seed, so that nobody can choose addresses that collide. A stranger cannot make it grow
 * either: of one source and hour at most 256 rows of signals (TA_NULL, TA_A, OPTION, INVALID) and 256 others
 * are kept. What is new after that goes into rows with zone "": signals as SIGHTING_INVALID with reason "too
 * many different signals", others as their own kind, without tags. */
#ifndef CORE_ROLL_TALLY_H
#define CORE_ROLL_TALLY_H

#include "core/roll/sighting.h"
#include "core/roll/tatlog.h"

/* ---- rows ---- */

/* One source, zone, kind, tag set and transport in one hour. Sorted by hour, zone, kind, tags, transport,
 * source.
 */
struct tally_row {
    int64_t hour_us;  /* begin of the hour, UTC */
    const char *zone; /* presentation form, lower case, final dot; "" of ICMP errors, and see above */
    uint8_t kind;     /* enum sighting_kind */
    uint8_t transport;
    const char *tags; /* sighting_tags_text(); of SIGHTING_INVALID the reason */
    uint8_t source[16];
    uint64_t count;
    uint64_t recursion_desired, dnssec_ok, checking_disabled; /* how many of them had RD, DO, CD set */
    uint32_t octets;    /* of the biggest DNSKEY answer, 0 for other kinds */
    uint64_t truncated; /* of DNSKEY answers: with TC */
    uint16_t udp_size;  /* greatest in OPT of queries */
    int64_t first_us, last_us;
};

/* The ordinary traffic of one source in one hour. Sorted by hour and source. What answers tell beside their
 * number counts only where there are no queries at all: RD and CD, which servers repeat (some clear CD),
 * transport, type, name and port, but nothing of EDNS. */
struct tally_traffic {
    int64_t hour_us;
    uint8_t source[16];
    uint64_t queries, answers;
    uint64_t tcp, edns, dnssec_ok, recursion_desired, checking_disabled,
        dnskey;                             /* of the queries (answers) */
    uint64_t truncated;                     /* of the answers */
    uint16_t udp_size_least, udp_size_most; /* of OPT in queries; 0: none */
    uint64_t names; /* bit (hash of the last two labels % 64) set for each name asked, but for signals */
    uint32_t ports; /* bit (hash of the port % 32) set for each port asked from */
    int64_t first_us, last_us;
};

/* Rows one by one, made as they are asked for: an array of them would take more memory than the tables. The
 * functions fill *ret for 0 <= i < count; strings live as long as the tally is not touched. */
struct tally_rows {
    size_t count, traffic_count;
    void (*row)(const void *context, size_t i, struct tally_row *ret);
    void (*traffic)(const void *context, size_t i, struct tally_traffic *ret);
    const void *context;
    bool apart; /* traffic() may be called by another thread than row(), at the same time */
};

/* ---- counting ---- */

struct tally;

/* Cumulative, of what was taken. */
struct tally_counters {
    uint64_t messages, queries, answers;
    uint64_t not_dns;               /* messages that sighting_read() refused */
    uint64_t kinds[SIGHTING_KINDS]; /* as the rows count them */
    uint64_t tcp, truncated;
    uint64_t forgotten; /* questions whose answers can no longer be recognised: the table was full */
};

/* NULL when memory is short. */
struct tally *tally_new(uint64_t seed);

/* Takes a message of the wire or of dnstap: reads it and counts it. The source's traffic is counted some
 * messages later, when its memory has come near; tally_rows() sees all. ERR_NOMEM. */
int tally_message(struct tally *tally, const struct sighting_message *message);

/* What an ordinary message says, one that has nothing to do with trust anchors. */
struct tally_ordinary {
    uint64_t client[2]; /* octets of its address */
    int64_t time_us;
    uint32_t names_hash;
    uint16_t port, udp_size; /* of the client; of OPT in a query */
    uint8_t flags, transport;
};

enum { TALLY_BATCH = 512 };

/* The same of many, in two steps, the first of which needs no tally. */
struct tally_batch {
    struct tally_ordinary ordinary[TALLY_BATCH]; /* `messages` of them */
    uint32_t messages, answers, tcp, truncated, not_dns;
};

/* Sets all that a batch counts to zero. */
void tally_batch_begin(struct tally_batch *batch);

/* Takes in a message, of TALLY_BATCH at most. False: it is for tally_message(), before or after the others.
 */
bool tally_batch_add(struct tally_batch *batch, const struct sighting_message *message);

/* As tally_message() of each. */
int tally_batch_count(struct tally *tally, const struct tally_batch *batch);

/* The same for one that was read already (bytes and lengths: only wire_length is looked at). */
int tally_sighting(
    struct tally *tally, const struct sighting_message *message, const struct sighting *sighting);

/* A message that was counted already, from elsewhere: remembered, so that its other half is not counted. */
int tally_seen(struct tally *tally, const struct sighting_message *message);

/* An ICMP error: SIGHTING_TOO_BIG or SIGHTING_REASSEMBLY. */
int tally_error(struct tally *tally, int64_t time_us, enum sighting_kind kind, const uint8_t client[16]);

int tally_log(struct tally *tally, const struct tatlog *line);

/* True when the tables hold so much that they should be written and emptied: 4 million sources, 6 MiB of
 * sightings, or a count near its end. To be asked after each batch of messages. */
bool tally_full(const struct tally *tally);

/* The rows since the last tally_reset(), sorted; good until the next message. */
void tally_rows(struct tally *tally, struct tally_rows *ret_rows);

/* The same in two steps, for two threads: after the first the rows may be asked for, while the second, which
 * takes longest, is done; the rows' traffic() only after it. Beside the first one may tally_save(). */
void tally_rows_begin(struct tally *tally, struct tally_rows *ret_rows);
void tally_rows_end(struct tally *tally);

/* Forgets the rows, keeps what waits for its second half. */
void tally_reset(struct tally *tally);

struct tally_counters tally_counters(const struct tally *tally);

/* What waits for its second half, as wire_save(); *ret_bytes is freed by the caller. A tally that loads it
 * goes on exactly as the one that saved it. Loading replaces what waited. ERR_DATA, ERR_NOMEM. */
int tally_save(const struct tally *tally, uint8_t **ret_bytes, size_t *ret_length);
int tally_load(struct tally *tally, const uint8_t *bytes, size_t length);

void tally_free(struct tally *tally); /* NULL is allowed */

#endif
