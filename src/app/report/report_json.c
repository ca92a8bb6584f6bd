/* There may be a million lines: each is made into JSON by itself and freed, and the document put together
 * around them, so that they never are one tree. */
#include "app/report/inside.h"

#include "base/utc.h"
#include "io/json/json.h"

#include <string.h>

void report_add_value(struct text *text, struct json *value, bool pretty)
{
    if (json_write(value, pretty, text))
        text->failed = true;
    else
        text->string[--text->length] = '\0';
    json_free(value);
}

void report_set_text(
    struct json *object, const char *name, void (*add)(struct text *, const char *), const char *string)
{
    struct text text;
    if (!string) {
        json_set_null(object, name);
        return;
    }
    text_start(&text);
    add(&text, string);
    if (text.failed)
        json_fail(object);
    json_set_string(object, name, text.string);
    text_free(&text);
}

static void set_front(struct json *object, enum sightings_by by, const struct sightings_line *line)
{
    struct text text;
    if (by == SIGHTINGS_BY_TAGSET || by == SIGHTINGS_BY_KEY)
        return;
    text_start(&text);
    report_add_front(&text, by, line);
    if (text.failed)
        json_fail(object);
    json_set_string(object, report_by_word(by), text.string);
    text_free(&text);
}

static void set_tags(struct json *object, const struct sightings_line *line)
{
    char label[TASIGNAL_MAX_LABEL + 1];
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    json_set_string(object, "label", report_label(line, label) ? label : NULL);
    if (sighting_tags_parse(line->tags, tags, &count)) {
        json_set_null(object, "tags"); /* no store lets this in */
        return;
    }
    struct json *list = json_set_array(object, "tags");
    for (unsigned i = 0; i < count; i++)
        json_add_int(list, tags[i]);
}

static void add_line(struct text *text, enum sightings_by by, const struct sightings_line *line)
{
    struct json *object = json_new_object();
    set_front(object, by, line);
    report_set_text(object, "zone", report_add_name, line->zone);
    if (line->invalid)
        report_set_text(object, "reason", report_add_name, line->tags);
    else if (by == SIGHTINGS_BY_KEY)
        json_set_int(object, "key", line->key);
    else
        set_tags(object, line);
    json_set_int(object, "sources", (int64_t)line->sources);
    json_set_int(object, "signals", (int64_t)line->signals);
    if (!line->invalid) {
        json_set_int(object, "ta_null", (int64_t)line->ta_null);
        json_set_int(object, "ta_a", (int64_t)line->ta_a);
        json_set_int(object, "options", (int64_t)line->options);
    }
    json_set_time(object, "first", line->first_us);
    json_set_time(object, "last", line->last_us);
    report_add_value(text, object, false);
}

static void add_coverage(struct text *text, const struct sightings_coverage *coverage)
{
    struct json *object = json_new_object();
    bool any = coverage->from_us || coverage->to_us;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"inputs", coverage->inputs}, {"packets", coverage->packets},
        {"messages", coverage->messages}, {"dropped", coverage->dropped},
        {"overlapped", coverage->overlapped}, {"malformed", coverage->malformed},
        {"invalid", coverage->invalid}, {"too_big", coverage->too_big}, {"reassembly", coverage->reassembly},
        {"gaps", coverage->gaps}};
    json_set_string(object, "collector", coverage->collector);
    json_set_time(object, "from", any ? coverage->from_us : UTC_OPEN);
    json_set_time(object, "to", any ? coverage->to_us : UTC_OPEN);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_set_int(object, numbers[i].name, (int64_t)numbers[i].value);
    json_set_real(object, "gap_s", (double)coverage->gap_us / (double)UTC_SECOND);
    report_add_value(text, object, false);
}

static void begin_list(struct text *text, const char *name)
{
    text_printf(text, ",\n  \"%s\": [", name);
}

static void end_list(struct text *text, bool any)
{
    text_add(text, any ? "\n  ]" : "]");
}

static void add_lines(struct text *text, const struct report *report, const char *name, bool invalid)
{
    const struct sightings_answer *answer = report->answer;
    bool any = false;
    begin_list(text, name);
    for (size_t i = 0; i < answer->line_count; i++) {
        if (answer->lines[i].invalid != invalid)
            continue;
        text_add(text, any ? ",\n    " : "\n    ");
        add_line(text, report->question->by, &answer->lines[i]);
        any = true;
    }
    end_list(text, any);
}

static struct json *head(const struct report *report)
{
    const struct sightings_question *question = report->question;
    const struct sightings_answer *answer = report->answer;
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.report/1");
    report_set_text(root, "store", report_add_store, report->store);
    json_set_string(root, "by", report_by_word(question->by));
    json_set_time(root, "from", question->from_us == INT64_MIN ? UTC_OPEN : question->from_us);
    json_set_time(root, "to", question->to_us == INT64_MAX ? UTC_OPEN : question->to_us);
    json_set_string(root, "zone", question->zone);
    json_set_string(root, "collector", question->collector);
    json_set_bool(root, "partial", answer->partial);
    json_set_string(root, "missing", answer->missing);
    json_set_int(root, "sources", (int64_t)answer->sources);
    json_set_int(root, "observed", (int64_t)answer->observed);
    return root;
}

void report_json(const struct report *report, struct text *text)
{
    const struct sightings_answer *answer = report->answer;
    size_t begin = text->length;
    report_add_value(text, head(report), true);
    if (text->failed || text->length < begin + 2)
        return;
    text->length -= 2; /* "\n}", to go on */
    text->string[text->length] = '\0';
    add_lines(text, report, "rows", false);
    add_lines(text, report, "malformed", true);
    begin_list(text, "coverage");
    for (size_t i = 0; i < answer->coverage_count; i++) {
        text_add(text, i ? ",\n    " : "\n    ");
        add_coverage(text, &answer->coverage[i]);
    }
    end_list(text, answer->coverage_count > 0);
    text_add(text, "\n}\n");
}
