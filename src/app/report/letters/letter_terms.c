/* One table of fields for both kinds of letters: those of countries take it from its beginning, those of
 * operators to its end. */
#include "app/report/letters/letter_terms.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ALWAYS TEMPLATE_ALWAYS

static const struct template_condition conditions[LETTER_CONDITIONS] = {
    [LETTER_ROOT] = {"root", ALWAYS},
    [LETTER_BEFORE] = {"before", ALWAYS},
    [LETTER_PLANNED] = {"planned", LETTER_ROLL_KNOWN},
    [LETTER_HELD] = {"held", ALWAYS},
    [LETTER_AFTER] = {"after", LETTER_ROLL_KNOWN},
    [LETTER_ROLL_KNOWN] = {"roll-known", ALWAYS},
    [LETTER_ROLL_TIMED] = {"roll-timed", LETTER_ROLL_KNOWN},
    [LETTER_PUBLISHED] = {"published", ALWAYS},
    [LETTER_TRUST_KNOWN] = {"trust-known", ALWAYS},
    [LETTER_REVOCATION_KNOWN] = {"revocation-known", ALWAYS},
    [LETTER_REVOCATION_PLANNED] = {"revocation-planned", LETTER_REVOCATION_KNOWN},
    [LETTER_REVOKED] = {"revoked", LETTER_REVOCATION_KNOWN},
    [LETTER_WITHDRAWAL_KNOWN] = {"withdrawal-known", ALWAYS},
    [LETTER_WITHDRAWAL_PLANNED] = {"withdrawal-planned", LETTER_WITHDRAWAL_KNOWN},
    [LETTER_WITHDRAWN] = {"withdrawn", LETTER_WITHDRAWAL_KNOWN},
    [LETTER_UNCONFIRMED] = {"unconfirmed", ALWAYS},
    [LETTER_DS_KNOWN] = {"ds-known", ALWAYS},
    [LETTER_PLATFORM_KNOWN] = {"platform-known", ALWAYS},
    [LETTER_SIGNED] = {"signed", ALWAYS},
    [LETTER_COUNTRY_KNOWN] = {"country-known", ALWAYS},
    [LETTER_NETWORK_NAMED] = {"network-named", ALWAYS},
    [LETTER_USERS_KNOWN] = {"users-known", ALWAYS},
    [LETTER_VALIDATORS] = {"validators", ALWAYS},
    [LETTER_AT_RISK] = {"at-risk", ALWAYS},
    [LETTER_PROVED] = {"proved", ALWAYS},
    [LETTER_WEAK] = {"weak", ALWAYS},
    [LETTER_NEITHER] = {"neither", ALWAYS},
    [LETTER_MIXED] = {"mixed", ALWAYS},
    [LETTER_FAILING] = {"failing", ALWAYS},
    [LETTER_SILENT] = {"silent", ALWAYS},
    [LETTER_WAITING] = {"waiting", ALWAYS},
};

