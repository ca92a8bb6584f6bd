/* For what leaves the machine: addresses of people are theirs. */
#include "app/report/report.h"

#include <stdlib.h>
#include <string.h>

/* As sightings_ask() orders the lines of an answer by source. */
static int compare(const void *a, const void *b)
{
    const struct sightings_line *x = a, *y = b;
    int order = (int)x->invalid - (int)y->invalid;
    if (order == 0)
        order = memcmp(x->source, y->source, sizeof x->source);
    if (order == 0)
        order = strcmp(x->zone, y->zone);
    return order ? order : strcmp(x->tags, y->tags);
}

int report_rename(struct sightings_answer *answer, struct pseudonym *pseudonym, struct err_note *note)
{
    for (size_t i = 0; i < answer->line_count; i++)
        if (pseudonym_apply(pseudonym, answer->lines[i].source) != 0)
            return err_set(note, ERR_INTERNAL, "pseudonyms cannot be made");
    if (answer->line_count)
        qsort(answer->lines, answer->line_count, sizeof *answer->lines, compare);
    return 0;
}
