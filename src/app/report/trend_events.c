/* Dates come from the last step of each roll, which knows best; what was decided, from the plan's history. */
#include "app/report/trend_inside.h"

#include <stdlib.h>
#include <string.h>

enum { DATES = 5 }; /* of a roll */

struct listing {
    const struct trend *trend;
    struct trend_event *events;
    size_t count;
};

static void add(struct listing *listing, struct trend_event event)
{
    if (event.at_us >= listing->trend->from_us && event.at_us <= listing->trend->to_us)
        listing->events[listing->count++] = event;
}

static void add_dates(struct listing *listing, const struct classify_roll *roll)
{
    const struct trend_event dates[DATES] = {
        {.at_us = roll->publish_us, .what = "publish", .key = roll->new_tag},
        {.at_us = roll->trust_us, .what = "trust", .key = roll->new_tag},
        {.at_us = roll->sign_us, .what = "sign", .key = roll->new_tag},
        {.at_us = roll->revoke_us, .what = "revoke", .key = roll->old_tag},
        {.at_us = roll->withdraw_us, .what = "withdraw", .key = roll->old_tag},
    };
    for (size_t i = 0; i < DATES; i++)
        add(listing, dates[i]);
}

static int add_operation(struct listing *listing, const struct plan_entry *entry, struct err_note *note)
{
    struct classify_roll roll;
    struct trend_event event = {.at_us = entry->at_us,
        .what = entry->operation,
        .key = -1,
        .who = entry->who,
        .reason = entry->reason};
    if (strcmp(entry->operation, "note") == 0)
        return 0;
    int err = classify_roll_of(listing->trend->wish->plan, entry->at_us, &roll, note);
    if (err)
        return err;
    event.sign_us = roll.sign_us;
    add(listing, event);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct trend_event *x = a, *y = b;
    int order = (x->at_us > y->at_us) - (x->at_us < y->at_us);
    order = order ? order : x->key - y->key;
    return order ? order : strcmp(x->what, y->what);
}

static bool same_roll(const struct classify_roll *a, const struct classify_roll *b)
{
    return a->old_tag == b->old_tag && a->new_tag == b->new_tag;
}

int trend_events(struct trend *trend, struct arena *arena, struct err_note *note)
{
    const struct plan *plan = trend->wish->plan;
    size_t rolls = 1;
    for (size_t i = 0; i + 1 < trend->step_count; i++)
        rolls += !same_roll(&trend->steps[i].roll, &trend->steps[i + 1].roll);
    struct listing listing = {
        trend, arena_alloc(arena, (rolls * DATES + plan->history_count + 1) * sizeof(struct trend_event)), 0};
    if (!listing.events)
        return err_set(note, ERR_NOMEM, "no memory for the trend");
    for (size_t i = 0; i + 1 < trend->step_count; i++)
        if (!same_roll(&trend->steps[i].roll, &trend->steps[i + 1].roll))
            add_dates(&listing, &trend->steps[i].roll);
    add_dates(&listing, &trend->roll);
    int err = 0;
    for (size_t i = 0; i < plan->history_count && !err; i++)
        err = add_operation(&listing, &plan->history[i], note);
    qsort(listing.events, listing.count, sizeof *listing.events, by_time);
    trend->events = listing.events;
    trend->event_count = listing.count;
    return err;
}
