/* classify_model: the rules of classify once more, for tests: rows in an array, days in arrays, no batches,
 * no tables, no cleverness. One source at a time, from all rows. */
#ifndef CORE_ROLL_CLASSIFY_MODEL_H
#define CORE_ROLL_CLASSIFY_MODEL_H

#include "base/utc.h"
#include "core/roll/classify.h"

#include <string.h>

enum { MODEL_DAYS = CLASSIFY_MAX_DAYS };

struct model_row {
    unsigned collector;
    bool is_traffic;
    struct tally_row row;
    struct tally_traffic traffic;
};

struct model {
    const struct classify_roll *roll;
    const struct classify_limits *limits;
    int64_t from_us, to_us; /* from: a day's begin */
    const struct model_row *rows;
    size_t count;
};

struct model_day {
    bool seen, dnskey;
    uint64_t signals[CLASSIFY_WORDS], dnskeys;
    int64_t old_first_us, old_last_us;
};

static inline enum classify_word model_word(const struct model *model, const char *tags)
{
    uint16_t tag[TASIGNAL_MAX_OPTION];
    unsigned count;
    enum classify_word word = CLASSIFY_SAYS_NEITHER;
    if (sighting_tags_parse(tags, tag, &count) != 0)
        return CLASSIFY_SAYS_NOTHING;
    for (unsigned i = 0; i < count; i++)
        if (tag[i] == model->roll->old_tag ||
            (model->roll->has_old_revoked && tag[i] == model->roll->old_revoked_tag))
            word = CLASSIFY_SAYS_OLD;
    for (unsigned i = 0; i < count; i++)
        if (tag[i] == model->roll->new_tag)
            word = CLASSIFY_SAYS_NEW;
    return word;
}

static inline void model_first(int64_t *first_us, int64_t *last_us, bool was, int64_t from_us, int64_t to_us)
{
    *first_us = was && *first_us < from_us ? *first_us : from_us;
    *last_us = was && *last_us > to_us ? *last_us : to_us;
}

static inline void model_traffic(const struct tally_traffic *row, struct classify_evidence *e)
{
    e->queries += row->queries;
    e->answers += row->answers;
    e->tcp += row->tcp;
    e->edns += row->edns;
    e->dnssec_ok += row->dnssec_ok;
    e->recursion_desired += row->recursion_desired;
    e->checking_disabled += row->checking_disabled;
    e->dnskey += row->dnskey;
    e->names |= row->names;
    e->ports |= row->ports;
    if (row->udp_size_least && (!e->udp_size_least || row->udp_size_least < e->udp_size_least))
        e->udp_size_least = row->udp_size_least;
    if (row->udp_size_most > e->udp_size_most)
        e->udp_size_most = row->udp_size_most;
}

static inline void model_signal(const struct model *model, const struct tally_row *row,
    struct classify_evidence *e, struct model_day *day)
{
    enum classify_word word = model_word(model, row->tags);
    if (word == CLASSIFY_SAYS_NOTHING) {
        e->invalid += row->count;
        return;
    }
    if (word == CLASSIFY_SAYS_OLD) {
        model_first(&e->old_first_us, &e->old_last_us, e->old_signals, row->first_us, row->last_us);
        model_first(&day->old_first_us, &day->old_last_us, day->signals[word], row->first_us, row->last_us);
        e->old_signals += row->count;
    }
    if (word == CLASSIFY_SAYS_NEW) {
        model_first(&e->new_first_us, &e->new_last_us, e->new_signals, row->first_us, row->last_us);
        e->new_signals += row->count;
    }
    if (word == CLASSIFY_SAYS_NEITHER) {
        model_first(
            &e->neither_first_us, &e->neither_last_us, e->neither_signals, row->first_us, row->last_us);
        e->neither_signals += row->count;
    }
    day->signals[word] += row->count;
    e->signals += row->count;
    e->signals_rd += row->recursion_desired;
}

