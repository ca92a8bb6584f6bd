/* Tables are made with CREATE … IF NOT EXISTS on each host of the URL: ClickHouse's own way to make them on
 * all shards (ON CLUSTER) needs ZooKeeper. Then it is looked whether what is there is ours, column by column,
 * and whether each shard has it. A store with all its tables is only looked at: whoever may not make any can
 * use it. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES = 3, MOST_CLUSTERS = 16 };

static const struct {
    const char *name, *local, *columns, *create, *key;
} tables[TABLES] = {
    {"sighting", "sighting_local", click_sighting_columns, click_create_sighting, click_sighting_key},
    {"traffic", "traffic_local", click_traffic_columns, click_create_traffic, click_sighting_key},
    {"segment", "segment_local", click_segment_columns, click_create_segment, click_segment_key},
};

/* ---- which cluster ---- */

struct clusters {
    const char *wanted; /* or "" */
    char name[65];
    unsigned count;
    bool found;
};

/* Those that come with ClickHouse's own configuration as examples. */
static bool example(const struct click_value *name)
{
    static const char *const prefixes[] = {"test_", "parallel_replicas"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (name->length >= length && memcmp(name->bytes, prefixes[i], length) == 0)
            return true;
    }
    return false;
}

static int take_cluster(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct clusters *clusters = context;
    const struct click_value *name = &values[0];
    if (name->length >= sizeof clusters->name || !click_row_text(name))
        return 0;
    bool wanted =
        strlen(clusters->wanted) == name->length && memcmp(clusters->wanted, name->bytes, name->length) == 0;
    clusters->found |= wanted;
    if (wanted || (!clusters->wanted[0] && !example(name))) {
        memcpy(clusters->name, name->bytes, name->length);
        clusters->name[name->length] = '\0';
        clusters->count++;
    }
    return 0;
}

static int choose_cluster(struct sightings_click *store, struct err_note *note)
{
    struct clusters clusters = {.wanted = store->url.cluster};
    int rc = sightings_click_run(store, click_clusters, NULL, "s", take_cluster, &clusters, note);
    if (rc)
        return rc;
    const char *host = click_host(store->click);
    if (clusters.wanted[0] && !clusters.found)
        return err_set(note, ERR_CONFIG,
            "ClickHouse at %s knows no cluster '%s' (remote_servers in its configuration)", host,
            clusters.wanted);
    if (clusters.count > 1)
        return err_set(
            note, ERR_CONFIG, "ClickHouse at %s knows %u clusters: add ?cluster=NAME", host, clusters.count);
    store->distributed = clusters.count == 1;
    memcpy(store->cluster, clusters.name, sizeof store->cluster);
    return 0;
}

/* ---- what is there ---- */

/* Of a table: how many of our columns it has, how many with another type, and how many others, which do no
 * harm. Two for each table: local and Distributed. */
struct seen {
    unsigned right, wrong, other;
    bool is_distributed;
    bool other_cluster;
};

struct look {
    struct seen tables[TABLES][2];
    const char *cluster;
};

static struct seen *seen_of(struct look *look, const struct click_value *name)
{
    for (size_t i = 0; i < TABLES; i++) {
        const char *names[2] = {tables[i].local, tables[i].name};
        for (int j = 0; j < 2; j++) {
            if (strlen(names[j]) == name->length && memcmp(names[j], name->bytes, name->length) == 0)
                return &look->tables[i][j];
        }
    }
    return NULL;
}

/* Counts down the columns of a list by one that has this name: 1 right, 0 not in the list, -1 another type.
 */
static int in_list(const char *columns, const struct click_value *name, const struct click_value *type)
{
    for (const char *at = columns; *at; at += strcspn(at, ",")) {
        at += strspn(at, ", \n");
        size_t length = strcspn(at, " ");
        const char *is = at + length + 1;
        size_t type_length = strcspn(is, ", \n");
        if (length == name->length && memcmp(at, name->bytes, length) == 0)
            return type_length == type->length && memcmp(is, type->bytes, type_length) == 0 ? 1 : -1;
    }
    return 0;
}

static int take_column(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct look *look = context;
    struct seen *seen = seen_of(look, &values[0]);
    if (!seen)
        return 0;
    size_t table = (size_t)(seen - &look->tables[0][0]) / 2;
    int word = in_list(tables[table].columns, &values[1], &values[2]);
    seen->right += word > 0;
    seen->wrong += word < 0;
    seen->other += word == 0;
    return 0;
}

static bool begins(const struct click_value *value, const char *with)
{
    size_t length = strlen(with);
    return value->length >= length && memcmp(value->bytes, with, length) == 0;
}

/* "Distributed(pair, db, …": later versions quote the name. */
static bool of_cluster(const struct click_value *engine, const char *cluster)
{
    static const char head[] = "Distributed(";
    if (!begins(engine, head))
        return false;
    struct click_value rest = {
        .bytes = engine->bytes + sizeof head - 1, .length = engine->length - sizeof head + 1};
    if (rest.length && rest.bytes[0] == '\'')
        rest.bytes++, rest.length--;
    return begins(&rest, cluster);
}

static int take_engine(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct look *look = context;
    struct seen *seen = seen_of(look, &values[0]);
    if (!seen)
        return 0;
    seen->is_distributed = begins(&values[1], "Distributed") && values[1].length == strlen("Distributed");
    seen->other_cluster = seen->is_distributed && !of_cluster(&values[2], look->cluster);
    return 0;
}

static unsigned column_count(const char *columns)
{
    unsigned count = 1;
    for (; *columns; columns++)
        count += *columns == ',';
    return count;
}

