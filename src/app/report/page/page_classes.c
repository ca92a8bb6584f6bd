/* The classes with their bars, in the order of what they count as; and applications, each one finding. */
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

enum role { FINE, PROVED, OPEN, BESIDE, NONE, ROLES };

static const struct {
    const char *words, *class;
} roles[ROLES] = {
    [FINE] = {"Ready, or ready so far", "m-fine"},
    [PROVED] = {"At risk: proved", "m-proved"},
    [OPEN] = {"At risk: not disproved", "m-open"},
    [BESIDE] = {"Counted beside it: they speak for others, or for nobody", "m-beside"},
    [NONE] = {"No risk", "m-beside"},
};

/* What readiness.h counts a class as. */
static enum role role_of(enum classify_class class)
{
    uint64_t one[CLASSIFY_CLASSES] = {0};
    one[class] = 1;
    if (class == CLASSIFY_OLD_ONLY)
        return PROVED;
    if (readiness_upper(one))
        return OPEN;
    if (readiness_validators(one))
        return FINE;
    return class == CLASSIFY_NON_VALIDATOR ? NONE : BESIDE;
}

static const struct html_column columns[] = {
    {"Class", false, false},
    {"Sources", true, false},
    {"Share", false, false},
    {"Networks", true, true},
    {"Queries", true, true},
    {"What it says", false, false},
};

static void add_bar(struct text *out, enum role role, uint64_t part, uint64_t most, uint64_t all)
{
    text_add(out, "<svg class=\"bar\" aria-hidden=\"true\">");
    if (part) {
        double width = 100.0 * (double)part / (double)most;
        width = width < 0.5 ? 0.5 : width;
        text_printf(out, "<rect class=\"%s\" width=\"%.1f%%\" height=\"100%%\"/>", roles[role].class, width);
        if (role == OPEN)
            text_printf(out, "<rect class=\"hatch\" width=\"%.1f%%\" height=\"100%%\"/>", width);
    }
    text_add(out, "</svg>");
    page_html_share(out, all ? (double)part / (double)all : 0);
}

static void add_class(struct text *out, const struct readiness_group *total, enum classify_class class,
    uint64_t most, uint64_t all)
{
    html_row(out);
    html_cell(out, columns, 0);
    text_printf(out, "%s", classify_name(class));
    html_cell(out, columns, 1);
    text_add_number(out, (int64_t)total->sources[class]);
    html_cell(out, columns, 2);
    add_bar(out, role_of(class), total->sources[class], most, all);
    html_cell(out, columns, 3);
    text_add_number(out, (int64_t)total->networks[class]);
    html_cell(out, columns, 4);
    text_add_number(out, (int64_t)total->queries[class]);
    html_cell(out, columns, 5);
    text_add_html(out, classify_meaning(class));
    html_row_end(out);
}

void page_classes(const struct page *page, struct text *out)
{
    const struct readiness_group *total = &page->readiness->total;
    uint64_t all = 0, most = 1;
    for (int c = 0; c < CLASSIFY_CLASSES; c++) {
        all += total->sources[c];
        most = total->sources[c] > most ? total->sources[c] : most;
    }
    html_open(out, "classes", "What each source is");
    text_add(out,
        "<p>A source is an address, not a resolver. Each gets one class, by rules in a fixed order; bars are "
        "shares of all that were seen, beside the longest.</p>\n");
    html_table(out, HTML_TABLE, "Sources by class", columns, sizeof columns / sizeof *columns);
    for (int role = 0; role < ROLES; role++) {
        text_printf(
            out, "<tr class=\"role\"><th colspan=\"6\" scope=\"rowgroup\">%s</th></tr>\n", roles[role].words);
        for (int c = 0; c < CLASSIFY_CLASSES; c++)
            if (role_of((enum classify_class)c) == (enum role)role)
                add_class(out, total, (enum classify_class)c, most, all);
    }
    html_table_end(out);
    html_close(out);
}

/* ---- applications ---- */

enum { MOST_CLUSTERS = 20 };

static void add_cluster(struct text *out, const struct classify_cluster *cluster)
{
    int names = __builtin_popcountll(cluster->names);
    text_add(out, "<li><strong>");
    html_count(out, cluster->sources, "address", "addresses");
    text_printf(out, "</strong> that ask the same %d %s in the same way, from ", names,
        names == 1 ? "name" : "names");
    html_time(out, cluster->first_us - cluster->first_us % UTC_DAY);
    text_add(out, " to ");
    html_time(out, cluster->last_us - cluster->last_us % UTC_DAY);
    text_add(out, ": the last word of ");
    text_add_number(out, (int64_t)cluster->old_sources);
    text_add(out, " is the old key alone, of ");
    text_add_number(out, (int64_t)cluster->new_sources);
    text_add(out, " the new one.</li>\n");
}

void page_clusters(const struct page *page, struct text *out)
{
    const struct classify *classify = page->readiness->classify;
    size_t count = classify_cluster_count(classify);
    if (count == 0)
        return;
    html_open(out, "applications", "Applications: each is one finding");
    text_add(out,
        "<p>Many addresses that behave as one program are one program, to be mended by who makes it, not by "
        "thousands of operators. They count in none of the shares above.</p>\n<ul>\n");
    for (size_t i = 1; i <= count && i <= MOST_CLUSTERS; i++) {
        struct classify_cluster cluster;
        classify_cluster(classify, i, &cluster);
        add_cluster(out, &cluster);
    }
    text_add(out, "</ul>\n");
    if (count > MOST_CLUSTERS)
        text_printf(out, "<p class=\"small\">%zu smaller ones are left out.</p>\n", count - MOST_CLUSTERS);
    html_close(out);
}
