/* arena: memory that is freed all at once.
 *
 * One arena per query, probe or judgement. Allocations are zeroed and aligned for any type, and live until
 * arena_reset() or arena_free(). An arena belongs to one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

/* NULL when memory is short. */
struct arena *arena_new(void);

/* `size` zeroed bytes, or NULL when memory is short. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `size` bytes. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* A copy of a string. */
char *arena_string(struct arena *arena, const char *string);

/* A formatted string. */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets every allocation and keeps the first block for the next use. */
void arena_reset(struct arena *arena);

/* NULL is allowed. */
void arena_free(struct arena *arena);

#endif
