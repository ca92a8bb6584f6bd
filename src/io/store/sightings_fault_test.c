/* Files that are not ours, newer, damaged, locked, and disks that are full: a clear error with the right
 * code, nothing half counted, never a crash. */
#include "io/store/sightings.h"

#include "io/store/sightings_fixture.h"
#include "io/store/store_fault_try.h"

#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct fixture {
    char directory[64], path[96];
    struct err_note note;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    snprintf(f->path, sizeof f->path, "%s/s.db", f->directory);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    chmod(f->directory, 0700);
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

enum { ROWS = 300 };

/* Segment `number` of one input: ROWS sources that signal once, and their traffic. */
static int commit(struct sightings *store, uint64_t number, struct err_note *note)
{
    static struct tally_row rows[ROWS];
    static struct tally_traffic traffic[ROWS];
    static const uint8_t state[9000] = {1, 2, 3};
    struct fixture_rows all = {rows, ROWS, traffic, ROWS};
    for (uint32_t i = 0; i < ROWS; i++) {
        int64_t hour_us = FIXTURE_DAY + (int64_t)number * UTC_HOUR;
        rows[i] = (struct tally_row){.hour_us = hour_us,
            .zone = i % 2 ? "." : "test.",
            .kind = SIGHTING_TA_NULL,
            .tags = i % 3 ? "4f66" : "4f66-9728",
            .count = 1,
            .first_us = hour_us,
            .last_us = hour_us};
        traffic[i] =
            (struct tally_traffic){.hour_us = hour_us, .queries = 3, .first_us = hour_us, .last_us = hour_us};
        fixture_source(i, rows[i].source);
        fixture_source(i, traffic[i].source);
    }
    struct tally_rows tally = fixture_tally(&all);
    struct sightings_span span = {FIXTURE_DAY, FIXTURE_DAY + UTC_HOUR, 5};
    struct sightings_segment segment = fixture_segment("lax", 1, number, number + 1);
    segment.from_us = FIXTURE_DAY;
    segment.to_us = FIXTURE_DAY + UTC_HOUR;
    segment.spans = &span;
    segment.span_count = 1;
    segment.state = state;
    segment.state_length = sizeof state;
    return sightings_commit(store, &segment, &tally, note);
}

static struct sightings *open_filled(struct fixture *f, uint64_t segments)
{
    struct sightings *store = NULL;
    int err = sightings_open(f->path, false, &store, &f->note);
    for (uint64_t i = 0; !err && i < segments; i++)
        err = commit(store, i, &f->note);
    if (err)
        fail_msg("%s", f->note.text);
    return store;
}

static int drop_row(void *context, unsigned collector, const struct tally_row *row)
{
    (void)collector;
    *(uint64_t *)context += row->count;
    return 0;
}

static int drop_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    (void)context;
    (void)collector;
    (void)traffic;
    return 0;
}

/* Everything that there is to read: how many signals, and where the input stands. */
static int read_all(
    struct sightings *store, uint64_t *ret_signals, uint64_t *ret_segments, struct err_note *note)
{
    struct arena *arena = arena_new();
    const uint8_t id[SIGHTINGS_ID] = {1}, other[SIGHTINGS_ID] = {2}, *state;
    struct sightings_mark mark;
    struct sightings_cover *covers;
    size_t count;
    uint64_t signals = 0, scanned_signals = 0;
    struct sightings_scan scan = {NULL, drop_row, drop_traffic, &scanned_signals};
    struct sightings_scanned scanned;
    int err = sightings_mark(store, "lax", id, arena, &mark, note);
    err =
        err ? err : sightings_covers(store, "lax", other, INT64_MIN, INT64_MAX, arena, &covers, &count, note);
    err = err ? err : sightings_state_before(store, "lax", INT64_MIN, INT64_MAX, arena, &state, &count, note);
    for (int by = SIGHTINGS_BY_TAGSET; !err && by <= SIGHTINGS_BY_COLLECTOR; by++) {
        struct sightings_question question = {(enum sightings_by)by, INT64_MIN, INT64_MAX, NULL, NULL};
        struct sightings_answer answer;
        err = sightings_ask(store, &question, arena, &answer, note);
        for (size_t i = 0; !err && by == SIGHTINGS_BY_TAGSET && i < answer.line_count; i++)
            signals += answer.lines[i].signals;
        if (!err && by == SIGHTINGS_BY_TAGSET)
            err = sightings_scan(store, &question, &scan, arena, &scanned, note);
    }
    if (!err) {
        *ret_signals = signals;
        *ret_segments = mark.end_record;
    }
    arena_free(arena);
    return err;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *handle;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(handle);
}

