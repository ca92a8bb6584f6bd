/* The canonical form of a plan file: what need not be said is left out. plan_yaml_read() gives the same plan
 * again. */
#include "io/yaml/plan_yaml_write.h"

#include "base/text.h"
#include "core/dns/dnskey.h"
#include "io/yaml/yaml.h"

static void add_string(struct text *text, const char *name, const char *value)
{
    if (!value)
        return;
    text_add(text, name);
    yaml_add_scalar(text, value);
    text_add(text, "\n");
}

static void add_date(struct text *text, const char *name, int64_t us)
{
    char date[UTC_TEXT];
    text_printf(text, "%s%s\n", name, utc_format_short(us, date));
}

static void add_span(struct text *text, const char *name, int64_t us)
{
    char span[UTC_TEXT];
    text_printf(text, "%s%s\n", name, utc_format_span(us, span));
}

void plan_yaml_write_step(
    const struct plan *plan, const struct plan_step *step, const char *indent, struct text *text)
{
    char moment[UTC_TEXT];
    plan->relative ? utc_format_span(step->at_us, moment) : utc_format_short(step->at_us, moment);
    text_printf(text, "%s- %s: %s\n", indent, plan_do_name(step->what), moment);
    if (step->was_us)
        text_printf(text, "%s  was: %s\n", indent, utc_format_short(step->was_us, moment));
    if (step->planned)
        text_printf(text, "%s  planned: true\n", indent);
    if (step->note) {
        text_add(text, indent);
        add_string(text, "  note: ", step->note);
    }
}

static void write_key(const struct plan *plan, const struct plan_key *key, struct text *text)
{
    add_string(text, "  - id: ", key->id);
    text_printf(text, "    role: %s\n", key->zsk ? "zsk" : "ksk");
    const char *algorithm = dnskey_algorithm_name(key->algorithm);
    if (algorithm)
        text_printf(text, "    algorithm: %s\n", algorithm);
    else
        text_printf(text, "    algorithm: %u\n", key->algorithm);
    if (key->bits)
        text_printf(text, "    bits: %u\n", key->bits);
    if (key->tag >= 0)
        text_printf(text, "    tag: %d\n", key->tag);
    if (key->revoked_tag >= 0)
        text_printf(text, "    revoked-tag: %d\n", key->revoked_tag);
    add_string(text, "    ds-sha256: ", key->ds_sha256);
    text_add(text, "    steps:\n");
    for (size_t i = 0; i < key->step_count; i++)
        plan_yaml_write_step(plan, &key->steps[i], "      ", text);
}

void plan_yaml_write_entry(const struct plan_entry *entry, const char *indent, struct text *text)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    text_printf(text, "%s- operation: %s\n%s", indent, entry->operation, indent);
    add_date(text, "  at: ", entry->at_us);
    if (entry->who) {
        text_add(text, indent);
        add_string(text, "  who: ", entry->who);
    }
    text_add(text, indent);
    add_string(text, "  reason: ", entry->reason);
    if (entry->forced)
        text_printf(text, "%s  forced: true\n", indent);
    if (entry->change_count)
        text_printf(text, "%s  changes:\n", indent);
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct plan_change *change = &entry->changes[i];
        text_printf(text, "%s    - {key: ", indent);
        yaml_add_scalar(text, change->key);
        text_printf(text, ", step: %s, from: %s, to: %s%s}\n", plan_do_name(change->what),
            utc_format_short(change->from_us, from), utc_format_short(change->to_us, to),
            change->added ? ", added: true" : "");
    }
}

int plan_yaml_write(const struct plan *plan, struct text *ret_text)
{
    text_add(ret_text,
        "# A plan of rollcall; the form is described in rollcall-plan(5).\nformat: rollcall.plan/1\n");
    add_string(ret_text, "name: ", plan->name);
    add_string(ret_text, "title: ", plan->title);
    add_string(ret_text, "zone: ", plan->zone);
    if (plan->relative)
        text_add(ret_text, "template: true\n");
    if (plan->start_us)
        add_date(ret_text, "start: ", plan->start_us);
    add_span(ret_text, "dnskey-ttl: ", plan->dnskey_ttl_s * UTC_SECOND);
    add_span(ret_text, "signature-validity: ", plan->signature_s * UTC_SECOND);
    add_span(ret_text, "add-hold-down: ", plan->add_hold_us);
    add_span(ret_text, "remove-hold-down: ", plan->remove_hold_us);
    if (plan->refresh_us)
        add_span(ret_text, "refresh: ", plan->refresh_us);
    if (plan->retry_us)
        add_span(ret_text, "retry: ", plan->retry_us);
    text_add(ret_text, "keys:\n");
    for (size_t i = 0; i < plan->key_count; i++)
        write_key(plan, &plan->keys[i], ret_text);
    if (plan->history_count)
        text_add(ret_text, "history:\n");
    for (size_t i = 0; i < plan->history_count; i++)
        plan_yaml_write_entry(&plan->history[i], "  ", ret_text);
    return ret_text->failed ? ERR_NOMEM : 0;
}
