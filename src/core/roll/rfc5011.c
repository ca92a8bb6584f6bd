/* The table of RFC 5011 §4.2 is data; each event is a function that moves one key by it and does what belongs
 * to the move (timers, counts). An observation is taken apart into events in a fixed order: what time alone
 * does, revocations (a revoked key vouches for its own revocation and for nothing else), then the question
 * whether the RRset validates, then present keys, then absent ones. Where a profile deviates, its flag stands
 * in the condition. */
#include "core/roll/rfc5011.h"

#include <string.h>

static const int8_t table[RFC5011_STATES][RFC5011_EVENTS] = {
    /*                      NewKey            KeyPres        KeyRem           AddTime        RevBit RemTime */
    [RFC5011_START] = {RFC5011_ADD_PEND, -1, -1, -1, -1, -1},
    [RFC5011_ADD_PEND] = {-1, -1, RFC5011_START, RFC5011_VALID, -1, -1},
    [RFC5011_VALID] = {-1, -1, RFC5011_MISSING, -1, RFC5011_REVOKED, -1},
    [RFC5011_MISSING] = {-1, RFC5011_VALID, -1, -1, RFC5011_REVOKED, -1},
    [RFC5011_REVOKED] = {-1, -1, -1, -1, -1, RFC5011_REMOVED},
    [RFC5011_REMOVED] = {-1, -1, -1, -1, -1, -1},
};

int rfc5011_next_state(enum rfc5011_state state, enum rfc5011_event event)
{
    if ((unsigned)state >= RFC5011_STATES || (unsigned)event >= RFC5011_EVENTS)
        return -1;
    return table[state][event];
}

/* The sum of a moment and a span, never past UTC_OPEN. */
static int64_t later(int64_t at_us, int64_t span_us)
{
    int64_t sum;
    return __builtin_add_overflow(at_us, span_us, &sum) ? UTC_OPEN : sum;
}

static void record(struct rfc5011_changes *changes, const struct rfc5011_key *key, enum rfc5011_event event,
    enum rfc5011_state from, int64_t at_us)
{
    if (changes && changes->count < RFC5011_CHANGES)
        changes->change[changes->count++] =
            (struct rfc5011_change){at_us, key->id, key->tag, event, from, (enum rfc5011_state)key->state};
}

static void enter(struct rfc5011_key *key, enum rfc5011_state state, enum rfc5011_event event, int64_t at_us,
    struct rfc5011_changes *changes)
{
    enum rfc5011_state from = (enum rfc5011_state)key->state;
    key->state = (uint8_t)state;
    key->since_us = at_us;
    key->timer_us = UTC_OPEN;
    record(changes, key, event, from, at_us);
}

/* Moves by the table; false if the event means nothing in this state. */
static bool move(
    struct rfc5011_key *key, enum rfc5011_event event, int64_t at_us, struct rfc5011_changes *changes)
{
    int to = rfc5011_next_state((enum rfc5011_state)key->state, event);
    if (to < 0)
        return false;
    enter(key, (enum rfc5011_state)to, event, at_us, changes);
    return true;
}

static bool trusted_key(const struct rfc5011_key *key)
{
    return key->state == RFC5011_VALID || key->state == RFC5011_MISSING;
}

/* What one observation hands from step to step. */
struct look {
    struct rfc5011_point *point;
    const struct rfc5011_rrset *rrset;
    struct rfc5011_changes *changes;
    uint16_t signers; /* slots of the anchors that signed this RRset */
};

/* "The add hold-down time is 30 days or the expiration time of the original TTL of the first trust point
 * DNSKEY RRSet that contained the new key, whichever is greater." §2.4.1 */
static void begin_hold(const struct look *look, struct rfc5011_key *key)
{
    const struct rfc5011_point *point = look->point;
    int64_t hold = point->timers.add_hold_us, ttl = (int64_t)look->rrset->ttl_s * UTC_SECOND;
    if (!point->profile->hold_ignores_ttl && ttl > hold)
        hold = ttl;
    key->timer_us = later(look->rrset->at_us, hold);
}

static void new_key(const struct look *look, struct rfc5011_key *key)
{
    if (!move(key, RFC5011_NEW_KEY, look->rrset->at_us, look->changes))
        return;
    begin_hold(look, key);
    key->sightings = 1;
    key->validators = look->signers;
}

static void key_pres(const struct look *look, struct rfc5011_key *key)
{
    move(key, RFC5011_KEY_PRES, look->rrset->at_us, look->changes);
}

