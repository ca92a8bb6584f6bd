/* Opening, closing, and what is asked about segments. Every question is a statement of sightings_click.sql.
 */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const unsigned pauses_ms[] = {100, 300, 1000, 2000, 4000};

/* ---- SQL ---- */

void sightings_click_sql(struct sightings_click *store, struct text *out, const char *statement,
    const struct click_sql_value *values)
{
    enum { MOST_VALUES = 24 };
    const char *const tables[] = {"sighting", "traffic", "segment"};
    struct text names[3];
    struct click_sql_value all[MOST_VALUES + 1] = {{"database", CLICK_SQL_NAME, .text = store->url.database},
        {"database_name", CLICK_SQL_STRING, .text = store->url.database}};
    size_t count = 2;
    for (size_t i = 0; i < 3; i++) {
        text_start(&names[i]);
        text_printf(&names[i], "{database}.%s%s", tables[i], store->distributed ? "" : "_local");
        all[count++] = (struct click_sql_value){tables[i], CLICK_SQL_PART, .text = names[i].string};
    }
    for (; values && values->name && count < MOST_VALUES; values++)
        all[count++] = *values;
    click_sql_add(out, statement, all);
    for (size_t i = 0; i < 3; i++)
        text_free(&names[i]);
}

int sightings_click_run(struct sightings_click *store, const char *statement,
    const struct click_sql_value *values, const char *types, click_row_fn *row, void *context,
    struct err_note *note)
{
    struct text sql;
    text_start(&sql);
    sightings_click_sql(store, &sql, statement, values);
    int rc = sql.failed ? err_set(note, ERR_NOMEM, "no memory for a question to ClickHouse")
             : types    ? click_ask(store->click, sql.string, types, row, context, note)
                        : click_do(store->click, sql.string, note);
    text_free(&sql);
    return rc;
}

struct number {
    uint64_t value;
    bool seen;
};

static int take_number(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    *(struct number *)context = (struct number){values[0].number, true};
    return 0;
}

int sightings_click_number(struct sightings_click *store, const char *statement,
    const struct click_sql_value *values, uint64_t *ret_number, struct err_note *note)
{
    struct number number = {0};
    int rc = sightings_click_run(store, statement, values, "8", take_number, &number, note);
    if (!rc && !number.seen)
        rc =
            err_set(note, ERR_DATA, "ClickHouse at %s: an answer without a number", click_host(store->click));
    if (!rc)
        *ret_number = number.value;
    return rc;
}

void sightings_click_names(struct text *out, const char *columns)
{
    for (const char *at = columns; *at; at += strcspn(at, ",")) {
        at += strspn(at, ", \n");
        if (out->length)
            text_add(out, ", ");
        text_add_bytes(out, at, strcspn(at, " "));
    }
}

bool sightings_click_again(unsigned attempt)
{
    if (attempt > sizeof pauses_ms / sizeof *pauses_ms)
        return false;
    if (attempt) {
        unsigned ms = pauses_ms[attempt - 1];
        nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
    }
    return true;
}

/* ---- connections ---- */

static int look_at_version(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    enum { MOST = 64 };
    size_t length = values[0].length;
    *(bool *)context = length && length < MOST && values[0].bytes[0] >= '1' && values[0].bytes[0] <= '9';
    return 0;
}

/* A connection to a host that answers as a ClickHouse does. */
static int connect_host(
    struct sightings_click *store, unsigned host, struct click **ret_click, struct err_note *note)
{
    struct click *click;
    bool is_one = false;
    int rc = click_new(&store->url, host, &click, note);
    if (rc)
        return rc;
    rc = click_ask(click, click_version, "s", look_at_version, &is_one, note);
    if (!rc && !is_one)
        rc = err_set(note, ERR_DATA, "what answers at %s is no ClickHouse", click_host(click));
    if (rc)
        click_free(click);
    else
        *ret_click = click;
    return rc;
}

int sightings_click_next_host(struct sightings_click *store, struct err_note *note)
{
    unsigned before = store->host;
    int rc = ERR_UNAVAILABLE;
    for (unsigned i = 0; i < store->url.host_count; i++) {
        unsigned host = (before + i + (store->click ? 1 : 0)) % store->url.host_count;
        struct click *click;
        struct err_note why;
        int failed = connect_host(store, host, &click, &why);
        if (!failed) {
            click_free(store->click);
            store->click = click;
            store->host = host;
            return 0;
        }
        rc = err_set(note, failed, "%s", why.text);
        if (failed != ERR_UNAVAILABLE)
            break;
    }
    return rc;
}

