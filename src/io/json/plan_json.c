/* One document: first what the plan says of itself, then what is true at the moment, then keys and history
 * whole. */
#include "io/json/plan_json.h"

#include "core/dns/dnskey.h"

/* Seconds; a fraction only where there is one. */
static void set_span(struct json *object, const char *name, int64_t us)
{
    if (us % UTC_SECOND)
        json_set_real(object, name, (double)us / (double)UTC_SECOND);
    else
        json_set_int(object, name, us / UTC_SECOND);
}

static void set_moment(const struct plan *plan, struct json *object, const char *name, int64_t us)
{
    if (!plan->relative)
        json_set_time(object, name, us);
    else if (us == UTC_OPEN)
        json_set_null(object, name);
    else
        set_span(object, name, us);
}

static void set_tag(struct json *object, const char *name, int32_t tag)
{
    if (tag < 0)
        json_set_null(object, name);
    else
        json_set_int(object, name, tag);
}

static void set_timers(struct json *object, const struct plan *plan)
{
    json_set_int(object, "dnskey_ttl_s", plan->dnskey_ttl_s);
    json_set_int(object, "signature_validity_s", plan->signature_s);
    set_span(object, "add_hold_down_s", plan->add_hold_us);
    set_span(object, "remove_hold_down_s", plan->remove_hold_us);
    set_span(object, "refresh_s", plan_refresh(plan));
    set_span(object, "retry_s", plan_retry(plan));
}

static const char *state_name(struct plan_key_state state)
{
    return state.revoked                      ? "revoked"
           : state.published && state.signing ? "signing"
           : state.published                  ? "published"
           : state.signing                    ? "signing-unpublished"
           : state.ever_published             ? "withdrawn"
                                              : "absent";
}

/* A key as it is in the zone now: with REVOKE it has other flags and another tag (RFC 5011 §7, RFC 4034 App.
 * B). */
static void set_key_now(struct json *object, const struct plan_key *key, struct plan_key_state state)
{
    unsigned flags = key->zsk ? DNSKEY_ZSK : DNSKEY_KSK;
    json_set_string(object, "key", key->id);
    set_tag(object, "tag", state.revoked ? key->revoked_tag : key->tag);
    json_set_int(object, "flags", state.revoked ? flags | DNSKEY_REVOKE : flags);
    json_set_int(object, "algorithm", key->algorithm);
    json_set_bool(object, "planned", state.planned);
}

static void set_rrset(struct json *object, const struct plan *plan, int64_t t_us)
{
    struct json *dnskey = json_set_array(object, "dnskey"), *signers = json_set_array(object, "signers");
    struct json *zone_signers = json_set_array(object, "zone_signers");
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct plan_key_state state = plan_key_at(key, t_us);
        if (state.published)
            set_key_now(json_add_object(dnskey), key, state);
        if (state.revoked || (state.signing && !key->zsk))
            set_key_now(json_add_object(signers), key, state);
        if (state.signing && key->zsk)
            set_key_now(json_add_object(zone_signers), key, state);
    }
}

static void set_roll(struct json *object, const struct plan *plan, int64_t t_us)
{
    struct plan_roll roll = plan_roll_at(plan, t_us);
    if (!roll.new_key) {
        json_set_null(object, "roll");
        return;
    }
    struct json *out = json_set_object(object, "roll");
    json_set_string(out, "old", roll.old_key->id);
    json_set_string(out, "new", roll.new_key->id);
    set_moment(plan, out, "publish", roll.publish_us);
    set_moment(plan, out, "trust", roll.trust_us);
    set_moment(plan, out, "replay_safe", roll.safe_us);
    set_moment(plan, out, "sign", roll.sign_us);
    set_moment(plan, out, "revoke", roll.revoke_us);
    set_moment(plan, out, "withdraw", roll.withdraw_us);
    json_set_bool(out, "postponed", roll.postponed);
    json_set_bool(out, "open", roll.open);
    json_set_bool(out, "backed_out", roll.backed_out);
}

