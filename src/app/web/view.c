/* Rows come from the store in a few statements, and are joined here: participants to rolls and verdicts to
 * participants by their ids, both in the order of ids. */
#include "app/web/view.h"

#include "base/log.h"
#include "io/json/verdict_json.h"
#include "io/yaml/plan_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct plan *read_plan(const struct store_roll *row)
{
    struct plan *plan = NULL;
    struct err_note note = {""};
    char name[48];
    snprintf(name, sizeof name, "roll %lld", (long long)row->id);
    if (plan_yaml_read(name, row->document, strlen(row->document), &plan, &note) != 0) {
        log_error("the stored plan cannot be read: %s", note.text);
        return NULL;
    }
    return plan;
}

enum verdict view_verdict(int stored)
{
    return stored >= VERDICT_READY && stored < VIEW_VERDICTS ? (enum verdict)stored : VERDICT_UNKNOWN;
}

enum verdict_state view_state(int stored)
{
    return stored >= STATE_WAITING && stored <= STATE_FAILED ? (enum verdict_state)stored : STATE_WAITING;
}

static const struct store_verdict *find_verdict(
    const struct store_verdict *verdicts, size_t count, int64_t participant_id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verdicts[middle].participant_id < participant_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && verdicts[low].participant_id == participant_id ? &verdicts[low] : NULL;
}

static struct view_participant participant_of(
    const struct store_participant *row, const struct store_verdict *verdict)
{
    struct view_participant participant = {.row = *row,
        .verdict = VERDICT_UNKNOWN,
        .state = STATE_WAITING,
        .summary = "Not judged yet.",
        .trust_us = UTC_OPEN,
        .break_us = UTC_OPEN,
        .broke_us = UTC_OPEN};
    if (verdict) {
        participant.verdict = view_verdict(verdict->verdict);
        participant.state = view_state(verdict->state);
        participant.summary = verdict->summary;
        participant.document = verdict->document;
    }
    return participant;
}

static int severity(enum verdict verdict)
{
    static const int order[VIEW_VERDICTS] = {
        [VERDICT_NOT_READY] = 0, [VERDICT_AT_RISK] = 1, [VERDICT_UNKNOWN] = 2, [VERDICT_READY] = 3};
    return order[verdict];
}

static int compare(const void *left, const void *right)
{
    const struct view_participant *a = left, *b = right;
    int order = severity(a->verdict) - severity(b->verdict);
    if (order == 0)
        order = (a->row.users < b->row.users) - (a->row.users > b->row.users);
    return order ? order : (a->row.id > b->row.id) - (a->row.id < b->row.id);
}

static void sum_up(struct view_roll *roll)
{
    roll->worst = roll->count ? roll->participants[0].verdict : VERDICT_UNKNOWN;
    for (size_t i = 0; i < roll->count; i++) {
        struct view_participant *participant = &roll->participants[i];
        struct view_total *total = &roll->totals[participant->verdict];
        total->participants++;
        roll->worst = verdict_worse(roll->worst, participant->verdict);
        if (participant->row.users < 0)
            roll->users_untold++;
        else
            total->users += participant->row.users;
    }
}

/* What was read of the store, before it is arranged. */
struct rows {
    struct store_roll *rolls;
    struct store_participant *participants;
    struct store_verdict *verdicts, *recent;
    size_t roll_count, participant_count, verdict_count, recent_count;
};

static int read_rows(struct store *store, struct arena *arena, struct rows *rows, struct err_note *note)
{
    int err = store_rolls(store, arena, &rows->rolls, &rows->roll_count, note);
    if (!err)
        err = store_participants(store, arena, &rows->participants, &rows->participant_count, note);
    if (!err)
        err = store_verdicts_latest(store, arena, &rows->verdicts, &rows->verdict_count, note);
    if (!err)
        err = store_verdicts_recent(store, VIEW_CHANGES, arena, &rows->recent, &rows->recent_count, note);
    return err;
}

static int fill_roll(const struct rows *rows, const struct store_roll *row, int64_t now_us,
    struct arena *arena, struct view_roll *roll)
{
    *roll = (struct view_roll){.row = *row, .plan = read_plan(row), .phase = "unreadable"};
    if (roll->plan) {
        roll->roll = plan_roll_at(roll->plan, now_us);
        roll->phase = plan_phase_at(roll->plan, now_us);
    }
    size_t count = 0;
    for (size_t i = 0; i < rows->participant_count; i++)
        count += rows->participants[i].roll_id == row->id && rows->participants[i].left_us == 0;
    roll->participants = arena_alloc(arena, (count + 1) * sizeof *roll->participants);
    if (!roll->participants)
        return ERR_NOMEM;
    for (size_t i = 0; i < rows->participant_count; i++) {
        const struct store_participant *participant = &rows->participants[i];
        if (participant->roll_id == row->id && participant->left_us == 0)
            roll->participants[roll->count++] = participant_of(
                participant, find_verdict(rows->verdicts, rows->verdict_count, participant->id));
    }
    qsort(roll->participants, roll->count, sizeof *roll->participants, compare);
    sum_up(roll);
    return 0;
}

static const struct view_participant *find_participant(const struct view *view, int64_t id)
{
    for (size_t r = 0; r < view->roll_count; r++)
        for (size_t i = 0; i < view->rolls[r].count; i++)
            if (view->rolls[r].participants[i].row.id == id)
                return &view->rolls[r].participants[i];
    return NULL;
}

static int fill_changes(const struct rows *rows, struct arena *arena, struct view *view)
{
    view->changes = arena_alloc(arena, (rows->recent_count + 1) * sizeof *view->changes);
    if (!view->changes)
        return ERR_NOMEM;
    for (size_t i = 0; i < rows->recent_count; i++) {
        const struct view_participant *participant = find_participant(view, rows->recent[i].participant_id);
        if (participant)
            view->changes[view->change_count++] = (struct view_change){participant, rows->recent[i]};
    }
    return 0;
}

int view_load(
    struct store *store, int64_t now_us, struct arena *arena, struct view *ret_view, struct err_note *note)
{
    struct rows rows = {.rolls = NULL};
    struct view view = {.now_us = now_us};
    int err = read_rows(store, arena, &rows, note);
    if (err)
        return err;
    view.rolls = arena_alloc(arena, (rows.roll_count + 1) * sizeof *view.rolls);
    if (!view.rolls)
        return ERR_NOMEM;
    for (size_t i = rows.roll_count; !err && i-- > 0;)
        err = fill_roll(&rows, &rows.rolls[i], now_us, arena, &view.rolls[view.roll_count++]);
    if (!err)
        err = fill_changes(&rows, arena, &view);
    if (err) {
        view_free(&view);
        return err;
    }
    *ret_view = view;
    return 0;
}

void view_free(struct view *view)
{
    for (size_t i = 0; i < view->roll_count; i++)
        plan_free(view->rolls[i].plan);
    view->roll_count = 0;
}

void view_dates(struct view_participant *participant, struct arena *arena)
{
    struct verdict_result result;
    struct err_note note;
    if (!participant->document || verdict_json_read(participant->document, arena, &result, &note) != 0)
        return;
    participant->trust_us = result.trust_us;
    participant->break_us = result.break_us;
    participant->broke_us = result.broke_us;
}
