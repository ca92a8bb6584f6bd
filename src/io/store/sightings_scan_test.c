/* What a scan hands out is what was committed: beside a model that keeps every row, by the hour and summed by
 * the day; and what callers and damaged files do to it. */
#include "io/store/sightings.h"

#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <pthread.h>
#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sqlite3.h>
#include <cmocka.h>

enum { SOURCES = 40, SEGMENTS = 99, ROWS = 400, TRAFFIC = 150, MOST = SEGMENTS * (ROWS + TRAFFIC) };

static const char *const collectors[] = {"lax", "ams-2", "b.root"}; /* by segment */
static const char *const sorted[] = {"ams-2", "b.root", "lax"};
static const char *const zones[] = {".", "test.", "\\052x.example.", ""};
static const char *const sets[] = {"4f66", "4f66-9728", ""};

/* A row of either kind, with what it is told apart by. */
struct one {
    char collector[16];
    bool is_traffic;
    char zone[32], tags[32];
    struct tally_row row;
    struct tally_traffic traffic;
};

struct list {
    struct one *rows;
    size_t count;
};

struct fixture {
    char directory[64], path[96];
    struct sightings *store;
    struct arena *arena;
    struct err_note note;
    struct list committed, got;
    const char *names[8];
    size_t name_count;
    size_t stop_after; /* callbacks, with ERR_IO; 0: never */
    bool refuses_names;
    bool is_slow;     /* with the first row, so that the reader has to wait (sightings_beside.c) */
    pthread_t caller; /* who scans, and so is called */
    struct sightings_question question;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    snprintf(f->path, sizeof f->path, "%s/s.db", f->directory);
    f->arena = arena_new();
    f->committed.rows = calloc(MOST, sizeof *f->committed.rows);
    f->got.rows = calloc(MOST, sizeof *f->got.rows);
    return sightings_open(f->path, false, &f->store, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sightings_close(f->store);
    arena_free(f->arena);
    test_dir_remove(f->directory);
    free(f->committed.rows);
    free(f->got.rows);
    free(f);
    return 0;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* ---- lists ---- */

static struct one *add(struct list *list, const char *collector)
{
    assert_true(list->count < MOST);
    struct one *one = &list->rows[list->count++];
    memset(one, 0, sizeof *one);
    snprintf(one->collector, sizeof one->collector, "%s", collector);
    return one;
}

static void add_row(struct list *list, const char *collector, const struct tally_row *row)
{
    struct one *one = add(list, collector);
    one->row = *row;
    snprintf(one->zone, sizeof one->zone, "%s", row->zone);
    snprintf(one->tags, sizeof one->tags, "%s", row->tags);
    one->row.zone = one->row.tags = NULL;
}

static void add_traffic(struct list *list, const char *collector, const struct tally_traffic *row)
{
    struct one *one = add(list, collector);
    one->is_traffic = true;
    one->traffic = *row;
}

static int order(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    const int64_t hours[] = {x->row.hour_us + x->traffic.hour_us, y->row.hour_us + y->traffic.hour_us};
    int result = strcmp(x->collector, y->collector);
    result = result ? result : x->is_traffic - y->is_traffic;
    result = result ? result : (hours[0] > hours[1]) - (hours[0] < hours[1]);
    result = result ? result : strcmp(x->zone, y->zone);
    result = result ? result : x->row.kind - y->row.kind;
    result = result ? result : strcmp(x->tags, y->tags);
    result = result ? result : x->row.transport - y->row.transport;
    result = result ? result : memcmp(x->row.source, y->row.source, 16);
    return result ? result : memcmp(x->traffic.source, y->traffic.source, 16);
}

static void merge_rows(struct tally_row *row, const struct tally_row *more)
{
    row->count += more->count;
    row->recursion_desired += more->recursion_desired;
    row->dnssec_ok += more->dnssec_ok;
    row->checking_disabled += more->checking_disabled;
    row->truncated += more->truncated;
    row->octets = more->octets > row->octets ? more->octets : row->octets;
    row->udp_size = more->udp_size > row->udp_size ? more->udp_size : row->udp_size;
    row->first_us = more->first_us < row->first_us ? more->first_us : row->first_us;
    row->last_us = more->last_us > row->last_us ? more->last_us : row->last_us;
}

static void merge_traffic(struct tally_traffic *row, const struct tally_traffic *more)
{
    uint64_t *const sums[] = {&row->queries, &row->answers, &row->tcp, &row->edns, &row->dnssec_ok,
        &row->recursion_desired, &row->checking_disabled, &row->dnskey, &row->truncated};
    const uint64_t plus[] = {more->queries, more->answers, more->tcp, more->edns, more->dnssec_ok,
        more->recursion_desired, more->checking_disabled, more->dnskey, more->truncated};
    for (size_t i = 0; i < sizeof plus / sizeof *plus; i++)
        *sums[i] += plus[i];
    if (more->udp_size_least && (!row->udp_size_least || more->udp_size_least < row->udp_size_least))
        row->udp_size_least = more->udp_size_least;
    row->udp_size_most = more->udp_size_most > row->udp_size_most ? more->udp_size_most : row->udp_size_most;
    row->names |= more->names;
    row->ports |= more->ports;
    row->first_us = more->first_us < row->first_us ? more->first_us : row->first_us;
    row->last_us = more->last_us > row->last_us ? more->last_us : row->last_us;
}

static int64_t day_of(int64_t us)
{
    return us - ((us % UTC_DAY) + UTC_DAY) % UTC_DAY;
}

/* Sorted, those with the same key summed; by day: transports as well. */
static void sum(struct list *list, bool by_day)
{
    size_t kept = 0;
    for (size_t i = 0; by_day && i < list->count; i++) {
        list->rows[i].row.hour_us = day_of(list->rows[i].row.hour_us);
        list->rows[i].traffic.hour_us = day_of(list->rows[i].traffic.hour_us);
        list->rows[i].row.transport = 0;
    }
    qsort(list->rows, list->count, sizeof *list->rows, order);
    for (size_t i = 0; i < list->count; i++) {
        if (!kept || order(&list->rows[kept - 1], &list->rows[i]) != 0)
            list->rows[kept++] = list->rows[i];
        else if (list->rows[i].is_traffic)
            merge_traffic(&list->rows[kept - 1].traffic, &list->rows[i].traffic);
        else
            merge_rows(&list->rows[kept - 1].row, &list->rows[i].row);
    }
    list->count = kept;
}

/* ---- what is committed ---- */

static int64_t random_hour(uint32_t *seed)
{
    int64_t hour_us = FIXTURE_DAY + next_random(seed) % 60 * UTC_HOUR;
    return next_random(seed) % 40 ? hour_us
                                  : -(1 + (int64_t)(next_random(seed) % 30)) * UTC_HOUR; /* before 1970 */
}

static struct tally_row random_row(uint32_t *seed)
{
    struct tally_row row = {.hour_us = random_hour(seed),
        .zone = zones[next_random(seed) % 3],
        .kind = (uint8_t)(1 + next_random(seed) % (SIGHTING_KINDS - 1)),
        .transport = (uint8_t)(next_random(seed) % 4),
        .tags = sets[next_random(seed) % 3],
        .count = 9 + next_random(seed) % 1000,
        .recursion_desired = next_random(seed) % 9,
        .dnssec_ok = next_random(seed) % 9,
        .checking_disabled = next_random(seed) % 9,
        .octets = next_random(seed) % 3000,
        .truncated = next_random(seed) % 9,
        .udp_size = (uint16_t)next_random(seed)};
    if (row.kind == SIGHTING_INVALID)
        row.tags = "odd length";
    if (row.kind >= SIGHTING_TOO_BIG || next_random(seed) % 30 == 0)
        row.zone = "";
    row.first_us = row.hour_us + next_random(seed) % UTC_HOUR;
    row.last_us = row.first_us + (row.hour_us + UTC_HOUR - row.first_us) / (1 + next_random(seed) % 4) - 1;
    row.last_us = row.last_us < row.first_us ? row.first_us : row.last_us;
    fixture_source(next_random(seed) % SOURCES, row.source);
    return row;
}

static struct tally_traffic random_traffic(uint32_t *seed)
{
    struct tally_traffic row = {.hour_us = random_hour(seed),
        .queries = next_random(seed) % 1000,
        .answers = 9 + next_random(seed) % 1000,
        .tcp = next_random(seed) % 9,
        .edns = next_random(seed) % 9,
        .dnssec_ok = next_random(seed) % 9,
        .recursion_desired = next_random(seed) % 9,
        .checking_disabled = next_random(seed) % 9,
        .dnskey = next_random(seed) % 9,
        .truncated = next_random(seed) % 9,
        .udp_size_least = (uint16_t)(next_random(seed) % 3 ? 512 + next_random(seed) % 900 : 0),
        .udp_size_most = (uint16_t)(1500 + next_random(seed) % 60000),
        .names = next_random(seed),
        .ports = next_random(seed)};
    row.first_us = row.hour_us + next_random(seed) % (UTC_HOUR / 2);
    row.last_us = row.first_us + next_random(seed) % (UTC_HOUR / 2);
    fixture_source(next_random(seed) % SOURCES, row.source);
    return row;
}

static void commit_segment(struct fixture *f, uint32_t segment, uint32_t *seed)
{
    static struct tally_row rows[ROWS];
    static struct tally_traffic traffic[TRAFFIC];
    struct fixture_rows all = {rows, 0, traffic, 0};
    const char *collector = collectors[segment % 3];
    for (size_t i = 0; i < ROWS; i++) {
        struct tally_row row = random_row(seed);
        size_t j = 0;
        while (j < all.count && fixture_order(&rows[j], &row) != 0)
            j++;
        if (j < all.count)
            continue;
        rows[all.count++] = row;
        add_row(&f->committed, collector, &row);
    }
    for (size_t i = 0; i < TRAFFIC; i++) {
        traffic[i] = random_traffic(seed);
        add_traffic(&f->committed, collector, &traffic[i]);
    }
    all.traffic_count = TRAFFIC;
    struct tally_rows tally = fixture_tally(&all);
    struct sightings_segment one = fixture_segment(collector, (uint8_t)segment, 0, 100);
    if (sightings_commit(f->store, &one, &tally, &f->note) != 0)
        fail_msg("%s", f->note.text);
}

static void commit_all(struct fixture *f)
{
    uint32_t seed = 8509;
    for (uint32_t segment = 0; segment < SEGMENTS; segment++)
        commit_segment(f, segment, &seed);
}

/* ---- what comes ---- */

static int take_names(void *context, const char *const *names, size_t count)
{
    struct fixture *f = context;
    assert_int_equal(f->got.count, 0);
    assert_true(count <= sizeof f->names / sizeof *f->names);
    for (size_t i = 0; i < count; i++)
        f->names[i] = arena_string(f->arena, names[i]);
    f->name_count = count;
    assert_true(pthread_equal(pthread_self(), f->caller));
    return f->refuses_names ? ERR_NOMEM : 0;
}

static int take_row(void *context, unsigned collector, const struct tally_row *row)
{
    struct fixture *f = context;
    assert_true(collector < f->name_count && pthread_equal(pthread_self(), f->caller));
    if (f->is_slow && !f->got.count)
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    add_row(&f->got, f->names[collector], row);
    return f->stop_after && f->got.count == f->stop_after ? ERR_IO : 0;
}

static int take_traffic(void *context, unsigned collector, const struct tally_traffic *row)
{
    struct fixture *f = context;
    assert_true(collector < f->name_count);
    add_traffic(&f->got, f->names[collector], row);
    return f->stop_after && f->got.count == f->stop_after ? ERR_IO : 0;
}

/* What collectors cover is what an answer to the same question says, in the order of their numbers. */
static void expect_coverage(struct fixture *f, const struct sightings_scanned *scanned)
{
    struct sightings_answer answer;
    assert_int_equal(sightings_ask(f->store, &f->question, f->arena, &answer, &f->note), 0);
    assert_int_equal(scanned->coverage_count, answer.coverage_count);
    assert_int_equal(scanned->coverage_count, f->name_count);
    for (size_t i = 0; i < answer.coverage_count; i++) {
        struct sightings_coverage here = scanned->coverage[i], there = answer.coverage[i];
        assert_string_equal(here.collector, f->names[i]);
        assert_string_equal(here.collector, there.collector);
        assert_int_equal(here.work_count, there.work_count);
        if (here.work_count)
            assert_memory_equal(here.work, there.work, here.work_count * sizeof *here.work);
        here.collector = there.collector = NULL;
        here.work = there.work = NULL;
        assert_memory_equal(&here, &there, sizeof here);
    }
}

/* The same rows of the same collectors, by the same numbers. */
static int scan_names_only(struct fixture *f, const struct sightings_scan *scan)
{
    struct sightings_scanned scanned;
    size_t rows = f->got.count, names = f->name_count;
    f->got.count = f->name_count = 0;
    f->question.names_only = true;
    int err = sightings_scan(f->store, &f->question, scan, f->arena, &scanned, &f->note);
    f->question.names_only = false;
    assert_true(err || (f->got.count == rows && f->name_count == names && scanned.coverage_count == names));
    for (size_t i = 0; !err && i < names; i++)
        assert_string_equal(scanned.coverage[i].collector, f->names[i]);
    return err;
}

static int scan(struct fixture *f)
{
    struct sightings_scan scan = {take_names, take_row, take_traffic, f};
    struct sightings_scanned scanned = {.partial = true};
    f->got.count = f->name_count = 0;
    f->caller = pthread_self();
    int err = sightings_scan(f->store, &f->question, &scan, f->arena, &scanned, &f->note);
    assert_true(err || (!scanned.partial && !scanned.missing));
    if (!err)
        expect_coverage(f, &scanned);
    return err ? err : scan_names_only(f, &scan);
}

static bool asked_for(const struct sightings_question *question, const struct one *one)
{
    int64_t hour_us = one->is_traffic ? one->traffic.hour_us : one->row.hour_us;
    bool icmp = one->row.kind == SIGHTING_TOO_BIG || one->row.kind == SIGHTING_REASSEMBLY;
    return hour_us >= question->from_us && hour_us < question->to_us &&
           (!question->collector || strcmp(question->collector, one->collector) == 0) &&
           (one->is_traffic || !question->zone || strcmp(question->zone, one->zone) == 0 ||
               (icmp && !*one->zone));
}

/* By field: what lies between fields is nobody's. */
static bool same_row(const struct tally_row *a, const struct tally_row *b)
{
    return a->hour_us == b->hour_us && a->kind == b->kind && a->transport == b->transport &&
           memcmp(a->source, b->source, sizeof a->source) == 0 && a->count == b->count &&
           a->recursion_desired == b->recursion_desired && a->dnssec_ok == b->dnssec_ok &&
           a->checking_disabled == b->checking_disabled && a->octets == b->octets &&
           a->truncated == b->truncated && a->udp_size == b->udp_size && a->first_us == b->first_us &&
           a->last_us == b->last_us;
}

static bool same_traffic(const struct tally_traffic *a, const struct tally_traffic *b)
{
    return a->hour_us == b->hour_us && memcmp(a->source, b->source, sizeof a->source) == 0 &&
           a->queries == b->queries && a->answers == b->answers && a->tcp == b->tcp && a->edns == b->edns &&
           a->dnssec_ok == b->dnssec_ok && a->recursion_desired == b->recursion_desired &&
           a->checking_disabled == b->checking_disabled && a->dnskey == b->dnskey &&
           a->truncated == b->truncated && a->udp_size_least == b->udp_size_least &&
           a->udp_size_most == b->udp_size_most && a->names == b->names && a->ports == b->ports &&
           a->first_us == b->first_us && a->last_us == b->last_us;
}

/* order() has looked at collectors, zones and tag sets. */
static void expect_same(const struct list *want, const struct list *got)
{
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < want->count; i++)
        if (order(&want->rows[i], &got->rows[i]) != 0 || !same_row(&want->rows[i].row, &got->rows[i].row) ||
            !same_traffic(&want->rows[i].traffic, &got->rows[i].traffic))
            fail_msg("row %zu: kind %d of %s, %lld and %lld", i, want->rows[i].row.kind, want->rows[i].zone,
                (long long)want->rows[i].row.count, (long long)got->rows[i].row.count);
}

static void compare(struct fixture *f, bool by_day)
{
    struct list want = {calloc(MOST, sizeof *want.rows), 0};
    for (size_t i = 0; i < f->committed.count; i++)
        if (asked_for(&f->question, &f->committed.rows[i]))
            want.rows[want.count++] = f->committed.rows[i];
    if (scan(f) != 0)
        fail_msg("%s", f->note.text);
    sum(&want, by_day);
    sum(&f->got, by_day);
    expect_same(&want, &f->got);
    free(want.rows);
}

static void what_comes_is_what_was_committed(void **state)
{
    struct fixture *f = *state;
    commit_all(f);
    static const struct sightings_question questions[] = {
        {.from_us = INT64_MIN, .to_us = INT64_MAX},
        {.from_us = FIXTURE_DAY + 3 * UTC_HOUR, .to_us = FIXTURE_DAY + 30 * UTC_HOUR},
        /* an hour that began before, and one that has begun: out and in */
        {.from_us = FIXTURE_DAY + 3 * UTC_HOUR + 1, .to_us = FIXTURE_DAY + 30 * UTC_HOUR + 1},
        {.from_us = -30 * UTC_HOUR + 1, .to_us = -UTC_HOUR},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "."}, /* with ICMP errors, which have none */
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = ""},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "nowhere."}, /* they and traffic alone */
        {.from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY + UTC_DAY, .zone = "test.", .collector = "b.root"},
        {.from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        for (int by_day = 0; by_day < 2; by_day++) {
            f->question = questions[i];
            compare(f, by_day);
            assert_true(f->got.count > 0 || questions[i].from_us == questions[i].to_us);
            assert_int_equal(f->name_count, questions[i].collector ? 1 : 3);
            for (size_t j = 0; !questions[i].collector && j < 3; j++)
                assert_string_equal(f->names[j], sorted[j]);
        }
}

