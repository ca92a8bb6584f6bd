/* What collectors cover: sums of their segments, and their spans, which come by collector. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdlib.h>
#include <string.h>

struct covering {
    struct arena *arena;
    struct sightings_coverage *coverage; /* on the heap while it grows */
    size_t count, capacity;
    /* Spans of the collector that is being read. */
    struct sightings_span *spans;
    size_t span_count, span_capacity;
    char span_collector[SIGHTINGS_MAX_COLLECTOR + 1];
};

static int no_memory(struct err_note *note)
{
    return err_set(note, ERR_NOMEM, "no memory for what collectors cover");
}

static int foreign(const char *what, struct err_note *note)
{
    return err_set(note, ERR_DATA,
        "a segment that makes no sense (%s): the tables are not rollcall's, or damaged", what);
}

static bool collector_of(const struct click_value *value, char out[SIGHTINGS_MAX_COLLECTOR + 1])
{
    if (value->length > SIGHTINGS_MAX_COLLECTOR || !click_row_text(value))
        return false;
    if (value->length)
        memcpy(out, value->bytes, value->length);
    out[value->length] = '\0';
    return sightings_name_fits(out);
}

static int take_coverage(void *context, const struct click_value *values, struct err_note *note)
{
    struct covering *covering = context;
    char name[SIGHTINGS_MAX_COLLECTOR + 1] = "";
    if (!collector_of(&values[0], name))
        return foreign("a collector", note);
    struct sightings_coverage *all =
        sightings_click_room(covering->coverage, covering->count, &covering->capacity, sizeof *all);
    if (!all)
        return no_memory(note);
    covering->coverage = all;
    struct sightings_coverage *one = &all[covering->count++];
    *one = (struct sightings_coverage){
        .collector = arena_string(covering->arena, name),
        .from_us = (int64_t)values[1].number,
        .to_us = (int64_t)values[2].number,
        .inputs = values[3].number,
        .packets = values[4].number,
        .messages = values[5].number,
        .dropped = values[6].number,
        .overlapped = values[7].number,
        .malformed = values[8].number,
        .invalid = values[9].number,
        .too_big = values[10].number,
        .reassembly = values[11].number,
    };
    if (!one->collector)
        return no_memory(note);
    const char *fault = sightings_coverage_fault(one);
    return fault ? foreign(fault, note) : 0;
}

/* Ends the collector whose spans have all come. */
static bool finish_spans(struct covering *covering)
{
    bool all = true;
    for (size_t i = 0; covering->span_count && i < covering->count; i++) {
        struct sightings_coverage *one = &covering->coverage[i];
        if (strcmp(one->collector, covering->span_collector) == 0)
            all = sightings_work(covering->spans, covering->span_count, covering->arena, one);
    }
    covering->span_count = 0;
    return all;
}

static int take_span(void *context, const struct click_value *values, struct err_note *note)
{
    struct covering *covering = context;
    char name[SIGHTINGS_MAX_COLLECTOR + 1] = "";
    if (!collector_of(&values[0], name))
        return foreign("a collector", note);
    if (strcmp(name, covering->span_collector) != 0 && !finish_spans(covering))
        return no_memory(note);
    memcpy(covering->span_collector, name, sizeof name);
    struct sightings_span *spans =
        sightings_click_room(covering->spans, covering->span_count, &covering->span_capacity, sizeof *spans);
    if (!spans)
        return no_memory(note);
    covering->spans = spans;
    struct sightings_span *span = &spans[covering->span_count++];
    *span = (struct sightings_span){(int64_t)values[1].number, (int64_t)values[2].number, 0};
    return sightings_span_fits(span) ? 0 : foreign("spans", note);
}

int sightings_click_cover(struct sightings_click *store, const struct click_sql_value *values,
    struct arena *arena, struct sightings_coverage **ret_coverage, size_t *ret_count, struct err_note *note)
{
    struct covering covering = {.arena = arena};
    int rc =
        sightings_click_run(store, click_coverage, values, "sii888888888", take_coverage, &covering, note);
    if (!rc)
        rc = sightings_click_run(store, click_spans, values, "sii", take_span, &covering, note);
    if (!rc && !finish_spans(&covering))
        rc = no_memory(note);
    struct sightings_coverage *all =
        rc ? NULL : arena_copy(arena, covering.coverage, covering.count * sizeof *all);
    if (!rc && covering.count && !all)
        rc = no_memory(note);
    if (!rc) {
        *ret_coverage = all;
        *ret_count = covering.count;
    }
    free(covering.coverage);
    free(covering.spans);
    return rc;
}
