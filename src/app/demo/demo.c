#include "app/demo/demo.h"

#include "app/demo/inside.h"
#include "core/roll/prober.h"
#include "base/text.h"
#include "core/dns/rrset.h"
#include "core/zone/testzone.h"
#include "io/proc/clock.h"
#include "io/store/enrol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    TICK_MS = 500,
    PROBE_MS = 700,
    TIMEOUT_MS = 4000,
    GRACE_MS = 3000,
    BROKEN_AFTER = 2,
    GAP_EACH = 6,
    FIRST_SOURCE = 2
};

bool demo_story_of(const char *name, enum demo_story *ret_story)
{
    static const char *const names[] = {"roll", "postponed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *ret_story = (enum demo_story)i;
            return true;
        }
    return false;
}

/* The three participants. How many users stand behind each is made up. */
static const struct participant cast[DEMO_PARTICIPANTS] = {
    {.label = "named, managed anchor", .product = RESOLVER_NAMED, .managed = true, .users = 40000},
    {.label = "unbound, auto anchor", .product = RESOLVER_UNBOUND, .managed = true, .users = 25000},
    {.label = "named, static anchor", .product = RESOLVER_NAMED, .managed = false, .users = 9000},
};

/* --- questions --- */

struct question {
    struct question *next, **place; /* in demo->questions */
    struct participant *participant;
    enum testzone_name what;
    char nonce[EVIDENCE_NONCE + 1];
    uint16_t id;
    int64_t asked_us;
};

static void learn_answer(struct participant *p, enum evidence_answer answer, int64_t asked_us, int64_t now_us)
{
    struct demo *demo = p->demo;
    if (answer == ANSWER_SERVFAIL) {
        if (p->failed_in_a_row++ == 0)
            p->failing_since_us = asked_us;
        if (p->failed_in_a_row == BROKEN_AFTER && !p->broke_us && now_us > demo->start_us) {
            p->broke_us = p->failing_since_us;
            tell(demo, p->label, "BROKE: its users get SERVFAIL since %.1f s",
                (double)(p->broke_us - demo->start_us) / 1e6);
        }
    } else if (answer == ANSWER_AD) {
        if (p->broke_us)
            tell(demo, p->label, "answers again");
        p->failed_in_a_row = 0;
        p->broke_us = 0;
    }
    struct evidence_event event = {.at_us = asked_us, .kind = EVIDENCE_ANSWER, .answer = (uint8_t)answer};
    demo->config.observe(demo->config.context, p->id, &event);
}

static void add_question(struct demo *demo, struct question *question)
{
    question->next = demo->questions;
    question->place = &demo->questions;
    if (question->next)
        question->next->place = &question->next;
    demo->questions = question;
}

static void free_question(struct question *question)
{
    *question->place = question->next;
    if (question->next)
        question->next->place = question->place;
    free(question);
}

static void ask(struct participant *p, enum testzone_name what, const char *nonce);

static void answered(void *context, int result, const uint8_t *answer, size_t length, int64_t rtt_us)
{
    struct question *question = context;
    struct participant *p = question->participant;
    (void)rtt_us;
    enum evidence_answer meaning = prober_read(answer, result ? 0 : length, question->id);
    /* While the program starts, nobody listens: that is no observation about its anchors. */
    if (p->proc && question->what == TESTZONE_PROOF)
        learn_answer(p, meaning, question->asked_us, clock_now_us());
    if (p->proc && question->what == TESTZONE_GAP_FIRST && meaning != ANSWER_TIMEOUT)
        ask(p, TESTZONE_GAP_SECOND, question->nonce);
    free_question(question);
}

static void ask(struct participant *p, enum testzone_name what, const char *nonce)
{
    char label[TESTZONE_LABEL], name[TESTZONE_LABEL + NAME_MAX_TEXT];
    uint8_t query[PROBER_MAX_QUERY];
    struct question *question = malloc(sizeof *question);
    if (!question)
        return;
    int64_t now_us = clock_now_us();
    *question = (struct question){
        .participant = p, .what = what, .id = (uint16_t)(now_us / 7 ^ now_us >> 20), .asked_us = now_us};
    snprintf(question->nonce, sizeof question->nonce, "%s", nonce);
    snprintf(name, sizeof name, "%s.%s", testzone_label(what, nonce, label), p->zone);
    size_t length = prober_query(question->id, name, query);
    add_question(p->demo, question);
    if (length == 0 ||
        loop_udp_ask(p->demo->loop, "127.0.0.1", p->port, query, length, TIMEOUT_MS, answered, question))
        free_question(question);
}

/* One participant at a time, so that each is asked about every two seconds: a name that leads into a zone of
 * its own, and now and then two names that are not there, in one gap. */
