/* Whether a roll may be joined is seen by making the plan that would be started at its start and comparing
 * the documents: equal means the same plan, the same TTL, and no operation since. */
#include "io/store/rolls.h"

#include "base/text.h"
#include "io/yaml/plan_yaml.h"

#include <stdio.h>
#include <string.h>

enum { MAX_KEYS = 8, MAX_STEPS = 64, MAX_DOCUMENT = 64 << 10, SHORT_TTL_S = 60, LONG_TTL_S = 172800 };

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

/* What a stranger's plan, or a built-in one that is history, may not have. */
static int judge(const struct plan *plan, const struct rolls_wish *wish, struct err_note *note)
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

/* The plan of the newest roll of that name: one that the platform's operator offers as a file. */
static int find_offered(struct store *store, const char *name, struct plan **ret_plan, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_roll *rolls = NULL;
    size_t count = 0;
    int err = arena ? store_rolls(store, arena, &rolls, &count, note) : err_set(note, ERR_NOMEM, "no memory");
    while (!err && count > 0 && strcmp(rolls[count - 1].plan_name, name) != 0)
        count--;
    if (!err && count == 0)
        err = err_set(note, ERR_USAGE, "there is no plan '%.80s'", name);
    if (!err)
        err = plan_yaml_read(
            name, rolls[count - 1].document, strlen(rolls[count - 1].document), ret_plan, note);
    arena_free(arena);
    return err;
}

int rolls_template(
    struct store *store, const struct rolls_wish *wish, struct plan **ret_template, struct err_note *note)
{
    struct plan *plan = NULL;
    struct err_note why = {""};
    int err;
    if (wish->plan_name) {
        err = plan_builtin(wish->plan_name, &plan);
        if (err == ERR_NOINPUT) {
            err = find_offered(store, wish->plan_name, &plan, note);
            if (err)
                return err;
        }
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
    if (!err && !template->relative && publish_us <= now_us) {
        char when[UTC_TEXT];
        err = err_set(note, ERR_USAGE, "the new key of the plan %s was published on %s: too late to join",
            template->name, utc_format_short(publish_us, when));
    }
    if (!err)
        err = find(store, template, parent, ttl_s, starts_us, arena, &choice, note);
    if (!err && !choice.id && !(choice.document = arena_string(arena, text.string)))
        err = err_set(note, ERR_NOMEM, "no memory for the plan");
    if (!err)
        *ret_choice = choice;
    text_free(&text);
    return err;
}
