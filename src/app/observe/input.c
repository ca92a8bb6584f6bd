/* One input, from its first record to its end. What it is, its first record tells: the store is asked how far
 * it got with an input that begins so, and that many records are passed over; the last of them must be the
 * one that the store remembers, or this is another input that begins alike and gets another id. */
#include "app/observe/crew.h"
#include "app/observe/inside.h"
#include "base/log.h"
#include "io/proc/clock.h"

#include <stdlib.h>
#include <sys/random.h>

enum { ID_TRIES = 16 };

_Static_assert((int)CREW_SLOTS <= (int)CAPTURE_STANDS, "batches on their way stand");

/* A batch of records on its way. */
struct piece {
    struct capture_batch batch;
    int err; /* instead of it */
    struct err_note note;
    struct capture_state state;
    struct digester *digester;
    struct capture_record lines[CAPTURE_BATCH]; /* of a log: the records, with their times */
    struct digest digest;
};

struct run {
    struct observer *observer;
    const struct observe_input *input;
    struct observe_done *done;
    struct capture *capture;
    struct crew *crew; /* while it works */
    struct cover *cover;
    uint8_t id[SIGHTINGS_ID];
    unsigned salt; /* how many inputs that begin alike were not this one */
    bool endless;  /* an interface or a socket */
    bool begun;    /* there was a record */
    bool other;    /* it turned out to be another input: begin again with the next id */
    struct sightings_mark mark;
    uint64_t records;     /* passed so far */
    uint64_t dropped;     /* as the capture counts them */
    int64_t committed_us; /* monotonic */
    struct err_note *store_note;
    int store_err;
};

/* ---- one record ---- */

static void take_line(struct observer *observer, const struct capture_record *record)
{
    struct tatlog line;
    int err = tatlog_parse((const char *)record->bytes, record->length, &line, NULL);
    observer->totals->lines++;
    if (!err && !observer->seen)
        err = tally_log(observer->tally, &line);
    observer_fault(observer, err);
}

/* The DNS message or packet goes on to the tables; `observer->seen` tells how. */
static void take(struct observer *observer, const struct capture_record *record)
{
    if (record->what == CAPTURE_PACKET) {
        wire_packet(observer->wire, record);
    } else if (record->what == CAPTURE_MESSAGE) {
        struct sighting_message message = digest_message(record);
        observer_message(observer, &message);
    } else {
        take_line(observer, record);
    }
}

/* ---- beginning ---- */

static void make_id(struct run *run, const struct capture_record *first)
{
    uint64_t salt = run->salt;
    for (size_t i = 0; i < SIGHTINGS_ID; i += 8) {
        uint64_t word =
            hash_bytes(first->bytes, first->length, hash_mix((uint64_t)first->time_us, salt + 100 * i));
        memcpy(run->id + i, &word, 8);
    }
}

/* What waited where another input of the collector ended, about this time. */
static int state_before(struct run *run, int64_t time_us, const uint8_t **ret_state, size_t *ret_length)
{
    struct observer *observer = run->observer;
    return sightings_state_before(observer->store, observer->options->collector,
        time_us - SPAN_PAUSE_S * UTC_SECOND, time_us + UTC_SECOND, observer->arena, ret_state, ret_length,
        run->store_note);
}

/* Where the wire and the tally stand at the first record: where this input was left; or where the one before
 * it ended, just before; or nowhere. */
static int begin_state(struct run *run, int64_t first_us)
{
    struct observer *observer = run->observer;
    const uint8_t *state = NULL;
    size_t length = 0;
    int err = 0;
    if (run->mark.state_length) {
        state = run->mark.state;
        length = run->mark.state_length;
    } else if (observer->wire && first_us >= observer->clock_us - UTC_SECOND &&
               first_us <= observer->clock_us + SPAN_PAUSE_S * UTC_SECOND) {
        return 0;
    } else {
        err = state_before(run, first_us, &state, &length);
    }
    if (!err)
        err = length ? state_load(observer, state, length, run->store_note) : state_fresh(observer);
    return err == ERR_NOMEM ? err_set(run->store_note, err, "no memory to count in") : err;
}

/* The first records were all counted before, from another input, and this one was not: it goes on where that
 * input ended, with the questions that waited there, also those from before this input's begin. Where no
 * input ends here, what was remembered of the records so far has to do. */
