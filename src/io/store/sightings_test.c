/* The store of sightings beside a model that counts in the plainest way, and what must hold when processes
 * race, die, or come twice. */
#include "io/store/sightings.h"

#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct sightings *store;
    struct arena *arena;
    struct err_note note;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    snprintf(f->path, sizeof f->path, "%s/s.db", f->directory);
    f->arena = arena_new();
    return sightings_open(f->path, false, &f->store, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sightings_close(f->store);
    arena_free(f->arena);
    test_dir_remove(f->directory);
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

static void must(struct fixture *f, int err)
{
    if (err)
        fail_msg("%d %s", err, f->note.text);
}

/* ---- the model ---- */

enum { SOURCES = 150, SEGMENTS = 12, ROWS = 300, MOST_LINES = 6000 };

static const char *const collectors[] = {"lax", "ams-2", "b.root"};
static const char *const zones[] = {".", "test.", "\\052x.example."};
static const char *const sets[] = {"4f66", "4f66-9728", "4a5c-4f66", "9728", "0001-0002-ffff"};
static const char *const reasons[] = {"a digit is none", "odd length"};
static const uint8_t kinds[] = {SIGHTING_TA_NULL, SIGHTING_TA_A, SIGHTING_OPTION, SIGHTING_INVALID,
    SIGHTING_DNSKEY, SIGHTING_IS_TA, SIGHTING_TOO_BIG};

struct stored {
    const char *collector;
    bool traffic;
    uint32_t source;
    struct tally_row row;
};

struct model {
    struct stored rows[SEGMENTS * ROWS * 2];
    size_t count;
};

struct model_line {
    struct sightings_line line;
    bool sources[SOURCES];
};

static bool matches(const struct sightings_line *a, const struct sightings_line *b)
{
    return a->day_us == b->day_us && a->key == b->key && a->invalid == b->invalid &&
           memcmp(a->source, b->source, 16) == 0 && strcmp(a->zone, b->zone) == 0 &&
           strcmp(a->tags ? a->tags : "", b->tags ? b->tags : "") == 0 &&
           strcmp(a->collector ? a->collector : "", b->collector ? b->collector : "") == 0;
}

static void model_add(
    struct model_line *lines, size_t *count, struct sightings_line want, const struct stored *stored)
{
    size_t i = 0;
    while (i < *count && !matches(&lines[i].line, &want))
        i++;
    struct sightings_line *line = &lines[i].line;
    const struct tally_row *row = &stored->row;
    if (i == *count) {
        assert_true(*count < MOST_LINES);
        *line = want;
        line->first_us = row->first_us;
        ++*count;
    }
    line->sources += !lines[i].sources[stored->source];
    lines[i].sources[stored->source] = true;
    line->signals += row->count;
    line->ta_null += row->kind == SIGHTING_TA_NULL ? row->count : 0;
    line->ta_a += row->kind == SIGHTING_TA_A ? row->count : 0;
    line->options += row->kind == SIGHTING_OPTION ? row->count : 0;
    line->first_us = row->first_us < line->first_us ? row->first_us : line->first_us;
    line->last_us = row->last_us > line->last_us ? row->last_us : line->last_us;
}

static void model_line(
    const struct stored *stored, enum sightings_by by, struct model_line *lines, size_t *count)
{
    const struct tally_row *row = &stored->row;
    struct sightings_line want = {
        .zone = row->zone, .tags = row->tags, .invalid = row->kind == SIGHTING_INVALID};
    if (by == SIGHTINGS_BY_DAY)
        want.day_us = row->hour_us - row->hour_us % UTC_DAY;
    if (by == SIGHTINGS_BY_COLLECTOR)
        want.collector = stored->collector;
    if (by == SIGHTINGS_BY_SOURCE)
        memcpy(want.source, row->source, 16);
    if (by != SIGHTINGS_BY_KEY || want.invalid) {
        model_add(lines, count, want, stored);
        return;
    }
    want.tags = NULL;
    for (const char *at = row->tags; *at; at += at[4] == '-' ? 5 : 4) {
        want.key = (uint16_t)strtol(at, NULL, 16);
        model_add(lines, count, want, stored);
    }
}

/* Whether a line may stand before the next one. */
static bool in_order(const struct sightings_line *a, const struct sightings_line *b)
{
    char words[2][1200];
    const struct sightings_line *lines[] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct sightings_line *line = lines[i];
        size_t length = (size_t)snprintf(
            words[i], sizeof words[i], "%d %020lld ", line->invalid, (long long)line->day_us);
        for (int j = 0; j < 16; j++)
            length += (size_t)snprintf(words[i] + length, 4, "%02x", line->source[j]);
        snprintf(words[i] + length, sizeof words[i] - length, "%s\1%s\1%05u%s",
            line->collector ? line->collector : "", line->zone, line->key, line->tags ? line->tags : "");
    }
    return strcmp(words[0], words[1]) < 0;
}

