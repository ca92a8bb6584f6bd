/* Evidence made of any bytes, judged over a built-in scenario: it is refused, or the result holds together:
 * nobody who failed is ready, intervals have a beginning and an end, every verdict has its sentence.
 *
 * Bytes: scenario, plan, profile, flags; then records of eight: kind, hours since the one before (two bytes),
 * and what there is to say. */
#include "core/roll/rehearsal.h"
#include "io/yaml/scenario.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD = 8, MOST = 4000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void add(struct rehearsal_evidence *seen, const uint8_t *r, int64_t at_us)
{
    switch (r[0] % 5) {
    case 0:
        seen->looks[seen->look_count++] = (struct rehearsal_look){at_us, r[3] % 6, r[4] % 6, r[5] % 6};
        break;
    case 1:
        seen->states[seen->state_count++] = (struct rehearsal_state){at_us,
            r[3] & 1   ? 20326
            : r[3] & 2 ? 38696
                       : 20454,
            r[4] % 7};
        break;
    case 2:
        seen->signals[seen->signal_count++] =
            (struct rehearsal_signal){.at_us = at_us, .kind = r[3], .count = r[4]};
        break;
    case 3:
        seen->fetches[seen->fetch_count++] =
            (struct rehearsal_fetch){at_us, (uint16_t)(r[3] << 8 | r[4]), r[5] & 1, r[5] & 2, r[6] % 14};
        break;
    case 4:
        seen->events[seen->event_count] =
            (struct rehearsal_event){.at_us = at_us, .what = r[3], .code = r[4]};
        memcpy(seen->events[seen->event_count++].text, r, RECORD);
        break;
    }
}

static struct rehearsal_evidence read(
    const uint8_t *bytes, size_t length, const struct scenario_schedule *schedule, struct arena *arena)
{
    struct rehearsal_evidence seen = {.looks = arena_alloc(arena, MOST * sizeof *seen.looks),
        .states = arena_alloc(arena, MOST * sizeof *seen.states),
        .signals = arena_alloc(arena, MOST * sizeof *seen.signals),
        .fetches = arena_alloc(arena, MOST * sizeof *seen.fetches),
        .events = arena_alloc(arena, MOST * sizeof *seen.events),
        .from_us = schedule->from_us,
        .reached = !(bytes[3] & 1),
        .limited = bytes[3] & 2,
        .product = bytes[3] & 4 ? "named" : NULL,
        .anchor_count = bytes[3] >> 5};
    int64_t at_us = schedule->from_us;
    seen.anchors[0] = 38696;
    for (size_t i = 4; i + RECORD <= length && i / RECORD < MOST; i += RECORD) {
        at_us += (bytes[i + 1] << 8 | bytes[i + 2]) % 2000 * UTC_HOUR;
        add(&seen, bytes + i, at_us);
    }
    seen.to_us = bytes[3] & 8 ? at_us : schedule->to_us;
    return seen;
}

static void check(const struct rehearsal_evidence *seen, const struct rehearsal_result *r)
{
    size_t length = strlen(r->cause);
    if (!length || (r->verdict == VERDICT_UNKNOWN && r->as_expected) ||
        (r->broke_from_us == UTC_OPEN) != (r->broke_to_us == UTC_OPEN) || r->broke_from_us > r->broke_to_us)
        abort();
    for (size_t i = 0; i < r->outage_count; i++) {
        const struct rehearsal_outage *o = &r->outages[i];
        if (o->from_us > o->to_us || o->first_us > o->last_us || o->healed_us < o->last_us || !o->looks ||
            (r->verdict == VERDICT_READY && !o->excused))
            abort();
    }
    for (size_t i = 0; i < seen->event_count && r->verdict == VERDICT_READY; i++)
        if (seen->events[i].what == REHEARSAL_ENDED || seen->events[i].what == REHEARSAL_COULD_NOT_START)
            abort();
    for (size_t i = 0; i < r->finding_count; i++)
        if (!*r->findings[i].text || !r->findings[i].rule ||
            (r->verdict == VERDICT_READY && r->findings[i].harmful))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const plans[] = {"root-180", "root-2024", "root-algorithm"};
    struct err_note note;
    if (length < 4)
        return 0;
    struct arena *arena = arena_new();
    struct scenario *scenario;
    struct scenario_schedule schedule;
    struct rehearsal_result result;
    struct plan *plan;
    if (plan_builtin(plans[bytes[1] % 3], &plan) ||
        scenario_find(scenario_name(bytes[0] % scenario_count()), arena, &scenario, &note) ||
        scenario_schedule(scenario, plan, INT64_MIN, UTC_OPEN, arena, &schedule, &note))
        abort();
    struct rehearsal_evidence seen = read(bytes, length, &schedule, arena);
    const struct rfc5011_profile *profile = rfc5011_profile_at(bytes[2] % rfc5011_profile_count());
    if (rehearsal_judge(&schedule, profile, &seen, arena, &result, &note) == 0)
        check(&seen, &result);
    plan_free(plan);
    arena_free(arena);
    return 0;
}
