#include "cmd/observe_tell.h"

#include "base/utc.h"
#include "cmd/cmd.h"
#include "io/proc/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void observe_tell_start(
    struct observe_tell *tell, const char *store, const char *collector, bool json, bool quiet)
{
    *tell = (struct observe_tell){.store = store, .collector = collector, .json = json, .quiet = quiet};
    progress_start(&tell->progress, quiet);
    text_start(&tell->lines);
    if (!json)
        return;
    tell->document = json_new_object();
    json_set_string(tell->document, "schema", "rollcall.observe/1");
    json_set_string(tell->document, "store", store);
    json_set_string(tell->document, "collector", collector);
    tell->inputs = json_set_array(tell->document, "inputs");
}

/* ---- progress ---- */

static double per_second(uint64_t count, int64_t us)
{
    return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

void observe_tell_progress(void *context, const struct observe_progress *progress)
{
    struct observe_tell *tell = context;
    int64_t us;
    tell->octets = progress->octets;
    if (!progress_due(&tell->progress, &us))
        return;
    struct text line;
    text_start(&line);
    if (progress->size)
        progress_bar(&line, (double)progress->offset / (double)progress->size);
    text_printf(&line, "%" PRIu64 " records, %.0f MB/s", progress->records,
        per_second(tell->octets_before + progress->octets, us) / 1e6);
    if (progress->dropped)
        text_printf(&line, ", %" PRIu64 " dropped", progress->dropped);
    text_add(&line, "  ");
    text_add_safe(&line, progress->name);
    progress_draw(&tell->progress, &line);
    text_free(&line);
}

/* ---- one input ---- */

static const char *known_word(const struct observe_done *done)
{
    return done->known && done->known == done->records ? "nothing new" : "";
}

static void add_json(struct json *inputs, const struct observe_done *done)
{
    struct json *input = json_add_object(inputs);
    json_set_string(input, "name", done->name);
    json_set_string(input, "format", done->format[0] ? done->format : NULL);
    json_set_string(input, "compression", done->filter[0] ? done->filter : NULL);
    json_set_int(input, "records", (int64_t)done->records);
    json_set_int(input, "known", (int64_t)done->known);
    json_set_int(input, "overlapped", (int64_t)done->overlapped);
    json_set_int(input, "dropped", (int64_t)done->dropped);
    json_set_int(input, "other", (int64_t)done->other);
    json_set_time(input, "from", done->to_us ? done->from_us : UTC_OPEN);
    json_set_time(input, "to", done->to_us ? done->to_us : UTC_OPEN);
    json_set_bool(input, "ignored", done->ignored);
    json_set_string(input, "error", done->err ? done->note.text : NULL);
}

static void add_line(struct text *lines, const struct observe_done *done)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    text_add_safe(lines, done->name);
    text_printf(lines, ": %s%s%s, %" PRIu64 " records", done->format, done->filter[0] ? " in " : "",
        done->filter, done->records);
    if (done->to_us)
        text_printf(lines, ", %s to %s", utc_format(done->from_us - done->from_us % UTC_SECOND, from),
            utc_format(done->to_us - done->to_us % UTC_SECOND, to));
    if (known_word(done)[0])
        text_printf(lines, "; %s", known_word(done));
    else if (done->known)
        text_printf(lines, "; %" PRIu64 " of them known before", done->known);
    if (done->overlapped)
        text_printf(
            lines, "; %" PRIu64 " counted before from another input of this collector", done->overlapped);
    if (done->other)
        text_printf(lines, "; %" PRIu64 " blocks or frames without a packet", done->other);
    if (done->dropped)
        text_printf(lines, "; %" PRIu64 " DROPPED before they could be read", done->dropped);
    text_add(lines, "\n");
}

void observe_tell_done(void *context, const struct observe_done *done)
{
    struct observe_tell *tell = context;
    progress_wipe(&tell->progress);
    tell->octets_before += tell->octets;
    tell->octets = 0;
    if (tell->json)
        add_json(tell->inputs, done);
    else if (done->format[0])
        add_line(&tell->lines, done);
    if (done->ignored && !tell->quiet)
        fprintf(stderr, "rollcall observe: left out: %s\n", done->note.text);
    else if (done->err && !done->ignored)
        cmd_fail("observe", done->err, "%s", done->note.text);
}

/* ---- the end ---- */

struct fact {
    const char *name, *words; /* in JSON, for people */
    uint64_t value;
    bool always; /* shown to people also if it is 0 */
};

static void add_facts(struct observe_tell *tell, const char *group, const struct fact *facts, size_t count)
{
    struct json *object = tell->json ? json_set_object(tell->document, group) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (tell->json)
            json_set_int(object, facts[i].name, (int64_t)facts[i].value);
        else if (facts[i].always || facts[i].value)
            text_printf(&tell->lines, "%14" PRIu64 "  %s\n", facts[i].value, facts[i].words);
    }
}

