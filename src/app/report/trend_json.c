/* "rollcall.trend/1": steps, days, feeds and events, each in the order of time. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"
#include "app/report/trend_inside.h"

#include "base/utc.h"
#include "io/json/json.h"

static void set_interval(struct json *interval, double value, double low, double high)
{
    json_set_real(interval, "value", value);
    json_set_real(interval, "low", low);
    json_set_real(interval, "high", high);
}

static void set_share(struct json *object, const char *name, const struct trend_share *share)
{
    struct json *set = json_set_object(object, name);
    json_set_int(set, "numerator", (int64_t)share->old);
    json_set_int(set, "denominator", (int64_t)share->told);
    set_interval(set, share->share.value, share->share.low, share->share.high);
}

static void set_like(struct json *object, const struct trend_step *step)
{
    json_set_string(object, "no_like", step->no_like);
    if (!step->has_like) {
        json_set_null(object, "like");
        return;
    }
    struct json *like = json_set_object(object, "like");
    json_set_int(like, "collectors", (int64_t)step->like_collectors);
    set_share(like, "before", &step->like_before);
    set_share(like, "now", &step->like_now);
    set_interval(json_set_object(like, "change_points"), step->like_change, step->like_low, step->like_high);
}

static void set_naive(struct json *object, const struct trend *trend, const struct trend_step *step)
{
    uint64_t part, whole;
    trend_naive(trend, step, &part, &whole);
    struct json *naive = json_set_object(object, "naive");
    json_set_int(naive, "numerator", (int64_t)part);
    json_set_int(naive, "denominator", (int64_t)whole);
}

static void add_step(struct json *list, const struct trend *trend, const struct trend_step *step)
{
    struct json *object = json_add_object(list);
    json_set_time(object, "from", step->from_us);
    json_set_time(object, "to", step->to_us);
    json_set_bool(object, "judged", step->is_judged);
    json_set_string(object, "reason", step->reason);
    json_set_int(object, "old_key", step->roll.old_tag);
    json_set_int(object, "new_key", step->roll.new_tag);
    json_set_int(object, "collectors", (int64_t)step->collectors);
    json_set_bool(object, "feeds_changed", step->feeds_changed);
    json_set_bool(object, "broken", step->is_broken);
    readiness_set_group(object, &step->total);
    set_naive(object, trend, step);
    set_like(object, step);
}

static void add_day(struct json *list, const struct trend_day *day)
{
    struct json *object = json_add_object(list);
    json_set_time(object, "day", day->day_us);
    json_set_int(object, "old_only", (int64_t)day->old_only);
    json_set_int(object, "with_new", (int64_t)day->with_new);
    json_set_int(object, "neither", (int64_t)day->neither);
    json_set_int(object, "signalling", (int64_t)day->signalling);
    json_set_int(object, "seen", (int64_t)day->seen);
}

static void add_feed(struct json *list, const struct feeds_change *feed)
{
    struct json *object = json_add_object(list);
    json_set_time(object, "at", feed->at_us);
    json_set_string(object, "collector", feed->collector);
    json_set_bool(object, "begins", feed->begins);
}

static void add_event(struct json *list, const struct trend_event *event)
{
    struct json *object = json_add_object(list);
    json_set_time(object, "at", event->at_us);
    json_set_string(object, "what", event->what);
    if (event->key >= 0) {
        json_set_int(object, "key", event->key);
        return;
    }
    json_set_time(object, "signs", event->sign_us);
    json_set_string(object, "who", event->who);
    json_set_string(object, "reason", event->reason);
}

static struct json *head(const struct trend *trend)
{
    const struct trend_wish *wish = trend->wish;
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.trend/1");
    json_set_string(root, "plan", wish->plan->name);
    json_set_time(root, "from", trend->from_us);
    json_set_time(root, "to", trend->to_us);
    json_set_real(root, "step_days", (double)trend->step_us / (double)UTC_DAY);
    json_set_string(root, "zone", wish->zone);
    json_set_string(root, "collector", wish->collector);
    json_set_bool(root, "partial", trend->partial);
    json_set_string(root, "missing", trend->missing);
    readiness_set_roll(root, &trend->roll);
    readiness_set_limits(root, wish->limits);
    return root;
}

void trend_json(const struct trend *trend, struct text *text)
{
    struct json *root = head(trend);
    struct json *steps = json_set_array(root, "steps");
    for (size_t i = 0; i < trend->step_count; i++)
        add_step(steps, trend, &trend->steps[i]);
    struct json *days = json_set_array(root, "days");
    for (size_t i = 0; i < trend->day_count; i++)
        add_day(days, &trend->days[i]);
    struct json *feeds = json_set_array(root, "feeds");
    for (size_t i = 0; i < trend->feed_count; i++)
        add_feed(feeds, &trend->feeds[i]);
    struct json *events = json_set_array(root, "events");
    for (size_t i = 0; i < trend->event_count; i++)
        add_event(events, &trend->events[i]);
    report_add_value(text, root, true);
    text_add(text, "\n");
}
