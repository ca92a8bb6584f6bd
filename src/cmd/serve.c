/* rollcall serve: options, the order of starting and stopping, signals. */
#include "cmd/cmd.h"
#include "cmd/serve_parts.h"

#include "app/demo/demo.h"
#include "app/report/live.h"
#include "app/serve/serve.h"
#include "app/web/web.h"
#include "base/log.h"
#include "io/proc/loop.h"
#include "io/proc/notify.h"
#include "io/proc/privilege.h"
#include "io/proc/tree.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cmd_serve_dump(int argc, char **argv);

static const char help_text[] =
    "Usage: rollcall serve --demo [roll|postponed] [OPTION…]\n"
    "       rollcall serve --config FILE [OPTION…]\n"
    "       rollcall serve dump-zone …            (see rollcall serve dump-zone --help)\n"
    "\n"
    "The testing platform: rolling test zones and probe names over DNS, a verdict for each participant, a "
    "web site.\n"
    "\n"
    "  --demo [STORY]      three real resolvers go through a whole roll in minutes; STORY is roll (default) "
    "or postponed\n"
    "  --exit-when-done    end when the story is over; the exit code is the worst verdict\n"
    "  --config FILE       configuration, see rollcall.yaml(5); options win over it\n"
    "  --dns ADDR:PORT     where to answer DNS, UDP and TCP (default 127.0.0.1:5300); may be given again\n"
    "  --web ADDR:PORT     where the web site and API are (default 127.0.0.1:8053); off for none\n"
    "  --state DIR         where keys, enrolments, verdicts and records are kept (--demo: a temporary one)\n"
    "  --quiet             warnings and errors only, on stderr\n"
    "  --help\n"
    "\n"
    "SIGHUP reads configuration and plan files again. SIGTERM and Ctrl-C answer what is under way and end "
    "with 0.\n"
    "Exit codes with --exit-when-done: 0 ready, 1 at risk, 2 not ready, 3 unknown. See rollcall-serve(1).\n";

struct run {
    struct loop *loop;
    struct arena *arena;
    struct serve_config config;
    const char *config_file;
    struct serve *serve;
    struct web *web;
    struct demo *demo;
    struct serve_pages pages;
    bool want_demo, exit_when_done, temporary;
    enum demo_story story;
    char state[512], work[560];
    int exit_code;
};

enum { DEMO_OBSERVATIONS_S = 5 };
enum { OPT_DEMO = 256, OPT_EXIT, OPT_CONFIG, OPT_DNS, OPT_WEB, OPT_STATE, OPT_QUIET };

