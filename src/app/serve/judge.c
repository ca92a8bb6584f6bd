#include "app/serve/judge.h"

#include "base/log.h"
#include "base/text.h"
#include "core/roll/verdict.h"
#include "io/json/verdict_json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OFTEN_S = 1, LEAST_OFTEN_S = 60, REFRESHES_IN_A_PERIOD = 10 };

struct defendant {
    int64_t id, joined_us, left_us;
    struct plan *plan; /* a copy; changed under the lock */
    uint16_t old_tag, new_tag;
    struct evidence *evidence; /* under the lock */
    bool fresh;                /* evidence came since the last judgement; under the lock */
    int64_t due_us, period_us;
    bool judged;
    enum verdict verdict;
    enum verdict_state state;
    char summary[512];
};

struct judge {
    struct store *store;
    pthread_mutex_t lock;
    struct defendant *defendants; /* by id */
    size_t count, capacity;
    bool failing;
};

int judge_new(struct store *store, struct judge **ret_judge, struct err_note *note)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge)
        return err_set(note, ERR_NOMEM, "out of memory");
    judge->store = store;
    pthread_mutex_init(&judge->lock, NULL);
    *ret_judge = judge;
    return 0;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    for (size_t i = 0; i < judge->count; i++) {
        plan_free(judge->defendants[i].plan);
        evidence_free(judge->defendants[i].evidence);
    }
    free(judge->defendants);
    pthread_mutex_destroy(&judge->lock);
    free(judge);
}

