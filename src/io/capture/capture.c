/* The dispatch that all kinds of capture share: an error or the end comes once, and nothing after it. */
#include "io/capture/capture_inside.h"

int capture_next(struct capture *capture, struct capture_batch *ret_batch, struct err_note *note)
{
    struct capture_batch batch = {0};
    if (capture->done) {
        *ret_batch = (struct capture_batch){.end = true};
        return 0;
    }
    if (capture->reuse && !capture->kind->keeps)
        capture->reuse(capture->reuse_context, capture->batches);
    capture->batches++;
    int err = capture->kind->next(capture, &batch, note);
    capture->done = err || batch.end;
    if (err)
        return err;
    capture->records += batch.count;
    *ret_batch = batch;
    return 0;
}

void capture_keep(struct capture *capture, void (*reuse)(void *context, uint64_t batch), void *context)
{
    capture->reuse = reuse;
    capture->reuse_context = context;
}

void capture_stop(struct capture *capture)
{
    capture->kind->stop(capture);
}

struct capture_state capture_state(const struct capture *capture)
{
    struct capture_state state = {.format = "", .filter = "", .records = capture->records};
    capture->kind->state(capture, &state);
    return state;
}

void capture_close(struct capture *capture)
{
    if (capture)
        capture->kind->close(capture);
}
