/* rollcall plan: the table of its commands, their options and help; list and export. What takes more room has
 * a file of its own: plan_show.c, plan_timeline.c, plan_operate.c. */
#include "cmd/plan_parts.h"

#include "core/roll/plan_ical.h"
#include "io/file/file.h"
#include "io/json/plan_json.h"
#include "io/yaml/plan_yaml.h"

#include <getopt.h>
#include <string.h>

static int list(const struct plan_args *args);
static int export(const struct plan_args *args);

/* Options, as bits of what a command takes. */
enum {
    AT = 1,
    START = 2,
    ZONE = 4,
    JSON = 8,
    ASCII = 16,
    FORMAT = 32,
    TO = 64,
    REASON = 128,
    WHO = 256,
    OUTPUT = 512,
    FORCE = 1024,
    QUIET = 2048,
    OPERATION = REASON | WHO | OUTPUT | QUIET | JSON
};

#define SEE_PLAN                                                                                             \
    "PLAN is the name of a built-in plan ('rollcall plan list'), a file, or - for standard input.\n"
#define OPERATION_OPTIONS                                                                                    \
    "  --reason TEXT      why; goes into the plan's history, and must be given\n"                            \
    "  --who NAME         who decides; your login name if not given\n"                                       \
    "  --now TIME         the moment of the decision, in place of the clock: what is dated at or before "    \
    "it\n"                                                                                                   \
    "                     has happened and stays\n"                                                          \
    "  -o, --output FILE  leave PLAN as it is and write the new plan to FILE (-: standard output)\n"         \
    "  --json             print the new plan as JSON in place of what changed\n"                             \
    "  -q, --quiet        print nothing when all is well\n\n"                                                \
    "A plan file is changed in place, whole or not at all, and its comments stay; a built-in plan is "       \
    "never\n"                                                                                                \
    "changed: the new plan goes to standard output or -o.\n"

