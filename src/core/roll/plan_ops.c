/* An operation copies the plan, moves steps that have not happened, writes down each move, and checks the
 * result. What is dated at or before the moment of decision is never touched.
 *
 * A date given to an operation is that of the *pivot*: the step by which people name a roll, and from which
 * the others keep their distances. It is the new key's first signature if that is to come; else the old key's
 * last; else (the roll has happened) whatever comes next, as a revocation. */
#include "core/roll/plan_parts.h"

#include <string.h>

static bool is_coming(const struct plan_step *step, int64_t now_us)
{
    return step->at_us > now_us;
}

/* The place of a step in time: its date, or the one that it had. 0: it never had one. */
static int64_t place(const struct plan_step *step)
{
    return step->at_us == UTC_OPEN ? step->was_us : step->at_us;
}

/* The first coming step of a kind. */
static const struct plan_step *coming(const struct plan_key *key, enum plan_do what, int64_t now_us)
{
    for (size_t i = 0; key && i < key->step_count; i++)
        if (key->steps[i].what == what && is_coming(&key->steps[i], now_us))
            return &key->steps[i];
    return NULL;
}

/* The first step of all that is to come; dated ones before held ones. */
static const struct plan_step *next_step(const struct plan *plan, int64_t now_us)
{
    const struct plan_step *next = NULL;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            const struct plan_step *step = &plan->keys[i].steps[j];
            if (is_coming(step, now_us) && (!next || step->at_us < next->at_us ||
                                               (step->at_us == next->at_us && place(step) < place(next))))
                next = step;
        }
    return next;
}

/* While both keys sign: the end of the old key's signing. */
static const struct plan_step *old_end(const struct plan_roll *roll, int64_t now_us)
{
    if (!roll->new_key || !plan_key_at(roll->old_key, now_us).signing ||
        !plan_key_at(roll->new_key, now_us).signing)
        return NULL;
    for (size_t i = 0; i < roll->old_key->step_count; i++)
        if (is_coming(&roll->old_key->steps[i], now_us))
            return &roll->old_key->steps[i];
    return NULL;
}

static const struct plan_step *find_pivot(const struct plan *plan, int64_t now_us)
{
    struct plan_roll roll = plan_roll_at(plan, now_us);
    const struct plan_step *pivot = coming(roll.new_key, PLAN_SIGN, now_us);
    pivot = pivot ? pivot : old_end(&roll, now_us);
    return pivot ? pivot : next_step(plan, now_us);
}

static int check_decision(const struct plan *plan, struct plan_decision by, struct err_note *note)
{
    char last[UTC_TEXT];
    if (plan->relative)
        return err_set(note, ERR_DATA, "%s is a template without dates: start it first", plan->name);
    if (!by.reason || !*by.reason)
        return err_set(note, ERR_USAGE, "a reason is required");
    if (by.now_us < UTC_FIRST || by.now_us > UTC_LAST)
        return err_set(note, ERR_USAGE, "the moment of decision lies outside the years 1 to 9999");
    if (plan->history_count == PLAN_MAX_HISTORY)
        return err_set(note, ERR_DATA, "the history is full");
    if (plan->history_count && plan->history[plan->history_count - 1].at_us > by.now_us)
        return err_set(note, ERR_DATA, "the last operation was recorded at %s, after the moment of this one",
            utc_format(plan->history[plan->history_count - 1].at_us, last));
    return 0;
}

/* A copy with one more entry in its history, which has room for `changes`. */
static struct plan *begin(
    const struct plan *plan, const char *operation, struct plan_decision by, size_t changes)
{
    struct plan *copy = plan_copy(plan);
    if (!copy)
        return NULL;
    size_t count = plan->history_count + 1;
    struct plan_entry *history = arena_alloc(copy->arena, count * sizeof *history);
    struct plan_entry entry = {.operation = operation,
        .at_us = by.now_us,
        .who = by.who ? arena_string(copy->arena, by.who) : NULL,
        .reason = arena_string(copy->arena, by.reason),
        .changes = arena_alloc(copy->arena, changes * sizeof *entry.changes)};
    if (!history || !entry.reason || !entry.changes || (by.who && !entry.who)) {
        plan_free(copy);
        return NULL;
    }
    if (plan->history_count)
        memcpy(history, copy->history, plan->history_count * sizeof *history);
    history[plan->history_count] = entry;
    copy->history = history;
    copy->history_count = count;
    return copy;
}

