/* How many users a network or a country has. Rows are collected, sorted by AS and country, and held against
 * each other: a row that stands there twice must say the same. */
#include "io/networks/networks.h"

#include "io/networks/lines.h"
#include "io/networks/networks_inside.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 64, MAX_ROWS = 1 << 22 };

enum column { COLUMN_AS, COLUMN_COUNTRY, COLUMN_USERS, COLUMN_NAME, COLUMNS };

/* What a column may be called. */
static const struct {
    const char *name;
    enum column column;
} headings[] = {
    {"as", COLUMN_AS},
    {"asn", COLUMN_AS},
    {"country", COLUMN_COUNTRY},
    {"cc", COLUMN_COUNTRY},
    {"users", COLUMN_USERS},
    {"users (est.)", COLUMN_USERS},
    {"name", COLUMN_NAME},
    {"as name", COLUMN_NAME},
};

struct row {
    uint32_t as, country;
    int64_t users;
    size_t line;
    char *name; /* owned; NULL: none */
    bool is_repeated;
};

struct reader {
    struct lines lines;
    size_t place[COLUMNS], columns; /* place: MAX_COLUMNS if there is no such column */
    struct row *rows;
    size_t count, capacity;
};

/* ---- a line of CSV (RFC 4180, but a field ends on its line) ---- */

/* Takes the quotes away in place. False: a quote that does not end, or something after it. */
static bool unquote(struct field *field, char **at, const char *end)
{
    char *from = *at + 1, *to = from;
    field->text = from;
    for (;; from++) {
        if (from == end)
            return false;
        if (*from == '"' && (from + 1 == end || from[1] != '"'))
            break;
        from += *from == '"';
        *to++ = *from;
    }
    field->length = (size_t)(to - field->text);
    *at = from + 1;
    return *at == end || **at == ',';
}

static struct field trim(struct field field)
{
    while (field.length > 0 && (*field.text == ' ' || *field.text == '\t'))
        field.text++, field.length--;
    while (field.length > 0 && (field.text[field.length - 1] == ' ' || field.text[field.length - 1] == '\t'))
        field.length--;
    return field;
}

static int split(struct reader *reader, struct field *ret, size_t *ret_count, struct err_note *note)
{
    char *at = reader->lines.text;
    const char *end = at + reader->lines.length;
    size_t count = 0;
    for (;; at++) {
        if (count == MAX_COLUMNS)
            return lines_bad(&reader->lines, note, "more than %d columns", MAX_COLUMNS);
        if (at < end && *at == '"') {
            if (!unquote(&ret[count], &at, end))
                return lines_bad(&reader->lines, note, "a quote without an end, or something after it");
        } else {
            const char *comma = memchr(at, ',', (size_t)(end - at));
            size_t length = (size_t)((comma ? comma : end) - at);
            ret[count] = (struct field){at, length};
            at += length;
        }
        ret[count] = trim(ret[count]);
        count++;
        if (at == end)
            break;
    }
    *ret_count = count;
    return 0;
}

static int read_header(struct reader *reader, struct err_note *note)
{
    struct field field[MAX_COLUMNS];
    int rc = lines_next(&reader->lines, note);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(note, ERR_DATA, "%s: empty: a header line with as or country, and users, is missing",
            reader->lines.path);
    rc = split(reader, field, &reader->columns, note);
    if (rc)
        return rc;
    for (size_t i = 0; i < COLUMNS; i++)
        reader->place[i] = MAX_COLUMNS;
    for (size_t i = 0; i < reader->columns; i++)
        for (size_t k = 0; k < sizeof headings / sizeof *headings; k++)
            if (field_is(field[i], headings[k].name)) {
                if (reader->place[headings[k].column] != MAX_COLUMNS)
                    return lines_bad(&reader->lines, note, "two columns for %s", headings[k].name);
                reader->place[headings[k].column] = i;
            }
    if (reader->place[COLUMN_USERS] == MAX_COLUMNS ||
        (reader->place[COLUMN_AS] == MAX_COLUMNS && reader->place[COLUMN_COUNTRY] == MAX_COLUMNS))
        return lines_bad(&reader->lines, note, "no header line with the columns as or country, and users");
    return 0;
}

/* ---- rows ---- */

static struct field column(const struct reader *reader, const struct field *field, enum column which)
{
    return reader->place[which] == MAX_COLUMNS ? (struct field){"", 0} : field[reader->place[which]];
}