static const struct command {
    const char *name, *summary;
    int (*run)(const struct plan_args *args);
    bool takes_plan;
    unsigned options;
    const char *help;
} commands[] = {
    {"list", "the built-in plans, and what they are", list, false, JSON,
        "Usage: rollcall plan list [--json]\n\nThe built-in plans, and what they are.\n"},
    {"show", "a plan as table and timeline, and where it stands", plan_show, true,
        AT | START | ZONE | JSON | ASCII,
        "Usage: rollcall plan show PLAN [--at TIME | --now [TIME]] [--start TIME [--zone ZONE] [--ttl SPAN]] "
        "[--json] "
        "[--ascii]\n\n"
        "Who signs, what is published, the DNSKEY RRset, the next step and in how long; timeline, steps, "
        "history.\n"
        "The plan is shown as it stood at that moment: operations decided later are marked as such.\n\n"
        "  --at TIME       the moment (2018-10-12, 2018-10-11T16:00:00Z); in a template a span from its "
        "start (P40D, 95s)\n"
        "  --now [TIME]    the same; alone: the clock, which holds if nothing is given\n"
        "  --start TIME    show a template with the dates that it has when started then\n"
        "  --zone ZONE     ... in this zone\n"
        "  --ttl SPAN      ... and with this TTL of the DNSKEY RRset\n"
        "  --json          one JSON document, schema rollcall.plan/1\n"
        "  --ascii         no characters beyond ASCII; so too when the locale is not UTF-8\n\n" SEE_PLAN
        "\nExample: rollcall plan show root-2018 --at 2018-10-12\n"},
    {"export", "a plan as JSON, YAML (a plan file) or iCalendar", export, true,
        AT | START | ZONE | FORMAT | OUTPUT,
        "Usage: rollcall plan export PLAN --format json|yaml|ical [--start TIME [--zone ZONE] [--ttl SPAN]] "
        "[-o FILE]\n\n"
        "  --format FORMAT  json (rollcall.plan/1), yaml (a plan file, see rollcall-plan(5)), or ical (RFC "
        "5545)\n"
        "  --at TIME        json: say also what is true at this moment\n"
        "  --start TIME     a template with the dates that it has when started then; ical needs dates\n"
        "  --zone ZONE      ... in this zone\n"
        "  --ttl SPAN       ... and with this TTL of the DNSKEY RRset\n"
        "  --now TIME       the moment that ical notes as that of the export, in place of the clock\n"
        "  -o FILE          write to FILE in place of standard output\n\n" SEE_PLAN
        "\nExample: rollcall plan export root-2024 --format ical -o root-2024.ics\n"},
    {"postpone", "hold what is to come, or move it to a later date", plan_postpone_command, true,
        TO | OPERATION,
        "Usage: rollcall plan postpone PLAN [--to DATE] --reason TEXT [--who NAME] [--now TIME] [-o FILE]\n\n"
        "Without --to the date is open: what is published stays published, the old key goes on signing, and "
        "nothing\n"
        "happens until `resume`. With it, the roll (if that has happened: the next step) is moved to DATE, "
        "and what\n"
        "follows by the same span.\n\n"
        "  --to DATE          the new date\n" OPERATION_OPTIONS
        "\nExample: rollcall plan postpone plan.yaml --reason 'one resolver in twenty knows only the old "
        "key'\n"},
    {"resume", "give a held plan its dates", plan_resume_command, true, TO | OPERATION | FORCE,
        "Usage: rollcall plan resume PLAN --to DATE --reason TEXT [--who NAME] [--now TIME] [--force] [-o "
        "FILE]\n\n"
        "What was held gets dates: the roll (if that has happened: the next step) DATE, the rest the same "
        "distances\n"
        "from it as before. Refused inside the new key's hold-down, with the date from which it is "
        "allowed.\n\n"
        "  --to DATE          the new date, required\n"
        "  --force            resume inside the hold-down all the same; recorded\n" OPERATION_OPTIONS
        "\nExample: rollcall plan resume plan.yaml --to 2018-10-11 --reason 'criteria are met'\n"},
    {"back-out", "after a roll: let the old key sign again", plan_back_out_command, true, OPERATION,
        "Usage: rollcall plan back-out PLAN --reason TEXT [--who NAME] [--now TIME] [-o FILE]\n\n"
        "The old key signs again, alone, from the moment of the decision; what is to come is held until "
        "`resume`.\n"
        "Possible after the roll and before the old key's revocation, which is final (RFC 5011 "
        "§2.1).\n\n" OPERATION_OPTIONS
        "\nExample: rollcall plan back-out plan.yaml --reason 'resolvers of a large provider fail'\n"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* The letter of a long option is its place in `fields` below, behind the letters of short ones. */
static const struct option long_options[] = {{"at", required_argument, NULL, 'a'},
    {"now", optional_argument, NULL, 'n'}, {"start", required_argument, NULL, 's'},
    {"zone", required_argument, NULL, 'z'}, {"ttl", required_argument, NULL, 'T'},
    {"json", no_argument, NULL, 'j'}, {"ascii", no_argument, NULL, 'A'},
    {"format", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 't'},
    {"reason", required_argument, NULL, 'r'}, {"who", required_argument, NULL, 'w'},
    {"output", required_argument, NULL, 'o'}, {"force", no_argument, NULL, 'F'},
    {"quiet", no_argument, NULL, 'q'}, {"help", no_argument, NULL, 'h'}, {0}};

static const struct {
    char letter;
    unsigned bit;
    size_t offset;
    bool flag;
} fields[] = {
    {'a', AT, offsetof(struct plan_args, at), false},
    {'s', START, offsetof(struct plan_args, start), false},
    {'z', ZONE, offsetof(struct plan_args, zone), false},
    {'T', ZONE, offsetof(struct plan_args, ttl), false},
    {'j', JSON, offsetof(struct plan_args, json), true},
    {'A', ASCII, offsetof(struct plan_args, ascii), true},
    {'f', FORMAT, offsetof(struct plan_args, format), false},
    {'t', TO, offsetof(struct plan_args, to), false},
    {'r', REASON, offsetof(struct plan_args, reason), false},
    {'w', WHO, offsetof(struct plan_args, who), false},
    {'o', OUTPUT, offsetof(struct plan_args, output), false},
    {'F', FORCE, offsetof(struct plan_args, force), true},
    {'q', QUIET, offsetof(struct plan_args, quiet), true},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static const char *long_name(int letter)
{
    const struct option *o = long_options;
    while (o->name && o->val != letter)
        o++;
    return o->name;
}

static int take_option(const struct command *command, struct plan_args *args, int letter)
{
    size_t f = 0;
    while (f < FIELDS && fields[f].letter != letter)
        f++;
    if (f == FIELDS || !(command->options & fields[f].bit))
        return cmd_fail(args->command, ERR_USAGE, "--%s has no meaning here", long_name(letter));
    void *field = (char *)args + fields[f].offset;
    if (fields[f].flag)
        *(bool *)field = true;
    else
        *(const char **)field = optarg;
    return 0;
}

/* --now=TIME, --now TIME, or alone: whether a word is its value can only be seen by reading it. */
static const char *now_value(int argc, char **argv)
{
    int64_t us;
    if (!optarg && optind < argc && utc_parse(argv[optind], &us) == 0)
        return argv[optind++];
    return optarg;
}

/* Fills args; *ret_help for --help. */
static int read_args(
    const struct command *command, int argc, char **argv, struct plan_args *args, bool *ret_help)
{
    const char *now = NULL;
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":o:qh", long_options, NULL)) != -1) {
        int code = 0;
        if (letter == 'h')
            *ret_help = true;
        else if (letter == 'n')
            now = now_value(argc, argv);
        else
            code = letter == '?' || letter == ':' ? cmd_bad_option(args->command, argv, long_options, letter)
                                                  : take_option(command, args, letter);
        if (code)
            return code;
    }
    if (*ret_help)
        return 0;
    if (optind < argc && command->takes_plan)
        args->plan = argv[optind++];
    if (optind < argc)
        return cmd_fail(args->command, ERR_USAGE, "'%s' is one word too many", argv[optind]);
    if (command->takes_plan && !args->plan)
        return cmd_fail(args->command, ERR_USAGE, "which PLAN?");
    struct err_note note;
    int rc = cmd_now(now, &args->now_us, &note);
    if (!rc && !now)
        args->now_us -= args->now_us % UTC_SECOND; /* nobody decides by the microsecond */
    if (!rc && now && !args->at && (command->options & AT) && command->run == plan_show)
        args->at = now;
    return rc ? cmd_fail(args->command, rc, "--now: %s", note.text) : 0;
}