static void expect_refusal(struct fixture *f, const char *words)
{
    struct sightings *store = NULL;
    for (int read_only = 0; read_only < 2; read_only++) {
        int err = sightings_open(f->path, read_only, &store, &f->note);
        if (err != ERR_DATA || !strstr(f->note.text, words) || !strstr(f->note.text, f->path))
            fail_msg("%d %s", err, f->note.text);
    }
}

static void files_that_are_not_ours(void **state)
{
    struct fixture *f = *state;
    write_image(f->directory, "s.db", (const unsigned char *)"", 0);
    expect_refusal(f, "is empty");
    static unsigned char text[4096];
    memset(text, 'x', sizeof text);
    write_image(f->directory, "s.db", text, sizeof text);
    expect_refusal(f, "damaged or no SQLite file");
    unlink(f->path);
    run_sql(f->path, "CREATE TABLE people (name TEXT)");
    expect_refusal(f, "not one of rollcall's");
    unlink(f->path);
    sightings_close(open_filled(f, 1));
    run_sql(f->path, "PRAGMA application_id = 1380152180"); /* state.db of a platform */
    expect_refusal(f, "not one of rollcall's");
    unlink(f->path);
    sightings_close(open_filled(f, 1));
    run_sql(f->path, "PRAGMA user_version = 9");
    expect_refusal(f, "use the newer rollcall");
    run_sql(f->path, "PRAGMA user_version = 1; DROP TABLE traffic");
    expect_refusal(f, "does not have the tables");
}

/* Each part that the reader relies on, spoiled by itself. */
static void contents_that_make_no_sense(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"UPDATE sighting SET zone = 77 WHERE hour = (SELECT max(hour) FROM sighting) AND zone = 1",
            "a zone"},
        {"UPDATE sighting SET tagset = 77 WHERE tagset = 2", "a tag set"},
        {"UPDATE tagset SET tags = '4f66-' WHERE id = 1", "a tag set"},
        {"UPDATE tagset SET id = 99 WHERE id = 1", "a number of a name"},
        {"UPDATE sighting SET source = x'0102' WHERE source = (SELECT min(source) FROM sighting)",
            "an address"},
        {"UPDATE traffic SET rows = substr(rows, 2) WHERE hour = (SELECT min(hour) FROM traffic)", "traffic"},
        {"UPDATE sighting SET hour = 200000000 WHERE hour = (SELECT max(hour) FROM sighting)", "an hour"},
        {"UPDATE segment SET spans = x'00' WHERE id = 1", "spans"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t signals, segments;
        sightings_close(open_filled(f, 2));
        run_sql(f->path, cases[i].sql);
        struct sightings *store = NULL;
        assert_int_equal(sightings_open(f->path, true, &store, &f->note), 0);
        int err = read_all(store, &signals, &segments, &f->note);
        if (err != ERR_DATA || !strstr(f->note.text, cases[i].words))
            fail_msg("%s: %d %s", cases[i].sql, err, f->note.text);
        sightings_close(store);
        unlink(f->path);
    }
}

