/* Rows from top to bottom: the axis, the operations (if there were any), then for each key its name, its bar
 * and the labels of its steps on as many lines as they need not to touch. Each is measured first, so that the
 * height is known, by drawing it twice: once into a text that is thrown away. */
#include "app/web/timeline.h"

#include "base/moment.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 920, LINE = 15, LEVELS = 4, BAR = 16, MAX_LABELS = 128, NAME_HEIGHT = 22 };
static const double letter = 6.3; /* about, of 12 units high */

struct label {
    double x;
    char text[140];
    const char *class;
};

struct labels {
    struct label label[MAX_LABELS];
    size_t count;
};

struct drawing {
    struct text *out;
    struct text words; /* what stands above everything else: drawn last */
    const struct plan *plan;
    struct timeline_axis axis;
    int64_t now_us;
    const char *id;
};

static const char *const did[] = {[PLAN_PUBLISH] = "published",
    [PLAN_SIGN] = "signs",
    [PLAN_STOP] = "stops signing",
    [PLAN_REVOKE] = "revoked",
    [PLAN_WITHDRAW] = "withdrawn"};

static const char *moment(const struct drawing *d, int64_t us, char out[UTC_TEXT])
{
    if (d->axis.relative)
        return moment_offset(us, out);
    return d->axis.clock ? moment_clock(us, out) : moment_date(us, out);
}

/* --- labels --- */

static void add_label(struct labels *labels, double x, const char *class, const char *text)
{
    if (labels->count == MAX_LABELS)
        return;
    struct label *label = &labels->label[labels->count++];
    label->x = x;
    label->class = class;
    snprintf(label->text, sizeof label->text, "%s", text);
}

/* Draws them below `y`, the first line that is free for each; returns how many lines it took. */
static int draw_labels(struct drawing *d, struct labels *labels, double y)
{
    double end[LEVELS] = {0};
    int used = 0;
    for (size_t i = 1; i < labels->count; i++) /* by x: few, and nearly sorted */
        for (size_t j = i; j > 0 && labels->label[j - 1].x > labels->label[j].x; j--) {
            struct label swap = labels->label[j];
            labels->label[j] = labels->label[j - 1];
            labels->label[j - 1] = swap;
        }
    for (size_t i = 0; i < labels->count; i++) {
        const struct label *label = &labels->label[i];
        double width = letter * (double)text_columns(label->text) + 10, x = label->x - width / 2;
        x = x < 2 ? 2 : x + width > WIDTH - 2 ? WIDTH - 2 - width : x;
        int level = 0;
        while (level < LEVELS - 1 && end[level] > x)
            level++;
        end[level] = x + width;
        used = level + 1 > used ? level + 1 : used;
        text_printf(&d->words, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", label->class, x + 5,
            y + LINE * (level + 1) - 3);
        text_add_html(&d->words, label->text);
        text_add(&d->words, "</text>\n");
    }
    return used;
}

/* --- bars --- */

static void rectangle(struct drawing *d, const char *class, double x0, double x1, double y, double height)
{
    if (x1 - x0 > 0.05)
        text_printf(d->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            class, x0, y, x1 - x0, height);
}

static void segment(struct drawing *d, const struct plan_key_state *state, double x0, double x1, double y)
{
    bool coming = x0 >= timeline_x(&d->axis, d->now_us) - 0.01 && !d->axis.relative;
    if (state->signing && !state->published)
        rectangle(d, coming ? "tl-early tl-coming" : "tl-early", x0, x1, y + 5, BAR - 10);
    if (!state->published)
        return;
    const char *class = state->revoked   ? (coming ? "tl-revoked tl-coming" : "tl-revoked")
                        : state->signing ? (coming ? "tl-signs tl-coming" : "tl-signs")
                                         : (coming ? "tl-there tl-coming" : "tl-there");
    rectangle(d, class, x0, x1, y, BAR);
}

static void draw_bar(struct drawing *d, const struct plan_key *key, double y)
{
    double now_x = timeline_x(&d->axis, d->now_us);
    for (size_t i = 0; i < key->step_count && key->steps[i].at_us != UTC_OPEN; i++) {
        int64_t from_us = key->steps[i].at_us;
        bool last = i + 1 == key->step_count || key->steps[i + 1].at_us == UTC_OPEN;
        int64_t to_us = last ? d->axis.to_us : key->steps[i + 1].at_us;
        struct plan_key_state state = plan_key_at(key, from_us);
        double x0 = timeline_x(&d->axis, from_us), x1 = timeline_x(&d->axis, to_us);
        if (last && d->axis.open)
            x1 = d->axis.open_x;
        if (!d->axis.relative && now_x > x0 && now_x < x1) {
            segment(d, &state, x0, now_x, y);
            x0 = now_x;
        }
        segment(d, &state, x0, x1, y);
    }
}