static void restart(const struct look *look, struct rfc5011_key *key)
{
    begin_hold(look, key);
    key->sightings = 0;
    record(look->changes, key, RFC5011_RESTART, (enum rfc5011_state)key->state, look->rrset->at_us);
}

static void key_rem(const struct look *look, struct rfc5011_key *key)
{
    if (key->state == RFC5011_ADD_PEND && look->point->profile->pending_missing_restarts)
        restart(look, key);
    else
        move(key, RFC5011_KEY_REM, look->rrset->at_us, look->changes);
}

static void add_time(const struct look *look, struct rfc5011_key *key)
{
    if (look->rrset->at_us >= key->timer_us && key->sightings >= look->point->profile->sightings)
        move(key, RFC5011_ADD_TIME, look->rrset->at_us, look->changes);
}

/* "If all of the keys that were originally used to validate this key are revoked prior to the timer expiring,
 * the resolver stops the acceptance process and resets the timer." §2.4.1 */
static void lose_validator(const struct look *look, size_t slot)
{
    struct rfc5011_point *point = look->point;
    if (point->profile->forgets_validators)
        return;
    for (size_t i = 0; i < point->key_count; i++) {
        struct rfc5011_key *key = &point->keys[i];
        uint16_t bit = (uint16_t)(1u << slot);
        if (key->state != RFC5011_ADD_PEND || !(key->validators & bit))
            continue;
        key->validators &= (uint16_t)~bit;
        if (!key->validators)
            enter(key, RFC5011_START, RFC5011_RESET, look->rrset->at_us, look->changes);
    }
}

static void rev_bit(const struct look *look, struct rfc5011_key *key)
{
    if (!move(key, RFC5011_REV_BIT, look->rrset->at_us, look->changes))
        return;
    key->timer_us = later(look->rrset->at_us, look->point->timers.remove_hold_us);
    lose_validator(look, (size_t)(key - look->point->keys));
}

static void rem_time(struct rfc5011_key *key, int64_t now_us, struct rfc5011_changes *changes)
{
    if (now_us >= key->timer_us)
        move(key, RFC5011_REM_TIME, now_us, changes);
}

/* When a missing key is dropped; UTC_OPEN: never ("the key stays a trust anchor until it is revoked"). */
static int64_t forget_us(const struct rfc5011_point *point, const struct rfc5011_key *key)
{
    const struct rfc5011_profile *profile = point->profile;
    if (key->state != RFC5011_MISSING)
        return UTC_OPEN;
    if (profile->missing_keep_holds)
        return later(key->since_us, profile->missing_keep_holds * point->timers.add_hold_us);
    if (profile->missing_keep_us == UTC_OPEN)
        return UTC_OPEN;
    bool valid = !profile->missing_keep_needs_valid;
    for (size_t i = 0; i < point->key_count; i++)
        valid |= point->keys[i].state == RFC5011_VALID;
    return valid ? later(key->since_us, profile->missing_keep_us) : UTC_OPEN;
}

void rfc5011_tick(struct rfc5011_point *point, int64_t now_us, struct rfc5011_changes *ret_changes)
{
    if (!point->profile->follows)
        return;
    for (size_t i = 0; i < point->key_count; i++) {
        struct rfc5011_key *key = &point->keys[i];
        if (key->state == RFC5011_REVOKED)
            rem_time(key, now_us, ret_changes);
        else if (key->state == RFC5011_MISSING && now_us >= forget_us(point, key))
            enter(key, RFC5011_REMOVED, RFC5011_FORGET, now_us, ret_changes);
    }
}

const struct rfc5011_key *rfc5011_find(const struct rfc5011_point *point, uint64_t id)
{
    for (size_t i = 0; i < point->key_count; i++)
        if (point->keys[i].id == id)
            return &point->keys[i];
    return NULL;
}

static struct rfc5011_key *find(struct rfc5011_point *point, uint64_t id)
{
    return (struct rfc5011_key *)rfc5011_find(point, id);
}

/* A slot for a new key: a free one, else that of a key which was never or is no longer of use. No pending key
 * is vouched for by such a slot: its bit is cleared everywhere first. */
