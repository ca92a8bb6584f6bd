/* capture: runs a program to its end and keeps what it says. For short questions to programs (--version);
 * what is to live beside us is in proc.h. */
#ifndef IO_PROC_CAPTURE_H
#define IO_PROC_CAPTURE_H

#include "base/err.h"
#include "base/text.h"

enum { CAPTURE_MAX = 1 << 20 };

struct capture_spec {
    const char *const *argv, *const *environment; /* as in struct proc_spec */
    unsigned timeout_ms;                          /* then it is killed */
};

/* Standard output and error together are added to `ret_output`, at most CAPTURE_MAX octets (the rest is
 * dropped); standard input is empty. *ret_code: exit code, or 128 and the signal's number; may be NULL.
 * ERR_UNAVAILABLE: it cannot be executed, or did not end in time; ERR_NOMEM, ERR_IO. */
int capture_run(
    const struct capture_spec *spec, struct text *ret_output, int *ret_code, struct err_note *note);

#endif
