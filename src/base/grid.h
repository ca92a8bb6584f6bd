/* grid: a table for people, whose columns are as wide as their cells. Where the screen is too narrow for all,
 * those that are least needed are left out. */
#ifndef BASE_GRID_H
#define BASE_GRID_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { GRID_MOST_COLUMNS = 16 };

struct grid_column {
    const char *head; /* NULL: this table has no such column */
    bool right;       /* numbers stand at the right */
    int drop;         /* 1 goes first when the screen is narrow, then 2 and so on; 0: never */
};

struct grid {
    const struct grid_column *columns;
    size_t column_count; /* at most GRID_MOST_COLUMNS */
    size_t rows;
    /* Adds what stands there, made safe to show. */
    void (*cell)(const void *context, size_t row, size_t column, struct text *cell);
    const void *context;
    /* Adds lines that stand before a row and are none; NULL: there are none. */
    void (*before)(const void *context, size_t row, size_t screen, struct text *text);
};

/* Adds heads and rows; text->failed where memory is short. */
void grid_write(const struct grid *grid, size_t screen, struct text *text);

#endif
