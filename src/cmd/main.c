/* rollcall: the table of commands. */
#include "cmd/cmd.h"

#include <signal.h>
#include <string.h>

static const struct cmd_entry commands[] = {
    {"serve", "the testing platform: rolling test zones, probe names, recorder, verdicts, web site",
        cmd_serve},
    {"observe", "captures, dnstap, interfaces and logs into a store of trust-anchor signals", cmd_observe},
    {"report", "what resolvers told about their trust anchors: plain counts", cmd_report},
    {"rehearse", "real resolvers through a whole roll of the root's key, in virtual time", cmd_rehearse},
    {"plan", "rollover plans: list, show, export, postpone, resume, back-out", cmd_plan},
    {"keys", "DNSSEC keys: generate, show, ds, revoke", cmd_keys},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out)
{
    fputs(
        "rollcall: who is ready when a DNSSEC trust anchor changes\n\nUsage: rollcall COMMAND [OPTION…]\n\n",
        out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fputs("\n  rollcall help COMMAND tells about one; rollcall --version tells which this is.\n"
          "Verdicts as exit codes: 0 ready, 1 at risk, 2 not ready, 3 unknown; 64 and above: rollcall's own "
          "faults.\n",
        out);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error of writing, no end */
    if (argc < 2) {
        help(stderr);
        return err_exit(ERR_USAGE);
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return puts("rollcall " ROLLCALL_VERSION) < 0 ? err_exit(ERR_IO) : 0;
    char help_option[] = "--help", *help_args[] = {NULL, NULL, NULL, NULL};
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        if (strcmp(name, "help") != 0 || argc < 3) {
            help(stdout);
            return 0;
        }
        name = argv[2]; /* and perhaps a command of the command */
        int words = argc > 3 ? 2 : 1;
        memcpy(help_args, argv + 2, (size_t)words * sizeof *help_args);
        help_args[words] = help_option;
        argv = help_args;
        argc = words + 1;
    } else {
        argv++;
        argc--;
    }
    const char *near = NULL;
    const struct cmd_entry *command = cmd_find(commands, COMMANDS, name, &near);
    if (!command)
        return cmd_fail(NULL, ERR_USAGE, "no command '%s'%s%s%s", name, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
    return command->run(argc, argv);
}
