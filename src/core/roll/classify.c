/* From rows to classes: rows make the tables, the tables make clusters, then each source is judged alone. */
#include "core/roll/classify_inside.h"

#include "base/near.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 12 }; /* sources whose memory is asked for before they are judged */

/* ---- classes ---- */

struct class_text {
    const char *name, *meaning;
};

static const struct class_text classes[CLASSIFY_CLASSES] = {
    [CLASSIFY_READY] = {"ready", "Its last word names the new key."},
    [CLASSIFY_WAITING] = {"waiting",
        "It names only the old key, and the hold-down of the new one with its margin "
        "has not ended: that is normal."},
    [CLASSIFY_OLD_ONLY] = {"old-only",
        "It names only the old key, after the hold-down, several times, on several "
        "days, beside ordinary traffic, with one voice: not ready."},
    [CLASSIFY_OLD_ONLY_WEAK] = {"old-only-weak",
        "It named only the old key, but too seldom, or last when that was "
        "normal: not to be counted on."},
    [CLASSIFY_NEITHER] = {"neither", "It names neither key of the roll: its anchors are of another time."},
    [CLASSIFY_MIXED] = {"mixed", "It says both things in turn: several resolvers behind one address."},
    [CLASSIFY_RELAY] = {"relay", "It passes on what others say: a forwarder."},
    [CLASSIFY_EPHEMERAL] = {"ephemeral", "It was there for a day, with hardly any traffic."},
    [CLASSIFY_APPLICATION] = {"application",
        "One of many that ask for the same few names in the same way: copies "
        "of one program, and one finding."},
    [CLASSIFY_FAILING] = {"failing", "It repeats signals or DNSKEY queries as one that cannot validate now."},
    [CLASSIFY_SILENT] = {"silent", "It validates, but never signals: whether it is ready is not known."},
    [CLASSIFY_NON_VALIDATOR] = {"non-validator", "It shows no sign of validation, or too little to tell."},
};

const char *classify_name(enum classify_class class)
{
    return classes[class].name;
}

const char *classify_meaning(enum classify_class class)
{
    return classes[class].meaning;
}

int classify_parse(const char *name, enum classify_class *ret_class)
{
    for (unsigned i = 0; i < CLASSIFY_CLASSES; i++)
        if (strcmp(classes[i].name, name) == 0) {
            *ret_class = i;
            return 0;
        }
    return ERR_USAGE;
}

/* ---- begin and end ---- */

static int64_t day_begin(int64_t time_us)
{
    int64_t day = time_us / UTC_DAY - (time_us % UTC_DAY < 0);
    return day * UTC_DAY;
}

/* The margin does not carry it beyond the end of time. */
int64_t classify_deadline(const struct classify_roll *roll, const struct classify_limits *limits)
{
    int64_t margin_us = limits->value[CLASSIFY_MARGIN_HOURS] * UTC_HOUR +
                        limits->value[CLASSIFY_MARGIN_SECONDS] * UTC_SECOND,
            deadline_us;
    if (__builtin_add_overflow(roll->trust_us, margin_us, &deadline_us))
        return UTC_OPEN;
    return deadline_us;
}

static uint32_t late_day_of(const struct classify *classify)
{
    if (classify->deadline_us < classify->begin_us)
        return 0;
    if (classify->deadline_us >= classify->to_us)
        return CLASSIFY_MAX_DAYS;
    return (uint32_t)((classify->deadline_us - classify->begin_us) / UTC_DAY);
}

