/* Any events in any order, judged at any moment: no crash, bounded memory, the same again for the same input.
 */
#include "base/bytes.h"
#include "core/roll/evidence_fixture.h"
#include "core/roll/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void read_event(struct reader *r, struct evidence_event *event)
{
    static const int64_t steps[] = {0, 1, 1000, 300000, 2 * UTC_SECOND, 7 * UTC_SECOND, 70 * UTC_SECOND,
        UTC_HOUR, 3 * UTC_DAY, -UTC_SECOND, INT64_MAX / 4, -INT64_MAX / 4};
    int64_t before_us = event->at_us;
    *event = (struct evidence_event){.at_us = before_us};
    if (__builtin_add_overflow(
            before_us, steps[reader_u8(r) % (sizeof steps / sizeof *steps)], &event->at_us))
        event->at_us = before_us;
    if (event->at_us > INT64_MAX / 2 || event->at_us < -INT64_MAX / 2)
        event->at_us = before_us;
    event->kind = (enum evidence_kind)(reader_u8(r) % (EVIDENCE_KINDS + 1));
    event->source[15] = reader_u8(r);
    event->answer = reader_u8(r) % 8;
    event->tcp = event->answer & 1;
    event->tag_count = reader_u8(r) % 16; /* more than fit, too */
    for (size_t i = 0; i < EVIDENCE_MAX_TAGS; i++)
        event->tags[i] = (uint16_t)(reader_u8(r) % 3 * 1000);
    event->nonce[0] = (char)(reader_u8(r) % 40);
}

static void run(const uint8_t *bytes, size_t length, struct arena *arena, struct verdict_result *ret)
{
    struct reader r = reader_over(bytes, length);
    struct evidence *evidence = evidence_new();
    struct fixture_plan plan;
    struct evidence_event event = {0};
    uint8_t shape = reader_u8(&r);
    bool fast = shape & 1;
    fixture_plan_make(&plan, fast ? 10 : 172800, fast ? 5 * UTC_SECOND : UTC_DAY,
        fast ? UTC_MINUTE : 30 * UTC_DAY, 30 * UTC_SECOND);
    if (shape & 2)
        fixture_plan_set(&plan, 150 * UTC_SECOND, shape & 4 ? 190 * UTC_SECOND : UTC_OPEN,
            shape & 4 ? 240 * UTC_SECOND : UTC_OPEN);
    struct verdict_input input = {.plan = &plan.plan, .evidence = evidence, .old_tag = 1000, .new_tag = 2000};
    while (reader_left(&r) && !r.bad) {
        read_event(&r, &event);
        int err = evidence_add(evidence, &plan.plan, &event);
        if (err && err != ERR_DATA)
            abort();
        if (evidence->source_count > EVIDENCE_SOURCES || evidence->agent_count > EVIDENCE_AGENTS)
            abort();
    }
    input.now_us = event.at_us;
    if (verdict_judge(&input, arena, ret))
        abort();
    if (!ret->summary || !ret->would_change || ret->sources_not_ready > ret->source_count)
        abort();
    evidence_free(evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new();
    struct verdict_result first, second;
    run(bytes, length, arena, &first);
    run(bytes, length, arena, &second);
    if (first.verdict != second.verdict || first.state != second.state ||
        first.finding_count != second.finding_count || strcmp(first.summary, second.summary) != 0)
        abort();
    arena_free(arena);
    return 0;
}
