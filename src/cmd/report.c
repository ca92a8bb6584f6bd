/* rollcall report: its options; and the plain counts of a store. What judges is in report_judged.c. */
#include "cmd/report_parts.h"

#include "base/log.h"
#include "base/utc.h"
#include "core/dns/name.h"

#include <getopt.h>
#include <string.h>

static const char help_text[] =
    "Usage: rollcall report --store STORE [--by tagset|key|day|source|collector]\n"
    "       rollcall report --store STORE --by class|prefix|as|country [--plan PLAN] [--now TIME]\n"
    "       rollcall report --store STORE --explain ADDRESS [--plan PLAN] [--now TIME]\n"
    "       rollcall report --store STORE --trend [--step DAYS] [--plan PLAN] [--now TIME]\n"
    "       rollcall report --store STORE --letters DIR, --operators DIR [--plan PLAN] [--now TIME]\n"
    "       rollcall report --store STORE --gate FILE [--plan PLAN] [--now TIME] [--log FILE] [--apply "
    "PLAN]\n"
    "       rollcall report --log FILE\n"
    "                       [--from TIME] [--to TIME] [--zone ZONE] [--collector NAME]\n"
    "                       [--format table|json|csv|html]\n"
    "\n"
    "The first form counts what `rollcall observe` stored: which resolvers told which trust anchors they\n"
    "have (RFC 8145), and of how many that were seen. No judgement. The others hold each source against a\n"
    "plan: who is ready, who is proved not to be, and what is not known.\n"
    "\n"
    "  -s, --store STORE      a file, or clickhouse://[USER[:PASSWORD]@]HOST:PORT/DATABASE\n"
    "  -b, --by WHAT          one line for each tag set (tagset), key tag (key), or tag set of each day,\n"
    "                         source or collector; tagset if not given. Judged: one line for each class,\n"
    "                         prefix (/24, /48), network (as) or country\n"
    "      --from TIME        only hours that begin at TIME or later (2026-10-05, 2026-10-05T16:00:00Z)\n"
    "      --to TIME          only hours that begin before TIME\n"
    "  -z, --zone ZONE        only signals about this zone's keys (. is the root)\n"
    "  -c, --collector NAME   only what this collector saw\n"
    "  -f, --format FORMAT    table (for people), json (schemas rollcall.report/1, trend/1), csv (RFC 4180) "
    "or, "
    "judged,\n"
    "                         html: one page with all of it\n"
    "      --json             the same as --format json\n"
    "      --anonymize FILE   pseudonyms in place of addresses, that keep prefixes, by the key in FILE\n"
    "\n"
    "Judged:\n"
    "      --plan PLAN        the roll: a built-in plan ('rollcall plan list') or a file; root-2024 if not "
    "given\n"
    "      --now TIME         the moment, in place of the clock\n"
    "      --explain ADDRESS  one source: its class, the rules that gave it, and what was counted\n"
    "      --trend            readiness step by step, from when the store begins if --from is not given;\n"
    "                         where feeds change, the change is told by those that were there throughout\n"
    "      --step DAYS        the length of a step; if not given 7, or as many as make 60 steps\n"
    "      --gate FILE        go, postpone or back out, by declared criteria: rollcall-gate(5)\n"
    "      --log FILE         adds the decision to this log, each line chained to the one before; without\n"
    "                         store and gate: verifies the whole log and lists its decisions\n"
    "      --apply PLAN       holds the roll in this plan file if the decision is to postpone\n"
    "      --html FILE        all of it as one page, in this file, in place of lines; beside the decision of "
    "a gate\n"
    "      --letters DIR      a letter to each country, ready to be mailed: rollcall-letters(5)\n"
    "      --operators DIR    a letter to the operator of each network, with its addresses that are at risk\n"
    "      --templates DIR    your own templates of letters, in place of those that are shipped\n"
    "      --country CC       letters to this country only; repeatable\n"
    "      --platform URL, --from-name NAME\n"
    "                         where the test platform is, and who signs the letters\n"
    "      --limit NAME=N     another threshold of classification (rollcall-report(1) lists them); "
    "repeatable\n"
    "      --users FILE       users of networks or countries (CSV)\n"
    "      --pfx2as FILE, --delegated FILE, --mmdb FILE\n"
    "                         networks and countries of addresses: rollcall-networks(5); repeatable\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0; with --gate 0 go, 2 a criterion failed, 3 put off because something is not known; or 64 "
    "usage, 65 the store or a file is damaged or none that we read, 66 no such store, "
    "file,\n"
    "collector or source, 69 the store cannot be reached, or the answer is partial, 74 it cannot be read, "
    "77 not permitted.\n";

