/* loop: the event loop of a thread: timers, signals, a knock from other threads, one question over UDP.
 * Child processes are in proc.h.
 *
 * Everything belongs to the thread that runs the loop, except loop_wake(). Callbacks run in that thread, one
 * at a time, and may call anything here, cancel themselves included. */
#ifndef IO_PROC_LOOP_H
#define IO_PROC_LOOP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct loop;

/* ERR_NOMEM or ERR_INTERNAL. */
int loop_new(struct loop **ret_loop);

/* Frees the loop and what is still open in it: timers, signals, questions (their callbacks are not called).
 * Children that still run are killed (SIGKILL) and reaped: call proc_end_all() before, to be gentle.
 * NULL is allowed. Not from a callback. */
void loop_free(struct loop *loop);

/* Runs callbacks until loop_stop(). May be run again afterwards. */
void loop_run(struct loop *loop);

/* Makes loop_run() return after the present callback. From a callback, or before loop_run(). */
void loop_stop(struct loop *loop);

/* What loop_wake() calls in the thread of the loop. NULL takes it away. */
void loop_on_wake(struct loop *loop, void (*function)(void *context), void *context);

/* From any thread, also from a signal handler. Several knocks may become one call. */
void loop_wake(struct loop *loop);

struct loop_timer;

/* Calls `function` after `first_ms`, then every `repeat_ms` (0: only once). A one-shot timer frees itself
 * after its call; a repeating one lives until loop_timer_cancel(). `ret_timer` may be NULL. ERR_NOMEM. */
int loop_timer(struct loop *loop, uint64_t first_ms, uint64_t repeat_ms, void (*function)(void *context),
    void *context, struct loop_timer **ret_timer);

/* Frees the timer; its function is not called any more. NULL is allowed. Not for a one-shot timer whose
 * function has been called: that one is gone. */
void loop_timer_cancel(struct loop_timer *timer);

/* Calls `function` when the process gets signal `number`. One function per signal; lasts as long as the loop.
 * ERR_USAGE for a signal that cannot be caught, ERR_NOMEM. */
int loop_signal(struct loop *loop, int number, void (*function)(void *context, int number), void *context);

/* What came of a question. `result`: 0, with the answer's octets (valid during the call); ERR_UNAVAILABLE:
 * nobody answered within the time, or the port is closed; ERR_IO: it could not be sent. */
typedef void loop_udp_answer(void *context, int result, const uint8_t *answer, size_t length, int64_t rtt_us);

/* Sends one DNS query to "127.0.0.1" or "::1" from a port of its own and waits for a response with its id,
 * the QR bit and the same question; anything else that arrives is ignored. The query is copied. `function` is
 * called exactly once, later, unless an error is returned. ERR_USAGE: no address, or fewer than 12 octets;
 * ERR_NOMEM; ERR_IO. */
int loop_udp_ask(struct loop *loop, const char *address, uint16_t port, const uint8_t *query, size_t length,
    uint64_t timeout_ms, loop_udp_answer *function, void *context);

#endif
