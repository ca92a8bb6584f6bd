/* sightings_drive: a store of sightings written and asked by itself, for tests; what it writes follows from a
 * seed.
 *
 *     write STORE COLLECTOR INPUT SEED SEGMENTS ROWS    commits what is missing of SEGMENTS segments, each of
 * ROWS rows rows COLLECTOR INPUT SEED SEGMENTS ROWS           prints these rows, without a store ask STORE BY
 * [FROM TO ZONE COLLECTOR]             prints the answer; - for none mark STORE COLLECTOR INPUT where the
 * input stands covers STORE COLLECTOR INPUT FROM TO              what others cover, and what waited before TO
 *     race STORE COLLECTOR INPUT SEED ROWS              commits segment 0 without a look at the mark
 *     fill STORE ROWS TRAFFIC SOURCES                   one segment of many rows; prints how long it took
 *     time STORE BY                                     asks; prints how long it took
 *     scan STORE rows|quiet [FROM TO ZONE COLLECTOR]    prints all rows within these bounds, or how many
 *
 * Exit code as of the error, with its note on stderr. */
#include "base/arena.h"
#include "base/hash.h"
#include "base/utc.h"
#include "io/store/sightings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORDS_EACH = 1000, MOST_ROWS = 200000 };

static const char *const zones[] = {".", "example.", "it's\\.a`test\".", "lab.example."};
static const char *const tag_sets[] = {"4f66", "4f66-9728", "9728", "", "0000-ffff", "4a5c-4f66-9728"};
static const char *const reasons[] = {"not hexadecimal", "odd length", "4f66"};
static const int64_t begin_us = INT64_C(1790000000) / 3600 * 3600 * UTC_SECOND;

/* ---- rows of a seed ---- */

struct made {
    struct tally_row rows[MOST_ROWS];
    struct tally_traffic traffic[MOST_ROWS];
    size_t count, traffic_count;
};

static uint64_t draw(uint64_t seed, uint64_t i, uint64_t what)
{
    return hash_mix(hash_mix(seed + 1, i + 1), what + 1);
}

static int order_rows(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    order = order ? order : strcmp(x->zone, y->zone);
    order = order ? order : x->kind - y->kind;
    order = order ? order : strcmp(x->tags, y->tags);
    order = order ? order : x->transport - y->transport;
    return order ? order : memcmp(x->source, y->source, sizeof x->source);
}

static int order_traffic(const void *a, const void *b)
{
    const struct tally_traffic *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    return order ? order : memcmp(x->source, y->source, sizeof x->source);
}

static void make_source(uint8_t source[16], uint64_t number)
{
    memset(source, 0, 16);
    memset(source + 10, 0xff, 2);
    if (number % 5 == 0)
        memcpy(source, "\x20\x01\x0d\xb8", 4);
    for (int i = 0; i < 4; i++)
        source[15 - i] = (uint8_t)(number >> (8 * i));
}

static struct tally_row make_row(uint64_t seed, uint64_t i)
{
    static const uint8_t kinds[] = {SIGHTING_TA_NULL, SIGHTING_TA_NULL, SIGHTING_TA_A, SIGHTING_OPTION,
        SIGHTING_INVALID, SIGHTING_DNSKEY, SIGHTING_IS_TA, SIGHTING_TOO_BIG};
    struct tally_row row = {
        .hour_us = begin_us + (int64_t)(draw(seed, i, 0) % 80) * UTC_HOUR,
        .zone = zones[draw(seed, i, 1) % (sizeof zones / sizeof *zones)],
        .kind = kinds[draw(seed, i, 2) % sizeof kinds],
        .transport = draw(seed, i, 3) % 4 == 0,
        .count = 1 + draw(seed, i, 4) % 7,
        .recursion_desired = draw(seed, i, 5) % 2,
        .octets = 60,
        .udp_size = 1232,
    };
    if (draw(seed, i, 6) % 50 == 0)
        row.hour_us = -5 * UTC_HOUR; /* before 1970 */
    row.tags = row.kind == SIGHTING_INVALID ? reasons[draw(seed, i, 7) % (sizeof reasons / sizeof *reasons)]
               : row.kind <= SIGHTING_OPTION
                   ? tag_sets[draw(seed, i, 7) % (sizeof tag_sets / sizeof *tag_sets)]
                   : "";
    row.first_us = row.hour_us + (int64_t)(draw(seed, i, 8) % 1000) * UTC_SECOND;
    row.last_us = row.first_us + (int64_t)(draw(seed, i, 9) % 1000) * UTC_SECOND;
    make_source(row.source, draw(seed, i, 10) % 300);
    return row;
}