static void unknown_collectors(void **state)
{
    struct fixture *f = *state;
    f->question = (struct sightings_question){.from_us = INT64_MIN, .to_us = INT64_MAX};
    assert_int_equal(scan(f), 0); /* nothing is there at all */
    assert_int_equal(f->got.count, 0);
    assert_int_equal(f->name_count, 0);
    commit_all(f);
    f->question.collector = "unknown";
    assert_int_equal(scan(f), 0);
    assert_int_equal(f->got.count, 0);
    assert_int_equal(f->name_count, 0);
    f->question.collector = "not a name";
    assert_int_equal(scan(f), ERR_DATA);
}

/* In the middle of rows, in that of traffic, and about where a batch ends (sightings_beside.c); afterwards
 * the store goes on as before. */
static void a_caller_who_has_enough(void **state)
{
    struct fixture *f = *state;
    commit_all(f);
    f->question = (struct sightings_question){.from_us = INT64_MIN, .to_us = INT64_MAX};
    assert_int_equal(scan(f), 0);
    size_t all = f->got.count;
    const size_t stops[] = {1, 2, 255, 256, 257, 512, all - 1, all};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        f->stop_after = stops[i];
        assert_int_equal(scan(f), ERR_IO);
        assert_int_equal(f->got.count, stops[i]);
    }
    f->refuses_names = true;
    assert_int_equal(scan(f), ERR_NOMEM);
    assert_int_equal(f->got.count, 0);
    f->refuses_names = false;
    f->stop_after = 0;
    f->is_slow = true;
    compare(f, false);
    struct sightings_segment more = fixture_segment("lax", 77, 0, 1);
    assert_int_equal(sightings_commit(f->store, &more, &(struct tally_rows){0}, &f->note), 0);
}