static const struct template_field fields[LETTER_FIELDS] = {
    [LETTER_NETWORKS] = {"networks", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_NETWORKS_VALIDATING] = {"networks-validating", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_NETWORKS_BOUNDS] = {"networks", TEMPLATE_BOUNDS, ALWAYS},
    [LETTER_USERS] = {"users", TEMPLATE_NUMBER, LETTER_USERS_KNOWN},
    [LETTER_USERS_BOUNDS] = {"users", TEMPLATE_BOUNDS, LETTER_USERS_KNOWN},
    [LETTER_COUNTRY] = {"country", TEMPLATE_TEXT, ALWAYS},
    [LETTER_ZONE] = {"zone", TEMPLATE_TEXT, ALWAYS},
    [LETTER_PLAN] = {"plan", TEMPLATE_TEXT, ALWAYS},
    [LETTER_PLAN_TITLE] = {"plan-title", TEMPLATE_TEXT, ALWAYS},
    [LETTER_OLD_KEY] = {"old-key", TEMPLATE_TEXT, ALWAYS},
    [LETTER_NEW_KEY] = {"new-key", TEMPLATE_TEXT, ALWAYS},
    [LETTER_NEW_DS] = {"new-ds", TEMPLATE_BLOCK, LETTER_DS_KNOWN},
    [LETTER_AS_OF] = {"as-of", TEMPLATE_MOMENT, ALWAYS},
    [LETTER_SEEN_FROM] = {"seen-from", TEMPLATE_MOMENT, ALWAYS},
    [LETTER_PUBLISHED_AT] = {"published", TEMPLATE_MOMENT, LETTER_PUBLISHED},
    [LETTER_TRUSTED_AT] = {"trusted", TEMPLATE_MOMENT, LETTER_TRUST_KNOWN},
    [LETTER_ROLL_AT] = {"roll", TEMPLATE_MOMENT, LETTER_ROLL_KNOWN},
    [LETTER_REVOCATION_AT] = {"revocation", TEMPLATE_MOMENT, LETTER_REVOCATION_KNOWN},
    [LETTER_WITHDRAWAL_AT] = {"withdrawal", TEMPLATE_MOMENT, LETTER_WITHDRAWAL_KNOWN},
    [LETTER_DAYS_LEFT] = {"days-left", TEMPLATE_NUMBER, LETTER_PLANNED},
    [LETTER_PLATFORM] = {"platform", TEMPLATE_TEXT, LETTER_PLATFORM_KNOWN},
    [LETTER_FROM_NAME] = {"from-name", TEMPLATE_TEXT, LETTER_SIGNED},
    [LETTER_SOURCES] = {"sources", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_BOUNDS] = {"sources", TEMPLATE_BOUNDS, ALWAYS},
    [LETTER_SOURCES_VALIDATING] = {"sources-validating", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_TOLD] = {"sources-told", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_BESIDE] = {"sources-beside", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_READY] = {"sources-ready", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_WAITING] = {"sources-waiting", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_WEAK] = {"sources-weak", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_NEITHER] = {"sources-neither", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_MIXED] = {"sources-mixed", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_FAILING] = {"sources-failing", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_SOURCES_SILENT] = {"sources-silent", TEMPLATE_NUMBER, ALWAYS},
    [LETTER_NETWORK] = {"network", TEMPLATE_TEXT, ALWAYS},
    [LETTER_NETWORK_NAME] = {"network-name", TEMPLATE_TEXT, LETTER_NETWORK_NAMED},
    [LETTER_NETWORK_COUNTRY] = {"country", TEMPLATE_TEXT, LETTER_COUNTRY_KNOWN},
    [LETTER_CSV] = {"csv-file", TEMPLATE_TEXT, ALWAYS},
    [LETTER_LIST_PROVED] = {"list-proved", TEMPLATE_BLOCK, LETTER_PROVED},
    [LETTER_LIST_WEAK] = {"list-weak", TEMPLATE_BLOCK, LETTER_WEAK},
    [LETTER_LIST_NEITHER] = {"list-neither", TEMPLATE_BLOCK, LETTER_NEITHER},
    [LETTER_LIST_MIXED] = {"list-mixed", TEMPLATE_BLOCK, LETTER_MIXED},
    [LETTER_LIST_FAILING] = {"list-failing", TEMPLATE_BLOCK, LETTER_FAILING},
    [LETTER_LIST_SILENT] = {"list-silent", TEMPLATE_BLOCK, LETTER_SILENT},
};

const struct template_terms letter_terms_country = {
    .format = "rollcall.letter/1",
    .fields = fields,
    .field_count = LETTER_NETWORK,
    .conditions = conditions,
    .condition_count = LETTER_CONDITIONS,
};

const struct template_terms letter_terms_operator = {
    .format = "rollcall.operator/1",
    .fields = fields + LETTER_ZONE,
    .field_count = LETTER_FIELDS - LETTER_ZONE,
    .conditions = conditions,
    .condition_count = LETTER_CONDITIONS,
};

void letter_terms_hold(struct letter_terms *terms, enum letter_condition condition, bool holds)
{
    uint32_t bit = UINT32_C(1) << condition;
    terms->conditions = holds ? terms->conditions | bit : terms->conditions & ~bit;
}

static void set_text(struct letter_terms *terms, enum letter_field field, const char *text)
{
    terms->values[field].text = text ? text : "";
}