static void on_probe(void *context)
{
    struct demo *demo = context;
    struct participant *p = &demo->participants[demo->next_probe++ % DEMO_PARTICIPANTS];
    char nonce[EVIDENCE_NONCE + 1];
    if (p->missing || !p->proc || p->restarting)
        return;
    snprintf(nonce, sizeof nonce, "%llx%x", (unsigned long long)clock_now_us(), p->asked++);
    ask(p, p->asked % GAP_EACH ? TESTZONE_PROOF : TESTZONE_GAP_FIRST, nonce);
}

/* --- verdicts --- */

static void take_verdict(struct participant *p, const struct store_verdict *v)
{
    struct demo *demo = p->demo;
    bool changed =
        !p->judged || p->verdict != (enum verdict)v->verdict || p->state != (enum verdict_state)v->state;
    if (!changed && p->summary && strcmp(p->summary, v->summary) == 0)
        return;
    if (v->verdict == VERDICT_NOT_READY && !p->foretold_us && !p->broke_us)
        p->foretold_us = v->at_us;
    p->judged = true;
    p->verdict = (enum verdict)v->verdict;
    p->state = (enum verdict_state)v->state;
    p->summary = arena_string(demo->arena, v->summary);
    if (changed)
        tell(demo, p->label, "%s (%s): %s", verdict_name(p->verdict), verdict_state_name(p->state),
            v->summary);
}

static void read_news(struct demo *demo)
{
    struct err_note note;
    int64_t version = store_version(demo->store);
    if (version == demo->seen_version)
        return;
    demo->seen_version = version;
    struct arena *arena = arena_new();
    struct store_verdict *verdicts;
    size_t count;
    int rc = arena ? story_load(demo, &note) : ERR_NOMEM;
    if (rc == 0)
        rc = store_verdicts_latest(demo->store, arena, &verdicts, &count, &note);
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (size_t j = 0; j < DEMO_PARTICIPANTS; j++)
            if (demo->participants[j].id == verdicts[i].participant_id && !demo->participants[j].missing)
                take_verdict(&demo->participants[j], &verdicts[i]);
    if (rc)
        tell(demo, "store", "%s", note.text);
    arena_free(arena);
}

static void on_tick(void *context)
{
    struct demo *demo = context;
    int64_t now_us = clock_now_us();
    bool was_over = demo->stage == STAGE_OVER;
    tell_steps(demo, now_us);
    read_news(demo);
    story_tick(demo, now_us);
    if (was_over || demo->stage != STAGE_OVER)
        return;
    enum verdict worst = VERDICT_READY;
    bool any = false;
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++)
        if (!demo->participants[i].missing) {
            worst = any ? verdict_worse(worst, demo->participants[i].verdict) : demo->participants[i].verdict;
            any = true;
        }
    tell_end(demo);
    tell_report(demo);
    demo->config.over(demo->config.context, any ? (int)worst : VERDICT_UNKNOWN);
}

/* --- beginning and end --- */

/* The RDATA of a record in presentation form, without owner, TTL, class and type. */
static const char *rdata_text(
    struct arena *arena, const char *zone, uint16_t type, const uint8_t *bytes, size_t length)
{
    struct rdata rdata = {.bytes = bytes, .length = (uint16_t)length};
    struct rrset set = {.type = type, .class = RR_CLASS_IN, .ttl = 0, .count = 1, .rdata = &rdata};
    struct text line;
    text_start(&line);
    const char *copy = NULL;
    char type_name[16], mark[24];
    snprintf(mark, sizeof mark, "%s", rr_type_name(type, type_name));
    if (name_from_text(zone, &set.owner, NULL) == 0 && rrset_to_text(&set, &line) == 0 && line.length) {
        line.string[strcspn(line.string, "\n;")] = '\0';
        const char *at = strstr(line.string + set.owner.length, mark);
        copy = at ? arena_string(arena, at + strlen(mark) + strspn(at + strlen(mark), " \t")) : NULL;
    }
    text_free(&line);
    return copy;
}

