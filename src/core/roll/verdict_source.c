/* One source: what its evidence comes to. First match wins, the surest evidence first: what it says itself
 * (signals, RFC 8145), then what only a timer or a missing one can explain (rhythm), then what may be
 * inferred. After the roll the outcome decides: proofs, signals, and the marks of a resolver that fails. */
#include "core/roll/verdict_parts.h"

enum {
    STOPPED_ROW =
        3, /* proofs stopped in a row: failures are cached for up to a minute, one alone means nothing */
    DS_ASKED = 2, /* a validator with an anchor of its own never asks for its DS */
    BURSTS = 2,
    NO_ANCHOR = 3,
};

/* How long a signal stands for the present. BIND signals once a day, and not on the dot: 48 hours. Shortened
 * zones: six refreshes. */
static int64_t recently(const struct judging *j)
{
    return j->refresh_us < UTC_HOUR ? 6 * j->refresh_us : 2 * UTC_DAY;
}

static bool has_tag(const struct evidence_signal *signal, uint16_t tag)
{
    for (size_t i = 0; i < signal->tag_count; i++)
        if (signal->tags[i] == tag)
            return true;
    return false;
}

static void sum(struct sightings *sum, const struct sightings *part)
{
    if (!sum->count || part->first_us < sum->first_us)
        sum->first_us = part->first_us;
    if (!sum->count || part->last_us > sum->last_us)
        sum->last_us = part->last_us;
    sum->count += part->count;
}

struct telling judge_telling(const struct judging *j, const struct evidence_source *source)
{
    struct telling telling = {.what = TOLD_NOTHING, .confirmed = source->signal_run >= 2};
    for (size_t i = 0; i < source->signal_count; i++) {
        const struct evidence_signal *signal = &source->signals[i];
        if (has_tag(signal, j->in->new_tag))
            sum(&telling.has, &signal->seen);
        else if (has_tag(signal, j->in->old_tag))
            sum(&telling.lacks, &signal->seen);
    }
    if (!telling.has.count && !telling.lacks.count)
        return telling;
    bool newest_has =
        telling.has.count && (!telling.lacks.count || telling.has.last_us > telling.lacks.last_us);
    telling.what = newest_has ? TOLD_NEW : TOLD_OLD;
    /* A follower's set changes twice in a whole roll: old, old and new, new. More changes, with both kinds
     * fresh, are several validators. */
    int64_t other_us = newest_has ? telling.lacks.last_us : telling.has.last_us;
    if (telling.has.count && telling.lacks.count && source->signal_changes >= 3 &&
        j->now_us - other_us <= recently(j))
        telling.what = TOLD_MIXED;
    return telling;
}

bool judge_shares_cache(const struct evidence_source *source)
{
    return source->cache.together >= 3 && source->cache.together > source->cache.apart;
}

bool judge_is_static(const struct judging *j, const struct evidence_source *source, bool alone)
{
    if (!judge_no_refresh(source))
        return false;
    /* Refreshes might leave by another address, unless this one is seen to have a cache of its own, or nobody
     * refreshes at all. */
    bool apart = source->cache.apart >= 4 && source->cache.apart > 4 * source->cache.together;
    return alone || apart || judge_no_refresh(&j->in->evidence->whole);
}

/* … from the first sight of the new key. An address that perhaps shares a cache may have seen it by another.
 */
static int64_t first_due(const struct judging *j, const struct evidence_source *source)
{
    const struct evidence_source *whole = &j->in->evidence->whole;
    if (j->phase == EVIDENCE_BEFORE || source->published_us != j->roll.publish_us)
        return j->roll.trust_us;
    int64_t seen_us = source->key_published_us;
    if (source->cache.apart < 2 && whole->published_us == source->published_us &&
        whole->key_published_us < seen_us)
        seen_us = whole->key_published_us;
    return seen_us == UTC_OPEN ? UTC_OPEN : seen_us + j->hold_us + j->refresh_us;
}

int64_t judge_due(const struct judging *j, const struct evidence_source *source)
{
    int64_t due = first_due(j, source);
    const struct rhythm_test *test = source->rhythm.test;
    bool leans = test[RHYTHM_ANY].score <= -4 * RHYTHM_BIT || test[RHYTHM_OWN].score <= -4 * RHYTHM_BIT;
    if (!leans || due == UTC_OPEN || source->published_us != j->roll.publish_us ||
        source->sign_published_us == UTC_OPEN)
        return due;
    int64_t later = source->sign_published_us - source->key_published_us;
    return later > j->in->evidence->scale.window_us ? due + later : due; /* it follows only since then */
}

