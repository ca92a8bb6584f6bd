/* Networks by users at risk: those with somebody who is proved to hold only the old key, and those of which
 * it is not known. In one list the great unknown ones would hide the others. */
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 40 };

static const struct html_column columns[] = {
    {"Network", false, false},
    {"Country", false, false},
    {"Sources at risk", true, false},
    {"Of those that validate", true, false},
    {"Users at risk", true, false}, /* the last two only where users were told */
    {"Of users", true, false},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int more(double x, double y)
{
    return (x < y) - (x > y);
}

static int by_proved(const void *a, const void *b)
{
    const struct readiness_group *x = a, *y = b;
    int order = more(x->users_low, y->users_low);
    uint64_t left = x->sources[CLASSIFY_OLD_ONLY], right = y->sources[CLASSIFY_OLD_ONLY];
    order = order ? order : (left < right) - (left > right);
    order = order ? order : more(x->users_high, y->users_high);
    return order ? order : (x->as > y->as) - (x->as < y->as);
}

static void add_users(const struct readiness_group *group, struct text *out)
{
    html_cell(out, columns, 4);
    if (group->users < 0)
        text_add(out, "not told");
    else
        page_html_bounds(out, group->users_low, group->users_high);
    html_cell(out, columns, 5);
    if (group->users >= 0)
        text_add_number(out, group->users);
}

static void add_row(const struct page *page, const struct readiness_group *group, struct text *out)
{
    struct text key;
    text_start(&key);
    readiness_add_key(page->readiness, READINESS_BY_AS, group, &key);
    html_row(out);
    html_cell(out, columns, 0);
    html_name(out, group->as ? key.string : "no network known");
    out->failed |= key.failed;
    text_free(&key);
    html_cell(out, columns, 1);
    text_add_html(out, group->country);
    html_cell(out, columns, 2);
    page_html_bounds(out, (double)group->sources[CLASSIFY_OLD_ONLY], (double)readiness_upper(group->sources));
    html_cell(out, columns, 3);
    text_add_number(out, (int64_t)readiness_validators(group->sources));
    if (page->readiness->total.users >= 0)
        add_users(group, out);
    html_row_end(out);
}

static void add_list(const struct page *page, const char *title, const struct readiness_group *groups,
    size_t count, struct text *out)
{
    if (count == 0)
        return;
    text_printf(out, "<h3>%s</h3>\n", title);
    html_table(
        out, HTML_TABLE_CARDS, title, columns, page->readiness->total.users < 0 ? COLUMNS - 2 : COLUMNS);
    for (size_t i = 0; i < count && i < MOST_ROWS; i++)
        add_row(page, &groups[i], out);
    html_table_end(out);
    if (count > MOST_ROWS) {
        text_add(out, "<p class=\"small\">");
        html_count(out, count - MOST_ROWS, "network", "networks");
        text_add(out, " with less at risk are left out; <code>rollcall report --by as</code> has all.</p>\n");
    }
}

/* Puts those with somebody proved before the others, and leaves out those without risk. */
static size_t part(struct readiness_group *groups, size_t count, struct readiness_group *ret)
{
    size_t proved = 0, all;
    for (size_t i = 0; i < count; i++)
        if (groups[i].sources[CLASSIFY_OLD_ONLY])
            ret[proved++] = groups[i];
    all = proved;
    for (size_t i = 0; i < count; i++)
        if (!groups[i].sources[CLASSIFY_OLD_ONLY] && readiness_upper(groups[i].sources))
            ret[all++] = groups[i];
    qsort(ret, proved, sizeof *ret, by_proved);
    return all;
}

void page_networks(const struct page *page, struct arena *arena, struct text *out)
{
    struct readiness_group *groups, *sorted;
    size_t count, proved = 0;
    if (readiness_group_by(page->readiness, READINESS_BY_AS, arena, &groups, &count) ||
        !(sorted = arena_alloc(arena, (count + 1) * sizeof *sorted))) {
        out->failed = true;
        return;
    }
    size_t all = part(groups, count, sorted);
    while (proved < all && sorted[proved].sources[CLASSIFY_OLD_ONLY])
        proved++;
    html_open(out, "networks", "Networks with somebody at risk");
    if (all == 0)
        text_add(out, "<p>None.</p>\n");
    else if (all == 1 && !sorted[0].as)
        text_add(out, "<p>No file told which networks there are.</p>\n");
    add_list(page, "Proved", sorted, proved, out);
    add_list(page, "Not disproved", sorted + proved, all - proved, out);
    html_close(out);
}
