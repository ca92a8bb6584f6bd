/* The world, as a map and as a table. A country's tint is the share that is not disproved, its disc the
 * number that is proved: users where they were told, else sources. A country without a shape stands in the
 * table all the same. */
#include "app/report/page/page_axis.h"
#include "app/report/page/page_countries.h"
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 250, MOST_DISCS = 400, MOST_NAMES = 14, CODE_WIDTH = 40, CODE_HEIGHT = 26 };
static const double least_radius = 6, most_radius = 28;

struct disc {
    const struct readiness_group *group;
    double x, y, radius;
};

struct map {
    const struct readiness *readiness;
    struct readiness_group *groups;
    size_t group_count;
    bool users; /* or sources */
    struct disc discs[MOST_DISCS];
    size_t disc_count;
    struct text *out;
};

/* ---- what is shown of a country ---- */

static double low_of(const struct map *map, const struct readiness_group *group)
{
    return map->users ? group->users_low : (double)group->sources[CLASSIFY_OLD_ONLY];
}

static double high_of(const struct map *map, const struct readiness_group *group)
{
    return map->users ? group->users_high : (double)readiness_upper(group->sources);
}

static double all_of(const struct map *map, const struct readiness_group *group)
{
    return map->users ? (double)group->users : (double)readiness_validators(group->sources);
}

static const struct {
    double below; /* share */
    const char *words;
} tints[] = {{0, "nobody"}, {0.01, "below 1&#160;%"}, {0.05, "1 to 5&#160;%"}, {0.2, "5 to 20&#160;%"},
    {0.5, "20 to 50&#160;%"}, {2, "half or more"}};
enum { TINTS = sizeof tints / sizeof *tints };

/* By whole numbers, as they are told. -1: it was seen, and how many there are was not told. */
static int tint_of(const struct map *map, const struct readiness_group *group)
{
    double high = round(high_of(map, group)), all = all_of(map, group);
    int tint = 1;
    if (all < 0 || (all == 0 && map->users))
        return -1;
    if (high <= 0)
        return 0;
    while (tint + 1 < TINTS && high / all >= tints[tint].below)
        tint++;
    return tint;
}

static const struct readiness_group *find(const struct map *map, const char *code)
{
    for (size_t i = 0; i < map->group_count; i++)
        if (strcmp(map->groups[i].country, code) == 0)
            return &map->groups[i];
    return NULL;
}

/* "12 to 207 of 659 users" */
static void add_words(const struct map *map, const struct readiness_group *group, struct text *out)
{
    const char *what = map->users ? "users" : "sources that validate";
    if (all_of(map, group) < 0) {
        text_add(out, "users were not told");
        return;
    }
    page_html_bounds(out, low_of(map, group), high_of(map, group));
    text_add(out, " of ");
    text_add_number(out, llround(all_of(map, group)));
    text_printf(out, " %s at risk", what);
}

/* ---- the map ---- */

static void add_country(struct map *map, const struct page_country *country)
{
    const struct readiness_group *group = find(map, country->code);
    struct text *out = map->out;
    if (!group && !country->shape_length)
        return;
    int tint = group ? tint_of(map, group) : 0;
    text_add(out, "<path class=\"");
    if (!group)
        text_add(out, "land");
    else if (tint < 0)
        text_add(out, "land untold");
    else
        text_printf(out, "land q%d", tint);
    text_add(out, "\" d=\"");
    if (country->shape_length)
        text_add_bytes(out, country->shape, country->shape_length);
    else
        text_printf(out, "M%d %dm-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z", country->x, country->y);
    text_add(out, "\"");
    if (!group) {
        text_add(out, "/>\n");
        return;
    }
    text_add(out, "><title>");
    text_add_html(out, country->name);
    text_add(out, ": ");
    add_words(map, group, out);
    text_add(out, "</title></path>\n");
    if (low_of(map, group) > 0 && map->disc_count < MOST_DISCS)
        map->discs[map->disc_count++] = (struct disc){group, country->x, country->y, 0};
}

static int by_size(const void *a, const void *b)
{
    const struct disc *x = a, *y = b;
    int order = (x->radius < y->radius) - (x->radius > y->radius);
    return order ? order : strcmp(x->group->country, y->group->country);
}

/* Areas are in proportion to numbers, but what is there is seen. The greater lie below the smaller. */
static void add_discs(struct map *map)
{
    double most = 0;
    for (size_t i = 0; i < map->disc_count; i++)
        most = fmax(most, low_of(map, map->discs[i].group));
    for (size_t i = 0; i < map->disc_count; i++)
        map->discs[i].radius =
            fmax(least_radius, most_radius * sqrt(low_of(map, map->discs[i].group) / most));
    qsort(map->discs, map->disc_count, sizeof *map->discs, by_size);
    for (size_t i = 0; i < map->disc_count; i++)
        text_printf(map->out, "<circle class=\"disc\" cx=\"%.0f\" cy=\"%.0f\" r=\"%.1f\"/>\n",
            map->discs[i].x, map->discs[i].y, map->discs[i].radius);
}

