/* Key tags are told by the keys alone, and to read a private key takes longer than all else here; keys never
 * change, so each zone's are read once. */
#include "app/report/platform.h"

#include "base/log.h"
#include "core/dns/dnskey.h"
#include "io/store/rolls.h"

#include <stdlib.h>
#include <string.h>

enum { USUAL_DAYS = 30, FIRST_ROOM = 16 };

/* The tags of a participant's zone, as far as they were read. */
struct known {
    int64_t participant_id;
    bool has_keys; /* else they cannot be read, which was said */
    struct classify_roll keys;
};

struct platform {
    struct store *store;
    struct known *known; /* by growing id */
    size_t count, room;
};

int platform_open(const char *state, struct platform **ret_platform, struct err_note *note)
{
    struct platform *platform = calloc(1, sizeof *platform);
    if (!platform)
        return err_set(note, ERR_NOMEM, "out of memory");
    int err = store_open(state, true, &platform->store, note);
    if (err)
        free(platform);
    else
        *ret_platform = platform;
    return err;
}

void platform_close(struct platform *platform)
{
    if (!platform)
        return;
    store_close(platform->store);
    free(platform->known);
    free(platform);
}

/* ---- keys ---- */

/* Sets the tag of one key, if it is one of the two. */
static int take_key(
    const struct store_key *row, const char *const ids[2], struct classify_roll *keys, struct err_note *note)
{
    struct dnskey *key, *revoked;
    bool is_old = strcmp(row->id, ids[0]) == 0;
    if (!is_old && strcmp(row->id, ids[1]) != 0)
        return 0;
    int err = dnskey_from_private_text(row->private_text, strlen(row->private_text), row->flags, &key, note);
    if (err)
        return err;
    *(is_old ? &keys->old_tag : &keys->new_tag) = key->tag;
    err = is_old ? dnskey_with_flags(key, row->flags | DNSKEY_REVOKE, &revoked) : 0;
    if (is_old && !err) {
        keys->has_old_revoked = true;
        keys->old_revoked_tag = revoked->tag;
        dnskey_free(revoked);
    }
    dnskey_free(key);
    return err ? err_set(note, err, "out of memory") : 0;
}

static int read_keys(struct store *store, const char *zone, const char *const ids[2],
    struct classify_roll *ret_keys, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_key *rows;
    size_t count = 0;
    *ret_keys = (struct classify_roll){.old_tag = 0};
    int err = arena ? store_keys(store, zone, arena, &rows, &count, note)
                    : err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        err = err ? err : take_key(&rows[i], ids, ret_keys, note);
        explicit_bzero((char *)rows[i].private_text, strlen(rows[i].private_text)); /* the arena's copy */
    }
    if (!err && ret_keys->old_tag == ret_keys->new_tag)
        err = err_set(note, ERR_DATA, "its two keys cannot be told apart by their tags");
    arena_free(arena);
    return err;
}

static int by_id(const void *id, const void *known)
{
    int64_t x = *(const int64_t *)id, y = ((const struct known *)known)->participant_id;
    return (x > y) - (x < y);
}

static int insert(struct platform *platform, const struct known *known)
{
    if (platform->count == platform->room) {
        size_t room = platform->room ? 2 * platform->room : FIRST_ROOM;
        struct known *more = realloc(platform->known, room * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        platform->known = more;
        platform->room = room;
    }
    size_t at = platform->count;
    while (at > 0 && platform->known[at - 1].participant_id > known->participant_id)
        at--;
    memmove(&platform->known[at + 1], &platform->known[at], (platform->count - at) * sizeof *known);
    platform->known[at] = *known;
    platform->count++;
    return 0;
}

/* The keys of a participant's zone; one whose keys are damaged is left out, and that is said once. */
static int keys_of(struct platform *platform, const struct store_participant *row, const char *const ids[2],
    struct known *ret_known, struct err_note *note)
{
    struct known *found = NULL;
    if (platform->count)
        found = bsearch(&row->id, platform->known, platform->count, sizeof *platform->known, by_id);
    if (found) {
        *ret_known = *found;
        return 0;
    }
    struct err_note why = {""};
    struct known known = {.participant_id = row->id};
    int err = read_keys(platform->store, row->zone, ids, &known.keys, &why);
    if (err && err != ERR_DATA)
        return err_set(note, err, "%s", why.text);
    if (err)
        log_error("zone %s is missing in the readiness report: %s", row->zone, why.text);
    known.has_keys = !err;
    *ret_known = known;
    return insert(platform, &known) ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}

/* ---- a roll ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct readiness_zone *)a)->zone, ((const struct readiness_zone *)b)->zone);
}

/* `ids`: of the old and the new key. */
static int read_zones(struct platform *platform, struct platform_roll *roll,
    const struct store_participant *rows, size_t count, const char *const ids[2], struct arena *arena,
    struct err_note *note)
{
    struct readiness_zone *zones = arena_alloc(arena, (count + 1) * sizeof *zones);
    size_t used = 0;
    if (!zones)
        return err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct known known = {.has_keys = false};
        if (rows[i].roll_id != roll->id || rows[i].left_us)
            continue;
        int err = keys_of(platform, &rows[i], ids, &known, note);
        if (err)
            return err;
        if (known.has_keys)
            zones[used++] = (struct readiness_zone){rows[i].zone, known.keys};
    }
    qsort(zones, used, sizeof *zones, by_name);
    roll->wish.zones = zones;
    roll->wish.zone_count = used;
    return 0;
}