static void make(struct made *made, uint64_t seed, size_t rows)
{
    made->count = made->traffic_count = 0;
    for (size_t i = 0; i < rows && i < MOST_ROWS; i++) {
        made->rows[i] = make_row(seed, i);
        struct tally_traffic *traffic = &made->traffic[i];
        *traffic = (struct tally_traffic){.hour_us = made->rows[i].hour_us,
            .queries = 5,
            .answers = 5,
            .edns = 5,
            .udp_size_most = 1232,
            .names = 3,
            .ports = 1,
            .first_us = made->rows[i].first_us,
            .last_us = made->rows[i].last_us};
        make_source(traffic->source, 200 + draw(seed, i, 11) % 300);
        made->count = made->traffic_count = i + 1;
    }
    if (!made->count)
        return;
    qsort(made->rows, made->count, sizeof *made->rows, order_rows);
    qsort(made->traffic, made->traffic_count, sizeof *made->traffic, order_traffic);
    size_t kept = 1;
    for (size_t i = 1; i < made->count; i++) {
        if (order_rows(&made->rows[kept - 1], &made->rows[i]) != 0)
            made->rows[kept++] = made->rows[i];
    }
    made->count = kept;
    kept = 1;
    for (size_t i = 1; i < made->traffic_count; i++) {
        if (order_traffic(&made->traffic[kept - 1], &made->traffic[i]) != 0)
            made->traffic[kept++] = made->traffic[i];
    }
    made->traffic_count = kept;
}

static void made_row(const void *context, size_t i, struct tally_row *ret)
{
    *ret = ((const struct made *)context)->rows[i];
}

static void made_traffic(const void *context, size_t i, struct tally_traffic *ret)
{
    *ret = ((const struct made *)context)->traffic[i];
}

/* ---- segments ---- */

static void input_id(const char *input, uint8_t id[SIGHTINGS_ID])
{
    uint64_t halves[2] = {hash_bytes(input, strlen(input), 1), hash_bytes(input, strlen(input), 2)};
    memcpy(id, halves, SIGHTINGS_ID);
}

static uint64_t seed_of(const char *input, uint64_t seed, uint64_t segment)
{
    return hash_mix(hash_bytes(input, strlen(input), seed), segment + 7);
}

static int failed(int rc, const struct err_note *note)
{
    fprintf(stderr, "%s: %s\n", err_str(rc), note->text);
    return err_exit(rc);
}

