/* rollcall rehearse: its options. What is to be run is in rehearse_wish.c, how it is told in rehearse_tell.c.
 */
#include "cmd/rehearse_parts.h"

#include "base/log.h"
#include "core/roll/plan.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static const char help_text[] =
    "Usage: rollcall rehearse [--resolver RESOLVER]… [--scenario SCENARIO[,SCENARIO]…] [--plan PLAN]\n"
    "                         [--from TIME] [--to TIME] [--json|--jsonl] [--html FILE] [--keep DIR]\n"
    "       rollcall rehearse --list [--json]\n"
    "       rollcall rehearse --show-config [--resolver RESOLVER]…\n"
    "\n"
    "Takes resolver programs through a roll of the root's key in virtual time: each in a private network in\n"
    "which the whole root is ours, with no way out. Says which of them survive, which break, when and why.\n"
    "\n"
    "  -r, --resolver RESOLVER  NAME (named or bind, unbound, kresd, pdns_recursor, dnsmasq,\n"
    "                           systemd-resolved, delv, unbound-host, drill); NAME:CONFIG with your\n"
    "                           configuration; NAME=PATH another program or an unpacked package, also\n"
    "                           NAME=PATH:CONFIG; repeatable. All that are installed if not given\n"
    "  -s, --scenario SCENARIO  one or several, separated by commas, or all; or a file, see\n"
    "                           rollcall-scenario(5); full if not given\n"
    "  -p, --plan PLAN          a built-in plan ('rollcall plan list') or a file; what the scenario is made\n"
    "                           for, or root-2024, if not given\n"
    "      --from TIME          begin here (2026-09-01, 2026-10-11T16:00:00Z), not before the publication\n"
    "      --to TIME            end here, not after the last step\n"
    "      --udp-size OCTETS    above which the root truncates answers; 1232 if not given\n"
    "      --seed NUMBER        another course of what programs do at random; 0 if not given\n"
    "  -j, --jobs N             so many side by side; as many as there are processors if not given\n"
    "      --keep DIR           leave configurations, states, logs and packets of each run here\n"
    "      --html FILE          a page with a picture of every run, in this file\n"
    "      --json               one JSON document (schema rollcall.rehearse/1) in place of the table\n"
    "      --jsonl              a line of JSON for each run, as it ends\n"
    "      --timing             with --json and --jsonl: where the time of each run went\n"
    "      --list               which resolvers are installed, their versions, and what keeps each from "
    "being\n"
    "                           rehearsed\n"
    "      --show-config        how the configurations that are run differ from the files that you gave\n"
    "  -q, --quiet              no progress\n"
    "  -h, --help               this text\n"
    "\n"
    "Exit status: the worst verdict: 0 ready, 1 at risk, 2 not ready, 3 unknown; or 64 usage, 65 bad data,\n"
    "66 no such file, 69 a resolver is not installed, 74 reading or writing failed, 77 the kernel permits "
    "no\n"
    "private network (the message has the setting that does).\n";

static const struct option long_options[] = {
    {"resolver", required_argument, NULL, 'r'},
    {"scenario", required_argument, NULL, 's'},
    {"plan", required_argument, NULL, 'p'},
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"udp-size", required_argument, NULL, 'u'},
    {"seed", required_argument, NULL, 'S'},
    {"jobs", required_argument, NULL, 'j'},
    {"keep", required_argument, NULL, 'k'},
    {"html", required_argument, NULL, 'H'},
    {"json", no_argument, NULL, 'J'},
    {"jsonl", no_argument, NULL, 'L'},
    {"timing", no_argument, NULL, 'T'},
    {"list", no_argument, NULL, 'l'},
    {"show-config", no_argument, NULL, 'c'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static volatile bool interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = true;
}

static int add_word(struct rehearse_words *words, const char *word, struct err_note *note)
{
    if (words->count == REHEARSE_MOST)
        return err_set(note, ERR_USAGE, "more than %d of one option", REHEARSE_MOST);
    words->word[words->count++] = word;
    return 0;
}

static int take_number(
    const char *option, const char *value, int64_t least, int64_t most, int64_t *ret, struct err_note *note)
{
    return cmd_number(value, least, most, ret)
               ? err_set(note, ERR_USAGE, "--%s: %" PRId64 " to %" PRId64 ", not '%s'", option, least, most,
                     value)
               : 0;
}

