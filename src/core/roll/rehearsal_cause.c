/* Why users lost their answers, as one sentence that the evidence bears. First it is asked whether the
 * program trusted any key that signed then: by its own state where it tells one, else by the model. If not,
 * the question is why it did not learn the key; if it did, what else was wrong. Where nothing explains it,
 * that is what is said. */
#include "core/roll/rehearsal_inside.h"

#include <string.h>

const struct rehearsal_event *trial_event(const struct trial *t, enum rehearsal_what what)
{
    for (size_t i = 0; i < t->seen->event_count; i++)
        if (t->seen->events[i].what == what)
            return &t->seen->events[i];
    return NULL;
}

int64_t trial_ended_us(const struct trial *t)
{
    const struct rehearsal_event *never = trial_event(t, REHEARSAL_COULD_NOT_START);
    return never && never->at_us < t->result.died_us ? never->at_us : t->result.died_us;
}

bool trial_ended_by(const struct trial *t, int64_t look_us)
{
    return trial_ended_us(t) <= look_us + UTC_MINUTE; /* all of its questions time out within that */
}

/* What mends a static anchor, by product. The rules are those of the failure modes. */
static const struct {
    const char *product, *static_rule, *static_mend, *state_rule, *state_mend;
} products[] = {
    {"named", "FM01",
        "in named.conf: dnssec-validation auto, and no static-key, static-ds or trusted-keys for the root",
        "FM22",
        "managed-keys-directory must be a directory that named's user can write, on a disk that stays"},
    {"unbound", "FM17", "auto-trust-anchor-file in the place of trust-anchor-file and trust-anchor", "FM20",
        "the file of auto-trust-anchor-file and its directory must belong to unbound's user, on a disk that "
        "stays"},
    {"kresd", "FM14", "trust_anchors.add_file() on a file of its own that it may write", "FM20",
        "the directory of its key file must belong to kresd's user, on a disk that stays"},
    {"pdns_recursor", "FM06",
        "it cannot follow: readTrustAnchorsFromFile(\"/usr/share/dns/root.key\"), and keep dns-root-data up "
        "to date",
        NULL, NULL},
    {"dnsmasq", "FM02", "it cannot follow: add a trust-anchor line for the new key, and restart it", NULL,
        NULL},
    {"systemd-resolved", "FM10",
        "it cannot follow: update systemd, or put both DS lines into a file of /etc/dnssec-trust-anchors.d",
        NULL, NULL},
    {"delv", "FM18", "give it the file of a package that is kept up to date (-a)", NULL, NULL},
    {"unbound-host", "FM18",
        "give it a file that follows the roll (-f), or of a package that is kept up to date", NULL, NULL},
    {"drill", "FM18", "give it the file of a package that is kept up to date (-k)", NULL, NULL},
};
static const char other_static_mend[] =
    "let it follow RFC 5011, or give it the new key from a package that is kept up to date";
static const char other_state_mend[] =
    "its state must lie in a directory that it can write, on a disk that stays";
static const char learn_mend[] =
    "give it the new key before the roll (dns-root-data or a newer package), not its "
    "own observation alone";

static size_t product_of(const struct trial *t)
{
    size_t i = 0, count = sizeof products / sizeof *products;
    while (i < count && (!t->seen->product || strcmp(products[i].product, t->seen->product) != 0))
        i++;
    return i;
}

static struct trial_cause static_cause(const struct trial *t, const char *text)
{
    size_t i = product_of(t), count = sizeof products / sizeof *products;
    return (struct trial_cause){text, i < count ? products[i].static_rule : "FM15",
        i < count ? products[i].static_mend : other_static_mend};
}

static struct trial_cause state_cause(const struct trial *t, const char *text, const char *rule)
{
    size_t i = product_of(t), count = sizeof products / sizeof *products;
    bool known = i < count && products[i].state_rule;
    return (struct trial_cause){text,
        rule    ? rule
        : known ? products[i].state_rule
                : "FM20",
        known ? products[i].state_mend : other_state_mend};
}

/* The last step of a kind at or before the moment, or NULL. */
static const struct scenario_step *last_step(const struct trial *t, enum scenario_do what, int64_t at_us)
{
    const struct scenario_step *found = NULL;
    for (size_t i = 0; i < t->schedule->step_count && t->schedule->steps[i].at_us <= at_us; i++)
        if (t->schedule->steps[i].what == what)
            found = &t->schedule->steps[i];
    return found;
}

