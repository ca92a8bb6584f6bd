/* Verification: numbers first, so that lines that are missing or moved are called that, then digests. Pure:
 * files are in chain_file.c. */
#include "io/keys/chain.h"

#include "io/json/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* The member `previous` and the number of a line that was read. */
static int check_links(
    const char *file, const struct chain_end *before, const struct json *object, struct err_note *note)
{
    size_t number = before->lines + 1;
    int64_t told = 0;
    const char *previous = json_text(json_get(object, "previous"));
    if (!json_int(json_get(object, "line"), &told) || !previous)
        return err_set(
            note, ERR_DATA, "%s:%zu: is no line of a chain: 'line' or 'previous' is missing", file, number);
    if (told < 0 || (size_t)told != number)
        return err_set(note, ERR_DATA,
            "%s:%zu: is line %lld of the chain, and line %zu is wanted here: lines were taken out or moved",
            file, number, (long long)told, number);
    if (strcmp(previous, before->sha256) == 0)
        return 0;
    if (number == 1)
        return err_set(note, ERR_DATA, "%s:1: the first line names one before it", file);
    return err_set(note, ERR_DATA, "%s:%zu: was changed: its SHA-256 is %s, and line %zu holds %.64s", file,
        before->lines, before->sha256, number, previous);
}

/* One line, its end included. */
static int check_line(const char *file, const char *line, size_t length, chain_each *each, void *context,
    struct chain_end *end, struct err_note *note)
{
    struct err_note why = {""};
    struct json *object = NULL;
    char where[300];
    size_t number = end->lines + 1;
    if (length > CHAIN_MAX_LINE)
        return err_set(note, ERR_DATA, "%s:%zu: is longer than 1 MiB", file, number);
    int rc = json_read(line, length - 1, &object, &why);
    if (rc)
        return err_set(note, rc, "%s:%zu: is no JSON object: %s", file, number, why.text);
    rc = check_links(file, end, object, note);
    snprintf(where, sizeof where, "%s:%zu", file, number);
    if (rc == 0 && each)
        rc = each(context, where, object, note);
    json_free(object);
    if (rc)
        return rc;
    end->lines = number;
    return sha256_hex(line, length, end->sha256) ? err_set(note, ERR_INTERNAL, "no SHA-256 can be had") : 0;
}

static struct chain_end beginning(void)
{
    struct chain_end end = {.lines = 0};
    memcpy(end.sha256, zeros, sizeof zeros);
    return end;
}

int chain_check(const char *file, const char *bytes, size_t length, chain_each *each, void *context,
    struct chain_end *ret_end, struct err_note *note)
{
    struct chain_end end = beginning();
    for (const char *p = bytes, *stop = bytes + length; p < stop;) {
        const char *newline = memchr(p, '\n', (size_t)(stop - p));
        if (!newline)
            return err_set(note, ERR_DATA,
                "%s:%zu: is cut off after %zu octets: writing was broken off, or the file was cut", file,
                end.lines + 1, (size_t)(stop - p));
        int rc = check_line(file, p, (size_t)(newline + 1 - p), each, context, &end, note);
        if (rc)
            return rc;
        p = newline + 1;
    }
    *ret_end = end;
    return 0;
}

/* "LINES SHA256\n", as it is written: no other form of it. */
static bool parse_head(const char *head, size_t length, struct chain_end *ret)
{
    char again[96], text[96];
    if (length >= sizeof text)
        return false;
    memcpy(text, head, length);
    text[length] = '\0';
    char *end = NULL;
    unsigned long long lines = strtoull(text, &end, 10);
    if (*end != ' ' || strspn(end + 1, "0123456789abcdef") != 64)
        return false;
    *ret = (struct chain_end){.lines = (size_t)lines};
    memcpy(ret->sha256, end + 1, 64);
    snprintf(again, sizeof again, "%zu %s\n", ret->lines, ret->sha256);
    return lines > 0 && lines < CHAIN_MAX_SIZE && length == strlen(again) && memcmp(again, head, length) == 0;
}

/* The line that the head speaks of, with its digest, is met on the way. */
struct watch {
    chain_each *each;
    void *context;
    struct chain_end head;
    size_t met;
    bool differs; /* the line behind the head's does not hold the head's digest */
};

static int watch_line(void *context, const char *where, const struct json *object, struct err_note *note)
{
    struct watch *w = context;
    w->met++;
    if (w->met == w->head.lines + 1)
        w->differs = strcmp(json_text(json_get(object, "previous")), w->head.sha256) != 0;
    return w->each ? w->each(w->context, where, object, note) : 0;
}

static int check_end(
    const char *file, const struct watch *w, const struct chain_end *end, struct err_note *note)
{
    const struct chain_end *head = &w->head;
    if (end->lines < head->lines)
        return err_set(note, ERR_DATA,
            "%s:%zu: is missing: the file ends here, and %s.head knows %zu lines: it was cut", file,
            end->lines + 1, file, head->lines);
    if (end->lines > head->lines + 1)
        return err_set(note, ERR_DATA, "%s:%zu: %s.head knows only %zu %s: %s", file, head->lines + 2, file,
            head->lines, head->lines == 1 ? "line" : "lines",
            head->lines ? "the rest was added by another hand"
                        : "it is missing, or the rest was added by another hand");
    if (w->differs || (end->lines == head->lines && strcmp(end->sha256, head->sha256) != 0))
        return err_set(note, ERR_DATA, "%s:%zu: was changed: %s.head holds another SHA-256 for it, %s", file,
            head->lines, file, head->sha256);
    return 0;
}

int chain_check_head(const char *file, const char *bytes, size_t length, const char *head, size_t head_length,
    chain_each *each, void *context, struct chain_end *ret_end, struct err_note *note)
{
    struct watch watch = {.each = each, .context = context, .head = beginning()};
    struct chain_end end;
    if (head && !parse_head(head, head_length, &watch.head))
        return err_set(note, ERR_DATA,
            "%s.head:1: is no head of a chain: a number of lines and a SHA-256 are wanted", file);
    int rc = chain_check(file, bytes, length, watch_line, &watch, &end, note);
    rc = rc ? rc : check_end(file, &watch, &end, note);
    if (rc == 0)
        *ret_end = end;
    return rc;
}
