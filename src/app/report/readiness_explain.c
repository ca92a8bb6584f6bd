/* One source: the rules in their order, with what was counted for each, up to the one that holds. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include "base/utc.h"
#include "core/zone/address.h"
#include "io/json/json.h"

#include <inttypes.h>

static void explain_json(
    const struct readiness *readiness, size_t i, const struct classify_source *source, struct text *text)
{
    const struct classify_evidence *evidence = &source->evidence;
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = {{"days", evidence->days}, {"queries", evidence->queries}, {"answers", evidence->answers},
        {"tcp", evidence->tcp}, {"edns", evidence->edns}, {"dnssec_ok", evidence->dnssec_ok},
        {"recursion_desired", evidence->recursion_desired},
        {"checking_disabled", evidence->checking_disabled}, {"dnskey", evidence->dnskey},
        {"zone_dnskey", evidence->zone_dnskey}, {"zone_dnskey_days", evidence->zone_dnskey_days},
        {"truncated", evidence->truncated}, {"too_big", evidence->too_big},
        {"reassembly", evidence->reassembly}, {"invalid", evidence->invalid}, {"signals", evidence->signals},
        {"signals_rd", evidence->signals_rd}, {"old_signals", evidence->old_signals},
        {"new_signals", evidence->new_signals}, {"neither_signals", evidence->neither_signals},
        {"signal_days", evidence->signal_days}, {"old_days", evidence->old_days},
        {"new_days", evidence->new_days}, {"neither_days", evidence->neither_days},
        {"both_days", evidence->both_days}, {"late_signals", evidence->late_signals},
        {"late_days", evidence->late_days}, {"regressions", evidence->regressions},
        {"recent_signals", evidence->recent_signals}, {"recent_dnskey", evidence->recent_dnskey},
        {"recent_days", evidence->recent_days}};
    struct classify_step steps[CLASSIFY_STEPS];
    char address[ADDRESS_TEXT];
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.report-source/1");
    json_set_string(root, "source", address_text(evidence->source, address));
    json_set_string(root, "class", classify_name(source->class));
    json_set_string(root, "meaning", classify_meaning(source->class));
    json_set_time(root, "first", evidence->first_us);
    json_set_time(root, "last", evidence->last_us);
    struct json *object = json_set_object(root, "evidence");
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++)
        json_set_int(object, counters[c].name, (int64_t)readiness_sum(counters[c].value, 0));
    struct json *list = json_set_array(root, "collectors");
    for (size_t c = 0; c < readiness->collector_count && c < CLASSIFY_MAX_COLLECTORS; c++)
        if (evidence->collectors >> c & 1)
            json_add_string(list, readiness->collectors[c]);
    struct json *rules = json_set_array(root, "rules");
    size_t count = classify_explain(readiness->classify, i, steps);
    for (size_t s = 0; s < count; s++) {
        struct json *rule = json_add_object(rules);
        json_set_string(rule, "class", classify_name(steps[s].class));
        json_set_bool(rule, "holds", steps[s].holds);
        json_set_string(rule, "text", steps[s].text);
    }
    if (json_write(root, true, text))
        text->failed = true;
    json_free(root);
}

static void explain_table(
    const struct readiness *readiness, size_t i, const struct classify_source *source, struct text *text)
{
    const struct classify_evidence *evidence = &source->evidence;
    struct classify_step steps[CLASSIFY_STEPS];
    char address[ADDRESS_TEXT], first[UTC_TEXT], last[UTC_TEXT];
    text_printf(text, "%s: %s, %s\n\n", address_text(evidence->source, address), classify_name(source->class),
        classify_meaning(source->class));
    size_t count = classify_explain(readiness->classify, i, steps);
    for (size_t s = 0; s < count; s++)
        text_printf(text, "  %-14s %-3s %s\n", classify_name(steps[s].class), steps[s].holds ? "yes" : "no",
            steps[s].text);
    text_printf(text,
        "\nSeen from %s to %s on %u days: %" PRIu64 " queries (%" PRIu64 " with DO, %" PRIu64
        " with RD), %" PRIu64 " DNSKEY queries for the zone; %" PRIu64 " signals: %" PRIu64
        " with the old key alone, %" PRIu64 " with the new one, %" PRIu64 " with neither.",
        utc_format(evidence->first_us, first), utc_format(evidence->last_us, last), evidence->days,
        evidence->queries, evidence->dnssec_ok, evidence->recursion_desired, evidence->zone_dnskey,
        evidence->signals, evidence->old_signals, evidence->new_signals, evidence->neither_signals);
    if (evidence->regressions)
        text_printf(
            text, " It went back from the new key to the old one alone, times: %u.", evidence->regressions);
    text_add(text, "\nSeen by:");
    for (size_t c = 0; c < readiness->collector_count && c < CLASSIFY_MAX_COLLECTORS; c++)
        if (evidence->collectors >> c & 1) {
            text_add(text, " ");
            report_add_name(text, readiness->collectors[c]);
        }
    text_add(text, "\n");
}

int readiness_explain(const struct readiness *readiness, const uint8_t source[16], bool json,
    struct text *ret_text, struct err_note *note)
{
    struct classify_source found;
    char address[ADDRESS_TEXT];
    size_t i;
    if (!classify_find(readiness->classify, source, &i))
        return err_set(
            note, ERR_NOINPUT, "the store has nothing of %s in this time", address_text(source, address));
    classify_source(readiness->classify, i, &found);
    (json ? explain_json : explain_table)(readiness, i, &found, ret_text);
    return ret_text->failed ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}