const char *trial_fault(const struct trial *t, int64_t at_us)
{
    struct trial_world world = trial_world_at(t, at_us);
    if (world.read_only)
        return "its state cannot be written";
    if (world.clock_us)
        return "its clock is wrong";
    return last_step(t, SCENARIO_STATE_LOST, at_us) ? "its state was lost" : NULL;
}

struct trial_cause trial_cause_ended(struct trial *t, const struct rehearsal_event *event)
{
    struct trial_world world = trial_world_at(t, event->at_us);
    bool never = event->what == REHEARSAL_COULD_NOT_START;
    const char *fault = trial_fault(t, event->at_us);
    const char *code = never || !event->code ? ""
                       : event->code > 256   ? trial_say(t, " (signal %d)", event->code - 256)
                                             : trial_say(t, " (exit code %d)", event->code);
    const char *text = trial_say(t, "It %s on %s%s%s%s%s%s.", never ? "did not start" : "ended by itself",
        trial_day(t, event->at_us), code, fault ? ", while " : "", fault ? fault : "",
        *event->text ? "; its last words: " : "", event->text);
    if (world.read_only)
        return state_cause(t, text, NULL);
    return (struct trial_cause){text, "RH04", "its log says more; it is kept with --keep"};
}

/* A key that signs the DNSKEY RRset at the moment, after `after` in the plan; NULL: no more. */
static const struct plan_key *next_signer(
    const struct plan *plan, const struct plan_key *after, int64_t at_us)
{
    for (size_t i = after ? (size_t)(after - plan->keys) + 1 : 0; i < plan->key_count; i++) {
        struct plan_key_state state = plan_key_at(&plan->keys[i], at_us);
        if (!plan->keys[i].zsk && state.published && state.signing && !state.revoked)
            return &plan->keys[i];
    }
    return NULL;
}

/* The time when it was off and could have seen the new key; NULL: it was there. */
static const struct trial_span *missed(const struct trial *t, int64_t until_us)
{
    const struct trial_span *longest = NULL;
    for (size_t i = 0; i < t->span_count; i++) {
        const struct trial_span *span = &t->spans[i];
        if (span->why != TRIAL_CLOCK && span->from_us < until_us &&
            (!longest || span->to_us - span->from_us > longest->to_us - longest->from_us))
            longest = span;
    }
    return longest;
}

/* Whether it says of itself that the key was ever pending or trusted; also where it does not tell of keys. */
static bool took_notice(const struct trial *t, const struct plan_key *key, int64_t at_us)
{
    size_t i = 0;
    while (
        i < t->seen->state_count && t->seen->states[i].at_us <= at_us && t->seen->states[i].tag != key->tag)
        i++;
    return key->tag < 0 || !t->seen->state_count ||
           (i < t->seen->state_count && t->seen->states[i].at_us <= at_us);
}

/* When the key became pending, of the last time before the moment; UTC_OPEN: it never did. */
static int64_t pending_since(const struct trial *t, const struct plan_key *key, int64_t at_us)
{
    int64_t since_us = UTC_OPEN;
    if (!took_notice(t, key, at_us))
        return UTC_OPEN;
    for (size_t i = 0; i < t->change_count && t->changes[i].at_us <= at_us; i++)
        if (t->changes[i].key == key)
            since_us = t->changes[i].state == RFC5011_ADD_PEND ? t->changes[i].at_us : since_us;
    return since_us;
}

const char *trial_anchors(struct trial *t)
{
    const char *text = t->anchor_count ? "" : "none of the root's keys";
    for (size_t i = 0; i < t->anchor_count; i++)
        text = trial_say(t, "%s%s%s", text, i ? " and " : "", trial_key(t, t->anchors[i]));
    return text;
}

/* Nothing that signs is trusted, of one that does not follow. */
static struct trial_cause never_learns(struct trial *t, const struct plan_key *signer, int64_t at_us)
{
    int64_t since_us = INT64_MIN;
    for (size_t i = 0; i < signer->step_count && signer->steps[i].at_us <= at_us; i++)
        if (signer->steps[i].what == PLAN_SIGN)
            since_us = signer->steps[i].at_us;
    int64_t alone_us = plan_roll_at(t->schedule->plan, since_us).sign_us; /* both may sign for a while */
    since_us = alone_us > since_us && alone_us <= at_us ? alone_us : since_us;
    return static_cause(t,
        trial_say(t, "%s %s%s, while since %s only %s signs.",
            t->still ? "It keeps no state of trust anchors and learns none: it holds"
                     : "Its anchor does not change and is",
            trial_anchors(t), t->anchor_count ? " alone" : "", trial_day(t, since_us), trial_key(t, signer)));
}

