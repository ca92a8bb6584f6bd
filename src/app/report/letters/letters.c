/* All that can be refused is looked at before the directory is begun: templates, and that each country has
 * one. */
#include "app/report/letters/letters.h"

#include "app/report/letters/letter_set.h"
#include "app/report/readiness_inside.h"
#include "io/json/json.h"
#include "io/proc/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct folder_kind kind = {"letters.json", "rollcall.letters/1"};

/* A code becomes part of a file's name. */
static bool is_country(const char *code)
{
    return code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && code[2] == '\0';
}

struct work {
    const struct readiness *readiness;
    const struct letters_wish *wish;
    struct arena *arena;
    struct letter_set set;
    size_t *chosen; /* templates, for one country */
    struct readiness_group *groups;
    size_t group_count;
    struct letter_terms terms; /* of the country at hand */
    struct folder *folder;
    struct json *list;
    struct letters_done done;
    struct err_note *note;
};

static bool is_wished(const struct work *w, const char *country)
{
    for (size_t i = 0; i < w->wish->country_count; i++)
        if (strcmp(w->wish->countries[i], country) == 0)
            return true;
    return w->wish->country_count == 0;
}

static int no_memory(const struct work *w)
{
    return err_set(w->note, ERR_NOMEM, "no memory for the letters");
}

/* ---- what can be refused ---- */

int letters_check_whole(const struct readiness *readiness, struct err_note *note)
{
    return readiness->partial
               ? err_set(note, ERR_UNAVAILABLE, "no letters are written on a part of the store: %s",
                     readiness->missing ? readiness->missing : "part of it does not answer")
               : 0;
}

static int check_wished(const struct work *w)
{
    for (size_t i = 0; i < w->wish->country_count; i++) {
        const char *country = w->wish->countries[i];
        bool found = false;
        for (size_t g = 0; g < w->group_count && !found; g++)
            found = strcmp(w->groups[g].country, country) == 0;
        if (!found)
            return err_set(w->note, ERR_NOINPUT, "no source in the store is known to be in %s", country);
    }
    return 0;
}

static int check_addressed(const struct work *w)
{
    for (size_t g = 0; g < w->group_count; g++) {
        const char *country = w->groups[g].country;
        if (is_country(country) && is_wished(w, country) && letter_set_for(&w->set, country, w->chosen) == 0)
            return err_set(w->note, ERR_NOINPUT,
                "%s: no template addresses %s, and none all others (a line 'countries: *')", w->set.where,
                country);
    }
    return 0;
}

static int prepare(struct work *w)
{
    int rc = letters_check_whole(w->readiness, w->note);
    rc = rc ? rc : letter_set_read(&letter_terms_country, w->wish->templates, w->arena, &w->set, w->note);
    if (rc)
        return rc;
    w->chosen = arena_alloc(w->arena, (w->set.count + 1) * sizeof *w->chosen);
    if (!w->chosen ||
        readiness_group_by(w->readiness, READINESS_BY_COUNTRY, w->arena, &w->groups, &w->group_count) ||
        letter_terms_roll(w->readiness, &w->wish->terms, w->arena, &w->terms))
        return no_memory(w);
    rc = check_wished(w);
    return rc ? rc : check_addressed(w);
}

/* ---- writing ---- */

static int write_letter(struct work *w, const struct readiness_group *group, const struct template *template)
{
    char name[FOLDER_MAX_NAME + 1];
    struct text letter;
    snprintf(name, sizeof name, "%s.%s.txt", group->country, template->language);
    text_start(&letter);
    int rc = letter_terms_write(&w->terms, template, &letter) ? no_memory(w) : 0;
    rc = rc ? rc : folder_add(w->folder, name, letter.string, letter.length, w->note);
    text_free(&letter);
    struct json *entry = json_add_object(w->list);
    json_set_string(entry, "file", name);
    json_set_string(entry, "country", group->country);
    json_set_string(entry, "language", template->language);
    readiness_set_group(entry, group);
    w->done.letters++;
    return rc;
}

static uint64_t all_of(const struct readiness_group *group)
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        sum += group->sources[c];
    return sum;
}

static int write_country(struct work *w, const struct readiness_group *group)
{
    if (!is_country(group->country)) {
        w->done.elsewhere += all_of(group);
        return 0;
    }
    if (!is_wished(w, group->country))
        return 0;
    int rc = 0;
    size_t count = letter_set_for(&w->set, group->country, w->chosen);
    letter_terms_group(group, &w->terms);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = write_letter(w, group, &w->set.templates[w->chosen[i]]);
    w->done.places++;
    return rc;
}

struct json *letters_index(
    const struct readiness *readiness, const struct letters_wish *wish, const char *schema)
{
    const struct sightings_question *question = readiness->wish->question;
    struct json *root = json_new_object();
    json_set_string(root, "schema", schema);
    json_set_string(root, "plan", wish->terms.plan->name);
    json_set_string(root, "zone", question->zone);
    json_set_time(root, "from", question->from_us);
    json_set_time(root, "to", question->to_us);
    readiness_set_roll(root, readiness->wish->roll);
    return root;
}

static int write_all(struct work *w)
{
    int rc = folder_begin(w->wish->directory, &kind, &w->folder, w->note);
    if (rc)
        return rc;
    struct json *index = letters_index(w->readiness, w->wish, kind.schema);
    w->list = json_set_array(index, "letters");
    for (size_t g = 0; g < w->group_count && rc == 0; g++)
        rc = write_country(w, &w->groups[g]);
    json_set_int(index, "without_country", (int64_t)w->done.elsewhere);
    rc = rc ? rc : folder_end(w->folder, index, w->note);
    json_free(index);
    folder_free(w->folder);
    return rc;
}

int letters_write(const struct readiness *readiness, const struct letters_wish *wish, struct arena *arena,
    struct letters_done *ret_done, struct err_note *note)
{
    struct work work = {.readiness = readiness, .wish = wish, .arena = arena, .note = note};
    int rc = prepare(&work);
    rc = rc ? rc : write_all(&work);
    if (rc == 0)
        *ret_done = work.done;
    return rc;
}
