/* "rollcall.report/1" again, with `by` class, prefix, as or country; lines by lines, as report_json.c does
 * it. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include "base/utc.h"
#include "io/json/json.h"

#include <inttypes.h>
#include <string.h>

static void set_share(
    struct json *object, const char *name, uint64_t part, uint64_t whole, struct interval interval)
{
    struct json *share = json_set_object(object, name);
    json_set_int(share, "numerator", (int64_t)part);
    json_set_int(share, "denominator", (int64_t)whole);
    json_set_real(share, "value", interval.value);
    json_set_real(share, "low", interval.low);
    json_set_real(share, "high", interval.high);
}

static void set_bounds(struct json *object, const char *name, uint64_t low, uint64_t high, uint64_t of)
{
    struct json *bounds = json_set_object(object, name);
    json_set_int(bounds, "low", (int64_t)low);
    json_set_int(bounds, "high", (int64_t)high);
    json_set_int(bounds, "of", (int64_t)of);
}

void readiness_set_group(struct json *object, const struct readiness_group *group)
{
    struct json *classes = json_set_object(object, "sources");
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        json_set_int(classes, classify_name((enum classify_class)c), (int64_t)group->sources[c]);
    set_share(object, "old_only", group->sources[CLASSIFY_OLD_ONLY], readiness_told(group->sources),
        readiness_share(group));
    struct json *risk = json_set_object(object, "at_risk");
    set_bounds(risk, "sources", group->sources[CLASSIFY_OLD_ONLY], readiness_upper(group->sources),
        readiness_validators(group->sources));
    set_bounds(risk, "networks", group->networks_low, group->networks_high, group->network_count);
    set_bounds(risk, "queries", group->queries[CLASSIFY_OLD_ONLY], readiness_upper(group->queries),
        readiness_validators(group->queries));
    if (group->users < 0) {
        json_set_null(risk, "users");
        return;
    }
    struct json *users = json_set_object(risk, "users");
    json_set_real(users, "low", group->users_low);
    json_set_real(users, "high", group->users_high);
    json_set_int(users, "of", group->users);
}

static void set_regressions(struct json *root, const struct readiness *readiness)
{
    struct json *object = json_set_object(root, "regressions");
    json_set_int(object, "sources", (int64_t)readiness->regressed_sources);
    json_set_int(object, "times", (int64_t)readiness->regressions);
}

void readiness_set_roll(struct json *root, const struct classify_roll *roll)
{
    struct json *object = json_set_object(root, "roll");
    if (roll->old_tag != roll->new_tag) { /* else each zone has keys of its own */
        json_set_int(object, "old_key", roll->old_tag);
        json_set_int(object, "new_key", roll->new_tag);
    }
    json_set_time(object, "published", roll->publish_us);
    json_set_time(object, "trusted", roll->trust_us);
    json_set_time(object, "signs", roll->sign_us);
    json_set_time(object, "revoked", roll->revoke_us);
    json_set_time(object, "withdrawn", roll->withdraw_us);
}

void readiness_set_limits(struct json *root, const struct classify_limits *limits)
{
    struct json *object = json_set_object(root, "limits");
    for (int i = 0; i < CLASSIFY_LIMITS; i++)
        json_set_int(object, classify_limit((enum classify_limit)i)->name, limits->value[i]);
}

static void set_clusters(struct json *root, const struct classify *classify)
{
    struct json *list = json_set_array(root, "applications");
    for (size_t i = 1; i <= classify_cluster_count(classify); i++) {
        struct classify_cluster cluster;
        classify_cluster(classify, i, &cluster);
        struct json *object = json_add_object(list);
        json_set_int(object, "sources", (int64_t)cluster.sources);
        json_set_int(object, "names", __builtin_popcountll(cluster.names));
        json_set_int(object, "udp_size", cluster.udp_size);
        json_set_int(object, "old_only", (int64_t)cluster.old_sources);
        json_set_int(object, "with_new", (int64_t)cluster.new_sources);
        json_set_int(object, "neither", (int64_t)cluster.neither_sources);
        json_set_int(object, "failing", (int64_t)cluster.failing_sources);
        json_set_time(object, "first", cluster.first_us);
        json_set_time(object, "last", cluster.last_us);
    }
}

static void set_unseen(struct json *root, const struct readiness *readiness)
{
    if (!readiness->has_total) {
        json_set_null(root, "validators_estimate");
        return;
    }
    struct json *object = json_set_object(root, "validators_estimate");
    json_set_real(object, "value", readiness->unseen_total.value);
    json_set_real(object, "low", readiness->unseen_total.low);
    json_set_real(object, "high", readiness->unseen_total.high);
}

static struct json *head(const struct readiness *readiness)
{
    const struct sightings_question *question = readiness->wish->question;
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.report/1");
    json_set_string(root, "by", readiness_by_word(readiness->wish->by));
    json_set_time(root, "from", question->from_us);
    json_set_time(root, "to", question->to_us);
    json_set_string(root, "zone", question->zone);
    if (readiness->wish->zones)
        json_set_int(root, "zones", (int64_t)readiness->wish->zone_count);
    json_set_string(root, "collector", question->collector);
    json_set_bool(root, "partial", readiness->partial);
    json_set_string(root, "missing", readiness->missing);
    readiness_set_roll(root, readiness->wish->roll);
    readiness_set_limits(root, readiness->wish->limits);
    readiness_set_group(root, &readiness->total);
    set_regressions(root, readiness);
    set_unseen(root, readiness);
    set_clusters(root, readiness->classify);
    return root;
}

static void set_key(
    struct json *object, const struct readiness *readiness, const struct readiness_group *group)
{
    struct text key;
    text_start(&key);
    readiness_add_key(readiness, readiness->wish->by, group, &key);
    if (key.failed)
        json_fail(object);
    json_set_string(object, readiness_by_word(readiness->wish->by), key.string);
    text_free(&key);
}

void readiness_json(const struct readiness *readiness, struct text *text)
{
    size_t begin = text->length;
    report_add_value(text, head(readiness), true);
    if (text->failed || text->length < begin + 2)
        return;
    text->length -= 2; /* "\n}", to go on */
    text->string[text->length] = '\0';
    text_add(text, ",\n  \"rows\": [");
    for (size_t i = 0; i < readiness->group_count; i++) {
        struct json *object = json_new_object();
        set_key(object, readiness, &readiness->groups[i]);
        readiness_set_group(object, &readiness->groups[i]);
        text_add(text, i ? ",\n    " : "\n    ");
        report_add_value(text, object, false);
    }
    text_add(text, readiness->group_count ? "\n  ]\n}\n" : "]\n}\n");
}
