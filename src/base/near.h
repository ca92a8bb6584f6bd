/* near: asks for memory that will be needed soon, so that nobody waits for it then.
 *
 * Not by __builtin_prefetch() alone: GCC 12 takes a function that does nothing else for one without any
 * effect, and leaves its calls out. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

static inline void near_fetch(const void *at)
{
    __builtin_prefetch(at, 1);
    __asm__ volatile(""); /* an effect */
}

#endif