/* The same of one that follows: why it did not learn the key in time. */
static struct trial_cause not_learned(struct trial *t, const struct plan_key *signer, int64_t at_us)
{
    const struct scenario_step *lost = last_step(t, SCENARIO_STATE_LOST, at_us);
    const struct scenario_step *read_only = last_step(t, SCENARIO_STATE_READ_ONLY, at_us);
    const struct trial_span *off = missed(t, at_us);
    int64_t pending_us = pending_since(t, signer, at_us);
    const char *key = trial_key(t, signer);
    if (lost)
        return state_cause(t,
            trial_say(t, "Its state was lost on %s; the hold-down of %s began anew and was not over.",
                trial_day(t, lost->at_us), key),
            "FM29");
    if (trial_world_at(t, at_us).read_only)
        return state_cause(t,
            trial_say(t, "Its state cannot be written since %s, and it did not come to trust %s.",
                trial_day(t, read_only->at_us), key),
            NULL);
    if (pending_us != UTC_OPEN)
        return (struct trial_cause){
            trial_say(t,
                "%s, which it saw first on %s, was still in its hold-down of %lld days when it signed alone.",
                key, trial_day(t, pending_us), (long long)(TRIAL_HOLD_US / UTC_DAY)),
            "FM31", learn_mend};
    if (off)
        return (struct trial_cause){
            trial_say(t, "%s from %s to %s, it never saw %s while a key that it trusts signed for it.",
                off->why == TRIAL_STOPPED ? "Switched off" : "Cut off from the root",
                trial_day(t, off->from_us), trial_day(t, off->to_us), key),
            "FM30", "install the present anchors anew when it comes back, from a package or by hand"};
    return (struct trial_cause){
        trial_say(
            t, "It does not trust %s, the key that signs, and nothing in the scenario explains why.", key),
        "RH05", learn_mend};
}

/* Whether the answers that it got last ended at the limit of UDP, with nothing by TCP after them. */
static uint16_t cut_off(const struct trial *t, const struct rehearsal_outage *outage)
{
    uint16_t size = 0;
    for (size_t i = 0; i < t->seen->fetch_count && t->seen->fetches[i].at_us <= outage->last_us; i++) {
        const struct rehearsal_fetch *fetch = &t->seen->fetches[i];
        struct scenario_servers server = trial_world_at(t, fetch->at_us).servers[fetch->root];
        bool lost = server.fragment_above && !fetch->tcp && fetch->size > server.fragment_above;
        size = (fetch->truncated && server.no_tcp) || lost ? fetch->size ? fetch->size : 1 : 0;
    }
    return size;
}

/* The time when its clock was ahead, if that clock has not been caught up with; else NULL. */
static const struct trial_span *was_ahead(const struct trial *t, int64_t at_us)
{
    for (size_t i = 0; i < t->span_count; i++) {
        const struct trial_span *span = &t->spans[i];
        if (span->why == TRIAL_CLOCK && span->to_us <= at_us &&
            at_us < span->to_us + trial_world_at(t, span->to_us - 1).clock_us)
            return span;
    }
    return NULL;
}

static bool rolls_algorithm(const struct plan_roll *roll)
{
    return roll->old_key && roll->new_key && roll->old_key->algorithm != roll->new_key->algorithm;
}