static int commit(
    struct sightings *store, char **argv, uint64_t number, const struct made *made, struct err_note *note)
{
    static uint8_t blob[300000];
    char state[64];
    snprintf(state, sizeof state, "waits after %" PRIu64, number);
    struct sightings_span spans[2] = {{begin_us + (int64_t)number * UTC_HOUR,
                                          begin_us + (int64_t)number * UTC_HOUR + 1000 * UTC_SECOND, 600},
        {begin_us + (int64_t)number * UTC_HOUR + 1100 * UTC_SECOND,
            begin_us + (int64_t)number * UTC_HOUR + 1500 * UTC_SECOND, 400}};
    struct sightings_segment segment = {.collector = argv[0],
        .input = argv[1],
        .first_record = number * RECORDS_EACH,
        .end_record = (number + 1) * RECORDS_EACH,
        .last_record_hash = number + 99,
        .from_us = spans[0].from_us,
        .to_us = spans[1].to_us,
        .written_us = begin_us,
        .packets = 1000,
        .messages = 990,
        .dropped = 3,
        .overlapped = 2,
        .malformed = 1,
        .invalid = 4,
        .too_big = 5,
        .reassembly = 6,
        .spans = spans,
        .span_count = 2,
        .prints = blob,
        .prints_length = number % 2 ? sizeof blob : 8,
        .state = (const uint8_t *)state,
        .state_length = strlen(state)};
    input_id(argv[1], segment.input_id);
    struct tally_rows rows = {made->count, made->traffic_count, made_row, made_traffic, made};
    return sightings_commit(store, &segment, &rows, note);
}

static int open_store(const char *where, bool read_only, struct sightings **ret)
{
    struct err_note note = {""};
    int rc = sightings_open(where, read_only, ret, &note);
    return rc ? failed(rc, &note) : 0;
}

/* Goes on where the input stands; another writer may have been faster. */
static int do_write(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    static struct made made;
    uint64_t segments = strtoull(argv[4], NULL, 10), own = 0, seed = strtoull(argv[3], NULL, 10);
    int rc = open_store(argv[0], false, &store);
    if (rc)
        return rc;
    uint8_t id[SIGHTINGS_ID];
    input_id(argv[2], id);
    struct arena *arena = arena_new();
    for (uint64_t at = 0; at < segments && !rc;) {
        struct sightings_mark mark;
        rc = sightings_mark(store, argv[1], id, arena, &mark, &note);
        at = mark.end_record / RECORDS_EACH;
        if (rc || at >= segments)
            break;
        make(&made, seed_of(argv[2], seed, at), strtoull(argv[5], NULL, 10));
        rc = commit(store, argv + 1, at, &made, &note);
        own += rc == 0;
        rc = rc == ERR_DATA && strstr(note.text, "meanwhile") ? 0 : rc;
    }
    printf("%" PRIu64 "\n", own);
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

static int do_race(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    static struct made made;
    int rc = open_store(argv[0], false, &store);
    if (rc)
        return rc;
    make(&made, seed_of(argv[2], strtoull(argv[3], NULL, 10), 0), strtoull(argv[4], NULL, 10));
    rc = commit(store, argv + 1, 0, &made, &note);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

static void print_source(const uint8_t source[16])
{
    for (int i = 0; i < 16; i++)
        printf("%02x", source[i]);
}

static int do_rows(int argc, char **argv)
{
    (void)argc;
    static struct made made;
    for (uint64_t segment = 0; segment < strtoull(argv[3], NULL, 10); segment++) {
        make(&made, seed_of(argv[1], strtoull(argv[2], NULL, 10), segment), strtoull(argv[4], NULL, 10));
        for (size_t i = 0; i < made.count; i++) {
            const struct tally_row *row = &made.rows[i];
            printf(
                "row\t%s\t%" PRId64 "\t%s\t%u\t%s\t", argv[0], row->hour_us, row->zone, row->kind, row->tags);
            print_source(row->source);
            printf("\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\n", row->count, row->first_us, row->last_us);
        }
        for (size_t i = 0; i < made.traffic_count; i++) {
            printf("traffic\t%s\t%" PRId64 "\t", argv[0], made.traffic[i].hour_us);
            print_source(made.traffic[i].source);
            printf("\n");
        }
    }
    return 0;
}

/* ---- questions ---- */

static int by_name(const char *name, enum sightings_by *ret)
{
    static const char *const names[] = {"tagset", "key", "day", "source", "collector"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum sightings_by)i;
            return 0;
        }
    }
    return ERR_USAGE;
}