static int help(FILE *out)
{
    fputs("Usage: rollcall plan COMMAND [PLAN] [OPTION...]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n" SEE_PLAN "'rollcall help plan COMMAND' tells about one; rollcall-plan(1), rollcall-plan(5).\n"
          "Exit status: 0; 64 usage, 65 a plan that is wrong or an operation that is refused, 66 no such "
          "plan,\n"
          "69 a plan file is locked, 74 it cannot be written, 77 not permitted.\n",
        out);
    return fflush(out) ? err_exit(ERR_IO) : 0;
}

static const struct command *find(const char *name)
{
    struct cmd_entry entries[COMMANDS];
    const char *near = NULL;
    for (size_t i = 0; i < COMMANDS; i++)
        entries[i] = (struct cmd_entry){commands[i].name, commands[i].summary, NULL};
    const struct cmd_entry *found = cmd_find(entries, COMMANDS, name, &near);
    if (found)
        return &commands[found - entries];
    cmd_fail("plan", ERR_USAGE, "no command '%s'%s%s%s", name, near ? "; did you mean '" : "",
        near ? near : "", near ? "'?" : "");
    return NULL;
}

int cmd_plan(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return err_exit(ERR_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout);
    const struct command *command = find(argv[1]);
    if (!command)
        return err_exit(ERR_USAGE);
    char name[32];
    snprintf(name, sizeof name, "plan %s", command->name);
    struct plan_args args = {.command = name};
    bool wants_help = false;
    int code = read_args(command, argc - 1, argv + 1, &args, &wants_help);
    if (code)
        return code;
    return wants_help ? cmd_print(name, command->help, strlen(command->help)) : command->run(&args);
}

/* Starts the plan, or leaves it as it is, by --start and what goes with it. */
static int start(
    const struct plan_args *args, struct plan *plan, struct plan **ret_plan, struct err_note *note)
{
    int64_t start_us, ttl_us = 0;
    if (!args->start && (args->zone || args->ttl))
        return err_set(note, ERR_USAGE, "--zone and --ttl go with --start");
    if (!args->start) {
        *ret_plan = plan;
        return 0;
    }
    if (utc_parse(args->start, &start_us))
        return err_set(note, ERR_USAGE, "--start: '%s' is no time", args->start);
    if (args->ttl &&
        (utc_parse_span(args->ttl, &ttl_us) || ttl_us < UTC_SECOND || ttl_us > INT32_MAX * UTC_SECOND))
        return err_set(note, ERR_USAGE, "--ttl: '%s' is no span of 1 s to 2^31-1 s (P2D, 60s)", args->ttl);
    int rc = plan_start(plan, start_us, args->zone, (uint32_t)(ttl_us / UTC_SECOND), ret_plan, note);
    if (!rc)
        plan_free(plan);
    return rc;
}

