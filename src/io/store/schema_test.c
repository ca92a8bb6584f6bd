/* Files of every schema version open for ever; what is newer, foreign or half there is refused and left
 * alone. */
#include "io/store/schema.h"

#include "io/store/store_parts.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct err_note note;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    snprintf(f->path, sizeof f->path, "%s/state.db", f->directory);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_dir_remove(f->directory);
    free(f);
    return 0;
}

/* Runs SQL on a file with bare SQLite. */
static void run_sql(const char *path, const char *sql)
{
    sqlite3 *handle;
    char *error = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", path, error);
    sqlite3_close(handle);
}

static void run_fixture(const char *directory, const char *file, const char *fixture)
{
    char path[512], sql[16384] = "";
    const char *source = getenv("ROLLCALL_SOURCE");
    snprintf(path, sizeof path, "%s/src/io/store/%s", source ? source : ".", fixture);
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("cannot read %s: set ROLLCALL_SOURCE", path);
    size_t length = fread(sql, 1, sizeof sql - 1, in);
    assert_true(length > 0 && length < sizeof sql - 1);
    fclose(in);
    snprintf(path, sizeof path, "%s/%s", directory, file);
    run_sql(path, sql);
}

static int count_one(void *context, const struct store_query *query)
{
    int *sum = context;
    *sum += query->event.kind == EVIDENCE_SIGNAL ? 100 * query->event.tag_count : 1;
    return 0;
}

