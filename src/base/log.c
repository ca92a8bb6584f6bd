#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum log_level log_level = LOG_INFO;

void log_set_level(enum log_level level)
{
    log_level = level;
}

void log_write(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if (level > log_level)
        return;
    int kept = errno; /* so that logging a failure does not hide its reason */
    struct text line;
    va_list args;
    text_start(&line);
    text_printf(&line, "rollcall: %s: ", names[level]);
    va_start(args, format);
    text_add_safe_format(&line, format, args);
    va_end(args);
    text_add(&line, "\n");
    if (!line.failed && write(STDERR_FILENO, line.string, line.length) < 0)
        (void)0; /* nowhere left to say so */
    text_free(&line);
    errno = kept;
}