/* Looks at the tables of the host that is asked. *ret_complete: they are all there. ERR_DATA: one is not
 * ours. */
static int look_at_tables(struct sightings_click *store, bool *ret_complete, struct err_note *note)
{
    struct look look = {.cluster = store->cluster};
    int rc = sightings_click_run(store, click_columns, NULL, "sss", take_column, &look, note);
    if (!rc)
        rc = sightings_click_run(store, click_engines, NULL, "sss", take_engine, &look, note);
    if (rc)
        return rc;
    bool complete = true;
    for (size_t i = 0; i < TABLES; i++) {
        for (int j = 0; j < 1 + store->distributed; j++) {
            const struct seen *seen = &look.tables[i][j];
            const char *name = j ? tables[i].name : tables[i].local;
            unsigned wanted = column_count(tables[i].columns);
            /* Not by its engine: that is asked later, and others make tables as well. */
            bool there = seen->right || seen->wrong || seen->other;
            if (there && (seen->wrong || seen->right != wanted || (j && !seen->is_distributed)))
                return err_set(note, ERR_DATA,
                    "ClickHouse at %s: %s.%s is not rollcall's: it has other columns%s",
                    click_host(store->click), store->url.database, name,
                    j ? ", or is no Distributed table" : "");
            if (there && j && seen->other_cluster)
                return err_set(note, ERR_CONFIG,
                    "ClickHouse at %s: %s.%s belongs to another cluster than '%s'", click_host(store->click),
                    store->url.database, name, store->cluster);
            complete &= there;
        }
    }
    *ret_complete = complete;
    return 0;
}

/* ---- making ---- */

static int create(struct sightings_click *store, const char *statement, size_t table, struct err_note *note)
{
    const struct click_sql_value values[] = {{"columns", CLICK_SQL_PART, .text = tables[table].columns},
        {"table", CLICK_SQL_NAME, .text = tables[table].name},
        {"local", CLICK_SQL_NAME, .text = tables[table].local},
        {"cluster", CLICK_SQL_NAME, .text = store->cluster},
        {"key", CLICK_SQL_PART, .text = tables[table].key}, {0}};
    return sightings_click_run(store, statement, values, NULL, NULL, NULL, note);
}

static int create_all(struct sightings_click *store, struct err_note *note)
{
    int rc = sightings_click_run(store, click_create_database, NULL, NULL, NULL, NULL, note);
    for (size_t i = 0; i < TABLES && !rc; i++)
        rc = create(store, tables[i].create, i, note);
    for (size_t i = 0; i < TABLES && !rc && store->distributed; i++)
        rc = create(store, click_create_distributed, i, note);
    return rc;
}

/* When several make the same table at once, 18.16 may refuse one of them: the next look finds it made. */
static int prepare_host(struct sightings_click *store, struct err_note *note)
{
    bool complete = false;
    int rc = look_at_tables(store, &complete, note);
    if (rc || complete)
        return rc;
    if (store->base.read_only)
        return err_set(note, ERR_NOINPUT, "ClickHouse at %s has no store of rollcall in database '%s'",
            click_host(store->click), store->url.database);
    struct err_note why = {""};
    for (unsigned attempt = 0; !complete && sightings_click_again(attempt); attempt++) {
        int made = create_all(store, &why);
        rc = look_at_tables(store, &complete, note);
        if (rc)
            return rc;
        if (made && made != ERR_UNAVAILABLE && !complete)
            return err_set(note, made, "%s", why.text);
    }
    return complete ? 0 : err_set(note, ERR_UNAVAILABLE, "tables cannot be made: %s", why.text);
}

/* The other hosts of the URL, each asked by a connection of its own. */
static int prepare_others(struct sightings_click *store, struct err_note *note)
{
    struct click *first = store->click;
    int rc = 0;
    for (unsigned i = 0; i < store->url.host_count && !rc; i++) {
        if (i == store->host)
            continue;
        rc = click_new(&store->url, i, &store->click, note);
        if (!rc) {
            rc = prepare_host(store, note);
            click_free(store->click);
        }
        store->click = first;
    }
    return rc;
}

/* Through the Distributed tables: a shard that is no host of the URL may lack the tables. */
static int try_shards(struct sightings_click *store, struct err_note *note)
{
    static const uint8_t nobody[SIGHTINGS_ID];
    static const char *const names[TABLES] = {"{sighting}", "{traffic}", "{segment}"};
    uint64_t count;
    for (size_t i = 0; i < TABLES; i++) {
        struct err_note why;
        const struct click_sql_value values[] = {
            {"table", CLICK_SQL_PART, .text = names[i]}, {"id", CLICK_SQL_ID, .id = nobody}, {0}};
        int rc = sightings_click_number(
            store, i == TABLES - 1 ? click_try_segment : click_try, values, &count, &why);
        if (rc == ERR_NOINPUT)
            return err_set(note, ERR_CONFIG,
                "a shard of cluster '%s' has no %s.%s: name the HTTP addresses of all shards "
                "(clickhouse://HOST1,HOST2/%s), or make the tables there as docs/clickhouse.sql does "
                "(%.200s)",
                store->cluster, store->url.database, tables[i].local, store->url.database, why.text);
        if (rc)
            return err_set(note, rc, "%s", why.text);
    }
    return 0;
}

int sightings_click_prepare(struct sightings_click *store, struct err_note *note)
{
    int rc = choose_cluster(store, note);
    if (!rc)
        rc = prepare_host(store, note);
    if (!rc && !store->base.read_only)
        rc = prepare_others(store, note);
    if (!rc && store->distributed && !store->base.read_only)
        rc = try_shards(store, note);
    return rc;
}
