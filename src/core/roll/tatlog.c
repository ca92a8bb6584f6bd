/* The message is found first, by words that no name in a log can hold: named writes a space in a name as
 * \032, so neither "telemetry '" nor "' from " can be a stranger's. What stands before it is searched for a
 * time. */
#include "core/roll/tatlog.h"

#include "base/address.h"
#include "base/utc.h"

#include <stdio.h>
#include <string.h>

static const char opening[] = "trust-anchor-telemetry '", closing[] = "' from ";

enum { TIME_TEXT = 48, MONTH = 3 };

struct piece {
    const char *at, *end;
};

static size_t piece_length(struct piece piece)
{
    return (size_t)(piece.end - piece.at);
}

/* The next word; empty at the end. */
static struct piece next_word(struct piece *rest)
{
    while (rest->at < rest->end && *rest->at == ' ')
        rest->at++;
    struct piece word = {rest->at, rest->at};
    while (word.end < rest->end && *word.end != ' ')
        word.end++;
    rest->at = word.end;
    return word;
}

/* ---- the time ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether text has this form: 0 a digit, a a letter, anything else itself. */
static bool has_form(const char *text, size_t length, const char *form)
{
    size_t size = strlen(form);
    if (length < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char letter = (char)(text[i] | 32);
        bool fits = form[i] == '0'   ? is_digit(text[i])
                    : form[i] == 'a' ? letter >= 'a' && letter <= 'z'
                                     : text[i] == form[i];
        if (!fits)
            return false;
    }
    return true;
}

/* A date and a time of day, with a zone or without, as utc_parse() wants them. */
static bool read_time(const char *date, struct piece time, int64_t *ret_us, bool *ret_zoned)
{
    char text[TIME_TEXT];
    size_t length = piece_length(time), end = 8;
    if (!has_form(time.at, length, "00:00:00") || length > 32)
        return false;
    if (end < length && time.at[end] == '.')
        for (end++; end < length && is_digit(time.at[end]);)
            end++;
    size_t zone = length - end;
    const char *suffix = time.at + end;
    *ret_zoned = zone > 0;
    if (zone == 0)
        snprintf(text, sizeof text, "%.10sT%.*sZ", date, (int)end, time.at);
    else if (zone == 5 && (*suffix == '+' || *suffix == '-')) /* +0100, as journalctl writes it */
        snprintf(text, sizeof text, "%.10sT%.*s%.3s:%.2s", date, (int)end, time.at, suffix, suffix + 3);
    else
        snprintf(text, sizeof text, "%.10sT%.*s", date, (int)length, time.at);
    return utc_parse(text, ret_us) == 0;
}

/* 25-Nov-2026 as 2026-11-25. */
static bool read_local_date(struct piece word, char out[TIME_TEXT])
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (piece_length(word) != 11 || !has_form(word.at, 11, "00-aaa-0000"))
        return false;
    unsigned month = 0;
    for (unsigned i = 0; i < 12; i++)
        if ((word.at[3] | 32) == months[MONTH * i] && (word.at[4] | 32) == months[MONTH * i + 1] &&
            (word.at[5] | 32) == months[MONTH * i + 2])
            month = i + 1;
    snprintf(out, TIME_TEXT, "%.4s-%02u-%.2s", word.at + 7, month, word.at);
    return month > 0;
}

/* The time that a word, perhaps with the next one, is. */
static bool read_word(struct piece word, struct piece rest, int64_t *ret_us, bool *ret_zoned)
{
    char date[TIME_TEXT];
    if (read_local_date(word, date) || (piece_length(word) == 10 && has_form(word.at, 10, "0000-00-00"))) {
        const char *begin = piece_length(word) == 10 ? word.at : date;
        return read_time(begin, next_word(&rest), ret_us, ret_zoned);
    }
    if (piece_length(word) > 11 && has_form(word.at, 10, "0000-00-00") && (word.at[10] | 32) == 't')
        return read_time(word.at, (struct piece){word.at + 11, word.end}, ret_us, ret_zoned);
    return false;
}

/* The first time that tells its zone (syslog's, before named's local one), else the first. */
static bool find_time(struct piece rest, int64_t *ret_us)
{
    bool found = false;
    for (;;) {
        struct piece word = next_word(&rest);
        int64_t us;
        bool zoned;
        if (piece_length(word) == 0)
            return found;
        if (!read_word(word, rest, &us, &zoned) || (found && !zoned))
            continue;
        *ret_us = us;
        found = true;
        if (zoned)
            return true;
    }
}

/* ---- the message ---- */

