/* Each event finds its source and is counted by phase and kind; then the few kinds that say more than a count
 * go on to what understands them: DNSKEY to the rhythm, signals to the tag sets, proofs to their chains,
 * answers to the agents. Nothing is looked at twice, and nothing is kept that grows with time. */
#include "core/roll/evidence.h"

#include <stdlib.h>
#include <string.h>

enum {
    BURST = 5, /* DNSKEY queries close together that no retransmission explains */
};

/* How long a proof's chain may take: queries that are lost are sent again within this. */
static int64_t chain_patience(const struct rhythm_scale *scale)
{
    int64_t half = scale->ttl_us / 2;
    return half < 2 * UTC_SECOND ? 2 * UTC_SECOND : half > 10 * UTC_SECOND ? 10 * UTC_SECOND : half;
}

enum evidence_phase evidence_phase(const struct plan *plan, int64_t t_us)
{
    struct plan_roll roll = plan_roll_at(plan, t_us);
    if (!roll.new_key || !roll.old_key)
        return EVIDENCE_BEFORE;
    struct plan_key_state new_key = plan_key_at(roll.new_key, t_us),
                          old_key = plan_key_at(roll.old_key, t_us);
    if (!new_key.published)
        return EVIDENCE_BEFORE;
    if (!old_key.published)
        return EVIDENCE_WITHDRAWN;
    if (old_key.revoked)
        return EVIDENCE_REVOKED;
    return new_key.signing && !old_key.signing ? EVIDENCE_ROLLED : EVIDENCE_PUBLISHED;
}

static void start_source(struct evidence_source *source, const uint8_t address[EVIDENCE_SOURCE])
{
    *source = (struct evidence_source){.published_us = UTC_OPEN,
        .key_published_us = UTC_OPEN,
        .sign_published_us = UTC_OPEN,
        .refreshed_us = UTC_OPEN,
        .signal_last_us = INT64_MIN,
        .signal_before_us = INT64_MIN,
        .cache.name_us = INT64_MIN / 2};
    memcpy(source->source, address, EVIDENCE_SOURCE);
    source->streak =
        (struct evidence_streak){.through_us = INT64_MIN, .since_us = UTC_OPEN, .stopped_us = INT64_MIN};
}

struct evidence *evidence_new(void)
{
    static const uint8_t nobody[EVIDENCE_SOURCE];
    struct evidence *evidence = calloc(1, sizeof *evidence);
    if (evidence)
        start_source(&evidence->whole, nobody);
    return evidence;
}

void evidence_free(struct evidence *evidence)
{
    if (!evidence)
        return;
    free(evidence->sources);
    free(evidence->agents);
    free(evidence);
}

static bool tells(enum evidence_kind kind)
{
    return kind == EVIDENCE_DNSKEY || kind == EVIDENCE_KEYTAG || kind == EVIDENCE_SIGNAL ||
           kind == EVIDENCE_PROOF;
}

static unsigned long told(const struct evidence_source *source)
{
    unsigned long count = 0;
    for (int phase = 0; phase < EVIDENCE_PHASES; phase++)
        for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
            count += tells((enum evidence_kind)kind) ? source->kinds[phase][kind].count : 0;
    return count;
}

/* All places are taken. A source that asks for keys, signals or proofs takes that of one which never did and
 * asked least: strangers that look up a name must not keep resolvers out. */
static struct evidence_source *replace(struct evidence *evidence, const struct evidence_event *event)
{
    struct evidence_source *least = NULL;
    for (size_t i = 0; tells(event->kind) && i < evidence->source_count; i++) {
        struct evidence_source *source = &evidence->sources[i];
        if (!told(source) && (!least || source->all.count < least->all.count))
            least = source;
    }
    if (!least)
        return NULL;
    for (size_t i = 0; i < EVIDENCE_CHAINS; i++)
        if (evidence->chains[i].source == least - evidence->sources)
            evidence->chains[i] = (struct evidence_chain){0};
    evidence->sources_lost.count += least->all.count - 1;
    sightings_add(&evidence->sources_lost, least->all.last_us);
    start_source(least, event->source);
    return least;
}

