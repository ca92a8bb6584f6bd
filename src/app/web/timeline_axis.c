/* From the first to the last dated moment that matters, with some air. A key that has been there for years
 * before anything else happens does not stretch the axis: a long silence before the next key is published, or
 * before the first operation, is left out. */
#include "app/web/timeline.h"

#include <stdlib.h>

enum { MAX_MOMENTS = 512 };

struct moments {
    int64_t us[MAX_MOMENTS];
    size_t count;
};

static void add(struct moments *moments, int64_t us)
{
    if (us != UTC_OPEN && us > UTC_FIRST && moments->count < MAX_MOMENTS)
        moments->us[moments->count++] = us;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* What comes later than this may be the first thing drawn, nothing after it: the first operation, or the
 * publication of a key that was not there from the beginning. */
static int64_t news_of(const struct plan *plan, int64_t first_us)
{
    int64_t news_us = plan->history_count ? plan->history[0].at_us : UTC_OPEN;
    for (size_t k = 0; k < plan->key_count; k++) {
        int64_t at_us = plan->keys[k].step_count ? plan->keys[k].steps[0].at_us : UTC_OPEN;
        if (at_us > first_us && at_us < news_us)
            news_us = at_us;
    }
    return news_us;
}

/* The first moment worth drawing. */
static size_t first_of(const struct moments *moments, const struct plan *plan)
{
    size_t first = 0;
    int64_t last_us = moments->us[moments->count - 1], news_us = news_of(plan, moments->us[0]);
    for (size_t i = 0; i + 1 < moments->count && moments->us[i + 1] <= news_us; i++) {
        double gap = (double)(moments->us[i + 1] - moments->us[i]), rest = (double)(last_us - moments->us[i]);
        if (gap > 0.4 * rest)
            first = i + 1;
    }
    return first;
}

struct timeline_axis timeline_axis(const struct plan *plan, int64_t now_us)
{
    struct moments moments = {.count = 0};
    bool open = false;
    for (size_t k = 0; k < plan->key_count; k++)
        for (size_t s = 0; s < plan->keys[k].step_count; s++) {
            add(&moments, plan->keys[k].steps[s].at_us);
            open |= plan->keys[k].steps[s].at_us == UTC_OPEN;
        }
    for (size_t h = 0; h < plan->history_count; h++) {
        add(&moments, plan->history[h].at_us);
        for (size_t c = 0; c < plan->history[h].change_count; c++)
            add(&moments, plan->history[h].changes[c].from_us);
    }
    qsort(moments.us, moments.count, sizeof *moments.us, compare);
    struct timeline_axis axis = {.left = 14, .right = 906, .open = open, .relative = plan->relative};
    if (moments.count == 0)
        add(&moments, plan->relative ? 0 : now_us);
    size_t first = first_of(&moments, plan);
    axis.from_us = moments.us[first];
    axis.to_us = moments.us[moments.count - 1];
    if (open && !plan->relative && now_us > axis.to_us)
        axis.to_us = now_us; /* held: the present has passed every date */
    int64_t span_us = axis.to_us - axis.from_us;
    if (span_us < UTC_SECOND)
        span_us = UTC_DAY;
    axis.clock = span_us <= 3 * UTC_DAY;
    axis.from_us -= span_us / 20;
    axis.to_us += span_us / 10;
    if (axis.open) {
        axis.right = 780;
        axis.open_x = 838;
    }
    return axis;
}

double timeline_x(const struct timeline_axis *axis, int64_t us)
{
    if (us == UTC_OPEN)
        return axis->open ? axis->open_x : axis->right;
    if (us <= axis->from_us)
        return axis->left;
    if (us >= axis->to_us)
        return axis->right;
    double share = (double)(us - axis->from_us) / (double)(axis->to_us - axis->from_us);
    return axis->left + share * (axis->right - axis->left);
}