/* NAME/CLASS. */
static int read_name(struct piece text, struct name *ret_name, struct err_note *note)
{
    char name[NAME_MAX_TEXT];
    const char *slash = memrchr(text.at, '/', piece_length(text));
    if (!slash || (size_t)(slash - text.at) >= sizeof name || memchr(text.at, '\0', piece_length(text)))
        return err_set(note, ERR_DATA, "no name and class between its quotation marks");
    if (text.end - slash != 3 || memcmp(slash, "/IN", 3) != 0)
        return err_set(note, ERR_DATA, "not of class IN");
    memcpy(name, text.at, (size_t)(slash - text.at));
    name[slash - text.at] = '\0';
    int err = name_from_text(name, ret_name, note);
    if (!err)
        name_lower(ret_name);
    return err;
}

/* An address, of which named writes a link-local one with its zone. */
static int read_source(struct piece word, uint8_t ret_source[16], struct err_note *note)
{
    const char *percent = memchr(word.at, '%', piece_length(word));
    size_t length = percent ? (size_t)(percent - word.at) : piece_length(word);
    if (length == 0 || !address_parse(word.at, length, ret_source))
        return err_set(note, ERR_DATA, "no address after \"from\"");
    return 0;
}

static bool read_tag(struct piece word, uint16_t *ret_tag)
{
    uint32_t value = 0;
    if (piece_length(word) > 5)
        return false;
    for (const char *at = word.at; at < word.end; at++) {
        if (!is_digit(*at))
            return false;
        value = value * 10 + (uint32_t)(*at - '0');
    }
    *ret_tag = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* The tags of the option. More than tasignal_parse_option() takes are a malformed signal, as there. */
static int read_tags(struct piece rest, struct tatlog *log, struct err_note *note)
{
    uint8_t option[2 * TASIGNAL_MAX_OPTION];
    size_t length = 0;
    bool too_many = false;
    for (;;) {
        struct piece word = next_word(&rest);
        uint16_t tag;
        if (piece_length(word) == 0)
            break;
        if (!read_tag(word, &tag))
            return err_set(note, ERR_DATA, "no key tag where one should be");
        too_many |= length == sizeof option;
        if (!too_many) {
            bytes_put_u16(option + length, tag);
            length += 2;
        }
    }
    if (length == 0)
        return 0;
    unsigned count = 0;
    log->kind = too_many ? SIGHTING_INVALID : SIGHTING_OPTION;
    log->fault = too_many ? "more key tags than are read" : NULL;
    if (!too_many && tasignal_parse_option(option, length, log->tags, &count) == 0)
        log->tag_count = (uint8_t)count;
    return 0;
}

/* A line without tags: the first label of its name is the signal. */
static void read_label(struct tatlog *log)
{
    const uint8_t *label = log->zone.wire + 1;
    size_t length = log->zone.wire[0];
    unsigned count = 0;
    int err = tasignal_parse(label, length, log->tags, &count);
    log->kind = err ? SIGHTING_INVALID : SIGHTING_TA_NULL;
    log->tag_count = (uint8_t)count;
    if (err)
        log->fault = err == ERR_NOINPUT ? "an option without a key tag" : tasignal_fault(label, length);
    struct name zone;
    if (err != ERR_NOINPUT && name_parent(&log->zone, &zone))
        log->zone = zone;
}

static int read_message(struct piece text, struct tatlog *log, struct err_note *note)
{
    const char *end = memmem(text.at, piece_length(text), closing, sizeof closing - 1);
    if (!end)
        return err_set(note, ERR_DATA, "cut off before its source");
    struct piece rest = {end + sizeof closing - 1, text.end};
    int err = read_name((struct piece){text.at, end}, &log->zone, note);
    if (!err)
        err = read_source(next_word(&rest), log->source, note);
    if (!err)
        err = read_tags(rest, log, note);
    if (!err && log->kind == SIGHTING_NONE)
        read_label(log);
    return err;
}

int tatlog_parse(const char *line, size_t length, struct tatlog *ret, struct err_note *note)
{
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n' || line[length - 1] == ' '))
        length--;
    const char *found = memmem(line, length, opening, sizeof opening - 1);
    if (!found)
        return ERR_NOINPUT;
    struct tatlog log = {.kind = SIGHTING_NONE};
    if (!find_time((struct piece){line, found}, &log.time_us))
        return err_set(note, ERR_DATA, "a trust-anchor-telemetry line without a time with its year");
    struct err_note why = {""};
    int err = read_message((struct piece){found + sizeof opening - 1, line + length}, &log, &why);
    if (err)
        return err_set(note, err, "a malformed trust-anchor-telemetry line: %s", why.text);
    *ret = log;
    return 0;
}
