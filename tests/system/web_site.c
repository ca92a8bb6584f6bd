/* The web side alone, over a store filled with made-up participants: web_site DIRECTORY PORT STORY… [OPTION…]
 *
 *   demo       three resolvers in the middle of testzone-fast, one of them foretold to break
 *   postponed  the same, held open when that was foretold
 *   root       the root's roll of 2018, in the days when it was held open
 *   many       200 resolvers of every verdict
 *   hostile    labels, contacts and verdicts that would like to be markup
 *   rate=N burst=N each=N streams=N address=N   limits
 *
 * Prints the address and the tokens, then obeys lines of stdin until it ends: "NUMBER VERDICT TEXT" gives
 * that participant a new verdict. Ends with SIGTERM, too. */
#include "app/web/web.h"
#include "base/text.h"
#include "core/dns/dnskey.h"
#include "core/roll/plan.h"
#include "core/roll/verdict.h"
#include "io/json/verdict_json.h"
#include "io/keys/keys.h"
#include "io/proc/clock.h"
#include "io/store/store.h"
#include "io/yaml/plan_yaml.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct site {
    struct store *store;
    struct err_note note;
    int64_t now_us, roll_id, serial;
    struct plan *plan;
};

static void must(struct site *site, int err, const char *what)
{
    if (err) {
        fprintf(stderr, "web_site: %s: %s %s\n", what, err_str(err), site->note.text);
        exit(err_exit(err));
    }
}

/* --- rolls --- */

static void add_roll(struct site *site, struct plan *plan, int64_t start_us)
{
    struct text document;
    text_start(&document);
    must(site, plan_yaml_write(plan, &document), "plan");
    struct store_roll roll = {.plan_name = plan->name,
        .document = document.string,
        .start_us = start_us,
        .changed_us = site->now_us};
    must(site, store_roll_add(site->store, &roll, &site->roll_id, &site->note), "roll");
    text_free(&document);
    plan_free(site->plan);
    site->plan = plan;
}

static void start_roll(struct site *site, const char *name, int64_t ago_us)
{
    struct plan *template = NULL, *plan = NULL;
    must(site, plan_builtin(name, &template), name);
    must(site, plan_start(template, site->now_us - ago_us, "rolls.lab.", 0, &plan, &site->note), name);
    plan_free(template);
    add_roll(site, plan, site->now_us - ago_us);
}

/* --- participants --- */

static void add_keys(struct site *site, const char *zone)
{
    for (size_t i = 0; i < site->plan->key_count; i++) {
        struct dnskey *key = NULL;
        struct text private_text;
        const struct plan_key *wanted = &site->plan->keys[i];
        text_start(&private_text);
        must(site, keys_generate(13, 0, wanted->zsk ? DNSKEY_ZSK : DNSKEY_KSK, &key, &site->note), "key");
        must(site, dnskey_private_text(key, &private_text, &site->note), "key");
        struct store_key row = {zone, wanted->id, key->flags, private_text.string, site->now_us};
        must(site, store_key_add(site->store, &row, &site->note), "key");
        text_free(&private_text);
        dnskey_free(key);
    }
}

static int64_t add_participant(
    struct site *site, const char *label, const char *contact, const char *country, int64_t users, bool keys)
{
    char token[33], zone[64];
    int64_t id;
    site->serial++;
    snprintf(token, sizeof token, "%c%c%c%cabcdefghijklmnopqrstuvwxyz23",
        (int)('a' + site->serial / 676 % 26), (int)('a' + site->serial / 26 % 26),
        (int)('a' + site->serial % 26), 'q');
    snprintf(zone, sizeof zone, "z%lld.rolls.lab.", (long long)site->serial);
    struct store_participant row = {.roll_id = site->roll_id,
        .token = token,
        .zone = zone,
        .label = label,
        .contact = contact,
        .country = country,
        .users = users,
        .ttl_s = site->plan->dnskey_ttl_s,
        .joined_us = site->now_us - 90 * UTC_SECOND};
    must(site, store_participant_add(site->store, &row, &id, &site->note), label);
    if (keys)
        add_keys(site, zone);
    printf("token %lld %s %s\n", (long long)id, token, zone);
    return id;
}