static void expect_line(const struct sightings_line *got, const struct model_line *lines, size_t count)
{
    size_t i = 0;
    while (i < count && !matches(got, &lines[i].line))
        i++;
    if (i == count)
        fail_msg("a line of %s %s %u that is not in the model", got->zone, got->tags, got->key);
    const struct sightings_line *want = &lines[i].line;
    assert_int_equal(got->sources, want->sources);
    assert_int_equal(got->signals, want->signals);
    assert_int_equal(got->ta_null, want->ta_null);
    assert_int_equal(got->ta_a, want->ta_a);
    assert_int_equal(got->options, want->options);
    assert_int_equal(got->first_us, want->first_us);
    assert_int_equal(got->last_us, want->last_us);
}

static void compare(struct fixture *f, const struct model *model, const struct sightings_question *question)
{
    struct model_line *lines = calloc(MOST_LINES, sizeof *lines);
    bool observed[SOURCES] = {0}, signalled[SOURCES] = {0};
    size_t count = 0, all_observed = 0, all_signalled = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct stored *stored = &model->rows[i];
        const struct tally_row *row = &stored->row;
        bool valid =
            row->kind == SIGHTING_TA_NULL || row->kind == SIGHTING_TA_A || row->kind == SIGHTING_OPTION;
        bool signal = !stored->traffic && (valid || row->kind == SIGHTING_INVALID);
        if (row->hour_us < question->from_us || row->hour_us >= question->to_us ||
            (question->collector && strcmp(question->collector, stored->collector) != 0))
            continue;
        observed[stored->source] |= stored->traffic || signal;
        if (!signal || (question->zone && strcmp(question->zone, row->zone) != 0))
            continue;
        signalled[stored->source] |= valid;
        model_line(stored, question->by, lines, &count);
    }
    for (size_t i = 0; i < SOURCES; i++) {
        all_observed += observed[i];
        all_signalled += signalled[i];
    }
    struct sightings_answer answer;
    must(f, sightings_ask(f->store, question, f->arena, &answer, &f->note));
    assert_int_equal(answer.line_count, count);
    assert_int_equal(answer.observed, all_observed);
    assert_int_equal(answer.sources, all_signalled);
    assert_false(answer.partial);
    for (size_t i = 0; i < answer.line_count; i++) {
        expect_line(&answer.lines[i], lines, count);
        assert_true(i == 0 || in_order(&answer.lines[i - 1], &answer.lines[i]));
    }
    free(lines);
}

static struct tally_row random_row(uint32_t *seed, uint32_t *ret_source)
{
    struct tally_row row = {.hour_us = FIXTURE_DAY + next_random(seed) % 50 * UTC_HOUR,
        .zone = zones[next_random(seed) % 3],
        .kind = kinds[next_random(seed) % 7],
        .transport = (uint8_t)(next_random(seed) % 2),
        .count = 1 + next_random(seed) % 1000,
        .udp_size = 1232};
    row.tags = row.kind == SIGHTING_INVALID ? reasons[next_random(seed) % 2]
               : row.kind < SIGHTING_IS_TA  ? sets[next_random(seed) % 5]
                                            : "";
    row.first_us = row.hour_us + next_random(seed) % UTC_HOUR;
    row.last_us = row.first_us + (row.hour_us + UTC_HOUR - row.first_us) / (1 + next_random(seed) % 4) - 1;
    *ret_source = next_random(seed) % SOURCES;
    fixture_source(*ret_source, row.source);
    return row;
}

/* One row per key, as a tally gives them. */
static size_t without_twins(struct tally_row *rows, uint32_t *sources, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < kept && fixture_order(&rows[i], &rows[j]) != 0)
            j++;
        if (j < kept)
            continue;
        rows[kept] = rows[i];
        sources[kept++] = sources[i];
    }
    return kept;
}