static int take_option(int letter, const char *value, struct rehearse_options *o, struct err_note *note)
{
    int64_t number = 0;
    int err = 0;
    switch (letter) {
    case 'r':
        return add_word(&o->resolvers, value, note);
    case 's':
        return add_word(&o->scenarios, value, note);
    case 'u':
        err = take_number("udp-size", value, 512, 4096, &number, note);
        o->udp_size = (uint16_t)number;
        return err;
    case 'S':
        err = take_number("seed", value, 0, UINT32_MAX, &number, note);
        o->seed = (uint32_t)number;
        return err;
    case 'j':
        err = take_number("jobs", value, 1, 1024, &number, note);
        o->jobs = (unsigned)number;
        return err;
    default:
        break;
    }
    const struct {
        int letter;
        const char **place;
    } texts[] = {{'p', &o->plan}, {'f', &o->from}, {'t', &o->to}, {'k', &o->keep}, {'H', &o->html}};
    const struct {
        int letter;
        bool *place;
    } flags[] = {{'J', &o->json}, {'L', &o->jsonl}, {'l', &o->list}, {'c', &o->show_config},
        {'T', &o->timing}, {'q', &o->quiet}, {'h', &o->help}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].letter == letter)
            *texts[i].place = value;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].letter == letter)
            *flags[i].place = true;
    return 0;
}

static int check(const struct rehearse_options *o, struct err_note *note)
{
    if (o->json && o->jsonl)
        return err_set(note, ERR_USAGE, "--json and --jsonl: one of them");
    if (o->list && (o->resolvers.count || o->scenarios.count || o->plan))
        return err_set(
            note, ERR_USAGE, "--list lists everything: no --resolver, --scenario and --plan go with it");
    if (o->list && o->show_config)
        return err_set(note, ERR_USAGE, "--list and --show-config: one of them");
    if ((o->list || o->show_config) && (o->html || o->keep || o->jsonl))
        return err_set(note, ERR_USAGE,
            "--%s rehearses nothing: it does not go with --html, --keep and --jsonl",
            o->list ? "list" : "show-config");
    if (o->show_config && o->json)
        return err_set(note, ERR_USAGE, "--show-config is no JSON");
    return 0;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct rehearse_options *o)
{
    struct err_note note = {""};
    int letter;
    opterr = 0;
    optind = 0; /* getopt starts afresh */
    while ((letter = getopt_long(argc, argv, ":r:s:p:j:qh", long_options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return cmd_bad_option("rehearse", argv, long_options, letter);
        int err = take_option(letter, optarg, o, &note);
        if (err)
            return cmd_fail("rehearse", err, "%s", note.text);
    }
    if (o->help)
        return cmd_print("rehearse", help_text, strlen(help_text));
    if (optind < argc)
        return cmd_fail(
            "rehearse", ERR_USAGE, "what is '%s'? Resolvers are given with --resolver", argv[optind]);
    int err = check(o, &note);
    return err ? cmd_fail("rehearse", err, "%s", note.text) : -1;
}

static int show_config(const struct rehearse_options *o, struct arena *arena)
{
    struct rehearse_wishes wishes = {.plan = NULL};
    struct err_note note = {"out of memory"};
    struct text text;
    text_start(&text);
    int err = rehearse_wishes(o, arena, &wishes, &note);
    for (size_t i = 0; i < wishes.count && !err; i += wishes.scenario_count)
        err = lab_difference(&wishes.wishes[i], NULL, arena, &text, &note);
    int code =
        err ? cmd_fail("rehearse", err, "%s", note.text) : cmd_print("rehearse", text.string, text.length);
    text_free(&text);
    plan_free(wishes.plan);
    return code;
}

static int rehearse(const struct rehearse_options *o, struct arena *arena)
{
    struct rehearse_wishes wishes = {.plan = NULL};
    struct err_note note = {"out of memory"};
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    int err = rehearse_wishes(o, arena, &wishes, &note);
    int code =
        err ? cmd_fail("rehearse", err, "%s", note.text) : rehearse_run(o, &wishes, arena, &interrupted);
    plan_free(wishes.plan);
    return code;
}

int cmd_rehearse(int argc, char **argv)
{
    struct rehearse_options options = {.jobs = 0};
    int code = parse(argc, argv, &options);
    if (code != -1)
        return code;
    log_set_level(LOG_WARNING);
    struct arena *arena = arena_new();
    code = !arena                ? cmd_fail("rehearse", ERR_NOMEM, "out of memory")
           : options.list        ? rehearse_list(&options, arena)
           : options.show_config ? show_config(&options, arena)
                                 : rehearse(&options, arena);
    arena_free(arena);
    return code;
}
