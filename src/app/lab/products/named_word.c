/* Words of named.conf, and its lists of trust anchors. */
#include "app/lab/products/named_user.h"

#include <string.h>

static size_t skip_remark(const struct draft_file *file, size_t at)
{
    const char *text = file->text;
    if (text[at] == '#' || (text[at] == '/' && text[at + 1] == '/'))
        return at + strcspn(text + at, "\n");
    if (text[at] != '/' || text[at + 1] != '*')
        return at;
    const char *end = strstr(text + at + 2, "*/");
    return end ? (size_t)(end - text) + 2 : file->length + 1;
}

int named_token(
    const struct draft_file *file, size_t *at, struct named_token *ret_token, struct err_note *note)
{
    static const char marks[] = "{};";
    const char *text = file->text;
    size_t start = *at;
    for (;;) {
        start += strspn(text + start, " \t\r\n\f\v");
        size_t behind = skip_remark(file, start);
        if (behind > file->length)
            return user_error(file, start, note, "a remark does not end");
        if (behind == start)
            break;
        start = behind;
    }
    struct named_token token = {
        .from = start, .to = start + 1, .sort = NAMED_WORD, .word = {text + start, 0}};
    const char *mark = text[start] ? strchr(marks, text[start]) : NULL;
    if (!text[start]) {
        token.sort = NAMED_END;
        token.to = start;
    } else if (mark) {
        token.sort = (enum named_sort)(NAMED_OPEN + (mark - marks));
    } else if (text[start] == '"') {
        size_t end = start + 1;
        while (text[end] && text[end] != '"')
            end += text[end] == '\\' && text[end + 1] ? 2 : 1;
        if (!text[end])
            return user_error(file, start, note, "a string does not end");
        token.sort = NAMED_STRING;
        token.word = (struct record_word){text + start + 1, end - start - 1};
        token.to = end + 1;
    } else {
        size_t end = start;
        while (text[end] && !strchr("{};\" \t\r\n\f\v#", text[end]) && skip_remark(file, end) == end)
            end++;
        token.word = (struct record_word){text + start, end - start};
        token.to = end;
    }
    *at = token.to;
    *ret_token = token;
    return 0;
}

int named_skip(const struct draft_file *file, size_t *at, size_t *ret_close, struct err_note *note)
{
    struct named_token token;
    size_t open = *at;
    for (unsigned depth = 1; depth > 0;) {
        int rc = named_token(file, at, &token, note);
        if (rc)
            return rc;
        if (token.sort == NAMED_END)
            return user_error(file, open, note, "a { has no }");
        depth += token.sort == NAMED_OPEN;
        depth -= token.sort == NAMED_CLOSE;
    }
    *ret_close = token.from;
    return 0;
}

bool named_is_anchors(struct record_word word)
{
    static const char *const names[] = {
        "trust-anchors", "managed-keys", "trusted-keys", "dnssec-keys", "builtin-trust-anchors"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (record_is(word, names[i]))
            return true;
    return false;
}

/* NAME [KIND] NUMBER NUMBER NUMBER "MATERIAL": a digest if the kind ends with -ds, else a key. */
static void change_anchor(
    struct draft *draft, struct draft_file *file, const struct named_token *token, size_t count)
{
    uint32_t number[3];
    size_t first = count > 1 && !record_number(token[1].word, UINT32_MAX, &number[0]) ? 2 : 1;
    if (count < first + 4 || !record_is(token[0].word, "."))
        return;
    for (size_t i = 0; i < 3; i++)
        if (!record_number(token[first + i].word, UINT16_MAX, &number[i]))
            return;
    struct record_word kind = token[1].word, material[NAMED_WORDS];
    bool ds = first == 2 && kind.length > 3 && strncmp(kind.at + kind.length - 3, "-ds", 3) == 0;
    for (size_t i = first + 3; i < count; i++)
        material[i - first - 3] = token[i].word;
    uint16_t tag = (uint16_t)number[0];
    if (!ds && !record_key_tag((uint16_t)number[0], (uint8_t)number[1], (uint8_t)number[2], material,
                   count - first - 3, &tag))
        return;
    const struct lab_anchor *twin = user_twin(draft->setup, tag);
    bool initial = first == 2 && kind.length > 8 && strncmp(kind.at, "initial-", 8) == 0;
    draft_trust(draft, tag, initial);
    draft->trust.follows |= initial;
    if (!twin)
        return;
    const char *rdata = ds ? twin->ds : twin->dnskey, *last = strrchr(rdata, ' ');
    draft_replace(draft, file, token[first].from, token[count - 1].to,
        draft_string(draft, "%.*s \"%s\"", (int)(last - rdata), rdata, last + 1));
}

int named_anchor_list(struct draft *draft, struct draft_file *file, size_t *at, struct err_note *note)
{
    struct named_token token[NAMED_WORDS], next;
    size_t count = 0, open = *at;
    for (;;) {
        int rc = named_token(file, at, &next, note);
        if (rc)
            return rc;
        if (next.sort == NAMED_CLOSE && count == 0)
            return 0;
        if (next.sort == NAMED_END || next.sort == NAMED_OPEN || next.sort == NAMED_CLOSE)
            return user_error(file, next.sort == NAMED_END ? open : next.from, note,
                "a trust anchor is not ended by a semicolon");
        if (next.sort == NAMED_SEMICOLON) {
            change_anchor(draft, file, token, count);
            count = 0;
        } else if (count < NAMED_WORDS) {
            token[count++] = next;
        }
    }
}

int named_anchors(struct draft *draft, struct draft_file *file, struct err_note *note)
{
    struct named_token token;
    size_t at = 0, close;
    bool anchors = false;
    for (;;) {
        int rc = named_token(file, &at, &token, note);
        if (rc || token.sort == NAMED_END)
            return rc;
        if (token.sort == NAMED_WORD)
            anchors = named_is_anchors(token.word);
        else if (token.sort == NAMED_OPEN)
            rc = anchors ? named_anchor_list(draft, file, &at, note) : named_skip(file, &at, &close, note);
        if (rc)
            return rc;
    }
}
