/* letter_set: the templates of one kind, and which of them address a country: those that are shipped, or
 * those of a directory (every NAME.txt in it whose `format` is of that kind). */
#ifndef APP_REPORT_LETTER_SET_H
#define APP_REPORT_LETTER_SET_H

#include "app/report/letters/template.h"

enum { LETTER_SET_MAX = 256 }; /* templates */

struct letter_set {
    const char *where;          /* for people */
    struct template *templates; /* by name of their files */
    size_t count;
};

/* `directory` NULL: those that are shipped. ERR_DATA with "FILE:LINE:COLUMN: what is wrong": a template
 * cannot be read, or addresses a country in a language in which another one does. ERR_NOINPUT: no such
 * directory, or none of this kind in it. ERR_PERM, ERR_IO, ERR_NOMEM. Everything lives in the arena. */
int letter_set_read(const struct template_terms *terms, const char *directory, struct arena *arena,
    struct letter_set *ret_set, struct err_note *note);

/* The templates that address a country ("": one that is not known): those that name it, else those for all
 * others. By their places; `ret` has room for set->count. */
size_t letter_set_for(const struct letter_set *set, const char *country, size_t *ret);

#endif
