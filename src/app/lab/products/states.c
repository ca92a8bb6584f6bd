#include "app/lab/products/states.h"

#include <string.h>
#include <strings.h>

/* As RFC 5011 numbers its states, and so unbound (validator/autotrust.h); and as kresd names them. */
static const char *const numbers[RFC5011_STATES] = {"0 ", "1 ", "2 ", "3 ", "4 ", "5 "};
static const char *const names[RFC5011_STATES] = {
    "Start:", "AddPend:", "Valid:", "Missing:", "Revoked:", "Removed:"};

/* The state that follows `mark` in a comment; `other` without one. */
static enum rfc5011_state find_state(
    struct record_word comment, const char *mark, const char *const *words, enum rfc5011_state other)
{
    size_t length = strlen(mark);
    for (size_t at = 0; at + length < comment.length; at++) {
        const char *behind = comment.at + at + length;
        size_t left = comment.length - at - length;
        if (strncmp(comment.at + at, mark, length) != 0)
            continue;
        for (size_t i = 0; i < RFC5011_STATES; i++)
            if (strlen(words[i]) <= left && strncmp(behind, words[i], strlen(words[i])) == 0)
                return (enum rfc5011_state)i;
    }
    return other;
}

bool states_trusted(struct record_word comment)
{
    enum rfc5011_state state =
        find_state(comment, ";;state=", numbers, find_state(comment, "; ", names, RFC5011_VALID));
    return state == RFC5011_VALID || state == RFC5011_MISSING;
}

void states_autotrust(const char *text, size_t length, struct product_states *states)
{
    struct record_reader reader = {.text = text, .length = length};
    struct record record;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        if (anchor.root && (anchor.kind == RECORD_DNSKEY || anchor.kind == RECORD_DS))
            product_tell(states, anchor.tag, find_state(record.comment, ";;state=", numbers, RFC5011_VALID));
    }
}

/* The records of one text; of what is commented out only those whose state is told. */
static void keyfile_records(const char *text, size_t length, bool commented, struct product_states *states)
{
    struct record_reader reader = {.text = text, .length = length};
    struct record record;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        enum rfc5011_state state =
            find_state(record.comment, "; ", names, commented ? RFC5011_STATES : RFC5011_VALID);
        if (anchor.root && (anchor.kind == RECORD_DNSKEY || anchor.kind == RECORD_DS) &&
            state < RFC5011_STATES)
            product_tell(states, anchor.tag, state);
    }
}

void states_keyfile(const char *text, size_t length, struct product_states *states)
{
    keyfile_records(text, length, false, states);
    for (size_t at = 0; at < length;) {
        const char *newline = memchr(text + at, '\n', length - at);
        size_t end = newline ? (size_t)(newline - text) : length;
        if (end - at > 2 && strncmp(text + at, "; ", 2) == 0)
            keyfile_records(text + at + 2, end - at - 2, true, states);
        at = end + 1;
    }
}
