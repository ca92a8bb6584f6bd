/* rollcall report --by class|prefix|as|country, and --explain: what the store means for a plan. */
#include "cmd/report_parts.h"

#include "base/address.h"
#include "base/log.h"
#include "base/utc.h"
#include "io/yaml/plan_yaml.h"

#include <string.h>

enum { USUAL_DAYS = 30 }; /* back from the moment: who has not been seen for longer may be gone */

static int read_limits(const struct report_options *o, struct report_judging *j, struct err_note *note)
{
    classify_limits_usual(&j->limits);
    for (size_t i = 0; i < o->limit_count; i++) {
        struct err_note why = {""};
        if (classify_limits_set(&j->limits, o->limits[i], &why))
            return err_set(note, ERR_USAGE, "--limit: %s", why.text);
    }
    return 0;
}

static int read_files(const struct report_options *o, struct report_judging *j, struct err_note *note)
{
    int rc = networks_new(&j->networks);
    if (rc)
        return err_set(note, rc, "out of memory");
    for (size_t i = 0; i < o->file_count && !rc; i++)
        rc = o->files[i].read(j->networks, o->files[i].path, note);
    size_t conflicts = rc ? 0 : networks_conflicts(j->networks);
    if (conflicts)
        log_warning(
            "prefixes that are told twice in a file, and differently: %zu; the first counts", conflicts);
    return rc;
}

/* The moment is --to if that is earlier than --now. The zone is the plan's, if none is named. */
static int set_time(const struct report_options *o, struct report_judging *j, struct err_note *note)
{
    int64_t now_us;
    int rc = cmd_now(o->now, &now_us, note);
    if (rc)
        return rc;
    if (j->question.to_us > now_us)
        j->question.to_us = o->now ? now_us : now_us - now_us % UTC_SECOND;
    rc = classify_roll_of(j->plan, j->question.to_us, &j->roll, note);
    if (rc)
        return rc;
    if (!j->question.zone)
        j->question.zone = j->plan->zone;
    if (j->question.from_us == INT64_MIN && !o->trend)
        j->question.from_us = j->question.to_us - USUAL_DAYS * UTC_DAY;
    return j->question.from_us < j->question.to_us
               ? 0
               : err_set(note, ERR_USAGE, "--from is not earlier than the moment that is judged");
}

struct judged {
    struct readiness_wish wish;
    struct readiness readiness;
    uint8_t source[16]; /* to be explained */
};

enum readiness_form report_form(const struct report_options *o)
{
    static const enum readiness_form forms[] = {
        [REPORT_TABLE] = READINESS_TABLE, [REPORT_JSON] = READINESS_JSON, [REPORT_CSV] = READINESS_CSV};
    return forms[o->format];
}

static int write_out(const struct report_options *o, const struct judged *j, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int rc = o->explain ? readiness_explain(&j->readiness, j->source, o->format == REPORT_JSON, &text, note)
                        : readiness_write(&j->readiness, report_form(o), cmd_screen().columns, &text);
    return report_print(&text, rc, note, j->readiness.partial, j->readiness.missing);
}

int report_judging_begin(
    const struct report_options *o, struct arena *arena, struct report_judging *j, struct err_note *note)
{
    int rc = arena ? report_question(o, &j->question, j->zone, note) : ERR_NOMEM;
    rc = rc ? rc : read_limits(o, j, note);
    rc = rc ? rc : plan_yaml_find(o->plan, &j->plan, note);
    rc = rc ? rc : set_time(o, j, note);
    rc = rc ? rc : read_files(o, j, note);
    return rc ? rc : sightings_open(o->store, true, &j->store, note);
}

void report_judging_end(struct report_judging *j)
{
    sightings_close(j->store);
    networks_free(j->networks);
    plan_free(j->plan);
}

int report_judged(const struct report_options *o, struct arena *arena)
{
    struct err_note note = {"out of memory"};
    struct report_judging j = {.plan = NULL};
    struct judged judged = {.wish = {.by = o->readiness_by}};
    int rc = 0;
    if (o->explain && !address_parse(o->explain, strlen(o->explain), judged.source))
        rc = err_set(&note, ERR_USAGE, "--explain: '%s' is no IP address", o->explain);
    rc = rc ? rc : report_judging_begin(o, arena, &j, &note);
    judged.wish = (struct readiness_wish){.by = o->readiness_by,
        .roll = &j.roll,
        .limits = &j.limits,
        .question = &j.question,
        .networks = j.networks};
    rc = rc ? rc : readiness_make(j.store, &judged.wish, arena, &judged.readiness, &note);
    int code = rc ? cmd_fail("report", rc, "%s", note.text) : write_out(o, &judged, &note);
    readiness_free(&judged.readiness);
    report_judging_end(&j);
    return code;
}
