/* sightings_fixture: rows as a tally would make them, for tests and measurements of the store. */
#ifndef IO_STORE_SIGHTINGS_FIXTURE_H
#define IO_STORE_SIGHTINGS_FIXTURE_H

#include "base/utc.h"
#include "io/store/sightings.h"

#include <stdlib.h>
#include <string.h>

/* 2026-10-05T00:00:00Z */
#define FIXTURE_DAY (INT64_C(1791158400) * UTC_SECOND)

struct fixture_rows {
    struct tally_row *rows;
    size_t count;
    struct tally_traffic *traffic;
    size_t traffic_count;
};

/* The i-th address: two thirds IPv4. */
static inline void fixture_source(uint32_t i, uint8_t out[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint32_t mixed = i * 2654435761U; /* so that neighbours are not */
    memset(out, 0, 16);
    if (i % 3) {
        memcpy(out, mapped, sizeof mapped);
    } else {
        out[0] = 0x20;
        out[1] = 1;
    }
    for (int j = 0; j < 4; j++)
        out[12 + j] = (uint8_t)(mixed >> (24 - 8 * j));
}

/* The order that tally.h promises. */
static inline int fixture_order(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    order = order ? order : strcmp(x->zone, y->zone);
    order = order ? order : x->kind - y->kind;
    order = order ? order : strcmp(x->tags, y->tags);
    order = order ? order : x->transport - y->transport;
    return order ? order : memcmp(x->source, y->source, sizeof x->source);
}

static inline int fixture_traffic_order(const void *a, const void *b)
{
    const struct tally_traffic *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    return order ? order : memcmp(x->source, y->source, sizeof x->source);
}

static inline void fixture_row(const void *context, size_t i, struct tally_row *ret)
{
    *ret = ((const struct fixture_rows *)context)->rows[i];
}

static inline void fixture_traffic_row(const void *context, size_t i, struct tally_traffic *ret)
{
    *ret = ((const struct fixture_rows *)context)->traffic[i];
}

static inline struct tally_rows fixture_tally(struct fixture_rows *rows)
{
    if (rows->count)
        qsort(rows->rows, rows->count, sizeof *rows->rows, fixture_order);
    if (rows->traffic_count)
        qsort(rows->traffic, rows->traffic_count, sizeof *rows->traffic, fixture_traffic_order);
    return (struct tally_rows){rows->count, rows->traffic_count, fixture_row, fixture_traffic_row, rows};
}

/* A segment of input number `input`, about which nothing much is said. */
static inline struct sightings_segment fixture_segment(
    const char *collector, uint8_t input, uint64_t first, uint64_t end)
{
    return (struct sightings_segment){.collector = collector,
        .input = "a.pcap",
        .input_id = {input},
        .first_record = first,
        .end_record = end,
        .last_record_hash = end * 7,
        .written_us = FIXTURE_DAY,
        .packets = end - first,
        .messages = (end - first) / 2};
}

#endif
