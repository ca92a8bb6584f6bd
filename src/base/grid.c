/* Cells are made twice: to be measured, and to be written. */
#include "base/grid.h"

enum { GAP = 2 };

struct layout {
    const struct grid *grid;
    size_t widths[GRID_MOST_COLUMNS];
    bool shown[GRID_MOST_COLUMNS];
    struct text cell;
};

/* Row 0 are the heads. */
static void make_cell(struct layout *layout, size_t row, size_t column)
{
    const struct grid *grid = layout->grid;
    text_clear(&layout->cell);
    if (row == 0)
        text_add(&layout->cell, grid->columns[column].head);
    else
        grid->cell(grid->context, row - 1, column, &layout->cell);
}

static void measure(struct layout *layout)
{
    const struct grid *grid = layout->grid;
    for (size_t c = 0; c < grid->column_count; c++) {
        layout->shown[c] = grid->columns[c].head != NULL;
        for (size_t row = 0; layout->shown[c] && row <= grid->rows; row++) {
            make_cell(layout, row, c);
            size_t wide = text_columns(layout->cell.string);
            layout->widths[c] = wide > layout->widths[c] ? wide : layout->widths[c];
        }
    }
}

static bool fits(const struct layout *layout, size_t screen)
{
    size_t wide = 0;
    for (size_t c = 0; c < layout->grid->column_count; c++)
        wide += layout->shown[c] ? layout->widths[c] + GAP : 0;
    return wide <= screen + GAP;
}

static void fit(struct layout *layout, size_t screen)
{
    const struct grid *grid = layout->grid;
    for (int drop = 1; drop <= GRID_MOST_COLUMNS && !fits(layout, screen); drop++)
        for (size_t c = 0; c < grid->column_count; c++)
            layout->shown[c] = layout->shown[c] && grid->columns[c].drop != drop;
}

/* Nothing stands behind the last column, so nothing fills it up. */
static void add_row(struct layout *layout, size_t row, struct text *text)
{
    const struct grid *grid = layout->grid;
    size_t missing = 0; /* spaces, until something follows */
    bool first = true;
    for (size_t c = 0; c < grid->column_count; c++) {
        if (!layout->shown[c])
            continue;
        make_cell(layout, row, c);
        size_t pad = layout->widths[c] - text_columns(layout->cell.string);
        missing += (first ? 0 : GAP) + (grid->columns[c].right ? pad : 0);
        text_printf(text, "%*s%s", (int)missing, "", layout->cell.string);
        missing = grid->columns[c].right ? 0 : pad;
        first = false;
    }
    text_add(text, "\n");
}

void grid_write(const struct grid *grid, size_t screen, struct text *text)
{
    struct layout layout = {.grid = grid};
    text_start(&layout.cell);
    measure(&layout);
    fit(&layout, screen);
    for (size_t row = 0; row <= grid->rows; row++) {
        if (row && grid->before)
            grid->before(grid->context, row - 1, screen, text);
        add_row(&layout, row, text);
    }
    text->failed = text->failed || layout.cell.failed;
    text_free(&layout.cell);
}
