/* A shard that does not answer makes a question fail; then it is asked once more without those that are away.
 * Whether one is away is known before any row has come, because what counts is asked first. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sightings_click_bounds(const struct sightings_question *question, const char *counted,
    struct click_sql_value ret_values[SIGHTINGS_CLICK_BOUNDS + 1])
{
    const char *collector = question->collector;
    const struct click_sql_value values[SIGHTINGS_CLICK_BOUNDS + 1] = {
        {"from", CLICK_SQL_NUMBER, .number = question->from_us < -INT64_MAX ? -INT64_MAX : question->from_us},
        {"to", CLICK_SQL_NUMBER, .number = question->to_us},
        {"zone", CLICK_SQL_STRING, .text = question->zone ? question->zone : ""},
        {"collector", CLICK_SQL_STRING, .text = collector ? collector : ""},
        {"of_collector", CLICK_SQL_PART, .text = collector ? "collector = {collector}" : "1"},
        {"of_zone", CLICK_SQL_PART, .text = question->zone ? "zone = {zone}" : "1"},
        {"in_time", CLICK_SQL_PART, .text = click_in_time},
        {"counted", CLICK_SQL_PART, .text = counted},
        {0},
    };
    memcpy(ret_values, values, sizeof values);
}

/* Room for one more in an array on the heap, or NULL; it may have moved. */
void *sightings_click_room(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(array, larger * size);
    if (grown)
        *capacity = larger;
    return grown;
}

/* ---- who is missing ---- */

struct shard {
    uint64_t number;
    char address[300];
};

struct missing {
    struct shard shards[CLICK_URL_MAX_HOSTS];
    size_t count;
};

static int take_shard(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct missing *missing = context;
    enum { MOST_NAME = 255 };
    if (missing->count == CLICK_URL_MAX_HOSTS || values[1].length > MOST_NAME || !click_row_text(&values[1]))
        return 0;
    struct shard *shard = &missing->shards[missing->count++];
    shard->number = values[0].number;
    snprintf(shard->address, sizeof shard->address, "%.*s:%u", (int)values[1].length,
        (const char *)values[1].bytes, (unsigned)values[2].number);
    return 0;
}

/* Names the shards that cannot be reached from where we ask. */
static int name_missing(
    struct sightings_click *store, struct arena *arena, const char **ret_missing, struct err_note *note)
{
    struct missing missing = {.count = 0};
    const struct click_sql_value values[] = {{"cluster", CLICK_SQL_STRING, .text = store->cluster}, {0}};
    int rc = sightings_click_run(store, click_shards, values, "4s2", take_shard, &missing, note);
    if (rc)
        return rc;
    struct text names;
    text_start(&names);
    for (size_t i = 0; i < missing.count; i++) {
        struct err_note why;
        uint64_t one;
        const struct click_sql_value address[] = {
            {"address", CLICK_SQL_STRING, .text = missing.shards[i].address}, {0}};
        if (sightings_click_number(store, click_probe, address, &one, &why) == 0 ||
            !click_shard_missing(store->click))
            continue;
        text_printf(&names, "%sshard %u (", names.length ? ", " : "", (unsigned)missing.shards[i].number);
        text_add_safe(&names, missing.shards[i].address);
        text_add(&names, ")");
    }
    if (!names.length)
        text_printf(&names, "a shard of cluster '%s'", store->cluster);
    const char *string = names.failed ? NULL : arena_string(arena, names.string);
    text_free(&names);
    if (!string)
        return err_set(note, ERR_NOMEM, "no memory for an answer");
    *ret_missing = string;
    return 0;
}

static bool may_again(bool (*again)(const void *context), const void *context)
{
    return !again || again(context);
}

int sightings_click_try(struct sightings_click *store, sightings_click_ask_fn *ask,
    bool (*again)(const void *context), void *context, struct arena *arena, const char **ret_missing,
    struct err_note *note)
{
    const char *missing = NULL;
    int rc = ask(store, context, note);
    if (rc == ERR_UNAVAILABLE && !click_shard_missing(store->click) && store->url.host_count > 1 &&
        may_again(again, context) && sightings_click_next_host(store, note) == 0)
        rc = ask(store, context, note);
    if (rc == ERR_UNAVAILABLE && click_shard_missing(store->click) && may_again(again, context)) {
        click_settings(store->click, "&skip_unavailable_shards=1");
        store->skips = true;
        rc = ask(store, context, note);
        store->skips = false;
        click_settings(store->click, "");
        rc = rc ? rc : name_missing(store, arena, &missing, note);
    }
    if (!rc)
        *ret_missing = missing;
    return rc;
}
