/* RFC 4180: a line for each class, or for each group. */
#include "app/report/inside.h"
#include "app/report/readiness_inside.h"

#include <inttypes.h>

static void add_classes(const struct readiness *readiness, struct text *text)
{
    const struct readiness_group *total = &readiness->total;
    text_add(text, "class,sources,networks,queries,complete\r\n");
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        text_printf(text, "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\r\n",
            classify_name((enum classify_class)c), total->sources[c], total->networks[c], total->queries[c],
            readiness->partial ? "no" : "yes");
}

static void add_group(const struct readiness *readiness, const struct readiness_group *group,
    struct text *cell, struct text *text)
{
    struct interval share = readiness_share(group);
    readiness_add_key(readiness, readiness->wish->by, group, cell);
    report_take_cell(text, cell);
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        text_printf(text, "%" PRIu64 ",", group->sources[c]);
    text_printf(text, "%" PRIu64 ",%.6f,%.6f,%" PRIu64 ",%" PRIu64 ",", readiness_told(group->sources),
        share.low, share.high, group->sources[CLASSIFY_OLD_ONLY], readiness_upper(group->sources));
    if (group->users >= 0)
        text_printf(text, "%" PRId64 ",%.0f,%.0f,", group->users, group->users_low, group->users_high);
    else
        text_add(text, ",,,");
    text_add(text, readiness->partial ? "no\r\n" : "yes\r\n");
}

void readiness_csv(const struct readiness *readiness, struct text *text)
{
    struct text cell;
    if (readiness->wish->by == READINESS_BY_CLASS) {
        add_classes(readiness, text);
        return;
    }
    text_printf(text, "%s,", readiness_by_word(readiness->wish->by));
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        text_printf(text, "%s,", classify_name((enum classify_class)c));
    text_add(
        text, "told,share_low,share_high,at_risk_low,at_risk_high,users,users_low,users_high,complete\r\n");
    text_start(&cell);
    for (size_t i = 0; i < readiness->group_count; i++)
        add_group(readiness, &readiness->groups[i], &cell, text);
    text->failed = text->failed || cell.failed;
    text_free(&cell);
}