static void judge(struct site *site, int64_t id, const struct verdict_result *result, int64_t at_us)
{
    struct text document;
    text_start(&document);
    must(site, verdict_json_write(result, &document), "verdict");
    struct store_verdict row = {id, at_us, result->verdict, result->state, result->summary, document.string};
    must(site, store_verdict_add(site->store, &row, &site->note), "verdict");
    text_free(&document);
}

static const uint8_t loopback[EVIDENCE_SOURCE] = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1};

static void judge_waiting(struct site *site, int64_t id)
{
    judge(site, id,
        &(struct verdict_result){.verdict = VERDICT_UNKNOWN,
            .state = STATE_WAITING,
            .summary = "No query of a resolver has been seen in this zone yet.",
            .would_change = "A question through the resolver, with the zone's key as trust anchor.",
            .trust_us = UTC_OPEN,
            .break_us = UTC_OPEN,
            .broke_us = UTC_OPEN},
        site->now_us - 85 * UTC_SECOND);
}

static void judge_ready(struct site *site, int64_t id)
{
    struct plan_roll roll = plan_roll_at(site->plan, site->now_us);
    struct verdict_finding findings[] = {
        {"RC03", "DNSKEY is asked every 5 s, the interval of RFC 5011 for this TTL.",
            "It follows the zone's keys by itself.", NULL, 18, site->now_us - 90 * UTC_SECOND,
            site->now_us - 2 * UTC_SECOND, false},
        {"RC07", "Proofs of validation went through.", NULL, NULL, 12, site->now_us - 80 * UTC_SECOND,
            site->now_us - 4 * UTC_SECOND, false}};
    struct verdict_source source = {.verdict = VERDICT_READY,
        .state = STATE_LEARNING,
        .summary = "refreshes as RFC 5011 asks, and validates",
        .queries = 164,
        .first_us = site->now_us - 90 * UTC_SECOND,
        .last_us = site->now_us - UTC_SECOND};
    memcpy(source.source, loopback, sizeof loopback);
    judge_waiting(site, id);
    judge(site, id,
        &(struct verdict_result){.verdict = VERDICT_READY,
            .state = STATE_LEARNING,
            .summary = "It looks for new keys as often as RFC 5011 asks, and will trust the new key before "
                       "it signs.",
            .would_change = "Missing two refreshes in a row would make it at-risk.",
            .trust_us = roll.trust_us,
            .break_us = UTC_OPEN,
            .broke_us = UTC_OPEN,
            .findings = findings,
            .finding_count = 2,
            .sources = &source,
            .source_count = 1},
        site->now_us - 60 * UTC_SECOND);
}

static void judge_broken(struct site *site, int64_t id)
{
    struct plan_roll roll = plan_roll_at(site->plan, site->now_us);
    struct verdict_finding findings[] = {
        {"FM01",
            "DNSKEY is asked once per TTL and only when a client asks; the refresh of RFC 5011 never comes.",
            "Its trust anchor is static. When the new key signs alone, every name below it fails.",
            "Replace static-key by initial-key in trust-anchors, and run rndc reconfig.", 9,
            site->now_us - 90 * UTC_SECOND, site->now_us - 3 * UTC_SECOND, true},
        {"RC07", "Proofs of validation went through.", "Today it validates.", NULL, 11,
            site->now_us - 80 * UTC_SECOND, site->now_us - 4 * UTC_SECOND, false}};
    struct verdict_source sources[] = {{.verdict = VERDICT_NOT_READY,
                                           .state = STATE_FAILED,
                                           .summary = "does not refresh",
                                           .queries = 88,
                                           .first_us = site->now_us - 90 * UTC_SECOND,
                                           .last_us = site->now_us - 3 * UTC_SECOND},
        {.source = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x35},
            .verdict = VERDICT_READY,
            .state = STATE_LEARNING,
            .summary = "refreshes",
            .queries = 12,
            .first_us = site->now_us - 50 * UTC_SECOND,
            .last_us = site->now_us - 5 * UTC_SECOND}};
    memcpy(sources[0].source, loopback, sizeof loopback);
    judge_waiting(site, id);
    judge(site, id,
        &(struct verdict_result){.verdict = VERDICT_NOT_READY,
            .state = STATE_FAILED,
            .summary = "It does not look for new keys: its trust anchor is static, and it will fail when the "
                       "new key signs alone.",
            .would_change = "Two refreshes at the interval of RFC 5011.",
            .trust_us = UTC_OPEN,
            .break_us = roll.sign_us == UTC_OPEN ? UTC_OPEN : roll.sign_us + 10 * UTC_SECOND,
            .broke_us = UTC_OPEN,
            .findings = findings,
            .finding_count = 2,
            .sources = sources,
            .source_count = 2,
            .sources_not_ready = 1},
        site->now_us - 40 * UTC_SECOND);
}