static void damaged_files_never_crash(void **state)
{
    struct fixture *f = *state;
    enum { ROUNDS = 250 };
    sightings_close(open_filled(f, 4));
    struct image image = read_image(f->directory, "s.db");
    uint32_t seed = 20170927;
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct sightings *store = NULL;
        uint64_t signals, segments;
        test_dir_remove(f->directory);
        mkdir(f->directory, 0700);
        unsigned char *copy = malloc(image.length);
        memcpy(copy, image.bytes, image.length);
        write_image(f->directory, "s.db", copy, damage(copy, image.length, &seed));
        free(copy);
        int err = sightings_open(f->path, round % 2 == 0, &store, &f->note);
        if (!err) {
            err = read_all(store, &signals, &segments, &f->note);
            if (round % 2)
                (void)commit(store, 4, NULL);
        }
        refused += err != 0;
        if (err)
            assert_true(err == ERR_DATA || err == ERR_IO || err == ERR_NOMEM);
        sightings_close(store);
    }
    print_message("%d damaged files, %d refused\n", ROUNDS, refused);
    assert_true(refused > ROUNDS / 2);
    free(image.bytes);
}

/* Commits until it fails: ERR_IO that says why; then every segment is there whole, or not at all. */
static int fill_until_full(struct fixture *f, struct sightings *store, const char *words)
{
    uint64_t stored = 0, signals = 0, segments = 0;
    int err = 0;
    while (!err && stored < 1000) {
        err = commit(store, stored, &f->note);
        stored += !err;
    }
    if (err != ERR_IO || !strstr(f->note.text, words) || !strstr(f->note.text, f->path)) {
        fprintf(stderr, "got %d %s after %llu\n", err, f->note.text, (unsigned long long)stored);
        return 1;
    }
    err = read_all(store, &signals, &segments, &f->note);
    if (err || segments != stored || signals != stored * ROWS) {
        fprintf(stderr, "%llu stored, %llu there, %llu signals: %d %s\n", (unsigned long long)stored,
            (unsigned long long)segments, (unsigned long long)signals, err, f->note.text);
        return 2;
    }
    return 0;
}

static int on_full_disk(void *context)
{
    struct fixture *f = context;
    struct sightings *store = NULL;
    char ballast[96];
    uint64_t signals, segments;
    if (own_mounts() != 0 || mount("tmpfs", f->directory, "tmpfs", 0, "size=3m") != 0)
        return 77;
    static unsigned char block[600000];
    write_image(f->directory, "ballast", block, sizeof block);
    if (sightings_open(f->path, false, &store, &f->note) != 0)
        return 10;
    int result = fill_until_full(f, store, "is full");
    if (result)
        return result;
    snprintf(ballast, sizeof ballast, "%s/ballast", f->directory);
    unlink(ballast); /* there is room again, and it goes on where it was */
    if (read_all(store, &signals, &segments, &f->note) != 0 || commit(store, segments, &f->note) != 0)
        return 11;
    sightings_close(store);
    return 0;
}

static void full_disk(void **state)
{
    assert_int_equal(in_child(on_full_disk, *state), 0);
}

static int under_file_limit(void *context)
{
    struct fixture *f = context;
    struct sightings *store = NULL;
    signal(SIGXFSZ, SIG_IGN);
    if (sightings_open(f->path, false, &store, &f->note) != 0)
        return 10;
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    int result = fill_until_full(f, store, "failed");
    sightings_close(store);
    return result;
}

static void file_size_limit(void **state)
{
    assert_int_equal(in_child(under_file_limit, *state), 0);
}

/* A reader on a disk that it may not write gets all there is; a writer is told. */
static int as_nobody(void *context)
{
    struct fixture *f = context;
    struct sightings *store = NULL;
    uint64_t signals = 0, segments = 0;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 77;
    if (sightings_open(f->path, true, &store, &f->note) != 0 ||
        read_all(store, &signals, &segments, &f->note) != 0 || segments != 2 || signals != 2 * ROWS)
        return 1;
    sightings_close(store);
    return sightings_open(f->path, false, &store, &f->note) == ERR_PERM ? 0 : 2;
}

static void read_only_directory(void **state)
{
    struct fixture *f = *state;
    sightings_close(open_filled(f, 2));
    chmod(f->path, 0444);
    chmod(f->directory, 0555);
    assert_int_equal(in_child(as_nobody, f), 0);
}

