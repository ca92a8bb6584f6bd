/* Which template addresses whom; and that what is shipped says something at every time. */
#include "app/report/letters/letter_set.h"

#include "app/report/letters/letter_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void check_lines(const char *name, const char *text)
{
    for (const char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end || (end > line && end[-1] == ' '))
            fail_msg("%s: a line without an end, or with blanks there: %.60s", name, line);
        if (memmem(line, (size_t)(end - line), "{{", 2))
            fail_msg("%s: %.*s", name, (int)(end - line), line);
    }
}

static void check_template(const struct template *template, int day, struct arena *arena)
{
    struct world w;
    struct letter_terms terms;
    const struct letter_terms_wish wish = {&w.plan, "https://test.example/", "The owner of the key"};
    struct text text;
    text_start(&text);
    make_world(&w, DAY(day));
    assert_int_equal(letter_terms_roll(&w.readiness, &wish, arena, &terms), 0);
    letter_terms_group(&w.group, &terms);
    for (int f = LETTER_NETWORK; template->terms == &letter_terms_operator && f < LETTER_FIELDS; f++)
        terms.values[f].text = "192.0.2.1\n";
    assert_int_equal(letter_terms_write(&terms, template, &text), 0);
    check_lines(template->file, text.string);
    assert_non_null(strstr(text.string, "19036"));
    assert_non_null(strstr(text.string, "20326"));
    assert_non_null(strstr(text.string, "https://test.example/"));
    assert_non_null(strstr(text.string, "The owner of the key"));
    text_free(&text);
}

static void test_shipped(void **state)
{
    (void)state;
    static const struct template_terms *const kinds[] = {&letter_terms_country, &letter_terms_operator};
    static const int days[] = {-200, -20, 1, 100};
    for (size_t k = 0; k < 2; k++) {
        struct arena *arena = arena_new();
        struct letter_set set;
        struct err_note note = {""};
        if (letter_set_read(kinds[k], NULL, arena, &set, &note))
            fail_msg("%s", note.text);
        assert_true(set.count >= (k == 0 ? 5 : 1));
        for (size_t i = 0; i < set.count; i++)
            for (size_t d = 0; d < sizeof days / sizeof *days; d++)
                check_template(&set.templates[i], days[d], arena);
        arena_free(arena);
    }
}

static void expect_languages(const struct letter_set *set, const char *country, const char *want)
{
    char have[256] = "";
    size_t found[LETTER_SET_MAX], count = letter_set_for(set, country, found);
    for (size_t i = 0; i < count; i++)
        strcat(strcat(have, set->templates[found[i]].language), " ");
    assert_string_equal(have, want);
}

static void test_countries(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct letter_set set;
    struct err_note note = {""};
    assert_int_equal(letter_set_read(&letter_terms_country, NULL, arena, &set, &note), 0);
    expect_languages(&set, "JP", "ja ");
    expect_languages(&set, "MA", "ar fr ");
    expect_languages(&set, "CA", "en fr ");
    expect_languages(&set, "PE", "es ");
    expect_languages(&set, "XA", "en ");
    expect_languages(&set, "", "en ");
    arena_free(arena);
}

#define KIND(kind) "format: rollcall." kind "/1\nsubject: s\n"

static int read_files(const char *const files[][2], size_t count, struct arena *arena,
    struct letter_set *ret_set, struct err_note *note)
{
    char directory[] = "/tmp/letter_set.XXXXXX", path[128];
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i][0]);
        FILE *file = fopen(path, "w");
        fputs(files[i][1], file);
        fclose(file);
    }
    int rc = letter_set_read(&letter_terms_country, directory, arena, ret_set, note);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i][0]);
        unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
    return rc;
}

static void test_directory(void **state)
{
    (void)state;
    static const char *const good[][2] = {{"b.txt", KIND("letter") "language: de\ncountries: AT DE\n\nb"},
        {"a.txt", KIND("letter") "language: de-AT\ncountries: AT\n\na"},
        {"c.txt", KIND("operator") "language: de\n\n{{network}}"}, {".hidden.txt", "x"}, {"notes", "x"},
        {"d.txt~", "x"}};
    struct arena *arena = arena_new();
    struct letter_set set;
    struct err_note note = {""};
    if (read_files(good, 6, arena, &set, &note))
        fail_msg("%s", note.text);
    expect_languages(&set, "AT", "de-AT de ");
    expect_languages(&set, "DE", "de ");
    expect_languages(&set, "FR", "");
    static const struct {
        const char *files[2][2];
        int rc;
        const char *word;
    } cases[] = {
        {{{"a.txt", KIND("letter") "language: de\ncountries: AT\n\nx"},
             {"b.txt", KIND("letter") "language: DE\ncountries: DE AT\n\nx"}},
            ERR_DATA, "/b.txt:4:1: AT"},
        {{{"a.txt", KIND("letter") "language: de\ncountries: *\n\nx"},
             {"b.txt", KIND("letter") "countries: *\nlanguage: de\n\nx"}},
            ERR_DATA, "/b.txt:3:1: *"},
        {{{"a.txt", KIND("operator") "language: de\n\nx"}, {"b", ""}}, ERR_NOINPUT, "rollcall.letter/1"},
        {{{"a.txt", "hello"}, {"b", ""}}, ERR_DATA, "/a.txt:1:1: "},
        {{{"a.txt", KIND("letter") "language: de\n\n{{network}}"}, {"b", ""}}, ERR_DATA,
            "/a.txt:5:1: no field 'network'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = read_files(cases[i].files, 2, arena, &set, &note);
        if (rc != cases[i].rc || !strstr(note.text, cases[i].word))
            fail_msg("%d %s", rc, note.text);
    }
    assert_int_equal(
        letter_set_read(&letter_terms_country, "/tmp/letter_set.none", arena, &set, &note), ERR_NOINPUT);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_countries),
        cmocka_unit_test(test_directory),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