static const struct option long_options[] = {
    {"store", required_argument, NULL, 's'},
    {"by", required_argument, NULL, 'b'},
    {"from", required_argument, NULL, 'F'},
    {"to", required_argument, NULL, 'T'},
    {"zone", required_argument, NULL, 'z'},
    {"collector", required_argument, NULL, 'c'},
    {"format", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {"html", required_argument, NULL, 'H'},
    {"anonymize", required_argument, NULL, 'A'},
    {"plan", required_argument, NULL, 'p'},
    {"now", required_argument, NULL, 'n'},
    {"limit", required_argument, NULL, 'l'},
    {"explain", required_argument, NULL, 'e'},
    {"trend", no_argument, NULL, 't'},
    {"step", required_argument, NULL, 'S'},
    {"gate", required_argument, NULL, 'g'},
    {"log", required_argument, NULL, 'L'},
    {"apply", required_argument, NULL, 'a'},
    {"letters", required_argument, NULL, 'W'},
    {"operators", required_argument, NULL, 'O'},
    {"templates", required_argument, NULL, 'm'},
    {"country", required_argument, NULL, 'C'},
    {"platform", required_argument, NULL, 'w'},
    {"from-name", required_argument, NULL, 'N'},
    {"users", required_argument, NULL, 'U'},
    {"pfx2as", required_argument, NULL, 'P'},
    {"delegated", required_argument, NULL, 'D'},
    {"mmdb", required_argument, NULL, 'M'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int take_by(const char *value, struct report_options *o, struct err_note *note)
{
    o->by_given = true;
    o->judged = readiness_by(value, &o->readiness_by) == 0;
    if (o->judged || report_by(value, &o->by) == 0)
        return 0;
    return err_set(note, ERR_USAGE,
        "--by: tagset, key, day, source, collector, class, prefix, as or country, not '%s'", value);
}

static int take_file(int letter, const char *value, struct report_options *o, struct err_note *note)
{
    static const struct {
        int letter;
        int (*read)(struct networks *networks, const char *path, struct err_note *note);
    } readers[] = {
        {'U', networks_read_users},
        {'P', networks_read_pfx2as},
        {'D', networks_read_delegated},
        {'M', networks_read_mmdb},
    };
    if (o->file_count == REPORT_MOST_FILES)
        return err_set(note, ERR_USAGE, "too many files about networks");
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].letter == letter)
            o->files[o->file_count++] = (struct report_file){readers[i].read, value};
    return 0;
}

/* Options that are kept as they stand. */
static const char **kept_string(int letter, struct report_options *o)
{
    const struct {
        int letter;
        const char **string;
    } strings[] = {{'s', &o->store}, {'F', &o->from}, {'T', &o->to}, {'z', &o->zone}, {'c', &o->collector},
        {'A', &o->key_file}, {'p', &o->plan}, {'n', &o->now}, {'e', &o->explain}, {'g', &o->gate},
        {'L', &o->log}, {'a', &o->apply}, {'S', &o->step}, {'H', &o->html}, {'W', &o->letters},
        {'O', &o->operators}, {'m', &o->templates}, {'w', &o->platform}, {'N', &o->from_name}};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (strings[i].letter == letter)
            return strings[i].string;
    return NULL;
}

static int take_format(const char *value, struct report_options *o, struct err_note *note)
{
    o->page = strcmp(value, "html") == 0;
    if (o->page || report_format(value, &o->format) == 0)
        return 0;
    return err_set(note, ERR_USAGE, "--format: table, json, csv or html, not '%s'", value);
}

static int take_option(int letter, const char *value, struct report_options *o, struct err_note *note)
{
    const char **string = kept_string(letter, o);
    if (string) {
        *string = value;
        return 0;
    }
    switch (letter) {
    case 'b':
        return take_by(value, o, note);
    case 'f':
        return take_format(value, o, note);
    case 'l':
        if (o->limit_count == REPORT_MOST_LIMITS)
            return err_set(note, ERR_USAGE, "--limit: too many");
        o->limits[o->limit_count++] = value;
        return 0;
    case 'C':
        if (o->country_count == REPORT_MOST_COUNTRIES)
            return err_set(note, ERR_USAGE, "--country: too many");
        o->countries[o->country_count++] = value;
        return 0;
    case 't':
        o->trend = true;
        return 0;
    case 'j':
        o->format = REPORT_JSON;
        return 0;
    case 'h':
        o->help = true;
        return 0;
    default:
        return take_file(letter, value, o, note);
    }
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct report_options *o)
{
    struct err_note note = {""};
    int letter;
    optind = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":s:b:z:c:f:h", long_options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return cmd_bad_option("report", argv, long_options, letter);
        int rc = take_option(letter, optarg, o, &note);
        if (rc)
            return cmd_fail("report", rc, "%s", note.text);
    }
    if (o->help)
        return cmd_print("report", help_text, strlen(help_text));
    if (optind < argc)
        return cmd_fail("report", ERR_USAGE, "unexpected '%s'", argv[optind]);
    bool asks = o->gate || o->by_given || o->explain || o->trend || o->letters || o->operators;
    if (o->log && !o->store && !asks)
        return o->format == REPORT_CSV || o->page || o->html
                   ? cmd_fail("report", ERR_USAGE, "a log comes as table or json")
                   : -1;
    if (!o->store || !*o->store)
        return cmd_fail("report", ERR_USAGE, "--store is missing: which store?");
    if (o->trend && (o->gate || o->explain || o->by_given))
        return cmd_fail("report", ERR_USAGE, "--trend goes without --by, --explain and --gate");
    if (o->step && !o->trend && !o->page && !o->html)
        return cmd_fail("report", ERR_USAGE, "--step goes with --trend and with a page");
    if ((o->log || o->apply) && !o->gate)
        return cmd_fail("report", ERR_USAGE, "--log and --apply go with --gate");
    bool shows_addresses = o->explain || (o->judged && o->readiness_by == READINESS_BY_PREFIX);
    if (o->key_file && shows_addresses)
        return cmd_fail("report", ERR_USAGE,
            "--anonymize: prefixes and single sources come with their own addresses only");
    if ((o->page || o->html) && (o->explain || o->by_given || o->trend))
        return cmd_fail(
            "report", ERR_USAGE, "a page shows all of it: --by, --explain and --trend do not go with it");
    if (o->gate && o->format == REPORT_CSV)
        return cmd_fail("report", ERR_USAGE, "a decision comes as table or json");
    int rc = report_letters_check(o, &note);
    if (rc)
        return cmd_fail("report", rc, "%s", note.text);
    if (!o->plan)
        o->plan = o->apply ? o->apply : "root-2024";
    return -1;
}

