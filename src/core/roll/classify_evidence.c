/* What follows from the numbers and days of one source. Days are walked from the latest to the earliest. */
#include "core/roll/classify_inside.h"

#include <string.h>

/* The bits of the block's days from `day` on. */
static uint32_t days_from(uint32_t block, uint32_t day)
{
    uint32_t first = block * STRETCH_DAYS;
    if (day <= first)
        return UINT32_MAX;
    return day - first < STRETCH_DAYS ? UINT32_MAX << (day - first) : 0;
}

static uint32_t bits(uint32_t days)
{
    return (uint32_t)__builtin_popcount(days);
}

enum classify_word classify_last_word(const struct classify_voice *voice)
{
    static const enum classify_word by_rank[] = {CLASSIFY_SAYS_NEW, CLASSIFY_SAYS_OLD, CLASSIFY_SAYS_NEITHER};
    enum classify_word last = CLASSIFY_SAYS_NOTHING;
    for (size_t i = 0; voice && i < sizeof by_rank / sizeof *by_rank; i++)
        if (classify_told(voice, by_rank[i])->signals &&
            (!last || classify_told(voice, by_rank[i])->last_us > classify_told(voice, last)->last_us))
            last = by_rank[i];
    return last;
}

/* Backwards: a regression is met at its later day first. */
uint32_t classify_regressions(const struct classify *classify, const struct classify_part *part)
{
    const struct classify_voice *voice = classify_voice_of(classify, part);
    uint32_t regressions = 0;
    bool later_is_old = false;
    if (!voice || !classify_told(voice, CLASSIFY_SAYS_OLD)->signals ||
        !classify_told(voice, CLASSIFY_SAYS_NEW)->signals)
        return 0;
    const struct classify_said *said;
    for (struct classify_walk walk = classify_walk_said(classify, part->voice);
         (said = classify_earlier(&walk));) {
        uint32_t old = said->days[CLASSIFY_SAYS_OLD], with_new = said->days[CLASSIFY_SAYS_NEW];
        uint32_t any = old | with_new | said->days[CLASSIFY_SAYS_NEITHER];
        while (any) {
            uint32_t bit = UINT32_C(1) << (31 - __builtin_clz(any));
            regressions += later_is_old && (with_new & bit) && !(old & bit);
            later_is_old = (old & bit) && !(with_new & bit);
            any ^= bit;
        }
    }
    return regressions;
}

/* How many of the signals of one late day came after the deadline for certain. By the day, so that rows which
 * were summed tell the same. */
static uint32_t late_of_day(
    const struct classify *classify, const struct classify_voice *voice, uint32_t day, uint16_t count)
{
    if (day > classify->late_day || voice->edge_first_us >= classify->deadline_us)
        return count;
    return voice->edge_last_us >= classify->deadline_us ? 1 : 0;
}

/* Days with the old key alone from the deadline on, back to the last one with the new key. */
static void tell_late(const struct classify *classify, const struct classify_part *part,
    const struct classify_voice *voice, struct classify_evidence *ret)
{
    const struct classify_said *said;
    for (struct classify_walk walk = classify_walk_said(classify, part->voice);
         (said = classify_earlier(&walk));) {
        uint32_t with_new = said->days[CLASSIFY_SAYS_NEW];
        uint32_t late = said->days[CLASSIFY_SAYS_OLD] & days_from(said->link.block, classify->late_day);
        if (with_new)
            late &= (uint32_t) ~((UINT64_C(2) << (31 - __builtin_clz(with_new))) - 1);
        for (; late; late &= late - 1) {
            uint32_t in_block = (uint32_t)__builtin_ctz(late);
            uint32_t count =
                late_of_day(classify, voice, said->link.block * STRETCH_DAYS + in_block, said->old[in_block]);
            ret->late_signals += count;
            ret->late_days += count > 0;
        }
        if (with_new)
            return;
    }
}

