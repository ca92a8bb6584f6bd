/* Each line is built whole and then folded (RFC 5545 §3.1): at most 75 octets, no character cut in two. */
#include "core/roll/plan_ical.h"

#include <stdio.h>
#include <string.h>

enum { FOLD = 75 };

/* Octets of the line's next part: `most` or less, ending where a character ends. */
static size_t fold_at(const char *line, size_t length, size_t most)
{
    if (length <= most)
        return length;
    size_t at = most;
    while (at > 1 && ((unsigned char)line[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* Adds the line with its CRLF and frees it. */
static void add_line(struct text *text, struct text *line)
{
    const char *at = line->string;
    size_t left = line->length, most = FOLD;
    while (left) {
        size_t part = fold_at(at, left, most);
        text_add(text, at == line->string ? "" : "\r\n ");
        text_add_bytes(text, at, part);
        at += part;
        left -= part;
        most = FOLD - 1; /* the space counts */
    }
    text_add(text, "\r\n");
    text->failed = text->failed || line->failed;
    text_free(line);
}

/* RFC 5545 §3.3.11. Control characters have no place in a text. */
static void add_escaped(struct text *line, const char *string)
{
    for (size_t left = strlen(string); left;) {
        unsigned code = 0;
        size_t length = text_utf8(string, left, &code);
        if (code == '\n')
            text_add(line, "\\n");
        else if (!length || code < 0x20 || code == 0x7F)
            text_add(line, "\xEF\xBF\xBD");
        else if (code == '\\' || code == ';' || code == ',')
            text_printf(line, "\\%c", (char)code);
        else
            text_add_bytes(line, string, length);
        length += length == 0;
        string += length;
        left -= length;
    }
}

static void add_text(struct text *text, const char *property, const char *value)
{
    struct text line;
    text_start(&line);
    text_printf(&line, "%s:", property);
    add_escaped(&line, value);
    add_line(text, &line);
}

static void add_plain(struct text *text, const char *format, const char *value)
{
    text_printf(text, "%s:%s\r\n", format, value);
}

static const char *stamp(int64_t us, char out[UTC_TEXT])
{
    struct utc_date d = utc_date_of(us);
    snprintf(out, UTC_TEXT, "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day, d.hour, d.minute, d.second);
    return out;
}

static void add_start(struct text *text, int64_t us)
{
    char out[UTC_TEXT];
    stamp(us, out);
    if (us % UTC_DAY == 0) {
        out[8] = '\0';
        add_plain(text, "DTSTART;VALUE=DATE", out);
    } else {
        add_plain(text, "DTSTART", out);
    }
}

/* How often the history moved the step. */
static unsigned moves(const struct plan *plan, const struct plan_key *key, enum plan_do what)
{
    unsigned count = 0;
    for (size_t i = 0; i < plan->history_count; i++)
        for (size_t j = 0; j < plan->history[i].change_count; j++) {
            const struct plan_change *change = &plan->history[i].changes[j];
            count += change->what == what && strcmp(change->key, key->id) == 0;
        }
    return count;
}

static void begin_event(struct text *text, const struct plan *plan, int64_t now_us, const char *uid)
{
    char out[UTC_TEXT];
    struct text line;
    text_add(text, "BEGIN:VEVENT\r\n");
    text_start(&line);
    text_printf(&line, "UID:");
    add_escaped(&line, uid);
    text_add(&line, ".");
    add_escaped(&line, plan->name);
    text_add(&line, ".");
    add_escaped(&line, plan->zone);
    text_add(&line, "@rollcall");
    add_line(text, &line);
    add_plain(text, "DTSTAMP", stamp(now_us, out));
}

static void add_step(
    struct text *text, const struct plan *plan, const struct plan_key *key, size_t index, int64_t now_us)
{
    static const char *const verbs[] = {
        "is published", "begins to sign", "stops signing", "is revoked", "is withdrawn"};
    const struct plan_step *step = &key->steps[index];
    int64_t at_us = step->at_us == UTC_OPEN ? step->was_us : step->at_us;
    if (!at_us)
        return; /* never had a date: nothing to show, and nothing to take back */
    char uid[160], number[16];
    unsigned nth = 1;
    for (size_t i = 0; i < index; i++)
        nth += key->steps[i].what == step->what;
    snprintf(uid, sizeof uid, "%s.%s.%u", key->id, plan_do_name(step->what), nth);
    begin_event(text, plan, now_us, uid);
    snprintf(number, sizeof number, "%u", moves(plan, key, step->what));
    add_plain(text, "SEQUENCE", number);
    add_start(text, at_us);
    add_plain(text, "STATUS",
        step->at_us == UTC_OPEN ? "CANCELLED"
        : step->planned         ? "TENTATIVE"
                                : "CONFIRMED");
    struct text summary;
    text_start(&summary);
    text_printf(&summary, "%s: %s", plan->name, key->id);
    int32_t tag = step->what == PLAN_REVOKE ? key->revoked_tag : key->tag;
    if (tag >= 0)
        text_printf(&summary, " (%d)", tag);
    text_printf(
        &summary, " %s%s", verbs[step->what], step->at_us == UTC_OPEN ? ": held, without a date" : "");
    add_text(text, "SUMMARY", summary.string);
    text_free(&summary);
    if (step->note)
        add_text(text, "DESCRIPTION", step->note);
    text_add(text, "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}

static void add_entry(struct text *text, const struct plan *plan, size_t index, int64_t now_us)
{
    const struct plan_entry *entry = &plan->history[index];
    char uid[64];
    snprintf(uid, sizeof uid, "history.%zu", index + 1);
    begin_event(text, plan, now_us, uid);
    add_start(text, entry->at_us);
    add_plain(text, "STATUS", "CONFIRMED");
    struct text summary;
    text_start(&summary);
    text_printf(&summary, "%s: %s%s%s", plan->name, entry->operation, entry->who ? " by " : "",
        entry->who ? entry->who : "");
    add_text(text, "SUMMARY", summary.string);
    text_free(&summary);
    add_text(text, "DESCRIPTION", entry->reason);
    text_add(text, "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}

int plan_ical_write(const struct plan *plan, int64_t now_us, struct text *ret_text)
{
    if (plan->relative)
        return ERR_DATA;
    text_add(ret_text,
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//rollcall//plan 1//EN\r\nCALSCALE:GREGORIAN\r\n");
    add_text(ret_text, "X-WR-CALNAME", plan->title ? plan->title : plan->name);
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++)
            add_step(ret_text, plan, &plan->keys[i], j, now_us);
    for (size_t i = 0; i < plan->history_count; i++)
        add_entry(ret_text, plan, i, now_us);
    text_add(ret_text, "END:VCALENDAR\r\n");
    return ret_text->failed ? ERR_NOMEM : 0;
}