/* The moment since when a follower is inferred to trust the new key: its refresh after the hold-down, before
 * the roll, was seen. UTC_OPEN: not yet. */
static int64_t inferred(const struct judging *j, const struct evidence_source *source)
{
    return source->published_us == j->roll.publish_us ? source->refreshed_us : UTC_OPEN;
}

/* What a resolver does that cannot validate the zone any more: when first and when last. */
static struct sightings trouble(const struct judging *j, const struct evidence_source *source)
{
    struct sightings seen = {0}, ds = evidence_since(source, EVIDENCE_DS, EVIDENCE_ROLLED), bursts = {0};
    for (int phase = EVIDENCE_ROLLED; phase < EVIDENCE_PHASES; phase++)
        if (source->burst.seen[phase].count)
            sum(&bursts, &source->burst.seen[phase]);
    /* A BIND that follows RFC 5011 fetches for each of its keys, so it has bursts of its own. */
    if (bursts.count >= BURSTS && (!judge_follows(source) || judge_telling(j, source).what == TOLD_OLD))
        sum(&seen, &bursts);
    if (ds.count >= DS_ASKED && evidence_count(source, EVIDENCE_DS) - ds.count < DS_ASKED)
        sum(&seen, &ds);
    struct evidence_streak streak = evidence_streak_at(j->in->evidence, source, j->now_us);
    int64_t least = 2 * j->ttl_us < UTC_MINUTE ? 2 * j->ttl_us : UTC_MINUTE;
    if (streak.stopped >= STOPPED_ROW && streak.through_us != INT64_MIN &&
        streak.stopped_us - streak.since_us >= least) {
        int64_t since = streak.since_us > j->sign_us ? streak.since_us : j->sign_us;
        sum(&seen, &(struct sightings){streak.stopped, since, streak.stopped_us});
    }
    return seen;
}

int64_t judge_trouble(struct judging *j, const struct evidence_source *source)
{
    struct sightings seen = {0};
    if (j->phase >= EVIDENCE_ROLLED)
        seen = trouble(j, source);
    if (!seen.count)
        return UTC_OPEN;
    /* Over: it proved itself since, or follows again and has been quiet for long. */
    int64_t quiet = 4 * j->ttl_us > 3 * UTC_MINUTE ? 4 * j->ttl_us : 3 * UTC_MINUTE;
    if (judge_survival(j, source) > seen.last_us ||
        (judge_follows(source) && j->now_us - seen.last_us > quiet))
        return UTC_OPEN;
    return seen.first_us;
}

/* PowerDNS goes down a chain before it judges it: DNSKEY before DS counts only for one that follows RFC 5011,
 * which PowerDNS does not. */
static bool proved_by_chain(const struct judging *j, const struct evidence_source *source)
{
    return source->streak.through_us >= j->settled_us && (!source->streak.reversed || judge_follows(source));
}

int64_t judge_survival(const struct judging *j, const struct evidence_source *source)
{
    if (j->phase < EVIDENCE_ROLLED)
        return INT64_MIN;
    int64_t survival = proved_by_chain(j, source) ? source->streak.through_us : INT64_MIN;
    struct telling telling = judge_telling(j, source);
    if (telling.what == TOLD_NEW && telling.has.last_us >= j->settled_us && telling.has.last_us > survival)
        survival = telling.has.last_us;
    return survival;
}

static struct opinion answer(
    const struct evidence_source *source, enum verdict verdict, enum verdict_state state)
{
    return (struct opinion){.source = source,
        .verdict = verdict,
        .state = state,
        .trust_us = UTC_OPEN,
        .break_us = UTC_OPEN,
        .broke_us = UTC_OPEN,
        .summary = "",
        .would_change = "",
        .counts = true};
}

/* It will break, or should have: said with the date, and without one while the roll has none. */
static struct opinion foretell(
    struct judging *j, const struct evidence_source *source, const char *why, const char *change)
{
    struct opinion o = answer(source, VERDICT_NOT_READY, STATE_FAILED);
    o.break_us = j->sign_us;
    if (j->sign_us == UTC_OPEN)
        o.summary =
            judge_say(j, "%s: breaks whenever %s signs alone; the roll has no date now", why, j->new_id);
    else if (j->now_us < j->sign_us)
        o.summary = judge_say(j, "%s: breaks %s, when %s signs alone, or within %s of it as caches run out",
            why, judge_at(j, j->sign_us), j->new_id, judge_span(j, j->ttl_us));
    else
        o.summary = judge_say(j, "%s: %s signs alone since %s, and the cached keys last until %s", why,
            j->new_id, judge_when(j, j->sign_us), judge_when(j, j->settled_us));
    o.would_change = change;
    return o;
}