int classify_new(const struct classify_roll *roll, const struct classify_limits *limits, int64_t from_us,
    int64_t to_us, uint64_t seed, struct classify **ret_classify, struct err_note *note)
{
    if (from_us >= to_us)
        return err_set(note, ERR_USAGE, "the time to judge ends before it begins");
    if (from_us < UTC_FIRST || to_us > UTC_LAST ||
        (day_begin(to_us - 1) - day_begin(from_us)) / UTC_DAY >= CLASSIFY_MAX_DAYS)
        return err_set(note, ERR_USAGE, "the time to judge has more than %d days", CLASSIFY_MAX_DAYS);
    struct classify *classify = calloc(1, sizeof *classify);
    if (!classify)
        return err_set(note, ERR_NOMEM, "out of memory");
    classify->roll = *roll;
    classify->limits = *limits;
    classify->seed = seed;
    classify->begin_us = day_begin(from_us);
    classify->to_us = to_us;
    classify->days = (uint32_t)((day_begin(to_us - 1) - classify->begin_us) / UTC_DAY) + 1;
    classify->deadline_us = classify_deadline(roll, limits);
    classify->late_day = late_day_of(classify);
    uint32_t recent = limits->value[CLASSIFY_FAILING_DAYS];
    classify->recent_day = classify->days > recent ? classify->days - recent : 0;
    if (classify_table_start(classify) != 0) {
        free(classify);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    *ret_classify = classify;
    return 0;
}

void classify_free(struct classify *classify)
{
    if (!classify)
        return;
    classify_table_free(classify);
    free(classify->order);
    free(classify->clusters);
    free(classify->known);
    free(classify->day_list);
    free(classify);
}

/* ---- order by address ---- */

static uint32_t address_word(const void *context, uint32_t number, unsigned level)
{
    const uint8_t *at = (const uint8_t *)classify_part_at(context, number)->address + level * 4;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void fetch_part(const void *context, uint32_t number)
{
    near_fetch(classify_part_at(context, number));
}

static int sort(struct classify *classify)
{
    size_t count = classify->parts.used;
    classify->order = calloc(count + 1, sizeof *classify->order);
    if (!classify->order)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        classify->order[i] = i + 1;
    const struct order order = {address_word, fetch_part, classify, 4};
    order_slots(&order, classify->order, count);
    return 0;
}

static uint32_t number_at(const struct classify *classify, size_t i)
{
    return (uint32_t)classify->order[i];
}

static struct classify_part *part_at_rank(const struct classify *classify, size_t i)
{
    return classify_part_at(classify, number_at(classify, i));
}

int classify_finish(struct classify *classify)
{
    struct classify_evidence evidence;
    if (classify->finished)
        return ERR_INTERNAL;
    int err = classify_table_settle(classify);
    err = err ? err : sort(classify);
    for (uint32_t i = 0; !err && i < classify->parts.used; i++) {
        struct classify_part *part = part_at_rank(classify, i);
        part->rank = i;
        part->cluster = 0;
    }
    err = err ? err : classify_days_start(classify);
    err = err ? err : classify_clusters_find(classify);
    if (err)
        return err;
    for (uint32_t number = 1; number <= classify->parts.used; number++) { /* as they lie in memory */
        struct classify_part *part = classify_part_at(classify, number);
        classify_table_fetch(classify, number + 2 * AHEAD, false);
        classify_table_fetch(classify, number + AHEAD, true);
        classify_tell_evidence(classify, number, &evidence);
        part->class = (uint8_t)classify_judge(classify, &evidence);
        if (part->cluster && classify_fails(classify, &evidence))
            classify->clusters[part->cluster - 1].failing_sources++;
        classify_days_add(classify, number);
    }
    classify->finished = true;
    return 0;
}

/* ---- sources ---- */

size_t classify_count(const struct classify *classify)
{
    return classify->finished ? classify->parts.used : 0;
}

void classify_source(const struct classify *classify, size_t i, struct classify_source *ret)
{
    ret->class = part_at_rank(classify, i)->class;
    classify_tell_evidence(classify, number_at(classify, i), &ret->evidence);
}

enum classify_class classify_class_of(const struct classify *classify, size_t i)
{
    return part_at_rank(classify, i)->class;
}

uint32_t classify_regressions_of(const struct classify *classify, size_t i)
{
    return classify_regressions(classify, part_at_rank(classify, i));
}

/* Who asks for many asks in their order, more or less, which is not that of memory: what comes next is asked
 * for ahead. */
static void fetch_ahead(const struct classify *classify, size_t i)
{
    if (i + 2 * AHEAD < classify->parts.used) {
        uint32_t number = number_at(classify, i + 2 * AHEAD);
        near_fetch(classify_part_at(classify, number));
        near_fetch(classify_load_at(classify, number));
    }
    if (i + AHEAD < classify->parts.used) {
        const struct classify_voice *voice = classify_voice_of(classify, part_at_rank(classify, i + AHEAD));
        for (size_t line = 0; voice && line < sizeof *voice / CLASSIFY_LINE; line++)
            near_fetch((const uint8_t *)voice + line * CLASSIFY_LINE);
    }
}

void classify_weight(const struct classify *classify, size_t i, struct classify_weight *ret)
{
    fetch_ahead(classify, i);
    const struct classify_part *part = part_at_rank(classify, i);
    const struct classify_load *load = classify_load_at(classify, number_at(classify, i));
    const struct classify_voice *voice = classify_voice_of(classify, part);
    uint64_t queries = load->queries ? load->queries : load->answers, own = voice ? voice->zone_dnskey : 0;
    for (int word = CLASSIFY_SAYS_NOTHING + 1; voice && word < CLASSIFY_WORDS; word++)
        own = classify_sum(own, classify_told(voice, word)->signals);
    *ret = (struct classify_weight){.class = part->class,
        .collectors = part->collectors,
        .queries = queries,
        .ordinary = queries > own ? queries - own : 0,
        .zone_dnskey = voice ? voice->zone_dnskey : 0};
}

const uint8_t *classify_address(const struct classify *classify, size_t i)
{
    if (i + AHEAD < classify->parts.used)
        near_fetch(part_at_rank(classify, i + AHEAD));
    return (const uint8_t *)part_at_rank(classify, i)->address;
}

bool classify_find(const struct classify *classify, const uint8_t source[16], size_t *ret_i)
{
    uint32_t number = classify->finished ? classify_table_find(classify, source) : 0;
    if (number == 0)
        return false;
    *ret_i = classify_part_at(classify, number)->rank;
    return true;
}
