/* "rollcall.rehearse/1". What lasts is told as spans, what comes often by the day, so that years stay small.
 */
#include "app/lab/forms/forms_days.h"
#include "app/lab/forms/forms_inside.h"

#include "io/json/json.h"
#include "io/json/verdict_json.h"

#define SCHEMA "rollcall.rehearse/1"

/* ---- the run's frame ---- */

static void set_resolver(struct json *object, const struct forms_run *run)
{
    json_set_string(object, "resolver", run->resolver);
    json_set_string(object, "product", run->product);
    json_set_string(object, "version", run->version);
    json_set_string(object, "config", run->config);
    json_set_string(object, "scenario", run->schedule->scenario->name);
    json_set_string(object, "plan", run->schedule->plan->name);
    json_set_time(object, "from", run->schedule->from_us);
    json_set_time(object, "to", run->schedule->to_us);
}

static void set_result(struct json *object, const struct forms_run *run)
{
    const struct rehearsal_result *result = run->result;
    json_set_string(object, "verdict", verdict_name(result->verdict));
    json_set_string(object, "cause", result->cause);
    if (result->broke_from_us == UTC_OPEN) {
        json_set_null(object, "broke");
    } else {
        struct json *broke = json_set_object(object, "broke");
        json_set_time(broke, "from", result->broke_from_us);
        json_set_time(broke, "to", result->broke_to_us);
    }
    json_set_time(object, "healed", result->healed_us);
    json_set_time(object, "died", result->died_us);
    json_set_string(object, "expected", run->schedule->scenario->expect_text);
    json_set_bool(object, "as_expected", result->as_expected);
    json_set_bool(object, "reached", run->evidence->reached);
    json_set_bool(object, "limited", run->evidence->limited);
    json_set_string(object, "why_not", run->evidence->why_not[0] ? run->evidence->why_not : NULL);
    struct json *findings = json_set_array(object, "findings");
    for (size_t i = 0; i < result->finding_count; i++)
        verdict_json_set_finding(json_add_object(findings), &result->findings[i]);
}

static void add_outages(struct json *object, const struct rehearsal_result *result)
{
    static const char *const kinds[] = {
        [REHEARSAL_NO_ANSWERS] = "no-answers", [REHEARSAL_OPEN] = "not-validated"};
    struct json *list = json_set_array(object, "outages");
    for (size_t i = 0; i < result->outage_count; i++) {
        const struct rehearsal_outage *outage = &result->outages[i];
        struct json *one = json_add_object(list);
        json_set_string(one, "kind", kinds[outage->kind]);
        json_set_time(one, "from", outage->from_us);
        json_set_time(one, "to", outage->to_us);
        json_set_time(one, "healed", outage->healed_us);
        json_set_bool(one, "excused", outage->excused);
    }
}

static void add_differences(struct json *object, const struct rehearsal_result *result)
{
    struct json *list = json_set_array(object, "differences");
    for (size_t i = 0; i < result->difference_count; i++) {
        const struct rehearsal_difference *difference = &result->differences[i];
        struct json *one = json_add_object(list);
        json_set_time(one, "at", difference->at_us);
        if (difference->validates) {
            json_set_null(one, "tag");
            json_set_string(one, "program", difference->program ? "validates" : "does not validate");
            json_set_string(one, "model", difference->model ? "validates" : "does not validate");
        } else {
            json_set_int(one, "tag", difference->tag);
            json_set_string(one, "program", rfc5011_state_name((enum rfc5011_state)difference->program));
            json_set_string(one, "model", rfc5011_state_name((enum rfc5011_state)difference->model));
        }
    }
}

static void set_rate(struct json *object, const struct rehearsal_rate *rate)
{
    struct json *set = json_set_object(object, "dnskey_per_day");
    json_set_real(set, "baseline", rate->baseline);
    json_set_real(set, "rolled", rate->rolled);
    json_set_real(set, "revoked", rate->revoked);
    json_set_real(set, "peak", rate->peak);
    json_set_time(set, "peak_day", rate->peak > 0 ? rate->peak_us : UTC_OPEN);
    if (rate->factor > 0)
        json_set_real(set, "factor", rate->factor);
    else
        json_set_null(set, "factor");
}

/* ---- the timeline ---- */

static void add_steps(struct json *object, const struct forms_run *run)
{
    struct forms_mark marks[FORMS_MOST_MARKS];
    size_t count = forms_marks(run, marks);
    struct json *list = json_set_array(object, "steps");
    for (size_t i = 0; i < count; i++) {
        struct text words;
        struct json *one = json_add_object(list);
        text_start(&words);
        forms_add_mark(&words, run, &marks[i]);
        json_set_time(one, "at", marks[i].at_us);
        json_set_string(one, "what", words.string);
        if (words.failed)
            json_fail(object);
        text_free(&words);
    }
}

static bool same_look(const struct rehearsal_look *a, const struct rehearsal_look *b)
{
    return a->secure == b->secure && a->bogus == b->bogus && a->plain == b->plain;
}

/* From the first look to the last that gave the same. */
static void add_users(struct json *object, const struct rehearsal_evidence *evidence)
{
    struct json *list = json_set_array(object, "users");
    for (size_t first = 0, end; first < evidence->look_count; first = end) {
        const struct rehearsal_look *look = &evidence->looks[first];
        for (end = first + 1; end < evidence->look_count && same_look(look, &evidence->looks[end]);)
            end++;
        struct json *one = json_add_object(list);
        json_set_time(one, "from", look->at_us);
        json_set_time(one, "to", evidence->looks[end - 1].at_us);
        json_set_int(one, "looks", (int64_t)(end - first));
        json_set_string(one, "signed", rehearsal_answer_name((enum rehearsal_answer)look->secure));
        json_set_string(one, "bogus", rehearsal_answer_name((enum rehearsal_answer)look->bogus));
        json_set_string(one, "unsigned", rehearsal_answer_name((enum rehearsal_answer)look->plain));
    }
}