static void tell_said(
    const struct classify *classify, const struct classify_part *part, struct classify_evidence *ret)
{
    const struct classify_said *said;
    for (struct classify_walk walk = classify_walk_said(classify, part->voice);
         (said = classify_earlier(&walk));) {
        uint32_t old = said->days[CLASSIFY_SAYS_OLD], with_new = said->days[CLASSIFY_SAYS_NEW];
        uint32_t neither = said->days[CLASSIFY_SAYS_NEITHER];
        ret->signal_days += bits(old | with_new | neither);
        ret->old_days += bits(old);
        ret->new_days += bits(with_new);
        ret->neither_days += bits(neither);
        ret->both_days += bits(old & with_new);
    }
}

static void tell_voice(const struct classify *classify, const struct classify_part *part,
    const struct classify_voice *voice, struct classify_evidence *ret)
{
    ret->zone_dnskey = voice->zone_dnskey;
    ret->zone_dnskey_do = voice->zone_dnskey_do;
    ret->truncated = voice->truncated;
    ret->too_big = voice->too_big;
    ret->reassembly = voice->reassembly;
    ret->invalid = voice->invalid;
    ret->recent_signals = voice->recent_signals;
    ret->recent_dnskey = voice->recent_dnskey;
    for (size_t i = 0; i < sizeof voice->latest / sizeof *voice->latest; i++) {
        const struct classify_latest *latest = &voice->latest[i];
        ret->most_signals = latest->signals > ret->most_signals ? latest->signals : ret->most_signals;
        ret->most_dnskey = latest->dnskey > ret->most_dnskey ? latest->dnskey : ret->most_dnskey;
    }
    ret->last_word = classify_last_word(voice);
    if (!ret->last_word)
        return;
    const struct {
        uint64_t *signals;
        int64_t *first_us, *last_us;
        enum classify_word word;
    } words[] = {
        {&ret->old_signals, &ret->old_first_us, &ret->old_last_us, CLASSIFY_SAYS_OLD},
        {&ret->new_signals, &ret->new_first_us, &ret->new_last_us, CLASSIFY_SAYS_NEW},
        {&ret->neither_signals, &ret->neither_first_us, &ret->neither_last_us, CLASSIFY_SAYS_NEITHER},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct classify_told *told = classify_told(voice, words[i].word);
        *words[i].signals = told->signals;
        ret->signals = classify_sum(ret->signals, told->signals);
        *words[i].first_us = told->signals ? told->first_us : 0;
        *words[i].last_us = told->signals ? told->last_us : 0;
    }
    ret->signals_rd = voice->signals_rd;
    tell_said(classify, part, ret);
    if (ret->old_signals)
        tell_late(classify, part, voice, ret);
    ret->regressions = classify_regressions(classify, part);
}

void classify_tell_evidence(const struct classify *classify, uint32_t number, struct classify_evidence *ret)
{
    const struct classify_part *part = classify_part_at(classify, number);
    const struct classify_load *load = classify_load_at(classify, number);
    *ret = (struct classify_evidence){.collectors = part->collectors,
        .first_us = part->first_us,
        .last_us = part->last_us,
        .queries = load->queries,
        .answers = load->answers,
        .tcp = load->tcp,
        .edns = load->edns,
        .dnssec_ok = load->dnssec_ok,
        .recursion_desired = load->recursion_desired,
        .checking_disabled = load->checking_disabled,
        .dnskey = load->dnskey,
        .names = load->names,
        .ports = load->ports,
        .udp_size_least = load->udp_size_least,
        .udp_size_most = load->udp_size_most,
        .cluster = part->cluster};
    memcpy(ret->source, part->address, sizeof ret->source);
    const struct classify_stretch *stretch;
    for (struct classify_walk walk = classify_walk_seen(classify, number);
         (stretch = classify_earlier(&walk));) {
        ret->days += bits(stretch->seen);
        ret->zone_dnskey_days += bits(stretch->dnskey);
        ret->recent_days +=
            bits((stretch->dnskey | stretch->signal) & days_from(stretch->link.block, classify->recent_day));
    }
    const struct classify_voice *voice = classify_voice_of(classify, part);
    if (voice)
        tell_voice(classify, part, voice, ret);
}
