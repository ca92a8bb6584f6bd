#include "app/web/api_json.h"

#include "io/json/json.h"

#include <string.h>

/* Of a relative plan: seconds from its start. */
static void set_moment(struct json *object, const char *name, int64_t us, bool relative)
{
    if (relative && us != UTC_OPEN)
        json_set_int(object, name, us / UTC_SECOND);
    else
        json_set_time(object, name, us);
}

static void set_steps(struct json *array, const struct plan_key *key, bool relative)
{
    for (size_t i = 0; i < key->step_count; i++) {
        struct json *step = json_add_object(array);
        json_set_string(step, "do", plan_do_name(key->steps[i].what));
        set_moment(step, "at", key->steps[i].at_us, relative);
        json_set_bool(step, "planned", key->steps[i].planned);
        json_set_string(step, "note", key->steps[i].note);
    }
}

static void set_key(struct json *object, const struct plan_key *key, int64_t now_us, bool relative)
{
    json_set_string(object, "id", key->id);
    json_set_string(object, "kind", key->zsk ? "zsk" : "ksk");
    json_set_int(object, "algorithm", key->algorithm);
    if (key->bits)
        json_set_int(object, "bits", key->bits);
    if (key->tag >= 0)
        json_set_int(object, "tag", key->tag);
    if (key->revoked_tag >= 0)
        json_set_int(object, "revoked_tag", key->revoked_tag);
    if (!relative) {
        struct plan_key_state state = plan_key_at(key, now_us);
        struct json *now = json_set_object(object, "now");
        json_set_bool(now, "published", state.published);
        json_set_bool(now, "signing", state.signing);
        json_set_bool(now, "revoked", state.revoked);
    }
    set_steps(json_set_array(object, "steps"), key, relative);
}

static void set_roll(struct json *object, const struct plan *plan, int64_t now_us)
{
    struct plan_roll roll = plan_roll_at(plan, now_us);
    json_set_string(object, "old_key", roll.old_key ? roll.old_key->id : NULL);
    json_set_string(object, "new_key", roll.new_key ? roll.new_key->id : NULL);
    json_set_time(object, "publish", roll.publish_us);
    json_set_time(object, "trust", roll.trust_us);
    json_set_time(object, "sign", roll.sign_us);
    json_set_time(object, "revoke", roll.revoke_us);
    json_set_time(object, "withdraw", roll.withdraw_us);
    json_set_bool(object, "postponed", roll.postponed);
    json_set_bool(object, "open", roll.open);
    json_set_bool(object, "backed_out", roll.backed_out);
}

static void set_entry(struct json *object, const struct plan_entry *entry)
{
    json_set_string(object, "operation", entry->operation);
    json_set_time(object, "at", entry->at_us);
    json_set_string(object, "who", entry->who);
    json_set_string(object, "reason", entry->reason);
    json_set_bool(object, "forced", entry->forced);
    struct json *changes = json_set_array(object, "changes");
    for (size_t i = 0; i < entry->change_count; i++) {
        struct json *change = json_add_object(changes);
        json_set_string(change, "key", entry->changes[i].key);
        json_set_string(change, "do", plan_do_name(entry->changes[i].what));
        json_set_time(change, "from", entry->changes[i].from_us);
        json_set_time(change, "to", entry->changes[i].to_us);
    }
}

void api_json_plan(struct json *object, const struct plan *plan, int64_t now_us)
{
    json_set_string(object, "name", plan->name);
    json_set_string(object, "title", plan->title);
    json_set_bool(object, "relative", plan->relative);
    json_set_int(object, "dnskey_ttl", plan->dnskey_ttl_s);
    json_set_int(object, "add_hold_down", plan->add_hold_us / UTC_SECOND);
    if (!plan->relative) {
        json_set_string(object, "phase", plan_phase_at(plan, now_us));
        json_set_time(object, "next", plan_next_change(plan, now_us));
        set_roll(json_set_object(object, "roll"), plan, now_us);
    }
    struct json *keys = json_set_array(object, "keys");
    for (size_t i = 0; i < plan->key_count; i++)
        set_key(json_add_object(keys), &plan->keys[i], now_us, plan->relative);
    struct json *history = json_set_array(object, "history");
    for (size_t i = 0; i < plan->history_count; i++)
        set_entry(json_add_object(history), &plan->history[i]);
}

void api_json_participant(struct json *object, const struct view_participant *p)
{
    json_set_int(object, "number", p->row.id);
    json_set_string(object, "label", p->row.label);
    json_set_string(object, "country", *p->row.country ? p->row.country : NULL);
    if (p->row.users < 0)
        json_set_null(object, "users");
    else
        json_set_int(object, "users", p->row.users);
    json_set_time(object, "joined", p->row.joined_us);
    json_set_string(object, "verdict", verdict_name(p->verdict));
    json_set_string(object, "state", verdict_state_name(p->state));
    json_set_string(object, "summary", p->summary);
    json_set_time(object, "trust", p->trust_us);
    json_set_time(object, "breaks", p->break_us);
    json_set_time(object, "broke", p->broke_us);
}
