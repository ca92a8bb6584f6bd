/* rollcall serve dump-zone: a zone at a moment, as text. */
#include "cmd/cmd.h"

#include "app/serve/dump.h"
#include "base/log.h"
#include "base/text.h"
#include "io/yaml/plan_yaml.h"

#include <getopt.h>
#include <string.h>

int cmd_serve_dump(int argc, char **argv);

static const char help_text[] =
    "Usage: rollcall serve dump-zone --plan PLAN [--at TIME] [--start TIME] [--zone NAME]\n"
    "       rollcall serve dump-zone --state DIR [--config FILE] --zone NAME [--at TIME]\n"
    "\n"
    "Prints a zone as it is served at a moment, signed and sorted: by a plan, with keys made for the "
    "occasion, or out of the\n"
    "state of a platform, with its kept keys.\n"
    "\n"
    "  --plan PLAN    a built-in plan or a plan file\n"
    "  --at TIME      the moment (default: now)\n"
    "  --start TIME   when a template such as testzone starts (default: the moment of --at)\n"
    "  --zone NAME    the zone (with --plan: default is the plan's own)\n"
    "  --state DIR    a directory that rollcall serve uses, which is only read\n"
    "  --config FILE  the configuration of that platform\n"
    "  --help\n";

struct dump_options {
    const char *plan, *at, *start, *zone, *state, *config;
};

static int dump_by_plan(const struct dump_options *o, int64_t at_us, struct text *text, struct err_note *note)
{
    struct plan *plan, *dated;
    int64_t start_us = at_us;
    int rc = plan_yaml_find(o->plan, &plan, note);
    if (rc)
        return rc;
    if (o->start && (rc = cmd_now(o->start, &start_us, note)))
        return plan_free(plan), rc;
    if (plan->relative) {
        rc = plan_start(plan, start_us, o->zone, 0, &dated, note);
        plan_free(plan);
        if (rc)
            return rc;
        plan = dated;
    } else if (o->start) {
        rc = err_set(note, ERR_USAGE, "plan %s is dated already; --start is for templates", plan->name);
    }
    if (rc == 0)
        rc = dump_plan(plan, o->zone, at_us, text, note);
    plan_free(plan);
    return rc;
}

static int dump_by_state(
    const struct dump_options *o, int64_t at_us, struct text *text, struct err_note *note)
{
    struct serve_config config;
    struct arena *arena = arena_new();
    int rc = arena ? config_default(&config, note) : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0 && o->config)
        rc = config_read(o->config, arena, &config, note);
    if (rc == 0) {
        config.state = o->state;
        rc = dump_state(&config, o->zone, at_us, text, note);
    }
    arena_free(arena);
    return rc;
}

static int parse(int argc, char **argv, struct dump_options *o)
{
    enum { PLAN = 256, AT, START, ZONE, STATE, CONFIG };
    static const struct option options[] = {{"plan", required_argument, NULL, PLAN},
        {"at", required_argument, NULL, AT}, {"start", required_argument, NULL, START},
        {"zone", required_argument, NULL, ZONE}, {"state", required_argument, NULL, STATE},
        {"config", required_argument, NULL, CONFIG}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char **const places[] = {&o->plan, &o->at, &o->start, &o->zone, &o->state, &o->config};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h')
            return cmd_print("serve", help_text, strlen(help_text));
        if (option < PLAN || option > CONFIG)
            return cmd_bad_option("serve", argv, options, option);
        *places[option - PLAN] = optarg;
    }
    if (optind < argc)
        return cmd_fail("serve", ERR_USAGE, "unexpected '%s'", argv[optind]);
    if (o->state && (o->start || o->plan))
        return cmd_fail("serve", ERR_USAGE, "--state goes with --zone, --at and --config only");
    if (!o->plan == !o->state || (o->state && !o->zone))
        return cmd_fail("serve", ERR_USAGE, "dump-zone wants --plan PLAN, or --state DIR and --zone NAME");
    return -1;
}

int cmd_serve_dump(int argc, char **argv)
{
    struct dump_options o = {NULL};
    struct err_note note = {""};
    struct text text;
    int64_t at_us;
    int code = parse(argc, argv, &o);
    if (code != -1)
        return code;
    text_start(&text);
    log_set_level(LOG_WARNING);
    int rc = cmd_now(o.at, &at_us, &note);
    if (rc == 0)
        rc = o.plan ? dump_by_plan(&o, at_us, &text, &note) : dump_by_state(&o, at_us, &text, &note);
    code = rc ? cmd_fail("serve", rc, "%s", note.text) : cmd_print("serve", text.string, text.length);
    text_free(&text);
    return code;
}
