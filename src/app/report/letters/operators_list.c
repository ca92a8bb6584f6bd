/* Times are cut to the second: what a name server's clock is worth. */
#include "app/report/letters/operators_list.h"

#include "app/report/inside.h"
#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

static char *second(int64_t us, char out[UTC_TEXT])
{
    return utc_format(us - us % UTC_SECOND, out);
}

/* Lines of valid signals come first, in the order of their sources. */
struct operators_told operators_list_told(const struct sightings_answer *told, const uint8_t source[16])
{
    size_t low = 0, high = told->line_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sightings_line *line = &told->lines[middle];
        if (!line->invalid && memcmp(line->source, source, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < told->line_count && !told->lines[high].invalid &&
                     memcmp(told->lines[high].source, source, 16) == 0;)
        high++;
    return (struct operators_told){told->lines + low, high - low};
}

static void add_keys(const struct sightings_line *line, struct text *text)
{
    if (*line->tags)
        report_add_tags(text, line);
    else
        text_add(text, "no key");
}

void operators_list_add(
    const struct classify_source *source, const struct operators_told *told, struct text *text)
{
    const struct classify_evidence *e = &source->evidence;
    char address[ADDRESS_TEXT], first[UTC_TEXT], last[UTC_TEXT];
    text_printf(text, "%s\n", address_text(e->source, address));
    text_printf(text, "    seen   %s to %s; days: %u\n", second(e->first_us, first), second(e->last_us, last),
        e->days);
    text_printf(text, "    asked  queries: %" PRIu64 "; with DO: %" PRIu64 "; zone keys: %" PRIu64 "\n",
        e->queries ? e->queries : e->answers, e->dnssec_ok, e->zone_dnskey);
    for (size_t i = 0; i < told->count; i++) {
        text_add(text, "    told   ");
        add_keys(&told->lines[i], text);
        text_printf(text, "; times: %" PRIu64 ", last: %s\n", told->lines[i].signals,
            second(told->lines[i].last_us, last));
    }
}

/* ---- CSV ---- */

struct column {
    const char *name;
    uint64_t value;
};
enum { COLUMNS = 20 };

static void columns_of(const struct classify_evidence *e, struct column out[COLUMNS])
{
    const struct column columns[COLUMNS] = {{"days", e->days}, {"queries", e->queries},
        {"answers", e->answers}, {"tcp", e->tcp}, {"dnssec_ok", e->dnssec_ok}, {"truncated", e->truncated},
        {"zone_dnskey", e->zone_dnskey}, {"zone_dnskey_days", e->zone_dnskey_days}, {"signals", e->signals},
        {"old_signals", e->old_signals}, {"new_signals", e->new_signals},
        {"neither_signals", e->neither_signals}, {"signal_days", e->signal_days}, {"old_days", e->old_days},
        {"new_days", e->new_days}, {"late_signals", e->late_signals}, {"late_days", e->late_days},
        {"regressions", e->regressions}, {"recent_signals", e->recent_signals},
        {"recent_dnskey", e->recent_dnskey}};
    memcpy(out, columns, sizeof columns);
}

void operators_list_csv_head(struct text *text)
{
    static const struct classify_evidence none;
    struct column columns[COLUMNS];
    columns_of(&none, columns);
    text_add(text, "network,address,class,first,last,old_last,new_last,told");
    for (int i = 0; i < COLUMNS; i++)
        text_printf(text, ",%s", columns[i].name);
    text_add(text, "\r\n");
}

/* Empty if it never was. */
static void add_moment(struct text *text, int64_t us, bool was)
{
    char moment[UTC_TEXT];
    text_printf(text, "%s,", was ? second(us, moment) : "");
}

void operators_list_csv(const char *network, const struct classify_source *source,
    const struct operators_told *told, struct text *text)
{
    const struct classify_evidence *e = &source->evidence;
    struct column columns[COLUMNS];
    char address[ADDRESS_TEXT];
    report_add_cell(text, network);
    report_add_cell(text, address_text(e->source, address));
    report_add_cell(text, classify_name(source->class));
    add_moment(text, e->first_us, true);
    add_moment(text, e->last_us, true);
    add_moment(text, e->old_last_us, e->old_signals > 0);
    add_moment(text, e->new_last_us, e->new_signals > 0);
    for (size_t i = 0; i < told->count; i++) {
        text_add(text, i ? "; " : "");
        add_keys(&told->lines[i], text);
    }
    columns_of(e, columns);
    for (int i = 0; i < COLUMNS; i++)
        text_printf(text, ",%" PRIu64, columns[i].value);
    text_add(text, "\r\n");
}
