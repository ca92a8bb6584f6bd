/* rollcall observe: captures, dnstap, live interfaces and logs into a store of sightings. */
#include "app/observe/observe.h"
#include "base/utc.h"
#include "cmd/cmd.h"
#include "cmd/observe_tell.h"
#include "io/store/sightings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "Usage: rollcall observe [OPTION…] --store DB [FILE|DIR|-]…\n"
    "\n"
    "Reads what a name server saw and stores, per hour and source, what each said about its trust anchors.\n"
    "Files are known by their contents: pcap, pcapng, dnstap; gzip, xz, zstd, lz4. Reading a file again\n"
    "changes nothing; an interrupted run goes on where it was.\n"
    "\n"
    "  -s, --store DB         a file (SQLite), or clickhouse://HOST:PORT/DATABASE\n"
    "  -c, --collector NAME   which name server or tap this is (the host's name if not given); packets that\n"
    "                         a collector brings twice are counted once\n"
    "      --live IF          capture an interface, until interrupted\n"
    "      --dnstap SOCKET    be the socket that name servers send dnstap to, until interrupted\n"
    "      --named-log FILE   BIND's log, category trust-anchor-telemetry\n"
    "  -p, --port N           port of the name server, in place of 53; may be repeated\n"
    "      --every SPAN       commit that often (30s for files, 5m else)\n"
    "      --anonymize FILE   store pseudonyms of addresses that keep prefixes, by the key in FILE\n"
    "      --json             summary as one JSON document (schema rollcall.observe/1)\n"
    "  -q, --quiet            no progress and no summary\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0, or 64 usage, 65 an input is malformed or cut short (what came before is stored),\n"
    "66 no such input, 69 the store cannot be reached or is locked, 74 reading or writing failed,\n"
    "77 not permitted.\n";

/* Set by SIGINT and SIGTERM. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

struct options {
    struct observe_input *inputs;
    size_t input_count;
    const char *store, *collector, *key_file;
    uint16_t ports[WIRE_MAX_PORTS];
    size_t port_count;
    int64_t every_us;
    bool json, quiet, help;
    bool endless;
};

enum { LIVE = 256, DNSTAP, NAMED_LOG, EVERY, ANONYMIZE };

static const struct option long_options[] = {
    {"store", required_argument, NULL, 's'},
    {"collector", required_argument, NULL, 'c'},
    {"live", required_argument, NULL, LIVE},
    {"dnstap", required_argument, NULL, DNSTAP},
    {"named-log", required_argument, NULL, NAMED_LOG},
    {"port", required_argument, NULL, 'p'},
    {"every", required_argument, NULL, EVERY},
    {"anonymize", required_argument, NULL, ANONYMIZE},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int add_endless(
    struct options *options, enum observe_form form, const char *path, struct err_note *note)
{
    if (options->endless)
        return err_set(
            note, ERR_USAGE, "--live and --dnstap: one of them at a time; run another rollcall observe");
    options->endless = true;
    options->inputs[options->input_count++] = (struct observe_input){form, path};
    return 0;
}

static int add_port(struct options *options, const char *value, struct err_note *note)
{
    int64_t number;
    if (options->port_count == WIRE_MAX_PORTS)
        return err_set(note, ERR_USAGE, "--port: at most %d of them", WIRE_MAX_PORTS);
    if (cmd_number(value, 1, 65535, &number))
        return err_set(note, ERR_USAGE, "--port: 1 to 65535, not '%s'", value);
    options->ports[options->port_count++] = (uint16_t)number;
    return 0;
}

static int take_option(int letter, const char *value, struct options *options, struct err_note *note)
{
    switch (letter) {
    case 's':
        return options->store = value, 0;
    case 'c':
        options->collector = value;
        return sightings_name_fits(value)
                   ? 0
                   : err_set(note, ERR_USAGE, "--collector: 1 to %d letters, digits and . - _ :, not '%s'",
                         SIGHTINGS_MAX_COLLECTOR, value);
    case 'p':
        return add_port(options, value, note);
    case EVERY:
        return utc_parse_span(value, &options->every_us) || options->every_us <= 0
                   ? err_set(note, ERR_USAGE, "--every: a span such as 30s or PT5M, not '%s'", value)
                   : 0;
    case ANONYMIZE:
        return options->key_file = value, 0;
    case LIVE:
        return add_endless(options, OBSERVE_LIVE, value, note);
    case DNSTAP:
        return add_endless(options, OBSERVE_DNSTAP, value, note);
    case NAMED_LOG:
        options->inputs[options->input_count++] = (struct observe_input){OBSERVE_LOG, value};
        return 0;
    case 'j':
        return options->json = true, 0;
    case 'q':
        return options->quiet = true, 0;
    default:
        return options->help = true, 0;
    }
}

/* Files come first, so that an endless input does not keep them waiting: files that were given as such
 * before. */