static const struct option options[] = {{"demo", optional_argument, NULL, OPT_DEMO},
    {"exit-when-done", no_argument, NULL, OPT_EXIT}, {"config", required_argument, NULL, OPT_CONFIG},
    {"dns", required_argument, NULL, OPT_DNS}, {"web", required_argument, NULL, OPT_WEB},
    {"state", required_argument, NULL, OPT_STATE}, {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

/* What the command line says, kept apart from the configuration: it stands above what the file says. */
struct given {
    const char *story, *web, *state;
    const char *dns[CONFIG_MAX_LISTEN];
    size_t dns_count;
};

static int parse_rest(struct run *run, struct given *given, int argc, char **argv)
{
    if (optind < argc && run->want_demo && !given->story)
        given->story = argv[optind++];
    if (optind < argc)
        return cmd_fail("serve", ERR_USAGE, "unexpected '%s'", argv[optind]);
    if (given->story && !demo_story_of(given->story, &run->story))
        return cmd_fail("serve", ERR_USAGE, "there is no story '%s' (roll, postponed)", given->story);
    if (run->exit_when_done && !run->want_demo)
        return cmd_fail("serve", ERR_USAGE, "--exit-when-done goes with --demo");
    return 0;
}

/* -1: go on; else the exit code. */
static int parse_options(struct run *run, struct given *given, int argc, char **argv)
{
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case OPT_DEMO:
            run->want_demo = true;
            given->story = optarg;
            break;
        case OPT_EXIT:
            run->exit_when_done = true;
            break;
        case OPT_CONFIG:
            run->config_file = optarg;
            break;
        case OPT_DNS:
            if (given->dns_count == CONFIG_MAX_LISTEN)
                return cmd_fail("serve", ERR_USAGE, "at most %d times --dns", CONFIG_MAX_LISTEN);
            given->dns[given->dns_count++] = optarg;
            break;
        case OPT_WEB:
            given->web = optarg;
            break;
        case OPT_STATE:
            given->state = optarg;
            break;
        case OPT_QUIET:
            log_set_level(LOG_WARNING);
            break;
        case 'h':
            return cmd_print("serve", help_text, strlen(help_text));
        default:
            return cmd_bad_option("serve", argv, options, option);
        }
    int code = parse_rest(run, given, argc, argv);
    return code ? code : -1;
}

/* -1: go on; else the exit code. */
static int parse(struct run *run, int argc, char **argv)
{
    struct given given = {NULL};
    struct err_note note;
    int code = parse_options(run, &given, argc, argv);
    if (code != -1)
        return code;
    int rc = run->config_file ? config_read(run->config_file, run->arena, &run->config, &note)
                              : config_default(&run->config, &note);
    if (rc)
        return cmd_fail("serve", rc, "%s", note.text);
    if (run->want_demo && !run->config_file) /* minutes stand for days */
        run->config.observations_s = DEMO_OBSERVATIONS_S;
    if (given.dns_count) {
        memcpy(run->config.dns, given.dns, sizeof given.dns);
        run->config.dns_count = given.dns_count;
    }
    if (given.web)
        run->config.web = strcmp(given.web, "off") == 0 ? NULL : given.web;
    if (given.state)
        run->config.state = given.state;
    if (!run->want_demo && !run->config.state)
        return cmd_fail("serve", ERR_USAGE,
            "a directory for the state is wanted: --state DIR, or state: in the configuration");
    return -1;
}

/* A directory that is made here belongs to whom the server will become. */
static int make_directory(struct run *run, struct err_note *note)
{
    const char *base = getenv("TMPDIR");
    if (run->config.state) {
        snprintf(run->state, sizeof run->state, "%s", run->config.state);
        if (mkdir(run->state, 0700) == 0)
            return privilege_give(run->config.user, run->state, note);
        return errno == EEXIST ? 0
                               : err_set(note, errno == EACCES || errno == EPERM ? ERR_PERM : ERR_IO,
                                     "%s: cannot be made: %s (--state DIR)", run->state, strerror(errno));
    }
    snprintf(run->state, sizeof run->state, "%s/rollcall-demo-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(run->state))
        return err_set(note, ERR_IO, "%s: %s", run->state, strerror(errno));
    run->temporary = true;
    return privilege_give(run->config.user, run->state, note);
}

static int make_state(struct run *run)
{
    struct err_note note;
    int rc = make_directory(run, &note);
    if (rc)
        return cmd_fail("serve", rc, "%s", note.text);
    struct stat status;
    char *whole = realpath(run->state, NULL);
    int number = whole && stat(whole, &status) == 0 ? 0 : errno;
    if (!number && !S_ISDIR(status.st_mode))
        number = ENOTDIR;
    if (!number && strlen(whole) >= sizeof run->state)
        number = ENAMETOOLONG;
    if (!number)
        memcpy(run->state, whole, strlen(whole) + 1);
    free(whole);
    run->config.state = run->state;
    snprintf(run->work, sizeof run->work, "%s/demo", run->state);
    return number ? cmd_fail("serve", number == EACCES ? ERR_PERM : ERR_IO, "%s: %s (--state DIR)",
                        run->state, strerror(number))
                  : 0;
}

static void on_over(void *context, int verdict)
{
    struct run *run = context;
    if (run->exit_when_done) {
        run->exit_code = verdict;
        loop_stop(run->loop);
    } else if (run->config.web) {
        printf("\nThe story is over. The page stays at http://%s/ until Ctrl-C.\n", web_address(run->web));
        fflush(stdout);
    }
}

static void on_observe(void *context, int64_t participant_id, const struct evidence_event *event)
{
    serve_observe(((struct run *)context)->serve, participant_id, event);
}

static int on_readiness(void *context, int64_t roll_id, bool json, struct text *out)
{
    struct live *live = ((struct run *)context)->pages.live;
    return live ? live_page(live, roll_id, json ? LIVE_JSON : LIVE_HTML, out) : ERR_NOINPUT;
}

static int on_report(void *context, int64_t roll_id, struct demo_word *words, size_t count, struct text *text,
    struct err_note *note)
{
    struct run *run = context;
    return serve_report_demo(run->serve, run->config.state, roll_id, words, count, text, note);
}

static size_t on_metrics(void *context, struct web_metric *out, size_t capacity)
{
    enum { FIGURES = 11 };
    if (capacity < FIGURES)
        return 0;
    struct serve_figures f = serve_count(((struct run *)context)->serve);
    const struct web_metric figures[FIGURES] = {
        {"rollcall_dns_udp_queries_total", "UDP messages received", false, (int64_t)f.net.udp_in},
        {"rollcall_dns_udp_answers_total", "UDP answers sent", false, (int64_t)f.net.udp_out},
        {"rollcall_dns_tcp_queries_total", "TCP messages received", false, (int64_t)f.net.tcp_in},
        {"rollcall_dns_tcp_answers_total", "TCP answers sent", false, (int64_t)f.net.tcp_out},
        {"rollcall_dns_tcp_connections", "TCP connections open", true, (int64_t)f.net.tcp_open},
        {"rollcall_queries_recorded_total", "queries that matter, taken by the recorder", false,
            (int64_t)f.recorder.taken},
        {"rollcall_queries_stored_total", "queries that matter, written to the store", false,
            (int64_t)f.recorder.written},
        {"rollcall_queries_dropped_total", "queries that matter, lost because the ring was full", false,
            (int64_t)f.recorder.dropped},
        {"rollcall_queries_thinned_total", "queries beyond what is kept of one source or of all", false,
            (int64_t)f.recorder.thinned},
        {"rollcall_queries_failed_total", "queries that matter, lost because the store failed", false,
            (int64_t)f.recorder.failed},
        {"rollcall_zones", "zones served", true, (int64_t)f.zones},
    };
    memcpy(out, figures, sizeof figures);
    return FIGURES;
}

static void on_signal(void *context, int number)
{
    struct run *run = context;
    if (number != SIGHUP) {
        loop_stop(run->loop);
        return;
    }
    struct err_note note;
    struct arena *arena = arena_new();
    struct serve_config config;
    int rc = arena ? config_default(&config, &note) : err_set(&note, ERR_NOMEM, "out of memory");
    notify_send(NOTIFY_RELOADING, NULL);
    if (rc == 0 && run->config_file)
        rc = config_read(run->config_file, arena, &config, &note);
    if (rc == 0)
        rc = serve_reload(run->serve, &config, &note);
    if (rc)
        log_error("SIGHUP: %s; everything stays as it was", note.text);
    else
        log_info("SIGHUP: configuration and plans read again");
    notify_send(NOTIFY_READY, NULL);
    arena_free(arena);
}

static bool keeps_counts(const struct serve_config *config)
{
    return !config->observations || strcmp(config->observations, "none") != 0;
}

static int bind_web(struct run *run, struct err_note *note)
{
    char parent[NAME_MAX_TEXT];
    const char *dns[CONFIG_MAX_LISTEN];
    if (!run->config.web)
        return 0;
    for (size_t i = 0; i < run->config.dns_count; i++)
        dns[i] = serve_address(run->serve, i);
    struct web_config web = {.listen = run->config.web,
        .proxy = run->config.proxy,
        .state = run->config.state,
        .parent = name_to_text(&run->config.parent, parent),
        .dns = dns,
        .dns_count = run->config.dns_count,
        .max_participants = (size_t)run->config.max_participants,
        .observe = on_observe,
        .metrics = on_metrics,
        .readiness = keeps_counts(&run->config) ? on_readiness : NULL,
        .context = run};
    int rc = web_bind(&web, &run->web, note);
    size_t used = strlen(note->text);
    if (rc)
        snprintf(note->text + used, sizeof note->text - used, " (--web ADDR:PORT)");
    return rc;
}

/* The resolvers of the demonstration ask over IPv4. -1: nothing listens there. */
static int demo_address(struct run *run, struct demo_config *demo)
{
    for (size_t i = 0; i < run->config.dns_count; i++) {
        const char *address = serve_address(run->serve, i), *colon = strrchr(address, ':');
        if (*address == '[')
            continue;
        bool any = strncmp(address, "0.0.0.0:", 8) == 0;
        demo->platform_address =
            any ? "127.0.0.1" : arena_printf(run->arena, "%.*s", (int)(colon - address), address);
        demo->platform_port = (uint16_t)strtoul(colon + 1, NULL, 10);
        return demo->platform_address ? 0 : ERR_NOMEM;
    }
    return ERR_USAGE;
}

static int start_demo(struct run *run, struct err_note *note)
{
    if (!run->want_demo)
        return 0;
    char parent[NAME_MAX_TEXT];
    const char *servers = getenv("ROLLCALL_SERVERS");
    struct demo_config demo = {.story = run->story,
        .state = run->config.state,
        .work = run->work,
        .programs = arena_printf(
            run->arena, "%s%s/usr/sbin:/usr/local/sbin", servers ? servers : "", servers ? "/bin:" : ""),
        .parent = arena_string(run->arena, name_to_text(&run->config.parent, parent)),
        .web = run->web ? web_address(run->web) : NULL,
        .observe = on_observe,
        .report = on_report,
        .over = on_over,
        .context = run};
    if (!demo.programs || !demo.parent)
        return err_set(note, ERR_NOMEM, "out of memory");
    int rc = demo_address(run, &demo);
    if (rc)
        return err_set(note, rc, "--demo asks over IPv4: --dns must have such an address");
    return demo_start(run->loop, &demo, &run->demo, note);
}

static int start(struct run *run, struct err_note *note)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    int rc = loop_new(&run->loop);
    for (size_t i = 0; i < 3 && rc == 0; i++)
        rc = loop_signal(run->loop, signals[i], on_signal, run);
    if (rc)
        return err_set(note, rc, "cannot start: %s", err_str(rc));
    rc = serve_pages_read(&run->config, &run->pages, note);
    if (rc == 0)
        rc = serve_bind(&run->config, &run->serve, note);
    if (rc == 0)
        rc = bind_web(run, note);
    if (rc == 0)
        rc = privilege_drop(run->config.user, NULL, note);
    if (rc == 0)
        rc = serve_start(run->serve, run->loop, note);
    if (rc == 0 && run->web)
        rc = serve_pages_start(&run->pages, &run->config, serve_observations(run->serve), note);
    if (rc == 0 && run->web)
        rc = web_start(run->web, note);
    if (rc)
        return rc;
    if (geteuid() == 0 && !run->want_demo)
        log_warning("this runs as root: name a user in the configuration (user: rollcall)");
    printf("rollcall serves DNS on %s", serve_address(run->serve, 0));
    for (size_t i = 1; i < run->config.dns_count; i++)
        printf(", %s", serve_address(run->serve, i));
    printf(run->web ? " and the web on http://%s/\n" : "\n", run->web ? web_address(run->web) : "");
    fflush(stdout);
    notify_send(NOTIFY_READY, NULL);
    return start_demo(run, note);
}

int cmd_serve(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "dump-zone") == 0)
        return cmd_serve_dump(argc - 1, argv + 1);
    struct run run = {.arena = arena_new(), .exit_code = 0};
    struct err_note note = {""};
    if (!run.arena)
        return cmd_fail("serve", ERR_NOMEM, "out of memory");
    int code = parse(&run, argc, argv);
    if (code != -1) {
        arena_free(run.arena);
        return code;
    }
    code = make_state(&run);
    if (code == 0) {
        int rc = start(&run, &note);
        if (rc == 0)
            loop_run(run.loop);
        notify_send(NOTIFY_STOPPING, NULL);
        demo_stop(run.demo);
        web_stop(run.web);
        serve_pages_stop(&run.pages);
        serve_stop(run.serve);
        loop_free(run.loop);
        code = rc ? cmd_fail("serve", rc, "%s", note.text) : run.exit_code;
    }
    if (run.temporary)
        tree_remove(run.state);
    arena_free(run.arena);
    return code;
}