/* ---- damage ---- */

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *handle;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(handle);
}

/* Each by itself in one row out of the middle; put right again, the whole comes. */
static void damage_is_said(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *table, *column, *value, *words;
    } cases[] = {
        {"sighting", "zone", "77", "a zone"},
        {"sighting", "tagset", "77", "a tag set"},
        {"sighting", "hour", "200000000", "an hour"},
        {"sighting", "transport", "4", "a transport"},
        {"sighting", "transport", "-1", "a number"},
        {"sighting", "source", "x'010203'", "an address"},
        {"sighting", "count", "-1", "a count"},
        {"sighting", "truncated", "-9223372036854775808", "a count"},
        {"sighting", "recursion_desired", "count + 1", "a count"},
        {"sighting", "dnssec_ok", "count + 1", "a count"},
        {"sighting", "first_us", "-1", "a time"},
        {"sighting", "first_us", "3600000000", "a time"},
        {"sighting", "lasting_us", "3600000000", "a time"},
        {"sighting", "lasting_us", "9223372036854775807", "a time"},
        {"sighting", "octets", "4294967296", "a number"},
        {"sighting", "kind", "77", "a kind"},
        {"sighting", "kind", "-1", "a kind"},
        {"sighting", "collector", "99", "rows of no collector"},
        {"traffic", "collector", "0", "rows of no collector"},
        {"sighting", "udp_size", "65536", "a number"},
        {"traffic", "hour", "-200000000", "traffic"},
        {"traffic", "rows", "x'00'", "traffic"},
        {"traffic", "rows", "substr(rows, 1, length(rows) - 1)", "traffic"},
    };
    commit_all(f);
    f->question = (struct sightings_question){.from_us = INT64_MIN, .to_us = INT64_MAX};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[512];
        const char *key = strcmp(cases[i].table, "traffic")
                              ? "(collector, kind, hour, zone, tagset, transport, source)"
                              : "(collector, hour, source)";
        snprintf(sql, sizeof sql,
            "CREATE TABLE kept AS SELECT * FROM %s;"
            "UPDATE %s SET %s = %s WHERE %s = (SELECT %.*s FROM %s LIMIT 1 OFFSET 40)",
            cases[i].table, cases[i].table, cases[i].column, cases[i].value, key, (int)strlen(key) - 2,
            key + 1, cases[i].table);
        run_sql(f->path, sql);
        int err = scan(f);
        if (err != ERR_DATA || !strstr(f->note.text, cases[i].words) || !strstr(f->note.text, f->path))
            fail_msg("%s: %d %s", sql, err, f->note.text);
        snprintf(sql, sizeof sql, "DELETE FROM %s; INSERT INTO %s SELECT * FROM kept; DROP TABLE kept",
            cases[i].table, cases[i].table);
        run_sql(f->path, sql);
    }
    compare(f, false);
    struct tally_traffic late = {.hour_us = FIXTURE_DAY, .first_us = FIXTURE_DAY + UTC_HOUR};
    late.last_us = late.first_us;
    struct fixture_rows rows = {.traffic = &late, .traffic_count = 1};
    struct tally_rows tally = fixture_tally(&rows);
    struct sightings_segment segment = fixture_segment("late", 1, 0, 1);
    assert_int_equal(sightings_commit(f->store, &segment, &tally, &f->note), 0);
    assert_int_equal(scan(f), ERR_DATA);
    assert_non_null(strstr(f->note.text, "a time"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_is_what_was_committed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_collectors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_caller_who_has_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sightings scan", tests, NULL, NULL);
}