static int read_time(const char *option, const char *value, int64_t *ret_us, struct err_note *note)
{
    if (!value || utc_parse(value, ret_us) == 0)
        return 0;
    return err_set(
        note, ERR_USAGE, "%s: '%s' is no time (2026-10-05 or 2026-10-05T16:00:00Z)", option, value);
}

int report_question(const struct report_options *o, struct sightings_question *question,
    char zone[NAME_MAX_TEXT], struct err_note *note)
{
    struct name name;
    *question = (struct sightings_question){
        .by = o->by, .from_us = INT64_MIN, .to_us = INT64_MAX, .collector = o->collector};
    int rc = read_time("--from", o->from, &question->from_us, note);
    rc = rc ? rc : read_time("--to", o->to, &question->to_us, note);
    if (rc)
        return rc;
    if (question->from_us >= question->to_us)
        return err_set(note, ERR_USAGE, "--to is not later than --from");
    if (!o->zone)
        return 0;
    struct err_note why = {""};
    if (name_from_text(o->zone, &name, &why))
        return err_set(note, ERR_USAGE, "--zone: %s", why.text);
    name_lower(&name);
    question->zone = name_to_text(&name, zone);
    return 0;
}

int report_print(struct text *text, int err, const struct err_note *note, bool partial, const char *missing)
{
    int code =
        err ? cmd_fail("report", err, "%s", note->text) : cmd_print("report", text->string, text->length);
    text_free(text);
    if (code == 0 && partial)
        code = cmd_fail("report", ERR_UNAVAILABLE, "the answer is partial, there is more than this: %s",
            missing ? missing : "part of the store does not answer");
    return code;
}