static int parse_row(struct reader *reader, const struct field *field, struct row *ret, struct err_note *note)
{
    struct field as = column(reader, field, COLUMN_AS), country = column(reader, field, COLUMN_COUNTRY);
    struct field users = column(reader, field, COLUMN_USERS);
    uint64_t number = 0, count;
    *ret = (struct row){.line = reader->lines.number};
    struct field digits = as;
    if (as.length > 2 && (as.text[0] | 32) == 'a' && (as.text[1] | 32) == 's')
        digits = (struct field){as.text + 2, as.length - 2};
    if (as.length > 0 && (!field_number(digits, UINT32_MAX, &number) || number == 0))
        return lines_bad(&reader->lines, note, "not an AS number: %.*s", FIELD_SHOWN(as));
    if (country.length > 0 && !country_parse(country.text, country.length, &ret->country))
        return lines_bad(&reader->lines, note, "not a country of two letters: %.*s", FIELD_SHOWN(country));
    if (as.length == 0 && country.length == 0)
        return lines_bad(&reader->lines, note, "neither an AS nor a country");
    if (!field_number(users, NETWORKS_MAX_USERS, &count))
        return lines_bad(&reader->lines, note, "not a number of users from 0 to %lld: %.*s",
            NETWORKS_MAX_USERS, FIELD_SHOWN(users));
    ret->as = (uint32_t)number;
    ret->users = (int64_t)count;
    return 0;
}

static int add_row(struct reader *reader, struct row row, struct field name, struct err_note *note)
{
    if (reader->count == MAX_ROWS)
        return lines_bad(&reader->lines, note, "more than %d lines", MAX_ROWS);
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity ? reader->capacity * 2 : 64;
        struct row *grown = reallocarray(reader->rows, capacity, sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        reader->rows = grown;
        reader->capacity = capacity;
    }
    if (name.length > 0 && row.as != 0 && !(row.name = networks_name(name.text, name.length)))
        return ERR_NOMEM;
    reader->rows[reader->count++] = row;
    return 0;
}

static int read_rows(struct reader *reader, struct err_note *note)
{
    struct field field[MAX_COLUMNS];
    int rc;
    while ((rc = lines_next(&reader->lines, note)) > 0) {
        struct row row;
        size_t count;
        if ((rc = split(reader, field, &count, note)))
            return rc;
        if (count != reader->columns)
            return lines_bad(&reader->lines, note, "%zu fields, the header has %zu", count, reader->columns);
        if ((rc = parse_row(reader, field, &row, note)) ||
            (rc = add_row(reader, row, column(reader, field, COLUMN_NAME), note)))
            return rc;
    }
    return rc;
}

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->as != y->as)
        return x->as < y->as ? -1 : 1;
    if (x->country != y->country)
        return x->country < y->country ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Marks rows that only repeat; of those that contradict, says so. */
static int check_rows(struct reader *reader, struct err_note *note)
{
    if (reader->count > 0)
        qsort(reader->rows, reader->count, sizeof *reader->rows, compare);
    const struct row *first = reader->rows;
    for (size_t i = 1; i < reader->count; i++) {
        struct row *row = &reader->rows[i];
        if (row->as != first->as || row->country != first->country) {
            first = row;
            continue;
        }
        if (row->users != first->users)
            return err_set(note, ERR_DATA, "%s:%zu: %lld users, but %lld in line %zu for the same",
                reader->lines.path, row->line, (long long)row->users, (long long)first->users, first->line);
        row->is_repeated = true;
    }
    return 0;
}

/* ---- sums ---- */

static int take(struct networks *networks, struct reader *reader)
{
    int64_t countries[COUNTRIES];
    struct as_table table = {.list = calloc(reader->count + 1, sizeof *table.list)};
    if (!table.list)
        return ERR_NOMEM;
    for (size_t i = 0; i < COUNTRIES; i++)
        countries[i] = -1;
    for (size_t i = 0; i < reader->count; i++) {
        struct row *row = &reader->rows[i];
        if (row->is_repeated)
            continue;
        if (row->country) {
            int64_t *sum = &countries[row->country - 1];
            *sum = (*sum < 0 ? 0 : *sum) + row->users;
        }
        if (row->as == 0)
            continue;
        if (table.count == 0 || table.list[table.count - 1].as != row->as)
            table.list[table.count++] = (struct as_entry){.as = row->as};
        struct as_entry *entry = &table.list[table.count - 1];
        entry->users += row->users;
        if (!entry->name) {
            entry->name = row->name;
            row->name = NULL;
        }
    }
    int rc = networks_take_entries(networks, &table);
    if (rc == 0)
        networks_take_countries(networks, countries);
    as_table_free(&table);
    return rc;
}

int networks_read_users(struct networks *networks, const char *path, struct err_note *note)
{
    struct reader reader = {0};
    int rc = lines_open(path, &reader.lines, note);
    if (rc)
        return rc;
    rc = read_header(&reader, note);
    rc = rc ? rc : read_rows(&reader, note);
    rc = rc ? rc : check_rows(&reader, note);
    rc = rc ? rc : take(networks, &reader);
    if (rc == ERR_NOMEM)
        err_set(note, rc, "%s: out of memory", path);
    lines_close(&reader.lines);
    for (size_t i = 0; i < reader.count; i++)
        free(reader.rows[i].name);
    free(reader.rows);
    return rc;
}
