/* A message goes two ways: what it says of its source's traffic (of every message), and what it says of trust
 * anchors (of few). Only the second way looks whether the other half of the exchange was there before. */
#include "core/roll/tally_inside.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FULL_SOURCES = 4000000, FULL_OCTETS = 6 << 20 };

struct tally *tally_new(uint64_t seed)
{
    struct tally *tally = calloc(1, sizeof *tally);
    if (!tally)
        return NULL;
    tally->generation = 1;
    int err = traffic_start(&tally->traffic, hash_mix(seed, 1));
    int rows_err = rows_start(&tally->rows, hash_mix(seed, 2));
    int pairs_err = pairs_start(&tally->pairs, hash_mix(seed, 3));
    if (err || rows_err || pairs_err) {
        tally_free(tally);
        return NULL;
    }
    return tally;
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
    traffic_free(&tally->traffic);
    rows_free(&tally->rows);
    pairs_free(&tally->pairs);
    free(tally);
}

/* ---- messages ---- */

static int count_row(
    struct tally *tally, struct said *said, uint8_t kind, const char *tags, uint32_t *ret_row)
{
    said->kind = kind;
    said->tags = tags;
    int err = rows_count(&tally->rows, said, ret_row);
    if (!err)
        tally->counters.kinds[rows_kind(&tally->rows, *ret_row)]++;
    return err;
}

/* The question's own kind, unless its other half was there. */
static int count_question(struct tally *tally, const struct sighting_message *message,
    const struct sighting *sighting, struct said *said)
{
    char tags[SIGHTING_MAX_TAGS_TEXT];
    struct pair pair;
    bool is_answer = sighting->flags & SIGHTING_RESPONSE;
    uint64_t key = pairs_key(&tally->pairs, message, sighting);
    if (pairs_take(&tally->pairs, key, message->time_us, is_answer, &pair)) {
        if (!is_answer && pair.row && pair.generation == tally->generation)
            rows_correct(&tally->rows, pair.row, pair.flags, sighting->flags, sighting->udp_size);
        return 0;
    }
    sighting_tags_text(sighting->tags, sighting->tag_count, tags);
    pair = (struct pair){.key = key,
        .time_us = message->time_us,
        .generation = tally->generation,
        .flags = sighting->flags,
        .used = true};
    int err = count_row(
        tally, said, sighting->kind, sighting->kind == SIGHTING_INVALID ? sighting->fault : tags, &pair.row);
    if (!err)
        pairs_put(&tally->pairs, &pair);
    return err;
}

static int count_option(struct tally *tally, const struct sighting *sighting, struct said *said)
{
    char tags[SIGHTING_MAX_TAGS_TEXT];
    uint32_t row;
    if (sighting->option_fault)
        return count_row(tally, said, SIGHTING_INVALID, sighting->option_fault, &row);
    sighting_tags_text(sighting->option_tags, sighting->option_count, tags);
    return count_row(tally, said, SIGHTING_OPTION, tags, &row);
}

static int count_sighting(struct tally *tally, const struct sighting_message *message, const uint8_t *client,
    const struct sighting *sighting)
{
    bool is_answer = sighting->flags & SIGHTING_RESPONSE;
    uint32_t row;
    struct said said = {.time_us = message->time_us,
        .source = client,
        .zone = sighting->zone,
        .zone_length = sighting->zone_length,
        .transport = message->transport,
        .flags = sighting->flags,
        .udp_size = is_answer ? 0 : sighting->udp_size, /* an answer's is that of the server */
        .octets = message->wire_length};
    int err = count_question(tally, message, sighting, &said);
    if (!err && is_answer && sighting->kind == SIGHTING_DNSKEY)
        err = count_row(tally, &said, SIGHTING_DNSKEY_ANSWER, "", &row);
    if (!err && !is_answer && sighting->has_option)
        err = count_option(tally, sighting, &said);
    return err;
}

static const uint8_t *client_of(const struct sighting_message *message, uint8_t flags)
{
    return flags & SIGHTING_RESPONSE ? message->destination : message->source;
}

static inline void set_ordinary(
    const struct sighting_message *message, const struct sighting_brief *brief, struct tally_ordinary *ret)
{
    bool is_answer = brief->flags & SIGHTING_RESPONSE;
    /* Half by half, as whoever wrote it just now may have done: a read of more would have to wait for both.
     */
    const uint8_t *client = client_of(message, brief->flags);
    memcpy(&ret->client[0], client, 8);
    memcpy(&ret->client[1], client + 8, 8);
    ret->time_us = message->time_us;
    ret->names_hash = brief->names_hash;
    ret->port = is_answer ? message->destination_port : message->source_port;
    ret->udp_size = brief->udp_size;
    ret->flags = brief->flags;
    ret->transport = message->transport;
}

static int count_traffic(struct tally *tally, const struct tally_ordinary *ordinary, enum sighting_kind kind)
{
    bool is_answer = ordinary->flags & SIGHTING_RESPONSE;
    struct tally_counters *counters = &tally->counters;
    int err = traffic_add(&tally->traffic, ordinary, kind);
    if (err)
        return err;
    counters->messages++;
    counters->queries += !is_answer;
    counters->answers += is_answer;
    counters->tcp += ordinary->transport == SIGHTING_TCP;
    counters->truncated += is_answer && (ordinary->flags & SIGHTING_TC);
    return 0;
}