static struct rfc5011_key *take_slot(
    struct rfc5011_point *point, const struct rfc5011_seen *seen, int64_t now_us)
{
    size_t slot = point->key_count;
    if (slot == RFC5011_KEYS) {
        for (slot = 0; slot < RFC5011_KEYS; slot++)
            if (point->keys[slot].state == RFC5011_START || point->keys[slot].state == RFC5011_REMOVED)
                break;
        if (slot == RFC5011_KEYS) {
            point->overflow++;
            return NULL;
        }
        for (size_t i = 0; i < RFC5011_KEYS; i++)
            point->keys[i].validators &= (uint16_t) ~(1u << slot);
    } else {
        point->key_count++;
    }
    point->keys[slot] = (struct rfc5011_key){
        .id = seen->id, .tag = seen->tag, .state = RFC5011_START, .since_us = now_us, .timer_us = UTC_OPEN};
    return &point->keys[slot];
}

void rfc5011_start(struct rfc5011_point *point, const struct rfc5011_profile *profile,
    struct rfc5011_timers timers, const struct rfc5011_seen *anchors, size_t count, int64_t now_us)
{
    *point = (struct rfc5011_point){
        .profile = profile, .timers = timers, .last_query_us = INT64_MIN, .last_success_us = INT64_MIN};
    for (size_t i = 0; i < count; i++) {
        struct rfc5011_key *key = find(point, anchors[i].id);
        if (!key)
            key = take_slot(point, &anchors[i], now_us);
        if (key)
            key->state = RFC5011_VALID;
    }
}

/* Keys that revoke themselves, RFC 5011 §2.1: seen with REVOKE in an RRset that this very key signed. */
static void see_revocations(const struct look *look, bool validated)
{
    for (size_t i = 0; i < look->rrset->count; i++) {
        const struct rfc5011_seen *seen = &look->rrset->keys[i];
        if (!seen->revoked || !seen->sep)
            continue;
        struct rfc5011_key *key = find(look->point, seen->id);
        if (key && !validated && look->point->profile->revokes_validated)
            continue;
        if (key && (seen->signs || (validated && look->point->profile->revokes_unsigned)))
            rev_bit(look, key);
    }
}

/* The anchors that signed: they alone make the RRset valid. A revoked key never does. */
static uint16_t signers(const struct look *look)
{
    uint16_t bits = 0;
    for (size_t i = 0; i < look->rrset->count; i++) {
        const struct rfc5011_seen *seen = &look->rrset->keys[i];
        const struct rfc5011_key *key = seen->signs && !seen->revoked ? find(look->point, seen->id) : NULL;
        if (key && trusted_key(key))
            bits |= (uint16_t)(1u << (key - look->point->keys));
    }
    return bits;
}

static void see_present(const struct look *look, const struct rfc5011_seen *seen, bool first)
{
    struct rfc5011_point *point = look->point;
    struct rfc5011_key *key = find(point, seen->id);
    if (!key)
        key = take_slot(point, seen, look->rrset->at_us);
    if (!key)
        return;
    switch (key->state) {
    case RFC5011_START:
        if (first && point->profile->first_fetch_trusts_all)
            enter(key, RFC5011_VALID, RFC5011_INITIAL, look->rrset->at_us, look->changes);
        else
            new_key(look, key);
        break;
    case RFC5011_ADD_PEND:
        key->sightings++;
        add_time(look, key);
        break;
    case RFC5011_MISSING:
        key_pres(look, key);
        break;
    case RFC5011_REVOKED:
    case RFC5011_REMOVED:
        if (point->profile->revoked_returns) {
            enter(key, RFC5011_ADD_PEND, RFC5011_RETURN, look->rrset->at_us, look->changes);
            begin_hold(look, key);
            key->sightings = 1;
            key->validators = look->signers;
        }
        break;
    default:
        break;
    }
}

/* Whether the RRset holds the key. One with REVOKE counts for a trusted key (it is there, if unusable), not
 * for a pending one: that will never be trusted. */
static bool holds(const struct rfc5011_rrset *rrset, const struct rfc5011_key *key)
{
    for (size_t i = 0; i < rrset->count; i++)
        if (rrset->keys[i].id == key->id && rrset->keys[i].sep &&
            !(rrset->keys[i].revoked && key->state == RFC5011_ADD_PEND))
            return true;
    return false;
}

static void see_valid(const struct look *look)
{
    struct rfc5011_point *point = look->point;
    bool first = !point->fetched;
    for (size_t i = 0; i < look->rrset->count; i++)
        if (look->rrset->keys[i].sep && !look->rrset->keys[i].revoked)
            see_present(look, &look->rrset->keys[i], first);
    for (size_t i = 0; i < point->key_count; i++)
        if (!holds(look->rrset, &point->keys[i]))
            key_rem(look, &point->keys[i]);
    point->fetched = true;
}

static int64_t span(int64_t us, int64_t least, int64_t most)
{
    return us < least ? least : us > most ? most : us;
}

