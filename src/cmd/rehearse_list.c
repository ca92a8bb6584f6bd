/* What is installed here, and what keeps it from being rehearsed. */
#include "cmd/rehearse_parts.h"

#include "app/lab/products/tree.h"
#include "base/grid.h"
#include "io/json/json.h"
#include "io/proc/space.h"
#include "io/vclock/vclock.h"
#include "io/yaml/scenario.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>

enum { VERSION = 128 };

struct entry {
    const struct lab_product *product;
    char path[PATH_MAX], version[VERSION];
    bool installed;
    struct err_note why; /* empty: nothing keeps it */
};

struct list {
    struct entry *entries;
    size_t count;
    struct err_note why; /* nothing at all can be rehearsed here; empty: it can */
};

static int nothing(void *context)
{
    (void)context;
    return 0;
}

/* A space is made and ends at once; the clock's library is looked for. */
static void try_here(struct list *list)
{
    const struct space_spec spec = {.address_count = 0};
    char library[PATH_MAX];
    pid_t pid;
    if (vclock_library(library, sizeof library, &list->why) ||
        space_start(&spec, nothing, NULL, &pid, &list->why))
        return;
    waitpid(pid, NULL, 0);
    list->why.text[0] = '\0';
}

static void look_at(struct entry *entry, const struct lab_product *product, struct arena *arena)
{
    struct tree tree;
    entry->product = product;
    entry->installed = lab_product_find(product, entry->path, sizeof entry->path, entry->version,
                           sizeof entry->version, &entry->why) == 0;
    if (entry->installed && tree_open(entry->path, product->program, arena, &tree, &entry->why) == 0 &&
        vclock_can_reach(tree.program, &entry->why))
        entry->why.text[0] = '\0';
}

static const char *kind_of(const struct lab_product *product)
{
    return product->follows ? "follows" : product->kind == LAB_SERVER ? "static" : "one-shot";
}

/* ---- forms ---- */

enum column { NAME, STATUS, KIND, PROGRAM, COLUMNS };

static void add_cell(const void *context, size_t row, size_t column, struct text *cell)
{
    const struct entry *entry = &((const struct list *)context)->entries[row];
    const char *words[COLUMNS] = {[NAME] = entry->product->name,
        [STATUS] = entry->installed ? entry->version : "-",
        [KIND] = kind_of(entry->product),
        [PROGRAM] = entry->installed ? entry->path : "-"};
    text_add_safe(cell, words[column]);
}

static void add_why(const struct entry *entry, size_t columns, struct text *text)
{
    struct text words;
    if (!entry->why.text[0])
        return;
    text_start(&words);
    text_add(&words, entry->installed ? "cannot be rehearsed: " : "");
    text_add_safe(&words, entry->why.text);
    text_add(text, "  ");
    text_add_wrapped(text, &words, 2, columns > 2 ? columns - 2 : columns);
}

static void before_row(const void *context, size_t row, size_t screen, struct text *text)
{
    if (row)
        add_why(&((const struct list *)context)->entries[row - 1], screen, text);
}

static void write_table(const struct list *list, struct text *text)
{
    static const struct grid_column heads[COLUMNS] = {[NAME] = {"RESOLVER", false, 0},
        [STATUS] = {"VERSION", false, 0},
        [KIND] = {"RFC 5011", false, 0},
        [PROGRAM] = {"PROGRAM", false, 0}};
    const struct grid grid = {.columns = heads,
        .column_count = COLUMNS,
        .rows = list->count,
        .cell = add_cell,
        .before = before_row,
        .context = list};
    size_t columns = cmd_screen().columns;
    grid_write(&grid, columns, text);
    if (list->count)
        add_why(&list->entries[list->count - 1], columns, text);
    struct text words;
    text_start(&words);
    text_add(&words, "Scenarios:");
    for (size_t i = 0; i < scenario_count(); i++)
        text_printf(&words, "%s %s", i ? "," : "", scenario_name(i));
    text_add(text, "\n");
    text_add_wrapped(text, &words, 2, columns);
    if (!list->why.text[0])
        return;
    text_start(&words);
    text_add(&words, "Nothing can be rehearsed here: ");
    text_add_safe(&words, list->why.text);
    text_add_wrapped(text, &words, 2, columns);
}

static int write_json(const struct list *list, struct text *text)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.rehearse/1");
    json_set_string(root, "why_not", list->why.text[0] ? list->why.text : NULL);
    struct json *resolvers = json_set_array(root, "resolvers");
    for (size_t i = 0; i < list->count; i++) {
        const struct entry *entry = &list->entries[i];
        struct json *one = json_add_object(resolvers);
        json_set_string(one, "product", entry->product->name);
        json_set_string(one, "alias", entry->product->alias);
        json_set_bool(one, "follows", entry->product->follows);
        json_set_bool(one, "one_shot", entry->product->kind == LAB_ONESHOT);
        json_set_string(one, "program", entry->installed ? entry->path : NULL);
        json_set_string(one, "version", entry->installed ? entry->version : NULL);
        json_set_string(one, "why_not", entry->why.text[0] ? entry->why.text : NULL);
    }
    struct json *scenarios = json_set_array(root, "scenarios");
    for (size_t i = 0; i < scenario_count(); i++)
        json_add_string(scenarios, scenario_name(i));
    int err = json_write(root, true, text);
    json_free(root);
    return err;
}

int rehearse_list(const struct rehearse_options *o, struct arena *arena)
{
    struct list list = {.entries = arena_alloc(arena, (lab_product_count() + 1) * sizeof *list.entries)};
    struct text text;
    if (!list.entries)
        return cmd_fail("rehearse", ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < lab_product_count(); i++)
        look_at(&list.entries[list.count++], lab_product_at(i), arena);
    try_here(&list);
    text_start(&text);
    if (o->json ? write_json(&list, &text) : 0)
        text.failed = true;
    if (!o->json)
        write_table(&list, &text);
    int code = text.failed ? cmd_fail("rehearse", ERR_NOMEM, "out of memory")
                           : cmd_print("rehearse", text.string, text.length);
    text_free(&text);
    return code;
}