static int rejoin(struct run *run, int64_t time_us)
{
    struct observer *observer = run->observer;
    const uint8_t *state = NULL;
    size_t length = 0;
    arena_reset(observer->arena);
    int err = state_before(run, time_us, &state, &length);
    return err || !length ? err : state_load(observer, state, length, run->store_note);
}

static int begin(struct run *run, const struct capture_record *first)
{
    struct observer *observer = run->observer;
    if (run->endless) {
        if (getrandom(run->id, sizeof run->id, 0) != (ssize_t)sizeof run->id)
            return err_set(run->store_note, ERR_INTERNAL, "no random numbers");
    } else {
        make_id(run, first);
    }
    arena_reset(observer->arena);
    int err = sightings_mark(
        observer->store, observer->options->collector, run->id, observer->arena, &run->mark, run->store_note);
    if (!err)
        err = begin_state(run, first->time_us);
    if (err)
        return err;
    prints_free(observer->stretch.prints);
    observer->stretch.prints = prints_new(run->endless ? PRINTS_MOST_LIVE : PRINTS_MOST);
    run->cover = cover_new(observer->store, observer->options->collector, run->id);
    if (!observer->stretch.prints || !run->cover)
        return err_set(run->store_note, ERR_NOMEM, "no memory to read %s", run->done->name);
    stretch_start(observer, run->mark.end_record);
    observer->nothing_new = run->mark.state_length == 0;
    run->begun = true;
    return 0;
}

/* ---- a batch ---- */

/* Passes over what the store has. Returns how many records of the batch that are. */
static size_t pass_known(struct run *run, const uint64_t *prints, size_t count)
{
    uint64_t left = run->mark.end_record > run->records ? run->mark.end_record - run->records : 0;
    size_t known = left < count ? (size_t)left : count;
    if (known && known == left)
        run->other = prints[known - 1] != run->mark.last_record_hash;
    run->done->known += known;
    return known;
}

static bool time_fits(int64_t time_us)
{
    return time_us >= 0 && time_us <= UTC_LAST;
}

static int count_record(struct run *run, const struct capture_record *record, uint64_t print, bool covered)
{
    struct observer *observer = run->observer;
    struct stretch *stretch = &observer->stretch;
    struct observe_done *done = run->done;
    stretch->last_hash = print;
    if (!time_fits(record->time_us)) {
        uint64_t *bad =
            record->what == CAPTURE_LINE ? &observer->totals->bad_lines : &observer->totals->bad_times;
        ++*bad;
        return 0;
    }
    bool behind = observer->nothing_new && (done->overlapped || done->known);
    int err = behind && !covered ? rejoin(run, record->time_us) : 0;
    observer->nothing_new &= covered;
    observer->seen = covered;
    if (covered) {
        stretch->overlapped++;
        done->overlapped++;
    } else {
        stretch_add(stretch, record->time_us, print);
        observer->clock_us = record->time_us;
        if (done->from_us == 0 || record->time_us < done->from_us)
            done->from_us = record->time_us;
        done->to_us = record->time_us > done->to_us ? record->time_us : done->to_us;
    }
    take(observer, record);
    return err;
}

enum { NEAR = 8 };

/* Those that the digest does not tell. Their octets were read on the other processor: they are asked for. */
static void take_others(
    struct observer *observer, const struct capture_record *records, const struct digest *digest)
{
    for (uint32_t i = 0; i < digest->other_count; i++) {
        if (i + NEAR < digest->other_count) {
            const uint8_t *bytes = records[digest->others[i + NEAR]].bytes;
            __builtin_prefetch(bytes);
            __builtin_prefetch(bytes + DIGEST_LINE);
        }
        take(observer, &records[digest->others[i]]);
    }
}

/* Nearly all batches: nothing of them is in the store, and their times go on from those before. Does the same
 * as count_record() for each; false, and nothing, if that is needed. */