/* --- stories --- */

static void story_demo(struct site *site)
{
    start_roll(site, "testzone-fast", 95 * UTC_SECOND);
    judge_ready(site, add_participant(site, "named, managed key", "noc@one.example", "NL", 1200000, true));
    judge_ready(site,
        add_participant(site, "unbound, auto-trust-anchor-file", "noc@two.example", "BR", 340000, true));
    judge_broken(site, add_participant(site, "named, static key", "noc@three.example", "DE", 85000, true));
}

static void story_postponed(struct site *site)
{
    struct plan *held = NULL;
    start_roll(site, "testzone-fast", 95 * UTC_SECOND);
    struct plan_decision by = {.now_us = site->now_us - 30 * UTC_SECOND,
        .who = "rollcall demo",
        .reason = "named, static key is foretold to break when the new key signs"};
    must(site, plan_postpone(site->plan, UTC_OPEN, by, &held, &site->note), "postpone");
    add_roll(site, held, site->now_us - 95 * UTC_SECOND);
    judge_ready(site, add_participant(site, "named, managed key", "", "", 1200000, true));
    judge_broken(site, add_participant(site, "named, static key", "", "", 85000, true));
}

static void story_root(struct site *site)
{
    struct plan *plan = NULL, *then = NULL;
    int64_t start_us;
    must(site, plan_builtin("root-2018", &plan), "root-2018");
    utc_parse("2018-01-15", &start_us);
    must(site, plan_as_of(plan, start_us, &then), "root-2018");
    utc_parse("2017-07-11", &start_us);
    plan_free(plan);
    add_roll(site, then, start_us);
    judge_waiting(site, add_participant(site, "A resolver of 2018", "", "US", -1, false));
}

static void story_many(struct site *site)
{
    static const char *const countries[] = {"NL", "BR", "DE", "JP", "IN", "US", "ZA", ""};
    start_roll(site, "testzone", 20 * UTC_DAY);
    for (int i = 0; i < 200; i++) {
        char label[64];
        snprintf(
            label, sizeof label, "Resolver %d of %s", i + 1, i % 3 ? "an access network" : "a university");
        int64_t id = add_participant(
            site, label, "", countries[i % 8], i % 11 ? (i * 7919 % 900 + 1) * 1000 : -1, false);
        if (i % 10 == 3)
            judge_broken(site, id);
        else if (i % 5)
            judge_ready(site, id);
        else if (i % 2)
            judge(site, id,
                &(struct verdict_result){.verdict = VERDICT_AT_RISK,
                    .state = STATE_LEARNING,
                    .summary = "It refreshes, but less often than RFC 5011 asks.",
                    .trust_us = UTC_OPEN,
                    .break_us = UTC_OPEN,
                    .broke_us = UTC_OPEN},
                site->now_us - i * UTC_SECOND);
    }
}