static void set_next(struct json *object, const struct plan *plan, int64_t t_us)
{
    int64_t next_us = plan_next_change(plan, t_us);
    if (next_us == UTC_OPEN) {
        json_set_null(object, "next");
        return;
    }
    struct json *next = json_set_object(object, "next");
    set_moment(plan, next, "at", next_us);
    set_span(next, "in_s", next_us - t_us);
    struct json *steps = json_set_array(next, "steps");
    for (size_t i = 0; i < plan->key_count; i++)
        for (size_t j = 0; j < plan->keys[i].step_count; j++)
            if (plan->keys[i].steps[j].at_us == next_us) {
                struct json *step = json_add_object(steps);
                json_set_string(step, "key", plan->keys[i].id);
                json_set_string(step, "step", plan_do_name(plan->keys[i].steps[j].what));
            }
}

static void set_keys(struct json *object, const struct plan *plan, int64_t t_us)
{
    struct json *keys = json_set_array(object, "keys");
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        struct json *out = json_add_object(keys);
        json_set_string(out, "id", key->id);
        json_set_string(out, "role", key->zsk ? "zsk" : "ksk");
        json_set_int(out, "algorithm", key->algorithm);
        json_set_string(out, "algorithm_name", dnskey_algorithm_name(key->algorithm));
        if (key->bits)
            json_set_int(out, "bits", key->bits);
        set_tag(out, "tag", key->tag);
        set_tag(out, "revoked_tag", key->revoked_tag);
        json_set_string(out, "ds_sha256", key->ds_sha256);
        if (t_us != INT64_MIN)
            json_set_string(out, "state", state_name(plan_key_at(key, t_us)));
        struct json *steps = json_set_array(out, "steps");
        for (size_t j = 0; j < key->step_count; j++) {
            const struct plan_step *step = &key->steps[j];
            struct json *made = json_add_object(steps);
            json_set_string(made, "step", plan_do_name(step->what));
            set_moment(plan, made, plan->relative ? "offset_s" : "at", step->at_us);
            if (step->was_us)
                json_set_time(made, "was", step->was_us);
            json_set_bool(made, "planned", step->planned);
            json_set_string(made, "note", step->note);
        }
    }
}

static void set_history(struct json *object, const struct plan *plan, int64_t t_us)
{
    struct json *history = json_set_array(object, "history");
    for (size_t i = 0; i < plan->history_count; i++) {
        const struct plan_entry *entry = &plan->history[i];
        struct json *out = json_add_object(history);
        json_set_string(out, "operation", entry->operation);
        json_set_time(out, "at", entry->at_us);
        json_set_string(out, "who", entry->who);
        json_set_string(out, "reason", entry->reason);
        json_set_bool(out, "forced", entry->forced);
        if (t_us != INT64_MIN)
            json_set_bool(out, "later", entry->at_us > t_us);
        struct json *changes = json_set_array(out, "changes");
        for (size_t j = 0; j < entry->change_count; j++) {
            const struct plan_change *change = &entry->changes[j];
            struct json *made = json_add_object(changes);
            json_set_string(made, "key", change->key);
            json_set_string(made, "step", plan_do_name(change->what));
            json_set_time(made, "from", change->from_us);
            json_set_time(made, "to", change->to_us);
            if (change->added)
                json_set_bool(made, "added", true);
        }
    }
}

void plan_json_set(struct json *object, const struct plan *plan, int64_t t_us)
{
    struct plan *as_of = NULL;
    if (t_us != INT64_MIN && plan_as_of(plan, t_us, &as_of))
        json_fail(object);
    const struct plan *then = as_of ? as_of : plan;
    json_set_string(object, "name", plan->name);
    json_set_string(object, "title", plan->title);
    json_set_string(object, "zone", plan->zone);
    json_set_bool(object, "builtin", plan->builtin);
    json_set_bool(object, "template", plan->relative);
    if (plan->start_us)
        json_set_time(object, "start", plan->start_us);
    set_timers(object, plan);
    if (t_us != INT64_MIN) {
        set_moment(plan, object, plan->relative ? "offset_s" : "at", t_us);
        json_set_string(object, "phase", plan_phase_at(then, t_us));
        set_rrset(object, then, t_us);
        set_roll(object, then, t_us);
        set_next(object, then, t_us);
    }
    set_keys(object, then, t_us);
    set_history(object, plan, t_us);
    plan_free(as_of);
}
