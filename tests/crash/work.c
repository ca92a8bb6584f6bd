/* Verdicts and settings carry a number that grows, so that the newest acknowledged one says what must be
 * there at least. */
#include "work.h"

#include "io/store/enrol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 7, KEYS_LEAST = 2 };

static uint32_t next_random(struct work *work)
{
    work->seed ^= work->seed << 13;
    work->seed ^= work->seed >> 17;
    work->seed ^= work->seed << 5;
    return work->seed;
}

static int enrol(struct work *work, struct work_ack *ack, struct err_note *note)
{
    struct enrol_wish wish = {.label = "<b>Résolveur</b> \"1\"",
        .contact = "ops@example.net",
        .country = "nl",
        .users = 1000,
        .roll = {.plan_name = next_random(work) % 2 ? "testzone-fast" : "testzone", .ttl_s = 60}};
    struct enrol_terms terms = {.parent = "rolls.test.", .now_us = work->now_us, .most = 1000000};
    struct enrol_result result;
    int err = enrol_participant(work->store, &wish, &terms, &result, note);
    if (err)
        return err;
    work->participant = ack->id = result.id;
    work->roll = result.roll_id;
    memcpy(work->token, result.token, sizeof result.token);
    memcpy(ack->token, result.token, sizeof result.token);
    memcpy(ack->zone, result.zone, strnlen(result.zone, sizeof ack->zone - 1));
    ack->what = WORK_ENROLLED;
    return 0;
}

static int leave(struct work *work, struct work_ack *ack, struct err_note *note)
{
    ack->what = WORK_LEFT;
    ack->id = work->participant;
    memcpy(ack->token, work->token, sizeof work->token);
    return store_leave(work->store, work->token, work->now_us, note);
}

static int verdict(struct work *work, struct work_ack *ack, struct err_note *note)
{
    char document[64];
    ack->what = WORK_VERDICT;
    ack->id = work->participant;
    ack->number = ++work->number;
    snprintf(document, sizeof document, "{\"n\":%" PRId64 "}", work->number);
    struct store_verdict row = {
        work->participant, work->now_us, (int)(next_random(work) % 4), 2, "a verdict", document};
    return store_verdict_add(work->store, &row, note);
}

/* Postpones a roll, or resumes it: what an operator does. */
static int operate(struct work *work, struct work_ack *ack, struct err_note *note)
{
    struct plan *plan = NULL, *changed = NULL;
    int64_t was_us = 0;
    struct plan_decision by = {work->now_us, "crash test", "because", true};
    int err = rolls_read(work->store, work->roll, &plan, &was_us, note);
    if (!err && plan_roll_at(plan, work->now_us).open)
        err = plan_resume(plan, work->now_us + 90 * UTC_DAY, by, &changed, note);
    else if (!err)
        err = plan_postpone(plan, UTC_OPEN, by, &changed, note);
    if (!err)
        err = rolls_write(work->store, work->roll, changed, was_us, work->now_us, note);
    ack->what = WORK_OPERATION;
    ack->id = work->roll;
    ack->number = changed ? (int64_t)changed->history_count : 0;
    plan_free(plan);
    plan_free(changed);
    return err;
}

static int observe(struct work *work, struct work_ack *ack, struct err_note *note)
{
    ack->what = WORK_OBSERVED;
    ack->id = work->participant;
    ack->number = ++work->number;
    struct store_query row = {work->participant, "www.rolls.test.", 0,
        {.at_us = work->number, .kind = EVIDENCE_ANSWER, .answer = ANSWER_AD}};
    return store_observations_add(work->store, &row, 1, note);
}

static int setting(struct work *work, struct work_ack *ack, struct err_note *note)
{
    char value[32];
    ack->what = WORK_SETTING;
    ack->number = ++work->number;
    snprintf(value, sizeof value, "%" PRId64, work->number);
    return store_setting_set(work->store, "number", value, note);
}

static int query(struct work *work, struct work_ack *ack, struct err_note *note)
{
    struct store_query rows[BATCH];
    ack->what = WORK_QUERIES;
    ack->id = work->participant;
    ack->number = ++work->number;
    for (int i = 0; i < BATCH; i++)
        rows[i] = (struct store_query){
            work->participant, "rolls.test.", 0, {.at_us = work->number, .kind = EVIDENCE_DNSKEY}};
    return store_queries_add(work->store, rows, BATCH, note);
}

