#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_str(int err)
{
    switch (err) {
    case ERR_OK:
        return "ok";
    case ERR_USAGE:
        return "usage";
    case ERR_DATA:
        return "bad data";
    case ERR_NOINPUT:
        return "no input";
    case ERR_UNAVAILABLE:
        return "unavailable";
    case ERR_NOMEM:
        return "out of memory";
    case ERR_IO:
        return "input/output error";
    case ERR_PERM:
        return "not permitted";
    case ERR_CONFIG:
        return "bad configuration";
    default:
        return "internal error";
    }
}

int err_exit(int err)
{
    if (err == ERR_NOMEM)
        return -ERR_INTERNAL;
    return err == ERR_OK ? 0 : (err <= ERR_USAGE && err >= ERR_CONFIG) ? -err : -ERR_INTERNAL;
}

int err_set(struct err_note *note, int err, const char *format, ...)
{
    if (note) {
        struct err_note made; /* the arguments may hold note->text: a note put in front of another */
        va_list args;
        va_start(args, format);
        vsnprintf(made.text, sizeof made.text, format, args);
        va_end(args);
        memcpy(note->text, made.text, strlen(made.text) + 1);
    }
    return err;
}