static void story_hostile(struct site *site)
{
    char long_word[256], long_text[256];
    memset(long_word, 'W', 255);
    memset(long_text, '<', 255);
    long_word[255] = long_text[255] = '\0';
    const char *const labels[] = {"<script>window.evil=1</script>", "\"><img src=x onerror=window.evil=1>",
        "' onmouseover='window.evil=1", "</td></tr></table><h1>broken</h1>", "a\x01\x02\x1b[31mb\x7f",
        "\xe2\x80\xae\x64\x65\x73\x72\x65\x76\x65\x72", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d 123",
        "\xff\xfe invalid \xc3", "<!-- comment", "]]>&lt;&amp;&#60;script&#62;", "{{7*7}} ${7*7} %s%n",
        "line\nbreak\r\ttab", long_word, long_text, "javascript:window.evil=1",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb zero width", " ", ""};
    start_roll(site, "testzone", 8 * UTC_DAY);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        int64_t id = add_participant(site, labels[i], labels[i], i % 2 ? "<b" : "NL", (int64_t)i, true);
        struct verdict_finding finding = {
            labels[i], labels[i], labels[i], labels[i], i, site->now_us, site->now_us, i % 2};
        struct verdict_source source = {.verdict = VERDICT_AT_RISK,
            .summary = labels[i],
            .queries = 1,
            .first_us = site->now_us,
            .last_us = site->now_us};
        judge(site, id,
            &(struct verdict_result){.verdict = (enum verdict)(i % 4),
                .state = STATE_LEARNED,
                .summary = labels[i],
                .would_change = labels[i],
                .trust_us = UTC_OPEN,
                .break_us = UTC_OPEN,
                .broke_us = UTC_OPEN,
                .findings = &finding,
                .finding_count = 1,
                .sources = &source,
                .source_count = 1},
            site->now_us);
    }
    struct plan *held = NULL;
    struct plan_decision by = {.now_us = site->now_us, .who = labels[0], .reason = labels[1]};
    if (plan_postpone(site->plan, UTC_OPEN, by, &held, &site->note) == 0) {
        add_roll(site, held, site->now_us - 8 * UTC_DAY);
        judge_waiting(site, add_participant(site, "in a roll postponed by a stranger", "", "", 1, true));
    }
}

static const struct {
    const char *name;
    void (*tell)(struct site *site);
} stories[] = {{"demo", story_demo}, {"postponed", story_postponed}, {"root", story_root},
    {"many", story_many}, {"hostile", story_hostile}};

static size_t figures(void *context, struct web_metric *out, size_t capacity)
{
    out[0] =
        (struct web_metric){"rollcall_queries_recorded_total", "Queries written to the store.", false, 4711};
    return 1;
}

/* --- serving --- */

static void option(struct web_config *config, const char *word)
{
    const struct {
        const char *name;
        unsigned *place;
    } options[] = {{"rate=", &config->rate}, {"burst=", &config->burst}, {"each=", &config->enrol_burst},
        {"streams=", &config->streams}, {"address=", &config->address_connections}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strncmp(word, options[i].name, strlen(options[i].name)) == 0)
            *options[i].place = (unsigned)atoi(word + strlen(options[i].name));
}

static void obey(struct site *site)
{
    char line[4096], word[32], text[2048];
    long long id;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%lld %31s %2047[^\n]", &id, word, text) != 3)
            continue;
        struct verdict_result result = {.verdict = VERDICT_UNKNOWN,
            .state = STATE_LEARNED,
            .summary = text,
            .trust_us = UTC_OPEN,
            .break_us = UTC_OPEN,
            .broke_us = UTC_OPEN};
        for (int v = VERDICT_READY; v <= VERDICT_UNKNOWN; v++)
            if (strcmp(word, verdict_name((enum verdict)v)) == 0)
                result.verdict = (enum verdict)v;
        judge(site, id, &result, clock_now_us());
    }
}

/* Reading from stdin then fails (no SA_RESTART). */
static void on_term(int number)
{
}

int main(int argc, char **argv)
{
    struct site site = {.now_us = clock_now_us()};
    struct web *serving = NULL;
    char listen[32], parent[] = "rolls.lab.";
    const char *const dns[] = {"127.0.0.1:5300", "[::1]:5300"};
    if (argc < 3)
        return 64;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(listen, sizeof listen, "127.0.0.1:%s", argv[2]);
    must(&site, store_open(argv[1], false, &site.store, &site.note), "store");
    struct web_config config = {
        .listen = listen, .state = argv[1], .parent = parent, .dns = dns, .dns_count = 2, .metrics = figures};
    for (int i = 3; i < argc; i++) {
        option(&config, argv[i]);
        for (size_t s = 0; s < sizeof stories / sizeof *stories; s++)
            if (strcmp(argv[i], stories[s].name) == 0)
                stories[s].tell(&site);
    }
    must(&site, web_bind(&config, &serving, &site.note), "bind");
    must(&site, web_start(serving, &site.note), "start");
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    printf("http://%s/\n", web_address(serving));
    fflush(stdout);
    obey(&site);
    web_stop(serving);
    plan_free(site.plan);
    store_close(site.store);
    return 0;
}
