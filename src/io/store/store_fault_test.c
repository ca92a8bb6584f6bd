/* Disks that are full, read-only or damaged, files that are locked: a clear error with the right code,
 * nothing half written, never a crash. What needs a file system of its own runs in a child with a mount
 * namespace, as root; otherwise it is skipped. */
#include "io/store/store.h"

#include "io/store/store_fault_try.h"

#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

struct fixture {
    char directory[64];
    struct err_note note;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
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

/* A roll, `participants` participants with a key and a verdict each, and some queries. */
static int fill(struct store *store, int participants, struct err_note *note)
{
    struct store_roll roll = {
        .plan_name = "testzone", .document = "name: testzone\n", .start_us = 1, .changed_us = 1};
    int64_t roll_id = 0, id = 0;
    int err = store_roll_add(store, &roll, &roll_id, note);
    for (int i = 0; !err && i < participants; i++) {
        char token[40], zone[40];
        snprintf(token, sizeof token, "%08dtokentokentokentokentok", i);
        snprintf(zone, sizeof zone, "z%d.rolls.test.", i);
        struct store_participant participant = test_participant(roll_id, token, zone);
        err = store_participant_add(store, &participant, &id, note);
        struct store_key key = {zone, "ksk-1", 257, "Private-key-format: v1.3\n", 1};
        err = err ? err : store_key_add(store, &key, note);
        struct store_verdict verdict = {id, 5, 3, 0, "nothing seen", "{}"};
        err = err ? err : store_verdict_add(store, &verdict, note);
        struct store_query query = {id, "www.rolls.test.", 0, {.at_us = i}};
        err = err ? err : store_queries_add(store, &query, 1, note);
    }
    return err;
}

static struct store *open_filled(struct fixture *f, int participants)
{
    struct store *store = NULL;
    if (store_open(f->directory, false, &store, &f->note) != 0 || fill(store, participants, &f->note) != 0)
        fail_msg("%s", f->note.text);
    return store;
}

static int ignore_query(void *context, const struct store_query *query)
{
    *(size_t *)context += strlen(query->qname) > 0;
    return 0;
}

/* Reads all there is; the number of participants and queries, or an error. */
static int read_all(struct store *store, size_t *ret_participants, size_t *ret_queries, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_participant *participants, found;
    struct store_roll *rolls;
    struct store_verdict *verdicts;
    struct store_key *keys;
    size_t count = 0, rows = 0, queries = 0;
    int err = store_rolls(store, arena, &rolls, &rows, note);
    err = err ? err : store_participants(store, arena, &participants, &count, note);
    err = err ? err : store_verdicts_latest(store, arena, &verdicts, &rows, note);
    for (size_t i = 0; !err && i < count; i++) {
        err = store_participant_find(store, participants[i].token, arena, &found, note);
        err = err ? err : store_keys(store, participants[i].zone, arena, &keys, &rows, note);
        err = err ? err : store_verdicts(store, participants[i].id, arena, &verdicts, &rows, note);
        err = err ? err : store_queries_each(store, participants[i].id, ignore_query, &queries, note);
    }
    arena_free(arena);
    *ret_participants = count;
    *ret_queries = queries;
    return err;
}

static void try_damaged(struct fixture *f, bool read_only, int *refused)
{
    struct store *store = NULL;
    size_t participants, queries;
    f->note.text[0] = '\0';
    int err = store_open(f->directory, read_only, &store, &f->note);
    if (err == 0) {
        int read_err = read_all(store, &participants, &queries, &f->note);
        int check_err = store_check(store, &f->note);
        err = read_err ? read_err : check_err;
        if (!read_only)
            (void)fill(store, 1, NULL);
    }
    if (err) {
        ++*refused;
        assert_non_null(strstr(f->note.text, f->directory));
        assert_true(err == ERR_DATA || err == ERR_IO || err == ERR_NOMEM);
    }
    store_close(store);
}

static void damaged_files_never_crash(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"state.db", "queries.db"};
    static const char *const rests[] = {"state.db-wal", "state.db-shm", "queries.db-wal", "queries.db-shm"};
    enum { ROUNDS = 300 };
    store_close(open_filled(f, 60));
    struct image images[2] = {read_image(f->directory, files[0]), read_image(f->directory, files[1])};
    uint32_t seed = 20181011;
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < 4; i++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%s", f->directory, rests[i]);
            unlink(path);
        }
        for (size_t i = 0; i < 2; i++) {
            unsigned char *copy = malloc(images[i].length);
            memcpy(copy, images[i].bytes, images[i].length);
            size_t length =
                i == (size_t)(round % 3 == 2) ? damage(copy, images[i].length, &seed) : images[i].length;
            write_image(f->directory, files[i], copy, length);
            free(copy);
        }
        try_damaged(f, round % 2 == 0, &refused);
    }
    print_message("%d damaged files, %d refused\n", ROUNDS, refused);
    assert_true(refused > ROUNDS / 2);
    free(images[0].bytes);
    free(images[1].bytes);
}