static int write_answer(const struct report_options *o, const struct sightings_question *question,
    const struct sightings_answer *answer)
{
    struct text text;
    const struct err_note note = {"out of memory"};
    struct report report = {o->store, question, answer, cmd_screen().columns};
    text_start(&text);
    int rc = report_write(&report, o->format, &text);
    return report_print(&text, rc, &note, answer->partial, answer->missing);
}

static int anonymize(const struct report_options *o, struct sightings_answer *answer, struct err_note *note)
{
    struct pseudonym *pseudonym = NULL;
    int rc = o->key_file ? pseudonym_read(o->key_file, &pseudonym, note) : 0;
    if (rc == 0 && pseudonym)
        rc = report_rename(answer, pseudonym, note);
    pseudonym_free(pseudonym);
    return rc;
}

static int run(const struct report_options *o, struct arena *arena)
{
    struct sightings *store = NULL;
    struct sightings_question question;
    struct sightings_answer answer;
    struct err_note note = {"out of memory"};
    char zone[NAME_MAX_TEXT];
    int rc = arena ? report_question(o, &question, zone, &note) : ERR_NOMEM;
    rc = rc ? rc : sightings_open(o->store, true, &store, &note);
    rc = rc ? rc : sightings_ask(store, &question, arena, &answer, &note);
    sightings_close(store);
    if (rc == 0 && o->collector && answer.coverage_count == 0 && !answer.partial)
        rc = err_set(&note, ERR_NOINPUT, "the store has nothing of a collector '%s'", o->collector);
    if (rc == 0 && o->by == SIGHTINGS_BY_SOURCE)
        rc = anonymize(o, &answer, &note);
    return rc ? cmd_fail("report", rc, "%s", note.text) : write_answer(o, &question, &answer);
}

int cmd_report(int argc, char **argv)
{
    struct report_options options = {.by = SIGHTINGS_BY_TAGSET, .plan = NULL};
    int code = parse(argc, argv, &options);
    if (code != -1)
        return code;
    log_set_level(LOG_WARNING);
    struct arena *arena = arena_new();
    code = !options.store                         ? report_log(&options)
           : options.gate                         ? report_gate(&options, arena)
           : options.page || options.html         ? report_page(&options, arena)
           : options.letters || options.operators ? report_letters(&options, arena)
           : options.trend                        ? report_trend(&options, arena)
           : options.judged || options.explain    ? report_judged(&options, arena)
                                                  : run(&options, arena);
    arena_free(arena);
    return code;
}