static void set_number(struct letter_terms *terms, enum letter_field field, uint64_t number)
{
    terms->values[field].number = number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

static void set_bounds(struct letter_terms *terms, enum letter_field field, uint64_t low, uint64_t high)
{
    set_number(terms, field, low);
    terms->values[field].high = high < INT64_MAX ? (int64_t)high : INT64_MAX;
}

/* ---- the roll ---- */

static void set_moment(
    struct letter_terms *terms, enum letter_field field, int64_t us, enum letter_condition known)
{
    terms->values[field].number = us;
    letter_terms_hold(terms, known, us != UTC_OPEN);
}

/* A step of the old key: known, and still to come or done. */
static void set_step(struct letter_terms *terms, enum letter_field field, int64_t us, int64_t now_us,
    enum letter_condition known, enum letter_condition planned, enum letter_condition done)
{
    set_moment(terms, field, us, known);
    letter_terms_hold(terms, planned, us != UTC_OPEN && us > now_us);
    letter_terms_hold(terms, done, us <= now_us);
}

static void set_roll(struct letter_terms *terms, const struct classify_roll *roll, int64_t now_us)
{
    bool signs = roll->sign_us <= now_us, known = roll->sign_us != UTC_OPEN;
    set_moment(terms, LETTER_PUBLISHED_AT, roll->publish_us, LETTER_PUBLISHED);
    letter_terms_hold(terms, LETTER_PUBLISHED, roll->publish_us <= now_us);
    set_moment(terms, LETTER_TRUSTED_AT, roll->trust_us, LETTER_TRUST_KNOWN);
    set_moment(terms, LETTER_ROLL_AT, roll->sign_us, LETTER_ROLL_KNOWN);
    letter_terms_hold(terms, LETTER_ROLL_TIMED, known && roll->sign_us % UTC_DAY != 0);
    letter_terms_hold(terms, LETTER_BEFORE, !signs);
    letter_terms_hold(terms, LETTER_PLANNED, !signs && known);
    letter_terms_hold(terms, LETTER_HELD, !signs && !known);
    letter_terms_hold(terms, LETTER_AFTER, signs);
    if (!signs && known)
        terms->values[LETTER_DAYS_LEFT].number = (roll->sign_us - now_us) / UTC_DAY;
    set_step(terms, LETTER_REVOCATION_AT, roll->revoke_us, now_us, LETTER_REVOCATION_KNOWN,
        LETTER_REVOCATION_PLANNED, LETTER_REVOKED);
    set_step(terms, LETTER_WITHDRAWAL_AT, roll->withdraw_us, now_us, LETTER_WITHDRAWAL_KNOWN,
        LETTER_WITHDRAWAL_PLANNED, LETTER_WITHDRAWN);
}

/* A line ". IN DS 38696 8 2 683D…" of the new key, or NULL. */
static const char *ds_of(const struct plan *plan, const char *zone, uint16_t tag, struct arena *arena)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        if (!key->zsk && key->tag == tag && key->ds_sha256)
            return arena_printf(arena, "%s IN DS %u %u 2 %s\n", zone, tag, key->algorithm, key->ds_sha256);
    }
    return NULL;
}

/* No outcome is claimed that the plan does not tell: steps of the past that are marked as planned. */
static bool is_unconfirmed(const struct plan *plan, const struct classify_roll *roll, int64_t now_us)
{
    for (size_t k = 0; k < plan->key_count; k++) {
        const struct plan_key *key = &plan->keys[k];
        if (key->zsk || (key->tag != roll->old_tag && key->tag != roll->new_tag))
            continue;
        for (size_t s = 0; s < key->step_count; s++)
            if (key->steps[s].planned && key->steps[s].at_us <= now_us)
                return true;
    }
    return false;
}

int letter_terms_roll(const struct readiness *readiness, const struct letter_terms_wish *wish,
    struct arena *arena, struct letter_terms *ret_terms)
{
    const struct readiness_wish *asked = readiness->wish;
    const struct classify_roll *roll = asked->roll;
    struct letter_terms *terms = ret_terms;
    *terms = (struct letter_terms){.conditions = 0};
    set_text(terms, LETTER_ZONE, asked->question->zone);
    set_text(terms, LETTER_PLAN, wish->plan->name);
    set_text(terms, LETTER_PLAN_TITLE, wish->plan->title);
    set_text(terms, LETTER_OLD_KEY, arena_printf(arena, "%u", roll->old_tag));
    set_text(terms, LETTER_NEW_KEY, arena_printf(arena, "%u", roll->new_tag));
    const char *ds = ds_of(wish->plan, asked->question->zone, roll->new_tag, arena);
    set_text(terms, LETTER_NEW_DS, ds);
    set_text(terms, LETTER_PLATFORM, wish->platform);
    set_text(terms, LETTER_FROM_NAME, wish->from_name);
    terms->values[LETTER_AS_OF].number = asked->question->to_us;
    terms->values[LETTER_SEEN_FROM].number = asked->question->from_us;
    letter_terms_hold(terms, LETTER_ROOT, asked->question->zone && strcmp(asked->question->zone, ".") == 0);
    letter_terms_hold(terms, LETTER_UNCONFIRMED, is_unconfirmed(wish->plan, roll, asked->question->to_us));
    letter_terms_hold(terms, LETTER_DS_KNOWN, ds != NULL);
    letter_terms_hold(terms, LETTER_PLATFORM_KNOWN, wish->platform != NULL);
    letter_terms_hold(terms, LETTER_SIGNED, wish->from_name != NULL);
    set_roll(terms, roll, asked->question->to_us);
    return *terms->values[LETTER_OLD_KEY].text && *terms->values[LETTER_NEW_KEY].text ? 0 : ERR_NOMEM;
}