int plan_load(const struct plan_args *args, struct plan **ret_plan)
{
    struct plan *plan;
    struct err_note note = {""};
    int rc = plan_yaml_find(args->plan, &plan, &note);
    if (rc)
        return cmd_fail(args->command, rc, "%s", note.text);
    rc = start(args, plan, ret_plan, &note);
    if (rc) {
        plan_free(plan);
        return cmd_fail(args->command, rc, "%s", note.text);
    }
    return 0;
}

int plan_add_json(struct text *text, const struct plan *plan, int64_t t_us)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", PLAN_JSON_SCHEMA);
    plan_json_set(root, plan, t_us);
    int rc = json_write(root, true, text);
    json_free(root);
    return rc;
}

static int list_json(struct text *text)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", PLAN_JSON_SCHEMA);
    struct json *plans = json_set_array(root, "plans");
    int rc = 0;
    for (size_t i = 0; !rc && i < plan_builtin_count(); i++) {
        struct plan *plan;
        rc = plan_builtin(plan_builtin_name(i), &plan);
        if (rc)
            break;
        struct json *one = json_add_object(plans);
        json_set_string(one, "name", plan->name);
        json_set_string(one, "title", plan->title);
        json_set_string(one, "zone", plan->zone);
        json_set_bool(one, "template", plan->relative);
        plan_free(plan);
    }
    rc = rc ? rc : json_write(root, true, text);
    json_free(root);
    return rc;
}

static int list_table(struct text *text)
{
    enum { NAME = 16 };
    size_t columns = cmd_screen().columns;
    for (size_t i = 0; i < plan_builtin_count(); i++) {
        struct plan *plan;
        int rc = plan_builtin(plan_builtin_name(i), &plan);
        if (rc)
            return rc;
        text_printf(text, "%-*s", NAME, plan->name);
        plan_add_wrapped(text, plan->title, NAME, NAME, columns);
        text_add(text, "\n");
        plan_free(plan);
    }
    return text->failed ? ERR_NOMEM : 0;
}

static int list(const struct plan_args *args)
{
    struct text text;
    text_start(&text);
    int rc = args->json ? list_json(&text) : list_table(&text);
    int code = rc ? cmd_fail(args->command, rc, "out of memory")
                  : cmd_print(args->command, text.string, text.length);
    text_free(&text);
    return code;
}

static int export_text(
    const struct plan_args *args, const struct plan *plan, struct text *text, struct err_note *note)
{
    int64_t at_us = INT64_MIN;
    if (args->at && (plan->relative ? utc_parse_span(args->at, &at_us) : utc_parse(args->at, &at_us)))
        return err_set(note, ERR_USAGE, "--at: '%s' is no %s", args->at,
            plan->relative ? "span from the start" : "time");
    if (strcmp(args->format, "json") == 0)
        return plan_add_json(text, plan, at_us);
    if (strcmp(args->format, "yaml") == 0)
        return plan_yaml_write(plan, text);
    if (strcmp(args->format, "ical") != 0)
        return err_set(note, ERR_USAGE, "--format is json, yaml or ical");
    if (plan->relative)
        return err_set(note, ERR_USAGE, "%s is a template: a calendar needs --start", plan->name);
    return plan_ical_write(plan, args->now_us, text);
}

static int export(const struct plan_args *args)
{
    struct plan *plan;
    if (!args->format)
        return cmd_fail(args->command, ERR_USAGE, "--format json, yaml or ical?");
    int code = plan_load(args, &plan);
    if (code)
        return code;
    struct text text;
    struct err_note note = {"out of memory"};
    text_start(&text);
    int rc = export_text(args, plan, &text, &note);
    if (!rc && args->output && strcmp(args->output, "-") != 0)
        rc = file_replace(args->output, text.string, text.length, &note);
    else if (!rc)
        code = cmd_print(args->command, text.string, text.length);
    text_free(&text);
    plan_free(plan);
    return rc ? cmd_fail(args->command, rc, "%s", note.text) : code;
}
