/* Whether a roll may be joined is seen by making the plan that would be started at its start and comparing
 * the documents: equal means the same plan, the same TTL, and no operation since. */
#include "io/store/rolls.h"

#include "base/text.h"
#include "io/yaml/plan_yaml.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_KEYS = 8,
    MAX_STEPS = 64,
    MAX_DOCUMENT = 64 << 10,
    MAX_NAME = 63,
    SHORT_TTL_S = 60,
    LONG_TTL_S = 172800
};

int rolls_read(
    struct store *store, int64_t id, struct plan **ret_plan, int64_t *ret_changed_us, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_roll roll;
    char name[48];
    snprintf(name, sizeof name, "roll %lld", (long long)id);
    int err = arena ? store_roll(store, id, arena, &roll, note)
                    : err_set(note, ERR_NOMEM, "no memory for %s", name);
    if (!err)
        err = plan_yaml_read(name, roll.document, strlen(roll.document), ret_plan, note);
    if (!err)
        *ret_changed_us = roll.changed_us;
    arena_free(arena);
    return err;
}

static int write_document(const struct plan *plan, struct text *text, struct err_note *note)
{
    int err = plan_yaml_write(plan, text);
    if (!err && text->failed)
        err = ERR_NOMEM;
    return err ? err_set(note, err, "the plan %s cannot be written down: %s", plan->name, err_str(err)) : 0;
}

int rolls_write(struct store *store, int64_t id, const struct plan *plan, int64_t was_changed_us,
    int64_t now_us, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int err = write_document(plan, &text, note);
    if (!err)
        err = store_roll_change(store, id, text.string, was_changed_us, now_us, note);
    text_free(&text);
    return err;
}

int rolls_can_follow(const struct plan *plan, struct err_note *note)
{
    size_t steps = 0;
    if (plan->key_count > MAX_KEYS)
        return err_set(
            note, ERR_USAGE, "the plan has %zu keys; a test zone has at most %d", plan->key_count, MAX_KEYS);
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        steps += key->step_count;
        if (key->tag >= 0 || key->ds_sha256)
            return err_set(note, ERR_USAGE,
                "the plan %s names the tag or digest of %s: it is the plan of other keys; a test zone's keys "
                "are made anew",
                plan->name, key->id);
    }
    if (steps > MAX_STEPS)
        return err_set(
            note, ERR_USAGE, "the plan has %zu steps; a test zone has at most %d", steps, MAX_STEPS);
    return 0;
}

/* What a stranger's plan, or a built-in one that is history, may not have. */
static int judge(const struct plan *plan, const struct rolls_wish *wish, struct err_note *note)
{
    int err = rolls_can_follow(plan, note);
    if (err)
        return err;
    if (plan->history_count > 0 && !wish->plan_name)
        return err_set(
            note, ERR_USAGE, "the plan %s has a history: a test zone begins without one", plan->name);
    if (wish->ttl_s == 0 || wish->ttl_s == plan->dnskey_ttl_s)
        return 0;
    if (wish->ttl_s != SHORT_TTL_S && wish->ttl_s != LONG_TTL_S)
        return err_set(note, ERR_USAGE, "the TTL is 60 or 172800, not %u", wish->ttl_s);
    if (!plan->relative)
        return err_set(note, ERR_USAGE, "the plan %s is dated and keeps its own TTL, %u", plan->name,
            plan->dnskey_ttl_s);
    return 0;
}

/* --- what the operator offers --- */

static const char offer_list[] = "offered plans";

/* The name of the setting that holds a template. */
static const char *offer_name(const char *plan_name, char out[128])
{
    snprintf(out, 128, "template %s", plan_name);
    return out;
}

static int read_setting(
    struct store *store, const char *name, struct arena *arena, const char **ret_value, struct err_note *note)
{
    int err = store_setting(store, name, arena, ret_value, note);
    if (err == ERR_NOINPUT)
        *ret_value = "";
    return err == ERR_NOINPUT ? 0 : err;
}