static struct plan_entry *entry_of(struct plan *plan)
{
    return &plan->history[plan->history_count - 1];
}

static void record(
    struct plan *plan, const struct plan_key *key, enum plan_do what, int64_t from_us, int64_t to_us)
{
    struct plan_entry *entry = entry_of(plan);
    entry->changes[entry->change_count++] =
        (struct plan_change){.key = key->id, .what = what, .from_us = from_us, .to_us = to_us};
}

static size_t all_steps(const struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->key_count; i++)
        count += plan->keys[i].step_count;
    return count;
}

/* Checks what was made and hands it out, or frees it. */
static int finish(struct plan *plan, struct plan **ret_plan, struct err_note *note)
{
    int rc = plan_check(plan, note);
    if (rc)
        plan_free(plan);
    else
        *ret_plan = plan;
    return rc;
}

static int out_of_memory(struct err_note *note)
{
    return err_set(note, ERR_NOMEM, "out of memory");
}

/* Holds every step that is to come. */
static void hold_coming(struct plan *plan, int64_t now_us)
{
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            struct plan_step *step = &plan->keys[i].steps[j];
            if (!is_coming(step, now_us) || step->at_us == UTC_OPEN)
                continue;
            record(plan, &plan->keys[i], step->what, step->at_us, UTC_OPEN);
            step->was_us = step->at_us;
            step->at_us = UTC_OPEN;
        }
}

/* Moves every coming step from `first_us` on by the same span; false if one would leave the calendar. */
static bool shift_from(struct plan *plan, int64_t first_us, int64_t span)
{
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            struct plan_step *step = &plan->keys[i].steps[j];
            if (step->at_us < first_us || step->at_us == UTC_OPEN)
                continue;
            if (step->at_us > UTC_LAST - span)
                return false;
            record(plan, &plan->keys[i], step->what, step->at_us, step->at_us + span);
            step->at_us += span;
        }
    return true;
}

static int check_postpone(const struct plan_step *pivot, const struct plan_step *next, int64_t to_us,
    int64_t now_us, struct err_note *note)
{
    char to[UTC_TEXT], from[UTC_TEXT];
    if (!pivot)
        return err_set(note, ERR_DATA, "nothing is to come after %s: there is nothing to postpone",
            utc_format_short(now_us, from));
    if (to_us == UTC_OPEN)
        return next->at_us == UTC_OPEN ? err_set(note, ERR_DATA, "it is held without a date already") : 0;
    if (pivot->at_us == UTC_OPEN)
        return err_set(note, ERR_DATA, "it is held without a date: resume it to give it one");
    if (to_us <= pivot->at_us)
        return err_set(note, ERR_DATA, "%s is not later than %s, the date that it has now",
            utc_format_short(to_us, to), utc_format_short(pivot->at_us, from));
    return 0;
}

int plan_postpone(const struct plan *plan, int64_t to_us, struct plan_decision by, struct plan **ret_plan,
    struct err_note *note)
{
    int rc = check_decision(plan, by, note);
    if (rc)
        return rc;
    const struct plan_step *pivot = find_pivot(plan, by.now_us), *next = next_step(plan, by.now_us);
    rc = check_postpone(pivot, next, to_us, by.now_us, note);
    if (rc)
        return rc;
    int64_t pivot_us = pivot->at_us;
    struct plan *made = begin(plan, "postpone", by, all_steps(plan));
    if (!made)
        return out_of_memory(note);
    if (to_us == UTC_OPEN) {
        hold_coming(made, by.now_us);
    } else if (!shift_from(made, pivot_us, to_us - pivot_us)) {
        plan_free(made);
        return err_set(note, ERR_DATA, "a step would come after the year 9999");
    }
    return finish(made, ret_plan, note);
}

