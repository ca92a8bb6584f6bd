/* ordered: arrays of pointers to things that have an id, in the order of their ids. */
#ifndef APP_SERVE_ORDERED_H
#define APP_SERVE_ORDERED_H

#include <stddef.h>
#include <stdint.h>

/* Where the thing with that id is, or would be: the first whose id is not less. */
size_t ordered_place(const void *array, size_t count, int64_t (*id_of)(const void *thing), int64_t id);

/* The array with room for one more than `count`, perhaps moved, or NULL when memory is short (then the old
 * one stays as it is). */
void *ordered_grow(void *array, size_t count, size_t *room);

#endif