/* The source of an event; NULL with *ret_err 0 when it is counted as lost. */
static struct evidence_source *source_of(
    struct evidence *evidence, const struct evidence_event *event, int *ret_err)
{
    *ret_err = 0;
    for (size_t i = 0; i < evidence->source_count; i++)
        if (memcmp(evidence->sources[i].source, event->source, EVIDENCE_SOURCE) == 0)
            return &evidence->sources[i];
    if (evidence->source_count == EVIDENCE_SOURCES)
        return replace(evidence, event);
    if ((evidence->source_count & (evidence->source_count - 1)) == 0) { /* room doubles: 1, 2, 4, … */
        size_t room = evidence->source_count ? 2 * evidence->source_count : 1;
        struct evidence_source *grown = realloc(evidence->sources, room * sizeof *grown);
        if (!grown) {
            *ret_err = ERR_NOMEM;
            return NULL;
        }
        evidence->sources = grown;
    }
    struct evidence_source *source = &evidence->sources[evidence->source_count++];
    start_source(source, event->source);
    return source;
}

static void add_signal(struct evidence_source *source, const struct evidence_event *event, int64_t at_us)
{
    size_t i = 0, count = event->tag_count < EVIDENCE_MAX_TAGS ? event->tag_count : EVIDENCE_MAX_TAGS;
    while (i < source->signal_count &&
           (source->signals[i].tag_count != count ||
               memcmp(source->signals[i].tags, event->tags, count * sizeof *event->tags) != 0))
        i++;
    if (i == EVIDENCE_SIGNALS) {
        sightings_add(&source->signals_lost, at_us);
        return;
    }
    if (i == source->signal_count) {
        source->signals[i] = (struct evidence_signal){.tag_count = (uint8_t)count};
        memcpy(source->signals[i].tags, event->tags, count * sizeof *event->tags);
        source->signal_count++;
    }
    bool change = source->signal_run && i != source->last_signal;
    source->signal_changes += change;
    source->signal_before_us = change ? INT64_MIN : source->signal_last_us;
    source->signal_last_us = at_us;
    source->signal_run = change ? 1 : source->signal_run + 1;
    source->last_signal = i;
    sightings_add(&source->signals[i].seen, at_us);
}

/* Whether signals come together with DNSKEY queries, before or after, at whichever address these leave. */
static void couple_signal(struct evidence_source *source, const struct evidence *evidence, int64_t at_us)
{
    const struct rhythm *all = &evidence->whole.rhythm;
    source->signals_apart += source->signal_us != 0;
    source->signal_us = 0;
    if (all->begun && at_us - all->key_us <= evidence->scale.burst_us)
        source->signals_with++;
    else
        source->signal_us = at_us;
}

static void couple_dnskey(struct evidence *evidence, int64_t at_us)
{
    for (size_t i = 0; i <= evidence->source_count; i++) {
        struct evidence_source *source =
            i < evidence->source_count ? &evidence->sources[i] : &evidence->whole;
        if (!source->signal_us)
            continue;
        bool near = at_us - source->signal_us <= evidence->scale.burst_us;
        source->signals_with += near;
        source->signals_apart += !near;
        source->signal_us = 0;
    }
}

enum rhythm_timer evidence_timer(const struct evidence_source *source)
{
    unsigned long followed = 0, reversed = 0;
    for (int phase = 0; phase < EVIDENCE_PHASES; phase++) {
        followed += source->proofs[phase].followed.count;
        reversed += source->proofs[phase].reversed.count;
    }
    if (followed > reversed || source->signals_with > source->signals_apart)
        return RHYTHM_ANY;
    bool apart = source->signals_apart >= 2 && source->signals_apart > 2 * source->signals_with;
    return reversed >= 2 || apart ? RHYTHM_OWN : RHYTHM_ANY;
}

static void streak_stopped(struct evidence_streak *streak, int64_t asked_us)
{
    if (!streak->stopped++)
        streak->since_us = asked_us;
    streak->stopped_us = asked_us;
}

static void proof_through(
    struct evidence_source *source, enum evidence_phase phase, bool reversed, int64_t at_us)
{
    struct evidence_proofs *proofs = &source->proofs[phase];
    sightings_add(reversed ? &proofs->reversed : &proofs->followed, at_us);
    source->streak = (struct evidence_streak){
        .through_us = at_us, .reversed = reversed, .since_us = UTC_OPEN, .stopped_us = INT64_MIN};
}