/* The anchor that an operator would configure: the zone's first key. */
static int load_anchor(struct participant *p, struct err_note *note)
{
    struct demo *demo = p->demo;
    struct store_key *keys;
    size_t count;
    int rc = store_keys(demo->store, p->zone, demo->arena, &keys, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct dnskey *key;
        struct name owner;
        uint8_t rdata[DNSKEY_MAX_RDATA], ds[DNSKEY_MAX_DS];
        if (strcmp(keys[i].id, demo->plan->keys[0].id) != 0)
            continue;
        rc = dnskey_from_private_text(
            keys[i].private_text, strlen(keys[i].private_text), keys[i].flags, &key, note);
        if (rc)
            return rc;
        name_from_text(p->zone, &owner, NULL);
        p->dnskey =
            rdata_text(demo->arena, p->zone, RR_DNSKEY, rdata, dnskey_rdata(key, rdata, sizeof rdata));
        p->ds = rdata_text(demo->arena, p->zone, RR_DS, ds, dnskey_ds(&owner, key, 2, ds));
        dnskey_free(key);
        return p->dnskey && p->ds ? 0 : err_set(note, ERR_NOMEM, "out of memory");
    }
    return rc ? rc : err_set(note, ERR_INTERNAL, "%s has no key in the store", p->zone);
}

/* All at the same moment, and so into the same roll. */
static int enrol(struct participant *p, struct err_note *note)
{
    struct demo *demo = p->demo;
    struct enrol_wish wish = {.label = p->label, .users = p->users, .roll = {.plan_name = "testzone-fast"}};
    struct enrol_terms terms = {.parent = demo->config.parent, .now_us = demo->start_us, .most = SIZE_MAX};
    struct enrol_result result;
    int rc = enrol_participant(demo->store, &wish, &terms, &result, note);
    if (rc)
        return rc;
    p->id = result.id;
    p->zone = arena_string(demo->arena, result.zone);
    p->token = arena_string(demo->arena, result.token);
    demo->roll_id = result.roll_id;
    return p->zone && p->token ? 0 : err_set(note, ERR_NOMEM, "out of memory");
}

static int start_participant(struct participant *p, size_t index, struct err_note *note)
{
    struct demo *demo = p->demo;
    const char *program = resolver_program(p->product);
    if (!proc_find(program, demo->config.programs, p->program, sizeof p->program)) {
        p->missing = true;
        tell(demo, p->label, "%s is not to be had on this machine: this participant is missing", program);
        return 0;
    }
    int written =
        snprintf(p->directory, sizeof p->directory, "%s/%zu-%s", demo->config.work, index + 1, program);
    if (written < 0 || (size_t)written >= sizeof p->directory)
        return err_set(note, ERR_USAGE, "%s: the path is too long", demo->config.work);
    if (strncmp(demo->config.platform_address, "127.", 4) == 0)
        snprintf(p->source, sizeof p->source, "127.0.0.%zu", index % DEMO_PARTICIPANTS + FIRST_SOURCE);
    int rc = enrol(p, note);
    if (rc == 0 && !demo->plan)
        rc = story_load(demo, note);
    if (rc == 0)
        rc = load_anchor(p, note);
    if (rc == 0)
        rc = process_start(p, note);
    return rc;
}

int demo_start(
    struct loop *loop, const struct demo_config *config, struct demo **ret_demo, struct err_note *note)
{
    struct demo *demo = calloc(1, sizeof *demo);
    if (!demo)
        return err_set(note, ERR_NOMEM, "out of memory");
    *demo = (struct demo){.config = *config, .loop = loop, .arena = arena_new(), .start_us = clock_now_us()};
    int rc = demo->arena ? store_open(config->state, false, &demo->store, note)
                         : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0 && mkdir(config->work, 0700) && errno != EEXIST)
        rc = err_set(note, ERR_IO, "%s: %s", config->work, strerror(errno));
    for (size_t i = 0; rc == 0 && i < DEMO_PARTICIPANTS; i++) {
        demo->participants[i] = cast[i];
        demo->participants[i].demo = demo;
        rc = start_participant(&demo->participants[i], i, note);
    }
    if (rc == 0 && !demo->plan)
        rc = err_set(note, ERR_UNAVAILABLE,
            "neither named nor unbound is to be had: there is nobody to demonstrate with");
    if (rc == 0) {
        demo->start_us = demo->told_us = demo->plan->start_us;
        rc = loop_timer(loop, TICK_MS, TICK_MS, on_tick, demo, &demo->tick);
    }
    if (rc == 0)
        rc = loop_timer(loop, PROBE_MS, PROBE_MS, on_probe, demo, &demo->probe);
    if (rc) {
        demo_stop(demo);
        return rc;
    }
    tell_begin(demo);
    *ret_demo = demo;
    return 0;
}

void demo_stop(struct demo *demo)
{
    if (!demo)
        return;
    demo->stage = STAGE_OVER;
    loop_timer_cancel(demo->tick);
    loop_timer_cancel(demo->probe);
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++)
        demo->participants[i].restarting = false;
    proc_end_all(demo->loop, GRACE_MS);
    while (demo->questions) /* the loop calls nobody back any more */
        free_question(demo->questions);
    plan_free(demo->plan);
    store_close(demo->store);
    arena_free(demo->arena);
    free(demo);
}