static void locked_by_another(void **state)
{
    struct fixture *f = *state;
    struct sightings *store = open_filled(f, 1);
    sqlite3 *other;
    uint64_t signals, segments;
    assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(read_all(store, &signals, &segments, &f->note), 0); /* readers are not held up */
    assert_int_equal(commit(store, 1, &f->note), ERR_UNAVAILABLE);       /* after ten seconds */
    assert_non_null(strstr(f->note.text, "s.db is locked by another process"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(commit(store, 1, &f->note), 0);
    assert_int_equal(read_all(store, &signals, &segments, &f->note), 0);
    assert_int_equal(signals, 2 * ROWS);
    sightings_close(store);
}

/* Whoever wrote the first segment is killed in the middle of it, by a row that is the last one that he gets.
 */
static void killing_row(const void *context, size_t i, struct tally_row *ret)
{
    const struct tally_rows *rows = context;
    if (i + 1 == rows->count)
        raise(SIGKILL);
    int64_t hour_us = FIXTURE_DAY + (int64_t)(i / ROWS) * UTC_HOUR;
    *ret = (struct tally_row){.hour_us = hour_us,
        .zone = ".",
        .kind = SIGHTING_TA_NULL,
        .tags = "4f66",
        .count = 1,
        .first_us = hour_us,
        .last_us = hour_us};
    fixture_source((uint32_t)i, ret->source);
}

enum { MANY_ROWS = 120000 }; /* more than fit into SQLite's cache: they are in the file when he dies */

static void write_and_die(const char *path)
{
    struct sightings *store;
    struct tally_rows rows = {.count = MANY_ROWS, .row = killing_row};
    rows.context = &rows;
    struct sightings_segment segment = fixture_segment("lax", 1, 0, 1);
    if (sightings_open(path, false, &store, NULL) == 0)
        sightings_commit(store, &segment, &rows, NULL);
    _exit(1);
}

static void killed_at_the_first_segment(void **state)
{
    struct fixture *f = *state;
    struct sightings *store;
    struct stat file;
    char journal[128];
    uint64_t signals = 1, segments = 1;
    int status;
    pid_t child = fork();
    if (child == 0)
        write_and_die(f->path);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    snprintf(journal, sizeof journal, "%s-journal", f->path);
    assert_int_equal(stat(journal, &file), 0);
    assert_int_equal(stat(f->path, &file), 0);
    assert_true(file.st_size > 1 << 20);
    /* Who only reads has it undone, and sees nothing of it. */
    assert_int_equal(sightings_open(f->path, true, &store, &f->note), 0);
    assert_int_equal(read_all(store, &signals, &segments, &f->note), 0);
    assert_true(signals == 0 && segments == 0);
    sightings_close(store);
    assert_int_equal(stat(journal, &file), -1);
    store = open_filled(f, 3);
    assert_int_equal(read_all(store, &signals, &segments, &f->note), 0);
    assert_true(signals == 3 * ROWS && segments == 3);
    sightings_close(store);
}

/* The first segment goes into the file, the next ones through the log, however often it is opened. */
static void log_begins_with_the_second_segment(void **state)
{
    struct fixture *f = *state;
    struct stat file;
    char log[128];
    snprintf(log, sizeof log, "%s-wal", f->path);
    struct sightings *store = open_filled(f, 1);
    assert_int_equal(stat(log, &file), -1);
    sightings_close(store);
    assert_int_equal(sightings_open(f->path, false, &store, &f->note), 0);
    assert_int_equal(commit(store, 1, &f->note), 0);
    assert_int_equal(stat(log, &file), 0);
    sightings_close(store);
    assert_int_equal(sightings_open(f->path, false, &store, &f->note), 0);
    assert_int_equal(commit(store, 2, &f->note), 0);
    assert_int_equal(stat(log, &file), 0);
    sightings_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_that_are_not_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contents_that_make_no_sense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_never_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_size_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_by_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_the_first_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(log_begins_with_the_second_segment, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sightings faults", tests, NULL, NULL);
}
