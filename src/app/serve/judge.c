/* Many are judged one after the other until a slice of time is over; what changed is then stored in one
 * transaction, and what only grew in another. What a defendant remembers of its verdict is what the store
 * holds. */
#include "app/serve/judge.h"

#include "app/serve/ordered.h"
#include "base/log.h"
#include "base/text.h"
#include "core/roll/verdict.h"
#include "io/json/verdict_json.h"
#include "io/proc/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OFTEN_S = 1, LEAST_OFTEN_S = 60, REFRESHES_IN_A_PERIOD = 10, SLICE_US = 20000, SLICE_MOST = 64 };

struct judge_roll {
    struct judge_roll *next;
    int64_t id, changed_us;
    struct plan *plan; /* a copy; changed under the lock */
};

struct defendant {
    int64_t id, joined_us, left_us;
    const struct judge_roll *roll;
    uint16_t old_tag, new_tag;
    struct evidence *evidence; /* under the lock */
    bool fresh;                /* evidence came since the last judgement; under the lock */
    int64_t due_us, period_us;
    bool judged;
    enum verdict verdict;
    enum verdict_state state;
    bool broke; /* the verdict said so */
    char summary[512];
};

struct judge {
    struct store *store;
    pthread_mutex_t lock;
    struct judge_roll *rolls;
    struct defendant **defendants; /* by growing id; the array under the lock */
    size_t count, room, turn;
    bool failing;
};