/* Writes only what is new, since every write is news to those who wait for some. */
static int change_setting(struct store *store, const char *name, const char *value, struct err_note *note)
{
    const char *old;
    struct arena *arena = arena_new();
    int err = arena ? read_setting(store, name, arena, &old, note) : err_set(note, ERR_NOMEM, "no memory");
    if (!err && strcmp(old, value) != 0)
        err = store_setting_set(store, name, value, note);
    arena_free(arena);
    return err;
}

static int offer(struct store *store, const struct plan *plan, struct text *list, struct err_note *note)
{
    char name[128];
    struct text document;
    text_start(&document);
    int err = plan->relative ? write_document(plan, &document, note) : 0;
    if (!err)
        err = change_setting(store, offer_name(plan->name, name), document.string, note);
    text_free(&document);
    text_printf(list, "%s\n", plan->name);
    return err;
}

int rolls_offer(struct store *store, const struct plan *const *plans, size_t count, struct err_note *note)
{
    struct text list;
    text_start(&list);
    int err = 0;
    for (size_t i = 0; !err && i < count; i++)
        err = offer(store, plans[i], &list, note);
    if (!err && list.failed)
        err = err_set(note, ERR_NOMEM, "no memory");
    if (!err)
        err = change_setting(store, offer_list, list.string, note);
    text_free(&list);
    return err;
}

int rolls_offered(struct store *store, struct arena *arena, const char ***ret_names, size_t *ret_count,
    struct err_note *note)
{
    const char *list;
    size_t count = 0;
    int err = read_setting(store, offer_list, arena, &list, note);
    if (err)
        return err;
    for (const char *c = list; *c; c++)
        count += *c == '\n';
    const char **names = arena_alloc(arena, (count + 1) * sizeof *names);
    for (size_t i = 0; names && i < count; i++) {
        size_t length = strcspn(list, "\n");
        if (!(names[i] = arena_printf(arena, "%.*s", (int)length, list)))
            return err_set(note, ERR_NOMEM, "no memory");
        list += length + 1;
    }
    if (!names)
        return err_set(note, ERR_NOMEM, "no memory");
    *ret_names = names;
    *ret_count = count;
    return 0;
}

static int find_roll_document(struct store *store, const char *name, struct arena *arena,
    const char **ret_document, struct err_note *note)
{
    struct store_roll *rolls = NULL;
    size_t count = 0;
    int err = store_rolls(store, arena, &rolls, &count, note);
    while (!err && count > 0 && strcmp(rolls[count - 1].plan_name, name) != 0)
        count--;
    if (!err)
        *ret_document = count ? rolls[count - 1].document : "";
    return err;
}

int rolls_find(struct store *store, const char *name, struct plan **ret_plan, struct err_note *note)
{
    char setting[128];
    const char *document = "";
    struct plan *builtin = NULL;
    int err = plan_builtin(name, &builtin);
    if (err == 0 && builtin->relative) {
        *ret_plan = builtin;
        return 0;
    }
    struct arena *arena = arena_new();
    err = arena ? 0 : err_set(note, ERR_NOMEM, "no memory");
    if (!err && strlen(name) <= MAX_NAME)
        err = read_setting(store, offer_name(name, setting), arena, &document, note);
    if (!err && !*document)
        err = find_roll_document(store, name, arena, &document, note);
    if (!err && *document) {
        err = plan_yaml_read(name, document, strlen(document), ret_plan, note);
    } else if (!err && builtin) { /* dated: a file may stand in its place, as above */
        *ret_plan = builtin;
        builtin = NULL;
    } else if (!err) {
        err = err_set(note, ERR_NOINPUT, "there is no plan '%.80s'", name);
    }
    plan_free(builtin);
    arena_free(arena);
    return err;
}

/* --- what a participant wishes --- */

int rolls_template(
    struct store *store, const struct rolls_wish *wish, struct plan **ret_template, struct err_note *note)
{
    struct plan *plan = NULL;
    struct err_note why = {""};
    int err;
    if (wish->plan_name) {
        err = rolls_find(store, wish->plan_name, &plan, note);
        if (err)
            return err == ERR_NOINPUT ? ERR_USAGE : err;
    } else if (!wish->document || wish->length == 0) {
        return err_set(note, ERR_USAGE, "no plan is named");
    } else if (wish->length > MAX_DOCUMENT) {
        return err_set(note, ERR_USAGE, "the plan is longer than %d octets", MAX_DOCUMENT);
    } else {
        err = plan_yaml_read("plan", wish->document, wish->length, &plan, &why);
        if (err == ERR_DATA)
            return err_set(note, ERR_USAGE, "%s", why.text);
    }
    if (err)
        return err_set(note, err, "the plan cannot be read: %s", why.text[0] ? why.text : err_str(err));
    err = judge(plan, wish, note);
    if (err)
        plan_free(plan);
    else
        *ret_template = plan;
    return err;
}