static void version_1_opens(void **state)
{
    struct fixture *f = *state;
    run_fixture(f->directory, "state.db", "fixture_state_1.sql");
    run_fixture(f->directory, "queries.db", "fixture_queries_1.sql");
    struct store *store = NULL;
    if (store_open(f->directory, false, &store, &f->note) != 0)
        fail_msg("%s", f->note.text);
    struct arena *arena = arena_new();
    struct store_participant found;
    struct store_key *keys;
    struct store_verdict *verdicts;
    struct store_roll *rolls;
    const char *parent;
    size_t count;
    int seen = 0;
    assert_int_equal(
        store_participant_find(store, "abcdefghijklmnopqrstuvwxyz234567", arena, &found, NULL), 0);
    assert_string_equal(found.label, "Société «Ñ»");
    assert_int_equal(found.users, 250000);
    assert_int_equal(store_keys(store, found.zone, arena, &keys, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_verdicts(store, 1, arena, &verdicts, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_rolls(store, arena, &rolls, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(rolls[1].changed_us, 1700000200000000);
    assert_int_equal(store_setting(store, "parent", arena, &parent, NULL), 0);
    assert_string_equal(parent, "rolls.test.");
    assert_int_equal(store_queries_each(store, 1, count_one, &seen, NULL), 0);
    assert_int_equal(seen, 201); /* one signal with two tags, one observation */
    struct store_participant next = test_participant(2, TOKEN_A, "next.rolls.test.");
    int64_t id = 0;
    assert_int_equal(store_participant_add(store, &next, &id, &f->note), 0);
    assert_int_equal(id, 5);
    assert_int_equal(store_check(store, &f->note), 0);
    store_close(store);
    arena_free(arena);
}

/* A schema of the future, for the machinery: one step that works, one that fails half way. */
static const char *const future[] = {sql_state_1,
    "ALTER TABLE roll ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
    "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)",
    "DELETE FROM participant; INSERT INTO participant VALUES (9, 77, 't', 'z', '', '', '', 0, 0, 0, 0)"};
static const char *const orphaning[] = {sql_state_1,
    "DELETE FROM participant; INSERT INTO participant VALUES (9, 77, 't', 'z', '', '', '', 0, 0, 0, 0)"};

static int64_t number_in(struct fixture *f, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
    int64_t value = -1;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return value;
}

static void goes_forward_and_never_half(void **state)
{
    struct fixture *f = *state;
    struct db_kind kind = store_state_kind;
    struct db *db = NULL;
    kind.steps = future;
    kind.version = 2;
    run_fixture(f->directory, "state.db", "fixture_state_1.sql");
    assert_int_equal(
        db_open(f->directory, &kind, true, &db, &f->note), ERR_DATA); /* read-only: nothing is changed */
    assert_non_null(strstr(f->note.text, "older schema version 1"));
    if (db_open(f->directory, &kind, false, &db, &f->note) != 0)
        fail_msg("%s", f->note.text);
    db_close(db);
    assert_int_equal(number_in(f, "SELECT count(*) FROM roll WHERE colour = 'red'"), 2);
    assert_int_equal(number_in(f, "PRAGMA user_version"), 2);
    assert_int_equal(db_open(f->directory, &store_state_kind, false, &db, &f->note),
        ERR_DATA); /* newer than this program */
    assert_non_null(strstr(f->note.text, "schema version 2; this rollcall knows versions up to 1"));
    kind.version = 3;
    assert_int_not_equal(db_open(f->directory, &kind, false, &db, &f->note), 0);
    assert_int_equal(number_in(f, "PRAGMA user_version"), 2);
    assert_int_equal(number_in(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
}

static void refuses_a_step_that_orphans_rows(void **state)
{
    struct fixture *f = *state;
    struct db_kind kind = store_state_kind;
    struct db *db = NULL;
    kind.steps = orphaning;
    kind.version = 2;
    run_fixture(f->directory, "state.db", "fixture_state_1.sql");
    run_sql(f->path, "DELETE FROM verdict; DELETE FROM observation");
    assert_int_equal(db_open(f->directory, &kind, false, &db, &f->note), ERR_DATA);
    assert_int_equal(number_in(f, "SELECT count(*) FROM participant"), 2);
    assert_int_equal(number_in(f, "PRAGMA user_version"), 1);
}

static void expect_refusal(struct fixture *f, int err, const char *words)
{
    struct store *store = NULL;
    f->note.text[0] = '\0';
    int got = store_open(f->directory, false, &store, &f->note);
    if (got != err || !strstr(f->note.text, words))
        fail_msg("got %d (%s), expected %d with '%s'", got, f->note.text, err, words);
    assert_int_equal(store_open(f->directory, true, &store, &f->note), err);
    assert_null(store);
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, length, out), length);
    fclose(out);
}

static size_t read_file(const char *path, char *out, size_t capacity)
{
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t length = fread(out, 1, capacity, in);
    assert_true(length > 0 && length < capacity);
    fclose(in);
    return length;
}

static void refuses_what_is_not_its_own(void **state)
{
    struct fixture *f = *state;
    char text[4096];
    memset(text, 'x', sizeof text);
    write_file(f->path, text, sizeof text);
    expect_refusal(f, ERR_DATA, "state.db is damaged or no SQLite file");
    write_file(f->path, "", 0);
    expect_refusal(f, ERR_DATA, "state.db is empty: it was cut off");
    unlink(f->path);
    run_sql(f->path, "CREATE TABLE people (name TEXT)");
    char before[16384], after[16384];
    size_t length = read_file(f->path, before, sizeof before);
    expect_refusal(f, ERR_DATA, "not one of rollcall's");
    assert_int_equal(read_file(f->path, after, sizeof after), length);
    assert_memory_equal(before, after, length); /* not even its mode */
    unlink(f->path);
    run_fixture(f->directory, "state.db", "fixture_state_1.sql");
    run_sql(f->path, "PRAGMA user_version = 99");
    expect_refusal(f, ERR_DATA, "use the newer rollcall");
    run_sql(f->path, "PRAGMA user_version = 0");
    expect_refusal(f, ERR_DATA, "no schema version");
    run_sql(f->path, "PRAGMA user_version = 1; DROP TABLE verdict");
    expect_refusal(f, ERR_DATA, "does not have the tables");
    assert_int_equal(number_in(f, "SELECT count(*) FROM participant"), 2); /* nothing of it was touched */
}

static void refuses_half_a_pair(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    run_fixture(f->directory, "queries.db", "fixture_queries_1.sql");
    expect_refusal(f, ERR_DATA, "state.db is missing, but queries.db is there");
    run_fixture(f->directory, "state.db", "fixture_queries_1.sql"); /* one in the other's place */
    expect_refusal(f, ERR_DATA, "not one of rollcall's");
    unlink(f->path);
    run_fixture(f->directory, "state.db", "fixture_state_1.sql");
    char queries[96];
    snprintf(queries, sizeof queries, "%s/queries.db", f->directory);
    unlink(queries);
    assert_int_equal(store_open(f->directory, true, &store, &f->note), 0); /* no queries to read */
    int seen = 0;
    assert_int_equal(store_queries_each(store, 1, count_one, &seen, NULL), 0);
    assert_int_equal(seen, 1); /* the observation */
    store_close(store);
    assert_int_equal(store_open(f->directory, false, &store, &f->note), 0); /* and it may be begun anew */
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_1_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_forward_and_never_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_step_that_orphans_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_half_a_pair, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
