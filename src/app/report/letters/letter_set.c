/* A file is of the kind that its line `format` says; what says nothing that we know is read as of the kind
 * that is wanted, which tells what is wrong with it. */
#include "app/report/letters/letter_set.h"

#include "app/report/letters/letter_assets.h"
#include "app/report/letters/letter_terms.h"
#include "io/file/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static bool has_format(const char *bytes, size_t length, const struct template_terms *terms)
{
    static const char name[] = "format:";
    for (const char *line = bytes, *to = bytes + length, *end; line < to && *line != '\n'; line = end + 1) {
        end = memchr(line, '\n', (size_t)(to - line));
        end = end ? end : to;
        if ((size_t)(end - line) > strlen(name) && memcmp(line, name, strlen(name)) == 0)
            return memmem(line, (size_t)(end - line), terms->format, strlen(terms->format)) != NULL;
    }
    return false;
}

static bool is_of_other_kind(const char *bytes, size_t length, const struct template_terms *terms)
{
    const struct template_terms *other =
        terms == &letter_terms_country ? &letter_terms_operator : &letter_terms_country;
    return has_format(bytes, length, other) && !has_format(bytes, length, terms);
}

/* Two templates may not address one country in one language: their letters would have one name. */
static int check_new(const struct letter_set *set, const struct template *new, struct err_note *note)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct template *old = &set->templates[i];
        const char *both = old->for_others && new->for_others ? "*" : NULL;
        for (size_t c = 0; c < new->country_count * old->country_count && !both; c++)
            if (strcmp(new->countries[c / old->country_count], old->countries[c % old->country_count]) == 0)
                both = new->countries[c / old->country_count];
        if (both && strcasecmp(old->language, new->language) == 0)
            return err_set(note, ERR_DATA, "%.200s:%u:1: %s is addressed in '%s' by %.100s already",
                new->file, new->countries_line, both, new->language, old->file);
    }
    return 0;
}

static int add(struct letter_set *set, const struct template_terms *terms, const char *file,
    const char *bytes, size_t length, struct arena *arena, struct err_note *note)
{
    if (is_of_other_kind(bytes, length, terms))
        return 0;
    if (set->count == LETTER_SET_MAX)
        return err_set(note, ERR_DATA, "%s: more than %d templates", set->where, LETTER_SET_MAX);
    struct template *new = &set->templates[set->count];
    int rc = template_parse(terms, file, bytes, length, arena, new, note);
    rc = rc ? rc : check_new(set, new, note);
    set->count += rc == 0;
    return rc;
}

static int add_shipped(
    struct letter_set *set, const struct template_terms *terms, struct arena *arena, struct err_note *note)
{
    int rc = 0;
    for (size_t i = 0; i < letter_asset_count && rc == 0; i++)
        rc = add(
            set, terms, letter_assets[i].name, letter_assets[i].bytes, letter_assets[i].length, arena, note);
    return rc;
}

static int add_file(struct letter_set *set, const struct template_terms *terms, const char *directory,
    const char *name, struct arena *arena, struct err_note *note)
{
    char *bytes = NULL;
    size_t length = 0;
    char *path = arena_printf(arena, "%s/%s", directory, name);
    int rc = path ? file_read_all(path, TEMPLATE_MAX_SIZE, &bytes, &length, note)
                  : err_set(note, ERR_NOMEM, "out of memory");
    rc = rc ? rc : add(set, terms, path, bytes, length, arena, note);
    free(bytes);
    return rc;
}

static int is_template(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

/* By their octets, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct letter_set *set, const struct template_terms *terms, const char *directory,
    struct arena *arena, struct err_note *note)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_template, by_name);
    int rc = count < 0 ? file_error(note, directory, "cannot be read") : 0;
    for (int i = 0; i < count; i++) {
        rc = rc ? rc : add_file(set, terms, directory, entries[i]->d_name, arena, note);
        free(entries[i]);
    }
    free(entries);
    if (rc == 0 && set->count == 0)
        rc = err_set(note, ERR_NOINPUT, "%s: no template in it (NAME.txt, with 'format: %s')", directory,
            terms->format);
    return rc;
}

int letter_set_read(const struct template_terms *terms, const char *directory, struct arena *arena,
    struct letter_set *ret_set, struct err_note *note)
{
    struct letter_set set = {.where = directory ? directory : "what is shipped"};
    set.templates = arena_alloc(arena, LETTER_SET_MAX * sizeof *set.templates);
    if (!set.templates)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = directory ? add_directory(&set, terms, directory, arena, note)
                       : add_shipped(&set, terms, arena, note);
    if (rc == 0)
        *ret_set = set;
    return rc;
}

static bool names(const struct template *template, const char *country)
{
    for (size_t i = 0; i < template->country_count; i++)
        if (strcmp(template->countries[i], country) == 0)
            return true;
    return false;
}

static size_t choose(const struct letter_set *set, const char *country, size_t *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (country ? names(&set->templates[i], country) : set->templates[i].for_others)
            ret[count++] = i;
    return count;
}

size_t letter_set_for(const struct letter_set *set, const char *country, size_t *ret)
{
    size_t count = choose(set, country, ret);
    return count ? count : choose(set, NULL, ret);
}
