/* Lanes over one calendar as SVG. Places along it are per cent, heights are pixels: the picture is as wide as
 * the screen, and its words keep their size. What is bad is thicker and hatched as well as red. */
#include "app/lab/forms/forms_days.h"
#include "app/lab/forms/forms_inside.h"

#include "core/roll/sighting.h"

#include "base/html.h"
#include "base/moment.h"

#include <inttypes.h>
#include <math.h>

enum {
    HEAD = 30, /* numbers of steps */
    LANE = 24, /* as li in rehearse.css */
    TALL = 48, /* … and li.tall */
    AXIS = 20,
    MOST_TICKS = 8,
    MOST_SIGNALS = 60,
    BUCKETS = 120, /* of the plot of queries */
};
static const double least_bad = 0.5, least_word = 9; /* per cent */

struct picture {
    const struct forms_run *run;
    const struct forms_days *days;
    struct text *out;
    uint16_t tags[FORMS_MOST_TAGS];
    size_t tag_count;
    int y; /* of the lane that is drawn */
};

static double at_of(const struct picture *p, int64_t us)
{
    return 100 * forms_share(p->run, us);
}

/* A part of the present lane; its title is added by the caller, and part_end() closes it. */
static void part(const struct picture *p, const char *class, double from, double to, int top, int height)
{
    text_printf(p->out, "<rect class=\"%s\" x=\"%.4g%%\" y=\"%d\" width=\"%.4g%%\" height=\"%d\">", class,
        from, p->y + top, to - from, height);
}

static void part_end(const struct picture *p)
{
    text_add(p->out, "</rect>");
}

static void add_span(struct text *out, int64_t from_us, int64_t to_us)
{
    text_add(out, " ");
    forms_add_date(out, from_us);
    text_add(out, " to ");
    forms_add_date(out, to_us);
}

/* ---- what users got ---- */

static void add_answers(struct picture *p, enum forms_name name)
{
    static const char *const classes[REHEARSAL_ANSWERS] = {[REHEARSAL_AD] = "ad",
        [REHEARSAL_PLAIN] = "noad",
        [REHEARSAL_SERVFAIL] = "fail",
        [REHEARSAL_NOTHING] = "none",
        [REHEARSAL_ODD] = "odd"};
    const struct forms_days *days = p->days;
    for (size_t first = 0, end; first < days->count; first = end) {
        uint8_t answer = days->days[first].worst[name];
        for (end = first + 1; end < days->count && days->days[end].worst[name] == answer;)
            end++;
        if (answer == FORMS_NO_LOOK)
            continue;
        int64_t from_us = days->first_us + (int64_t)first * UTC_DAY,
                to_us = days->first_us + (int64_t)end * UTC_DAY;
        bool good = forms_days_good(name, answer);
        double from = at_of(p, from_us), to = at_of(p, to_us);
        if (!good && to - from < least_bad)
            to = from + least_bad;
        part(p, good ? "good" : classes[answer], from, to, good ? 8 : 4, good ? 8 : 16);
        text_printf(p->out, "<title>%s", rehearsal_answer_name((enum rehearsal_answer)answer));
        add_span(p->out, from_us, to_us);
        text_add(p->out, "</title>");
        part_end(p);
    }
    text_add(p->out, "\n");
    p->y += LANE;
}

/* ---- its own state ---- */

static const char *const state_classes[RFC5011_STATES] = {[RFC5011_ADD_PEND] = "pend",
    [RFC5011_VALID] = "valid",
    [RFC5011_MISSING] = "missing",
    [RFC5011_REVOKED] = "revoked"};

static void add_state(const struct picture *p, uint8_t state, int64_t from_us, int64_t to_us)
{
    double from = at_of(p, from_us), to = at_of(p, to_us);
    if (!state_classes[state] || to <= from)
        return;
    const char *name = rfc5011_state_name((enum rfc5011_state)state);
    part(p, state_classes[state], from, to, 13, 8);
    text_printf(p->out, "<title>%s", name);
    add_span(p->out, from_us, to_us);
    text_add(p->out, "</title>");
    part_end(p);
    if (to - from >= least_word)
        text_printf(
            p->out, "<text class=\"in\" x=\"%.4g%%\" dx=\"3\" y=\"%d\">%s</text>", from, p->y + 10, name);
}

/* What the model of its profile did, thin below it; only where the two differ. */
static void add_model(const struct picture *p, uint16_t tag)
{
    const struct rehearsal_result *result = p->run->result;
    for (size_t i = 0; result->difference_count && i < result->model_count; i++) {
        const struct rehearsal_model_change *change = &result->model[i];
        int64_t to_us = p->run->schedule->to_us;
        if (forms_tag(p->run, change->tag) != tag || !state_classes[change->state])
            continue;
        for (size_t j = i + 1; j < result->model_count && to_us == p->run->schedule->to_us; j++)
            if (forms_tag(p->run, result->model[j].tag) == tag)
                to_us = result->model[j].at_us;
        text_printf(p->out, "<rect class=\"%s\" x=\"%.4g%%\" y=\"%d\" width=\"%.4g%%\" height=\"2\"/>",
            state_classes[change->state], at_of(p, change->at_us), p->y + 22,
            at_of(p, to_us) - at_of(p, change->at_us));
    }
}