static int read_options(int argc, char **argv, struct options *options, int *ret_code)
{
    struct err_note note = {""};
    int letter;
    opterr = 0;
    optind = 0;
    while ((letter = getopt_long(argc, argv, ":s:c:p:qh", long_options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return *ret_code = cmd_bad_option("observe", argv, long_options, letter), ERR_USAGE;
        int err = take_option(letter, optarg, options, &note);
        if (err)
            return *ret_code = cmd_fail("observe", err, "%s", note.text), err;
    }
    size_t files = (size_t)(argc - optind);
    memmove(options->inputs + files, options->inputs, options->input_count * sizeof *options->inputs);
    for (size_t i = 0; i < files; i++)
        options->inputs[i] = (struct observe_input){OBSERVE_FILE, argv[optind + (int)i]};
    options->input_count += files;
    if (options->help)
        return 0;
    if (!options->store)
        return *ret_code = cmd_fail("observe", ERR_USAGE, "no --store given"), ERR_USAGE;
    if (!options->input_count)
        return *ret_code = cmd_fail("observe", ERR_USAGE,
                   "nothing to read: a file, a directory, -, --live, --dnstap or --named-log"),
               ERR_USAGE;
    return 0;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}; /* twice: at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int run(const struct options *options, const char *collector, struct pseudonym *pseudonym)
{
    struct observe_tell tell;
    struct observe_totals totals;
    struct err_note note = {""};
    observe_tell_start(&tell, options->store, collector, options->json, options->quiet);
    struct observe_options run_options = {.inputs = options->inputs,
        .input_count = options->input_count,
        .store = options->store,
        .collector = collector,
        .ports = options->ports,
        .port_count = options->port_count,
        .every_us = options->every_us ? options->every_us : (options->endless ? 300 : 30) * UTC_SECOND,
        .pseudonym = pseudonym,
        .stop = &stop_signal,
        .context = &tell,
        .progress = observe_tell_progress,
        .done = observe_tell_done};
    catch_signals();
    int err = observe_run(&run_options, &totals, &note);
    struct text out;
    text_start(&out);
    size_t told = totals.inputs;
    observe_tell_end(&tell, &totals, &out);
    int code = err_exit(err), printed = 0;
    if (!options->quiet || options->json)
        printed = cmd_print("observe", out.string, out.length);
    if (err && (told == 0 || totals.store_failed))
        cmd_fail("observe", err, "%s", note.text);
    text_free(&out);
    return code ? code : printed;
}

int cmd_observe(int argc, char **argv)
{
    struct options options = {.every_us = 0};
    struct pseudonym *pseudonym = NULL;
    struct err_note note = {""};
    char host[SIGHTINGS_MAX_COLLECTOR + 1];
    int code = 0;
    options.inputs = calloc((size_t)argc + 1, 2 * sizeof *options.inputs);
    if (!options.inputs)
        return cmd_fail("observe", ERR_NOMEM, "no memory");
    int err = read_options(argc, argv, &options, &code);
    if (!err && options.help)
        code = cmd_print("observe", help_text, sizeof help_text - 1);
    if (!err && !options.help && options.key_file) {
        err = pseudonym_read(options.key_file, &pseudonym, &note);
        if (err)
            code = cmd_fail("observe", err, "%s", note.text);
    }
    if (!err && !options.help)
        code = run(&options, options.collector ? options.collector : sightings_host_name(host), pseudonym);
    pseudonym_free(pseudonym);
    free(options.inputs);
    if (stop_signal && !options.endless && code == 0)
        raise((int)stop_signal); /* the handler is gone: whoever waits sees what ended us */
    return code;
}