/* What would decide: questions that show a cache at work. Where any DNSKEY query may put the next refresh
 * off, and questions come more often than refreshes, it takes quiet between them instead. */
static const char *ask_more(struct judging *j, const struct evidence_source *source)
{
    int64_t every = j->refresh_us / 60 > UTC_SECOND ? j->refresh_us / 60 : UTC_SECOND,
            window = j->in->evidence->scale.window_us;
    if (evidence_timer(source) == RHYTHM_ANY && j->refresh_us > j->ttl_us)
        return judge_say(j,
            "ask a new name of the zone through this resolver, then nothing for %s; six times over",
            judge_span(j, 2 * window));
    return judge_say(j, "ask a new name of the zone every %s through this resolver for %s",
        judge_span(j, every), judge_span(j, 8 * window));
}

static bool silent(const struct judging *j, const struct evidence_source *source)
{
    int64_t patience = 4 * j->in->evidence->scale.window_us;
    if (judge_no_refresh(source)) { /* it speaks only when somebody asks it */
        int64_t slow = j->ttl_us > j->refresh_us ? j->ttl_us : j->refresh_us;
        patience = 14 * slow > j->hold_us / 4 ? 14 * slow : j->hold_us / 4;
    } else if (j->hold_us / 30 > patience) {
        patience = j->hold_us / 30;
    }
    return j->now_us - source->all.last_us > patience;
}

static struct opinion follower(
    struct judging *j, const struct evidence_source *source, const struct telling *telling)
{
    struct opinion o =
        answer(source, VERDICT_UNKNOWN, j->phase == EVIDENCE_BEFORE ? STATE_JOINED : STATE_LEARNING);
    o.trust_us = judge_due(j, source);
    int64_t trusted_us = inferred(j, source);
    /* One that signals is believed rather than inferred about, unless its signals have stopped. */
    bool signals = telling->what != TOLD_NOTHING && j->now_us - telling->lacks.last_us <= recently(j);
    if (trusted_us != UTC_OPEN && !signals) {
        o.verdict = VERDICT_READY;
        o.state = STATE_LEARNED;
        o.trust_us = trusted_us;
        o.summary = judge_say(j,
            "follows RFC 5011 and trusts %s since %s (inferred: it refreshed after the hold-down)", j->new_id,
            judge_when(j, trusted_us));
        o.would_change = "a signal without the new key, or refreshes that stop";
        return o;
    }
    if (o.trust_us != UTC_OPEN && j->sign_us != UTC_OPEN && o.trust_us > j->sign_us) {
        int64_t trust_us = o.trust_us;
        bool before = evidence_count(source, EVIDENCE_DNSKEY) >
                      evidence_since(source, EVIDENCE_DNSKEY, EVIDENCE_PUBLISHED).count;
        if (before && first_due(j, source) > j->sign_us) {
            /* It was there before the key was published, and the roll comes too early for all: no product
             * waives the hold-down then. */
            o = foretell(j, source,
                judge_say(j, "follows RFC 5011, and its hold-down ends only %s", judge_at(j, trust_us)),
                "a later roll, or the new key added by hand");
            o.trust_us = trust_us;
            return o;
        }
        o.verdict = VERDICT_AT_RISK;
        o.break_us = j->sign_us;
        o.summary = judge_say(j,
            "follows RFC 5011, but first saw %s so late that its hold-down ends %s, after the roll %s; "
            "only a resolver that trusts all "
            "keys at first contact (BIND) gets over that",
            j->new_id, judge_at(j, o.trust_us), judge_at(j, j->sign_us));
        o.would_change = "a later roll, or the new key added by hand";
        return o;
    }
    if (o.trust_us == UTC_OPEN)
        o.summary = judge_say(j,
            "follows RFC 5011: on course, will trust %s when it is published and the hold-down is over",
            j->new_id);
    else
        o.summary =
            judge_say(j, "follows RFC 5011: on course, will trust %s %s", j->new_id, judge_at(j, o.trust_us));
    o.would_change =
        judge_say(j, "time: a hold-down of %s from the first sight of the key, and one more refresh",
            judge_span(j, j->hold_us));
    return o;
}

