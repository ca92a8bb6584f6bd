/* The run over all inputs. A fault of an input is told and the next is read; a fault of the store ends all.
 */
#include "app/observe/observe.h"

#include "app/observe/inside.h"

#include <stdlib.h>
#include <sys/random.h>

static void book_done(struct observe_totals *totals, const struct observe_done *done)
{
    totals->inputs++;
    totals->records += done->records;
    totals->known += done->known;
    totals->overlapped += done->overlapped;
    totals->dropped += done->dropped;
}

/* In a directory, what is no capture at all is passed over. */
static bool is_ignored(const struct file_input *file, const struct observe_done *done)
{
    return file->listed && done->err == ERR_DATA && done->format[0] == '\0';
}

static int read_inputs(
    struct observer *observer, const struct file_input *files, size_t count, struct err_note *note)
{
    const struct observe_options *options = observer->options;
    int first_err = 0;
    for (size_t i = 0; i < count && !*options->stop; i++) {
        struct observe_done done;
        struct err_note store_note = {""};
        int err = input_read(observer, &files[i].input, &done, &store_note);
        done.ignored = is_ignored(&files[i], &done);
        book_done(observer->totals, &done);
        if (options->done)
            options->done(options->context, &done);
        if (err) {
            observer->totals->store_failed = true;
            return err_set(note, err, "%s", store_note.text);
        }
        if (done.err && !done.ignored && !first_err)
            first_err = err_set(note, done.err, "%s", done.note.text);
    }
    return first_err;
}

int observe_run(
    const struct observe_options *options, struct observe_totals *ret_totals, struct err_note *note)
{
    struct observer *observer = calloc(1, sizeof *observer);
    struct arena *names = arena_new();
    struct file_input *files = NULL;
    size_t count = 0;
    *ret_totals = (struct observe_totals){.inputs = 0};
    int err = observer && names && (observer->arena = arena_new())
                  ? 0
                  : err_set(note, ERR_NOMEM, "no memory to observe with");
    if (!err) {
        observer->options = options;
        observer->totals = ret_totals;
        observer->clock_us = INT64_MIN / 2;
        if (getrandom(&observer->seed, sizeof observer->seed, 0) != (ssize_t)sizeof observer->seed)
            err = err_set(note, ERR_INTERNAL, "no random numbers");
    }
    if (!err)
        err = files_list(options, names, &files, &count, note);
    if (!err)
        err = sightings_open(options->store, false, &observer->store, note);
    if (!err)
        err = read_inputs(observer, files, count, note);
    if (observer) {
        state_free(observer);
        prints_free(observer->stretch.prints);
        sightings_close(observer->store);
        arena_free(observer->arena);
    }
    arena_free(names);
    free(observer);
    return err;
}
