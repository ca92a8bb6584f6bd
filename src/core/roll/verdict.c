/* From the sources' opinions to one verdict: each address that was seen enough is judged for itself, the
 * worst speaks for all, and what agents saw decides about the outcome, never about the mechanism. */
#include "core/roll/verdict_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    FAILS_ROW = 3,   /* SERVFAIL in a row before an agent's report counts as broken */
    COUNTS_FROM = 3, /* DNSKEY queries from which an address is judged */
};

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"ready", "at-risk", "not-ready", "unknown"};
    return (unsigned)verdict < 4 ? names[verdict] : "?";
}

const char *verdict_state_name(enum verdict_state state)
{
    static const char *const names[] = {
        "waiting", "joined", "learning", "learned", "survived", "done", "failed"};
    return (unsigned)state < 7 ? names[state] : "?";
}

static int badness(enum verdict verdict)
{
    static const int order[] = {
        [VERDICT_READY] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_AT_RISK] = 2, [VERDICT_NOT_READY] = 3};
    return (unsigned)verdict < 4 ? order[verdict] : 1;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
    return badness(a) >= badness(b) ? a : b;
}

static bool begin(struct judging *j, const struct verdict_input *in, struct arena *arena)
{
    const struct plan *plan = in->plan;
    *j = (struct judging){.in = in, .arena = arena, .now_us = in->now_us, .where = ""};
    if (in->left_us && in->left_us < j->now_us)
        j->now_us = in->left_us;
    j->roll = plan_roll_at(plan, j->now_us);
    j->phase = evidence_phase(plan, j->now_us);
    j->old_id = j->roll.old_key ? j->roll.old_key->id : "the old key";
    j->new_id = j->roll.new_key ? j->roll.new_key->id : "the new key";
    j->ttl_us = (int64_t)plan->dnskey_ttl_s * UTC_SECOND;
    j->refresh_us = plan_refresh(plan);
    j->hold_us = plan->add_hold_us;
    j->sign_us = j->roll.sign_us;
    if (j->phase < EVIDENCE_ROLLED &&
        j->sign_us <= j->now_us) /* backed out: the roll was, and is to come again */
        j->sign_us = UTC_OPEN;
    /* Caches let go of what the old key signed: after a TTL, or as long as they were seen to hold it. */
    int64_t held_us =
        in->evidence->whole.rhythm.held_us > j->ttl_us ? in->evidence->whole.rhythm.held_us : j->ttl_us;
    j->settled_us = j->sign_us == UTC_OPEN ? UTC_OPEN : j->sign_us + held_us;
    j->findings = arena_alloc(arena, JUDGE_FINDINGS * sizeof *j->findings);
    return j->findings != NULL;
}

/* Addresses that ask for keys; a few queries by hand, or by a stranger, are no resolver. */
static bool counts(const struct evidence_source *source)
{
    return evidence_count(source, EVIDENCE_DNSKEY) >= COUNTS_FROM ||
           evidence_count(source, EVIDENCE_SIGNAL) >= 2;
}

static int compare(const void *left, const void *right)
{
    const struct opinion *a = left, *b = right;
    if (a->counts != b->counts)
        return a->counts ? -1 : 1;
    if (a->verdict != b->verdict)
        return badness(b->verdict) - badness(a->verdict);
    if (a->source->all.first_us != b->source->all.first_us)
        return a->source->all.first_us < b->source->all.first_us ? -1 : 1;
    return memcmp(a->source->source, b->source->source, EVIDENCE_SOURCE);
}

/* The opinions, worst first. Those that share a cache are judged as one, by all that was seen. */
static struct opinion *opinions(struct judging *j, size_t *ret_counting)
{
    const struct evidence *evidence = j->in->evidence;
    struct opinion *all = arena_alloc(j->arena, (evidence->source_count + 1) * sizeof *all);
    size_t asking = 0, most = 0;
    if (!all)
        return NULL;
    for (size_t i = 0; i < evidence->source_count; i++) {
        asking += evidence->sources[i].rhythm.begun;
        if (evidence->sources[i].all.count > evidence->sources[most].all.count)
            most = i;
    }
    *ret_counting = 0;
    for (size_t i = 0; i < evidence->source_count; i++) {
        const struct evidence_source *source = &evidence->sources[i];
        bool alone = asking == 1 && source->rhythm.begun, shares = !alone && judge_shares_cache(source);
        all[i] = judge_source(j, shares ? &evidence->whole : source, alone || shares);
        all[i].source = source;
        all[i].counts = counts(source);
        *ret_counting += all[i].counts;
    }
    if (!*ret_counting &&
        evidence->source_count) { /* nobody has asked much yet: the one that asked most speaks */
        all[most].counts = true;
        *ret_counting = 1;
    }
    qsort(all, evidence->source_count, sizeof *all, compare);
    return all;
}

