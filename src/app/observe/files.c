/* A directory stands for all files below it, whatever their names. Files are read in the order of their first
 * records: captures that were rotated then follow each other, and what began in one is ended in the next. */
#include "app/observe/inside.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>

/* After all that have one, and before what never ends. */
static const int64_t NO_TIME = INT64_MAX - 1;

struct found {
    struct file_input file;
    int64_t first_us;
    size_t place; /* as given, and by name in a directory */
};

struct list {
    struct found *found;
    size_t count, capacity;
    struct arena *arena;
};

static int add(
    struct list *list, enum observe_form form, const char *path, bool listed, struct err_note *note)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        struct found *found = realloc(list->found, capacity * sizeof *found);
        if (!found)
            return err_set(note, ERR_NOMEM, "no memory for %zu files", capacity);
        list->found = found;
        list->capacity = capacity;
    }
    const char *copy = arena_string(list->arena, path);
    if (!copy)
        return err_set(note, ERR_NOMEM, "no memory for the name of a file");
    bool endless = form == OBSERVE_LIVE || form == OBSERVE_DNSTAP;
    list->found[list->count] = (struct found){
        .file = {{form, copy}, listed}, .first_us = endless ? INT64_MAX : NO_TIME, .place = list->count};
    list->count++;
    return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_directory(struct list *list, const char *path, struct err_note *note)
{
    char *paths[] = {(char *)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!tree)
        return err_set(note, ERR_IO, "cannot read the directory %s: %s", path, strerror(errno));
    int err = 0;
    for (FTSENT *entry; !err && (entry = fts_read(tree));) {
        bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
        if (hidden)
            fts_set(tree, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_F)
            err = add(list, OBSERVE_FILE, entry->fts_path, true, note);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            err = err_set(note, entry->fts_errno == EACCES ? ERR_PERM : ERR_IO, "cannot read %s: %s",
                entry->fts_path, strerror(entry->fts_errno));
    }
    fts_close(tree);
    return err;
}

/* The time of the first record. A pipe is not looked into, and neither is what cannot be read: its turn comes
 * where it was given. */
static int64_t first_time(const char *path)
{
    struct stat file;
    struct capture *capture;
    struct capture_batch batch = {.count = 0};
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode) || capture_open_file(path, &capture, NULL) != 0)
        return NO_TIME;
    int64_t time_us = NO_TIME;
    if (capture_next(capture, &batch, NULL) == 0 && batch.count)
        time_us = batch.records[0].time_us;
    capture_close(capture);
    return time_us;
}

static int by_time(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static int list_input(struct list *list, const struct observe_input *input, struct err_note *note)
{
    struct stat file;
    if (input->form == OBSERVE_FILE && stat(input->path, &file) == 0 && S_ISDIR(file.st_mode))
        return add_directory(list, input->path, note);
    return add(list, input->form, input->path, false, note);
}

int files_list(const struct observe_options *options, struct arena *arena, struct file_input **ret_files,
    size_t *ret_count, struct err_note *note)
{
    struct list list = {.arena = arena};
    int err = 0;
    for (size_t i = 0; !err && i < options->input_count; i++)
        err = list_input(&list, &options->inputs[i], note);
    struct file_input *files = err ? NULL : arena_alloc(arena, (list.count + 1) * sizeof *files);
    if (!err && !files)
        err = err_set(note, ERR_NOMEM, "no memory for %zu files", list.count);
    for (size_t i = 0; !err && list.count > 1 && i < list.count; i++)
        if (list.found[i].file.input.form == OBSERVE_FILE)
            list.found[i].first_us = first_time(list.found[i].file.input.path);
    if (!err && list.count > 1)
        qsort(list.found, list.count, sizeof *list.found, by_time);
    for (size_t i = 0; !err && i < list.count; i++)
        files[i] = list.found[i].file;
    free(list.found);
    if (err)
        return err;
    *ret_files = files;
    *ret_count = list.count;
    return 0;
}