/* A key that signs is trusted, and there are no answers all the same. */
static struct trial_cause otherwise(
    struct trial *t, const struct plan_key *signer, const struct rehearsal_outage *outage)
{
    struct trial_world world = trial_world_at(t, outage->first_us);
    const struct plan_roll *roll = &t->schedule->roll;
    if (cut_off(t, outage))
        return (struct trial_cause){
            trial_say(t,
                "The DNSKEY answer of the root does not reach it: it does not fit into UDP, "
                "and what would carry it is blocked (seen since %s).",
                trial_day(t, outage->first_us)),
            "FM55", "let TCP to port 53 through, and fragments; a UDP size of 1232"};
    if (world.clock_us)
        return (struct trial_cause){trial_say(t, "Its clock is wrong since %s: no signature is valid by it.",
                                        trial_day(t, last_step(t, SCENARIO_CLOCK, outage->first_us)->at_us)),
            "FM56", "set the clock by NTP, from servers given by address"};
    const struct trial_span *ahead = was_ahead(t, outage->first_us);
    if (ahead)
        return (struct trial_cause){trial_say(t,
                                        "Its clock was ahead until %s, and what it stored then lasts by that "
                                        "clock: it has no answers until that "
                                        "time comes again.",
                                        trial_day(t, ahead->to_us)),
            "FM57", "restart it when its clock was set back"};
    if (world.tamper != SCENARIO_TAMPER_NONE)
        return (struct trial_cause){
            trial_say(t, "It does not get over the RRset that the root gives since %s (%s).",
                trial_day(t, last_step(t, SCENARIO_TAMPER, outage->first_us)->at_us),
                scenario_tamper_name(world.tamper)),
            "RH05", "a newer version of the program"};
    if (rolls_algorithm(roll) && outage->first_us >= t->schedule->events_us[SCENARIO_AT_FIRST_SIGNATURE])
        return (struct trial_cause){
            trial_say(t, "It trusts %s and does not validate since the root is signed with algorithm %u.",
                trial_key(t, signer), roll->new_key->algorithm),
            "FM68", "a newer version of the program and of its cryptographic library"};
    return (struct trial_cause){trial_say(t,
                                    "It trusts %s, which signs, and still answers nothing since %s; nothing "
                                    "in the scenario explains why.",
                                    trial_key(t, signer), trial_day(t, outage->first_us)),
        "RH05", "its log says more; it is kept with --keep"};
}

/* "All anchors revoked: the trust point is deleted" (RFC 5011 §5). */
static struct trial_cause open_cause(struct trial *t, const struct rehearsal_outage *outage)
{
    int64_t revoke_us = t->schedule->events_us[SCENARIO_AT_REVOKE];
    const char *day = trial_day(t, outage->from_us);
    bool revoked = revoke_us != UTC_OPEN && outage->first_us >= revoke_us;
    for (size_t i = 0; i < t->schedule->plan->key_count && revoked;
         i++) /* its state is read after the look */
        revoked = !trial_trusts(t, &t->schedule->plan->keys[i], outage->first_us + UTC_HOUR);
    if (revoked)
        return (struct trial_cause){trial_say(t,
                                        "It fails open since %s: the key that it trusted was revoked, so it "
                                        "has no anchor and validates "
                                        "nothing (RFC 5011, section 5).",
                                        day),
            "FM44", "install the present anchors anew; watch for answers without AD, not only for SERVFAIL"};
    const struct plan_roll *roll = &t->schedule->roll;
    if (rolls_algorithm(roll) && outage->first_us >= roll->sign_us)
        return (struct trial_cause){trial_say(t,
                                        "It fails open since %s, when only algorithm %u signs: it does not "
                                        "know that algorithm, or did not learn "
                                        "its key.",
                                        day, roll->new_key->algorithm),
            "FM68", "a newer version of the program and of its cryptographic library"};
    return (struct trial_cause){
        trial_say(
            t, "It fails open since %s: it answers what it does not validate, and did validate before.", day),
        "FM61", "find out what turned validation off; watch for answers without AD, not only for SERVFAIL"};
}

static struct trial_cause cause_of(struct trial *t, const struct rehearsal_outage *outage)
{
    const struct plan *plan = t->schedule->plan;
    if (outage->kind == REHEARSAL_OPEN)
        return open_cause(t, outage);
    const struct plan_key *first = next_signer(plan, NULL, outage->first_us), *signer = first;
    while (signer && !trial_trusts(t, signer, outage->first_us))
        signer = next_signer(plan, signer, outage->first_us);
    if (signer)
        return otherwise(t, signer, outage);
    if (!first)
        return (struct trial_cause){
            trial_say(t, "The plan holds no key that signs on %s.", trial_day(t, outage->first_us)), "RH05",
            NULL};
    return t->follows ? not_learned(t, first, outage->first_us) : never_learns(t, first, outage->first_us);
}

struct trial_cause trial_cause(struct trial *t, const struct rehearsal_outage *outage)
{
    struct trial_cause cause = cause_of(t, outage);
    if (outage->view > 0 && outage->view <= REHEARSAL_VIEWS)
        cause.text = trial_say(t, "In its view %s: %s", t->seen->views[outage->view - 1], cause.text);
    return cause;
}