static struct opinion undecided(struct judging *j, const struct evidence_source *source)
{
    struct opinion o =
        answer(source, VERDICT_UNKNOWN, j->phase == EVIDENCE_BEFORE ? STATE_JOINED : STATE_LEARNING);
    if (!source->rhythm.begun) {
        o.state = STATE_WAITING;
        o.summary = "asks names but never for the zone's keys: it does not validate this zone";
        o.would_change = "set the zone's key as a trust anchor, and validation on";
        return o;
    }
    o.summary = "asks for the zone's keys, but not long enough to tell whether it follows RFC 5011";
    o.would_change = ask_more(j, source);
    return o;
}

/* It says that it lacks the new key when a follower would have it, or when there is no time left to learn it.
 */
static bool lacks_key(struct judging *j, const struct evidence_source *source, const struct telling *telling,
    struct opinion *ret)
{
    int64_t due = judge_due(j, source);
    if (j->phase != EVIDENCE_PUBLISHED || telling->what != TOLD_OLD || !telling->confirmed || due == UTC_OPEN)
        return false;
    bool late = j->sign_us != UTC_OPEN && first_due(j, source) > j->sign_us &&
                telling->lacks.last_us >= due - j->hold_us;
    /* Two of them: a resolver that was away signals before it has looked. */
    if (!late && source->signal_before_us < due + j->refresh_us)
        return false;
    if (!late && judge_follows(source)) { /* it may yet make it: the hold-down runs anew */
        *ret = answer(source, VERDICT_AT_RISK, STATE_LEARNING);
        ret->break_us = j->sign_us;
        ret->summary = judge_say(j,
            "follows RFC 5011, yet trusts %s alone by its own word, though the hold-down was over %s: it "
            "began anew, or nothing is kept",
            j->old_id, judge_at(j, due));
        ret->would_change = judge_say(j, "a signal with the tag of %s (%u)", j->new_id, j->in->new_tag);
        return true;
    }
    const char *until =
        late ? "and a hold-down that begins so late ends only" : "though a hold-down was over";
    const char *why =
        judge_say(j, "trusts %s alone by its own word, %s %s", j->old_id, until, judge_at(j, due));
    *ret =
        foretell(j, source, why, judge_say(j, "a signal with the tag of %s (%u)", j->new_id, j->in->new_tag));
    if (late)
        ret->trust_us = due;
    return true;
}

/* It looks for the DS, again and again, and was never seen to validate. */
static bool no_anchor(struct judging *j, const struct evidence_source *source, const struct telling *telling,
    struct opinion *ret)
{
    if (evidence_count(source, EVIDENCE_DS) < NO_ANCHOR || source->streak.through_us != INT64_MIN ||
        telling->what != TOLD_NOTHING || judge_follows(source))
        return false;
    *ret = answer(source, VERDICT_NOT_READY, j->phase < EVIDENCE_ROLLED ? STATE_JOINED : STATE_FAILED);
    ret->summary = "asks for the zone's DS: it validates, but has no trust anchor for this zone that fits";
    ret->would_change = "set the zone's present key as a trust anchor";
    return true;
}

static struct opinion mixed(struct judging *j, const struct evidence_source *source, enum verdict_state state)
{
    struct opinion o = answer(source, VERDICT_AT_RISK, state);
    o.summary = judge_say(j,
        "signals come from this address with and without %s in turn: several validators stand behind it",
        j->new_id);
    o.would_change = "one and the same set of key tags for two days";
    return o;
}

static struct opinion before_roll(struct judging *j, const struct evidence_source *source, bool alone)
{
    struct telling telling = judge_telling(j, source);
    struct opinion o;
    if (no_anchor(j, source, &telling, &o))
        return o;
    if (telling.what == TOLD_MIXED)
        return mixed(j, source, STATE_LEARNING);
    if (telling.what == TOLD_NEW && j->phase == EVIDENCE_PUBLISHED && !silent(j, source)) {
        o = answer(source, VERDICT_READY, STATE_LEARNED);
        o.trust_us = telling.has.first_us;
        o.summary = judge_say(j, "trusts %s by its own word, since %s or earlier", j->new_id,
            judge_when(j, telling.has.first_us));
        o.would_change = "signals without the new key";
        return o;
    }
    if (lacks_key(j, source, &telling, &o))
        return o;
    if (silent(j, source)) {
        o = answer(source, VERDICT_UNKNOWN, j->phase == EVIDENCE_BEFORE ? STATE_JOINED : STATE_LEARNING);
        o.summary = judge_say(j, "silent since %s: whether it still stands there is not known",
            judge_when(j, source->all.last_us));
        o.would_change = ask_more(j, source);
        return o;
    }
    if (judge_is_static(j, source, alone))
        return foretell(j, source, "does not follow RFC 5011 (static anchor)",
            "refreshes of its own: a managed anchor, or the new key added by hand");
    if (judge_follows(source))
        return follower(j, source, &telling);
    return undecided(j, source);
}

