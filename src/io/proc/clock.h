/* clock: the only place that asks what time it is. */
#ifndef IO_PROC_CLOCK_H
#define IO_PROC_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z (CLOCK_REALTIME). May jump when the clock is set. */
int64_t clock_now_us(void);

/* Microseconds since some moment of the past (CLOCK_MONOTONIC). Never goes back. */
int64_t clock_mono_us(void);

#endif