/* A judgement on its way to the store. */
struct judgement {
    struct defendant *defendant;
    bool broke;
    struct store_verdict row;
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

static void free_defendant(struct defendant *d)
{
    if (d)
        evidence_free(d->evidence);
    free(d);
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    for (size_t i = 0; i < judge->count; i++)
        free_defendant(judge->defendants[i]);
    while (judge->rolls) {
        struct judge_roll *roll = judge->rolls;
        judge->rolls = roll->next;
        plan_free(roll->plan);
        free(roll);
    }
    free(judge->defendants);
    pthread_mutex_destroy(&judge->lock);
    free(judge);
}

/* --- who --- */

static int64_t defendant_id(const void *thing)
{
    return ((const struct defendant *)thing)->id;
}

static struct defendant *find(const struct judge *judge, int64_t id)
{
    size_t at = ordered_place(judge->defendants, judge->count, defendant_id, id);
    return at < judge->count && judge->defendants[at]->id == id ? judge->defendants[at] : NULL;
}

/* The roll, with the plan as the participant has it. */
static int roll_of(struct judge *judge, const struct signer_participant *p, struct judge_roll **ret_roll,
    struct err_note *note)
{
    struct judge_roll *roll = judge->rolls;
    while (roll && roll->id != p->roll_id)
        roll = roll->next;
    if (roll && roll->changed_us == p->roll_changed_us) {
        *ret_roll = roll;
        return 0;
    }
    struct judge_roll *made = roll ? NULL : calloc(1, sizeof *made);
    struct plan *plan = plan_copy(p->plan);
    if (!plan || (!roll && !made)) {
        free(made);
        plan_free(plan);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    if (made) {
        *made = (struct judge_roll){.next = judge->rolls, .id = p->roll_id};
        judge->rolls = roll = made;
    }
    pthread_mutex_lock(&judge->lock);
    plan_free(roll->plan);
    roll->plan = plan;
    roll->changed_us = p->roll_changed_us;
    pthread_mutex_unlock(&judge->lock);
    *ret_roll = roll;
    return 0;
}

static int fold(void *context, const struct store_query *query)
{
    struct defendant *d = context;
    return evidence_add(d->evidence, d->roll->plan, &query->event) == ERR_NOMEM ? ERR_NOMEM : 0;
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
        struct verdict_result result;
        d->broke = verdict_json_read(verdicts[count - 1].document, arena, &result, NULL) == 0 &&
                   result.broke_us != UTC_OPEN;
    }
    arena_free(arena);
    return rc ? rc : store_queries_each(judge->store, d->id, fold, d, note);
}

static int insert(struct judge *judge, struct defendant *d, struct err_note *note)
{
    size_t at = ordered_place(judge->defendants, judge->count, defendant_id, d->id);
    pthread_mutex_lock(&judge->lock);
    struct defendant **grown = ordered_grow(judge->defendants, judge->count, &judge->room);
    if (grown) {
        judge->defendants = grown;
        memmove(&grown[at + 1], &grown[at], (judge->count - at) * sizeof(struct defendant *));
        grown[at] = d;
        judge->count++;
    }
    pthread_mutex_unlock(&judge->lock);
    return grown ? 0 : err_set(note, ERR_NOMEM, "out of memory");
}

static int64_t period_of(const struct plan *plan)
{
    int64_t period_us = plan_refresh(plan) / REFRESHES_IN_A_PERIOD;
    return period_us < MOST_OFTEN_S * UTC_SECOND    ? MOST_OFTEN_S * UTC_SECOND
           : period_us > LEAST_OFTEN_S * UTC_SECOND ? LEAST_OFTEN_S * UTC_SECOND
                                                    : period_us;
}

/* Of one that is known: tags, roll and leave; the others never change. */
static void update(struct judge *judge, struct defendant *d, const struct signer_participant *p)
{
    pthread_mutex_lock(&judge->lock);
    d->left_us = p->left_us;
    d->old_tag = p->old_tag;
    d->new_tag = p->new_tag;
    d->fresh = true;
    d->due_us = 0;
    pthread_mutex_unlock(&judge->lock);
}

int judge_take(void *context, const struct signer_participant *p, struct err_note *note)
{
    struct judge *judge = context;
    struct judge_roll *roll = NULL;
    struct defendant *d = find(judge, p->id);
    int rc = roll_of(judge, p, &roll, note);
    if (rc)
        return rc;
    if (d) {
        update(judge, d, p);
        return 0;
    }
    d = calloc(1, sizeof *d);
    if (!d)
        return err_set(note, ERR_NOMEM, "out of memory");
    *d = (struct defendant){.id = p->id,
        .joined_us = p->joined_us,
        .left_us = p->left_us,
        .roll = roll,
        .evidence = evidence_new(),
        .old_tag = p->old_tag,
        .new_tag = p->new_tag,
        .fresh = true,
        .period_us = period_of(roll->plan)};
    rc = d->evidence ? recall(judge, d, note) : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = insert(judge, d, note);
    if (rc)
        free_defendant(d);
    return rc;
}

void judge_events(void *context, const struct zone_event *events, size_t count)
{
    struct judge *judge = context;
    pthread_mutex_lock(&judge->lock);
    for (size_t i = 0; i < count; i++) {
        struct defendant *d = events[i].tag ? find(judge, events[i].tag) : NULL;
        if (d && evidence_add(d->evidence, d->roll->plan, &events[i].event) == 0)
            d->fresh = true;
    }
    pthread_mutex_unlock(&judge->lock);
}

/* --- what --- */

/* Judges, and says whether there is anything to be stored. What is to be stored lives in the arena. */
static int judge_one(struct judge *judge, struct defendant *d, struct arena *arena, int64_t now_us,
    struct judgement *ret, bool *ret_worth)
{
    struct verdict_result result;
    struct verdict_input input = {.plan = d->roll->plan,
        .evidence = d->evidence,
        .old_tag = d->old_tag,
        .new_tag = d->new_tag,
        .joined_us = d->joined_us,
        .left_us = d->left_us,
        .now_us = now_us};
    pthread_mutex_lock(&judge->lock);
    bool fresh = d->fresh;
    int rc = verdict_judge(&input, arena, &result);
    d->fresh = rc != 0;
    pthread_mutex_unlock(&judge->lock);
    bool same = rc == 0 && d->judged && d->verdict == result.verdict && d->state == result.state &&
                strcmp(d->summary, result.summary) == 0;
    *ret_worth = rc == 0 && (fresh || !same);
    if (!*ret_worth)
        return rc;
    struct text text;
    text_start(&text);
    rc = verdict_json_write(&result, &text);
    *ret = (struct judgement){.defendant = d,
        .broke = result.broke_us != UTC_OPEN,
        .row = {.participant_id = d->id,
            .at_us = now_us,
            .verdict = (int)result.verdict,
            .state = (int)result.state,
            .summary = arena_string(arena, result.summary),
            .document = arena_string(arena, text.string)}};
    text_free(&text);
    return rc ? rc : ret->row.summary && ret->row.document ? 0 : ERR_NOMEM;
}

/* What was foretold stays in the history when it comes true: that it broke is a change of its own. */
static bool is_change(const struct judgement *j)
{
    return !j->defendant->judged || (j->broke && !j->defendant->broke) ||
           (int)j->defendant->verdict != j->row.verdict || (int)j->defendant->state != j->row.state;
}

/* Those that are changes, or those that are not, in one transaction. */
static int store_some(struct judge *judge, const struct judgement *judgements, size_t count, bool changes,
    struct err_note *note)
{
    struct store_verdict rows[SLICE_MOST];
    const struct judgement *whose[SLICE_MOST];
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (is_change(&judgements[i]) == changes) {
            whose[n] = &judgements[i];
            rows[n++] = judgements[i].row;
        }
    if (n == 0)
        return 0;
    int rc = changes ? store_verdicts_add(judge->store, rows, n, note)
                     : store_verdicts_refresh(judge->store, rows, n, note);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct defendant *d = whose[i]->defendant;
        d->judged = true;
        d->verdict = (enum verdict)rows[i].verdict;
        d->state = (enum verdict_state)rows[i].state;
        d->broke = whose[i]->broke;
        snprintf(d->summary, sizeof d->summary, "%s", rows[i].summary);
    }
    return rc;
}

