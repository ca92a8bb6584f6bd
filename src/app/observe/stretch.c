/* A stretch of an input becomes a segment of the store: rows, coverage, fingerprints and what waits, in one
 * commit. Pauses of a minute split coverage into spans; a time that jumps about makes many of them, and after
 * MOST_SPANS the stretch is committed. */
#include "app/observe/inside.h"
#include "base/aside.h"
#include "io/proc/clock.h"

#include <stdlib.h>

void stretch_start(struct observer *observer, uint64_t first_record)
{
    struct stretch *stretch = &observer->stretch;
    struct prints *prints = stretch->prints;
    *stretch = (struct stretch){
        .first_record = first_record, .from_us = INT64_MAX, .to_us = INT64_MIN, .prints = prints};
    prints_reset(prints);
}

bool stretch_is_full(const struct stretch *stretch)
{
    return stretch->span_count > MOST_SPANS - CAPTURE_BATCH;
}

void stretch_add(struct stretch *stretch, int64_t time_us, uint64_t print)
{
    const int64_t pause_us = SPAN_PAUSE_S * UTC_SECOND;
    struct sightings_span *span = stretch->span_count ? &stretch->spans[stretch->span_count - 1] : NULL;
    if (!span || time_us > span->to_us + pause_us || time_us < span->from_us - pause_us) {
        span = &stretch->spans[stretch->span_count++];
        *span = (struct sightings_span){.from_us = time_us, .to_us = time_us};
    }
    span->packets++;
    span->from_us = time_us < span->from_us ? time_us : span->from_us;
    span->to_us = time_us > span->to_us ? time_us : span->to_us;
    stretch->from_us = time_us < stretch->from_us ? time_us : stretch->from_us;
    stretch->to_us = time_us > stretch->to_us ? time_us : stretch->to_us;
    stretch->packets++;
    prints_add(stretch->prints, print, time_us);
}

bool stretch_extend(struct stretch *stretch, int64_t least_us, int64_t most_us, size_t count)
{
    const int64_t pause_us = SPAN_PAUSE_S * UTC_SECOND;
    struct sightings_span *span = stretch->span_count ? &stretch->spans[stretch->span_count - 1] : NULL;
    if (!span || most_us > span->to_us + pause_us || least_us < span->from_us - pause_us)
        return false;
    span->packets += count;
    span->from_us = least_us < span->from_us ? least_us : span->from_us;
    span->to_us = most_us > span->to_us ? most_us : span->to_us;
    stretch->from_us = least_us < stretch->from_us ? least_us : stretch->from_us;
    stretch->to_us = most_us > stretch->to_us ? most_us : stretch->to_us;
    stretch->packets += count;
    return true;
}

/* ---- rows, perhaps under other addresses ---- */

/* Traffic is still being sorted when the first rows are asked for. */
struct given {
    struct tally_rows rows;
    struct pseudonym *pseudonym; /* NULL: their own addresses */
    struct aside *sorter;
};

static void rename_source(const struct given *given, uint8_t source[16])
{
    if (given->pseudonym && pseudonym_apply(given->pseudonym, source) != 0)
        memset(source, 0, 16); /* nobody's address, rather than somebody's */
}

static void give_row(const void *context, size_t i, struct tally_row *ret)
{
    const struct given *given = context;
    given->rows.row(given->rows.context, i, ret);
    rename_source(given, ret->source);
}

static void give_traffic(const void *context, size_t i, struct tally_traffic *ret)
{
    const struct given *given = context;
    aside_end(given->sorter);
    given->rows.traffic(given->rows.context, i, ret);
    rename_source(given, ret->source);
}

/* ---- committing ---- */

/* What was counted since the totals were last brought up to date. */
static void count(struct observer *observer, struct sightings_segment *segment)
{
    struct wire_counters wire = state_wire_counters(observer), *old_wire = &observer->totals->wire;
    struct tally_counters tally = state_tally_counters(observer), *old_tally = &observer->totals->tally;
    segment->messages = tally.messages - old_tally->messages;
    segment->malformed = wire.malformed - old_wire->malformed + tally.not_dns - old_tally->not_dns;
    segment->invalid = tally.kinds[SIGHTING_INVALID] - old_tally->kinds[SIGHTING_INVALID];
    segment->too_big = tally.kinds[SIGHTING_TOO_BIG] - old_tally->kinds[SIGHTING_TOO_BIG];
    segment->reassembly = tally.kinds[SIGHTING_REASSEMBLY] - old_tally->kinds[SIGHTING_REASSEMBLY];
}

