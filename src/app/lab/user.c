#include "app/lab/user.h"

#include "app/lab/states.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct lab_anchor *user_twin(const struct lab_setup *setup, uint16_t tag)
{
    const struct lab_anchor *twins = setup->twins ? setup->twins : setup->anchors;
    size_t count = setup->twins ? setup->twin_count : setup->anchor_count;
    for (size_t i = 0; i < count; i++)
        if (twins[i].tag == tag)
            return &twins[i];
    return NULL;
}

void user_records(struct draft *draft, struct draft_file *file)
{
    struct record_reader reader = {.text = file->text, .length = file->length};
    struct record record;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        if (!anchor.root || (anchor.kind != RECORD_DS && anchor.kind != RECORD_DNSKEY))
            continue;
        const struct lab_anchor *twin = user_twin(draft->setup, anchor.tag);
        bool trusted = states_trusted(record.comment) && !(anchor.flags & 0x0080); /* REVOKE */
        size_t to = record.comment.length ? (size_t)(record.comment.at + record.comment.length - file->text)
                                          : record.to;
        if (!trusted)
            user_remove(draft, file, record.from, to);
        else if (twin && anchor.kind == RECORD_DS)
            draft_replace(draft, file, record.from, to, draft_string(draft, ". IN DS %s", twin->ds));
        else if (twin)
            draft_replace(draft, file, record.from, to, draft_string(draft, ". IN DNSKEY %s", twin->dnskey));
    }
}

const char *user_path(struct draft *draft, const char *directory, const char *path)
{
    if (*path == '/')
        return draft_string(draft, "%s", path);
    const char *config = draft->setup->config, *slash = strrchr(config, '/');
    if (directory)
        return draft_string(draft, "%s/%s", directory, path);
    return draft_string(draft, "%.*s%s", slash ? (int)(slash - config + 1) : 0, config, path);
}

const char *user_find(struct draft *draft, const char *path)
{
    const char *whole = user_path(draft, NULL, path);
    const char *unpacked = draft_string(draft, "%s%s", draft->setup->program, whole);
    return access(whole, F_OK) != 0 && access(unpacked, F_OK) == 0 ? unpacked : whole;
}

const char *user_record(struct draft *draft, const char *string)
{
    struct record_reader reader = {.text = string, .length = strlen(string)};
    struct record record;
    if (!record_next(&reader, &record))
        return NULL;
    struct record_anchor anchor = record_anchor(&record);
    const struct lab_anchor *twin = anchor.root ? user_twin(draft->setup, anchor.tag) : NULL;
    if (twin && anchor.kind == RECORD_DS)
        return draft_string(draft, ". IN DS %s", twin->ds);
    return twin && anchor.kind == RECORD_DNSKEY ? draft_string(draft, ". IN DNSKEY %s", twin->dnskey) : NULL;
}

const char *user_look(struct draft *draft, const char *const *directories, const char *path)
{
    for (size_t i = 0; directories[i]; i++) {
        const char *whole = draft_string(draft, "%s/%s", directories[i], path);
        if (access(whole, F_OK) == 0)
            return whole;
    }
    return NULL;
}

int user_glob(struct draft *draft, const char *pattern, const char **ret_paths, size_t *ret_count,
    struct err_note *note)
{
    glob_t found = {.gl_pathc = 0};
    *ret_count = 0;
    if (!strpbrk(pattern, "*?[")) {
        ret_paths[(*ret_count)++] = pattern;
        return 0;
    }
    int rc = 0;
    if (glob(pattern, GLOB_ERR, NULL, &found) == 0 && found.gl_pathc > USER_MATCHES)
        rc = err_set(note, ERR_CONFIG, "%s: more than %d files", pattern, USER_MATCHES);
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
        ret_paths[(*ret_count)++] = draft_string(draft, "%s", found.gl_pathv[i]);
    globfree(&found);
    return rc;
}

void user_remove(struct draft *draft, struct draft_file *file, size_t from, size_t to)
{
    size_t start = from, end = to;
    while (start > 0 && (file->text[start - 1] == ' ' || file->text[start - 1] == '\t'))
        start--;
    while (file->text[end] == ' ' || file->text[end] == '\t' || file->text[end] == '\r')
        end++;
    bool alone = (start == 0 || file->text[start - 1] == '\n') && file->text[end] == '\n';
    draft_replace(draft, file, alone ? start : from, alone ? end + 1 : to, "");
}

int user_error(const struct draft_file *file, size_t at, struct err_note *note, const char *format, ...)
{
    struct text message;
    va_list args;
    text_start(&message);
    text_add_safe(&message, file->users);
    text_printf(&message, ":%u: ", draft_line(file, at));
    va_start(args, format);
    text_add_safe_format(&message, format, args);
    va_end(args);
    err_set(note, ERR_CONFIG, "%s", message.string);
    text_free(&message);
    return ERR_CONFIG;
}

void user_forwards(struct draft *draft, const char *to)
{
    struct text safe;
    text_start(&safe);
    text_add_safe(&safe, to);
    draft_limit(draft,
        "it forwards to %.100s: an address of the lab stands for that, which gives whole answers; whether "
        "the real one "
        "does, and validates, is not rehearsed",
        safe.string);
    text_free(&safe);
}

const char *user_word(struct draft *draft, const struct draft_file *file, size_t from, size_t to)
{
    return draft_string(draft, "%.*s", (int)(to - from), file->text + from);
}
