/* What the people of the story do, once every half second. The first story only watches. The second is played
 * by the key's owner, who postpones when somebody is foretold to break and resumes when everybody is ready,
 * and by the operator, who mends. */
#include "app/demo/inside.h"

#include "io/store/rolls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    THINK_S = 3,      /* a person reads before acting */
    RESUME_S = 15,    /* from the decision to the roll */
    PATIENCE_S = 240, /* longest wait for a mended resolver */
    SETTLE_S = 12,    /* after the last step: caches of one TTL run out */
    LINGER_S = 40,    /* … and the longest wait for the last verdict */
};

int story_load(struct demo *demo, struct err_note *note)
{
    struct plan *plan;
    int rc = rolls_read(demo->store, demo->roll_id, &plan, &demo->roll_changed_us, note);
    if (rc)
        return rc;
    plan_free(demo->plan);
    demo->plan = plan;
    return 0;
}

static void enter(struct demo *demo, enum demo_stage stage, int64_t now_us)
{
    demo->stage = stage;
    demo->stage_us = now_us;
}

/* Stores the plan that an operation made. */
static int store_plan(struct demo *demo, struct plan *changed, int64_t now_us, struct err_note *note)
{
    int rc = rolls_write(demo->store, demo->roll_id, changed, demo->roll_changed_us, now_us, note);
    plan_free(changed);
    return rc ? rc : story_load(demo, note);
}

static void postpone(struct demo *demo, const struct participant *doomed, int64_t now_us)
{
    struct err_note note = {""};
    struct plan *changed;
    char reason[256];
    snprintf(reason, sizeof reason, "%s is foretold to break; %" PRId64 " users stand behind it",
        doomed->label, doomed->users);
    struct plan_decision by = {.now_us = now_us, .who = "owner of the key", .reason = reason};
    int rc = plan_postpone(demo->plan, UTC_OPEN, by, &changed, &note);
    if (rc == 0)
        rc = store_plan(demo, changed, now_us, &note);
    if (rc)
        tell(demo, "owner of the key", "cannot postpone: %s", note.text);
    else
        tell(demo, "owner of the key", "POSTPONES the roll, no new date yet: %s", reason);
    enter(demo, rc ? STAGE_RESUMED : STAGE_POSTPONED, now_us);
}

static void mend(struct demo *demo, int64_t now_us)
{
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++) {
        struct participant *p = &demo->participants[i];
        if (p->managed || p->missing)
            continue;
        struct err_note note;
        p->managed = true;
        if (process_start(p, &note))
            tell(demo, p->label, "cannot be restarted: %s", note.text);
        else
            tell(demo, p->label, "MENDED by its operator: static-key becomes initial-key, restarted");
    }
    enter(demo, STAGE_MENDED, now_us);
}

static bool all_ready(const struct demo *demo)
{
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++)
        if (!demo->participants[i].missing && demo->participants[i].verdict != VERDICT_READY)
            return false;
    return true;
}

static void resume(struct demo *demo, int64_t now_us)
{
    struct err_note note = {""};
    struct plan *changed;
    char date[UTC_TEXT];
    int64_t to_us = now_us / UTC_SECOND * UTC_SECOND + RESUME_S * UTC_SECOND;
    struct plan_decision by = {
        .now_us = now_us, .who = "owner of the key", .reason = "every participant trusts the new key"};
    int rc = plan_resume(demo->plan, to_us, by, &changed, &note);
    if (rc == 0)
        rc = store_plan(demo, changed, now_us, &note);
    if (rc)
        tell(demo, "owner of the key", "cannot resume: %s", note.text);
    else
        tell(demo, "owner of the key", "RESUMES the roll: every participant is ready; new date %s",
            utc_format(to_us, date));
    enter(demo, rc ? STAGE_OVER : STAGE_RESUMED, now_us); /* held for ever: nothing more will come */
}

static const struct participant *foretold(const struct demo *demo)
{
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++)
        if (!demo->participants[i].missing && demo->participants[i].verdict == VERDICT_NOT_READY)
            return &demo->participants[i];
    return NULL;
}

static void story_postponed(struct demo *demo, int64_t now_us)
{
    int64_t waited_us = now_us - demo->stage_us;
    const struct participant *doomed = foretold(demo);
    switch (demo->stage) {
    case STAGE_ROLLING:
        if (doomed)
            enter(demo, STAGE_FORETOLD, now_us);
        return;
    case STAGE_FORETOLD:
        if (doomed && waited_us > THINK_S * UTC_SECOND)
            postpone(demo, doomed, now_us);
        return;
    case STAGE_POSTPONED:
        if (waited_us > THINK_S * UTC_SECOND)
            mend(demo, now_us);
        return;
    case STAGE_MENDED:
        if (waited_us > THINK_S * UTC_SECOND && all_ready(demo))
            resume(demo, now_us);
        else if (waited_us > PATIENCE_S * UTC_SECOND) {
            tell(demo, "owner of the key", "not everybody is ready in %d s: the roll stays postponed",
                PATIENCE_S);
            enter(demo, STAGE_OVER, now_us);
        }
        return;
    case STAGE_RESUMED:
    case STAGE_OVER:
        return;
    }
}

/* The last dated step lies behind us, what was cached has run out, and the last verdicts are in. */
static bool finished(const struct demo *demo, int64_t now_us)
{
    int64_t last = demo->plan->start_us;
    for (size_t i = 0; i < demo->plan->key_count; i++)
        for (size_t j = 0; j < demo->plan->keys[i].step_count; j++) {
            int64_t at = demo->plan->keys[i].steps[j].at_us;
            if (at == UTC_OPEN)
                return false;
            if (at > last)
                last = at;
        }
    if (now_us < last + SETTLE_S * UTC_SECOND)
        return false;
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++) {
        const struct participant *p = &demo->participants[i];
        if (!p->missing && p->state != STATE_DONE && p->state != STATE_FAILED)
            return now_us > last + LINGER_S * UTC_SECOND;
    }
    return true;
}

void story_tick(struct demo *demo, int64_t now_us)
{
    if (demo->config.story == DEMO_POSTPONED)
        story_postponed(demo, now_us);
    if (demo->stage != STAGE_OVER && finished(demo, now_us))
        enter(demo, STAGE_OVER, now_us);
}