static bool count_plain(
    struct run *run, const struct capture_record *records, const struct digest *digest, size_t count)
{
    struct observer *observer = run->observer;
    struct stretch *stretch = &observer->stretch;
    struct observe_done *done = run->done;
    int64_t least_us = digest->least_us, most_us = digest->most_us;
    if (observer->nothing_new || least_us <= 0 || !time_fits(most_us) ||
        !stretch_extend(stretch, least_us, most_us, count))
        return false;
    done->from_us = done->from_us == 0 || least_us < done->from_us ? least_us : done->from_us;
    done->to_us = most_us > done->to_us ? most_us : done->to_us;
    observer->seen = false;
    prints_add_all(stretch->prints, digest->prints, records, count);
    wire_told(observer->wire, digest->packets, digest->cut);
    observer_fault(observer, tally_batch_count(observer->tally, &digest->ordinary));
    take_others(observer, records, digest);
    stretch->last_hash = digest->prints[count - 1];
    observer->clock_us = records[count - 1].time_us;
    return true;
}

static int take_batch(struct run *run, const struct piece *piece)
{
    const struct capture_record *records = piece->batch.records;
    const struct digest *digest = &piece->digest;
    size_t count = piece->batch.count, known = pass_known(run, digest->prints, count);
    bool covered[CAPTURE_BATCH], meets;
    if (run->other || known == count) {
        run->records += run->other ? 0 : count;
        return 0;
    }
    int err = cover_meets(run->cover, digest->least_us, digest->most_us, &meets, run->store_note);
    if (!err && (known || meets || !count_plain(run, records, digest, count))) {
        cover_judge(run->cover, records + known, digest->prints + known, count - known, covered);
        for (size_t i = known; i < count && !err; i++)
            err = count_record(run, &records[i], digest->prints[i], covered[i - known]);
    }
    run->records += err ? 0 : count;
    return err;
}

/* ---- the loop ---- */

static int commit(struct run *run, const struct capture_state *state)
{
    struct observer *observer = run->observer;
    if (!run->begun)
        return 0;
    observer->stretch.dropped = state->dropped - run->dropped;
    uint64_t end = run->records > run->mark.end_record ? run->records : run->mark.end_record;
    int err = stretch_commit(observer, run->done->name, run->id, end, run->store_note);
    if (!err)
        run->dropped = state->dropped;
    run->committed_us = clock_mono_us();
    return err;
}

/* An endless input cannot be read again, so a store that is away for a while is waited for, as long as there
 * is room to count in. */
static int commit_endless(struct run *run, const struct capture_state *state)
{
    int err = commit(run, state);
    if ((err != ERR_UNAVAILABLE && err != ERR_IO) || !run->endless || tally_full(run->observer->tally))
        return err;
    log_warning("%s; what was counted is kept, and tried again", run->store_note->text);
    return 0;
}

static bool is_due(const struct run *run)
{
    const struct observer *observer = run->observer;
    return run->begun && (tally_full(observer->tally) || stretch_is_full(&observer->stretch) ||
                             clock_mono_us() - run->committed_us >= observer->options->every_us);
}

static void tell_progress(const struct run *run, const struct capture_state *state)
{
    const struct observe_options *options = run->observer->options;
    if (!options->progress)
        return;
    options->progress(options->context, &(struct observe_progress){.name = run->done->name,
                                            .size = state->size,
                                            .offset = state->offset,
                                            .records = run->records,
                                            .octets = state->uncompressed,
                                            .dropped = state->dropped});
}

static bool fetch_piece(void *context, struct crew *crew, void *slot)
{
    struct run *run = context;
    struct piece *piece = slot;
    run->crew = crew;
    piece->batch = (struct capture_batch){.end = false};
    piece->err = capture_next(run->capture, &piece->batch, &piece->note);
    piece->state = capture_state(run->capture);
    return !piece->err && !piece->batch.end;
}

static void time_lines(struct piece *piece)
{
    struct capture_batch *batch = &piece->batch;
    if (batch->records[0].what != CAPTURE_LINE)
        return;
    memcpy(piece->lines, batch->records, batch->count * sizeof *piece->lines);
    digest_time_lines(piece->lines, batch->count);
    batch->records = piece->lines;
}

static void prepare_piece(void *context, void *slot)
{
    struct piece *piece = slot;
    (void)context;
    if (piece->err || piece->batch.count == 0)
        return;
    time_lines(piece);
    digest_records(piece->digester, piece->batch.records, piece->batch.count, &piece->digest);
}

