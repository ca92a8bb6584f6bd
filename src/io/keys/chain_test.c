#include "io/keys/chain.h"

#include "base/text.h"
#include "io/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 5 };

struct place {
    char directory[64], log[96], head[112];
};

static bool set_word(void *context, struct json *object)
{
    json_set_string(object, "word", context);
    return strcmp(context, "nothing") != 0;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static struct text read_file(const char *path)
{
    char buffer[4096];
    size_t size;
    struct text text;
    text_start(&text);
    FILE *file = fopen(path, "re");
    if (!file)
        return text;
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add_bytes(&text, buffer, size);
    fclose(file);
    return text;
}

static void begin(struct place *place)
{
    snprintf(place->directory, sizeof place->directory, "/tmp/chain_test.XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->log, sizeof place->log, "%s/log", place->directory);
    snprintf(place->head, sizeof place->head, "%s/log.head", place->directory);
}

/* What a head is while it is written (io/file). */
static void head_draft(const struct place *place, char out[128])
{
    snprintf(out, 128, "%s/.log.head.%u.rollcall-new", place->directory, (unsigned)geteuid());
}

static void end(struct place *place)
{
    unlink(place->log);
    unlink(place->head);
    assert_int_equal(rmdir(place->directory), 0); /* and so nothing else lies there */
}

static int append(const struct place *place, const char *word, struct err_note *note)
{
    struct chain_end end;
    note->text[0] = '\0';
    return chain_append(place->log, NULL, set_word, (void *)word, &end, note);
}

static void fill(struct place *place)
{
    struct err_note note;
    begin(place);
    for (int i = 0; i < LINES; i++) {
        char word[16];
        snprintf(word, sizeof word, "word %d", i + 1);
        if (append(place, word, &note))
            fail_msg("%s", note.text);
    }
}

static int count_line(void *context, const char *where, const struct json *object, struct err_note *note)
{
    (void)where, (void)note;
    assert_non_null(json_text(json_get(object, "word")));
    ++*(int *)context;
    return 0;
}

static void test_grows(void **state)
{
    (void)state;
    struct place place, other;
    struct err_note note;
    struct chain_end chain;
    int count = 0;
    fill(&place);
    assert_int_equal(chain_read(place.log, count_line, &count, &chain, &note), 0);
    assert_int_equal(count, LINES);
    assert_int_equal(chain.lines, LINES);
    struct text log = read_file(place.log), head = read_file(place.head);
    char want[96];
    snprintf(want, sizeof want, "%d %s\n", LINES, chain.sha256);
    assert_string_equal(head.string, want);
    assert_memory_equal(log.string,
        "{\"line\":1,\"previous\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"word\":\"word 1\"}\n",
        strlen("{\"line\":1,\"previous\":\"\",\"word\":\"word 1\"}\n") + 64);
    fill(&other); /* the same words, the same bytes */
    struct text again = read_file(other.log);
    assert_string_equal(log.string, again.string);
    text_free(&log);
    text_free(&head);
    text_free(&again);
    end(&place);
    end(&other);
}

/* The starts of lines 1 … LINES, and of what is behind them. */
static void find_lines(const struct text *log, size_t starts[LINES + 1])
{
    starts[0] = 0;
    for (size_t i = 0, line = 1; i < log->length && line <= LINES; i++)
        if (log->string[i] == '\n')
            starts[line++] = i + 1;
}

/* What was done to the log is told with its line, by reading and by appending, and nothing is mended. */
static void expect(const struct place *place, const char *bytes, size_t length, size_t line, const char *says,
    const char *what)
{
    struct err_note note;
    struct chain_end chain;
    char where[128];
    snprintf(where, sizeof where, "%s:%zu: ", place->log, line);
    write_file(place->log, bytes, length);
    int rc = chain_read(place->log, NULL, NULL, &chain, &note);
    if (rc != ERR_DATA || strncmp(note.text, where, strlen(where)) != 0 || !strstr(note.text, says))
        fail_msg("%s: %d %s", what, rc, note.text);
    rc = append(place, "more", &note);
    if (rc != ERR_DATA || strncmp(note.text, where, strlen(where)) != 0)
        fail_msg("%s: appended: %d %s", what, rc, note.text);
    struct text after = read_file(place->log);
    assert_int_equal(after.length, length);
    assert_memory_equal(after.string, bytes, length);
    text_free(&after);
}

static void test_tampered(void **state)
{
    (void)state;
    struct place place;
    fill(&place);
    struct text log = read_file(place.log);
    size_t at[LINES + 1];
    char *copy = malloc(2 * log.length);
    assert_non_null(copy);
    find_lines(&log, at);
    for (size_t i = 0; i < LINES; i++) { /* the digit of its word */
        memcpy(copy, log.string, log.length);
        copy[at[i + 1] - 4] = 'x';
        expect(&place, copy, log.length, i + 1, "was changed", "changed");
    }
    for (size_t i = 0; i < LINES; i++) {
        size_t size = at[i + 1] - at[i];
        memcpy(copy, log.string, at[i]);
        memcpy(copy + at[i], log.string + at[i + 1], log.length - at[i + 1]);
        expect(&place, copy, log.length - size, i + 1, i + 1 < LINES ? "taken out or moved" : "was cut",
            "dropped");
        memcpy(copy, log.string, at[i + 1]); /* twice */
        memcpy(copy + at[i + 1], log.string + at[i], log.length - at[i]);
        expect(&place, copy, log.length + size, i + 2, "taken out or moved", "doubled");
    }
    memcpy(copy, log.string, at[1]);
    memcpy(copy + at[1], log.string + at[2], at[3] - at[2]);
    memcpy(copy + at[1] + at[3] - at[2], log.string + at[1], at[2] - at[1]);
    memcpy(copy + at[3], log.string + at[3], log.length - at[3]);
    expect(&place, copy, log.length, 2, "taken out or moved", "reordered");
    for (size_t cut = 1; cut < log.length; cut++) { /* at every octet */
        size_t line = 0;
        while (at[line + 1] <= cut)
            line++;
        expect(&place, log.string, cut, line + 1, at[line] == cut ? "was cut" : "is cut off", "cut");
    }
    expect(&place, "", 0, 1, "was cut", "emptied");
    write_file(place.log, log.string, log.length);
    struct err_note note;
    assert_int_equal(append(&place, "more", &note), 0); /* mended by hand */
    free(copy);
    text_free(&log);
    end(&place);
}

static void test_head(void **state)
{
    (void)state;
    struct place place;
    struct chain_end chain;
    struct err_note note;
    fill(&place);
    struct text log = read_file(place.log), head = read_file(place.head);
    size_t at[LINES + 1];
    find_lines(&log, at);
    static const char *const bad[] = {"", "5\n", "5 0123\n", "x", "-5 ", "05 ", " 5 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[96];
        snprintf(text, sizeof text, "%s%s", bad[i],
            bad[i][0] && bad[i][strlen(bad[i]) - 1] == ' ' ? head.string + 2 : "");
        write_file(place.head, text, strlen(text));
        assert_int_equal(chain_read(place.log, NULL, NULL, &chain, &note), ERR_DATA);
        assert_non_null(strstr(note.text, "log.head:1: is no head"));
        assert_int_equal(append(&place, "more", &note), ERR_DATA);
    }
    unlink(place.head);
    assert_int_equal(append(&place, "more", &note), ERR_DATA);
    assert_non_null(strstr(note.text, "log.head knows only 0 lines"));
    /* A crash between the fourth line and its head; and then the fifth was added. */
    assert_int_equal(truncate(place.log, (off_t)at[4]), 0);
    char before[96];
    char hash[SHA256_HEX];
    assert_int_equal(sha256_hex(log.string + at[2], at[3] - at[2], hash), 0);
    snprintf(before, sizeof before, "3 %s\n", hash);
    write_file(place.head, before, strlen(before));
    assert_int_equal(chain_read(place.log, NULL, NULL, &chain, &note), 0);
    assert_int_equal(chain.lines, 4);
    assert_int_equal(append(&place, "word 5", &note), 0);
    struct text log2 = read_file(place.log), head2 = read_file(place.head);
    assert_string_equal(log.string, log2.string);
    assert_string_equal(head.string, head2.string);
    text_free(&log);
    text_free(&head);
    text_free(&log2);
    text_free(&head2);
    unlink(place.log); /* the whole log is gone, and its head tells */
    assert_int_equal(append(&place, "word 1", &note), ERR_DATA);
    assert_non_null(strstr(note.text, "log.head knows 5 lines"));
    end(&place);
}

static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"\n", "log:1: is no JSON object"},
        {"[]\n", "log:1: is no line of a chain"},
        {"null\n", "log:1: is no line of a chain"},
        {"{\"line\":\"1\",\"previous\":\"\"}\n", "log:1: is no line of a chain"},
        {"{\"line\":1}\n", "log:1: is no line of a chain"},
        {"{\"line\":-1,\"previous\":\"\"}\n", "log:1: is line -1"},
        {"{\"line\":1,\"previous\":\"\"}\n", "log:1: the first line names one before it"},
        {"{\"line\":1,\"line\":1,\"previous\":\"\"}\n", "log:1: is no JSON object"},
        {"{", "log:1: is cut off after 1 octets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct chain_end chain;
        struct err_note note;
        int rc = chain_check("log", rows[i].text, strlen(rows[i].text), NULL, NULL, &chain, &note);
        if (rc != ERR_DATA || strncmp(note.text, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("row %zu: %d %s", i, rc, note.text);
    }
}

/* A disk that is full in the middle of a line: nothing of it stays. */
static void test_full(void **state)
{
    (void)state;
    struct place place;
    fill(&place);
    struct text before = read_file(place.log);
    pid_t pid = fork();
    if (pid == 0) {
        struct err_note note;
        struct rlimit limit = {.rlim_cur = before.length + 30, .rlim_max = before.length + 30};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(append(&place, "more", &note) == ERR_IO && strstr(note.text, "is unchanged") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct text after = read_file(place.log);
    assert_string_equal(before.string, after.string);
    text_free(&before);
    text_free(&after);
    struct err_note note;
    assert_int_equal(append(&place, "more", &note), 0);
    end(&place);
}

/* Several programs at once: each line is there once, and the chain holds. */
static void test_together(void **state)
{
    (void)state;
    enum { PROGRAMS = 4, EACH = 10 };
    struct place place;
    struct chain_end chain;
    struct err_note note;
    pid_t pids[PROGRAMS];
    int status;
    begin(&place);
    for (int i = 0; i < PROGRAMS; i++)
        if ((pids[i] = fork()) == 0) {
            int rc = 0;
            for (int k = 0; k < EACH && rc == 0; k++)
                rc = append(&place, "w", &note);
            _exit(rc ? 1 : 0);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(chain_read(place.log, NULL, NULL, &chain, &note), 0);
    assert_int_equal(chain.lines, PROGRAMS * EACH);
    end(&place);
}

/* Killed at any moment: the chain holds, or its last line is told as cut off. */
static void test_killed(void **state)
{
    (void)state;
    struct place place;
    struct chain_end chain = {.lines = 0};
    struct err_note note;
    char new[128];
    int status;
    size_t before = 0;
    begin(&place);
    for (unsigned i = 0; i < 30; i++) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                if (append(&place, "w", &note))
                    _exit(1);
        usleep(1000 + i * 700);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status)); /* every append went well till then */
        int rc = chain_read(place.log, NULL, NULL, &chain, &note);
        if (rc == ERR_NOINPUT && i < 5)
            continue; /* killed before it had begun */
        if (rc && !strstr(note.text, "is cut off after"))
            fail_msg("round %u: %s", i, note.text);
        if (rc)
            break;
        assert_true(chain.lines >= before); /* what was told as written stays */
        before = chain.lines;
    }
    assert_true(before > 0);
    head_draft(&place, new);
    unlink(new); /* what the killed may leave; the next one takes it away */
    end(&place);
}

static void test_files(void **state)
{
    (void)state;
    struct place place;
    struct chain_end chain;
    struct err_note note;
    begin(&place);
    assert_int_equal(chain_read(place.log, NULL, NULL, &chain, &note), ERR_NOINPUT);
    assert_int_equal(chain_append("/nonexistent/log", NULL, set_word, "w", &chain, &note), ERR_NOINPUT);
    assert_true(chain_append(place.directory, NULL, set_word, "w", &chain, &note) < 0);
    assert_int_equal(mkfifo(place.log, 0600), 0);
    assert_int_equal(chain_append(place.log, NULL, set_word, "w", &chain, &note), ERR_NOINPUT);
    unlink(place.log);
    /* The head cannot be made: the line is taken back. */
    char blocker[128];
    head_draft(&place, blocker);
    assert_int_equal(mkdir(blocker, 0700), 0);
    assert_true(append(&place, "w", &note) < 0);
    struct text log = read_file(place.log);
    assert_int_equal(log.length, 0);
    text_free(&log);
    assert_int_equal(rmdir(blocker), 0);
    assert_int_equal(append(&place, "w", &note), 0);
    end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