static inline void model_row(const struct model *model, const struct tally_row *row,
    struct classify_evidence *e, struct model_day *day)
{
    switch (row->kind) {
    case SIGHTING_TA_NULL:
    case SIGHTING_TA_A:
    case SIGHTING_OPTION:
        model_signal(model, row, e, day);
        break;
    case SIGHTING_DNSKEY:
        e->zone_dnskey += row->count;
        e->zone_dnskey_do += row->dnssec_ok;
        day->dnskeys += row->count;
        break;
    case SIGHTING_DNSKEY_ANSWER:
        e->truncated += row->truncated;
        break;
    case SIGHTING_TOO_BIG:
        e->too_big += row->count;
        break;
    case SIGHTING_REASSEMBLY:
        e->reassembly += row->count;
        break;
    case SIGHTING_INVALID:
        e->invalid += row->count;
        break;
    }
}

static inline bool model_old_only(const struct model_day *day)
{
    return day->signals[CLASSIFY_SAYS_OLD] && !day->signals[CLASSIFY_SAYS_NEW];
}

static inline uint64_t model_said(const struct model_day *day)
{
    return day->signals[CLASSIFY_SAYS_OLD] + day->signals[CLASSIFY_SAYS_NEW] +
           day->signals[CLASSIFY_SAYS_NEITHER];
}

static inline int64_t model_deadline(const struct model *model)
{
    return model->roll->trust_us == UTC_OPEN
               ? UTC_OPEN
               : model->roll->trust_us + model->limits->value[CLASSIFY_MARGIN_HOURS] * UTC_HOUR +
                     model->limits->value[CLASSIFY_MARGIN_SECONDS] * UTC_SECOND;
}

static inline void model_late(
    const struct model *model, const struct model_day *days, int count, struct classify_evidence *e)
{
    int64_t deadline_us = model_deadline(model);
    for (int i = count - 1; i >= 0 && !days[i].signals[CLASSIFY_SAYS_NEW]; i--) {
        uint64_t late = days[i].signals[CLASSIFY_SAYS_OLD];
        int64_t day_us = model->from_us + i * UTC_DAY;
        if (late == 0 || days[i].old_last_us < deadline_us)
            continue;
        if (day_us < deadline_us && days[i].old_first_us < deadline_us)
            late = 1;
        e->late_signals += (uint32_t)(late < UINT16_MAX ? late : UINT16_MAX);
        e->late_days++;
    }
}

static inline void model_days(
    const struct model *model, const struct model_day *days, int count, struct classify_evidence *e)
{
    const struct model_day *before = NULL; /* the nearest one with signals */
    int recent = count - (int)model->limits->value[CLASSIFY_FAILING_DAYS];
    for (int i = 0; i < count; i++) {
        const struct model_day *day = &days[i];
        e->days += day->seen;
        e->zone_dnskey_days += day->dnskeys > 0;
        e->old_days += day->signals[CLASSIFY_SAYS_OLD] > 0;
        e->new_days += day->signals[CLASSIFY_SAYS_NEW] > 0;
        e->neither_days += day->signals[CLASSIFY_SAYS_NEITHER] > 0;
        e->both_days += day->signals[CLASSIFY_SAYS_OLD] && day->signals[CLASSIFY_SAYS_NEW];
        e->signal_days += model_said(day) > 0;
        if (i >= recent) {
            e->recent_days += model_said(day) > 0 || day->dnskeys > 0;
            e->recent_signals += (uint32_t)model_said(day);
            e->recent_dnskey += (uint32_t)day->dnskeys;
        }
        e->regressions += model_old_only(day) && before && before->signals[CLASSIFY_SAYS_NEW] &&
                          !before->signals[CLASSIFY_SAYS_OLD];
        before = model_said(day) ? day : before;
    }
    for (int i = count - 1, latest = 0; i >= 0 && i >= recent && latest < 2; i--) {
        uint32_t signals = (uint32_t)model_said(&days[i]), dnskey = (uint32_t)days[i].dnskeys;
        latest += signals || dnskey;
        e->most_signals = signals > e->most_signals ? signals : e->most_signals;
        e->most_dnskey = dnskey > e->most_dnskey ? dnskey : e->most_dnskey;
    }
    model_late(model, days, count, e);
}

