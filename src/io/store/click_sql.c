/* Literals are quoted as ClickHouse's own are: backslash, quote and control characters escaped. */
#include "io/store/click_sql.h"

#include <inttypes.h>
#include <string.h>

static void add_quoted(struct text *out, const char *string, char quote)
{
    text_add_bytes(out, &quote, 1);
    for (const char *at = string; *at; at++) {
        if (*at == '\\' || *at == quote)
            text_add_bytes(out, "\\", 1);
        if ((unsigned char)*at < ' ')
            text_printf(out, "\\x%02X", (unsigned)*at);
        else
            text_add_bytes(out, at, 1);
    }
    text_add_bytes(out, &quote, 1);
}

static void add_id(struct text *out, const uint8_t id[16])
{
    text_add(out, "toFixedString(unhex('");
    for (int i = 0; i < 16; i++)
        text_printf(out, "%02x", id[i]);
    text_add(out, "'), 16)");
}

static const struct click_sql_value *find(
    const struct click_sql_value *values, const char *name, size_t length)
{
    for (; values->name; values++) {
        if (strlen(values->name) == length && memcmp(values->name, name, length) == 0)
            return values;
    }
    return NULL;
}

static void add_part(struct text *out, const char *template, const struct click_sql_value *values, int depth);

static void add_value(
    struct text *out, const struct click_sql_value *value, const struct click_sql_value *values, int depth)
{
    switch (value->type) {
    case CLICK_SQL_NAME:
        add_quoted(out, value->text, '`');
        break;
    case CLICK_SQL_STRING:
        add_quoted(out, value->text, '\'');
        break;
    case CLICK_SQL_NUMBER:
        text_printf(out, "%" PRId64, value->number);
        break;
    case CLICK_SQL_ID:
        add_id(out, value->id);
        break;
    case CLICK_SQL_PART:
        add_part(out, value->text, values, depth + 1);
    }
}

static void add_part(struct text *out, const char *template, const struct click_sql_value *values, int depth)
{
    enum { DEEPEST = 4 };
    while (*template && !out->failed) {
        size_t plain = strcspn(template, "{");
        text_add_bytes(out, template, plain);
        template += plain;
        if (!*template)
            break;
        size_t length = strcspn(++template, "}");
        const struct click_sql_value *value =
            template[length] && depth < DEEPEST ? find(values, template, length) : NULL;
        if (!value) {
            out->failed = true;
            return;
        }
        add_value(out, value, values, depth);
        template += length + 1;
    }
}

void click_sql_add(struct text *out, const char *template, const struct click_sql_value *values)
{
    add_part(out, template, values, 0);
}