/* --- steps --- */

static void draw_tick(struct drawing *d, const struct plan_step *step, double x, double y)
{
    const char *class = step->at_us == UTC_OPEN ? "tl-tick tl-open"
                        : step->planned         ? "tl-tick tl-planned"
                                                : "tl-tick";
    text_printf(d->out, "<path class=\"%s\" d=\"M%.1f %.1fv%d\"/>\n", class, x, y - 4, BAR + 8);
}

/* Steps of one moment share a label. */
static void add_steps(struct drawing *d, const struct plan_key *key, double y, struct labels *labels)
{
    for (size_t i = 0; i < key->step_count;) {
        char words[80] = "", when[UTC_TEXT], line[140];
        const struct plan_step *first = &key->steps[i];
        bool planned = false;
        for (; i < key->step_count && key->steps[i].at_us == first->at_us; i++) {
            size_t length = strlen(words);
            snprintf(
                words + length, sizeof words - length, "%s%s", length ? ", " : "", did[key->steps[i].what]);
            planned |= key->steps[i].planned;
        }
        double x = timeline_x(&d->axis, first->at_us);
        draw_tick(d, first, x, y);
        if (first->at_us == UTC_OPEN)
            snprintf(line, sizeof line, "%s: no date", words);
        else
            snprintf(line, sizeof line, "%s %s", words, moment(d, first->at_us, when));
        add_label(labels, x, first->at_us == UTC_OPEN || planned ? "tl-label tl-planned" : "tl-label", line);
    }
}

/* Where a step stood before it was moved: once for each such place. */
static void add_ghosts(struct drawing *d, const struct plan_key *key, double y, struct labels *labels)
{
    const struct plan *plan = d->plan;
    for (size_t h = 0; h < plan->history_count; h++) {
        for (size_t c = 0; c < plan->history[h].change_count; c++) {
            const struct plan_change *change = &plan->history[h].changes[c];
            bool moved = change->from_us != UTC_OPEN && change->from_us != change->to_us;
            if (strcmp(change->key, key->id) != 0 || !moved || change->from_us < d->axis.from_us)
                continue;
            char when[UTC_TEXT], line[140];
            double x = timeline_x(&d->axis, change->from_us);
            text_printf(d->out, "<path class=\"tl-ghost\" d=\"M%.1f %.1fl5 8l-5 8l-5-8z\"/>\n", x, y);
            snprintf(line, sizeof line, "%s %s", did[change->what], moment(d, change->from_us, when));
            add_label(labels, x, "tl-label tl-was", line);
        }
    }
}

static double draw_key(struct drawing *d, const struct plan_key *key, double y)
{
    struct labels labels = {.count = 0};
    text_printf(&d->words, "<text class=\"tl-key\" x=\"%.1f\" y=\"%.1f\">", d->axis.left, y + 14);
    text_add_html(&d->words, key->id);
    text_add(&d->words, "<tspan class=\"tl-about\">");
    if (key->tag >= 0)
        text_printf(&d->words, "  tag %d", key->tag);
    text_add(&d->words, key->zsk ? "  zone-signing key" : "");
    text_add(&d->words, "</tspan></text>\n");
    y += NAME_HEIGHT;
    draw_bar(d, key, y);
    add_ghosts(d, key, y, &labels);
    add_steps(d, key, y, &labels);
    int lines = draw_labels(d, &labels, y + BAR + 4);
    return y + BAR + 4 + lines * LINE + 12;
}

/* --- the axis, the operations, the present --- */

static double draw_axis(struct drawing *d, double height)
{
    int64_t ticks[16];
    size_t count = moment_ticks(d->axis.from_us, d->axis.to_us, d->axis.relative, ticks, 8);
    for (size_t i = 0; i < count; i++) {
        char text[UTC_TEXT];
        double x = timeline_x(&d->axis, ticks[i]);
        double most = d->axis.open ? d->axis.right - 30 : WIDTH - 32; /* of the middle of its text */
        text_printf(d->out, "<path class=\"tl-grid\" d=\"M%.1f 22V%.1f\"/>", x, height);
        if (x <= most || !d->axis.open)
            text_printf(d->out, "<text class=\"tl-axis\" x=\"%.1f\" y=\"14\">%s</text>\n",
                x > most ? most
                : x < 32 ? 32
                         : x,
                moment_tick_text(ticks, count, i, d->axis.relative, text));
    }
    if (d->axis.open)
        text_printf(d->out,
            "<rect class=\"tl-nodate\" x=\"%.1f\" y=\"22\" width=\"%.1f\" height=\"%.1f\"/>"
            "<text class=\"tl-axis\" x=\"%.1f\" y=\"14\">no date yet</text>\n",
            d->axis.right + 8, WIDTH - 2 - d->axis.right - 8, height - 22, d->axis.open_x);
    return 30;
}

