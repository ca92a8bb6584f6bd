/* A sequence of messages: each with an octet of what to do, one of who, two of when, one of how long it is.
 * Afterwards the rows must be sorted, each there once, and their sums those of the counters. */
#include "core/roll/tally.h"

#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum {
    HEAD = 5,
    DO_TCP = 1,
    DO_SEEN = 2,
    DO_LOOK = 4,
    DO_RESET = 8,
    DO_BACK = 16,
    DO_ERROR = 32,
    DO_MOVE = 64,
    DO_BATCH = 128,
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static int row_order(const struct tally_row *x, const struct tally_row *y)
{
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    order = order ? order : strcmp(x->zone, y->zone);
    order = order ? order : x->kind - y->kind;
    order = order ? order : strcmp(x->tags, y->tags);
    order = order ? order : x->transport - y->transport;
    return order ? order : memcmp(x->source, y->source, 16);
}

static void check_rows(const struct tally_rows *rows, uint64_t kinds[SIGHTING_KINDS])
{
    struct tally_row row, before;
    for (size_t i = 0; i < rows->count; i++, before = row) {
        rows->row(rows->context, i, &row);
        must(i == 0 || row_order(&before, &row) < 0);
        must(row.kind > SIGHTING_NONE && row.kind < SIGHTING_KINDS && row.count > 0);
        must(row.hour_us % UTC_HOUR == 0 && row.first_us >= row.hour_us && row.first_us <= row.last_us &&
             row.last_us < row.hour_us + UTC_HOUR);
        must(row.recursion_desired <= row.count && row.dnssec_ok <= row.count &&
             row.checking_disabled <= row.count && row.truncated <= row.count);
        kinds[row.kind] += row.count;
    }
}

static void check_traffic(const struct tally_rows *rows, uint64_t *queries, uint64_t *answers)
{
    struct tally_traffic row, before;
    for (size_t i = 0; i < rows->traffic_count; i++, before = row) {
        rows->traffic(rows->context, i, &row);
        must(i == 0 || before.hour_us < row.hour_us ||
             (before.hour_us == row.hour_us && memcmp(before.source, row.source, 16) < 0));
        uint64_t told = row.queries ? row.queries : row.answers;
        must(told > 0 && row.tcp <= told && row.edns <= told && row.dnssec_ok <= row.edns &&
             row.recursion_desired <= told && row.checking_disabled <= told && row.dnskey <= told &&
             row.truncated <= row.answers && row.udp_size_least <= row.udp_size_most);
        must(row.ports && row.first_us <= row.last_us);
        *queries += row.queries;
        *answers += row.answers;
    }
}

/* `since`: the counters when the rows were last forgotten. */
static void check(struct tally *tally, const struct tally_counters *since)
{
    struct tally_rows rows;
    struct tally_counters now = tally_counters(tally);
    uint64_t kinds[SIGHTING_KINDS] = {0}, queries = 0, answers = 0;
    tally_rows(tally, &rows);
    check_rows(&rows, kinds);
    check_traffic(&rows, &queries, &answers);
    for (int kind = 1; kind < SIGHTING_KINDS; kind++)
        must(kinds[kind] == now.kinds[kind] - since->kinds[kind]);
    must(queries == now.queries - since->queries && answers == now.answers - since->answers);
}

/* Another one goes on with what waits. */
static void move(struct tally **tally, struct tally_counters *since)
{
    uint8_t *saved;
    size_t length;
    must(tally_save(*tally, &saved, &length) == 0);
    tally_free(*tally);
    *tally = tally_new(length);
    must(*tally && tally_load(*tally, saved, length) == 0);
    free(saved);
    *since = tally_counters(*tally);
}

static void take_with_others(struct tally *tally, const struct sighting_message *message)
{
    static struct tally_batch batch;
    tally_batch_begin(&batch);
    if (tally_batch_add(&batch, message))
        must(tally_batch_count(tally, &batch) == 0);
    else
        must(tally_message(tally, message) == 0);
}

static void take(
    struct tally *tally, uint8_t what, uint8_t who, int64_t time_us, const uint8_t *message, size_t size)
{
    uint8_t client[16] = {0x20, 1, [2] = who & 3, [15] = who & 15}, server[16] = {0x20, 2};
    bool is_answer = size > 2 && (message[2] & 0x80);
    uint16_t port = (uint16_t)(1024 + (who >> 4));
    struct sighting_message envelope = {.time_us = time_us,
        .bytes = message,
        .length = (uint32_t)size,
        .wire_length = (uint32_t)size + (who >> 7),
        .source = is_answer ? server : client,
        .destination = is_answer ? client : server,
        .source_port = is_answer ? 53 : port,
        .destination_port = is_answer ? port : 53,
        .transport = what & DO_TCP ? SIGHTING_TCP : SIGHTING_UDP};
    if (what & DO_ERROR)
        must(
            tally_error(tally, time_us, what & DO_TCP ? SIGHTING_TOO_BIG : SIGHTING_REASSEMBLY, client) == 0);
    else if ((what & DO_BATCH) && !(what & DO_SEEN))
        take_with_others(tally, &envelope);
    else
        must((what & DO_SEEN ? tally_seen : tally_message)(tally, &envelope) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct tally *tally = tally_new(1);
    must(tally != NULL);
    struct tally_counters since = tally_counters(tally);
    int64_t time_us = INT64_C(1792800000) * UTC_SECOND;
    while (length >= HEAD) {
        uint8_t what = bytes[0], who = bytes[1];
        int64_t step_us = ((int64_t)bytes[2] << 8 | bytes[3]) * 100000;
        time_us += what & DO_BACK ? -step_us : step_us;
        size_t size = bytes[4] < length - HEAD ? bytes[4] : length - HEAD;
        take(tally, what, who, time_us, bytes + HEAD, size);
        if (what & DO_LOOK)
            check(tally, &since);
        if (what & DO_RESET) {
            tally_reset(tally);
            since = tally_counters(tally);
        }
        if (what & DO_MOVE)
            move(&tally, &since);
        bytes += HEAD + size;
        length -= HEAD + size;
    }
    check(tally, &since);
    tally_free(tally);
    return 0;
}