/* Whatever could not be stored is judged again when it is due. */
static int store_all(
    struct judge *judge, const struct judgement *judgements, size_t count, struct err_note *note)
{
    int refreshed = store_some(judge, judgements, count, false, note),
        changed = store_some(judge, judgements, count, true, note);
    if (!refreshed && !changed)
        return 0;
    pthread_mutex_lock(&judge->lock);
    for (size_t i = 0; i < count; i++)
        judgements[i].defendant->fresh = true;
    pthread_mutex_unlock(&judge->lock);
    return changed ? changed : refreshed;
}

static void say(struct judge *judge, int failed, const struct err_note *note)
{
    if (failed && !judge->failing)
        log_error("verdicts cannot be stored: %s; they are tried again",
            note->text[0] ? note->text : err_str(failed));
    if (!failed && judge->failing)
        log_info("verdicts are stored again");
    judge->failing = failed != 0;
}

int64_t judge_run(struct judge *judge, int64_t now_us)
{
    int64_t next_us = now_us + LEAST_OFTEN_S * UTC_SECOND, end_us = clock_mono_us() + SLICE_US;
    struct arena *arena = arena_new();
    struct judgement judgements[SLICE_MOST] = {{0}};
    struct err_note note = {""};
    size_t count = 0;
    int failed = arena ? 0 : ERR_NOMEM;
    bool some = false;
    for (size_t i = 0; i < judge->count && arena; i++) {
        struct defendant *d = judge->defendants[judge->turn++ % judge->count];
        if (d->left_us)
            continue;
        if (d->due_us <= now_us ||
            d->due_us > now_us + d->period_us) { /* the second: the clock was set back */
            if (count == SLICE_MOST || clock_mono_us() > end_us) {
                judge->turn--;
                next_us = now_us;
                break;
            }
            bool worth;
            int rc = judge_one(judge, d, arena, now_us, &judgements[count], &worth);
            count += rc == 0 && worth;
            some = true;
            d->due_us = now_us + d->period_us;
            failed = rc ? rc : failed;
        }
        if (d->due_us < next_us)
            next_us = d->due_us;
    }
    int rc = store_all(judge, judgements, count, &note);
    if (some || failed)
        say(judge, rc ? rc : failed, &note);
    arena_free(arena);
    return next_us;
}
