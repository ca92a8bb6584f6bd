/* The three forms of a report, and what they have in common. */
#include "app/report/inside.h"

#include "base/utc.h"

#include <string.h>

static const char *const by_words[] = {
    [SIGHTINGS_BY_TAGSET] = "tagset",
    [SIGHTINGS_BY_KEY] = "key",
    [SIGHTINGS_BY_DAY] = "day",
    [SIGHTINGS_BY_SOURCE] = "source",
    [SIGHTINGS_BY_COLLECTOR] = "collector",
};

static const struct {
    const char *word;
    void (*write)(const struct report *report, struct text *text);
} formats[] = {
    [REPORT_TABLE] = {"table", report_table},
    [REPORT_JSON] = {"json", report_json},
    [REPORT_CSV] = {"csv", report_csv},
};

int report_format(const char *word, enum report_format *ret_format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].word, word) == 0) {
            *ret_format = (enum report_format)i;
            return 0;
        }
    return ERR_USAGE;
}

int report_by(const char *word, enum sightings_by *ret_by)
{
    for (size_t i = 0; i < sizeof by_words / sizeof *by_words; i++)
        if (strcmp(by_words[i], word) == 0) {
            *ret_by = (enum sightings_by)i;
            return 0;
        }
    return ERR_USAGE;
}

const char *report_by_word(enum sightings_by by)
{
    return by_words[by];
}

void report_add_store(struct text *text, const char *store)
{
    static const char scheme[] = "clickhouse://";
    const char *rest = store + strlen(scheme);
    if (strncmp(store, scheme, strlen(scheme)) == 0) {
        size_t user = strcspn(rest, "/?"), at = user;
        while (at > 0 && rest[at - 1] != '@')
            at--;
        size_t colon = strcspn(rest, ":");
        if (at > 0 && colon < at) {
            text_add_bytes(text, store, strlen(scheme) + colon);
            text_add(text, ":***");
            store = rest + at - 1; /* from the @ on */
        }
    }
    text_add(text, store);
}

void report_add_name(struct text *text, const char *name)
{
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (c >= ' ' && c < 0x7f)
            text_add_bytes(text, name, 1);
        else
            text_printf(text, "\\%03u", c);
    }
}

void report_add_front(struct text *text, enum sightings_by by, const struct sightings_line *line)
{
    char when[UTC_TEXT], address[ADDRESS_TEXT];
    if (by == SIGHTINGS_BY_DAY)
        text_add(text, utc_format_short(line->day_us, when));
    else if (by == SIGHTINGS_BY_SOURCE)
        text_add(text, address_text(line->source, address));
    else if (by == SIGHTINGS_BY_COLLECTOR)
        report_add_name(text, line->collector);
}

void report_add_tags(struct text *text, const struct sightings_line *line)
{
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    if (sighting_tags_parse(line->tags, tags, &count)) {
        report_add_name(text, line->tags); /* no store lets this in */
        return;
    }
    for (unsigned i = 0; i < count; i++)
        text_printf(text, "%s%u", i ? " " : "", tags[i]);
}

bool report_label(const struct sightings_line *line, char out[TASIGNAL_MAX_LABEL + 1])
{
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    return sighting_tags_parse(line->tags, tags, &count) == 0 && tasignal_label(tags, count, out) > 0;
}

int report_write(const struct report *report, enum report_format format, struct text *ret_text)
{
    formats[format].write(report, ret_text);
    return ret_text->failed ? ERR_NOMEM : 0;
}