static void commit_random(struct fixture *f, struct model *model, uint32_t segment, uint32_t *seed)
{
    static struct tally_row rows[ROWS];
    static struct tally_traffic traffic[ROWS];
    uint32_t sources[ROWS];
    const char *collector = collectors[segment % 3];
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = random_row(seed, &sources[i]);
    struct fixture_rows all = {rows, without_twins(rows, sources, ROWS), traffic, 0};
    for (size_t i = 0; i < all.count; i++)
        model->rows[model->count++] = (struct stored){collector, false, sources[i], rows[i]};
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t source = i * 7 % SOURCES;
        struct tally_traffic *row = &traffic[all.traffic_count++];
        *row = (struct tally_traffic){.hour_us = FIXTURE_DAY + segment * UTC_HOUR, .queries = 1};
        row->first_us = row->last_us = row->hour_us;
        fixture_source(source, row->source);
        model->rows[model->count++] =
            (struct stored){collector, true, source, {.hour_us = row->hour_us, .zone = "."}};
    }
    struct tally_rows tally = fixture_tally(&all);
    struct sightings_segment one = fixture_segment(collector, (uint8_t)segment, 0, 100);
    must(f, sightings_commit(f->store, &one, &tally, &f->note));
}

static void answers_agree_with_a_model(void **state)
{
    struct fixture *f = *state;
    struct model *model = calloc(1, sizeof *model);
    uint32_t seed = 8145;
    for (uint32_t segment = 0; segment < SEGMENTS; segment++)
        commit_random(f, model, segment, &seed);
    static const struct sightings_question questions[] = {
        {.from_us = INT64_MIN, .to_us = INT64_MAX},
        {.from_us = FIXTURE_DAY + 3 * UTC_HOUR, .to_us = FIXTURE_DAY + 30 * UTC_HOUR},
        /* an hour that began before, and one that has begun: out and in */
        {.from_us = FIXTURE_DAY + 3 * UTC_HOUR + 1, .to_us = FIXTURE_DAY + 30 * UTC_HOUR + 1},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "test."},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .zone = "nowhere."},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .collector = "ams-2"},
        {.from_us = INT64_MIN, .to_us = INT64_MAX, .collector = "unknown"},
        {.from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY + UTC_DAY, .zone = ".", .collector = "b.root"},
        {.from_us = FIXTURE_DAY, .to_us = FIXTURE_DAY},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        for (int by = SIGHTINGS_BY_TAGSET; by <= SIGHTINGS_BY_COLLECTOR; by++) {
            struct sightings_question question = questions[i];
            question.by = (enum sightings_by)by;
            compare(f, model, &question);
        }
    free(model);
}

/* ---- what an input is known by ---- */

static const struct tally_rows no_rows;

static void marks_and_states(void **state)
{
    struct fixture *f = *state;
    struct sightings_mark mark;
    const uint8_t *before;
    size_t length;
    const uint8_t id[SIGHTINGS_ID] = {1}, other[SIGHTINGS_ID] = {2};
    uint8_t *big = malloc(SIGHTINGS_MAX_BLOB);
    memset(big, 0xab, SIGHTINGS_MAX_BLOB);
    must(f, sightings_mark(f->store, "lax", id, f->arena, &mark, &f->note));
    assert_int_equal(mark.end_record, 0);
    assert_int_equal(mark.state_length, 0);
    struct sightings_segment segment = fixture_segment("lax", 1, 0, 10);
    segment.from_us = 100;
    segment.to_us = 200;
    segment.state = big;
    segment.state_length = SIGHTINGS_MAX_BLOB; /* as much as may be */
    segment.prints = big;
    segment.prints_length = SIGHTINGS_MAX_BLOB;
    must(f, sightings_commit(f->store, &segment, &no_rows, &f->note));
    must(f, sightings_mark(f->store, "lax", id, f->arena, &mark, &f->note));
    assert_int_equal(mark.end_record, 10);
    assert_int_equal(mark.last_record_hash, 70);
    assert_int_equal(mark.state_length, SIGHTINGS_MAX_BLOB);
    assert_memory_equal(mark.state, big, SIGHTINGS_MAX_BLOB);
    segment = fixture_segment("lax", 1, 10, 25);
    segment.last_record_hash = UINT64_MAX;
    segment.state = (const uint8_t *)"next";
    segment.state_length = 4;
    must(f, sightings_commit(
                f->store, &segment, &no_rows, &f->note)); /* counted nothing: it ends where it ended */
    must(f, sightings_mark(f->store, "lax", id, f->arena, &mark, &f->note));
    assert_int_equal(mark.end_record, 25);
    assert_true(mark.last_record_hash == UINT64_MAX);
    assert_int_equal(mark.state_length, 4);
    must(f, sightings_mark(f->store, "ams", id, f->arena, &mark, &f->note)); /* another collector's */
    assert_int_equal(mark.end_record, 0);
    must(f, sightings_state_before(f->store, "lax", 150, 250, f->arena, &before, &length, &f->note));
    assert_int_equal(length, 4);
    assert_memory_equal(before, "next", 4);
    must(f, sightings_state_before(f->store, "lax", 201, 250, f->arena, &before, &length, &f->note));
    assert_int_equal(length, 0);
    segment = fixture_segment("lax", 2, 0, 5);
    memcpy(segment.input_id, other, sizeof other);
    segment.from_us = 150;
    segment.to_us = 210;
    segment.state = (const uint8_t *)"later";
    segment.state_length = 5;
    must(f, sightings_commit(f->store, &segment, &no_rows, &f->note));
    must(f, sightings_state_before(f->store, "lax", 150, 250, f->arena, &before, &length, &f->note));
    assert_int_equal(length, 5);
    must(f, sightings_state_before(f->store, "lax", 150, 209, f->arena, &before, &length, &f->note));
    assert_int_equal(length, 4); /* the one that ended later is out of the time */
    segment.state_length = SIGHTINGS_MAX_BLOB + 1;
    segment.first_record = 5;
    segment.end_record = 6;
    assert_int_equal(sightings_commit(f->store, &segment, &no_rows, &f->note), ERR_DATA);
    free(big);
}