static bool list_sources(
    struct judging *j, const struct opinion *all, size_t count, struct verdict_result *result)
{
    struct verdict_source *sources = arena_alloc(j->arena, (count + 1) * sizeof *sources);
    if (!sources)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct opinion *o = &all[i];
        sources[i] = (struct verdict_source){.verdict = o->verdict,
            .state = o->state,
            .summary = o->counts ? o->summary : judge_say(j, "seen too little to count: %s", o->summary),
            .queries = o->source->all.count,
            .first_us = o->source->all.first_us,
            .last_us = o->source->all.last_us};
        memcpy(sources[i].source, o->source->source, EVIDENCE_SOURCE);
        result->sources_not_ready += o->counts && o->verdict == VERDICT_NOT_READY;
    }
    result->sources = sources;
    result->source_count = count;
    return true;
}

/* The worst counting source speaks for all; how many share its verdict is told. */
static void take_worst(struct judging *j, const struct opinion *all, size_t count, size_t counting,
    struct verdict_result *result)
{
    const struct opinion *worst = &all[0];
    result->verdict = worst->verdict;
    result->state = worst->state;
    result->trust_us = worst->trust_us;
    result->break_us = worst->break_us;
    result->broke_us = worst->broke_us;
    result->would_change = worst->would_change;
    size_t alike = 0;
    for (size_t i = 0; i < count; i++) {
        alike += all[i].counts && all[i].verdict == worst->verdict;
        if (all[i].counts && all[i].broke_us < result->broke_us)
            result->broke_us = all[i].broke_us;
    }
    /* No address: a summary is public. */
    result->summary = counting > 1 ? judge_say(j, "%zu of %zu addresses are %s; the worst %s", alike,
                                         counting, verdict_name(worst->verdict), worst->summary)
                                   : worst->summary;
    if (counting > 1 && worst->verdict != VERDICT_READY && alike < counting)
        judge_find(j,
            (struct verdict_finding){.rule = "FM63",
                .text = judge_say(j, "the addresses behind this zone disagree: %zu of %zu are %s", alike,
                    counting, verdict_name(worst->verdict)),
                .means = "clients get one or the other; the worst of them decides",
                .mend = "look at each resolver of the farm, or at each that a forwarder uses",
                .harmful = badness(worst->verdict) > badness(VERDICT_UNKNOWN)},
            (struct sightings){0});
}

static struct sightings answers(const struct evidence_agent *agent, enum evidence_answer answer)
{
    struct sightings sum = {0};
    for (int phase = 0; phase < EVIDENCE_PHASES; phase++) {
        const struct sightings *part = &agent->answers[phase][answer];
        if (part->count && !sum.count)
            sum.first_us = part->first_us;
        if (part->count)
            sum.last_us = part->last_us;
        sum.count += part->count;
    }
    return sum;
}

/* Of the recent answers: how many of each kind, and how often AD and SERVFAIL took turns. */
static size_t look_back(const struct evidence_agent *agent, size_t ret_recent[ANSWER_TIMEOUT + 1])
{
    size_t turns = 0, held = agent->recent_count < EVIDENCE_RECENT ? agent->recent_count : EVIDENCE_RECENT;
    uint8_t last = 0;
    for (size_t i = agent->recent_count - held; i < agent->recent_count; i++) {
        uint8_t answer = agent->recent[i % EVIDENCE_RECENT];
        ret_recent[answer]++;
        if (answer != ANSWER_AD && answer != ANSWER_SERVFAIL)
            continue;
        turns += last && answer != last;
        last = answer;
    }
    return turns;
}

