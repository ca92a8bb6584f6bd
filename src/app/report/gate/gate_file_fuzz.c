/* Any bytes: a gate in which every criterion can be judged, or an error with a reason. */
#include "app/report/gate/gate_file.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct gate *gate)
{
    static const struct gate_measured none[GATE_FILE_MAX_CRITERIA];
    enum gate_outcome outcomes[GATE_FILE_MAX_CRITERIA];
    struct gate_result result = {.outcomes = outcomes};
    if (!gate->name || !gate->title || !gate->decides || !gate->count || gate->count > GATE_FILE_MAX_CRITERIA)
        abort();
    for (size_t i = 0; i < gate->count; i++) {
        const struct gate_criterion *c = &gate->criteria[i];
        if (!c->id || !c->why || !gate_measure_find(c->measure) || !(c->threshold >= -100) ||
            !(c->threshold <= 1e12) || c->window_us <= 0 || c->on_fail == GATE_GO)
            abort();
    }
    gate_judge(gate, none, false, &result);
    for (size_t i = 0; i < gate->count; i++)
        if (outcomes[i] != GATE_UNKNOWN)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new();
    struct gate_file file;
    struct err_note note = {""};
    if (!arena)
        return 0;
    if (gate_file_parse("fuzz", (const char *)bytes, length, arena, &file, &note) == 0)
        check(&file.gate);
    else if (!note.text[0])
        abort();
    arena_free(arena);
    return 0;
}