static void book(struct observer *observer, size_t sources)
{
    struct observe_totals *totals = observer->totals;
    const struct stretch *stretch = &observer->stretch;
    totals->wire = state_wire_counters(observer);
    totals->tally = state_tally_counters(observer);
    totals->segments++;
    totals->sources += sources;
    if (stretch->packets && (totals->from_us == 0 || stretch->from_us < totals->from_us))
        totals->from_us = stretch->from_us;
    if (stretch->packets && stretch->to_us > totals->to_us)
        totals->to_us = stretch->to_us;
}

/* An attempt that seemed to fail may have been written unseen. */
static bool is_there(struct observer *observer, const struct sightings_segment *segment)
{
    struct sightings_mark mark;
    arena_reset(observer->arena);
    return sightings_mark(
               observer->store, segment->collector, segment->input_id, observer->arena, &mark, NULL) == 0 &&
           mark.end_record == segment->end_record && mark.last_record_hash == segment->last_record_hash;
}

static int write_segment(struct observer *observer, const struct given *given,
    struct sightings_segment *segment, struct err_note *note)
{
    const struct tally_rows rows = {given->rows.count, given->rows.traffic_count, give_row, give_traffic,
        given, .apart = !given->pseudonym};
    int err = sightings_commit(observer->store, segment, &rows, note);
    aside_end(given->sorter);
    if (err == ERR_DATA && is_there(observer, segment))
        err = 0;
    if (!err) {
        book(observer, rows.traffic_count);
        tally_reset(observer->tally);
        stretch_start(observer, segment->end_record);
    }
    return err;
}

/* What goes into the store beside rows. */
struct saved {
    const struct observer *observer;
    uint8_t *prints, *state;
    size_t prints_length, state_length;
    int err;
};

static void *save(void *context)
{
    struct saved *saved = context;
    saved->err = prints_save(saved->observer->stretch.prints, &saved->prints, &saved->prints_length);
    if (!saved->err)
        saved->err = state_save(saved->observer, &saved->state, &saved->state_length);
    return NULL;
}

static void *sort_traffic(void *context)
{
    tally_rows_end(context);
    return NULL;
}

/* What waits is saved beside the sorting of sightings, traffic sorted beside their writing. */
static int write_stretch(struct observer *observer, struct sightings_segment *segment, struct err_note *note)
{
    struct aside saver, sorter;
    struct saved saved = {.observer = observer};
    struct given given = {.pseudonym = observer->options->pseudonym, .sorter = &sorter};
    aside_do(&saver, save, &saved);
    tally_rows_begin(observer->tally, &given.rows);
    aside_end(&saver);
    segment->prints = saved.prints;
    segment->prints_length = saved.prints_length;
    segment->state = saved.state;
    segment->state_length = observer->nothing_new ? 0 : saved.state_length;
    aside_do(&sorter, sort_traffic, observer->tally);
    int err = saved.err ? err_set(note, saved.err, "no memory to write what was counted")
                        : write_segment(observer, &given, segment, note);
    aside_end(&sorter);
    free(saved.prints);
    free(saved.state);
    return err;
}

int stretch_commit(struct observer *observer, const char *input, const uint8_t input_id[SIGHTINGS_ID],
    uint64_t end_record, struct err_note *note)
{
    struct stretch *stretch = &observer->stretch;
    if (observer->err)
        return err_set(note, observer->err, "no memory to count in");
    if (end_record == stretch->first_record && !stretch->dropped)
        return 0;
    struct sightings_segment segment = {.collector = observer->options->collector,
        .input = input,
        .first_record = stretch->first_record,
        .end_record = end_record,
        .last_record_hash = stretch->last_hash,
        .from_us = stretch->packets ? stretch->from_us : 0,
        .to_us = stretch->packets ? stretch->to_us : 0,
        .written_us = clock_now_us(),
        .packets = stretch->packets,
        .dropped = stretch->dropped,
        .overlapped = stretch->overlapped,
        .spans = stretch->spans,
        .span_count = stretch->span_count};
    memcpy(segment.input_id, input_id, SIGHTINGS_ID);
    count(observer, &segment);
    return write_stretch(observer, &segment, note);
}