static void covers_by_time(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint8_t input;
        uint64_t first;
        int64_t from_us, to_us;
    } segments[] = {{1, 0, 100, 200}, {1, 1, 300, 400}, {2, 0, 150, 350}, {3, 0, 0, 0}, {4, 0, 500, 600}};
    const uint8_t own[SIGHTINGS_ID] = {4};
    struct sightings_cover *covers;
    size_t count;
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        struct sightings_span spans[] = {{segments[i].from_us, segments[i].from_us + 10, 3},
            {segments[i].from_us + 20, segments[i].to_us, 4}};
        struct sightings_segment segment =
            fixture_segment("lax", segments[i].input, segments[i].first, segments[i].first + 1);
        segment.from_us = segments[i].from_us;
        segment.to_us = segments[i].to_us;
        segment.spans = spans;
        segment.span_count = 2;
        segment.prints = (const uint8_t *)"prints";
        segment.prints_length = 6;
        must(f, sightings_commit(f->store, &segment, &no_rows, &f->note));
    }
    must(f, sightings_covers(f->store, "lax", own, 200, 300, f->arena, &covers, &count, &f->note));
    assert_int_equal(count, 2); /* touches at 200; does not reach 300, which is out */
    assert_int_equal(covers[0].from_us, 100);
    assert_int_equal(covers[1].from_us, 150);
    assert_int_equal(covers[1].input_id[0], 2);
    assert_string_equal(covers[1].input, "a.pcap");
    assert_int_equal(covers[1].span_count, 2);
    assert_int_equal(covers[1].spans[1].from_us, 170);
    assert_int_equal(covers[1].spans[1].packets, 4);
    assert_int_equal(covers[1].prints_length, 6);
    assert_memory_equal(covers[1].prints, "prints", 6);
    must(
        f, sightings_covers(f->store, "lax", own, INT64_MIN, INT64_MAX, f->arena, &covers, &count, &f->note));
    assert_int_equal(count, 3);
    must(
        f, sightings_covers(f->store, "ams", own, INT64_MIN, INT64_MAX, f->arena, &covers, &count, &f->note));
    assert_int_equal(count, 0);
}