/* Whoever sets a resolver up now must be able to trust the new key before it signs alone (RFC 5011 §2.4.1).
 */
static int in_time(const struct plan *plan, int64_t now_us, struct err_note *note)
{
    char when[UTC_TEXT], trust[UTC_TEXT];
    struct plan_roll roll = plan_roll_at(plan, now_us);
    int64_t trust_us = now_us + plan->add_hold_us + plan_refresh(plan);
    if (roll.sign_us == UTC_OPEN || roll.publish_us > now_us || trust_us <= roll.sign_us)
        return 0;
    return err_set(note, ERR_USAGE,
        "too late to join the plan %s: its new key signs from %s, and who begins now trusts it on %s",
        plan->name, utc_format(roll.sign_us, when), utc_format(trust_us, trust));
}

/* Adds the template as the plan of a roll that starts then; a dated plan is that already. */
static int start_document(const struct plan *template, const char *parent, uint32_t ttl_s, int64_t start_us,
    struct text *text, int64_t *ret_publish_us, struct err_note *note)
{
    struct plan *started = NULL;
    if (template->relative) {
        int err = plan_start(template, start_us, parent, ttl_s, &started, note);
        if (err)
            return err;
    }
    const struct plan *plan = started ? started : template;
    int err = write_document(plan, text, note);
    if (ret_publish_us)
        *ret_publish_us = plan_roll_at(plan, started ? start_us : INT64_MIN).publish_us;
    plan_free(started);
    return err;
}

static int find(struct store *store, const struct plan *template, const char *parent, uint32_t ttl_s,
    const int64_t starts_us[2], struct arena *arena, struct rolls_choice *choice, struct err_note *note)
{
    struct store_roll *rolls = NULL;
    size_t count = 0;
    int err = store_rolls(store, arena, &rolls, &count, note);
    for (size_t i = count; !err && i > 0 && !choice->id; i--) { /* the newest first */
        const struct store_roll *roll = &rolls[i - 1];
        struct text text;
        if (strcmp(roll->plan_name, template->name) != 0 || roll->start_us < starts_us[0] ||
            roll->start_us > starts_us[1])
            continue;
        text_start(&text);
        err = start_document(template, parent, ttl_s, roll->start_us, &text, NULL, note);
        if (!err && strcmp(text.string, roll->document) == 0)
            *choice =
                (struct rolls_choice){.id = roll->id, .start_us = roll->start_us, .document = roll->document};
        text_free(&text);
    }
    return err;
}

int rolls_choose(struct store *store, const struct plan *template, const char *parent, uint32_t ttl_s,
    int64_t now_us, struct arena *arena, struct rolls_choice *ret_choice, struct err_note *note)
{
    struct rolls_choice choice = {.start_us = template->relative ? now_us : template->start_us};
    struct text text;
    int64_t publish_us = UTC_OPEN, starts_us[2] = {INT64_MIN, INT64_MAX}; /* of rolls that may be joined */
    text_start(&text);
    int err = start_document(template, parent, ttl_s, now_us, &text, &publish_us, note);
    if (!err && template->relative)
        starts_us[1] = now_us; /* a clock that was set back leaves rolls in the future */
    if (!err && template->relative && publish_us != UTC_OPEN)
        starts_us[0] = now_us - (publish_us - now_us) / 2;
    if (!err && !template->relative)
        err = in_time(template, now_us, note);
    if (!err)
        err = find(store, template, parent, ttl_s, starts_us, arena, &choice, note);
    if (!err && !choice.id && !(choice.document = arena_string(arena, text.string)))
        err = err_set(note, ERR_NOMEM, "no memory for the plan");
    if (!err)
        *ret_choice = choice;
    text_free(&text);
    return err;
}
