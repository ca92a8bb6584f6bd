/* The idea: a change is a range of octets of the original and what stands there instead. So a copy differs
 * from the original in nothing else, and the difference need not be searched for: the lines that changes
 * touch are its hunks. */
#include "app/lab/products/draft.h"

#include "io/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTEXT = 3 }; /* lines around a change */

const char *draft_string(struct draft *draft, const char *format, ...)
{
    char *string = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&string, format, args);
    va_end(args);
    const char *copy = length < 0 ? NULL : arena_string(draft->arena, string);
    if (length >= 0)
        free(string);
    if (!copy)
        draft->failed = true;
    return copy ? copy : "";
}

const char *draft_path(struct draft *draft, const char *name)
{
    return draft_string(draft, "%s/%s", draft->setup->directory, name);
}

static struct draft_file *new_file(struct draft *draft, const char *copy, const char *bytes, size_t length)
{
    struct draft_file *file = arena_alloc(draft->arena, sizeof *file);
    char *text = arena_alloc(draft->arena, length + 1);
    if (!file || !text || draft->file_count == DRAFT_MAX_FILES) {
        draft->failed = true;
        return NULL;
    }
    memcpy(text, bytes, length);
    *file = (struct draft_file){.copy = copy, .text = text, .length = length};
    draft->files[draft->file_count++] = file;
    return file;
}

const char *draft_add(struct draft *draft, const char *name, const char *bytes, size_t length)
{
    const char *path = draft_path(draft, name);
    new_file(draft, path, bytes, length);
    return path;
}

const char *draft_add_text(struct draft *draft, const char *name, struct text *text)
{
    const char *path = draft_add(draft, name, text->string, text->length);
    draft->failed |= text->failed;
    text_free(text);
    return path;
}

static bool taken(const struct draft *draft, const char *copy)
{
    for (size_t i = 0; i < draft->file_count; i++)
        if (strcmp(draft->files[i]->copy, copy) == 0)
            return true;
    return false;
}

/* A copy is named as the original, made harmless. */
static const char *copy_name(struct draft *draft, const char *path)
{
    char name[64];
    const char *base = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", base ? base + 1 : path);
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            *c = '_';
    const char *copy = draft_string(draft, "%s/user/%s", draft->setup->directory, name);
    for (unsigned n = 2; taken(draft, copy) && !draft->failed; n++)
        copy = draft_string(draft, "%s/user/%u-%s", draft->setup->directory, n, name);
    return copy;
}

int draft_give(struct draft *draft, const char *path, const char *bytes, size_t length,
    struct draft_file **ret_file, struct err_note *note)
{
    const char *zero = memchr(bytes, '\0', length);
    if (zero)
        return err_set(note, ERR_DATA, "%s: octet %zu is NUL: this is no text", path, (size_t)(zero - bytes));
    struct draft_file *file = new_file(draft, copy_name(draft, path), bytes, length);
    if (!file)
        return err_set(note, ERR_NOMEM, "out of memory");
    file->users = draft_string(draft, "%s", path);
    *ret_file = file;
    return 0;
}

int draft_read(struct draft *draft, const char *path, struct draft_file **ret_file, struct err_note *note)
{
    for (size_t i = 0; i < draft->file_count; i++)
        if (draft->files[i]->users && strcmp(draft->files[i]->users, path) == 0) {
            *ret_file = draft->files[i];
            return 0;
        }
    if (draft->file_count == DRAFT_MAX_FILES)
        return err_set(
            note, ERR_CONFIG, "%s: the configuration has more than %d files", path, DRAFT_MAX_FILES);
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) /* one that is no file might never end */
        return err_set(
            note, S_ISDIR(status.st_mode) ? ERR_NOINPUT : ERR_DATA, "%s: this is no regular file", path);
    char *bytes;
    size_t length;
    int rc = file_read_all(path, DRAFT_MAX_FILE, &bytes, &length, note);
    if (rc == 0) {
        rc = draft_give(draft, path, bytes, length, ret_file, note);
        free(bytes);
    }
    return rc;
}

/* The index of the first edit at or after an octet. */
static size_t edit_at(const struct draft_file *file, size_t at)
{
    size_t low = 0, high = file->edit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->edits[middle].from < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void draft_replace(struct draft *draft, struct draft_file *file, size_t from, size_t to, const char *string)
{
    size_t place = edit_at(file, from);
    if (place < file->edit_count && file->edits[place].from == from)
        return;
    if (file->edit_count == file->edit_capacity) {
        size_t capacity = file->edit_capacity ? file->edit_capacity * 2 : 8;
        struct draft_edit *edits = arena_alloc(draft->arena, capacity * sizeof *edits);
        if (!edits) {
            draft->failed = true;
            return;
        }
        if (file->edit_count)
            memcpy(edits, file->edits, file->edit_count * sizeof *edits);
        file->edits = edits;
        file->edit_capacity = capacity;
    }
    memmove(file->edits + place + 1, file->edits + place, (file->edit_count - place) * sizeof *file->edits);
    file->edits[place] =
        (struct draft_edit){.from = from, .to = to, .string = draft_string(draft, "%s", string)};
    file->edit_count++;
}

unsigned draft_line(const struct draft_file *file, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < file->length; i++)
        line += file->text[i] == '\n';
    return line;
}