/* Participants come with growing ids. */
static struct defendant *find(struct judge *judge, int64_t id)
{
    size_t low = 0, high = judge->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (judge->defendants[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < judge->count && judge->defendants[low].id == id ? &judge->defendants[low] : NULL;
}

static int fold(void *context, const struct store_query *query)
{
    struct defendant *d = context;
    return evidence_add(d->evidence, d->plan, &query->event) == ERR_NOMEM ? ERR_NOMEM : 0;
}

/* What was decided before a restart stands, until new evidence says otherwise: a verdict is stored when it
 * changes only. */
static int recall(struct judge *judge, struct defendant *d, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_verdict *verdicts;
    size_t count;
    int rc = arena ? store_verdicts(judge->store, d->id, arena, &verdicts, &count, note)
                   : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0 && count) {
        d->judged = true;
        d->verdict = (enum verdict)verdicts[count - 1].verdict;
        d->state = (enum verdict_state)verdicts[count - 1].state;
        snprintf(d->summary, sizeof d->summary, "%s", verdicts[count - 1].summary);
    }
    arena_free(arena);
    return rc ? rc : store_queries_each(judge->store, d->id, fold, d, note);
}

static int add(struct judge *judge, const struct signer_participant *p, struct err_note *note)
{
    if (judge->count == judge->capacity) {
        size_t capacity = judge->capacity ? 2 * judge->capacity : 64;
        pthread_mutex_lock(&judge->lock);
        struct defendant *grown = realloc(judge->defendants, capacity * sizeof *grown);
        if (grown) {
            judge->defendants = grown;
            judge->capacity = capacity;
        }
        pthread_mutex_unlock(&judge->lock);
        if (!grown)
            return err_set(note, ERR_NOMEM, "out of memory");
    }
    struct defendant d = {.id = p->id,
        .joined_us = p->joined_us,
        .left_us = p->left_us,
        .plan = plan_copy(p->plan),
        .evidence = evidence_new(),
        .old_tag = p->old_tag,
        .new_tag = p->new_tag};
    int rc = d.plan && d.evidence ? recall(judge, &d, note) : err_set(note, ERR_NOMEM, "out of memory");
    if (rc) {
        plan_free(d.plan);
        evidence_free(d.evidence);
        return rc;
    }
    int64_t period = plan_refresh(d.plan) / REFRESHES_IN_A_PERIOD;
    d.period_us = period < MOST_OFTEN_S * UTC_SECOND    ? MOST_OFTEN_S * UTC_SECOND
                  : period > LEAST_OFTEN_S * UTC_SECOND ? LEAST_OFTEN_S * UTC_SECOND
                                                        : period;
    d.fresh = true;
    pthread_mutex_lock(&judge->lock);
    judge->defendants[judge->count++] = d;
    pthread_mutex_unlock(&judge->lock);
    return 0;
}

static int change(
    struct judge *judge, struct defendant *d, const struct signer_participant *p, struct err_note *note)
{
    d->left_us = p->left_us;
    if (plan_equal(d->plan, p->plan))
        return 0;
    struct plan *plan = plan_copy(p->plan);
    if (!plan)
        return err_set(note, ERR_NOMEM, "out of memory");
    pthread_mutex_lock(&judge->lock);
    plan_free(d->plan);
    d->plan = plan;
    d->old_tag = p->old_tag;
    d->new_tag = p->new_tag;
    d->fresh = true;
    pthread_mutex_unlock(&judge->lock);
    d->due_us = 0;
    return 0;
}

int judge_sync(struct judge *judge, const struct signer *signer, struct err_note *note)
{
    int rc = 0;
    for (size_t i = 0; i < signer_count(signer) && rc == 0; i++) {
        struct signer_participant p = signer_at(signer, i);
        struct defendant *d = find(judge, p.id);
        rc = d ? change(judge, d, &p, note) : add(judge, &p, note);
    }
    return rc;
}

void judge_events(void *context, const struct zone_event *events, size_t count)
{
    struct judge *judge = context;
    pthread_mutex_lock(&judge->lock);
    for (size_t i = 0; i < count; i++) {
        struct defendant *d = events[i].tag ? find(judge, events[i].tag) : NULL;
        if (d && evidence_add(d->evidence, d->plan, &events[i].event) == 0)
            d->fresh = true;
    }
    pthread_mutex_unlock(&judge->lock);
}

static int store_result(struct judge *judge, struct defendant *d, const struct verdict_result *result,
    int64_t now_us, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int rc = verdict_json_write(result, &text);
    struct store_verdict row = {.participant_id = d->id,
        .at_us = now_us,
        .verdict = (int)result->verdict,
        .state = (int)result->state,
        .summary = result->summary,
        .document = text.string};
    bool changed = !d->judged || d->verdict != result->verdict || d->state != result->state;
    if (rc == 0)
        rc = changed ? store_verdict_add(judge->store, &row, note)
                     : store_verdict_refresh(judge->store, &row, note);
    if (rc == 0) {
        d->judged = true;
        d->verdict = result->verdict;
        d->state = result->state;
        snprintf(d->summary, sizeof d->summary, "%s", result->summary);
    }
    text_free(&text);
    return rc;
}

static int judge_one(
    struct judge *judge, struct defendant *d, struct arena *arena, int64_t now_us, struct err_note *note)
{
    struct verdict_result result;
    struct verdict_input input = {.plan = d->plan,
        .evidence = d->evidence,
        .old_tag = d->old_tag,
        .new_tag = d->new_tag,
        .joined_us = d->joined_us,
        .now_us = now_us};
    pthread_mutex_lock(&judge->lock);
    bool fresh = d->fresh;
    d->fresh = false;
    int rc = verdict_judge(&input, arena, &result);
    pthread_mutex_unlock(&judge->lock);
    if (rc)
        return err_set(note, rc, "no verdict: %s", err_str(rc));
    bool same = d->judged && d->verdict == result.verdict && d->state == result.state &&
                strcmp(d->summary, result.summary) == 0;
    rc = fresh || !same ? store_result(judge, d, &result, now_us, note) : 0;
    if (rc) {
        pthread_mutex_lock(&judge->lock);
        d->fresh = true;
        pthread_mutex_unlock(&judge->lock);
    }
    return rc;
}

int64_t judge_run(struct judge *judge, int64_t now_us)
{
    int64_t next_us = now_us + LEAST_OFTEN_S * UTC_SECOND;
    struct arena *arena = arena_new();
    struct err_note note = {""};
    int failed = arena ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < judge->count && arena; i++) {
        struct defendant *d = &judge->defendants[i];
        if (d->left_us)
            continue;
        if (d->due_us <= now_us ||
            d->due_us > now_us + d->period_us) { /* the second: the clock was set back */
            int rc = judge_one(judge, d, arena, now_us, &note);
            d->due_us = now_us + d->period_us;
            failed = rc ? rc : failed;
            arena_reset(arena);
        }
        if (d->due_us < next_us)
            next_us = d->due_us;
    }
    if (failed && !judge->failing)
        log_error("verdicts cannot be stored: %s; they are tried again",
            note.text[0] ? note.text : err_str(failed));
    if (!failed && judge->failing)
        log_info("verdicts are stored again");
    judge->failing = failed != 0;
    arena_free(arena);
    return next_us;
}