int64_t rfc5011_query_interval(uint32_t ttl_s, int64_t signature_us)
{
    int64_t ttl = (int64_t)ttl_s * UTC_SECOND;
    return span((signature_us < ttl ? signature_us : ttl) / 2, UTC_HOUR, 15 * UTC_DAY);
}

int64_t rfc5011_retry_time(uint32_t ttl_s, int64_t signature_us)
{
    int64_t ttl = (int64_t)ttl_s * UTC_SECOND;
    return span((signature_us < ttl ? signature_us : ttl) / 10, UTC_HOUR, UTC_DAY);
}

static void schedule(struct rfc5011_point *point, const struct rfc5011_rrset *rrset, bool validated)
{
    const struct rfc5011_timers *timers = &point->timers;
    int64_t signature = UTC_OPEN;
    if (rrset->answered && !point->profile->interval_ignores_signature && rrset->expires_us != UTC_OPEN)
        signature = rrset->expires_us - rrset->at_us;
    if (!validated) {
        point->interval_us = timers->retry_us
                                 ? timers->retry_us
                                 : rfc5011_retry_time(rrset->answered ? rrset->ttl_s : 0, signature);
        return;
    }
    point->interval_us =
        timers->refresh_us ? timers->refresh_us : rfc5011_query_interval(rrset->ttl_s, signature);
    for (size_t i = 0; point->profile->missing_requery_us && i < point->key_count; i++)
        if (point->keys[i].state == RFC5011_MISSING &&
            point->interval_us > point->profile->missing_requery_us)
            point->interval_us = point->profile->missing_requery_us;
}

/* Steps of rfc5011_see() for a validator that follows RFC 5011; returns whether the RRset is valid. */
static bool follow(struct look *look)
{
    struct rfc5011_point *point = look->point;
    rfc5011_tick(point, look->rrset->at_us, look->changes);
    for (size_t i = 0; point->profile->promotes_on_time && i < point->key_count; i++)
        if (point->keys[i].state == RFC5011_ADD_PEND)
            add_time(look, &point->keys[i]);
    if (!look->rrset->answered)
        return false;
    bool validated = signers(look) != 0;
    see_revocations(look, validated);
    point->deleted = rfc5011_trusted(point) == 0;
    look->signers = signers(look);
    if (!look->signers) {
        for (size_t i = 0; point->profile->pending_unvalidated_restarts && i < point->key_count; i++)
            if (point->keys[i].state == RFC5011_ADD_PEND)
                restart(look, &point->keys[i]);
        return false;
    }
    see_valid(look);
    return true;
}

bool rfc5011_see(
    struct rfc5011_point *point, const struct rfc5011_rrset *rrset, struct rfc5011_changes *ret_changes)
{
    if (ret_changes)
        ret_changes->count = 0;
    if (rrset->at_us < point->last_query_us || point->deleted)
        return false;
    struct look look = {.point = point, .rrset = rrset, .changes = ret_changes};
    point->last_query_us = rrset->at_us;
    bool validated = point->profile->follows ? follow(&look) : rrset->answered && signers(&look) != 0;
    point->failures = validated ? 0 : point->failures + 1;
    if (validated)
        point->last_success_us = rrset->at_us;
    schedule(point, rrset, validated);
    return validated;
}

int64_t rfc5011_next_us(const struct rfc5011_point *point, unsigned permille)
{
    if (point->deleted || !point->profile->follows)
        return UTC_OPEN;
    if (point->last_query_us == INT64_MIN)
        return INT64_MIN; /* it has never asked: at once */
    if (permille < point->profile->interval_least_permille)
        permille = point->profile->interval_least_permille;
    if (permille > 1000)
        permille = 1000;
    int64_t next = later(point->last_query_us,
        point->interval_us / 1000 * permille + point->interval_us % 1000 * permille / 1000);
    for (size_t i = 0; i < point->key_count; i++) {
        int64_t at = point->keys[i].state == RFC5011_REVOKED ? point->keys[i].timer_us
                                                             : forget_us(point, &point->keys[i]);
        if (at < next)
            next = at;
    }
    return next;
}

bool rfc5011_trusts(const struct rfc5011_point *point, uint64_t id)
{
    const struct rfc5011_key *key = rfc5011_find(point, id);
    return key && trusted_key(key);
}

size_t rfc5011_trusted(const struct rfc5011_point *point)
{
    size_t count = 0;
    for (size_t i = 0; i < point->key_count; i++)
        count += trusted_key(&point->keys[i]);
    return count;
}