enum { WANT = 20 };

/* 0 if a reader gets all there is, and a writer `err` and words about it. */
static int expect_read_only(struct fixture *f, int err, const char *words)
{
    struct store *store = NULL;
    size_t participants = 0, queries = 0;
    int got = store_open(f->directory, true, &store, &f->note);
    got = got ? got : read_all(store, &participants, &queries, &f->note);
    if (got || participants != WANT || queries != WANT) {
        fprintf(stderr, "reader: %d %s; %zu participants, %zu queries\n", got, f->note.text, participants,
            queries);
        return 1;
    }
    if (store_check(store, &f->note) != 0 || store_setting_set(store, "a", "b", &f->note) != ERR_PERM)
        return 2;
    store_close(store);
    got = store_open(f->directory, false, &store, &f->note);
    if (got != err || !strstr(f->note.text, words)) {
        fprintf(stderr, "writer: %d %s\n", got, f->note.text);
        return 3;
    }
    return 0;
}

static int as_nobody(void *context)
{
    struct fixture *f = context;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 77;
    return expect_read_only(f, ERR_PERM, "Permission denied");
}

static void unwritable(struct fixture *f)
{
    static const char *const files[] = {"state.db", "queries.db", "state.db-wal", "queries.db-wal"};
    for (size_t i = 0; i < 4; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", f->directory, files[i]);
        chmod(path, 0444);
    }
    chmod(f->directory, 0555);
}

/* The files as they are while a server is at work, its log and all, without its shared index. */
static void copy_while_open(struct fixture *f)
{
    static const char *const files[] = {"state.db", "queries.db", "state.db-wal", "queries.db-wal"};
    struct image images[4];
    struct store *store = open_filled(f, WANT);
    for (size_t i = 0; i < 4; i++)
        images[i] = read_image(f->directory, files[i]);
    assert_true(images[2].length > 0);
    store_close(store);
    for (size_t i = 0; i < 4; i++) {
        write_image(f->directory, files[i], images[i].bytes, images[i].length);
        free(images[i].bytes);
    }
}

static void read_only_directory(void **state)
{
    struct fixture *f = *state;
    store_close(open_filled(f, WANT));
    unwritable(f);
    assert_int_equal(in_child(as_nobody, f), 0);
}

static void read_only_directory_with_log(void **state)
{
    struct fixture *f = *state;
    copy_while_open(f);
    unwritable(f);
    assert_int_equal(in_child(as_nobody, f), 0);
}

