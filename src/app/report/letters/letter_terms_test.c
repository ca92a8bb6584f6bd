/* What letters may name is what they are given, in each state of a roll. */
#include "app/report/letters/letter_fixture.h"

#include "io/file/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *letter_of(const struct world *w, const char *subject, const struct template_terms *terms)
{
    struct arena *arena = arena_new();
    struct letter_terms filled;
    struct template template;
    struct err_note note = {""};
    struct text text;
    const struct letter_terms_wish wish = {&w->plan, "https://test.example/", NULL};
    char *letter = arena_printf(
        arena, "format: %s\nlanguage: en\nthousands: comma\nsubject: %s\n\n", terms->format, subject);
    text_start(&text);
    if (template_parse(terms, "t", letter, strlen(letter), arena, &template, &note))
        fail_msg("%s", note.text);
    assert_int_equal(letter_terms_roll(&w->readiness, &wish, arena, &filled), 0);
    letter_terms_group(&w->group, &filled);
    assert_int_equal(letter_terms_write(&filled, &template, &text), 0);
    char *copy = strdup(text.string + strlen("Subject: "));
    copy[strcspn(copy, "\n")] = '\0';
    text_free(&text);
    arena_free(arena);
    return copy;
}

static void expect(const struct world *w, const char *subject, const char *want)
{
    char *have = letter_of(w, subject, &letter_terms_country);
    assert_string_equal(have, want);
    free(have);
}

static const char phases[] =
    "{{#before}}before {{/before}}{{#planned}}in {{days-left}} "
    "{{/planned}}{{#held}}held {{/held}}{{#after}}after "
    "{{/after}}{{#roll-known}}{{roll-date}} {{/roll-known}}"
    "{{#roll-timed}}{{roll-time}} {{/roll-timed}}{{#revocation-planned}}to revoke {{/revocation-planned}}"
    "{{#revoked}}revoked {{/revoked}}{{#withdrawal-known}}withdrawal "
    "{{/withdrawal-known}}{{#published}}{{published-date}}"
    "{{/published}}";

static void test_phases(void **state)
{
    (void)state;
    struct world w;
    make_world(&w, DAY(-20));
    expect(&w, phases, "before in 20 2017-10-11 16:00 to revoke 2017-07-13");
    make_world(&w, DAY(-100));
    expect(&w, phases, "before in 100 2017-10-11 16:00 to revoke ");
    make_world(&w, DAY(0) + 16 * UTC_HOUR - 1);
    expect(&w, phases, "before in 0 2017-10-11 16:00 to revoke 2017-07-13");
    make_world(&w, DAY(0) + 16 * UTC_HOUR);
    expect(&w, phases, "after 2017-10-11 16:00 to revoke 2017-07-13");
    make_world(&w, DAY(92));
    expect(&w, phases, "after 2017-10-11 16:00 revoked 2017-07-13");
    w.roll.sign_us = DAY(0);
    expect(&w, phases, "after 2017-10-11 revoked 2017-07-13");
    w.roll.sign_us = w.roll.revoke_us = UTC_OPEN;
    expect(&w, phases, "before held 2017-07-13");
    w.roll.withdraw_us = DAY(93);
    expect(&w, phases, "before held withdrawal 2017-07-13");
}

/* What should have happened is not said to have happened. */
static void test_unconfirmed(void **state)
{
    (void)state;
    static const char subject[] = "{{#unconfirmed}}by plan{{/unconfirmed}}";
    struct world w;
    make_world(&w, DAY(0) + 16 * UTC_HOUR - 1);
    expect(&w, subject, "");
    make_world(&w, DAY(0) + 16 * UTC_HOUR);
    expect(&w, subject, "by plan");
    w.step.planned = false;
    expect(&w, subject, "");
    w.step.planned = w.key.zsk = true;
    expect(&w, subject, "");
}

