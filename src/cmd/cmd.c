#include "cmd/cmd.h"

#include "base/text.h"
#include "base/utc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cmd_fail(const char *command, int err, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct text line;
    text_start(&line);
    text_printf(&line, "rollcall%s%s: ", command ? " " : "", command ? command : "");
    text_add_safe(&line, message);
    if (err == ERR_USAGE)
        text_printf(&line, "\nTry 'rollcall help%s%s'.", command ? " " : "", command ? command : "");
    fprintf(stderr, "%s\n", line.string);
    text_free(&line);
    return err_exit(err);
}

int cmd_now(const char *text, int64_t *ret_us, struct err_note *note)
{
    if (text)
        return utc_parse(text, ret_us)
                   ? err_set(note, ERR_USAGE, "'%s' is no time (2018-10-11 or 2018-10-11T16:00:00Z)", text)
                   : 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_us = now.tv_sec * UTC_SECOND + now.tv_nsec / 1000;
    return 0;
}

int cmd_number(const char *text, int64_t least, int64_t most, int64_t *ret)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        return ERR_USAGE;
    *ret = value;
    return 0;
}

int cmd_print(const char *command, const char *string, size_t length)
{
    if (fwrite(string, 1, length, stdout) == length && fflush(stdout) == 0)
        return 0;
    return errno == EPIPE ? err_exit(ERR_IO)
                          : cmd_fail(command, ERR_IO, "cannot write to stdout: %s", strerror(errno));
}

/* Letters to change, add or drop to make one word of the other (Levenshtein); for words of at most 31
 * letters. */
static size_t distance(const char *a, const char *b)
{
    size_t row[32], m = strlen(b);
    if (m > 31)
        return 99;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t drop = row[j] + 1, add = row[j - 1] + 1;
            row[j] = change < drop ? (change < add ? change : add) : (drop < add ? drop : add);
        }
    }
    return row[m];
}

const struct cmd_entry *cmd_find(
    const struct cmd_entry *commands, size_t count, const char *name, const char **ret_near)
{
    size_t best = 3;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
        size_t d = distance(name, commands[i].name);
        if (d < best) {
            best = d;
            *ret_near = commands[i].name;
        }
    }
    return NULL;
}
