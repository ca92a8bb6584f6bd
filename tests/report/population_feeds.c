/* Other feeds than the usual ones, and other dates for who is mended: for stories in which both change in the
 * same week. */
#include "population.h"

#include <stdlib.h>
#include <string.h>

enum { DATE_LENGTH = 10, HOURS = 24 };

/* "2017-10-01..2018-02-01"; what follows it in *ret_rest. */
static bool read_dates(const char *text, int64_t ret_us[2], const char **ret_rest)
{
    char date[DATE_LENGTH + 1] = "";
    for (int i = 0; i < 2; i++) {
        if (strlen(text) < DATE_LENGTH)
            return false;
        memcpy(date, text, DATE_LENGTH);
        if (utc_parse(date, &ret_us[i]))
            return false;
        text += DATE_LENGTH;
        if (i == 0 && strncmp(text, "..", 2) != 0)
            return false;
        text += i == 0 ? 2 : 0;
    }
    *ret_rest = text;
    return ret_us[0] < ret_us[1];
}

int population_feed(struct population *population, const char *text, struct err_note *note)
{
    static const char *const names[POPULATION_LETTERS] = {"synthetic-a", "synthetic-b", "synthetic-c",
        "synthetic-d", "synthetic-e", "synthetic-f", "synthetic-g", "synthetic-h", "synthetic-i",
        "synthetic-j", "synthetic-k", "synthetic-l", "synthetic-m"};
    int64_t us[2];
    const char *rest = "";
    unsigned hours = HOURS;
    bool fits = *text >= 'a' && *text < 'a' + POPULATION_LETTERS && text[1] == '=';
    struct letter *letter = &population->letters[fits ? *text - 'a' : 0];
    if (fits && strcmp(text + 2, "none") == 0) {
        *letter = (struct letter){.collector = NULL};
        return 0;
    }
    fits = fits && read_dates(text + 2, us, &rest);
    if (fits && *rest == '/') {
        char *end;
        hours = (unsigned)strtoul(rest + 1, &end, 10);
        fits = end > rest + 1 && !*end && hours >= 1 && hours <= HOURS;
    } else {
        fits = fits && !*rest;
    }
    if (!fits)
        return err_set(
            note, ERR_USAGE, "--feed: LETTER=none or LETTER=DATE..DATE[/HOURS] is expected, not '%s'", text);
    *letter = (struct letter){.collector = names[*text - 'a'],
        .from_us = us[0],
        .to_us = us[1],
        .hours = hours == HOURS ? 0 : hours};
    return 0;
}

int population_mend(struct population *population, const char *text, struct err_note *note)
{
    const char *equals = strchr(text, '='), *rest = "";
    int64_t us[2];
    size_t length = equals ? (size_t)(equals - text) : 0;
    if (equals && read_dates(equals + 1, us, &rest) && !*rest)
        for (int i = 0; i < KIND_COUNT; i++) {
            struct kind_row *kind = &population->kinds[i];
            if (!kind->mend_from || strlen(kind->name) != length || strncmp(kind->name, text, length) != 0)
                continue;
            char(*dates)[UTC_TEXT] = population->mend_dates[i];
            kind->mend_from = utc_format_short(us[0], dates[0]);
            kind->mend_to = utc_format_short(us[1], dates[1]);
            return 0;
        }
    return err_set(
        note, ERR_USAGE, "--mend: KIND=DATE..DATE is expected, of a kind that is mended, not '%s'", text);
}
