/* The idea: one pass over octets. A record is the words up to a line's end that is not within parentheses;
 * the comment of its last line is kept. */
#include "app/lab/products/record.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/utc.h"
#include "core/dns/dnskey.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool record_is(struct record_word word, const char *string)
{
    return word.length == strlen(string) && strncasecmp(word.at, string, word.length) == 0;
}

bool record_number(struct record_word word, uint32_t most, uint32_t *ret)
{
    uint64_t value = 0;
    if (word.length == 0 || word.length > 10)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(word.at[i] - '0');
    }
    if (value > most)
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* A word at the reader's place: in quotes (which are left out), or up to what ends words. */
static struct record_word take_word(struct record_reader *r)
{
    struct record_word word = {.at = r->text + r->at};
    if (*word.at == '"') {
        word.at++;
        for (r->at++; r->at < r->length && r->text[r->at] != '"'; r->at++)
            r->line += r->text[r->at] == '\n';
        word.length = (size_t)(r->text + r->at - word.at);
        r->at += r->at < r->length;
        return word;
    }
    while (r->at < r->length && !space(r->text[r->at]) && !strchr("\n;()\"", r->text[r->at]))
        r->at++;
    word.length = (size_t)(r->text + r->at - word.at);
    if (word.length == 0) /* a NUL: strchr() finds it */
        r->at++;
    return word;
}

static struct record_word take_comment(struct record_reader *r)
{
    struct record_word comment = {.at = r->text + r->at};
    while (r->at < r->length && r->text[r->at] != '\n')
        r->at++;
    comment.length = (size_t)(r->text + r->at - comment.at);
    return comment;
}

static void add_word(struct record *record, struct record_word word, bool first, bool indented)
{
    if (first && !indented)
        record->owner = word;
    else if (record->word_count < RECORD_WORDS)
        record->word[record->word_count++] = word;
}

/* The words of one record. False: the line had none. */
static bool take_record(struct record_reader *r, struct record *record)
{
    bool indented = r->at < r->length && space(r->text[r->at]), any = false;
    unsigned depth = 0;
    *record = (struct record){.owner = r->owner, .from = r->at, .to = r->at, .line = r->line};
    while (r->at < r->length) {
        char c = r->text[r->at];
        if (c == '\n' && depth == 0)
            break;
        if (c == ';') {
            struct record_word comment = take_comment(r);
            if (depth == 0)
                record->comment = comment;
            continue;
        }
        if (c == '(' || c == ')' || c == '\n' || space(c)) {
            depth += c == '(';
            depth -= c == ')' && depth > 0;
            r->line += c == '\n';
            r->at++;
            if (c == ')')
                record->to = r->at;
            continue;
        }
        if (!any)
            record->from = r->at;
        add_word(record, take_word(r), !any, indented);
        record->to = r->at;
        any = true;
    }
    r->line += r->at < r->length;
    r->at += r->at < r->length;
    return any;
}

bool record_next(struct record_reader *reader, struct record *ret_record)
{
    if (reader->line == 0)
        reader->line = 1;
    while (reader->at < reader->length) {
        if (!take_record(reader, ret_record))
            continue;
        if (ret_record->owner.length && ret_record->owner.at[0] == '$') {
            if (record_is(ret_record->owner, "$ORIGIN") && ret_record->word_count > 0)
                reader->origin = ret_record->word[0];
            continue;
        }
        if (record_is(ret_record->owner, "@") && reader->origin.length)
            ret_record->owner = reader->origin;
        reader->owner = ret_record->owner;
        return true;
    }
    return false;
}

size_t record_key(const struct record_word *words, size_t count, uint8_t *out, size_t capacity)
{
    char text[BASE64_SIZE(RECORD_MAX_KEY)];
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < words[i].length; j++) {
            if (space(words[i].at[j]) || words[i].at[j] == '\n') /* within quotes */
                continue;
            if (length == sizeof text)
                return 0;
            text[length++] = words[i].at[j];
        }
    ssize_t key = base64_read(text, length, out, capacity);
    return key > 0 ? (size_t)key : 0;
}

