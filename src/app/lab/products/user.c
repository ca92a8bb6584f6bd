#include "app/lab/products/user.h"

#include "app/lab/products/states.h"
#include "core/roll/known.h"
#include "io/file/file.h"

#include <ctype.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PROGRAM = 64 << 20 };

const struct lab_anchor *user_twin(const struct lab_setup *setup, uint16_t tag)
{
    const struct lab_anchor *twins = setup->twins ? setup->twins : setup->anchors;
    size_t count = setup->twins ? setup->twin_count : setup->anchor_count;
    for (size_t i = 0; i < count; i++)
        if (twins[i].tag == tag)
            return &twins[i];
    return NULL;
}

void user_records(struct draft *draft, struct draft_file *file, bool initial)
{
    struct record_reader reader = {.text = file->text, .length = file->length};
    struct record record;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        if (!anchor.root || (anchor.kind != RECORD_DS && anchor.kind != RECORD_DNSKEY))
            continue;
        const struct lab_anchor *twin = user_twin(draft->setup, anchor.tag);
        bool trusted = states_trusted(record.comment) && !(anchor.flags & 0x0080); /* REVOKE */
        if (trusted)
            draft_trust(draft, anchor.tag, anchor.kind == RECORD_DS && initial);
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

bool user_has_root(const struct draft_file *file)
{
    struct record_reader reader = {.text = file->text, .length = file->length};
    struct record record;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        if (anchor.root && (anchor.kind == RECORD_DS || anchor.kind == RECORD_DNSKEY))
            return true;
    }
    return false;
}

const char *user_installed(struct draft *draft)
{
    const char *text = draft->setup->anchor_count > 1 ? "the keys" : "the key";
    for (size_t i = 0; i < draft->setup->anchor_count; i++)
        text = draft_string(draft, "%s%s %u", text, i ? " and" : "", draft->setup->anchors[i].tag);
    return text;
}

/* Whether a file holds the digest, as octets or as hexadecimal text. */
static bool holds_digest(const char *bytes, size_t length, const char *hex)
{
    uint8_t digest[64];
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size && i < sizeof digest; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        digest[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    char small[129] = "";
    for (size_t i = 0; hex[i] && i < sizeof small - 1; i++)
        small[i] = (char)tolower((unsigned char)hex[i]);
    return memmem(bytes, length, digest, size) || memmem(bytes, length, hex, 2 * size) ||
           memmem(bytes, length, small, 2 * size);
}

const struct lab_anchor *user_built_in(struct draft *draft)
{
    const struct lab_setup *setup = draft->setup;
    const struct lab_anchor *twins = setup->twins ? setup->twins : setup->anchors;
    size_t twin_count = setup->twins ? setup->twin_count : setup->anchor_count, count = 0, length = 0;
    struct lab_anchor *found =
        arena_alloc(draft->arena, (twin_count + setup->anchor_count + 1) * sizeof *found);
    char *bytes = NULL;
    struct known known;
    struct err_note why;
    static const struct lab_anchor nothing;
    if (!found) {
        draft->failed = true;
        return &nothing;
    }
    if (draft->program && file_read_all(draft->program, MOST_PROGRAM, &bytes, &length, &why))
        bytes = NULL;
    for (size_t i = 0; bytes && i < twin_count; i++)
        if (known_by_tag(twins[i].tag, &known) && holds_digest(bytes, length, known.ds_sha256))
            found[count++] = twins[i];
    free(bytes);
    if (count == 0) {
        draft_note(
            draft, "which anchors are compiled into it is not known: %s for them", user_installed(draft));
        while (count < setup->anchor_count) {
            found[count] = setup->anchors[count];
            count++;
        }
    }
    for (size_t i = 0; i < count; i++)
        draft_trust(draft, found[i].tag, false);
    found[count].ds = NULL;
    return found;
}

/* The path in the copy of a system whose /etc the configuration is in ("/srv/copy" of
 * /srv/copy/etc/unbound/unbound.conf), if it is there; else as it is. */
static const char *in_system(struct draft *draft, const char *path)
{
    const char *config = draft->setup->config, *etc = config ? strstr(config, "/etc/") : NULL;
    const char *copied = etc ? draft_string(draft, "%.*s%s", (int)(etc - config), config, path) : path;
    size_t plain = strcspn(copied, "*?["); /* of a pattern its directory must be there */
    while (copied[plain] && plain > 1 && copied[plain] != '/')
        plain--;
    return access(draft_string(draft, "%.*s", (int)plain, copied), F_OK) == 0
               ? copied
               : draft_string(draft, "%s", path);
}

const char *user_path(struct draft *draft, const char *directory, const char *path)
{
    if (*path == '/')
        return in_system(draft, path);
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
    const char *text = NULL;
    while (record_next(&reader, &record)) {
        struct record_anchor anchor = record_anchor(&record);
        bool ds = anchor.kind == RECORD_DS;
        if (!anchor.root || (!ds && anchor.kind != RECORD_DNSKEY))
            continue;
        const struct lab_anchor *twin = user_twin(draft->setup, anchor.tag);
        draft_trust(draft, anchor.tag, false);
        if (twin)
            text = draft_string(draft, "%s%s. IN %s %s", text ? text : "", text ? "\n" : "",
                ds ? "DS" : "DNSKEY", ds ? twin->ds : twin->dnskey);
    }
    return text;
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

int user_refuse_yaml(const struct draft_file *file, struct err_note *note, const char *words)
{
    for (size_t at = 0; at < file->length; at += strcspn(file->text + at, "\n") + 1) {
        size_t name = strspn(file->text + at, "abcdefghijklmnopqrstuvwxyz_-");
        if (name && file->text[at + name] == ':' && strchr(" \t\r\n", file->text[at + name + 1]))
            return user_error(file, at, note, "%s", words);
    }
    return 0;
}

void user_forwards(struct draft *draft, const char *to)
{
    struct text safe;
    if (draft->forwards)
        return;
    draft->forwards = true;
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