static bool is_free(
    const struct map *map, const struct disc *own, double x, double y, const double (*codes)[2], size_t count)
{
    for (size_t i = 0; i < map->disc_count; i++) {
        const struct disc *disc = &map->discs[i];
        double near_x = fmax(x, fmin(disc->x, x + CODE_WIDTH)),
               near_y = fmax(y - CODE_HEIGHT, fmin(disc->y, y));
        if (disc != own && hypot(near_x - disc->x, near_y - disc->y) < disc->radius)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (fabs(codes[i][0] - x) < CODE_WIDTH && fabs(codes[i][1] - y) < CODE_HEIGHT)
            return false;
    return true;
}

/* The greatest have their code beside them, where there is room for it. */
static void add_codes(const struct map *map)
{
    double codes[MOST_NAMES][2];
    size_t count = 0;
    for (size_t i = 0; i < map->disc_count && count < MOST_NAMES; i++) {
        const struct disc *disc = &map->discs[i];
        double r = disc->radius, middle = disc->x - CODE_WIDTH / 2.0;
        const double places[][2] = {{disc->x + r + 5, disc->y + 9},
            {disc->x - r - 5 - CODE_WIDTH, disc->y + 9}, {middle, disc->y - r - 5},
            {middle, disc->y + r + CODE_HEIGHT}};
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            if (!is_free(map, disc, places[k][0], places[k][1], codes, count))
                continue;
            memcpy(codes[count++], places[k], sizeof *codes);
            text_printf(map->out, "<text class=\"code\" x=\"%.0f\" y=\"%.0f\">%s</text>\n", places[k][0],
                places[k][1], disc->group->country);
            break;
        }
    }
}

static void add_legend(const struct map *map)
{
    struct text *out = map->out;
    text_printf(out, "<p class=\"legend\"><span>Tint: share of %s that is not disproved</span>",
        map->users ? "users" : "validators");
    for (int i = 0; i < TINTS; i++)
        text_printf(out,
            "<span><svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"q%d\" width=\"100%%\" "
            "height=\"100%%\"/></svg>%s</span>",
            i, tints[i].words);
    if (map->users)
        text_add(out,
            "<span><svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"untold\" width=\"100%\" "
            "height=\"100%\"/></svg>seen, users not told</span>");
    text_printf(out,
        "<span><svg class=\"swatch\" aria-hidden=\"true\"><circle class=\"disc\" cx=\"50%%\" cy=\"50%%\" "
        "r=\"5\"/></svg>disc: %s proved, by area</span></p>\n",
        map->users ? "users" : "sources");
}

static void add_map(struct map *map)
{
    struct page_country country;
    const char *at = NULL;
    struct text *out = map->out;
    text_printf(out,
        "<figure>\n<svg class=\"world\" role=\"img\" viewBox=\"0 0 %d %d\" aria-labelledby=\"map-t map-d\">\n"
        "<title id=\"map-t\">Countries by who is at risk there</title>\n<desc id=\"map-d\">",
        PAGE_COUNTRIES_WIDTH, PAGE_COUNTRIES_HEIGHT);
    text_add(out, "The table below has every country in words.</desc>\n");
    while (page_countries_next(&at, &country))
        add_country(map, &country);
    add_discs(map);
    add_codes(map);
    text_add(out, "</svg>\n");
    add_legend(map);
    text_add(out, "</figure>\n");
}

/* ---- the table ---- */

static const struct html_column columns[] = {
    {"Country", false, false},
    {"Networks at risk", true, false},
    {"Sources at risk", true, false},
    {"Of those that validate", true, false},
    {"Users at risk", true, false}, /* the last two only where users were told */
    {"Of users", true, false},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add_row(const struct map *map, const struct readiness_group *group)
{
    char name[PAGE_COUNTRIES_NAME];
    struct text *out = map->out;
    html_row(out);
    html_cell(out, columns, 0);
    page_countries_name(group->country, name);
    text_add_html(out, name[0] ? name : group->country[0] ? group->country : "no country known");
    if (name[0])
        text_printf(out, " <span class=\"country\">%s</span>", group->country);
    html_cell(out, columns, 1);
    page_html_bounds(out, (double)group->networks_low, (double)group->networks_high);
    html_cell(out, columns, 2);
    page_html_bounds(out, (double)group->sources[CLASSIFY_OLD_ONLY], (double)readiness_upper(group->sources));
    html_cell(out, columns, 3);
    text_add_number(out, (int64_t)readiness_validators(group->sources));
    if (map->users) {
        html_cell(out, columns, 4);
        if (group->users < 0)
            text_add(out, "not told");
        else
            page_html_bounds(out, group->users_low, group->users_high);
        html_cell(out, columns, 5);
        if (group->users >= 0)
            text_add_number(out, group->users);
    }
    html_row_end(out);
}

static void add_table(const struct map *map)
{
    size_t shown = 0, left = 0;
    html_table(map->out, HTML_TABLE_CARDS, "Countries by who is at risk there", columns,
        map->users ? COLUMNS : COLUMNS - 2);
    for (size_t i = 0; i < map->group_count; i++) {
        if (!readiness_upper(map->groups[i].sources))
            continue;
        if (shown == MOST_ROWS) {
            left++;
            continue;
        }
        add_row(map, &map->groups[i]);
        shown++;
    }
    html_table_end(map->out);
    if (left)
        text_printf(map->out, "<p class=\"small\">%zu countries with less at risk are left out.</p>\n", left);
}

void page_map(const struct page *page, struct arena *arena, struct text *out)
{
    const struct readiness *readiness = page->readiness;
    struct map *map = arena_alloc(arena, sizeof *map);
    if (!map || readiness_group_by(readiness, READINESS_BY_COUNTRY, arena, &map->groups, &map->group_count)) {
        out->failed = true;
        return;
    }
    map->readiness = readiness;
    map->users = readiness->total.users >= 0;
    map->out = out;
    html_open(out, "countries", "Where they are");
    if (map->group_count == 0 || (map->group_count == 1 && !map->groups[0].country[0])) {
        text_add(out, "<p>No file told which country an address belongs to.</p>\n");
    } else {
        add_map(map);
        add_table(map);
    }
    html_close(out);
}