static struct opinion broken(struct judging *j, const struct evidence_source *source, int64_t broke_us)
{
    struct opinion o = answer(source, VERDICT_NOT_READY, STATE_FAILED);
    o.break_us = j->sign_us;
    o.broke_us = broke_us;
    o.summary = judge_say(
        j, "does not validate any more since %s: it does not trust %s", judge_when(j, broke_us), j->new_id);
    o.would_change = judge_say(j, "%s as a trust anchor, by hand or from the zone's page", j->new_id);
    return o;
}

static struct opinion survived(struct judging *j, const struct evidence_source *source, const char *how)
{
    struct opinion o =
        answer(source, VERDICT_READY, j->phase == EVIDENCE_WITHDRAWN ? STATE_DONE : STATE_SURVIVED);
    struct telling telling = judge_telling(j, source);
    o.trust_us = telling.has.count ? telling.has.first_us : inferred(j, source);
    o.summary = judge_say(j, "validates with %s alone (%s)", j->new_id, how);
    o.would_change = "nothing more is needed";
    return o;
}

/* Had it learned the key before it signed alone? */
static bool had_learned(
    const struct judging *j, const struct evidence_source *source, const struct telling *telling)
{
    return telling->what == TOLD_NEW || (judge_follows(source) && inferred(j, source) != UTC_OPEN);
}

static struct opinion after_roll(struct judging *j, const struct evidence_source *source, bool alone)
{
    struct telling telling = judge_telling(j, source);
    int64_t broke_us = judge_trouble(j, source), survival_us = judge_survival(j, source);
    const struct rhythm *rhythm = &source->rhythm;
    if (broke_us != UTC_OPEN)
        return broken(j, source, broke_us);
    if (survival_us != INT64_MIN)
        return survived(j, source, proved_by_chain(j, source) ? "a proof went through" : "by its own word");
    struct opinion o;
    if (no_anchor(j, source, &telling, &o))
        return o;
    if (telling.what == TOLD_MIXED)
        return mixed(j, source, STATE_LEARNED);
    if (had_learned(j, source, &telling)) {
        if (judge_follows(source) && rhythm->sign_us >= j->settled_us + 2 * j->refresh_us)
            return survived(j, source, "inferred: it refreshes as before");
        o = answer(source, VERDICT_READY, j->phase == EVIDENCE_WITHDRAWN ? STATE_DONE : STATE_LEARNED);
        o.trust_us = telling.has.count ? telling.has.first_us : inferred(j, source);
        o.summary =
            judge_say(j, "trusted %s before it signed alone, and nothing speaks against it since", j->new_id);
        o.would_change = "a proof that goes through, or the marks of a failure";
        return o;
    }
    int64_t due = judge_due(j, source);
    if (telling.what == TOLD_OLD && (telling.lacks.last_us >= due || due > j->sign_us))
        return foretell(j, source, judge_say(j, "trusts %s alone by its own word", j->old_id),
            "a signal with the new key");
    /* One that goes on as before, long after the cached keys ran out, had the new key by other means; or
     * proofs that prove nothing hide it. */
    int64_t doubt = 3 * j->ttl_us > 2 * UTC_MINUTE ? 3 * j->ttl_us : 2 * UTC_MINUTE;
    bool goes_on = (rhythm->cached.count && rhythm->cached.last_us > j->settled_us + doubt) ||
                   (source->streak.reversed && source->streak.through_us >= j->settled_us);
    if (judge_is_static(j, source, alone) && !goes_on)
        return foretell(j, source, "does not follow RFC 5011 (static anchor)", "a proof that goes through");
    o = undecided(j, source);
    if (source->streak.reversed && source->streak.through_us >= j->settled_us) {
        o.summary = "proofs go through, but in the order that PowerDNS keeps with a wrong anchor as well: "
                    "they prove nothing here";
        o.would_change = "what its clients get: an agent's report";
    } else if (o.state != STATE_WAITING) {
        o.summary = "no proof was asked through it since the roll, and its queries alone do not tell whether "
                    "it validates";
        o.would_change = "ask a proof name of the zone through this resolver";
    }
    return o;
}

struct opinion judge_source(struct judging *j, const struct evidence_source *source, bool alone)
{
    return j->phase < EVIDENCE_ROLLED ? before_roll(j, source, alone) : after_roll(j, source, alone);
}
