/* Rows become events: what a row says of one roll, in its time, without its strings. */
#include "core/roll/classify_inside.h"

#include "base/near.h"

#include <string.h>

/* What is common to both sorts of rows: who and when. NULL: not of the time that is judged. */
static struct classify_event *begin(struct classify *classify, unsigned collector, const uint8_t source[16],
    int64_t hour_us, int64_t first_us, int64_t last_us)
{
    if (hour_us < classify->begin_us || hour_us >= classify->to_us)
        return NULL;
    uint32_t day = (uint32_t)((hour_us - classify->begin_us) / UTC_DAY);
    int64_t day_us = classify->begin_us + day * UTC_DAY, end_us = day_us + UTC_DAY;
    end_us = end_us < classify->to_us ? end_us : classify->to_us;
    first_us = first_us < day_us ? day_us : first_us;
    if (first_us >= end_us)
        return NULL;
    last_us = last_us < first_us ? first_us : last_us < end_us ? last_us : end_us - 1;
    struct classify_event *event = &classify->events[classify->waiting];
    memcpy(event->address, source, sizeof event->address);
    event->hash = classify_hash(classify, event->address);
    event->day = day;
    event->collector =
        (uint8_t)(collector < CLASSIFY_MAX_COLLECTORS ? collector : CLASSIFY_MAX_COLLECTORS - 1);
    event->word = CLASSIFY_SAYS_NOTHING;
    event->first_us = first_us;
    event->last_us = last_us;
    near_fetch(&classify->index.slots[index_place(&classify->index, event->hash)]);
    return event;
}

static int end(struct classify *classify)
{
    return ++classify->waiting < CLASSIFY_BATCH ? 0 : classify_table_settle(classify);
}

/* ---- rows ---- */

/* RFC 8145 lets a set hold any keys: what matters is whether the new one is among them, and if not, the old
 * one. A revoked key has another tag (RFC 5011 §2.1), and who holds it holds the old key. False: no tag set.
 */
static bool read_word(const struct classify_roll *keys, const char *tags, uint8_t *ret_word)
{
    uint16_t tag[TASIGNAL_MAX_OPTION];
    unsigned count;
    bool old = false, new = false;
    if (!tags || sighting_tags_parse(tags, tag, &count) != 0)
        return false;
    for (unsigned i = 0; i < count; i++) {
        new |= tag[i] == keys->new_tag;
        old |= tag[i] == keys->old_tag || (keys->has_old_revoked && tag[i] == keys->old_revoked_tag);
    }
    *ret_word = new ? CLASSIFY_SAYS_NEW : old ? CLASSIFY_SAYS_OLD : CLASSIFY_SAYS_NEITHER;
    return true;
}

static bool is_signal(uint8_t kind)
{
    return kind == SIGHTING_TA_NULL || kind == SIGHTING_TA_A || kind == SIGHTING_OPTION;
}

static uint64_t at_most(uint64_t part, uint64_t whole)
{
    return part < whole ? part : whole;
}

/* What a source said too much of is counted without zone (tally.h): it tells nothing of this one. */
static bool is_of_no_zone(const struct tally_row *row)
{
    return row->zone && row->zone[0] == '\0' && row->kind != SIGHTING_TOO_BIG &&
           row->kind != SIGHTING_REASSEMBLY && row->kind != SIGHTING_INVALID;
}

/* As tally.h has names: a bit for the hash. */
static uint64_t name_bit(const char *zone)
{
    struct name name;
    struct sighting asked;
    if (name_from_text(zone, &name, NULL))
        return 0;
    sighting_of_question(&name, 0, &asked);
    return UINT64_C(1) << asked.names_hash % 64;
}

int classify_row(struct classify *classify, unsigned collector, const struct tally_row *row)
{
    return classify_row_of(classify, &classify->roll, collector, row);
}

int classify_row_of(struct classify *classify, const struct classify_roll *keys, unsigned collector,
    const struct tally_row *row)
{
    if (classify->finished)
        return ERR_INTERNAL;
    if (row->count == 0 || row->kind == SIGHTING_NONE || row->kind >= SIGHTING_KINDS || is_of_no_zone(row))
        return 0;
    struct classify_event *event =
        begin(classify, collector, row->source, row->hour_us, row->first_us, row->last_us);
    if (!event)
        return 0;
    if (!classify->own_name && row->zone && *row->zone)
        classify->own_name = name_bit(row->zone);
    event->what = row->kind;
    if (is_signal(row->kind) && !read_word(keys, row->tags, &event->word))
        event->what = SIGHTING_INVALID;
    event->count = row->count;
    event->recursion_desired = at_most(row->recursion_desired, row->count);
    event->dnssec_ok = at_most(row->dnssec_ok, row->count);
    event->truncated = at_most(row->truncated, row->count);
    return end(classify);
}

int classify_traffic(struct classify *classify, unsigned collector, const struct tally_traffic *traffic)
{
    if (classify->finished)
        return ERR_INTERNAL;
    if (traffic->queries == 0 && traffic->answers == 0)
        return 0;
    struct classify_event *event =
        begin(classify, collector, traffic->source, traffic->hour_us, traffic->first_us, traffic->last_us);
    if (!event)
        return 0;
    event->what = CLASSIFY_TRAFFIC;
    event->traffic = *traffic;
    return end(classify);
}
