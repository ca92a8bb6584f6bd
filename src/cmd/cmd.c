#include "cmd/cmd.h"

#include "base/text.h"
#include "base/utc.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

int cmd_fail(const char *command, int err, const char *format, ...)
{
    struct text line;
    va_list args;
    text_start(&line);
    text_printf(&line, "rollcall%s%s: ", command ? " " : "", command ? command : "");
    va_start(args, format);
    text_add_safe_format(&line, format, args);
    va_end(args);
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

/* Options that begin with what was typed, else the one that differs least. */
static void near_options(const struct option *options, const char *typed, struct text *names)
{
    size_t length = strcspn(typed, "="), best = 3;
    const char *near = NULL;
    for (const struct option *o = options; length && o->name; o++)
        if (strncmp(o->name, typed, length) == 0)
            text_printf(names, "%s --%s", names->length ? " or" : "", o->name);
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)length, typed);
    for (const struct option *o = options; !names->length && o->name; o++) {
        size_t d = distance(word, o->name);
        if (d < best) {
            best = d;
            near = o->name;
        }
    }
    if (near)
        text_printf(names, " --%s", near);
}

int cmd_bad_option(const char *command, char **argv, const struct option *options, int letter)
{
    const char *typed = argv[optind - 1];
    bool is_long = strncmp(typed, "--", 2) == 0;
    if (letter == ':')
        return is_long ? cmd_fail(command, ERR_USAGE, "%s needs a value", typed)
                       : cmd_fail(command, ERR_USAGE, "-%c needs a value", optopt);
    if (!is_long)
        return cmd_fail(command, ERR_USAGE, "no option -%c", optopt);
    if (optopt) /* known, and takes none */
        return cmd_fail(command, ERR_USAGE, "%.*s takes no value", (int)strcspn(typed, "="), typed);
    struct text names;
    text_start(&names);
    near_options(options, typed + 2, &names);
    int code = names.length
                   ? cmd_fail(command, ERR_USAGE, "no option %s; did you mean%s?", typed, names.string)
                   : cmd_fail(command, ERR_USAGE, "no option %s", typed);
    text_free(&names);
    return code;
}

struct cmd_screen cmd_screen(void)
{
    const char *no_color = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
    struct cmd_screen screen = {.columns = 80};
    struct winsize size;
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        screen.columns = size.ws_col;
    bool forced = force && *force && strcmp(force, "0") != 0, dumb = term && strcmp(term, "dumb") == 0;
    screen.color = !(no_color && *no_color) && (forced || (terminal && !dumb));
    setlocale(LC_CTYPE, "");
    screen.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return screen;
}
