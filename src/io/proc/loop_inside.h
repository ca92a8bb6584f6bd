/* loop_inside: what loop.c and proc.c share. Nobody else includes it. */
#ifndef IO_PROC_LOOP_INSIDE_H
#define IO_PROC_LOOP_INSIDE_H

#include "io/proc/loop.h"

#include <stdbool.h>
#include <uv.h>

struct proc;

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    void (*on_wake)(void *context);
    void *wake_context;
    struct proc *procs; /* that run, newest first */
    bool reaping;       /* SIGCHLD is caught */
    bool ending;        /* no new children */
    uint8_t answer[65535];
};

/* Kills and reaps what runs; no callbacks. */
void proc_kill_all(struct loop *loop);

#endif