static void add_key(struct picture *p, uint16_t tag)
{
    const struct rehearsal_evidence *evidence = p->run->evidence;
    uint8_t state = RFC5011_START;
    int64_t since_us = evidence->from_us;
    for (size_t i = 0; i < evidence->state_count; i++) {
        const struct rehearsal_state *change = &evidence->states[i];
        if (forms_tag(p->run, change->tag) != tag || change->state == state)
            continue;
        add_state(p, state, since_us, change->at_us);
        state = change->state;
        since_us = change->at_us;
    }
    add_state(p, state, since_us, evidence->to_us);
    add_model(p, tag);
    text_add(p->out, "\n");
    p->y += LANE;
}

/* ---- what it told the root, and asked it ---- */

static void add_signals(struct picture *p)
{
    struct forms_signals signals;
    size_t at = 0, drawn = 0;
    double free_from = 0;
    while (drawn++ < MOST_SIGNALS && forms_next_signals(p->run->evidence, &at, &signals)) {
        const struct rehearsal_signal *first = signals.first;
        double from = at_of(p, first->at_us), to = at_of(p, signals.last_us);
        int row = first->kind == SIGHTING_TA_NULL ? 0 : first->kind == SIGHTING_TA_A ? 1 : 2;
        text_printf(p->out,
            "<rect class=\"signal\" x=\"%.4g%%\" y=\"%d\" width=\"%.4g%%\" height=\"3\"><title>", from,
            p->y + 13 + 4 * row, to - from < 0.3 ? 0.3 : to - from);
        forms_add_signals(p->out, &signals);
        text_add(p->out, "</title></rect>");
        if (from >= free_from && to - from >= least_word) {
            text_printf(p->out, "<text class=\"tags\" x=\"%.4g%%\" dx=\"3\" y=\"%d\">", from, p->y + 10);
            forms_add_tags(p->out, first);
            text_add(p->out, "</text>");
            free_from = to;
        }
    }
    text_add(p->out, "\n");
    p->y += LANE;
}

/* Logarithmic: a storm and what was before it can both be seen. In each part of the calendar the day with the
 * most. */
static void add_fetches(struct picture *p)
{
    const struct forms_days *days = p->days;
    size_t buckets = days->count < BUCKETS ? days->count : BUCKETS;
    int before = -1;
    text_printf(p->out,
        "<svg x=\"0\" y=\"%d\" width=\"100%%\" height=\"%d\" viewBox=\"0 0 %zu 100\" "
        "preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"fetches\" d=\"M0 100",
        p->y + 6, TALL - 10, buckets);
    for (size_t b = 0; b < buckets; b++) {
        uint32_t most = 0;
        for (size_t day = b * days->count / buckets; day < (b + 1) * days->count / buckets; day++)
            most = days->days[day].fetches > most ? days->days[day].fetches : most;
        int height = days->most ? (int)lround(100 * log1p(most) / log1p(days->most)) : 0;
        if (height != before)
            text_printf(p->out, "H%zuV%d", b, 100 - height);
        before = height;
    }
    text_printf(p->out, "H%zuV100z\"/></svg>\n", buckets);
    p->y += TALL;
}

/* ---- the frame ---- */

/* Numbers stand in two rows, so that neighbours do not touch; the list below the picture has all. */
static void add_marks(const struct picture *p, int bottom)
{
    struct forms_mark marks[FORMS_MOST_MARKS];
    size_t count = forms_marks(p->run, marks);
    double taken[2] = {-10, -10};
    for (size_t i = 0; i < count; i++) {
        double at = at_of(p, marks[i].at_us);
        text_printf(p->out, "<rect class=\"%s\" x=\"%.4g%%\" y=\"%d\" width=\"1.4\" height=\"%d\"/>",
            marks[i].scenario ? "step mine" : "step", at, HEAD - 2, bottom - HEAD + 2);
        for (int row = 1; row >= 0; row--)
            if (at - taken[row] >= 2.5) {
                text_printf(
                    p->out, "<text class=\"no\" x=\"%.4g%%\" y=\"%d\">%zu</text>", at, row ? 25 : 12, i + 1);
                taken[row] = at;
                break;
            }
    }
    text_add(p->out, "\n");
}