int work_step(struct work *work, struct work_ack *ret_ack, struct err_note *note)
{
    static int (*const kinds[])(struct work *, struct work_ack *, struct err_note *) = {
        enrol, enrol, verdict, verdict, operate, observe, setting, leave, query, query};
    size_t count = sizeof kinds / sizeof *kinds - (work->queries ? 0 : 2);
    struct work_ack ack = {.id = 0};
    work->now_us += next_random(work) % 1000;
    int err = (work->participant ? kinds[next_random(work) % count] : enrol)(work, &ack, note);
    if (!err)
        *ret_ack = ack;
    return err;
}

/* One look at everything of a store. */
struct view {
    struct store *store;
    struct arena *arena;
    struct store_participant *participants;
    size_t count;
    int64_t setting;
};

struct sight {
    int64_t wanted;
    size_t batch, other;
    bool observed;
};

static int see(void *context, const struct store_query *row)
{
    struct sight *sight = context;
    if (row->event.at_us == sight->wanted && row->event.kind == EVIDENCE_DNSKEY)
        sight->batch++;
    if (row->event.at_us == sight->wanted && row->event.kind == EVIDENCE_ANSWER)
        sight->observed = true;
    sight->other += row->event.kind == EVIDENCE_DNSKEY;
    return 0;
}

static bool has_verdict(struct view *view, const struct work_ack *ack)
{
    struct store_verdict *verdicts;
    size_t count;
    char document[64];
    snprintf(document, sizeof document, "{\"n\":%" PRId64 "}", ack->number);
    if (store_verdicts(view->store, ack->id, view->arena, &verdicts, &count, NULL) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(verdicts[i].document, document) == 0)
            return true;
    return false;
}

static bool has_operation(struct view *view, const struct work_ack *ack)
{
    struct plan *plan = NULL;
    int64_t changed_us;
    if (rolls_read(view->store, ack->id, &plan, &changed_us, NULL) != 0)
        return false;
    bool there = (int64_t)plan->history_count >= ack->number;
    plan_free(plan);
    return there;
}

static bool is_there(struct view *view, const struct work_ack *ack)
{
    struct store_participant found = {.id = 0};
    struct sight sight = {.wanted = ack->number};
    switch (ack->what) {
    case WORK_ENROLLED:
        return store_participant_find(view->store, ack->token, view->arena, &found, NULL) == 0 &&
               found.id == ack->id && strcmp(found.zone, ack->zone) == 0;
    case WORK_LEFT:
        return store_participant_find(view->store, ack->token, view->arena, &found, NULL) == 0 &&
               found.left_us != 0;
    case WORK_VERDICT:
        return has_verdict(view, ack);
    case WORK_OPERATION:
        return has_operation(view, ack);
    case WORK_SETTING:
        return view->setting >= ack->number;
    case WORK_OBSERVED:
        return store_queries_each(view->store, ack->id, see, &sight, NULL) == 0 && sight.observed;
    case WORK_QUERIES:
        return store_queries_each(view->store, ack->id, see, &sight, NULL) == 0 && sight.batch == BATCH;
    }
    return false;
}

/* Participants that are there by half: what a transaction must never leave. */
static size_t halves(struct view *view)
{
    size_t found = 0;
    for (size_t i = 0; i < view->count; i++) {
        struct store_key *keys;
        struct store_roll roll;
        struct sight sight = {.wanted = -1};
        size_t count = 0;
        if (store_keys(view->store, view->participants[i].zone, view->arena, &keys, &count, NULL) != 0 ||
            count < KEYS_LEAST ||
            store_roll(view->store, view->participants[i].roll_id, view->arena, &roll, NULL) != 0)
            found++;
        if (store_queries_each(view->store, view->participants[i].id, see, &sight, NULL) != 0 ||
            sight.other % BATCH != 0)
            found++;
    }
    return found;
}

int work_verify(struct store *store, const struct work_ack *acks, size_t count, struct work_loss *loss,
    struct err_note *note)
{
    struct view view = {.store = store, .arena = arena_new()};
    const char *number = "0";
    int err =
        view.arena ? store_participants(store, view.arena, &view.participants, &view.count, note) : ERR_NOMEM;
    if (!err && store_setting(store, "number", view.arena, &number, NULL) == 0)
        view.setting = strtoll(number, NULL, 10);
    for (size_t i = 0; !err && i < count; i++) {
        if (is_there(&view, &acks[i]))
            continue;
        if (acks[i].what == WORK_QUERIES) {
            loss->queries++;
        } else {
            loss->state++;
            fprintf(stderr, "lost: kind %d, id %" PRId64 ", number %" PRId64 "\n", (int)acks[i].what,
                acks[i].id, acks[i].number);
        }
    }
    if (!err)
        loss->halves += halves(&view);
    arena_free(view.arena);
    return err;
}