static void coverage_is_laid_over_each_other(void **state)
{
    struct fixture *f = *state;
    /* Two inputs that overlap, a pause of exactly a minute (none), and one of a minute and a microsecond. */
    static const struct sightings_span first[] = {
        {0, 10 * UTC_SECOND, 1}, {300 * UTC_SECOND, 400 * UTC_SECOND, 1}};
    static const struct sightings_span second[] = {
        {5 * UTC_SECOND, 240 * UTC_SECOND, 1}, {460 * UTC_SECOND + 1, 500 * UTC_SECOND, 1}};
    const struct sightings_span *const all[] = {first, second};
    for (uint8_t i = 0; i < 2; i++) {
        struct sightings_segment segment = fixture_segment("lax", i, 0, 100);
        segment.from_us = all[i][0].from_us + 1;
        segment.to_us = all[i][1].to_us;
        segment.spans = all[i];
        segment.span_count = 2;
        segment.dropped = 3;
        segment.invalid = 2;
        must(f, sightings_commit(f->store, &segment, &no_rows, &f->note));
    }
    struct sightings_segment empty = fixture_segment("ams", 9, 0, 1);
    must(f, sightings_commit(f->store, &empty, &no_rows, &f->note));
    struct sightings_question question = {.from_us = 0, .to_us = 1};
    struct sightings_answer answer;
    must(f, sightings_ask(f->store, &question, f->arena, &answer, &f->note));
    assert_int_equal(answer.coverage_count, 2);
    assert_string_equal(answer.coverage[0].collector, "ams");
    assert_int_equal(answer.coverage[0].from_us, 0);
    assert_int_equal(answer.coverage[0].inputs, 1);
    const struct sightings_coverage *lax = &answer.coverage[1];
    assert_int_equal(lax->from_us, 1);
    assert_int_equal(lax->to_us, 500 * UTC_SECOND);
    assert_int_equal(lax->inputs, 2);
    assert_int_equal(lax->packets, 200);
    assert_int_equal(lax->messages, 100);
    assert_int_equal(lax->dropped, 6);
    assert_int_equal(lax->invalid, 4);
    assert_int_equal(lax->gaps, 1);
    assert_int_equal(lax->gap_us, 60 * UTC_SECOND + 1);
    question.collector = "ams";
    must(f, sightings_ask(f->store, &question, f->arena, &answer, &f->note));
    assert_int_equal(answer.coverage_count, 1);
}

/* ---- exactly once ---- */

/* One row of one signal, from `source`. */
static int commit_one(struct sightings *store, const char *collector, uint8_t input, uint64_t first,
    uint32_t source, struct err_note *note)
{
    struct tally_row row = {
        .hour_us = FIXTURE_DAY, .zone = ".", .kind = SIGHTING_TA_NULL, .tags = "4f66", .count = 1};
    row.first_us = row.last_us = FIXTURE_DAY + (int64_t)first;
    fixture_source(source, row.source);
    struct fixture_rows rows = {.rows = &row, .count = 1};
    struct tally_rows tally = fixture_tally(&rows);
    struct sightings_segment segment = fixture_segment(collector, input, first, first + 1);
    return sightings_commit(store, &segment, &tally, note);
}

static void expect_signals(struct fixture *f, uint64_t signals, uint64_t sources)
{
    struct sightings_question question = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    struct sightings_answer answer;
    must(f, sightings_ask(f->store, &question, f->arena, &answer, &f->note));
    assert_int_equal(answer.line_count, 1);
    assert_int_equal(answer.lines[0].signals, signals);
    assert_int_equal(answer.lines[0].sources, sources);
}

static void a_stretch_counts_once(void **state)
{
    struct fixture *f = *state;
    must(f, commit_one(f->store, "lax", 1, 0, 1, &f->note));
    assert_int_equal(commit_one(f->store, "lax", 1, 0, 2, &f->note), ERR_DATA);
    assert_non_null(strstr(f->note.text, "another process has counted it up to record 1"));
    assert_int_equal(commit_one(f->store, "lax", 1, 2, 2, &f->note), ERR_DATA); /* nor may one be left out */
    assert_int_equal(commit_one(f->store, "lax", 2, 1, 2, &f->note), ERR_DATA);
    expect_signals(f, 1, 1);
    must(f, commit_one(f->store, "lax", 1, 1, 2, &f->note));
    must(f, commit_one(f->store, "lax", 2, 0, 2, &f->note));
    expect_signals(f, 3, 2);
}

enum { WRITERS = 4, STRETCHES = 40 };

/* All write their own input, and all try to write input 99 as well. */
static int write_beside_others(const char *path, uint8_t number)
{
    struct sightings *store;
    struct err_note note = {""};
    if (sightings_open(path, false, &store, &note) != 0)
        return 1;
    for (uint64_t i = 0; i < STRETCHES; i++) {
        int err = commit_one(store, "shared", 99, i, 1000, &note);
        if (err && err != ERR_DATA)
            return 2;
        if (commit_one(store, "shared", number, i, number, &note) != 0) {
            fprintf(stderr, "%s\n", note.text);
            return 3;
        }
    }
    sightings_close(store);
    return 0;
}