/* The earliest date that a held step had, and whether each had one. */
static int check_held(const struct plan *plan, int64_t *ret_first, struct err_note *note)
{
    int64_t first = UTC_OPEN;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            const struct plan_step *step = &plan->keys[i].steps[j];
            if (step->at_us != UTC_OPEN)
                continue;
            if (!step->was_us)
                return err_set(note, ERR_DATA,
                    "key %s, step %zu (%s): held, and without the date that it had (was): there is no "
                    "distance to keep",
                    plan->keys[i].id, j + 1, plan_do_name(step->what));
            first = step->was_us < first ? step->was_us : first;
        }
    if (first == UTC_OPEN)
        return err_set(note, ERR_DATA, "nothing is held: there is nothing to resume");
    *ret_first = first;
    return 0;
}

/* The pivot, if it is held; else the first held step: parts of a plan may have dates while others wait. */
static const struct plan_step *held_pivot(const struct plan *plan, int64_t now_us)
{
    const struct plan_step *pivot = find_pivot(plan, now_us);
    if (pivot->at_us == UTC_OPEN)
        return pivot;
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            const struct plan_step *step = &plan->keys[i].steps[j];
            if (step->at_us == UTC_OPEN && (pivot->at_us != UTC_OPEN || step->was_us < pivot->was_us))
                pivot = step;
        }
    return pivot;
}

/* Gives every held step its old date, moved by the same span; false if one would leave the calendar. */
static bool date_held(struct plan *plan, int64_t span)
{
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++) {
            struct plan_step *step = &plan->keys[i].steps[j];
            if (step->at_us != UTC_OPEN)
                continue;
            if (__builtin_add_overflow(step->was_us, span, &step->at_us) || step->at_us > UTC_LAST)
                return false;
            step->was_us = 0;
            record(plan, &plan->keys[i], step->what, UTC_OPEN, step->at_us);
        }
    return true;
}

/* "No resolver that follows RFC 5011 is left behind: the new key signs alone only when its hold-down has
 * passed" (§2.4.1). */
static int check_hold_down(const struct plan *before, struct plan *made, struct plan_decision by,
    int64_t to_us, struct err_note *note)
{
    struct plan_roll roll = plan_roll_at(made, by.now_us);
    if (!roll.new_key || roll.sign_us <= by.now_us || roll.sign_us >= roll.trust_us)
        return 0;
    if (by.force) {
        entry_of(made)->forced = true;
        return 0;
    }
    char publish[UTC_TEXT], trust[UTC_TEXT], hold[UTC_TEXT], refresh[UTC_TEXT], allowed[UTC_TEXT];
    utc_format_short(roll.publish_us, publish);
    utc_format_short(roll.trust_us, trust);
    utc_format_words(made->add_hold_us, hold);
    utc_format_words(plan_refresh(made), refresh);
    const struct plan_step *held = coming(plan_key(before, roll.new_key->id), PLAN_PUBLISH, by.now_us);
    if (held) /* the hold-down begins with this plan, and moves with it */
        return err_set(note, ERR_DATA,
            "inside the hold-down: the plan publishes %s at %s and lets it sign alone before %s (hold-down "
            "%s, refresh %s), whatever the date",
            roll.new_key->id, publish, trust, hold, refresh);
    return err_set(note, ERR_DATA,
        "inside the hold-down: %s is published since %s, and resolvers that follow RFC 5011 trust it from %s "
        "(hold-down %s, refresh %s); allowed from %s",
        roll.new_key->id, publish, trust, hold, refresh,
        utc_format_short(to_us + (roll.trust_us - roll.sign_us), allowed));
}

int plan_resume(const struct plan *plan, int64_t to_us, struct plan_decision by, struct plan **ret_plan,
    struct err_note *note)
{
    int64_t first_us = 0;
    int rc = check_decision(plan, by, note);
    rc = rc ? rc : check_held(plan, &first_us, note);
    if (rc)
        return rc;
    if (to_us < UTC_FIRST || to_us > UTC_LAST)
        return err_set(note, ERR_USAGE, "a date is required");
    const struct plan_step *pivot = held_pivot(plan, by.now_us);
    int64_t lead = pivot->was_us - first_us, span = to_us - pivot->was_us;
    char to[UTC_TEXT], allowed[UTC_TEXT];
    if (to_us - lead <= by.now_us)
        return err_set(note, ERR_DATA,
            "%s is too early: what comes first would lie in the past; allowed after %s",
            utc_format_short(to_us, to), utc_format_short(by.now_us + lead, allowed));
    struct plan *made = begin(plan, "resume", by, all_steps(plan));
    if (!made)
        return out_of_memory(note);
    rc = date_held(made, span) ? 0 : err_set(note, ERR_DATA, "a step would come after the year 9999");
    rc = rc ? rc : check_hold_down(plan, made, by, to_us, note);
    if (rc) {
        plan_free(made);
        return rc;
    }
    return finish(made, ret_plan, note);
}

