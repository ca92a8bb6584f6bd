/* report: the plain counts of a store of sightings, for people and for programs. No judgement: who told which
 * tag set, how many different sources that is, and of how many that were seen.
 *
 * JSON is one document, "rollcall.report/1":
 *
 *     {"schema", "store", "by", "from", "to", "zone", "collector", "partial", "missing", "sources",
 * "observed", "rows": [{by's field, "zone", "label", "tags" (or "key"), "sources", "signals", "ta_null",
 * "ta_a", "options", "first", "last"}], "malformed": [{by's field, "zone", "reason", "sources", "signals",
 * "first", "last"}], "coverage": [{"collector", "from", "to", "inputs", "packets", …, "gaps", "gap_s"}]}
 *
 * CSV is RFC 4180 with a header line, and its column `complete` is "no" where the answer is partial;
 * malformed signals are lines with a `reason`. A cell that a spreadsheet would take for a formula begins with
 * an apostrophe. Strings of strangers come as names in presentation form do: what is not printable as \DDD.
 */
#ifndef APP_REPORT_REPORT_H
#define APP_REPORT_REPORT_H

#include "base/text.h"
#include "io/keys/pseudonym.h"
#include "io/store/sightings.h"

enum report_format { REPORT_TABLE, REPORT_JSON, REPORT_CSV };

struct report {
    const char *store; /* as the user named it; a password in it is not shown */
    const struct sightings_question *question;
    const struct sightings_answer *answer;
    size_t columns; /* of the screen, for the table */
};

/* "table", "json", "csv". ERR_USAGE for any other word. */
int report_format(const char *word, enum report_format *ret_format);

/* "tagset", "key", "day", "source", "collector". ERR_USAGE for any other word. */
int report_by(const char *word, enum sightings_by *ret_by);

/* Adds the report to a text. ERR_NOMEM. */
int report_write(const struct report *report, enum report_format format, struct text *ret_text);

/* Puts pseudonyms in place of the addresses of an answer by source, and its lines in their order.
 * ERR_INTERNAL. */
int report_rename(struct sightings_answer *answer, struct pseudonym *pseudonym, struct err_note *note);

#endif