static int on_read_only_disk(void *context)
{
    struct fixture *f = context;
    if (own_mounts() != 0 || mount(f->directory, f->directory, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, f->directory, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return 77;
    return expect_read_only(f, ERR_IO, "Read-only file system");
}

static void read_only_disk(void **state)
{
    struct fixture *f = *state;
    store_close(open_filled(f, WANT));
    assert_int_equal(in_child(on_read_only_disk, f), 0);
}

static void read_only_disk_with_log(void **state)
{
    struct fixture *f = *state;
    copy_while_open(f);
    assert_int_equal(in_child(on_read_only_disk, f), 0);
}

static void reader_beside_writer(void **state)
{
    struct fixture *f = *state;
    struct store *writer = open_filled(f, WANT), *reader = NULL;
    size_t participants, queries;
    assert_int_equal(store_open(f->directory, true, &reader, &f->note), 0);
    assert_int_equal(read_all(reader, &participants, &queries, &f->note), 0);
    assert_int_equal(participants, WANT);
    int64_t version = store_version(reader);
    assert_int_equal(store_setting_set(writer, "a", "b", &f->note), 0);
    assert_true(store_version(reader) > version);
    store_close(writer);
    assert_int_equal(read_all(reader, &participants, &queries, &f->note), 0);
    store_close(reader);
}

/* Writes until it fails: ERR_IO that says why; then everything acknowledged is there, and nothing else. */
static int fill_until_full(struct fixture *f, struct store *store, const char *words)
{
    static char document[30000];
    memset(document, 'd', sizeof document - 1);
    struct store_roll roll = {.plan_name = "p", .document = document};
    size_t stored = 0, count = 0;
    int err = 0;
    while (!err && stored < 10000) {
        err = store_roll_add(store, &roll, NULL, &f->note);
        stored += !err;
    }
    if (err != ERR_IO || !strstr(f->note.text, words) || !strstr(f->note.text, "state.db")) {
        fprintf(stderr, "got %d %s after %zu\n", err, f->note.text, stored);
        return 1;
    }
    struct arena *arena = arena_new();
    struct store_roll *rolls;
    err = store_rolls(store, arena, &rolls, &count, &f->note);
    if (err || count != stored || store_check(store, &f->note) != 0) {
        fprintf(stderr, "%zu stored, %zu there: %d %s\n", stored, count, err, f->note.text);
        return 2;
    }
    arena_free(arena);
    return 0;
}

static int on_full_disk(void *context)
{
    struct fixture *f = context;
    char ballast[128];
    struct store *store = NULL, *reader = NULL;
    if (own_mounts() != 0 || mount("tmpfs", f->directory, "tmpfs", 0, "size=2m") != 0)
        return 77;
    snprintf(ballast, sizeof ballast, "%s/ballast", f->directory);
    static char block[300000];
    write_image(f->directory, "ballast", (unsigned char *)block, sizeof block);
    if (store_open(f->directory, false, &store, &f->note) != 0)
        return 10;
    int result = fill_until_full(f, store, "is full");
    if (result)
        return result;
    if (store_open(f->directory, true, &reader, &f->note) != 0) /* service can go on reading */
        return 11;
    store_close(reader);
    unlink(ballast); /* there is room again */
    if (store_setting_set(store, "after", "full", &f->note) != 0 || store_check(store, &f->note) != 0)
        return 12;
    store_close(store);
    return 0;
}

static void full_disk(void **state)
{
    assert_int_equal(in_child(on_full_disk, *state), 0);
}

static int too_full_to_begin(void *context)
{
    struct fixture *f = context;
    struct store *store = NULL;
    if (own_mounts() != 0 || mount("tmpfs", f->directory, "tmpfs", 0, "size=16k") != 0)
        return 77;
    int err = store_open(f->directory, false, &store, &f->note);
    if (err != ERR_IO || !strstr(f->note.text, "state.db")) {
        fprintf(stderr, "got %d %s\n", err, f->note.text);
        return 1;
    }
    char path[128];
    snprintf(path, sizeof path, "%s/state.db", f->directory);
    return access(path, F_OK) == 0 ? 2 : 0; /* nothing half made */
}

static void disk_too_full_to_begin(void **state)
{
    assert_int_equal(in_child(too_full_to_begin, *state), 0);
}

static int under_file_limit(void *context)
{
    struct fixture *f = context;
    struct store *store = NULL;
    signal(SIGXFSZ, SIG_IGN);
    if (store_open(f->directory, false, &store, &f->note) != 0)
        return 10;
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    int result = fill_until_full(f, store, "failed");
    store_close(store);
    return result;
}

static void file_size_limit(void **state)
{
    assert_int_equal(in_child(under_file_limit, *state), 0);
}

static void locked_by_another(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_filled(f, 1);
    char path[128];
    sqlite3 *other;
    snprintf(path, sizeof path, "%s/state.db", f->directory);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    size_t participants, queries;
    assert_int_equal(read_all(store, &participants, &queries, &f->note), 0); /* readers are not held up */
    assert_int_equal(store_setting_set(store, "a", "b", &f->note), ERR_UNAVAILABLE); /* after five seconds */
    assert_non_null(strstr(f->note.text, "state.db is locked by another process"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(store_setting_set(store, "a", "b", &f->note), 0);
    store_close(store);
}

/* Eight processes find an empty directory, with what a ninth left when it was killed: one of them makes the
 * files. */
static void many_begin_at_once(void **state)
{
    struct fixture *f = *state;
    enum { CHILDREN = 8 };
    pid_t pids[CHILDREN];
    static const unsigned char junk[5000] = {1};
    write_image(f->directory, "state.db.new", junk, sizeof junk);
    write_image(f->directory, "state.db.new-wal", junk, sizeof junk);
    fflush(NULL);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char name[16];
            struct store *store = NULL;
            snprintf(name, sizeof name, "child%d", i);
            int err = store_open(f->directory, false, &store, &f->note);
            err = err ? err : store_setting_set(store, name, "here", &f->note);
            if (err)
                fprintf(stderr, "child %d: %s\n", i, f->note.text);
            store_close(store);
            _exit(err ? 1 : 0);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status = 1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct store *store = NULL;
    struct arena *arena = arena_new();
    char path[128];
    snprintf(path, sizeof path, "%s/state.db.new", f->directory);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(store_open(f->directory, false, &store, &f->note), 0);
    for (int i = 0; i < CHILDREN; i++) {
        char name[16];
        const char *value = NULL;
        snprintf(name, sizeof name, "child%d", i);
        assert_int_equal(store_setting(store, name, arena, &value, &f->note), 0);
    }
    assert_int_equal(store_check(store, &f->note), 0);
    store_close(store);
    arena_free(arena);
}

static void no_directory(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    assert_int_equal(store_open("/nonexistent/rollcall", false, &store, &f->note), ERR_NOINPUT);
    assert_non_null(strstr(f->note.text, "/nonexistent/rollcall"));
    assert_int_equal(store_open("/etc/hostname", false, &store, &f->note), ERR_NOINPUT);
    assert_int_equal(
        store_open(f->directory, true, &store, &f->note), ERR_NOINPUT); /* read-only makes nothing */
    assert_non_null(strstr(f->note.text, "state.db"));
    assert_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_files_never_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_directory_with_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_only_disk_with_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reader_beside_writer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(disk_too_full_to_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_size_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_by_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_begin_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_directory, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