bool record_key_tag(uint16_t flags, uint8_t protocol, uint8_t algorithm, const struct record_word *words,
    size_t count, uint16_t *ret_tag)
{
    uint8_t rdata[4 + RECORD_MAX_KEY];
    size_t key = record_key(words, count, rdata + 4, RECORD_MAX_KEY);
    if (key == 0)
        return false;
    bytes_put_u16(rdata, (uint16_t)(flags & ~DNSKEY_REVOKE));
    rdata[2] = protocol;
    rdata[3] = algorithm;
    *ret_tag = dnskey_tag(rdata, 4 + key);
    return true;
}

/* BIND's YYYYMMDDHHMMSS, or seconds. */
static bool read_time(struct record_word word, uint32_t *ret)
{
    char text[32];
    int64_t us;
    if (word.length != 14)
        return record_number(word, UINT32_MAX, ret);
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", word.at, word.at + 4, word.at + 6,
        word.at + 8, word.at + 10, word.at + 12);
    if (utc_parse(text, &us))
        return false;
    *ret = utc_second32(us);
    return true;
}

static bool read_key(const struct record *record, size_t at, struct record_anchor *anchor)
{
    uint32_t flags, protocol, algorithm;
    if (record->word_count < at + 4 || !record_number(record->word[at], UINT16_MAX, &flags) ||
        !record_number(record->word[at + 1], UINT8_MAX, &protocol) ||
        !record_number(record->word[at + 2], UINT8_MAX, &algorithm))
        return false;
    anchor->flags = (uint16_t)flags;
    anchor->algorithm = (uint8_t)algorithm;
    return record_key_tag((uint16_t)flags, (uint8_t)protocol, (uint8_t)algorithm, record->word + at + 3,
        record->word_count - at - 3, &anchor->tag);
}

static bool read_rdata(const struct record *record, struct record_anchor *anchor)
{
    const struct record_word *word = record->word + anchor->rdata;
    size_t left = record->word_count - anchor->rdata;
    uint32_t tag, algorithm;
    switch (anchor->kind) {
    case RECORD_SOA:
        return left >= 3 && record_number(word[2], UINT32_MAX, &anchor->serial);
    case RECORD_DS:
        if (left < 4 || !record_number(word[0], UINT16_MAX, &tag) ||
            !record_number(word[1], UINT8_MAX, &algorithm))
            return false;
        anchor->tag = (uint16_t)tag;
        anchor->algorithm = (uint8_t)algorithm;
        return true;
    case RECORD_DNSKEY:
        return read_key(record, anchor->rdata, anchor);
    case RECORD_KEYDATA:
        return left >= 7 && read_time(word[0], &anchor->refresh) && read_time(word[1], &anchor->add) &&
               read_time(word[2], &anchor->remove) && read_key(record, anchor->rdata + 3, anchor);
    default:
        return false;
    }
}

struct record_anchor record_anchor(const struct record *record)
{
    static const char *const types[] = {
        [RECORD_SOA] = "SOA", [RECORD_DS] = "DS", [RECORD_DNSKEY] = "DNSKEY", [RECORD_KEYDATA] = "KEYDATA"};
    struct record_anchor anchor = {.root = record_is(record->owner, ".")};
    uint32_t ttl;
    size_t at = 0;
    while (at < record->word_count &&
           (record_number(record->word[at], UINT32_MAX, &ttl) || record_is(record->word[at], "IN") ||
               record_is(record->word[at], "CH")))
        at++; /* TTL and class in either order */
    for (size_t kind = RECORD_SOA; at < record->word_count && kind <= RECORD_KEYDATA; kind++)
        if (record_is(record->word[at], types[kind]))
            anchor.kind = (enum record_kind)kind;
    anchor.rdata = at + 1;
    if (anchor.kind != RECORD_OTHER && !read_rdata(record, &anchor))
        anchor.kind = RECORD_OTHER;
    return anchor;
}