static void add_signals(struct observe_tell *tell, const struct tally_counters *tally)
{
    const uint64_t *kinds = tally->kinds;
    const struct fact facts[] = {
        {"ta_null", "key tag queries (_ta-…, type NULL)", kinds[SIGHTING_TA_NULL], true},
        {"ta_a", "key tag queries of type A", kinds[SIGHTING_TA_A], false},
        {"options", "DNSKEY queries with key tags (EDNS option 14)", kinds[SIGHTING_OPTION], true},
        {"malformed", "malformed signals, counted apart", kinds[SIGHTING_INVALID], true},
        {"is_ta", "sentinel queries root-key-sentinel-is-ta", kinds[SIGHTING_IS_TA], true},
        {"not_ta", "sentinel queries root-key-sentinel-not-ta", kinds[SIGHTING_NOT_TA], true},
        {"dnskey", "DNSKEY queries", kinds[SIGHTING_DNSKEY], true},
        {"dnskey_answers", "DNSKEY answers", kinds[SIGHTING_DNSKEY_ANSWER], false},
    };
    add_facts(tell, "signals", facts, sizeof facts / sizeof *facts);
}

static void add_traffic(struct observe_tell *tell, const struct observe_totals *totals)
{
    const struct wire_counters *wire = &totals->wire;
    const struct tally_counters *tally = &totals->tally;
    const struct fact facts[] = {
        {"packets", "packets", wire->packets, false},
        {"messages", "DNS messages", tally->messages, true},
        {"queries", "queries", tally->queries, true},
        {"answers", "answers", tally->answers, true},
        {"tcp", "of them over TCP", tally->tcp, false},
        {"truncated", "answers truncated (TC)", tally->truncated, false},
        {"icmp_too_big", "ICMP: an answer was too big for the path", wire->icmp_too_big, false},
        {"icmp_reassembly", "ICMP: fragments of an answer did not all arrive", wire->icmp_reassembly, false},
        {"log_lines", "log lines of signals", totals->lines, false},
        {"not_dns", "messages that are no DNS query or answer", tally->not_dns, false},
        {"not_ip", "packets that are not IP", wire->not_ip, false},
        {"other", "packets of something else", wire->other, false},
        {"unknown_link", "packets of an unknown link type", wire->unknown_link, false},
        {"malformed", "packets malformed", wire->malformed, false},
        {"cut", "packets cut by the snap length", wire->cut, false},
        {"fragments", "fragments", wire->fragments, false},
        {"fragments_lost", "datagrams that never became whole", wire->fragments_lost, false},
        {"tcp_gaps", "gaps in TCP streams", wire->tcp_gaps, false},
        {"tcp_lost", "TCP streams lost in the middle of a message", wire->tcp_lost, false},
        {"bad_log_lines", "log lines malformed", totals->bad_lines, false},
        {"bad_times", "records with an impossible time, left out", totals->bad_times, false},
        {"dropped", "lost before they could be read", totals->dropped, false},
        {"unpaired", "questions whose answers may have been counted as well", tally->forgotten, false},
    };
    add_facts(tell, "traffic", facts, sizeof facts / sizeof *facts);
}

static void add_span(struct observe_tell *tell, const struct observe_totals *totals)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    if (tell->json) {
        json_set_time(tell->document, "from", totals->to_us ? totals->from_us : UTC_OPEN);
        json_set_time(tell->document, "to", totals->to_us ? totals->to_us : UTC_OPEN);
        return;
    }
    text_add(&tell->lines, "\nNew in ");
    text_add_safe(&tell->lines, tell->store);
    text_printf(&tell->lines, ", collector %s", tell->collector);
    if (totals->to_us)
        text_printf(&tell->lines, ", %s to %s:\n",
            utc_format(totals->from_us - totals->from_us % UTC_SECOND, from),
            utc_format(totals->to_us - totals->to_us % UTC_SECOND, to));
    else
        text_add(&tell->lines, ": nothing\n");
}

void observe_tell_end(struct observe_tell *tell, const struct observe_totals *totals, struct text *out)
{
    int64_t us = clock_mono_us() - tell->progress.start_us;
    progress_wipe(&tell->progress);
    add_span(tell, totals);
    if (tell->json || totals->segments) {
        add_signals(tell, &totals->tally);
        add_traffic(tell, totals);
    }
    if (tell->json) {
        if (json_write(tell->document, true, out))
            out->failed = true;
        json_free(tell->document);
    } else {
        text_printf(&tell->lines, "%" PRIu64 " records in %.1f s: %.1f million a second, %.0f MB/s\n",
            totals->records, (double)us / 1e6, per_second(totals->records, us) / 1e6,
            per_second(tell->octets_before, us) / 1e6);
        text_add(out, tell->lines.string);
    }
    text_free(&tell->lines);
}