int tally_sighting(
    struct tally *tally, const struct sighting_message *message, const struct sighting *sighting)
{
    const struct sighting_brief brief = {sighting->names_hash, sighting->udp_size, sighting->flags};
    struct tally_ordinary ordinary;
    set_ordinary(message, &brief, &ordinary);
    int err = count_traffic(tally, &ordinary, (enum sighting_kind)sighting->kind);
    if (err || sighting->kind == SIGHTING_NONE)
        return err;
    return count_sighting(tally, message, client_of(message, sighting->flags), sighting);
}

int tally_message(struct tally *tally, const struct sighting_message *message)
{
    struct sighting sighting;
    if (!sighting_read(message->bytes, message->length, message->wire_length, &sighting)) {
        tally->counters.not_dns++;
        return 0;
    }
    return tally_sighting(tally, message, &sighting);
}

int tally_seen(struct tally *tally, const struct sighting_message *message)
{
    struct sighting sighting;
    struct pair pair;
    if (!sighting_read(message->bytes, message->length, message->wire_length, &sighting) ||
        sighting.kind == SIGHTING_NONE)
        return 0;
    uint64_t key = pairs_key(&tally->pairs, message, &sighting);
    if (pairs_take(&tally->pairs, key, message->time_us, sighting.flags & SIGHTING_RESPONSE, &pair))
        return 0;
    pair = (struct pair){.key = key, .time_us = message->time_us, .flags = sighting.flags, .used = true};
    pairs_put(&tally->pairs, &pair);
    return 0;
}

int tally_error(struct tally *tally, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    struct said said = {.time_us = time_us, .source = client, .transport = SIGHTING_UDP};
    uint32_t row;
    return count_row(tally, &said, (uint8_t)kind, "", &row);
}

int tally_log(struct tally *tally, const struct tatlog *line)
{
    char tags[SIGHTING_MAX_TAGS_TEXT];
    uint32_t row;
    struct said said = {.time_us = line->time_us,
        .source = line->source,
        .zone = line->zone.wire,
        .zone_length = line->zone.length,
        .transport = SIGHTING_UNKNOWN};
    sighting_tags_text(line->tags, line->tag_count, tags);
    return count_row(tally, &said, line->kind, line->kind == SIGHTING_INVALID ? line->fault : tags, &row);
}

/* ---- many messages ---- */

void tally_batch_begin(struct tally_batch *batch)
{
    batch->messages = batch->answers = batch->tcp = batch->truncated = batch->not_dns = 0;
}

bool tally_batch_add(struct tally_batch *batch, const struct sighting_message *message)
{
    struct sighting_brief brief;
    if (!sighting_glance(message->bytes, message->length, message->wire_length, &brief)) {
        struct sighting sighting;
        if (!sighting_read(message->bytes, message->length, message->wire_length, &sighting)) {
            batch->not_dns++;
            return true;
        }
        if (sighting.kind != SIGHTING_NONE)
            return false;
        brief = (struct sighting_brief){sighting.names_hash, sighting.udp_size, sighting.flags};
    }
    set_ordinary(message, &brief, &batch->ordinary[batch->messages++]);
    bool is_answer = brief.flags & SIGHTING_RESPONSE;
    batch->answers += is_answer;
    batch->tcp += message->transport == SIGHTING_TCP;
    batch->truncated += is_answer && (brief.flags & SIGHTING_TC);
    return true;
}

int tally_batch_count(struct tally *tally, const struct tally_batch *batch)
{
    struct tally_counters *counters = &tally->counters;
    int err = traffic_add_all(&tally->traffic, batch->ordinary, batch->messages);
    if (err)
        return err;
    counters->messages += batch->messages;
    counters->queries += batch->messages - batch->answers;
    counters->answers += batch->answers;
    counters->tcp += batch->tcp;
    counters->truncated += batch->truncated;
    counters->not_dns += batch->not_dns;
    return 0;
}

/* ---- rows ---- */

bool tally_full(const struct tally *tally)
{
    return tally->traffic.hot.used >= FULL_SOURCES || tally->traffic.brimming ||
           rows_octets(&tally->rows) >= FULL_OCTETS;
}

static void get_row(const void *context, size_t i, struct tally_row *ret)
{
    const struct tally *tally = context;
    rows_row(&tally->rows, i, ret);
}

static void get_traffic(const void *context, size_t i, struct tally_traffic *ret)
{
    const struct tally *tally = context;
    traffic_row(&tally->traffic, i, ret);
}

void tally_rows_begin(struct tally *tally, struct tally_rows *ret_rows)
{
    traffic_settle(&tally->traffic);
    rows_sort(&tally->rows);
    *ret_rows = (struct tally_rows){
        tally->rows.pool.used, tally->traffic.hot.used, get_row, get_traffic, tally, .apart = true};
}

void tally_rows_end(struct tally *tally)
{
    traffic_sort(&tally->traffic);
}

void tally_rows(struct tally *tally, struct tally_rows *ret_rows)
{
    tally_rows_begin(tally, ret_rows);
    tally_rows_end(tally);
}

void tally_reset(struct tally *tally)
{
    traffic_reset(&tally->traffic);
    rows_reset(&tally->rows);
    tally->generation++;
}

struct tally_counters tally_counters(const struct tally *tally)
{
    struct tally_counters counters = tally->counters;
    counters.forgotten = tally->pairs.forgotten;
    return counters;
}