static void print_answer(const struct sightings_answer *answer, enum sightings_by by)
{
    for (size_t i = 0; i < answer->line_count; i++) {
        const struct sightings_line *line = &answer->lines[i];
        printf("line\t%d\t%" PRId64 "\t%s\t", line->invalid, line->day_us,
            line->collector ? line->collector : "");
        if (by == SIGHTINGS_BY_SOURCE)
            print_source(line->source);
        printf("\t%s\t%s\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64
               "\t%" PRId64 "\n",
            line->zone, line->tags ? line->tags : "", line->key, line->sources, line->signals, line->ta_null,
            line->ta_a, line->options, line->first_us, line->last_us);
    }
    for (size_t i = 0; i < answer->coverage_count; i++) {
        const struct sightings_coverage *one = &answer->coverage[i];
        printf("coverage\t%s\t%" PRId64 "\t%" PRId64, one->collector, one->from_us, one->to_us);
        const uint64_t numbers[] = {one->inputs, one->packets, one->messages, one->dropped, one->overlapped,
            one->malformed, one->invalid, one->too_big, one->reassembly, one->gaps};
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
            printf("\t%" PRIu64, numbers[j]);
        printf("\t%" PRId64 "\n", one->gap_us);
    }
    printf("sources\t%" PRIu64 "\nobserved\t%" PRIu64 "\n", answer->sources, answer->observed);
    if (answer->partial)
        printf("partial\t%s\n", answer->missing);
}