/* ---- counts ---- */

void letter_terms_counts(const uint64_t counts[CLASSIFY_CLASSES], struct letter_terms *terms)
{
    static const struct {
        enum classify_class class;
        enum letter_field field;
        enum letter_condition condition;
    } parts[] = {
        {CLASSIFY_OLD_ONLY_WEAK, LETTER_SOURCES_WEAK, LETTER_WEAK},
        {CLASSIFY_NEITHER, LETTER_SOURCES_NEITHER, LETTER_NEITHER},
        {CLASSIFY_MIXED, LETTER_SOURCES_MIXED, LETTER_MIXED},
        {CLASSIFY_FAILING, LETTER_SOURCES_FAILING, LETTER_FAILING},
        {CLASSIFY_SILENT, LETTER_SOURCES_SILENT, LETTER_SILENT},
        {CLASSIFY_WAITING, LETTER_SOURCES_WAITING, LETTER_WAITING},
    };
    uint64_t all = 0, low = counts[CLASSIFY_OLD_ONLY], high = readiness_upper(counts);
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        all += counts[c];
    set_number(terms, LETTER_SOURCES, all);
    set_bounds(terms, LETTER_SOURCES_BOUNDS, low, high);
    set_number(terms, LETTER_SOURCES_VALIDATING, readiness_validators(counts));
    set_number(terms, LETTER_SOURCES_TOLD, readiness_told(counts));
    set_number(terms, LETTER_SOURCES_BESIDE,
        counts[CLASSIFY_RELAY] + counts[CLASSIFY_EPHEMERAL] + counts[CLASSIFY_APPLICATION]);
    set_number(terms, LETTER_SOURCES_READY, counts[CLASSIFY_READY]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        set_number(terms, parts[i].field, counts[parts[i].class]);
        letter_terms_hold(terms, parts[i].condition, counts[parts[i].class] > 0);
    }
    letter_terms_hold(terms, LETTER_VALIDATORS, readiness_validators(counts) > 0);
    letter_terms_hold(terms, LETTER_PROVED, low > 0);
    letter_terms_hold(terms, LETTER_AT_RISK, high > 0);
}

static uint64_t whole(double users)
{
    return users < 9e18 ? (uint64_t)nearbyint(users) : INT64_MAX; /* as "%.0f" rounds it in a report */
}

void letter_terms_place(const char *country, struct letter_terms *terms)
{
    snprintf(terms->country, sizeof terms->country, "%s", country);
    set_text(terms, LETTER_COUNTRY, terms->country);
    set_text(terms, LETTER_NETWORK_COUNTRY, terms->country);
    letter_terms_hold(terms, LETTER_COUNTRY_KNOWN, country[0] != '\0');
}

void letter_terms_group(const struct readiness_group *group, struct letter_terms *terms)
{
    letter_terms_counts(group->sources, terms);
    letter_terms_place(group->country, terms);
    set_number(terms, LETTER_NETWORKS, group->network_count);
    set_number(terms, LETTER_NETWORKS_VALIDATING, group->networks_validating);
    set_bounds(terms, LETTER_NETWORKS_BOUNDS, group->networks_low, group->networks_high);
    letter_terms_hold(terms, LETTER_USERS_KNOWN, group->users >= 0);
    set_number(terms, LETTER_USERS, group->users >= 0 ? (uint64_t)group->users : 0);
    set_bounds(terms, LETTER_USERS_BOUNDS, whole(group->users_low), whole(group->users_high));
}

int letter_terms_write(
    const struct letter_terms *terms, const struct template *template, struct text *ret_text)
{
    size_t first = (size_t)(template->terms->fields - fields);
    return template_write(template, terms->values + first, terms->conditions, ret_text);
}
