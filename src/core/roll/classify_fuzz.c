/* Rows as a damaged or foreign store might give them: a head (when the margin ends, how long is judged, three
 * limits), then rows of ROW octets, some followed by a tag set. What comes out must agree with itself. */
#include "core/roll/classify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { HEAD = 8, ROW = 12, MOST_TAGS = 32 };

static const int64_t begin_us = 17000 * UTC_DAY;

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Small numbers, and now and then the greatest. */
static uint64_t number_of(uint8_t octet)
{
    return octet < 200 ? octet : UINT64_MAX >> (octet & 63);
}

static int64_t time_of(int64_t hour_us, uint8_t octet)
{
    return octet == 255 ? INT64_MAX : octet == 254 ? INT64_MIN : hour_us + octet * UTC_MINUTE - UTC_HOUR;
}

static void take(struct classify *classify, const uint8_t *at, const char *tags)
{
    int64_t hour = ((int64_t)at[1] << 8 | at[2]) - 24;
    int64_t hour_us = at[1] == 255 ? INT64_MIN : at[1] == 254 ? INT64_MAX : begin_us + hour * UTC_HOUR;
    int64_t first_us = at[1] > 253 ? 0 : time_of(hour_us, at[3]),
            last_us = at[1] > 253 ? 0 : time_of(hour_us, at[4]);
    uint8_t source[16] = {[0] = at[5] & 3, [15] = at[5] >> 4};
    if (at[0] & 128) {
        struct tally_traffic traffic = {.hour_us = hour_us,
            .queries = number_of(at[6]),
            .answers = at[7],
            .dnssec_ok = number_of(at[8]),
            .names = UINT64_C(1) << (at[9] & 63) | at[9] >> 6,
            .ports = at[10],
            .udp_size_least = at[11],
            .udp_size_most = at[11],
            .first_us = first_us,
            .last_us = last_us};
        memcpy(traffic.source, source, 16);
        must(classify_traffic(classify, at[5], &traffic) == 0);
        return;
    }
    struct tally_row row = {.hour_us = hour_us,
        .zone = at[0] & 64 ? "." : "",
        .kind = at[0] & 15,
        .transport = at[0] >> 4 & 3,
        .tags = tags,
        .count = number_of(at[6]),
        .recursion_desired = number_of(at[7]),
        .dnssec_ok = number_of(at[8]),
        .truncated = at[9],
        .first_us = first_us,
        .last_us = last_us};
    memcpy(row.source, source, 16);
    must(classify_row(classify, at[5] >> 2, &row) == 0);
}

static void check_source(const struct classify *classify, size_t i)
{
    struct classify_source source;
    struct classify_step steps[CLASSIFY_STEPS];
    const struct classify_evidence *e = &source.evidence;
    uint32_t days = (uint32_t)classify_day_count(classify);
    size_t found;
    classify_source(classify, i, &source);
    must(classify_find(classify, e->source, &found) && found == i);
    must(i == 0 || memcmp(classify_address(classify, i - 1), e->source, 16) < 0);
    must(source.class < CLASSIFY_CLASSES && source.class == classify_class_of(classify, i));
    must(e->collectors && e->first_us <= e->last_us && e->days && e->days <= days);
    must(e->signal_days <= e->days && e->zone_dnskey_days <= e->days && e->both_days <= e->old_days &&
         e->both_days <= e->new_days && e->old_days <= e->signal_days);
    must(e->late_days <= e->old_days && e->late_signals <= e->old_signals && e->late_days <= e->late_signals);
    must(e->regressions <= e->old_days && e->regressions <= e->new_days && e->recent_days <= e->days);
    must(e->most_signals <= e->recent_signals && e->most_dnskey <= e->recent_dnskey);
    must(e->signals_rd <= e->signals && e->zone_dnskey_do <= e->zone_dnskey);
    must((e->last_word == CLASSIFY_SAYS_NOTHING) == (e->signals == 0));
    must(e->cluster <= classify_cluster_count(classify));
    size_t count = classify_explain(classify, i, steps);
    must(count > 0 && steps[count - 1].holds && steps[count - 1].class == source.class);
    for (size_t step = 0; step < count; step++)
        must(
            steps[step].holds == (step + 1 == count) && memchr(steps[step].text, 0, sizeof steps[step].text));
}

static void check(struct classify *classify)
{
    struct classify_cluster cluster;
    struct classify_day day;
    size_t members = 0, in_clusters = 0;
    must(classify_finish(classify) == 0);
    for (size_t i = 0; i < classify_count(classify); i++) {
        struct classify_source source;
        check_source(classify, i);
        classify_source(classify, i, &source);
        members += source.evidence.cluster != 0;
    }
    for (size_t number = 1; number <= classify_cluster_count(classify); number++) {
        classify_cluster(classify, number, &cluster);
        in_clusters += cluster.sources;
        must(cluster.sources ==
             cluster.old_sources + cluster.new_sources + cluster.neither_sources + cluster.silent_sources);
    }
    must(members == in_clusters);
    for (size_t i = 0; i < classify_day_count(classify); i++) {
        classify_day(classify, i, &day);
        must(day.signalling <= day.seen && day.seen <= classify_count(classify));
        must(day.old_only + day.with_new + day.neither >= day.signalling);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct classify_limits limits;
    struct classify *classify;
    if (length < HEAD)
        return 0;
    struct classify_roll roll = {.old_tag = 0x4a5c,
        .new_tag = 0x4f66,
        .has_old_revoked = bytes[0] & 1,
        .old_revoked_tag = 0x4adc,
        .trust_us = bytes[1] == 255 ? UTC_OPEN : begin_us + bytes[1] * 12 * UTC_HOUR - UTC_DAY};
    classify_limits_usual(&limits);
    limits.value[CLASSIFY_CLUSTER_SOURCES] = 2 + bytes[4] % 4;
    limits.value[CLASSIFY_MIXED_DAYS] = 1 + bytes[5] % 4;
    limits.value[CLASSIFY_FAILING_DAYS] = 1 + bytes[6];
    int64_t to_us = begin_us + 1 + (((int64_t)bytes[2] << 8 | bytes[3]) % (300 * 24)) * UTC_HOUR;
    must(classify_new(&roll, &limits, begin_us, to_us, bytes[7], &classify, NULL) == 0);
    for (bytes += HEAD, length -= HEAD; length >= ROW;) {
        const uint8_t *at = bytes;
        char tags[MOST_TAGS] = "";
        bytes += ROW, length -= ROW;
        if (!(at[0] & 128)) {
            size_t size = at[11] % MOST_TAGS < length ? at[11] % MOST_TAGS : length;
            memcpy(tags, bytes, size);
            bytes += size, length -= size;
        }
        take(classify, at, tags);
    }
    check(classify);
    classify_free(classify);
    return 0;
}
