/* Directories that are written whole or not at all, and what is not ours in them. */
#include "io/proc/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

static const struct folder_kind kind = {"index.json", "test/1"};

static int set_up(void **state)
{
    char *directory = strdup("/tmp/folder_test.XXXXXX");
    if (!mkdtemp(directory) || chdir(directory))
        return -1;
    *state = directory;
    return 0;
}

static int tear_down(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'", (char *)*state, (char *)*state);
    int failed = chdir("/") || system(command);
    free(*state);
    return failed;
}

/* Writes files of these names, each with its name and `word` as content. */
static int make(const char *path, const char *const *names, const char *word, struct err_note *note)
{
    struct folder *folder = NULL;
    char content[100];
    note->text[0] = '\0';
    int err = folder_begin(path, &kind, &folder, note);
    for (; !err && *names; names++) {
        int length = snprintf(content, sizeof content, "%s %s\n", *names, word);
        err = folder_add(folder, *names, content, (size_t)length, note);
    }
    struct json *index = json_new_object();
    json_set_string(index, "schema", kind.schema);
    err = err ? err : folder_end(folder, index, note);
    json_free(index);
    folder_free(folder);
    return err;
}

static void expect_made(const char *path, const char *const *names, const char *word)
{
    struct err_note note;
    if (make(path, names, word, &note))
        fail_msg("%s", note.text);
}

static void expect_refused(const char *path, int err, const char *words)
{
    static const char *const names[] = {"z", NULL};
    struct err_note note;
    int have = make(path, names, "new", &note);
    if (have != err || !strstr(note.text, words))
        fail_msg("%d: %s", have, note.text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names in a directory, sorted, with blanks between. */
static void expect_names(const char *path, const char *want)
{
    char *names[32], have[1000] = "";
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(have, i ? " " : ""), names[i]);
        free(names[i]);
    }
    assert_string_equal(have, want);
}

static void put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void expect_content(const char *path, const char *want)
{
    char have[1000] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(have, 1, sizeof have - 1, file) < sizeof have);
    fclose(file);
    assert_string_equal(have, want);
}

static const char *const two[] = {"a", "b", NULL}, *const three[] = {"b", "c", "d", NULL},
                         *const none[] = {NULL};

static void test_made_and_replaced(void **state)
{
    (void)state;
    struct stat stat1;
    expect_made("d", two, "1");
    expect_names("d", "a b index.json");
    expect_made("d/", three, "2");
    expect_names("d", "b c d index.json");
    expect_content("d/b", "b 2\n");
    chmod("d", 0750);
    expect_made("./d", none, "3");
    expect_names("d", "index.json");
    assert_int_equal(stat("d", &stat1), 0);
    assert_int_equal(stat1.st_mode & 07777, 0750);
    mkdir("empty", 0700);
    expect_made("empty", two, "1");
    expect_names("empty", "a b index.json");
    unlink("empty/a"); /* what was mailed and taken away is not missed */
    expect_made("empty", two, "1");
    assert_int_equal(symlink("empty", "link"), 0);
    expect_made("link", three, "4");
    expect_names("empty", "b c d index.json");
    expect_names(".", "d empty link");
    assert_int_equal(chdir("d"), 0);
    struct err_note note;
    int err = make(".", two, "5", &note); /* by its real name */
    assert_int_equal(chdir(".."), 0);
    if (err)
        fail_msg("%s", note.text);
    expect_names("d", "a b index.json");
}

static void test_foreign(void **state)
{
    (void)state;
    mkdir("home", 0755);
    put("home/letter", "mine");
    expect_refused("home", ERR_USAGE, "letter in it was not written");
    expect_made("d", two, "1");
    put("d/c", "mine");
    expect_refused("d", ERR_USAGE, "c in it was not written");
    expect_content("d/c", "mine");
    unlink("d/c");
    put("d/a", "edited");
    expect_refused("d", ERR_USAGE, "a in it was changed");
    expect_content("d/a", "edited");
    unlink("d/a");
    mkdir("d/a", 0755);
    expect_refused("d", ERR_USAGE, "a in it was not written");
    rmdir("d/a");
    assert_int_equal(symlink("../home/letter", "d/a"), 0);
    expect_refused("d", ERR_USAGE, "a in it was not written");
    unlink("d/a");
    static const char *const indexes[] = {"", "[]", "{}", "{\"schema\": \"test/2\", \"files\": []}",
        "{\"schema\": \"test/1\", \"files\": [{\"file\": \"../home/letter\", \"sha256\": \"\"}]}",
        "{\"schema\": \"test/1\", \"files\": [{\"file\": 1}]}",
        "{\"schema\": \"test/1\", \"files\": [\"b\"]}"};
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        put("d/index.json", indexes[i]);
        expect_refused("d", ERR_USAGE, "index.json in it is not");
    }
    put("d/index.json", "{\"schema\": \"test/1\", \"files\": []}");
    expect_refused("d", ERR_USAGE, "b in it was not");
    expect_content("home/letter", "mine");
    expect_names("d", "b index.json");
    expect_names(".", "d home");
}