static void proof_stopped(struct evidence_source *source, enum evidence_phase phase, int64_t asked_us)
{
    sightings_add(&source->proofs[phase].stopped, asked_us);
    if (asked_us > source->streak.through_us)
        streak_stopped(&source->streak, asked_us);
}

static bool overdue(const struct evidence *evidence, const struct evidence_chain *chain, int64_t now_us)
{
    return chain->nonce[0] && !chain->followed && now_us - chain->asked_us > chain_patience(&evidence->scale);
}

/* Closes chains that have waited long enough, oldest first. */
static void settle(struct evidence *evidence, int64_t now_us)
{
    for (size_t i = 0; i < EVIDENCE_CHAINS; i++) {
        struct evidence_chain *chain = &evidence->chains[(evidence->next_chain + i) % EVIDENCE_CHAINS];
        if (!overdue(evidence, chain, now_us))
            continue;
        proof_stopped(&evidence->sources[chain->source], (enum evidence_phase)chain->phase, chain->asked_us);
        proof_stopped(&evidence->whole, (enum evidence_phase)chain->phase, chain->asked_us);
        *chain = (struct evidence_chain){0};
    }
}

struct evidence_streak evidence_streak_at(
    const struct evidence *evidence, const struct evidence_source *source, int64_t now_us)
{
    struct evidence_streak streak = source->streak;
    for (size_t i = 0; i < EVIDENCE_CHAINS; i++) {
        const struct evidence_chain *chain = &evidence->chains[(evidence->next_chain + i) % EVIDENCE_CHAINS];
        bool his = source == &evidence->whole || &evidence->sources[chain->source] == source;
        if (his && overdue(evidence, chain, now_us) && chain->asked_us > streak.through_us)
            streak_stopped(&streak, chain->asked_us);
    }
    return streak;
}

unsigned long evidence_count(const struct evidence_source *source, enum evidence_kind kind)
{
    return evidence_since(source, kind, EVIDENCE_BEFORE).count;
}

struct sightings evidence_since(
    const struct evidence_source *source, enum evidence_kind kind, enum evidence_phase phase)
{
    struct sightings sum = {0};
    for (int i = phase; i < EVIDENCE_PHASES; i++) {
        const struct sightings *part = &source->kinds[i][kind];
        if (!part->count)
            continue;
        if (!sum.count || part->first_us < sum.first_us)
            sum.first_us = part->first_us;
        if (!sum.count || part->last_us > sum.last_us)
            sum.last_us = part->last_us;
        sum.count += part->count;
    }
    return sum;
}

static struct evidence_chain *find_chain(struct evidence *evidence, const char *nonce)
{
    for (size_t i = 0; nonce[0] && i < EVIDENCE_CHAINS; i++)
        if (strncmp(evidence->chains[i].nonce, nonce, EVIDENCE_NONCE) == 0)
            return &evidence->chains[i];
    return NULL;
}

static void add_proof(struct evidence *evidence, const struct evidence_source *source,
    const struct evidence_event *event, enum evidence_phase phase, int64_t at_us)
{
    struct evidence_chain *chain = find_chain(evidence, event->nonce);
    if (event->kind == EVIDENCE_PROOF && !chain && event->nonce[0]) {
        /* A place is taken in turn. A chain still open there is one of very many at once: it is given up, and
         * counts neither way. */
        chain = &evidence->chains[evidence->next_chain];
        evidence->next_chain = (evidence->next_chain + 1) % EVIDENCE_CHAINS;
        *chain = (struct evidence_chain){
            .source = (uint16_t)(source - evidence->sources), .phase = (uint8_t)phase, .asked_us = at_us};
        memcpy(chain->nonce, event->nonce, EVIDENCE_NONCE);
    }
    if (!chain)
        return;
    chain->target |= event->kind == EVIDENCE_PROOF_TARGET;
    chain->ds |= event->kind == EVIDENCE_PROOF_DS;
    if (event->kind == EVIDENCE_PROOF_DNSKEY && !chain->followed) {
        chain->followed = true;
        proof_through(
            &evidence->sources[chain->source], (enum evidence_phase)chain->phase, !chain->ds, at_us);
        proof_through(&evidence->whole, (enum evidence_phase)chain->phase, !chain->ds, at_us);
    }
}