/* Each sentence once. */
static void add_sentence(struct draft *draft, const char **sentences, const char *format, va_list args)
{
    char sentence[512];
    vsnprintf(sentence, sizeof sentence, format, args);
    if (!*sentences)
        *sentences = draft_string(draft, "%s", sentence);
    else if (!strstr(*sentences, sentence))
        *sentences = draft_string(draft, "%s; %s", *sentences, sentence);
}

void draft_limit(struct draft *draft, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_sentence(draft, &draft->limited, format, args);
    va_end(args);
}

void draft_note(struct draft *draft, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_sentence(draft, &draft->noted, format, args);
    va_end(args);
}

void draft_trust(struct draft *draft, uint16_t tag, bool initial)
{
    struct lab_trust *trust = &draft->trust;
    size_t i = 0;
    while (i < trust->count && trust->tags[i] != tag)
        i++;
    if (i == SCENARIO_MAX_ANCHORS)
        return;
    trust->initial[i] = initial && (i == trust->count || trust->initial[i]);
    trust->tags[i] = tag;
    trust->count += i == trust->count;
}

void draft_trust_installed(struct draft *draft)
{
    for (size_t i = 0; i < draft->setup->anchor_count; i++)
        draft_trust(draft, draft->setup->anchors[i].tag, false);
}

static const struct draft_edit *next_edit(const struct draft_file *file, size_t at)
{
    size_t index = edit_at(file, at);
    return index < file->edit_count ? &file->edits[index] : NULL;
}

/* Text between two octets of the original, with its edits. An insertion at `to` belongs to what follows. */
static void text_between(const struct draft_file *file, size_t from, size_t to, struct text *text)
{
    size_t at = from;
    for (const struct draft_edit *edit;
         (edit = next_edit(file, from)) && (edit->from < to || to == file->length);) {
        if (edit->from >= at) { /* not within one before it */
            text_add_bytes(text, file->text + at, edit->from - at);
            text_add(text, edit->string);
            at = edit->to;
        }
        from = edit->to > edit->from ? edit->to : edit->from + 1;
    }
    if (at < to)
        text_add_bytes(text, file->text + at, to - at);
}

void draft_text(const struct draft_file *file, struct text *ret_text)
{
    text_between(file, 0, file->length, ret_text);
}

/* ---- writing ---- */

static int make_parents(const char *path, struct err_note *note)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return err_set(note, ERR_USAGE, "%s: the path is too long", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return file_error(note, part, "cannot be made");
        *slash = '/';
    }
    return 0;
}

static int write_file(const struct draft_file *file, struct err_note *note)
{
    struct text text;
    text_start(&text);
    draft_text(file, &text);
    int rc = text.failed ? err_set(note, ERR_NOMEM, "out of memory") : make_parents(file->copy, note);
    if (rc == 0) {
        int fd = open(file->copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || file_write(fd, text.string, text.length))
            rc = file_error(note, file->copy, "cannot be written");
        if (fd >= 0)
            close(fd);
    }
    text_free(&text);
    return rc;
}

int draft_write(const struct draft *draft, struct err_note *note)
{
    if (draft->failed)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < draft->file_count; i++)
        rc = write_file(draft->files[i], note);
    return rc;
}

/* ---- the difference ---- */

