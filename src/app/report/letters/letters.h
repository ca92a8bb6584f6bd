/* letters: what a report means for each country, as letters that are ready to be mailed; nothing is sent. A
 * country with any source gets one letter in each language in which a template addresses it: CC.LANGUAGE.txt,
 * beside an index, letters.json ("rollcall.letters/1"):
 *
 *     {"schema", "plan", "zone", "from", "to", "roll", "without_country", "letters": [{"file", "country",
 * "language", and as in a line of `report --by country`: "sources", "old_only", "at_risk"}], "files":
 * [{"file", "sha256"}]}
 *
 * Numbers are those of `report --by country`. The directory is written whole or not at all
 * (io/proc/folder.h). */
#ifndef APP_REPORT_LETTERS_H
#define APP_REPORT_LETTERS_H

#include "app/report/letters/letter_terms.h"

struct letters_wish {
    const char *directory;
    const char *templates; /* a directory; NULL: those that are shipped */
    struct letter_terms_wish terms;
    const char *const *countries; /* only these */
    size_t country_count;         /* 0: all */
};

/* What was written, for people. */
struct letters_done {
    size_t letters, places; /* places: countries, or networks */
    uint64_t elsewhere;     /* sources (at risk) that are in none of them */
};

/* ERR_DATA: a template is wrong. ERR_USAGE: the directory is not ours. ERR_NOINPUT: there
 * is no template for a country, or no source in one that is asked for. ERR_UNAVAILABLE: part of the store did
 * not answer: no letters are written then. Errors of folder_begin(). */
int letters_write(const struct readiness *readiness, const struct letters_wish *wish, struct arena *arena,
    struct letters_done *ret_done, struct err_note *note);

/* Shared with operators.c: the head of an index, without "files". NULL when memory is short. */
struct json *letters_index(
    const struct readiness *readiness, const struct letters_wish *wish, const char *schema);

/* ERR_UNAVAILABLE if part of the store did not answer. */
int letters_check_whole(const struct readiness *readiness, struct err_note *note);

#endif
