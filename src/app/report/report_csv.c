/* RFC 4180: CRLF, and quotes where a cell needs them. Spreadsheets run what looks like a formula, and zones
 * are named by strangers: such cells begin with an apostrophe. */
#include "app/report/inside.h"

#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

void report_add_cell(struct text *text, const char *cell)
{
    bool quoted = strpbrk(cell, ",\"\r\n") != NULL;
    if (quoted)
        text_add(text, "\"");
    if (*cell && strchr("=+-@\t\r", *cell))
        text_add(text, "'");
    for (; *cell; cell++)
        text_add_bytes(text, *cell == '"' ? "\"\"" : cell, *cell == '"' ? 2 : 1);
    if (quoted)
        text_add(text, "\"");
    text_add(text, ",");
}

void report_take_cell(struct text *text, struct text *cell)
{
    report_add_cell(text, cell->string);
    text->failed = text->failed || cell->failed;
    text_clear(cell);
}

static void add_line(
    struct text *text, const struct report *report, const struct sightings_line *line, struct text *cell)
{
    enum sightings_by by = report->question->by;
    char label[TASIGNAL_MAX_LABEL + 1], first[UTC_TEXT], last[UTC_TEXT];
    if (by != SIGHTINGS_BY_TAGSET && by != SIGHTINGS_BY_KEY) {
        report_add_front(cell, by, line);
        report_take_cell(text, cell);
    }
    report_add_name(cell, line->zone);
    report_take_cell(text, cell);
    if (by == SIGHTINGS_BY_KEY) {
        if (!line->invalid)
            text_printf(cell, "%u", line->key);
        report_take_cell(text, cell);
    } else {
        if (!line->invalid)
            report_add_tags(cell, line);
        report_take_cell(text, cell);
        report_add_cell(text, !line->invalid && report_label(line, label) ? label : "");
    }
    if (line->invalid)
        report_add_name(cell, line->tags);
    report_take_cell(text, cell);
    text_printf(text, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s,%s,%s\r\n",
        line->sources, line->signals, line->ta_null, line->ta_a, line->options,
        utc_format(line->first_us, first), utc_format(line->last_us, last),
        report->answer->partial ? "no" : "yes");
}

void report_csv(const struct report *report, struct text *text)
{
    enum sightings_by by = report->question->by;
    struct text cell;
    text_start(&cell);
    if (by != SIGHTINGS_BY_TAGSET && by != SIGHTINGS_BY_KEY)
        text_printf(text, "%s,", report_by_word(by));
    text_printf(text, "zone,%s,reason,sources,signals,ta_null,ta_a,options,first,last,complete\r\n",
        by == SIGHTINGS_BY_KEY ? "key" : "tags,label");
    for (size_t i = 0; i < report->answer->line_count; i++)
        add_line(text, report, &report->answer->lines[i], &cell);
    text->failed = text->failed || cell.failed;
    text_free(&cell);
}
