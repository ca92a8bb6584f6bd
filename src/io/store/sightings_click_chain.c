/* Two processes that read the same input at the same time both write its records, in segments that need not
 * end at the same record. What counts is one chain of segments from record 0 on, each beginning where the one
 * before it ends; of several that begin at the same record, the one from which the chain comes farthest (and
 * then the one with the smaller id). So each record counts once, and one that has counted counts for ever:
 * segments that are added can only make the chain longer.
 *
 * Nearly always there is nothing to choose. Whether that is so is a question that ClickHouse answers; only
 * the segments of inputs that are in disorder come here. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdlib.h>
#include <string.h>

static int order(const void *a, const void *b)
{
    const struct sightings_click_link *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

/* The link that begins at `first` and comes farthest, or NULL; those from `from` on have their reach. */
static struct sightings_click_link *best(
    struct sightings_click_link *links, size_t from, size_t count, uint64_t first)
{
    size_t low = from, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (links[middle].first < first)
            low = middle + 1;
        else
            high = middle;
    }
    struct sightings_click_link *found = NULL;
    for (; low < count && links[low].first == first; low++) {
        if (links[low].end > first && (!found || links[low].reach > found->reach))
            found = &links[low];
    }
    return found;
}

uint64_t sightings_click_chain(struct sightings_click_link *links, size_t count)
{
    if (count)
        qsort(links, count, sizeof *links, order);
    for (size_t i = count; i-- > 0;) {
        const struct sightings_click_link *next = best(links, i + 1, count, links[i].end);
        links[i].reach = next ? next->reach : links[i].end;
        links[i].counts = false;
    }
    uint64_t end = 0;
    for (struct sightings_click_link *link; (link = best(links, 0, count, end)) != NULL; end = link->end)
        link->counts = true;
    return end;
}

/* ---- out of the store ---- */

/* The segments of one input after the other, as they come. */
struct inputs {
    struct sightings_click_link *links;
    size_t count, capacity;
    char collector[SIGHTINGS_MAX_COLLECTOR + 1];
    uint8_t input_id[SIGHTINGS_ID];
    uint64_t end;
    size_t losers;
    struct text *counted;
};

/* Ends the input whose segments have all come. */
static void finish(struct inputs *inputs)
{
    inputs->end = sightings_click_chain(inputs->links, inputs->count);
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->links[i].counts)
            continue;
        text_add(inputs->counted, inputs->losers++ ? ",'" : "hex(id) NOT IN ('");
        for (int octet = 0; octet < SIGHTINGS_ID; octet++)
            text_printf(inputs->counted, "%02X", inputs->links[i].id[octet]);
        text_add(inputs->counted, "'");
    }
    inputs->count = 0;
}

static int take_link(void *context, const struct click_value *values, struct err_note *note)
{
    struct inputs *inputs = context;
    if (values[1].length > SIGHTINGS_MAX_COLLECTOR || !click_row_text(&values[1]))
        return err_set(note, ERR_DATA, "a segment with a malformed collector: the tables are not rollcall's");
    size_t length = strlen(inputs->collector);
    bool same = length == values[1].length && memcmp(inputs->collector, values[1].bytes, length) == 0 &&
                memcmp(inputs->input_id, values[2].bytes, SIGHTINGS_ID) == 0;
    if (!same) {
        finish(inputs);
        memcpy(inputs->collector, values[1].bytes, values[1].length);
        inputs->collector[values[1].length] = '\0';
        memcpy(inputs->input_id, values[2].bytes, SIGHTINGS_ID);
    }
    if (inputs->count == inputs->capacity) {
        size_t capacity = inputs->capacity ? inputs->capacity * 2 : 64;
        struct sightings_click_link *grown = realloc(inputs->links, capacity * sizeof *grown);
        if (!grown)
            return err_set(note, ERR_NOMEM, "no memory for the segments of an input");
        inputs->links = grown;
        inputs->capacity = capacity;
    }
    struct sightings_click_link *link = &inputs->links[inputs->count++];
    memcpy(link->id, values[0].bytes, SIGHTINGS_ID);
    link->first = values[3].number;
    link->end = values[4].number;
    return 0;
}

/* Reads links with the statement and adds the condition that they make. */
static int read_links(struct sightings_click *store, const char *statement,
    const struct click_sql_value *values, uint64_t *ret_end, struct text *counted, struct err_note *note)
{
    struct inputs inputs = {.counted = counted};
    int rc = sightings_click_run(store, statement, values, "fsf88", take_link, &inputs, note);
    if (!rc) {
        finish(&inputs);
        text_add(counted, inputs.losers ? ")" : "1");
        *ret_end = inputs.end;
        if (counted->failed)
            rc = err_set(note, ERR_NOMEM, "no memory for the segments of an input");
    }
    free(inputs.links);
    return rc;
}

int sightings_click_counted(
    struct sightings_click *store, const char *collector, struct text *out, struct err_note *note)
{
    const struct click_sql_value values[] = {
        {"collector", CLICK_SQL_STRING, .text = collector ? collector : ""},
        {"of_collector", CLICK_SQL_PART, .text = collector ? "collector = {collector}" : "1"},
        {"in_order", CLICK_SQL_PART, .text = click_in_order}, {0}};
    uint64_t end;
    return read_links(store, click_links_in_disorder, values, &end, out, note);
}

struct input_row {
    uint64_t end;
    bool seen, in_order;
};

static int take_input(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    *(struct input_row *)context = (struct input_row){values[0].number, true, values[1].number != 0};
    return 0;
}

int sightings_click_end(struct sightings_click *store, const char *collector,
    const uint8_t input_id[SIGHTINGS_ID], uint64_t *ret_end, struct text *counted, struct err_note *note)
{
    const struct click_sql_value values[] = {{"collector", CLICK_SQL_STRING, .text = collector},
        {"input", CLICK_SQL_ID, .id = input_id}, {"in_order", CLICK_SQL_PART, .text = click_in_order}, {0}};
    struct input_row input = {0};
    int rc = sightings_click_run(store, click_input, values, "81", take_input, &input, note);
    if (rc)
        return rc;
    if (input.seen && !input.in_order)
        return read_links(store, click_input_links, values, ret_end, counted, note);
    text_add(counted, "1");
    *ret_end = input.end;
    return 0;
}
