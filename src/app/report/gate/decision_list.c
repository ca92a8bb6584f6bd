/* Each line was checked before it is shown, so what is read of it is there. One object is kept for all, made
 * while the log is walked; the table reads it. */
#include "app/report/gate/decision_list.h"

#include "app/report/gate/decision_log.h"
#include "base/grid.h"
#include "app/report/inside.h"
#include "base/utc.h"
#include "io/json/json.h"

#include <inttypes.h>

static int take(void *context, const char *where, const struct json *line, struct err_note *note)
{
    struct json *one = json_add_object(context);
    const struct json *gate = json_get(line, "gate"), *criteria = json_get(line, "criteria");
    int64_t number = 0;
    bool rolled = false, is_reason = false;
    (void)where, (void)note;
    json_int(json_get(line, "line"), &number);
    json_bool(json_get(line, "rolled"), &rolled);
    json_set_int(one, "line", number);
    json_set_string(one, "at", json_text(json_get(line, "at")));
    json_set_string(one, "decision", json_text(json_get(line, "decision")));
    json_set_string(one, "plan", json_text(json_get(line, "plan")));
    json_set_bool(one, "rolled", rolled);
    json_set_string(one, "gate", json_text(json_get(gate, "name")));
    json_set_string(one, "gate_sha256", json_text(json_get(gate, "sha256")));
    struct json *reasons = json_set_array(one, "reasons");
    for (size_t i = 0; i < json_count(criteria); i++)
        if (json_bool(json_get(json_at(criteria, i), "reason"), &is_reason) && is_reason)
            json_add_string(reasons, json_text(json_get(json_at(criteria, i), "id")));
    json_set_int(one, "dissent", (int64_t)json_count(json_get(line, "dissent")));
    return 0;
}

/* ---- for people ---- */

static const struct grid_column columns[] = {
    {"LINE", true, 0}, {"AT", false, 0}, {"DECISION", false, 0}, {"PLAN", false, 2}, {"GATE", false, 1}};
static const char *const members[] = {NULL, "at", "decision", "plan", "gate"};

static void add_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct json *one = json_at(context, row);
    const char *string = members[column] ? json_text(json_get(one, members[column])) : NULL;
    int64_t number = 0, at_us;
    char when[UTC_TEXT];
    if (!members[column] && json_int(json_get(one, "line"), &number))
        text_printf(cell, "%" PRId64, number);
    else if (column == 1 && string && utc_parse(string, &at_us) == 0)
        text_add(cell, utc_format_short(at_us, when));
    else
        text_add_safe(cell, string ? string : "-");
}

static void add_reasons(const struct json *one, size_t screen, struct text *text)
{
    const struct json *reasons = json_get(one, "reasons");
    struct text words;
    int64_t number = 0;
    if (json_count(reasons) == 0)
        return;
    text_start(&words);
    json_int(json_get(one, "line"), &number);
    text_printf(&words, "%" PRId64 ", because of: ", number);
    for (size_t i = 0; i < json_count(reasons); i++) {
        text_add(&words, i ? ", " : "");
        text_add_safe(&words, json_text(json_at(reasons, i)));
    }
    text_add_wrapped(text, &words, 2, screen);
}

static void add_table(
    const char *path, const struct json *list, const struct chain_end *end, size_t screen, struct text *text)
{
    const struct grid grid = {.columns = columns,
        .column_count = sizeof columns / sizeof *columns,
        .rows = json_count(list),
        .cell = add_cell,
        .context = list};
    text_add(text, "Decisions in ");
    text_add_safe(text, path);
    text_add(text, ", which verifies\n\n");
    grid_write(&grid, screen, text);
    text_add(text, "\n");
    for (size_t i = 0; i < json_count(list); i++)
        add_reasons(json_at(list, i), screen, text);
    text_printf(text, "\nSHA-256 of the last line: %s\n", end->sha256);
}

int decision_list_write(
    const char *path, bool json, size_t screen, struct text *ret_text, struct err_note *note)
{
    struct json *root = json_new_object();
    struct chain_end end;
    json_set_string(root, "schema", "rollcall.decisions/1");
    json_set_string(root, "log", path);
    struct json *list = json_set_array(root, "decisions");
    int rc =
        root ? decision_log_read(path, take, list, &end, note) : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0) {
        json_set_int(root, "lines", (int64_t)end.lines);
        json_set_string(root, "sha256", end.sha256);
        if (json)
            rc = json_write(root, true, ret_text);
        else
            add_table(path, list, &end, screen, ret_text);
        if (rc || ret_text->failed)
            rc = err_set(note, ERR_NOMEM, "out of memory");
    }
    json_free(root);
    return rc;
}