/* False at a fault of the input (in run->done) or of the store (in run->store_err), or when it is over. */
static bool finish_piece(void *context, void *slot)
{
    struct run *run = context;
    const struct piece *piece = slot;
    const struct observe_options *options = run->observer->options;
    if (piece->err) {
        run->done->err = err_set(&run->done->note, piece->err, "%s", piece->note.text);
        return false;
    }
    if (*options->stop)
        capture_stop(run->capture);
    if (*options->stop && !run->endless)
        return false; /* this batch will be read again */
    if (piece->batch.count && !run->begun)
        run->store_err = begin(run, &piece->batch.records[0]);
    if (!run->store_err)
        run->store_err = take_batch(run, piece);
    if (!run->store_err && !run->other && is_due(run))
        run->store_err = commit_endless(run, &piece->state);
    tell_progress(run, &piece->state);
    return !run->store_err && !run->other;
}

/* Reads until the end or a fault. */
static int read_all(struct run *run)
{
    const struct observe_options *options = run->observer->options;
    struct piece *pieces = aligned_alloc(DIGEST_LINE, CREW_SLOTS * sizeof *pieces);
    struct crew_task task = {fetch_piece, prepare_piece, finish_piece, run, {NULL},
        .pauses = capture_state(run->capture).size == 0};
    bool good = pieces != NULL;
    for (size_t i = 0; pieces && i < CREW_SLOTS; i++) {
        task.slots[i] = &pieces[i];
        good &= (pieces[i].digester = digester_new(options->ports, options->port_count)) != NULL;
    }
    run->committed_us = clock_mono_us();
    if (good)
        crew_run(&task);
    run->crew = NULL;
    for (size_t i = 0; pieces && i < CREW_SLOTS; i++)
        digester_free(pieces[i].digester);
    free(pieces);
    if (!good)
        return err_set(run->store_note, ERR_NOMEM, "no memory to read %s", run->done->name);
    if (run->store_err || run->other)
        return run->store_err;
    struct capture_state state = capture_state(run->capture);
    return commit(run, &state);
}

static int open_input(struct run *run)
{
    const struct observe_options *options = run->observer->options;
    const char *path = run->input->path;
    struct err_note *note = &run->done->note;
    switch (run->input->form) {
    case OBSERVE_LOG:
        return capture_open_log(path, &run->capture, note);
    case OBSERVE_LIVE:
        return capture_open_live(path, options->ports, options->port_count, 0, &run->capture, note);
    case OBSERVE_DNSTAP:
        return capture_open_dnstap(path, &run->capture, note);
    case OBSERVE_FILE:
        break;
    }
    return capture_open_file(path, &run->capture, note);
}

/* The capture is about to overwrite what messages of this batch and of those before it consist of. */
static void let_go(void *context, uint64_t batch)
{
    const struct run *run = context;
    crew_wait(run->crew, batch);
}

static void close_input(struct run *run)
{
    struct capture_state state = capture_state(run->capture);
    run->done->format = state.format;
    run->done->filter = state.filter;
    run->done->records = run->records;
    run->done->dropped = state.dropped;
    run->done->other = state.skipped;
    capture_close(run->capture);
    cover_free(run->cover);
}

int input_read(struct observer *observer, const struct observe_input *input, struct observe_done *ret_done,
    struct err_note *note)
{
    const char *name =
        strcmp(input->path, "-") == 0 && input->form == OBSERVE_FILE ? "standard input" : input->path;
    for (unsigned salt = 0; salt < ID_TRIES; salt++) {
        *ret_done = (struct observe_done){.name = name, .format = "", .filter = ""};
        struct run run = {.observer = observer,
            .input = input,
            .done = ret_done,
            .salt = salt,
            .endless = input->form == OBSERVE_LIVE || input->form == OBSERVE_DNSTAP,
            .store_note = note};
        ret_done->err = open_input(&run);
        if (ret_done->err)
            return 0;
        capture_keep(run.capture, let_go, &run);
        run.store_err = read_all(&run);
        close_input(&run);
        if (!run.other)
            return run.store_err;
        if (strcmp(input->path, "-") == 0)
            break;
    }
    ret_done->err = err_set(&ret_done->note, ERR_DATA,
        "%s: the store has read another input that begins alike; give this one another --collector", name);
    return 0;
}