static int do_ask(int argc, char **argv)
{
    struct sightings *store;
    struct err_note note = {""};
    struct sightings_question question = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    if (by_name(argv[1], &question.by))
        return 64;
    if (argc > 2 && strcmp(argv[2], "-") != 0)
        question.from_us = strtoll(argv[2], NULL, 10);
    if (argc > 3 && strcmp(argv[3], "-") != 0)
        question.to_us = strtoll(argv[3], NULL, 10);
    question.zone = argc > 4 && strcmp(argv[4], "-") != 0 ? argv[4] : NULL;
    question.collector = argc > 5 ? argv[5] : NULL;
    int rc = open_store(argv[0], true, &store);
    if (rc)
        return rc;
    struct arena *arena = arena_new();
    struct sightings_answer answer;
    rc = sightings_ask(store, &question, arena, &answer, &note);
    if (!rc)
        print_answer(&answer, question.by);
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

/* ---- every row ---- */

struct printing {
    char names[16][SIGHTINGS_MAX_COLLECTOR + 1];
    bool quiet;
    uint64_t rows;
};

static int take_names(void *context, const char *const *names, size_t count)
{
    struct printing *printing = context;
    for (size_t i = 0; i < count && i < sizeof printing->names / sizeof *printing->names; i++)
        snprintf(printing->names[i], sizeof printing->names[i], "%s", names[i]);
    return 0;
}

static void print_numbers(const uint64_t *numbers, size_t count, int64_t first_us, int64_t last_us)
{
    for (size_t i = 0; i < count; i++)
        printf("\t%" PRIu64, numbers[i]);
    printf("\t%" PRId64 "\t%" PRId64 "\n", first_us, last_us);
}

static int print_row(void *context, unsigned collector, const struct tally_row *row)
{
    struct printing *printing = context;
    printing->rows++;
    if (printing->quiet)
        return 0;
    printf("row\t%s\t%" PRId64 "\t%s\t%u\t%s\t", printing->names[collector], row->hour_us, row->zone,
        row->kind, row->tags);
    print_source(row->source);
    const uint64_t numbers[] = {row->count, row->recursion_desired, row->dnssec_ok, row->checking_disabled,
        row->truncated, row->octets, row->udp_size};
    print_numbers(numbers, sizeof numbers / sizeof *numbers, row->first_us, row->last_us);
    return 0;
}

static int print_traffic(void *context, unsigned collector, const struct tally_traffic *row)
{
    struct printing *printing = context;
    printing->rows++;
    if (printing->quiet)
        return 0;
    printf("traffic\t%s\t%" PRId64 "\t\t\t\t", printing->names[collector], row->hour_us);
    print_source(row->source);
    const uint64_t numbers[] = {row->queries, row->answers, row->tcp, row->edns, row->dnssec_ok,
        row->recursion_desired, row->checking_disabled, row->dnskey, row->truncated, row->udp_size_least,
        row->udp_size_most, row->names, row->ports};
    print_numbers(numbers, sizeof numbers / sizeof *numbers, row->first_us, row->last_us);
    return 0;
}

/* STORE rows|quiet [FROM TO ZONE COLLECTOR] */
static int do_scan(int argc, char **argv)
{
    struct sightings *store;
    struct err_note note = {""};
    struct sightings_question question = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    struct printing printing = {.quiet = argc > 1 && strcmp(argv[1], "quiet") == 0};
    if (argc > 2 && strcmp(argv[2], "-") != 0)
        question.from_us = strtoll(argv[2], NULL, 10);
    if (argc > 3 && strcmp(argv[3], "-") != 0)
        question.to_us = strtoll(argv[3], NULL, 10);
    question.zone = argc > 4 && strcmp(argv[4], "-") != 0 ? argv[4] : NULL;
    question.collector = argc > 5 ? argv[5] : NULL;
    int rc = open_store(argv[0], true, &store);
    if (rc)
        return rc;
    struct arena *arena = arena_new();
    struct sightings_scanned scanned;
    struct sightings_scan scan = {take_names, print_row, print_traffic, &printing};
    rc = sightings_scan(store, &question, &scan, arena, &scanned, &note);
    if (!rc)
        printf("all\t%" PRIu64 "\n", printing.rows);
    if (!rc && scanned.partial)
        printf("partial\t%s\n", scanned.missing);
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

static int do_mark(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    int rc = open_store(argv[0], true, &store);
    if (rc)
        return rc;
    uint8_t id[SIGHTINGS_ID];
    input_id(argv[2], id);
    struct arena *arena = arena_new();
    struct sightings_mark mark;
    rc = sightings_mark(store, argv[1], id, arena, &mark, &note);
    if (!rc)
        printf("%" PRIu64 "\t%" PRIu64 "\t%.*s\n", mark.end_record, mark.last_record_hash,
            (int)mark.state_length, mark.state ? (const char *)mark.state : "");
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

static int do_covers(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    int rc = open_store(argv[0], true, &store);
    if (rc)
        return rc;
    uint8_t id[SIGHTINGS_ID];
    input_id(argv[2], id);
    int64_t from = strtoll(argv[3], NULL, 10), to = strtoll(argv[4], NULL, 10);
    struct arena *arena = arena_new();
    struct sightings_cover *covers = NULL;
    size_t count = 0, length = 0;
    const uint8_t *state = NULL;
    rc = sightings_covers(store, argv[1], id, from, to, arena, &covers, &count, &note);
    for (size_t i = 0; !rc && i < count; i++) {
        printf("cover\t%s\t%" PRId64 "\t%" PRId64 "\t%zu", covers[i].input, covers[i].from_us,
            covers[i].to_us, covers[i].prints_length);
        for (size_t j = 0; j < covers[i].span_count; j++)
            printf("\t%" PRId64 "+%" PRId64 ":%" PRIu64, covers[i].spans[j].from_us,
                covers[i].spans[j].to_us - covers[i].spans[j].from_us, covers[i].spans[j].packets);
        printf("\n");
    }
    if (!rc)
        rc = sightings_state_before(store, argv[1], from, to, arena, &state, &length, &note);
    if (!rc)
        printf("state\t%.*s\n", (int)length, state ? (const char *)state : "");
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

/* ---- how long it takes ---- */

struct many {
    size_t rows, sources;
};

/* 24 hours of six sets; each source in each hour once. */
static void many_row(const void *context, size_t i, struct tally_row *ret)
{
    const struct many *many = context;
    size_t each_hour = many->rows / 24 + 1, each_set = each_hour / 3 + 1;
    *ret = (struct tally_row){.hour_us = begin_us + (int64_t)(i / each_hour) * UTC_HOUR,
        .zone = ".",
        .kind = SIGHTING_TA_NULL,
        .transport = 0,
        .tags = tag_sets[i % each_hour / each_set],
        .count = 1 + i % 3,
        .dnssec_ok = 1,
        .octets = 60,
        .udp_size = 1232};
    ret->first_us = ret->hour_us + (int64_t)(hash_mix(i, 1) % 1800) * UTC_SECOND;
    ret->last_us = ret->first_us + 60 * UTC_SECOND;
    make_source(ret->source, i * 2654435761U % many->sources); /* of neighbours each another */
}

static void many_traffic(const void *context, size_t i, struct tally_traffic *ret)
{
    struct tally_row row;
    many_row(context, i, &row);
    *ret = (struct tally_traffic){.hour_us = row.hour_us,
        .queries = 100 + hash_mix(i, 5) % 100,
        .answers = 100,
        .edns = 90,
        .dnssec_ok = 80,
        .dnskey = 2,
        .udp_size_least = 512,
        .udp_size_most = 4096,
        .names = hash_mix(i, 6),
        .ports = (uint32_t)hash_mix(i, 7),
        .first_us = row.first_us,
        .last_us = row.last_us};
    memcpy(ret->source, row.source, sizeof row.source);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* STORE ROWS TRAFFIC SOURCES */
static int do_fill(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    int rc = open_store(argv[0], false, &store);
    if (rc)
        return rc;
    struct many many = {strtoull(argv[1], NULL, 10), strtoull(argv[3], NULL, 10)};
    size_t traffic = strtoull(argv[2], NULL, 10);
    struct tally_rows rows = {many.rows, traffic, many_row, many_traffic, &many};
    struct sightings_segment segment = {.collector = "bench",
        .input = "bench",
        .end_record = 1,
        .from_us = begin_us,
        .to_us = begin_us + UTC_DAY,
        .written_us = begin_us,
        .packets = many.rows,
        .messages = many.rows};
    double start = now();
    rc = sightings_commit(store, &segment, &rows, &note);
    double took = now() - start;
    if (!rc)
        printf("%zu rows in %.2f s: %.0f rows/s\n", many.rows + traffic, took,
            (double)(many.rows + traffic) / took);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

static int do_time(int argc, char **argv)
{
    (void)argc;
    struct sightings *store;
    struct err_note note = {""};
    struct sightings_question question = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    if (by_name(argv[1], &question.by))
        return 64;
    int rc = open_store(argv[0], true, &store);
    if (rc)
        return rc;
    struct arena *arena = arena_new();
    struct sightings_answer answer;
    double start = now();
    rc = sightings_ask(store, &question, arena, &answer, &note);
    if (!rc)
        printf("%.2f s, %zu lines, %" PRIu64 " sources, %" PRIu64 " observed\n", now() - start,
            answer.line_count, answer.sources, answer.observed);
    arena_free(arena);
    sightings_close(store);
    return rc ? failed(rc, &note) : 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(int argc, char **argv);
    } commands[] = {{"write", 6, do_write}, {"rows", 5, do_rows}, {"ask", 2, do_ask}, {"scan", 2, do_scan},
        {"mark", 3, do_mark}, {"covers", 5, do_covers}, {"race", 5, do_race}, {"fill", 4, do_fill},
        {"time", 2, do_time}};
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].arguments)
            return commands[i].run(argc - 2, argv + 2);
    }
    fprintf(stderr, "usage: see the top of sightings_drive.c\n");
    return 64;
}
