/* cmd: what the files of this folder share. One file per subcommand: arguments, help, exit codes, and no
 * more. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct option;

/* Each gets argv with its own name first and returns the exit code. */
int cmd_plan(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_observe(int argc, char **argv);
int cmd_rehearse(int argc, char **argv);

/* "rollcall NAME: text" on stderr, with a hint where to find help for usage errors; returns the exit code of
 * `err`. */
int cmd_fail(const char *command, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The value of --now (RFC 3339) if given, else the clock. ERR_USAGE if it is no time. */
int cmd_now(const char *text, int64_t *ret_us, struct err_note *note);

/* A number that fits the limits, or ERR_USAGE. */
int cmd_number(const char *text, int64_t least, int64_t most, int64_t *ret);

/* Says what is wrong with the option at which getopt_long() gave '?' or ':' (the option string begins with
 * ':'), with the nearest known one; returns the exit code. */
int cmd_bad_option(const char *command, char **argv, const struct option *options, int letter);

/* Whether stdout is to be coloured (a terminal that can, NO_COLOR unset; or CLICOLOR_FORCE) and may hold more
 * than ASCII (the locale's characters are UTF-8), and how many columns it has (80 where it is no terminal).
 */
struct cmd_screen {
    bool color, utf8;
    size_t columns;
};
struct cmd_screen cmd_screen(void);

/* Writes to stdout; 0, or 74 with a message if that fails (a closed pipe is quiet). Call once, last. */
int cmd_print(const char *command, const char *string, size_t length);

/* The command of `commands` named `name`, with the nearest one in *ret_near if there is none. */
struct cmd_entry {
    const char *name, *help;
    int (*run)(int argc, char **argv);
};
const struct cmd_entry *cmd_find(
    const struct cmd_entry *commands, size_t count, const char *name, const char **ret_near);

#endif
