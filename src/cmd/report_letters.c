/* rollcall report --letters, --operators: files to be mailed. */
#include "app/report/letters/letters.h"
#include "app/report/letters/operators.h"
#include "cmd/report_parts.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_NAME = 200, MOST_URL = 500 };

/* What stands in each letter as it is given. */
static bool is_plain(const char *string, size_t most)
{
    struct text text;
    text_start(&text);
    text_add_safe(&text, string);
    bool plain = *string && strlen(string) <= most && strcmp(text.string, string) == 0;
    text_free(&text);
    return plain;
}

static bool is_url(const char *string)
{
    size_t head = strncmp(string, "https://", 8) == 0 ? 8 : strncmp(string, "http://", 7) == 0 ? 7 : 0;
    for (const char *c = string; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return head && string[head] && is_plain(string, MOST_URL);
}

static bool is_country(const char *code)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return strlen(code) == 2 && strspn(code, capitals) == 2;
}

int report_letters_check(const struct report_options *o, struct err_note *note)
{
    if (!o->letters && !o->operators)
        return o->templates || o->platform || o->from_name || o->country_count
                   ? err_set(note, ERR_USAGE,
                         "--templates, --platform, --from-name and --country go with --letters or "
                         "--operators")
                   : 0;
    if (o->gate || o->explain || o->by_given || o->trend || o->page || o->html)
        return err_set(note, ERR_USAGE,
            "--letters and --operators go without --by, --explain, --trend, --gate and pages");
    if (o->format != REPORT_TABLE)
        return err_set(note, ERR_USAGE,
            "letters are text, with an index in JSON beside them: --format does not go with them");
    if (o->key_file && o->operators)
        return err_set(note, ERR_USAGE, "--anonymize: operators are told their own addresses only");
    if (o->platform && !is_url(o->platform))
        return err_set(
            note, ERR_USAGE, "--platform: '%.100s' is no address of a web site (https://…)", o->platform);
    if (o->from_name && !is_plain(o->from_name, MOST_NAME))
        return err_set(
            note, ERR_USAGE, "--from-name: one line of text is wanted, of at most %d octets", MOST_NAME);
    for (size_t i = 0; i < o->country_count; i++)
        if (!is_country(o->countries[i]))
            return err_set(note, ERR_USAGE, "--country: '%.100s' is no country: two capital letters (NZ)",
                o->countries[i]);
    return 0;
}

static int write_letters(const struct readiness *readiness, const struct letters_wish *wish,
    struct arena *arena, struct text *said, struct err_note *note)
{
    struct letters_done done;
    int rc = letters_write(readiness, wish, arena, &done, note);
    if (rc)
        return rc;
    text_add_safe(said, wish->directory);
    text_printf(said, ": %zu letter%s to %zu countr%s; letters.json lists them.\n", done.letters,
        done.letters == 1 ? "" : "s", done.places, done.places == 1 ? "y" : "ies");
    if (done.elsewhere)
        text_printf(said, "Sources whose country is not known, in none of them: %" PRIu64 "%s\n",
            done.elsewhere, done.places ? "" : " (--delegated and --mmdb tell countries)");
    return 0;
}

/* A second look at the store: which sets of keys each source told. */
static int write_operators(const struct report_judging *j, const struct readiness *readiness,
    const struct letters_wish *wish, struct arena *arena, struct text *said, struct err_note *note)
{
    struct letters_done done;
    struct sightings_question question = j->question;
    struct sightings_answer told;
    question.by = SIGHTINGS_BY_SOURCE;
    int rc = sightings_ask(j->store, &question, arena, &told, note);
    if (rc == 0 && told.partial)
        rc = err_set(note, ERR_UNAVAILABLE, "no letters are written on a part of the store: %s",
            told.missing ? told.missing : "part of it does not answer");
    rc = rc ? rc : operators_write(readiness, &told, wish, arena, &done, note);
    if (rc)
        return rc;
    text_add_safe(said, wish->directory);
    text_printf(said, ": %zu letter%s to operators of networks; operators.json lists them.\n", done.letters,
        done.letters == 1 ? "" : "s");
    return 0;
}

static int write_all(const struct report_options *o, const struct report_judging *j,
    const struct readiness *readiness, struct arena *arena, struct text *said, struct err_note *note)
{
    struct letters_wish wish = {.directory = o->letters,
        .templates = o->templates,
        .terms = {j->plan, o->platform, o->from_name},
        .countries = o->countries,
        .country_count = o->country_count};
    int rc = o->letters ? write_letters(readiness, &wish, arena, said, note) : 0;
    wish.directory = o->operators;
    if (rc == 0 && o->operators)
        rc = write_operators(j, readiness, &wish, arena, said, note);
    return rc;
}

int report_letters(const struct report_options *o, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    struct report_judging j = {.plan = NULL};
    struct readiness readiness = {.wish = NULL};
    struct text said;
    text_start(&said);
    int rc = report_judging_begin(o, arena, &j, &note);
    const struct readiness_wish wish = {.by = READINESS_BY_CLASS,
        .roll = &j.roll,
        .limits = &j.limits,
        .question = &j.question,
        .networks = j.networks};
    rc = rc ? rc : readiness_make(j.store, &wish, arena, &readiness, &note);
    rc = rc ? rc : write_all(o, &j, &readiness, arena, &said, &note);
    readiness_free(&readiness);
    report_judging_end(&j);
    if (said.length && rc) /* the letters of countries are written */
        cmd_print("report", said.string, said.length);
    return report_print(&said, rc, &note, false, NULL);
}