static int add_answer(
    struct evidence *evidence, const struct evidence_event *event, enum evidence_phase phase, int64_t at_us)
{
    if (!evidence->agents && !(evidence->agents = calloc(EVIDENCE_AGENTS, sizeof *evidence->agents)))
        return ERR_NOMEM;
    size_t i = 0;
    while (
        i < evidence->agent_count && memcmp(evidence->agents[i].source, event->source, EVIDENCE_SOURCE) != 0)
        i++;
    if (event->answer < ANSWER_AD || event->answer > ANSWER_TIMEOUT || i == EVIDENCE_AGENTS) {
        sightings_add(&evidence->agents_lost, at_us);
        return 0;
    }
    struct evidence_agent *agent = &evidence->agents[i];
    if (i == evidence->agent_count) {
        evidence->agent_count++;
        *agent = (struct evidence_agent){.fails_since_us = UTC_OPEN, .last_good_us = INT64_MIN};
        memcpy(agent->source, event->source, EVIDENCE_SOURCE);
    }
    sightings_add(&agent->answers[phase][event->answer], at_us);
    agent->last_us = at_us;
    if (event->answer == ANSWER_TIMEOUT)
        return 0;
    agent->recent[agent->recent_count++ % EVIDENCE_RECENT] = event->answer;
    if (event->answer == ANSWER_SERVFAIL) {
        if (!agent->fails_row++)
            agent->fails_since_us = at_us;
        return 0;
    }
    agent->fails_row = 0;
    agent->fails_since_us = UTC_OPEN;
    if (event->answer == ANSWER_AD)
        agent->last_good_us = at_us;
    return 0;
}

/* The first DNSKEY query after the new key's publication, and the first that was a sign of following: the
 * hold-down of a follower began no later. */
static void note_publication(struct evidence_source *source, const struct plan *plan,
    const struct evidence_event *event, enum evidence_phase phase, int64_t at_us)
{
    const struct rhythm *rhythm = &source->rhythm;
    int64_t published_us = plan_roll_at(plan, at_us).publish_us, hold_end;
    bool dnskey = event->kind == EVIDENCE_DNSKEY || event->kind == EVIDENCE_KEYTAG;
    if (published_us != source->published_us && dnskey) {
        source->published_us = published_us;
        source->key_published_us = at_us;
        source->sign_published_us = source->refreshed_us = UTC_OPEN;
    }
    if (rhythm->run_us == INT64_MIN || source->published_us != published_us)
        source->sign_published_us = UTC_OPEN;
    else if (source->sign_published_us == UTC_OPEN && rhythm->sign_us >= source->key_published_us)
        source->sign_published_us = rhythm->sign_us;
    if (source->refreshed_us == UTC_OPEN && phase == EVIDENCE_PUBLISHED &&
        source->sign_published_us != UTC_OPEN &&
        !__builtin_add_overflow(source->sign_published_us, plan->add_hold_us, &hold_end) &&
        rhythm->sign_us >= hold_end)
        source->refreshed_us = rhythm->sign_us;
}

static void add_dnskey(struct evidence_source *source, const struct evidence *evidence,
    const struct evidence_event *event, enum evidence_phase phase, int64_t at_us)
{
    const struct rhythm_scale *scale = &evidence->scale;
    const struct rhythm *own = &source->rhythm;
    source->cache.asked_us = 0;
    if (phase < EVIDENCE_ROLLED && own->begun && at_us - source->cache.name_us <= scale->burst_us &&
        at_us - own->key_us > scale->ttl_us / 20 * 19 &&
        at_us - evidence->whole.rhythm.key_us > scale->burst_us &&
        at_us - evidence->whole.rhythm.key_us < scale->ttl_us - scale->burst_us)
        source->cache.apart++;
    bool close = source->burst.row && at_us - source->burst.last_us <= scale->burst_us;
    source->burst.row = close ? source->burst.row + 1 : 1;
    source->burst.last_us = at_us;
    if (source->burst.row == BURST)
        sightings_add(&source->burst.seen[phase], at_us);
    source->dnssec_ok |= event->dnssec_ok;
    rhythm_dnskey(&source->rhythm, scale, &evidence->prompts, at_us);
}