static size_t line_start(const struct draft_file *file, size_t at)
{
    while (at > 0 && file->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct draft_file *file, size_t at)
{
    const char *newline = at < file->length ? memchr(file->text + at, '\n', file->length - at) : NULL;
    return newline ? (size_t)(newline - file->text) + 1 : file->length;
}

/* Each line with a mark before it, safe for a terminal. Returns how many. */
static unsigned add_lines(struct text *out, char mark, const char *bytes, size_t length)
{
    unsigned lines = 0;
    for (size_t at = 0; at < length; lines++) {
        const char *newline = memchr(bytes + at, '\n', length - at);
        size_t size = newline ? (size_t)(newline - bytes) - at : length - at;
        struct text line;
        text_start(&line);
        text_add_bytes(&line, bytes + at, size);
        text_add_bytes(out, &mark, 1);
        for (char *tab = line.string; tab; tab = strchr(tab, '\t') ? strchr(tab, '\t') + 1 : NULL) {
            size_t plain = strcspn(tab, "\t"); /* a tab is no danger */
            char kept = tab[plain];
            tab[plain] = '\0';
            text_add_safe(out, tab);
            tab[plain] = kept;
            if (kept)
                text_add(out, "\t");
        }
        text_add(out, newline ? "\n" : "\n\\ No newline at end of file\n");
        text_free(&line);
        at += size + 1;
    }
    return lines;
}

/* Whole lines of the original that changes touch, side by side. */
struct hunk {
    size_t from, to;
};

static bool next_hunk(const struct draft_file *file, size_t at, struct hunk *ret)
{
    const struct draft_edit *edit = at <= file->length ? next_edit(file, at) : NULL;
    if (!edit)
        return false;
    ret->from = line_start(file, edit->from);
    ret->to = edit->from;
    while (edit && edit->from <= ret->to) {
        size_t last = edit->to > edit->from ? edit->to - 1 : edit->from;
        if (line_end(file, last) > ret->to)
            ret->to = line_end(file, last);
        edit = next_edit(file, last + 1);
    }
    return true;
}

/* Lines at the beginning, or the end, that are the same in both. */
static size_t same_before(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t same = 0;
    for (size_t i = 0; i < a_length && i < b_length && a[i] == b[i]; i++)
        if (a[i] == '\n')
            same = i + 1;
    return same;
}

static size_t same_after(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t i = 0, same = 0;
    for (; i < a_length && i < b_length && a[a_length - 1 - i] == b[b_length - 1 - i]; i++)
        if (i > 0 && a[a_length - 1 - i] == '\n')
            same = i;
    if (i > 0 && ((i == a_length && i == b_length) || (i == a_length && b[b_length - 1 - i] == '\n') ||
                     (i == b_length && a[a_length - 1 - i] == '\n')))
        same = i;
    return same;
}

/* Hunks whose context would meet are shown as one. */
struct shown {
    struct text body;
    size_t from, to;           /* octets of the original */
    unsigned kept, gone, come; /* lines */
    int delta;                 /* lines come before it, less lines gone */
};

static size_t some_lines(const struct draft_file *file, size_t at, size_t limit)
{
    for (int i = 0; i < CONTEXT && at < limit; i++)
        at = line_end(file, at);
    return at;
}

static void end_shown(const struct draft_file *file, struct shown *shown, struct text *out)
{
    if (!shown->body.length)
        return;
    size_t after = some_lines(file, shown->to, file->length);
    shown->kept += add_lines(&shown->body, ' ', file->text + shown->to, after - shown->to);
    int line = (int)draft_line(file, shown->from);
    text_printf(out, "@@ -%d,%u +%d,%u @@\n", line, shown->kept + shown->gone, line + shown->delta,
        shown->kept + shown->come);
    text_add_bytes(out, shown->body.string, shown->body.length);
    out->failed |= shown->body.failed;
    shown->delta += (int)shown->come - (int)shown->gone;
    text_free(&shown->body);
    text_start(&shown->body);
    shown->kept = shown->gone = shown->come = 0;
}

static void show_hunk(const struct draft_file *file, struct hunk hunk, struct shown *shown, struct text *out)
{
    struct text fresh;
    text_start(&fresh);
    text_between(file, hunk.from, hunk.to, &fresh);
    size_t head = same_before(file->text + hunk.from, hunk.to - hunk.from, fresh.string, fresh.length);
    hunk.from += head;
    size_t tail =
        same_after(file->text + hunk.from, hunk.to - hunk.from, fresh.string + head, fresh.length - head);
    hunk.to -= tail;
    if (some_lines(file, some_lines(file, shown->to, hunk.from), hunk.from) < hunk.from)
        end_shown(file, shown, out);
    if (!shown->body.length) {
        shown->from = hunk.from;
        for (int i = 0; i < CONTEXT && shown->from > 0; i++)
            shown->from = line_start(file, shown->from - 1);
        shown->to = shown->from;
    }
    shown->kept += add_lines(&shown->body, ' ', file->text + shown->to, hunk.from - shown->to);
    shown->gone += add_lines(&shown->body, '-', file->text + hunk.from, hunk.to - hunk.from);
    shown->come += add_lines(&shown->body, '+', fresh.string + head, fresh.length - head - tail);
    shown->to = hunk.to;
    out->failed |= fresh.failed;
    text_free(&fresh);
}

static void show_file(const struct draft_file *file, struct text *out)
{
    if (file->users && file->edit_count == 0)
        return;
    text_add(out, "--- ");
    text_add_safe(out, file->users ? file->users : "/dev/null");
    text_add(out, "\n+++ ");
    text_add_safe(out, file->copy);
    text_add(out, "\n");
    if (!file->users) {
        struct text body;
        text_start(&body);
        unsigned lines = add_lines(&body, '+', file->text, file->length);
        text_printf(out, "@@ -0,0 +1,%u @@\n", lines);
        text_add_bytes(out, body.string, body.length);
        text_free(&body);
        return;
    }
    struct shown shown = {.delta = 0};
    struct hunk hunk;
    text_start(&shown.body);
    for (size_t at = 0; at <= file->length && next_hunk(file, at, &hunk);
         at = hunk.to < file->length ? hunk.to : file->length + 1)
        show_hunk(file, hunk, &shown, out);
    end_shown(file, &shown, out);
    text_free(&shown.body);
}

int draft_difference(const struct draft *draft, struct text *ret_text, struct err_note *note)
{
    for (size_t i = 0; i < draft->file_count; i++)
        show_file(draft->files[i], ret_text);
    return draft->failed || ret_text->failed ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}
