/* sightings [ROWS [PATH]]: how fast a store of sightings takes rows, answers each question about them, and
 * hands all of them out.
 *
 * Rows as many collectors send them: SOURCES addresses, each telling one of some tag sets in hours spread
 * over two weeks, in segments of SEGMENT rows; and as many rows of traffic again, at a fifth. Prints rows a
 * second, octets a row, and seconds per question. PATH may be anything that --store takes; else a file in
 * TMPDIR, removed afterwards. */
#include "io/store/sightings.h"

#include "io/store/sightings_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 300 * 1000, SEGMENT = 250 * 1000, COLLECTORS = 4, HOURS = 14 * 24 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Each segment is a stretch of hours of its own, as a collector sees time pass. */
static void make_rows(struct fixture_rows *rows, size_t segment, size_t segments, uint64_t *seed)
{
    static const char *const sets[] = {"4f66", "4f66-9728", "4a5c-4f66", "9728", "4f66-9728-ffff"};
    size_t turn = segment / COLLECTORS, turns = (segments + COLLECTORS - 1) / COLLECTORS;
    size_t first_hour = turn * HOURS / turns, hours = (turn + 1) * HOURS / turns - first_hour;
    for (size_t i = 0; i < rows->count; i++) {
        struct tally_row *row = &rows->rows[i];
        uint32_t source = (uint32_t)(next_random(seed) % SOURCES);
        *row = (struct tally_row){.zone = ".", .kind = SIGHTING_TA_NULL, .count = 1, .udp_size = 1232};
        row->hour_us =
            FIXTURE_DAY + (int64_t)(first_hour + next_random(seed) % (hours ? hours : 1)) * UTC_HOUR;
        row->tags = sets[source % 5];
        row->first_us = row->hour_us + (int64_t)(next_random(seed) % (uint64_t)UTC_HOUR);
        row->last_us = row->first_us;
        fixture_source(source, row->source);
    }
    for (size_t i = 0; i < rows->traffic_count; i++) {
        struct tally_traffic *row = &rows->traffic[i];
        const struct tally_row *same = &rows->rows[i * 5];
        *row = (struct tally_traffic){.hour_us = same->hour_us,
            .queries = 20,
            .answers = 20,
            .edns = 19,
            .dnssec_ok = 18,
            .udp_size_least = 1232,
            .udp_size_most = 1232,
            .names = next_random(seed),
            .ports = (uint32_t)next_random(seed),
            .first_us = same->first_us,
            .last_us = same->hour_us + UTC_HOUR - 1};
        memcpy(row->source, same->source, 16);
    }
}

static int fill(struct sightings *store, size_t wanted, struct err_note *note)
{
    size_t segments = (wanted + SEGMENT - 1) / SEGMENT;
    uint64_t seed = 88172645463325252;
    struct fixture_rows rows = {
        .rows = calloc(SEGMENT, sizeof *rows.rows), .traffic = calloc(SEGMENT / 5, sizeof *rows.traffic)};
    double took = 0;
    int err = 0;
    for (size_t i = 0; !err && i < segments; i++) {
        char collector[16];
        snprintf(collector, sizeof collector, "c%zu", i % COLLECTORS);
        rows.count = SEGMENT;
        rows.traffic_count = SEGMENT / 5;
        make_rows(&rows, i, segments, &seed);
        struct tally_rows tally = fixture_tally(&rows);
        struct sightings_segment segment = fixture_segment(collector, 1, i / COLLECTORS, i / COLLECTORS + 1);
        double begin = now_s();
        err = sightings_commit(store, &segment, &tally, note);
        took += now_s() - begin;
    }
    free(rows.rows);
    free(rows.traffic);
    size_t all = segments * (SEGMENT + SEGMENT / 5);
    printf("%zu rows (%zu of traffic) in %.2f s: %.0f rows/s\n", all, segments * (SEGMENT / 5), took,
        (double)all / took);
    return err;
}

static int ask_all(struct sightings *store, struct err_note *note)
{
    static const char *const names[] = {"tagset", "key", "day", "source", "collector"};
    int err = 0;
    for (int by = SIGHTINGS_BY_TAGSET; !err && by <= SIGHTINGS_BY_COLLECTOR; by++) {
        struct arena *arena = arena_new();
        struct sightings_question question = {(enum sightings_by)by, INT64_MIN, INT64_MAX, NULL, NULL};
        struct sightings_answer answer = {0};
        double begin = now_s();
        err = sightings_ask(store, &question, arena, &answer, note);
        printf("by %-9s %.2f s: %zu lines, %" PRIu64 " sources, %" PRIu64 " observed\n", names[by],
            now_s() - begin, answer.line_count, answer.sources, answer.observed);
        arena_free(arena);
    }
    return err;
}

/* What a reader of all rows sees; the sums keep a compiler from leaving it out. */
struct seen {
    uint64_t rows, traffic, signals, queries;
};

static int see_row(void *context, unsigned collector, const struct tally_row *row)
{
    struct seen *seen = context;
    seen->rows++;
    seen->signals += row->count + collector;
    return 0;
}

static int see_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    struct seen *seen = context;
    seen->traffic++;
    seen->queries += traffic->queries + collector;
    return 0;
}

static int scan_all(struct sightings *store, struct err_note *note)
{
    struct seen seen = {0};
    struct sightings_scan scan = {NULL, see_row, see_traffic, &seen};
    struct sightings_scanned scanned;
    struct sightings_question question = {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "."};
    struct arena *arena = arena_new();
    double begin = now_s();
    int err = sightings_scan(store, &question, &scan, arena, &scanned, note);
    printf("scan         %.2f s: %" PRIu64 " rows, %" PRIu64 " of traffic\n", now_s() - begin, seen.rows,
        seen.traffic);
    arena_free(arena);
    return err;
}

int main(int argc, char **argv)
{
    size_t wanted = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 5 * 1000 * 1000;
    char made[256] = "";
    const char *temporary = getenv("TMPDIR");
    struct err_note note = {""};
    struct sightings *store = NULL;
    struct stat file;
    struct rusage usage;
    snprintf(made, sizeof made, "%s/sightings-%ld.db", temporary ? temporary : "/tmp", (long)getpid());
    const char *where = argc > 2 ? argv[2] : made;
    int err = sightings_open(where, false, &store, &note);
    if (!err)
        err = fill(store, wanted, &note);
    if (!err && getrusage(RUSAGE_SELF, &usage) == 0)
        printf("peak memory with the rows themselves %ld MB\n", usage.ru_maxrss / 1024);
    if (!err)
        err = ask_all(store, &note);
    if (!err)
        err = scan_all(store, &note);
    sightings_close(store);
    if (!err && stat(where, &file) == 0)
        printf("%lld MB in the file\n", (long long)file.st_size / 1000000);
    if (argc <= 2)
        unlink(made);
    if (err)
        fprintf(stderr, "sightings: %s\n", note.text);
    return err ? 1 : 0;
}
