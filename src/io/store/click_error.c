/* ClickHouse numbers its exceptions (dbms/src/Common/ErrorCodes.cpp); those that trying again does not mend,
 * and those that tell of a shard, are in the table. All others are taken for a passing trouble. */
#include "io/store/click_error.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_MOST_DIGITS = 5, HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, ALL_TRIES_FAILED = 279 };

static const struct {
    int code, err;
    bool shard;
} codes[] = {
    {8, ERR_DATA, false},         /* THERE_IS_NO_COLUMN */
    {10, ERR_DATA, false},        /* NOT_FOUND_COLUMN_IN_BLOCK */
    {16, ERR_DATA, false},        /* NO_SUCH_COLUMN_IN_TABLE */
    {20, ERR_DATA, false},        /* NUMBER_OF_COLUMNS_DOESNT_MATCH */
    {42, ERR_DATA, false},        /* NUMBER_OF_ARGUMENTS_DOESNT_MATCH */
    {43, ERR_DATA, false},        /* ILLEGAL_TYPE_OF_ARGUMENT */
    {46, ERR_DATA, false},        /* UNKNOWN_FUNCTION */
    {47, ERR_DATA, false},        /* UNKNOWN_IDENTIFIER */
    {48, ERR_DATA, false},        /* NOT_IMPLEMENTED: a view, a dictionary */
    {53, ERR_DATA, false},        /* TYPE_MISMATCH */
    {60, ERR_NOINPUT, false},     /* UNKNOWN_TABLE */
    {62, ERR_DATA, false},        /* SYNTAX_ERROR */
    {70, ERR_DATA, false},        /* CANNOT_CONVERT_TYPE */
    {81, ERR_NOINPUT, false},     /* UNKNOWN_DATABASE */
    {115, ERR_DATA, false},       /* UNKNOWN_SETTING */
    {164, ERR_PERM, false},       /* READONLY */
    {170, ERR_CONFIG, false},     /* BAD_GET: requested cluster not found */
    {192, ERR_PERM, false},       /* UNKNOWN_USER */
    {193, ERR_PERM, false},       /* WRONG_PASSWORD */
    {194, ERR_PERM, false},       /* REQUIRED_PASSWORD */
    {195, ERR_PERM, false},       /* IP_ADDRESS_NOT_ALLOWED */
    {209, ERR_UNAVAILABLE, true}, /* SOCKET_TIMEOUT */
    {210, ERR_UNAVAILABLE, true}, /* NETWORK_ERROR */
    {ALL_TRIES_FAILED, ERR_UNAVAILABLE, true}, {291, ERR_PERM, false}, /* DATABASE_ACCESS_DENIED */
    {497, ERR_PERM, false},                                            /* ACCESS_DENIED */
    {516, ERR_PERM, false},                                            /* AUTHENTICATION_FAILED */
    {701, ERR_CONFIG, false},                                          /* CLUSTER_DOESNT_EXIST */
};

/* 0: none. */
static int code_of(const char *words)
{
    static const char head[] = "Code: ";
    if (strncmp(words, head, sizeof head - 1) != 0)
        return 0;
    const char *digits = words + sizeof head - 1;
    size_t length = strspn(digits, "0123456789");
    return length && length <= CODE_MOST_DIGITS ? atoi(digits) : 0;
}

/* "All connection tries failed. Log:" says nothing: what was tried comes below it, the reason first. */
static const char *reason_of(const char *words)
{
    static const char log[] = " Log: ";
    const char *at = strstr(words, log);
    if (!at)
        return words;
    at += sizeof log - 1;
    at += strspn(at, " \r\n");
    return *at ? at : words;
}

/* The sentence within the first line. */
static void add_sentence(struct text *out, const char *words)
{
    static const char *const heads[] = {"e.displayText() = ", "DB::NetException: ", "DB::Exception: "};
    static const char tail[] = ", e.what() = ";
    enum { MOST = 300 };
    char line[MOST + 1];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(words, "\r\n"), words);
    const char *sentence = line;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const char *head = strstr(sentence, heads[i]);
        sentence = head ? head + strlen(heads[i]) : sentence;
    }
    char *end = strstr(line, tail);
    if (end)
        *end = '\0';
    text_add_safe(out, sentence);
}

int click_error(
    const char *words, const char *host, long status, bool *ret_shard_missing, struct err_note *note)
{
    static const char no_table[] = "There is no table ";
    int code = code_of(words);
    int err = status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN ? ERR_PERM : ERR_UNAVAILABLE;
    *ret_shard_missing = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code == code) {
            err = codes[i].err;
            *ret_shard_missing = codes[i].shard;
        }
    }
    /* 18.16 takes a server that lacks the table for one that cannot be reached. */
    words = code == ALL_TRIES_FAILED ? reason_of(words) : words;
    if (code == ALL_TRIES_FAILED && strncmp(words, no_table, sizeof no_table - 1) == 0) {
        err = ERR_NOINPUT;
        *ret_shard_missing = false;
    }
    struct text said;
    text_start(&said);
    add_sentence(&said, words);
    if (code)
        err_set(note, err, "ClickHouse at %s: %s (code %d)", host, said.string, code);
    else
        err_set(note, err, "what answers at %s as ClickHouse: HTTP status %ld%s%s", host, status,
            said.length ? ": " : "", said.string);
    text_free(&said);
    return err;
}