static void test_no_directory(void **state)
{
    (void)state;
    put("file", "x");
    expect_refused("file", ERR_USAGE, "file: is no directory");
    expect_refused("file/d", ERR_NOINPUT, "file");
    expect_refused("none/d", ERR_NOINPUT, "none");
    expect_refused("", ERR_USAGE, "no directory");
    expect_refused("/", ERR_USAGE, "no directory");
    assert_int_equal(symlink("nowhere", "dead"), 0);
    expect_refused("dead", ERR_NOINPUT, "leads nowhere");
    if (geteuid() != 0) {
        mkdir("closed", 0500);
        expect_refused("closed/d", ERR_PERM, "closed/d");
    }
    expect_content("file", "x");
}

static void draft_of(const char *name, char out[64])
{
    snprintf(out, 64, ".%s.%u.rollcall-new", name, (unsigned)geteuid());
}

static void test_left_behind(void **state)
{
    (void)state;
    char draft[64], path[100];
    draft_of("d", draft);
    mkdir(draft, 0700);
    snprintf(path, sizeof path, "%s/a", draft);
    put(path, "half");
    int fd = open(draft, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    expect_refused("d", ERR_UNAVAILABLE, "another program");
    close(fd);
    expect_made("d", two, "1");
    expect_names(".", "d");
    mkdir(draft, 0700);
    snprintf(path, sizeof path, "%s/sub", draft);
    mkdir(path, 0700);
    expect_refused("d", ERR_IO, "cannot be removed");
    expect_content("d/a", "a 1\n");
}

/* A disk that is full in the middle leaves what was there. */
static void test_full(void **state)
{
    (void)state;
    expect_made("d", two, "1");
    struct rlimit usual, little = {10, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &usual);
    little.rlim_max = usual.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    struct err_note note;
    int err = make("d", three, "much more than before", &note), fresh = make("e", two, "much more", &note);
    setrlimit(RLIMIT_FSIZE, &usual);
    assert_int_equal(err, ERR_IO);
    assert_int_equal(fresh, ERR_IO);
    assert_non_null(strstr(note.text, "nothing is written: a"));
    expect_names("d", "a b index.json");
    expect_content("d/b", "b 1\n");
    expect_names(".", "d");
}

/* Killed at any moment: the old one or the new one, whole, and the next goes on. */
static void test_killed(void **state)
{
    (void)state;
    expect_made("d", two, "1");
    for (int round = 0; round < 60; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct err_note note;
            for (;;)
                make("d", round % 2 ? two : three, "1", &note);
        }
        usleep((useconds_t)(round * 97 % 4000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        bool is_two = access("d/a", F_OK) == 0;
        expect_names("d", is_two ? "a b index.json" : "b c d index.json");
    }
    expect_made("d", two, "1");
    expect_names(".", "d");
}

static void test_limits(void **state)
{
    (void)state;
    struct folder *folder = NULL;
    struct err_note note = {""};
    char name[FOLDER_MAX_NAME + 2];
    memset(name, 'x', sizeof name);
    name[FOLDER_MAX_NAME + 1] = '\0';
    assert_int_equal(folder_begin("d", &kind, &folder, &note), 0);
    assert_int_equal(folder_add(folder, name, "", 0, &note), ERR_INTERNAL);
    name[FOLDER_MAX_NAME] = '\0';
    assert_int_equal(folder_add(folder, name, "", 0, &note), 0);
    assert_int_equal(folder_add(folder, name, "", 0, &note), ERR_IO); /* twice */
    folder_free(folder);
    expect_names(".", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_and_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_left_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
