/* Blocks are chained, newest first; the first block made is the last of the chain and survives a reset. Under
 * AddressSanitizer what is not handed out is poisoned, with a gap after each allocation, so that a step past
 * its end is seen as it is with malloc(). */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
enum { ARENA_GAP = alignof(max_align_t) };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
enum { ARENA_GAP = alignof(max_align_t) };
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)0)
enum { ARENA_GAP = 0 };
#endif

enum { ARENA_BLOCK = 16 * 1024 };

struct block {
    struct block *older;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *newest;
};

static struct block *block_new(struct block *older, size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    if (block) {
        *block = (struct block){.older = older, .size = size};
        ASAN_POISON_MEMORY_REGION(block->bytes, size);
    }
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = malloc(sizeof *arena);
    if (!arena)
        return NULL;
    arena->newest = block_new(NULL, ARENA_BLOCK);
    if (!arena->newest) {
        free(arena);
        return NULL;
    }
    return arena;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t taken = (size + align - 1) / align * align + ARENA_GAP;
    struct block *block = arena->newest;
    if (block->size - block->used < taken) {
        block = block_new(arena->newest, taken > ARENA_BLOCK ? taken : ARENA_BLOCK);
        if (!block)
            return NULL;
        arena->newest = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += taken;
    ASAN_UNPOISON_MEMORY_REGION(bytes, size);
    return memset(bytes, 0, size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string) + 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *string = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (string)
        vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return string;
}

void arena_reset(struct arena *arena)
{
    while (arena->newest->older) {
        struct block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    arena->newest->used = 0;
    ASAN_POISON_MEMORY_REGION(arena->newest->bytes, arena->newest->size);
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->newest);
    free(arena);
}