static void test_counts(void **state)
{
    (void)state;
    struct world w;
    make_world(&w, DAY(-20));
    expect(&w,
        "{{country}} {{networks}} {{networks-validating}} {{networks-proved}} {{networks-not-disproved}}",
        "NZ 1,234 7 2 5");
    expect(&w, "{{#users-known}}{{users}} {{users-proved}} {{users-not-disproved}}{{/users-known}}",
        "5,000,000 1,000 1,000,000");
    expect(&w, "{{sources}} {{sources-beside}} {{sources-proved}} {{sources-ready}} {{sources-silent}}",
        "12,066 3,021 1,002 1,000 1,010");
    expect(&w, "{{old-key}} {{new-key}} {{zone}} {{plan}} {{plan-title}}", "19036 20326 . p The plan");
    expect(&w,
        "{{#root}}!{{/root}}{{#platform-known}}{{platform}}{{/"
        "platform-known}}{{^signed}}?{{/signed}}",
        "!https://test.example/?");
    w.group.users = -1;
    memset(w.group.sources, 0, sizeof w.group.sources);
    w.question.zone = "example.";
    expect(&w,
        "{{^root}}{{zone}}{{/root}}{{^users-known}} a{{/users-known}}{{^proved}} b{{/proved}}{{^validators}} "
        "c{{/validators}}"
        "{{^silent}} d{{/silent}}{{^at-risk}} e{{/at-risk}}",
        "example. a b c d e");
}

/* One that holds every field: nothing is without a value where it may stand. */
static void test_all_fields(void **state)
{
    (void)state;
    const struct template_terms *kinds[] = {&letter_terms_country, &letter_terms_operator};
    for (size_t k = 0; k < 2; k++)
        for (size_t f = 0; f < kinds[k]->field_count; f++) {
            struct world w;
            char subject[256];
            const struct template_field *field = &kinds[k]->fields[f];
            const char *ending = field->type == TEMPLATE_BOUNDS   ? "-at-risk"
                                 : field->type == TEMPLATE_MOMENT ? "-date"
                                                                  : "";
            if (field->type == TEMPLATE_BLOCK || strcmp(field->name, "network") == 0 ||
                strcmp(field->name, "csv-file") == 0)
                continue; /* operators.c sets these */
            make_world(&w, DAY(-20));
            const char *needs =
                field->needs == TEMPLATE_ALWAYS ? NULL : kinds[k]->conditions[field->needs].name;
            if (needs)
                snprintf(
                    subject, sizeof subject, "{{#%s}}[{{%s%s}}]{{/%s}}", needs, field->name, ending, needs);
            else
                snprintf(subject, sizeof subject, "[{{%s%s}}]", field->name, ending);
            char *have = letter_of(&w, subject, kinds[k]);
            if (strcmp(have, "[]") == 0)
                fail_msg("%s has no value", field->name);
            free(have);
        }
}

/* The manual names every field and condition that there is. */
static void test_documented(void **state)
{
    (void)state;
    static const struct template_terms *const kinds[] = {&letter_terms_country, &letter_terms_operator};
    const char *source = getenv("ROLLCALL_SOURCE");
    char *path = NULL, *manual = NULL;
    size_t length;
    struct err_note note = {""};
    assert_true(asprintf(&path, "%s/docs/man/rollcall-letters.5", source ? source : ".") > 0);
    if (file_read_all(path, 1 << 20, &manual, &length, &note))
        fail_msg("%s", note.text);
    for (char *c = manual; *c; c++)
        if (strchr("\n,)", *c))
            *c = ' ';
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < kinds[k]->field_count + kinds[k]->condition_count; i++) {
            bool is_field = i < kinds[k]->field_count;
            char word[64];
            snprintf(word, sizeof word, " %s ",
                is_field ? kinds[k]->fields[i].name : kinds[k]->conditions[i - kinds[k]->field_count].name);
            if (!strstr(manual, word))
                fail_msg("the manual does not tell of%s", word);
        }
    free(manual);
    free(path);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_unconfirmed),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_all_fields),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