static void processes_beside_each_other(void **state)
{
    struct fixture *f = *state;
    pid_t pids[WRITERS];
    sightings_close(f->store); /* and all of them make it */
    f->store = NULL;
    test_dir_remove(f->directory);
    mkdir(f->directory, 0700);
    fflush(NULL);
    for (uint8_t i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(write_beside_others(f->path, i));
    }
    for (size_t i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    must(f, sightings_open(f->path, true, &f->store, &f->note));
    expect_signals(f, (WRITERS + 1) * STRETCHES, WRITERS + 1);
}

enum { KILLS = 12, BIG = 20000 };

static struct tally_row *big_rows(void)
{
    struct tally_row *rows = calloc(BIG, sizeof *rows);
    for (uint32_t i = 0; i < BIG; i++) {
        rows[i] = (struct tally_row){
            .hour_us = FIXTURE_DAY, .zone = ".", .kind = SIGHTING_TA_NULL, .tags = "4f66", .count = 1};
        rows[i].first_us = rows[i].last_us = FIXTURE_DAY;
        fixture_source(i, rows[i].source);
    }
    return rows;
}

static int write_until_killed(const char *path, const struct tally_rows *tally)
{
    struct sightings *store;
    struct sightings_mark mark;
    struct arena *arena = arena_new();
    const uint8_t id[SIGHTINGS_ID] = {1};
    if (sightings_open(path, false, &store, NULL) != 0)
        return 1;
    for (;;) {
        if (sightings_mark(store, "lax", id, arena, &mark, NULL) != 0)
            return 2;
        struct sightings_segment segment = fixture_segment("lax", 1, mark.end_record, mark.end_record + 1);
        if (sightings_commit(store, &segment, tally, NULL) != 0)
            return 3;
        arena_reset(arena);
    }
}

static void killed_in_the_middle(void **state)
{
    struct fixture *f = *state;
    struct fixture_rows rows = {.rows = big_rows(), .count = BIG};
    struct tally_rows tally = fixture_tally(&rows);
    const uint8_t id[SIGHTINGS_ID] = {1};
    uint32_t seed = 5011;
    uint64_t segments = 0;
    for (int i = 0; i < KILLS; i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0)
            _exit(write_until_killed(f->path, &tally));
        nanosleep(
            &(struct timespec){.tv_nsec = 20 * 1000 * 1000 + next_random(&seed) % 150 * 1000 * 1000 / 2},
            NULL);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        struct sightings_mark mark;
        must(f, sightings_mark(f->store, "lax", id, f->arena, &mark, &f->note));
        assert_true(mark.end_record >= segments);
        segments = mark.end_record;
        if (segments)
            expect_signals(f, segments * BIG, BIG);
    }
    print_message("%d kills, %llu segments\n", KILLS, (unsigned long long)segments);
    free(rows.rows);
}

static void what_is_not_allowed(void **state)
{
    struct fixture *f = *state;
    struct sightings *reader = NULL;
    struct sightings_mark mark;
    const uint8_t id[SIGHTINGS_ID] = {1};
    static const char *const bad[] = {"", "a b", "caf\xc3\xa9", "a/b", "x\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sightings_mark(f->store, bad[i], id, f->arena, &mark, &f->note), ERR_DATA);
        assert_int_equal(commit_one(f->store, bad[i], 1, 0, 1, &f->note), ERR_DATA);
    }
    must(f, commit_one(f->store, "ns1.example:53_a-b", 1, 0, 1, &f->note));
    must(f, sightings_open(f->path, true, &reader, &f->note));
    assert_int_equal(commit_one(reader, "lax", 1, 0, 1, &f->note), ERR_PERM);
    sightings_close(reader);
    reader = NULL;
    static const struct {
        const char *where;
        bool read_only;
        int err;
    } wheres[] = {{"/tmp/rollcall-nothing/here.db", false, ERR_NOINPUT}, {"/tmp", true, ERR_DATA},
        {"/dev/null", false, ERR_DATA}, {"", false, ERR_USAGE}, {":memory:", false, ERR_USAGE},
        {"/tmp/rollcall-nothing.db", true, ERR_NOINPUT}};
    for (size_t i = 0; i < sizeof wheres / sizeof *wheres; i++)
        if (sightings_open(wheres[i].where, wheres[i].read_only, &reader, &f->note) != wheres[i].err)
            fail_msg("%s: %s", wheres[i].where, f->note.text);
    assert_null(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_agree_with_a_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_and_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(covers_by_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coverage_is_laid_over_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stretch_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_beside_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_allowed, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sightings", tests, NULL, NULL);
}