/* A name was asked, when its own copy of the DNSKEY RRset must have expired but one that another address
 * fetched has not: does a DNSKEY query follow? */
static void watch_cache(
    const struct evidence *evidence, struct evidence_source *source, enum evidence_phase phase, int64_t at_us)
{
    const struct rhythm_scale *scale = &evidence->scale;
    const struct rhythm *own = &source->rhythm;
    int64_t expired = scale->ttl_us + scale->ttl_us / 20 + scale->burst_us;
    if (source->cache.asked_us && at_us - source->cache.asked_us > scale->burst_us) {
        source->cache.together++;
        source->cache.asked_us = 0;
    }
    if (phase < EVIDENCE_ROLLED && own->begun && !source->cache.asked_us && at_us - own->key_us > expired &&
        at_us - evidence->whole.rhythm.key_us < scale->ttl_us - scale->burst_us)
        source->cache.asked_us = at_us;
    source->cache.name_us = at_us;
}

static bool is_name(enum evidence_kind kind)
{
    return kind == EVIDENCE_NAME || kind == EVIDENCE_PROOF || kind == EVIDENCE_PROOF_TARGET ||
           kind == EVIDENCE_GAP_FIRST || kind == EVIDENCE_GAP_SECOND;
}

/* What concerns one source; done again for all of them together. A DNSKEY query with the option of RFC 8145
 * is both a signal and a DNSKEY query. */
static void add_to(struct evidence_source *source, const struct evidence *evidence, const struct plan *plan,
    const struct evidence_event *event, enum evidence_phase phase, int64_t at_us)
{
    sightings_add(&source->all, at_us);
    sightings_add(&source->kinds[phase][event->kind], at_us);
    if (event->kind == EVIDENCE_KEYTAG)
        sightings_add(&source->kinds[phase][EVIDENCE_DNSKEY], at_us);
    if (event->kind == EVIDENCE_SIGNAL || event->kind == EVIDENCE_KEYTAG)
        add_signal(source, event, at_us);
    if (event->kind == EVIDENCE_SIGNAL)
        couple_signal(source, evidence, at_us);
    if (event->kind == EVIDENCE_DNSKEY || event->kind == EVIDENCE_KEYTAG) {
        add_dnskey(source, evidence, event, phase, at_us);
    } else {
        if (is_name(event->kind))
            watch_cache(evidence, source, phase, at_us);
        rhythm_query(&source->rhythm, &evidence->scale, &evidence->prompts, at_us);
    }
    if (phase != EVIDENCE_BEFORE)
        note_publication(source, plan, event, phase, at_us);
}

int evidence_add(struct evidence *evidence, const struct plan *plan, const struct evidence_event *event)
{
    if ((unsigned)event->kind >= EVIDENCE_KINDS)
        return ERR_DATA;
    if (!evidence->all.count) {
        evidence->scale = rhythm_scale(plan->dnskey_ttl_s, plan_refresh(plan));
        evidence->first_us = evidence->last_us = event->at_us;
    }
    int64_t at_us = event->at_us > evidence->last_us ? event->at_us : evidence->last_us;
    enum evidence_phase phase = evidence_phase(plan, at_us);
    int err = 0;
    struct evidence_source *source = event->kind == EVIDENCE_ANSWER ? NULL : source_of(evidence, event, &err);
    if (err)
        return err;
    evidence->last_us = at_us;
    sightings_add(&evidence->all, at_us);
    settle(evidence, at_us);
    if (event->kind == EVIDENCE_ANSWER) {
        return add_answer(evidence, event, phase, at_us);
    }
    if (!source) {
        sightings_add(&evidence->sources_lost, at_us);
        return 0;
    }
    if (is_name(event->kind))
        rhythm_prompt(&evidence->prompts, &evidence->scale, at_us);
    if (event->kind == EVIDENCE_DNSKEY)
        couple_dnskey(evidence, at_us);
    add_to(source, evidence, plan, event, phase, at_us);
    add_to(&evidence->whole, evidence, plan, event, phase, at_us);
    if (event->kind >= EVIDENCE_PROOF && event->kind <= EVIDENCE_PROOF_DS)
        add_proof(evidence, source, event, phase, at_us);
    return 0;
}
