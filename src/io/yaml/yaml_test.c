#include "io/yaml/yaml.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void reads_a_tree(void **state)
{
    static const char document[] = "# comment\n"
                                   "name: plain text\n"
                                   "list:\n"
                                   "  - one\n"
                                   "  - {a: \"b\", c: 'd'}\n"
                                   "  - |\n"
                                   "    two\n"
                                   "    lines\n"
                                   "\xc3\xa9t\xc3\xa9: x\n";
    struct arena *arena = arena_new();
    struct yaml_node *root;
    struct err_note note = {""};
    assert_int_equal(yaml_read("f", document, strlen(document), arena, &root, &note), 0);
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->count, 3);
    const struct yaml_node *name = yaml_get(root, "name"), *list = yaml_get(root, "list");
    assert_string_equal(name->scalar, "plain text");
    assert_false(name->quoted);
    assert_int_equal(name->line, 2);
    assert_int_equal(name->column, 7);
    assert_int_equal(name->end_column, 17);
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->column, 3);
    assert_true(list->values[1]->flow);
    assert_string_equal(yaml_get(list->values[1], "a")->scalar, "b");
    assert_true(yaml_get(list->values[1], "c")->quoted);
    assert_string_equal(list->values[2]->scalar, "two\nlines\n");
    assert_int_equal(yaml_get(root, "\xc3\xa9t\xc3\xa9")->column, 6); /* characters, not octets */
    assert_null(yaml_get(root, "other"));
    assert_null(yaml_get(list, "name"));
    arena_free(arena);
}

static void refuses(void **state)
{
    static const struct {
        const char *document, *says;
    } rows[] = {
        {"", "f:1:1: the file is empty"},
        {"# nothing\n", "f:1:1: the file is empty"},
        {"a: 1\nb: 2\na: 3\n", "f:3:1: 'a' stands here a second time"},
        {"a: &x 1\n", "f:1:4: anchors are not taken"},
        {"a: {b: &x {}}\n", "f:1:8: anchors are not taken"},
        {"a: *x\n", "f:1:4: aliases are not taken"},
        {"*x : 1\n", "f:1:1: aliases are not taken"},
        {"a: !!int 1\n", "f:1:4: tags are not taken"},
        {"a: !x [1]\n", "f:1:4: tags are not taken"},
        {"a: \"\\0\"\n", "f:1:4: a NUL character"},
        {"a: 1\n---\nb: 2\n", "f:2:1: a second document"},
        {"{a: 1}: 2\n", "f:1:1: a key is plain text"},
        {"a: [1, 2\nb: 3\n", "f:2:2: "},
        {"a: 1\n\tb: 2\n", "f:2:1: "},
        {"a: \"\xff\"\n", "f: at octet 4: "},
        {"a: b: c\n", "f:1:5: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new();
        struct yaml_node *root;
        struct err_note note = {""};
        assert_int_equal(
            yaml_read("f", rows[i].document, strlen(rows[i].document), arena, &root, &note), ERR_DATA);
        if (strncmp(note.text, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("row %zu: %s", i, note.text);
        arena_free(arena);
    }
}

static int read_repeated(const char *what, size_t times, const char *tail, struct err_note *note)
{
    struct text text;
    struct arena *arena = arena_new();
    struct yaml_node *root;
    text_start(&text);
    for (size_t i = 0; i < times; i++)
        text_add(&text, what);
    text_add(&text, tail);
    int rc = yaml_read("f", text.string, text.length, arena, &root, note);
    text_free(&text);
    arena_free(arena);
    return rc;
}

/* The greatest that is taken, and one more. */
static void limits(void **state)
{
    struct err_note note = {""};
    struct text text;
    text_start(&text);
    for (size_t extra = 0; extra < 2; extra++) {
        text_free(&text);
        for (size_t i = 0; i < YAML_MAX_KEYS + extra; i++)
            text_printf(&text, "k%zu: 1\n", i);
        struct arena *arena = arena_new();
        struct yaml_node *root;
        assert_int_equal(yaml_read("f", text.string, text.length, arena, &root, &note), extra ? ERR_DATA : 0);
        arena_free(arena);
    }
    text_free(&text);
    assert_int_equal(read_repeated("[", YAML_MAX_DEPTH, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", &note), 0);
    assert_int_equal(read_repeated("[", YAML_MAX_DEPTH + 1, "", &note), ERR_DATA);
    assert_string_equal(note.text, "f:1:33: nested too deep");
    assert_int_equal(read_repeated("- x\n", YAML_MAX_NODES - 1, "", &note), 0);
    assert_int_equal(read_repeated("- x\n", YAML_MAX_NODES, "", &note), ERR_DATA);
    assert_int_equal(read_repeated("# a long line that fills the file\n", 40000, "a: 1\n", &note), ERR_DATA);
    assert_string_equal(note.text, "f: larger than 1 MiB");
}

static void scalars(void **state)
{
    static const struct {
        const char *value, *written;
    } rows[] = {
        {"plain words (and more)", "plain words (and more)"},
        {"", "\"\""},
        {"yes", "\"yes\""},
        {"Null", "\"Null\""},
        {"2018", "\"2018\""},
        {"a: b", "\"a: b\""},
        {"a #b", "\"a #b\""},
        {"- a", "\"- a\""},
        {"trailing ", "\"trailing \""},
        {"a\"b\\c\nd\x01", "\"a\\\"b\\\\c\\nd\\x01\""},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"\xe2\x80\xa8", "\"\\u2028\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
        {"bad\xff", "\"bad\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text;
        text_start(&text);
        yaml_add_scalar(&text, rows[i].value);
        assert_string_equal(text.string, rows[i].written);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_tree),
        cmocka_unit_test(refuses),
        cmocka_unit_test(limits),
        cmocka_unit_test(scalars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
