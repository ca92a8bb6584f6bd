/* classify [SOURCES [ROWS]]: what classification costs by itself: no store, no report.
 *
 * Rows of a month as stores hand them out, in the order of time, a fifth as many of traffic beside. A tenth
 * of the sources are resolvers and have three fifths of the rows; the rest comes to all in turn. Within an
 * hour sources come in no order, which is the worst for memory. Rows are made some thousand at a time, and
 * only what classify does with them is measured. Prints one object of JSON. */
#include "core/roll/classify.h"

#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    SOURCES = 1000 * 1000,
    ROWS = 5 * 1000 * 1000,
    DAYS = 30,
    TOGETHER = 5000,
    TRAFFIC_EACH = 5,
    COLLECTORS = 4,
    SEED = 7
};

struct making {
    uint64_t random, turn;
    size_t sources, rows, made;
    int64_t from_us;
    struct tally_row row[TOGETHER];
    struct tally_traffic traffic[TOGETHER / TRAFFIC_EACH];
};

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t draw(struct making *making, uint64_t below)
{
    making->random ^= making->random << 13;
    making->random ^= making->random >> 7;
    making->random ^= making->random << 17;
    return making->random % below;
}

static size_t who(struct making *making)
{
    if (draw(making, 5) < 3)
        return draw(making, making->sources / 10 + 1);
    return making->turn++ % making->sources;
}

/* Neighbours in number are none in address; all are different. */
static void address_of(size_t number, uint8_t ret[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint32_t mixed = (uint32_t)number * 2654435761U;
    memcpy(ret, mapped, sizeof mapped);
    memcpy(ret + sizeof mapped, &mixed, sizeof mixed);
}

static void make_row(struct making *making, struct tally_row *row)
{
    static const char *const sets[] = {"4a5c-4f66", "4a5c-4f66", "4f66", "4a5c"};
    size_t source = who(making);
    *row = (struct tally_row){.zone = ".", .count = 1, .udp_size = 1232};
    row->kind = draw(making, 4) ? SIGHTING_TA_NULL : SIGHTING_DNSKEY;
    row->tags = row->kind == SIGHTING_TA_NULL ? sets[source % 4] : "";
    row->hour_us = making->from_us + (int64_t)(making->made * DAYS * 24 / making->rows) * UTC_HOUR;
    row->first_us = row->hour_us + (int64_t)draw(making, (uint64_t)UTC_HOUR);
    row->last_us = row->first_us;
    address_of(source, row->source);
}

static void make_traffic(struct making *making, const struct tally_row *same, struct tally_traffic *row)
{
    *row = (struct tally_traffic){.hour_us = same->hour_us,
        .queries = 1 + draw(making, 50),
        .answers = 20,
        .edns = 19,
        .dnssec_ok = 18,
        .udp_size_least = 1232,
        .udp_size_most = 1232,
        .names = draw(making, UINT64_MAX),
        .ports = (uint32_t)draw(making, UINT32_MAX),
        .first_us = same->first_us,
        .last_us = same->hour_us + UTC_HOUR - 1};
    memcpy(row->source, same->source, sizeof row->source);
}

static void make_some(struct making *making)
{
    for (size_t i = 0; i < TOGETHER; i++) {
        make_row(making, &making->row[i]);
        if (i % TRAFFIC_EACH == 0)
            make_traffic(making, &making->row[i], &making->traffic[i / TRAFFIC_EACH]);
        making->made++;
    }
}

static int take_some(const struct making *making, struct classify *classify)
{
    int err = 0;
    for (unsigned i = 0; !err && i < TOGETHER; i++)
        err = classify_row(classify, i % COLLECTORS, &making->row[i]);
    for (unsigned i = 0; !err && i < TOGETHER / TRAFFIC_EACH; i++)
        err = classify_traffic(classify, i % COLLECTORS, &making->traffic[i]);
    return err;
}

/* What classification took in all, and its end (order, clusters, classes) of that. */
struct took {
    double all_s, cpu_s, end_s;
};

static int take_all(struct making *making, struct classify *classify, struct took *ret)
{
    int err = 0;
    *ret = (struct took){0};
    while (!err && making->made <= making->rows) {
        bool is_end = making->made == making->rows;
        if (!is_end)
            make_some(making);
        double begin_s = seconds_of(CLOCK_MONOTONIC), cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        err = is_end ? classify_finish(classify) : take_some(making, classify);
        ret->end_s = seconds_of(CLOCK_MONOTONIC) - begin_s;
        ret->all_s += ret->end_s;
        ret->cpu_s += seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
        if (is_end)
            break;
    }
    return err;
}

static int64_t peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1000;
}

int main(int argc, char **argv)
{
    struct making *making = calloc(1, sizeof *making);
    struct classify *classify = NULL;
    struct classify_limits limits;
    struct took took;
    struct err_note note = {""};
    if (!making)
        return 1;
    making->random = 88172645463325252;
    making->sources = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : SOURCES;
    making->rows = (argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : ROWS) / TOGETHER * TOGETHER;
    making->from_us = INT64_C(1538352000) * UTC_SECOND; /* 2018-10-01 */
    struct classify_roll roll = {.old_tag = 0x4a5c, .new_tag = 0x4f66, .trust_us = making->from_us};
    classify_limits_usual(&limits);
    int64_t before_mb = peak_mb();
    int err = making->sources && making->rows ? 0 : ERR_USAGE;
    err = err ? err
              : classify_new(&roll, &limits, making->from_us, making->from_us + DAYS * UTC_DAY, SEED,
                    &classify, &note);
    err = err ? err : take_all(making, classify, &took);
    if (!err)
        printf("{\"sources\": %zu, \"rows\": %zu, \"traffic\": %zu, \"seconds\": %.3f, \"cpu\": %.3f, "
               "\"end\": %.3f, \"peak_mb\": %" PRId64 "}\n",
            classify_count(classify), making->rows, making->rows / TRAFFIC_EACH, took.all_s, took.cpu_s,
            took.end_s, peak_mb() - before_mb);
    else
        fprintf(stderr, "classify: %s\n", *note.text ? note.text : err_str(err));
    classify_free(classify);
    free(making);
    return err_exit(err);
}