static void add_axis(const struct picture *p, int y)
{
    const struct scenario_schedule *schedule = p->run->schedule;
    int64_t ticks[16];
    size_t count = moment_ticks(schedule->from_us, schedule->to_us, false, ticks, MOST_TICKS);
    for (size_t i = 0; i < count; i++) {
        char words[UTC_TEXT];
        double at = at_of(p, ticks[i]);
        text_printf(p->out, "<rect class=\"month\" x=\"%.4g%%\" y=\"%d\" width=\"1\" height=\"%d\"/>", at,
            HEAD, y - HEAD);
        if (at > 4 && at < 96)
            text_printf(p->out, "<text class=\"tick%s\" x=\"%.4g%%\" y=\"%d\">%s</text>",
                i % 2 ? " other" : "", at, y + 14, moment_tick_text(ticks, count, i, false, words));
    }
    text_add(p->out, "\n");
}

/* The interval in which it broke, over all lanes. */
static void add_broke(const struct picture *p, int bottom)
{
    const struct rehearsal_result *result = p->run->result;
    if (result->broke_from_us == UTC_OPEN)
        return;
    double from = at_of(p, result->broke_from_us), to = at_of(p, result->broke_to_us);
    text_printf(p->out, "<rect class=\"broke\" x=\"%.4g%%\" y=\"%d\" width=\"%.4g%%\" height=\"%d\"/>\n",
        from, HEAD, to - from < least_bad ? least_bad : to - from, bottom - HEAD);
}

static void add_lanes(const struct picture *p)
{
    text_add(p->out, "<ul class=\"lanes\"><li class=\"first\">Steps</li><li>Signed name</li>"
                     "<li>Bogus name</li><li>Unsigned name</li>");
    for (size_t i = 0; i < p->tag_count; i++)
        text_printf(p->out, "<li>Key %u</li>", p->tags[i]);
    text_printf(p->out,
        "<li>Signals</li><li class=\"tall\">DNSKEY a day<br><span class=\"most\">up to %" PRIu32
        "</span></li></ul>\n",
        p->days->most);
}

static void describe(const struct picture *p, unsigned number)
{
    text_printf(p->out, "<title id=\"p%u-t\">", number);
    html_cut(p->out, p->run->product, HTML_NAME);
    text_add(p->out, ", ");
    html_cut(p->out, p->run->schedule->scenario->name, HTML_NAME);
    text_printf(p->out, ": day by day</title>\n<desc id=\"p%u-d\">", number);
    html_cut(p->out, p->run->result->cause, HTML_NAME);
    text_add(p->out, "</desc>\n");
}

int forms_picture(const struct forms_run *run, unsigned number, struct arena *arena, struct text *out)
{
    struct forms_days days;
    int err = forms_days_make(run->evidence, run->schedule->from_us, run->schedule->to_us, arena, &days);
    if (err)
        return err;
    struct picture p = {.run = run, .days = &days, .out = out, .y = HEAD};
    p.tag_count = forms_tags(run, p.tags);
    int bottom = HEAD + (4 + (int)p.tag_count) * LANE + TALL;
    text_add(out, "<figure class=\"picture\">\n");
    add_lanes(&p);
    text_printf(out, "<svg class=\"days\" role=\"img\" height=\"%d\" aria-labelledby=\"p%u-t p%u-d\">\n",
        bottom + AXIS, number, number);
    describe(&p, number);
    add_axis(&p, bottom);
    add_broke(&p, bottom);
    for (int name = 0; name < FORMS_NAMES; name++)
        add_answers(&p, (enum forms_name)name);
    for (size_t i = 0; i < p.tag_count; i++)
        add_key(&p, p.tags[i]);
    add_signals(&p);
    add_fetches(&p);
    add_marks(&p, bottom);
    text_add(out, "</svg>\n</figure>\n");
    return 0;
}

void forms_picture_legend(struct text *out)
{
    text_add(out,
        "<svg class=\"hidden\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" "
        "width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path "
        "class=\"hatchground\" d=\"M0 0h6v6H0z\"/><path class=\"hatchline\" d=\"M0 "
        "0V6\"/></pattern></defs></svg>\n"
        "<p class=\"legend\"><span class=\"key key-good\">as it should be: AD for a signed name, SERVFAIL "
        "for a bogus "
        "one, an answer without AD for an unsigned one</span> <span class=\"key key-noad\">answered without "
        "AD</span> <span class=\"key key-fail\">SERVFAIL</span> <span class=\"key key-none\">no "
        "answer</span> <span "
        "class=\"key key-odd\">another answer</span> <span class=\"key key-pend\">AddPend</span> <span "
        "class=\"key "
        "key-valid\">Valid</span> <span class=\"key key-missing\">Missing</span> <span class=\"key "
        "key-revoked\">Revoked</span> <span class=\"key key-signal\">signals (NULL, A, option from top to "
        "bottom)</span> <span class=\"key key-event\">step of the plan</span> <span class=\"key "
        "key-mine\">step of "
        "the scenario</span> <span class=\"key key-broke\">when it broke</span></p>\n"
        "<p class=\"small\">Each day shows the worst that was seen on it. A thin line below a key is what "
        "the model "
        "of the product does, where the two differ. DNSKEY queries a day are drawn on a logarithmic "
        "scale.</p>\n");
}