static void close_store(struct sightings *base)
{
    struct sightings_click *store = (struct sightings_click *)base;
    click_free(store->click);
    explicit_bzero(&store->url, sizeof store->url);
    free(store);
}

static int open_store(const char *where, bool read_only, struct sightings **ret_store, struct err_note *note)
{
    struct sightings_click *store = calloc(1, sizeof *store);
    if (!store)
        return err_set(note, ERR_NOMEM, "no memory for a store");
    store->base = (struct sightings){&sightings_click, read_only};
    int rc = click_url_parse(where, &store->url, note);
    if (!rc)
        rc = sightings_click_next_host(store, note);
    if (!rc)
        rc = sightings_click_prepare(store, note);
    if (rc)
        close_store(&store->base);
    else
        *ret_store = &store->base;
    return rc;
}

/* ---- rows into an arena ---- */

struct copies {
    struct arena *arena;
    bool failed;
};

static const void *copy(struct copies *copies, const struct click_value *value)
{
    uint8_t *out = arena_alloc(copies->arena, value->length + 1);
    if (!out)
        copies->failed = true;
    else if (value->length)
        memcpy(out, value->bytes, value->length);
    return out;
}

static int no_memory(struct err_note *note)
{
    return err_set(note, ERR_NOMEM, "no memory for what ClickHouse answers");
}

/* ---- where an input stands ---- */

struct mark_rows {
    struct copies copies;
    struct sightings_mark mark;
};

static int take_mark(void *context, const struct click_value *values, struct err_note *note)
{
    struct mark_rows *rows = context;
    rows->mark = (struct sightings_mark){
        values[0].number, values[1].number, copy(&rows->copies, &values[2]), values[2].length};
    return rows->copies.failed ? no_memory(note) : 0;
}

static int mark(struct sightings *base, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    struct arena *arena, struct sightings_mark *ret_mark, struct err_note *note)
{
    struct sightings_click *store = (struct sightings_click *)base;
    struct mark_rows rows = {{arena, false}, {0}};
    struct text counted;
    uint64_t end = 0;
    text_start(&counted);
    int rc = sightings_click_end(store, collector, input_id, &end, &counted, note);
    if (!rc && end) {
        const struct click_sql_value values[] = {{"collector", CLICK_SQL_STRING, .text = collector},
            {"input", CLICK_SQL_ID, .id = input_id}, {"end", CLICK_SQL_NUMBER, .number = (int64_t)end},
            {"counted", CLICK_SQL_PART, .text = counted.string}, {0}};
        rc = sightings_click_run(store, click_mark, values, "88s", take_mark, &rows, note);
        if (!rc && rows.mark.end_record != end)
            rc = err_set(note, ERR_UNAVAILABLE, "ClickHouse at %s: the segments have changed meanwhile",
                click_host(store->click));
    }
    text_free(&counted);
    if (!rc)
        *ret_mark = rows.mark;
    return rc;
}

/* ---- what a collector covers ---- */

struct cover_rows {
    struct copies copies;
    struct sightings_cover *covers;
    size_t count, capacity;
    uint8_t last_id[SIGHTINGS_ID];
};

static struct sightings_cover *next_cover(struct cover_rows *rows)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? rows->capacity * 2 : 16;
        struct sightings_cover *grown = arena_alloc(rows->copies.arena, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        if (rows->count)
            memcpy(grown, rows->covers, rows->count * sizeof *grown);
        rows->covers = grown;
        rows->capacity = capacity;
    }
    return &rows->covers[rows->count++];
}

static struct sightings_span *copy_spans(struct copies *copies, const struct click_value *arrays)
{
    size_t count = arrays[0].length;
    struct sightings_span *spans = arena_alloc(copies->arena, (count + 1) * sizeof *spans);
    copies->failed |= !spans;
    for (size_t i = 0; spans && i < count; i++)
        spans[i] = (struct sightings_span){(int64_t)click_row_element(&arrays[0], i),
            (int64_t)click_row_element(&arrays[1], i), click_row_element(&arrays[2], i)};
    return spans;
}

