/* Any bytes: an error with its place, or a scenario that is laid over every kind of plan: an error, or steps
 * in the order of time within the run, one installation, and a plan that holds. */
#include "io/yaml/scenario.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct scenario_schedule *s)
{
    unsigned installs = 0;
    for (size_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].at_us < s->from_us || s->steps[i].at_us > s->to_us ||
            (i && s->steps[i - 1].at_us > s->steps[i].at_us))
            abort();
        installs += s->steps[i].what == SCENARIO_INSTALL;
    }
    if (installs != 1 || s->anchor_count < 1 || plan_check(s->plan, NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const plans[] = {"root-180", "root-algorithm"};
    struct arena *arena = arena_new();
    struct scenario *scenario;
    struct scenario_schedule schedule;
    struct err_note note = {""};
    if (scenario_read("fuzz", (const char *)bytes, length, arena, &scenario, &note) == 0)
        for (size_t i = 0; i < 2; i++) {
            struct plan *plan;
            if (plan_builtin(plans[i], &plan))
                abort();
            if (scenario_schedule(scenario, plan, INT64_MIN, UTC_OPEN, arena, &schedule, &note) == 0)
                check(&schedule);
            else if (!*note.text)
                abort();
            plan_free(plan);
        }
    else if (!*note.text)
        abort();
    arena_free(arena);
    return 0;
}