static void hear(struct judging *j, const struct evidence_agent *agent, struct hearing *heard)
{
    size_t recent[ANSWER_TIMEOUT + 1] = {0}, turns = look_back(agent, recent);
    size_t held = agent->recent_count < EVIDENCE_RECENT ? agent->recent_count : EVIDENCE_RECENT;
    struct sightings good = answers(agent, ANSWER_AD), fails = answers(agent, ANSWER_SERVFAIL),
                     plain = answers(agent, ANSWER_NO_AD);
    heard->any = true;
    if (agent->fails_row >= FAILS_ROW && j->phase >= EVIDENCE_ROLLED && agent->fails_since_us >= j->sign_us) {
        heard->fails = true;
        heard->fails_since_us =
            agent->fails_since_us < heard->fails_since_us ? agent->fails_since_us : heard->fails_since_us;
    } else if (agent->fails_row >= FAILS_ROW) {
        heard->wrong_setup = true;
    } else if (turns >= 3) {
        heard->mixed = true;
    }
    if (held >= 3 && recent[ANSWER_NO_AD] == held) {
        heard->no_validation = true;
        heard->lost_validation |= good.count > 0;
    }
    if (!agent->fails_row && agent->last_good_us > heard->good_us)
        heard->good_us = agent->last_good_us;
    if (good.count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC16", .text = "an agent reports validated answers (AD)"},
            good);
    if (plain.count)
        judge_find(j,
            (struct verdict_finding){.rule = "FM60",
                .text = "an agent reports answers without AD",
                .means = "the resolver does not validate this zone, or does not say so",
                .harmful = heard->lost_validation},
            plain);
    if (fails.count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC17",
                .text = "an agent reports SERVFAIL",
                .means = agent->fails_row >= FAILS_ROW ? "names of the zone do not resolve there now" : NULL,
                .harmful = agent->fails_row >= FAILS_ROW},
            fails);
}

struct hearing judge_agents(struct judging *j)
{
    struct hearing heard = {.fails_since_us = UTC_OPEN, .good_us = INT64_MIN};
    for (size_t i = 0; i < j->in->evidence->agent_count; i++)
        hear(j, &j->in->evidence->agents[i], &heard);
    heard.good =
        heard.any && !heard.fails && !heard.wrong_setup && !heard.mixed && heard.good_us != INT64_MIN;
    return heard;
}

static void set(struct verdict_result *result, enum verdict verdict, enum verdict_state state,
    const char *summary, const char *change)
{
    result->verdict = verdict;
    result->state = state;
    result->summary = summary;
    result->would_change = change;
}

/* Agents know the outcome. They never make a resolver ready before the roll, and what they cannot know they
 * do not decide. */
static void weigh_agents(
    struct judging *j, const struct hearing *heard, size_t counting, struct verdict_result *result)
{
    if (heard->fails) {
        if (heard->fails_since_us < result->broke_us)
            result->broke_us = heard->fails_since_us;
        result->break_us = j->sign_us;
        set(result, VERDICT_NOT_READY, STATE_FAILED,
            judge_say(j,
                "does not resolve names of the zone since %s (an agent reports SERVFAIL): it does not trust "
                "%s",
                judge_when(j, heard->fails_since_us), j->new_id),
            judge_say(j, "%s as a trust anchor, by hand or from the zone's page", j->new_id));
    } else if (heard->wrong_setup && result->verdict != VERDICT_NOT_READY) {
        set(result, VERDICT_NOT_READY, j->phase < EVIDENCE_ROLLED ? STATE_JOINED : STATE_FAILED,
            "an agent reports SERVFAIL for names of the zone: its trust anchor is missing or wrong",
            "the zone's present key as a trust anchor");
    } else if (heard->mixed && badness(result->verdict) < badness(VERDICT_AT_RISK)) {
        set(result, VERDICT_AT_RISK, result->state,
            "an agent reports AD and SERVFAIL in turn: some resolver behind this address fails",
            "answers of one kind");
    } else if (heard->no_validation && badness(result->verdict) <= badness(VERDICT_UNKNOWN)) {
        if (heard->lost_validation)
            set(result, VERDICT_AT_RISK, result->state, "answers came validated once and do not any more",
                "answers with AD");
        else
            set(result, VERDICT_UNKNOWN, STATE_WAITING,
                "an agent reports answers without AD: the resolver does not validate this zone",
                "validation on, and the zone's key as a trust anchor");
    } else if (heard->good && j->phase >= EVIDENCE_ROLLED && heard->good_us >= j->settled_us &&
               counting <= 1 && result->broke_us == UTC_OPEN &&
               (result->verdict != VERDICT_READY || result->state == STATE_LEARNED)) {
        result->break_us = UTC_OPEN;
        set(result, VERDICT_READY, j->phase == EVIDENCE_WITHDRAWN ? STATE_DONE : STATE_SURVIVED,
            judge_say(j, "validates with %s alone (an agent reports AD)", j->new_id),
            "nothing more is needed");
    }
}