/* A record that was sent twice is there twice: one behind the other. */
static int take_cover(void *context, const struct click_value *values, struct err_note *note)
{
    struct cover_rows *rows = context;
    if (rows->count && memcmp(rows->last_id, values[0].bytes, SIGHTINGS_ID) == 0)
        return 0;
    size_t spans = values[5].length;
    if (values[6].length != spans || values[7].length != spans || !click_row_text(&values[2]))
        return err_set(
            note, ERR_DATA, "a segment with malformed spans or name: the tables are not rollcall's");
    memcpy(rows->last_id, values[0].bytes, SIGHTINGS_ID);
    struct sightings_cover *cover = next_cover(rows);
    if (!cover)
        return no_memory(note);
    memcpy(cover->input_id, values[1].bytes, SIGHTINGS_ID);
    cover->input = copy(&rows->copies, &values[2]);
    cover->from_us = (int64_t)values[3].number;
    cover->to_us = (int64_t)values[4].number;
    cover->spans = copy_spans(&rows->copies, &values[5]);
    cover->span_count = spans;
    cover->prints = copy(&rows->copies, &values[8]);
    cover->prints_length = values[8].length;
    return rows->copies.failed ? no_memory(note) : 0;
}

static int covers(struct sightings *base, const char *collector, const uint8_t input_id[SIGHTINGS_ID],
    int64_t from_us, int64_t to_us, struct arena *arena, struct sightings_cover **ret_covers,
    size_t *ret_count, struct err_note *note)
{
    struct sightings_click *store = (struct sightings_click *)base;
    struct cover_rows rows = {.copies = {arena, false}};
    struct text counted;
    text_start(&counted);
    int rc = sightings_click_counted(store, collector, &counted, note);
    if (!rc) {
        const struct click_sql_value values[] = {{"collector", CLICK_SQL_STRING, .text = collector},
            {"input", CLICK_SQL_ID, .id = input_id}, {"from", CLICK_SQL_NUMBER, .number = from_us},
            {"to", CLICK_SQL_NUMBER, .number = to_us}, {"counted", CLICK_SQL_PART, .text = counted.string},
            {0}};
        rc = sightings_click_run(store, click_covers, values, "ffsiiaaas", take_cover, &rows, note);
    }
    text_free(&counted);
    if (!rc) {
        *ret_covers = rows.covers;
        *ret_count = rows.count;
    }
    return rc;
}

/* ---- what waited before ---- */

struct state_rows {
    struct copies copies;
    const uint8_t *state;
    size_t length;
};

static int take_state(void *context, const struct click_value *values, struct err_note *note)
{
    struct state_rows *rows = context;
    rows->state = copy(&rows->copies, &values[0]);
    rows->length = values[0].length;
    return rows->copies.failed ? no_memory(note) : 0;
}

static int state_before(struct sightings *base, const char *collector, int64_t from_us, int64_t to_us,
    struct arena *arena, const uint8_t **ret_state, size_t *ret_length, struct err_note *note)
{
    struct sightings_click *store = (struct sightings_click *)base;
    struct state_rows rows = {.copies = {arena, false}};
    struct text counted;
    text_start(&counted);
    int rc = sightings_click_counted(store, collector, &counted, note);
    if (!rc) {
        const struct click_sql_value values[] = {{"collector", CLICK_SQL_STRING, .text = collector},
            {"from", CLICK_SQL_NUMBER, .number = from_us}, {"to", CLICK_SQL_NUMBER, .number = to_us},
            {"counted", CLICK_SQL_PART, .text = counted.string}, {0}};
        rc = sightings_click_run(store, click_state_before, values, "s", take_state, &rows, note);
    }
    text_free(&counted);
    if (!rc) {
        *ret_state = rows.state;
        *ret_length = rows.length;
    }
    return rc;
}

const struct sightings_backend sightings_click = {
    .open = open_store,
    .close = close_store,
    .mark = mark,
    .covers = covers,
    .state_before = state_before,
    .commit = sightings_click_commit,
    .ask = sightings_click_ask,
    .scan = sightings_click_scan,
};