static void add_states(struct json *object, const struct rehearsal_evidence *evidence)
{
    struct json *list = json_set_array(object, "states");
    for (size_t i = 0; i < evidence->state_count; i++) {
        struct json *one = json_add_object(list);
        json_set_time(one, "at", evidence->states[i].at_us);
        json_set_int(one, "tag", evidence->states[i].tag);
        json_set_string(one, "state", rfc5011_state_name((enum rfc5011_state)evidence->states[i].state));
    }
}

static void add_signals(struct json *object, const struct rehearsal_evidence *evidence)
{
    struct json *list = json_set_array(object, "signals");
    struct forms_signals signals;
    size_t at = 0;
    while (forms_next_signals(evidence, &at, &signals)) {
        const struct rehearsal_signal *signal = signals.first;
        struct json *one = json_add_object(list);
        json_set_string(one, "kind", forms_signal_kind(signal));
        struct json *tags = json_set_array(one, "tags");
        for (unsigned i = 0; i < signal->count && i < REHEARSAL_TAGS; i++)
            json_add_int(tags, signal->tags[i]);
        json_set_time(one, "first", signal->at_us);
        json_set_time(one, "last", signals.last_us);
        json_set_int(one, "count", (int64_t)signals.count);
    }
}

/* Days without a query are left out. */
static int add_days(struct json *object, const struct forms_run *run)
{
    struct json *list = json_set_array(object, "dnskey_days");
    struct arena *arena = arena_new();
    struct forms_days days;
    int err = arena
                  ? forms_days_make(run->evidence, run->schedule->from_us, run->schedule->to_us, arena, &days)
                  : ERR_NOMEM;
    for (size_t i = 0; !err && i < days.count; i++) {
        const struct forms_day *day = &days.days[i];
        char date[UTC_TEXT];
        if (!day->fetches)
            continue;
        struct json *one = json_add_object(list);
        json_set_string(one, "day", utc_format_short(days.first_us + (int64_t)i * UTC_DAY, date));
        json_set_int(one, "queries", day->fetches);
        json_set_int(one, "tcp", day->tcp);
        json_set_int(one, "truncated", day->truncated);
        json_set_int(one, "largest", day->largest);
    }
    arena_free(arena);
    return err;
}

static void add_events(struct json *object, const struct rehearsal_evidence *evidence)
{
    struct json *list = json_set_array(object, "events");
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct rehearsal_event *event = &evidence->events[i];
        if (event->what == REHEARSAL_STEP)
            continue; /* "steps" has them */
        struct json *one = json_add_object(list);
        json_set_time(one, "at", event->at_us);
        json_set_string(one, "what", rehearsal_what_name((enum rehearsal_what)event->what));
        json_set_int(one, "code", event->code);
        json_set_string(one, "text", event->text[0] ? event->text : NULL);
    }
}

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

/* Nobody's processor time is nobody's work: who waits for whom, and all of us for a processor. */
static void set_timing(struct json *object, const struct lab_cost *cost)
{
    static const char *const phases[LAB_PHASES] = {
        "preparing_s", "starting_s", "asking_s", "settling_s", "jumping_s", "ending_s"};
    int64_t idle_us = cost->wall_us - cost->programs_us - cost->own_us;
    json_set_real(object, "wall_s", seconds(cost->wall_us));
    struct json *timing = json_set_object(object, "timing");
    json_set_real(timing, "programs_cpu_s", seconds(cost->programs_us));
    json_set_real(timing, "rollcall_cpu_s", seconds(cost->own_us));
    json_set_real(timing, "idle_s", seconds(idle_us > 0 ? idle_us : 0));
    for (int phase = 0; phase < LAB_PHASES; phase++)
        json_set_real(timing, phases[phase], seconds(cost->phase_us[phase]));
    json_set_int(timing, "jumps", (int64_t)cost->jumps);
    json_set_int(timing, "answers", (int64_t)cost->answers);
}

static int set_run(struct json *object, const struct forms_run *run)
{
    set_resolver(object, run);
    set_result(object, run);
    add_outages(object, run->result);
    add_differences(object, run->result);
    set_rate(object, &run->result->rate);
    add_steps(object, run);
    add_users(object, run->evidence);
    add_states(object, run->evidence);
    add_signals(object, run->evidence);
    add_events(object, run->evidence);
    if (run->cost)
        set_timing(object, run->cost);
    return add_days(object, run);
}

int forms_json(const struct forms_report *report, struct text *ret_text)
{
    struct json *root = json_new_object();
    int err = root ? 0 : ERR_NOMEM;
    json_set_string(root, "schema", SCHEMA);
    json_set_string(root, "verdict", verdict_name(forms_verdict(report)));
    struct json *runs = json_set_array(root, "runs");
    for (size_t i = 0; i < report->count && !err; i++)
        err = set_run(json_add_object(runs), &report->runs[i]);
    err = err ? err : json_write(root, true, ret_text);
    json_free(root);
    return err;
}

int forms_jsonl(const struct forms_run *run, struct text *ret_text)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", SCHEMA);
    int err = root ? set_run(root, run) : ERR_NOMEM;
    err = err ? err : json_write(root, false, ret_text);
    json_free(root);
    return err;
}