/* "There is a way back while the old key is published and not revoked": RFC 5011 §2.1 makes a revocation
 * final. */
static int check_back_out(const struct plan_roll *roll, int64_t now_us, struct err_note *note)
{
    char when[UTC_TEXT];
    if (!roll->new_key)
        return err_set(note, ERR_DATA, "the plan holds no roll");
    const char *old_id = roll->old_key->id;
    struct plan_key_state old_state = plan_key_at(roll->old_key, now_us);
    if (old_state.revoked)
        return err_set(note, ERR_DATA,
            "%s was revoked at %s, and no validator ever trusts it again (RFC 5011 §2.1): there is no way "
            "back",
            old_id, utc_format_short(roll->revoke_us, when));
    if (roll->backed_out)
        return err_set(note, ERR_DATA, "it is backed out already: %s signs", old_id);
    if (roll->sign_us > now_us)
        return err_set(note, ERR_DATA, "the roll has not happened, %s signs: postpone it", old_id);
    if (!old_state.published)
        return err_set(note, ERR_DATA, "%s was withdrawn at %s: there is no way back", old_id,
            utc_format_short(roll->withdraw_us, when));
    return 0;
}

/* Puts a step behind all that have happened and those put there before it; `open_us` the date that an open
 * one had. */
static bool insert_step(
    struct plan *plan, struct plan_key *key, enum plan_do what, int64_t at_us, int64_t was_us)
{
    struct plan_step *steps = arena_alloc(plan->arena, (key->step_count + 1) * sizeof *steps);
    if (!steps)
        return false;
    int64_t now_us = entry_of(plan)->at_us;
    size_t at = 0;
    while (at < key->step_count && key->steps[at].at_us <= now_us)
        at++;
    /* An open step that is added follows on the one just made at `now`, ahead of what was held. */
    memcpy(steps, key->steps, at * sizeof *steps);
    steps[at] = (struct plan_step){.what = what, .at_us = at_us, .was_us = was_us};
    memcpy(steps + at + 1, key->steps + at, (key->step_count - at) * sizeof *steps);
    key->steps = steps;
    key->step_count++;
    record(plan, key, what, was_us ? was_us : UTC_OPEN, at_us);
    struct plan_entry *entry = entry_of(plan);
    entry->changes[entry->change_count - 1].added = true;
    return true;
}

int plan_back_out(
    const struct plan *plan, struct plan_decision by, struct plan **ret_plan, struct err_note *note)
{
    int rc = check_decision(plan, by, note);
    if (rc)
        return rc;
    struct plan_roll roll = plan_roll_at(plan, by.now_us);
    rc = check_back_out(&roll, by.now_us, note);
    if (rc)
        return rc;
    struct plan *made = begin(plan, "back-out", by, all_steps(plan) + 4);
    if (!made)
        return out_of_memory(note);
    struct plan_key *old_key = plan_key_of(made, roll.old_key->id),
                    *new_key = plan_key_of(made, roll.new_key->id);
    hold_coming(made, by.now_us);
    if (!insert_step(made, old_key, PLAN_SIGN, by.now_us, 0) ||
        !insert_step(made, old_key, PLAN_STOP, UTC_OPEN, roll.sign_us) ||
        !insert_step(made, new_key, PLAN_STOP, by.now_us, 0) ||
        !insert_step(made, new_key, PLAN_SIGN, UTC_OPEN, roll.sign_us)) {
        plan_free(made);
        return out_of_memory(note);
    }
    return finish(made, ret_plan, note);
}