static inline void model_evidence(
    const struct model *model, const uint8_t source[16], struct classify_evidence *e)
{
    struct model_day days[MODEL_DAYS] = {0};
    bool any = false;
    memset(e, 0, sizeof *e);
    memcpy(e->source, source, 16);
    for (size_t i = 0; i < model->count; i++) {
        const struct model_row *row = &model->rows[i];
        const uint8_t *of = row->is_traffic ? row->traffic.source : row->row.source;
        int64_t hour_us = row->is_traffic ? row->traffic.hour_us : row->row.hour_us;
        if (memcmp(of, source, 16) != 0 || hour_us < model->from_us || hour_us >= model->to_us)
            continue;
        struct model_day *day = &days[(hour_us - model->from_us) / UTC_DAY];
        day->seen = true;
        e->collectors |= UINT64_C(1) << row->collector;
        model_first(&e->first_us, &e->last_us, any,
            row->is_traffic ? row->traffic.first_us : row->row.first_us,
            row->is_traffic ? row->traffic.last_us : row->row.last_us);
        any = true;
        if (row->is_traffic)
            model_traffic(&row->traffic, e);
        else
            model_row(model, &row->row, e, day);
    }
    model_days(model, days, (int)((model->to_us - 1 - model->from_us) / UTC_DAY) + 1, e);
    const int64_t said_us[] = {0, e->old_last_us, e->new_last_us, e->neither_last_us};
    const enum classify_word ranks[] = {CLASSIFY_SAYS_NEITHER, CLASSIFY_SAYS_OLD, CLASSIFY_SAYS_NEW};
    for (int i = 0; i < 3; i++)
        if (said_us[ranks[i]] && (!e->last_word || said_us[ranks[i]] >= said_us[e->last_word]))
            e->last_word = ranks[i];
}

/* `cluster`: whether it belongs to one. */
static inline enum classify_class model_class(
    const struct model *model, const struct classify_evidence *e, bool cluster)
{
    const uint32_t *limit = model->limits->value;
    uint64_t traffic = e->queries > e->answers ? e->queries : e->answers;
    uint64_t said = e->signals + e->zone_dnskey, asked = traffic > said ? traffic : said;
    uint64_t others = traffic > e->signals ? traffic - e->signals : 0;
    bool relay = e->signals && e->signals_rd * 100 >= e->signals * limit[CLASSIFY_RELAY_PERCENT];
    bool mixed = e->both_days >= limit[CLASSIFY_MIXED_DAYS] || e->regressions >= limit[CLASSIFY_MIXED_DAYS];
    if (cluster)
        return CLASSIFY_APPLICATION;
    if (e->most_dnskey >= limit[CLASSIFY_FAILING_DNSKEY] ||
        (!relay && !mixed && e->most_signals >= limit[CLASSIFY_FAILING_SIGNALS]))
        return CLASSIFY_FAILING;
    if (e->days <= limit[CLASSIFY_EPHEMERAL_DAYS] && asked <= limit[CLASSIFY_EPHEMERAL_QUERIES])
        return CLASSIFY_EPHEMERAL;
    if (relay || mixed)
        return relay ? CLASSIFY_RELAY : CLASSIFY_MIXED;
    if (e->last_word == CLASSIFY_SAYS_NEW)
        return CLASSIFY_READY;
    if (e->last_word == CLASSIFY_SAYS_OLD && model->to_us <= model_deadline(model))
        return CLASSIFY_WAITING;
    if (e->last_word == CLASSIFY_SAYS_OLD)
        return e->late_signals >= limit[CLASSIFY_CONFIRM_SIGNALS] &&
                       e->late_days >= limit[CLASSIFY_CONFIRM_DAYS] &&
                       others >= limit[CLASSIFY_CONFIRM_QUERIES]
                   ? CLASSIFY_OLD_ONLY
                   : CLASSIFY_OLD_ONLY_WEAK;
    if (e->last_word == CLASSIFY_SAYS_NEITHER)
        return CLASSIFY_NEITHER;
    uint64_t with_do = e->queries ? e->dnssec_ok : e->zone_dnskey_do,
             of = e->queries ? e->queries : e->zone_dnskey;
    return e->zone_dnskey_days >= limit[CLASSIFY_SILENT_DAYS] &&
                   with_do * 100 >= of * limit[CLASSIFY_SILENT_DO_PERCENT]
               ? CLASSIFY_SILENT
               : CLASSIFY_NON_VALIDATOR;
}

#endif