static double draw_operations(struct drawing *d, double y, double height)
{
    struct labels labels = {.count = 0};
    const struct plan *plan = d->plan;
    for (size_t i = 0; i < plan->history_count; i++) {
        const struct plan_entry *entry = &plan->history[i];
        bool postponed = strcmp(entry->operation, "postpone") == 0;
        if (strcmp(entry->operation, "note") == 0 || entry->at_us < d->axis.from_us)
            continue;
        char when[UTC_TEXT], line[120];
        snprintf(line, sizeof line, "%s %s",
            postponed                                 ? "postponed"
            : strcmp(entry->operation, "resume") == 0 ? "resumed"
                                                      : "backed out",
            moment(d, entry->at_us, when));
        double x = timeline_x(&d->axis, entry->at_us);
        text_printf(d->out, "<path class=\"tl-operation\" d=\"M%.1f %.1fV%.1f\"/>\n", x, y, height);
        add_label(&labels, x, "tl-label tl-flag", line);
    }
    int lines = draw_labels(d, &labels, y);
    return lines ? y + lines * LINE + 8 : y;
}

static void draw_now(struct drawing *d, double height)
{
    if (d->axis.relative)
        return;
    bool before = d->now_us < d->axis.from_us;
    bool after = d->now_us > d->axis.to_us;
    double x = timeline_x(&d->axis, d->now_us), middle = x < 30 ? 30 : x > WIDTH - 30 ? WIDTH - 30 : x;
    if (!before && !after)
        text_printf(d->out, "<path class=\"tl-now\" d=\"M%.1f 22V%.1f\"/>\n", x, height - 18);
    text_printf(&d->words, "<text class=\"tl-nowtext\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", middle, height - 5,
        before  ? "\xe2\x86\x90 now"
        : after ? "now \xe2\x86\x92"
                : "now");
}

/* In words, for those who do not see it. */
static void describe(struct drawing *d)
{
    for (size_t k = 0; k < d->plan->key_count; k++) {
        const struct plan_key *key = &d->plan->keys[k];
        text_add_html(d->out, key->id);
        for (size_t s = 0; s < key->step_count; s++) {
            char when[UTC_TEXT];
            text_printf(d->out, "%s %s %s", s ? ";" : ":", did[key->steps[s].what],
                key->steps[s].at_us == UTC_OPEN ? "without a date" : moment(d, key->steps[s].at_us, when));
        }
        text_add(d->out, ". ");
    }
}

static double draw_rows(struct drawing *d, double height)
{
    double y = draw_axis(d, height);
    y = draw_operations(d, y, height);
    for (size_t k = 0; k < d->plan->key_count; k++)
        y = draw_key(d, &d->plan->keys[k], y);
    return y + 14;
}

static double measure(const struct drawing *drawing)
{
    struct drawing d = *drawing;
    struct text thrown_away;
    d.out = &thrown_away;
    text_start(&thrown_away);
    text_start(&d.words);
    double height = draw_rows(&d, 0);
    text_free(&thrown_away);
    text_free(&d.words);
    return height;
}

void timeline_svg(struct text *out, const struct plan *plan, int64_t now_us, const char *id)
{
    struct drawing d = {
        .out = out, .plan = plan, .axis = timeline_axis(plan, now_us), .now_us = now_us, .id = id};
    double height = measure(&d);
    text_start(&d.words);
    text_printf(out,
        "<svg class=\"tl\" role=\"img\" viewBox=\"0 0 %d %.0f\" aria-labelledby=\"%s-t %s-d\" "
        "xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"%s-t\">Timeline of ",
        WIDTH, height, id, id, id);
    text_add_html(out, plan->title ? plan->title : plan->name);
    text_printf(out, "</title>\n<desc id=\"%s-d\">", id);
    describe(&d);
    text_add(out, "</desc>\n");
    draw_rows(&d, height - 16);
    draw_now(&d, height);
    text_add(out, d.words.string);
    out->failed |= d.words.failed;
    text_free(&d.words);
    text_add(out, "</svg>\n");
}
