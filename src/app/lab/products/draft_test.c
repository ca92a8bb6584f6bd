/* A copy with changes, and its difference from the original: patch(1) makes the one of the other. */
#include "app/lab/products/draft.h"
#include "io/file/file.h"
#include "io/proc/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct change {
    size_t from, to;
    const char *string;
};
struct sample {
    const char *text;
    struct change changes[4];
    const char *wanted, *difference; /* from its first hunk on */
};

#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

static const struct sample samples[] = {
    {"a\nb\nc\n", {{2, 3, "B"}}, "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
    {"a\nb\nc\n", {{2, 2, "new\n"}}, "a\nnew\nb\nc\n", "@@ -1,3 +1,4 @@\n a\n+new\n b\n c\n"},
    {"a\nb\n", {{4, 4, "end\n"}}, "a\nb\nend\n", "@@ -1,2 +1,3 @@\n a\n b\n+end\n"},
    {"a\nb", {{3, 3, "\nend\n"}}, "a\nb\nend\n",
        "@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+end\n"},
    {"a\nb\nc\n", {{0, 4, ""}}, "c\n", "@@ -1,3 +1,1 @@\n-a\n-b\n c\n"},
    {TEN, {{0, 1, "x"}, {18, 20, "y"}}, "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n",
        "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+y\n"},
    {TEN, {{0, 1, "x"}, {14, 15, "y"}}, "x\n2\n3\n4\n5\n6\n7\ny\n9\n10\n",
        "@@ -1,10 +1,10 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n 10\n"}, /* the contexts meet */
    {TEN, {{0, 1, "x"}, {4, 5, "y"}, {5, 5, "z"}}, "x\n2\nyz\n4\n5\n6\n7\n8\n9\n10\n", NULL},
    {"\x1b[2J\n", {{0, 0, "#"}}, "#\x1b[2J\n", "@@ -1,1 +1,1 @@\n-\\x1b[2J\n+#\\x1b[2J\n"}, /* hostile */
};

static void try_sample(const struct sample *sample, const char *directory)
{
    char path[256];
    struct err_note note = {""};
    struct lab_setup setup = {.directory = directory};
    struct draft draft = {.setup = &setup, .arena = arena_new()};
    struct draft_file *file, *again;
    struct text text, difference;
    snprintf(path, sizeof path, "%s/original", directory);
    assert_int_equal(file_replace(path, sample->text, strlen(sample->text), &note), 0);
    assert_int_equal(draft_read(&draft, path, &file, &note), 0);
    assert_int_equal(draft_read(&draft, path, &again, &note), 0);
    assert_ptr_equal(file, again);
    for (size_t i = 0; i < 4 && sample->changes[i].string; i++)
        draft_replace(
            &draft, file, sample->changes[i].from, sample->changes[i].to, sample->changes[i].string);
    text_start(&text);
    text_start(&difference);
    draft_text(file, &text);
    assert_string_equal(text.string, sample->wanted);
    assert_int_equal(draft_difference(&draft, &difference, &note), 0);
    if (sample->difference)
        assert_string_equal(strstr(difference.string, "@@"), sample->difference);
    assert_int_equal(draft_write(&draft, &note), 0);
    char *bytes;
    size_t length;
    assert_int_equal(file_read_all(file->copy, 4096, &bytes, &length, &note), 0);
    assert_string_equal(bytes, sample->wanted);
    free(bytes);
    assert_int_equal(file_read_all(path, 4096, &bytes, &length, &note), 0);
    assert_string_equal(bytes, sample->text); /* the user's file is as it was */
    free(bytes);
    text_free(&text);
    text_free(&difference);
    arena_free(draft.arena);
}

static void test_samples(void **state)
{
    char directory[] = "/tmp/rollcall-draft-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        try_sample(&samples[i], directory);
    tree_remove(directory);
}

static void test_refused(void **state)
{
    char directory[] = "/tmp/rollcall-draft-XXXXXX", path[256];
    struct err_note note = {""};
    struct draft_file *file;
    (void)state;
    assert_non_null(mkdtemp(directory));
    struct lab_setup setup = {.directory = directory};
    struct draft draft = {.setup = &setup, .arena = arena_new()};
    snprintf(path, sizeof path, "%s/none", directory);
    assert_int_equal(draft_read(&draft, path, &file, &note), ERR_NOINPUT);
    assert_int_equal(draft_read(&draft, directory, &file, &note), ERR_NOINPUT); /* a directory */
    assert_int_equal(file_replace(path, "a\0b", 3, &note), 0);
    assert_int_equal(draft_read(&draft, path, &file, &note), ERR_DATA);
    assert_non_null(strstr(note.text, "octet 1 "));
    arena_free(draft.arena);
    tree_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