static void find_general(struct judging *j)
{
    const struct evidence *evidence = j->in->evidence;
    if (j->roll.postponed && j->phase < EVIDENCE_ROLLED)
        judge_find(j,
            (struct verdict_finding){.rule = "RC21",
                .text = j->sign_us == UTC_OPEN
                            ? "the roll is postponed, with no date yet"
                            : judge_say(j, "the roll is postponed, to %s", judge_when(j, j->sign_us)),
                .means = j->roll.last_operation && j->roll.last_operation->reason
                             ? judge_say(j, "%s", j->roll.last_operation->reason)
                             : NULL},
            (struct sightings){0});
    if (evidence->sources_lost.count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC22",
                .text = judge_say(
                    j, "more than %d addresses asked; the rest is counted and not judged", EVIDENCE_SOURCES),
                .means = "the verdict may miss a resolver"},
            evidence->sources_lost);
}

static void judge(
    struct judging *j, const struct opinion *all, size_t counting, struct verdict_result *result)
{
    const struct evidence *evidence = j->in->evidence;
    size_t count = evidence->source_count, asking = 0;
    bool storm = false;
    *result = (struct verdict_result){.verdict = VERDICT_UNKNOWN,
        .state = STATE_WAITING,
        .summary = "nothing was asked yet",
        .would_change =
            "set the zone's key as a trust anchor, and ask a name of the zone through this resolver",
        .trust_us = UTC_OPEN,
        .break_us = UTC_OPEN,
        .broke_us = UTC_OPEN};
    if (count)
        take_worst(j, all, count, counting, result);
    for (size_t i = 0; i < count; i++)
        asking += evidence->sources[i].rhythm.begun;
    for (size_t i = 0; i < count && all[i].counts; i++) {
        const struct evidence_source *source = all[i].source;
        j->where = counting > 1 ? judge_say(j, " from %s", judge_address(j, source->source)) : "";
        bool shares = asking > 1 && judge_shares_cache(source);
        judge_findings(j, source, asking == 1);
        storm |= judge_storm(j, source);
        if (shares)
            judge_find(j,
                (struct verdict_finding){.rule = "RC19",
                    .text = judge_say(j,
                        "shares its cache with another address%s: perhaps one resolver's IPv4 and IPv6",
                        j->where),
                    .means = "judged together"},
                source->all);
    }
    j->where = "";
    struct hearing heard = judge_agents(j);
    weigh_agents(j, &heard, counting, result);
    if (storm && badness(result->verdict) < badness(VERDICT_AT_RISK)) {
        result->verdict = VERDICT_AT_RISK;
        result->summary =
            judge_say(j, "%s; but it asks for DNSKEY many times as often as before", result->summary);
    }
    find_general(j);
    if (j->in->left_us && j->in->left_us <= j->in->now_us)
        result->summary = judge_say(j, "left %s: %s", judge_at(j, j->in->left_us), result->summary);
}

int verdict_judge(const struct verdict_input *input, struct arena *arena, struct verdict_result *ret_result)
{
    struct judging j;
    struct verdict_result result;
    size_t counting = 0;
    if (!begin(&j, input, arena))
        return ERR_NOMEM;
    struct opinion *all = opinions(&j, &counting);
    if (!all)
        return ERR_NOMEM;
    judge(&j, all, counting, &result);
    if (!list_sources(&j, all, input->evidence->source_count, &result) || j.failed)
        return ERR_NOMEM;
    result.findings = j.findings;
    result.finding_count = j.finding_count;
    *ret_result = result;
    return 0;
}
