#include "app/serve/ordered.h"

#include <stdlib.h>

size_t ordered_place(const void *array, size_t count, int64_t (*id_of)(const void *thing), int64_t id)
{
    const void *const *things = array;
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_of(things[middle]) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void *ordered_grow(void *array, size_t count, size_t *room)
{
    enum { FIRST_ROOM = 64 };
    if (count < *room)
        return array;
    size_t more = *room ? 2 * *room : FIRST_ROOM;
    array = realloc(array, more * sizeof(void *));
    if (array)
        *room = more;
    return array;
}