/* Hours count whole: the one in which it began is the first. */
static int set_time(struct platform_roll *roll, int64_t now_us, struct err_note *note)
{
    int64_t start_us = roll->plan->start_us - roll->plan->start_us % UTC_HOUR;
    int64_t back_us = now_us - now_us % UTC_HOUR - USUAL_DAYS * UTC_DAY;
    now_us -= now_us % UTC_SECOND;
    if (roll->plan->start_us >= now_us)
        return err_set(note, ERR_NOINPUT, "the roll has not begun");
    roll->question =
        (struct sightings_question){.from_us = start_us > back_us ? start_us : back_us, .to_us = now_us};
    return 0;
}

/* A roll begins whenever the first one joins: microseconds are no help to who reads its dates. */
static void round_dates(struct classify_roll *dates)
{
    int64_t *each[] = {
        &dates->publish_us, &dates->trust_us, &dates->sign_us, &dates->revoke_us, &dates->withdraw_us};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (*each[i] != UTC_OPEN)
            *each[i] -= *each[i] % UTC_SECOND;
}

static int read_roll(struct platform *platform, const struct store_participant *rows, size_t count,
    int64_t now_us, struct arena *arena, struct platform_roll *roll, struct err_note *note)
{
    const char *ids[2];
    int64_t changed_us;
    int err = rolls_read(platform->store, roll->id, &roll->plan, &changed_us, note);
    err = err ? err : set_time(roll, now_us, note);
    err = err ? err : classify_dates_of(roll->plan, now_us, &roll->dates, &ids[0], &ids[1], note);
    err = err ? err : read_zones(platform, roll, rows, count, ids, arena, note);
    if (err)
        return err;
    round_dates(&roll->dates);
    classify_limits_for(roll->plan, &roll->limits);
    roll->wish.roll = &roll->dates;
    roll->wish.limits = &roll->limits;
    roll->wish.question = &roll->question;
    return 0;
}

/* The newest roll that somebody takes part in; 0: there is none. */
static int64_t newest(const struct store_participant *rows, size_t count)
{
    int64_t id = 0;
    for (size_t i = 0; i < count; i++)
        if (!rows[i].left_us && rows[i].roll_id > id)
            id = rows[i].roll_id;
    return id;
}

int platform_roll(struct platform *platform, int64_t id, int64_t now_us, struct arena *arena,
    struct platform_roll **ret_roll, struct err_note *note)
{
    struct store_participant *rows;
    size_t count;
    int err = store_participants(platform->store, arena, &rows, &count, note);
    if (err)
        return err;
    id = id ? id : newest(rows, count);
    struct platform_roll *roll = calloc(1, sizeof *roll);
    if (!roll)
        return err_set(note, ERR_NOMEM, "out of memory");
    roll->id = id;
    err = id ? read_roll(platform, rows, count, now_us, arena, roll, note)
             : err_set(note, ERR_NOINPUT, "nobody takes part in a roll");
    if (err)
        platform_roll_free(roll);
    else
        *ret_roll = roll;
    return err;
}

void platform_roll_free(struct platform_roll *roll)
{
    if (!roll)
        return;
    plan_free(roll->plan);
    free(roll);
}

int platform_judge(struct platform *platform, int64_t id, int64_t now_us, const char *sightings,
    const struct networks *networks, struct arena *arena, struct platform_judged *ret_judged,
    struct err_note *note)
{
    struct platform_judged judged;
    struct sightings *store = NULL;
    int err = platform_roll(platform, id, now_us, arena, &judged.roll, note);
    if (err)
        return err;
    judged.roll->wish.networks = networks;
    err = sightings_open(sightings, true, &store, note);
    err = err ? err : readiness_make(store, &judged.roll->wish, arena, &judged.readiness, note);
    sightings_close(store);
    if (err)
        platform_roll_free(judged.roll);
    else
        *ret_judged = judged;
    return err;
}

void platform_judged_free(struct platform_judged *judged)
{
    readiness_free(&judged->readiness);
    platform_roll_free(judged->roll);
    judged->roll = NULL;
}
