/* One page: the worst verdict, resolvers × scenarios, then each run with its picture. Where many runs would
 * make it too large, what is least needed is left out, and said. */
#include "app/lab/forms/forms_inside.h"

#include "base/html.h"
#include "core/roll/verdict_html.h"
#include "lab_assets.h"

#include <string.h>

enum { MOST_OCTETS = 960000, MOST_SCENARIOS = 256, MOST_RESOLVERS = 64 };

/* How much is told of each run; the first whose page is small enough is taken. */
static const struct detail {
    size_t lines, findings;
    bool of_ready; /* the lines of runs that are ready too */
} details[] = {{60, 20, true}, {24, 6, false}, {0, 2, false}};
enum { DETAILS = sizeof details / sizeof *details };

struct page {
    const struct forms_report *report;
    const struct detail *detail;
    struct arena *arena;
    struct text *out;
};

static void add_label(struct text *out, const struct forms_run *run)
{
    struct text label;
    text_start(&label);
    forms_add_label(&label, run);
    html_name(out, label.string);
    out->failed |= label.failed;
    text_free(&label);
}

/* ---- the head ---- */

static void add_sheets(struct text *out)
{
    html_alone(out);
    for (size_t i = 0; i < lab_asset_count; i++) {
        text_add(out, "<style>\n");
        text_add_bytes(out, lab_assets[i].bytes, lab_assets[i].length);
        text_add(out, "</style>\n");
    }
}

static void add_head(const struct page *page)
{
    html_document(page->out);
    text_add(page->out, "<title>Rehearsal \xc2\xb7 rollcall</title>\n");
    add_sheets(page->out);
    text_add(page->out,
        "</head>\n<body class=\"document rehearsal\">\n<a class=\"skip\" href=\"#main\">Skip to the "
        "content</a>\n"
        "<header class=\"top\"><span class=\"brand\">rollcall</span>\n<nav aria-label=\"Sections\"><ul>\n"
        "<li><a href=\"#verdict\">Verdict</a></li>\n<li><a href=\"#matrix\">Resolvers and "
        "scenarios</a></li>\n"
        "<li><a href=\"#run-1\">Day by day</a></li>\n<li><a href=\"#notes\">How to read it</a></li>\n"
        "</ul></nav></header>\n<main id=\"main\">\n"
        "<div class=\"intro\"><h1>What a roll of the root\xe2\x80\x99s key does to these "
        "resolvers</h1>\n<p>Real programs, "
        "each in a private network with a root of its own, taken through the days of a plan in virtual "
        "time.</p></div>\n");
}

static void add_counts(const struct page *page)
{
    const struct forms_report *report = page->report;
    size_t verdicts[VERDICT_UNKNOWN + 1] = {0};
    for (size_t i = 0; i < report->count; i++)
        verdicts[report->runs[i].result->verdict]++;
    enum verdict worst = forms_verdict(report);
    text_printf(page->out,
        "<section class=\"card verdict vb-%s\" id=\"verdict\" aria-label=\"Verdict\">\n<p "
        "class=\"big\">",
        verdict_name(worst));
    verdict_html(page->out, worst);
    text_add(page->out, report->count ? " is the worst of " : " Nothing was rehearsed: ");
    html_count(page->out, report->count, "rehearsal", "rehearsals");
    text_add(page->out, ".</p>\n<p>");
    for (int v = 0, any = 0; v <= VERDICT_UNKNOWN; v++)
        if (verdicts[v])
            text_printf(page->out, "%s%zu %s", any++ ? ", " : "", verdicts[v], verdict_name((enum verdict)v));
    text_add(page->out, report->count ? ".</p>\n" : "</p>\n");
    html_close(page->out);
}

/* ---- the matrix ---- */

struct matrix {
    size_t resolvers[MOST_RESOLVERS]; /* the first run of each */
    size_t resolver_count;
    size_t scenarios[MOST_SCENARIOS];
    size_t scenario_count;
};

static bool same_scenario(const struct forms_run *a, const struct forms_run *b)
{
    return strcmp(a->schedule->scenario->name, b->schedule->scenario->name) == 0;
}

static void add_once(const struct forms_report *report, size_t run, size_t *list, size_t *count, size_t most,
    bool (*same)(const struct forms_run *a, const struct forms_run *b))
{
    for (size_t i = 0; i < *count; i++)
        if (same(&report->runs[list[i]], &report->runs[run]))
            return;
    if (*count < most)
        list[(*count)++] = run;
}

static void matrix_make(const struct forms_report *report, struct matrix *ret)
{
    *ret = (struct matrix){.resolver_count = 0};
    for (size_t i = 0; i < report->count; i++) {
        add_once(report, i, ret->resolvers, &ret->resolver_count, MOST_RESOLVERS, forms_same_resolver);
        add_once(report, i, ret->scenarios, &ret->scenario_count, MOST_SCENARIOS, same_scenario);
    }
}

static void add_verdict(const struct page *page, size_t run)
{
    const struct rehearsal_result *result = page->report->runs[run].result;
    text_printf(page->out, "<a href=\"#run-%zu\">", run + 1);
    verdict_html(page->out, result->verdict);
    text_add(page->out, "</a>");
    if (result->broke_from_us == UTC_OPEN)
        return;
    text_add(page->out, " <span class=\"date\">broke ");
    forms_add_broke(page->out, result);
    if (result->healed_us != UTC_OPEN) {
        text_add(page->out, ", healed ");
        forms_add_date(page->out, result->healed_us);
    }
    text_add(page->out, "</span>");
}

static void add_cell(
    const struct page *page, const struct forms_run *resolver, const struct forms_run *scenario)
{
    for (size_t i = 0; i < page->report->count; i++) {
        const struct forms_run *run = &page->report->runs[i];
        if (!forms_same_resolver(run, resolver) || !same_scenario(run, scenario))
            continue;
        add_verdict(page, i);
        return;
    }
}

static void add_matrix(const struct page *page, const struct matrix *matrix)
{
    struct html_column columns[MOST_RESOLVERS + 1] = {{"Scenario", false, false}};
    for (size_t i = 0; i < matrix->resolver_count; i++) {
        struct text label, safe;
        text_start(&label);
        text_start(&safe);
        forms_add_label(&label, &page->report->runs[matrix->resolvers[i]]);
        html_cut(&safe, label.string, HTML_NAME);
        const char *name = safe.failed ? NULL : arena_string(page->arena, safe.string);
        page->out->failed |= !name;
        columns[i + 1].name = name ? name : "";
        text_free(&label);
        text_free(&safe);
    }
    html_open(page->out, "matrix", "Resolvers and scenarios");
    text_add(page->out, "<div class=\"scroll\">\n");
    html_table(page->out, HTML_TABLE_CARDS, "Verdicts", columns, matrix->resolver_count + 1);
    for (size_t s = 0; s < matrix->scenario_count; s++) {
        const struct forms_run *scenario = &page->report->runs[matrix->scenarios[s]];
        html_row(page->out);
        html_cell(page->out, columns, 0);
        html_name(page->out, scenario->schedule->scenario->name);
        for (size_t r = 0; r < matrix->resolver_count; r++) {
            html_cell(page->out, columns, r + 1);
            add_cell(page, &page->report->runs[matrix->resolvers[r]], scenario);
        }
        html_row_end(page->out);
    }
    html_table_end(page->out);
    text_add(page->out, "</div>\n");
    html_close(page->out);
}

/* ---- one run ---- */

static void add_marks(const struct page *page, const struct forms_run *run)
{
    struct forms_mark marks[FORMS_MOST_MARKS];
    size_t count = forms_marks(run, marks);
    text_add(page->out, "<ol class=\"marks\">\n");
    for (size_t i = 0; i < count; i++) {
        struct text words;
        text_start(&words);
        forms_add_date(&words, marks[i].at_us);
        text_add(&words, " ");
        forms_add_mark(&words, run, &marks[i]);
        text_add(page->out, "<li>");
        html_cut(page->out, words.string, HTML_NAME);
        text_add(page->out, "</li>\n");
        text_free(&words);
    }
    text_add(page->out, "</ol>\n");
}

static void add_findings(const struct page *page, const struct rehearsal_result *result)
{
    size_t most =
        result->finding_count < page->detail->findings ? result->finding_count : page->detail->findings;
    if (most == 0)
        return;
    text_add(page->out, "<ul class=\"findings\">\n");
    for (size_t i = 0; i < most; i++) {
        const struct verdict_finding *finding = &result->findings[i];
        text_add(page->out, "<li><strong>");
        html_name(page->out, finding->rule);
        text_add(page->out, "</strong> ");
        html_name(page->out, finding->text);
        if (finding->means) {
            text_add(page->out, " ");
            html_name(page->out, finding->means);
        }
        if (finding->mend) {
            text_add(page->out, " <span class=\"mend\">");
            html_name(page->out, finding->mend);
            text_add(page->out, "</span>");
        }
        text_add(page->out, "</li>\n");
    }
    if (most < result->finding_count)
        text_printf(page->out, "<li>%zu more are left out.</li>\n", result->finding_count - most);
    text_add(page->out, "</ul>\n");
}

/* What the program said and did, merged by time with what its state said. */
static void add_event(const struct page *page, const struct rehearsal_event *event)
{
    text_add(page->out, "<li>");
    html_time(page->out, event->at_us);
    text_printf(page->out, " %s", rehearsal_what_name((enum rehearsal_what)event->what));
    if (event->text[0]) {
        text_add(page->out, ": <code>");
        html_name(page->out, event->text);
        text_add(page->out, "</code>");
    }
    text_add(page->out, "</li>\n");
}

static void add_state(const struct page *page, const struct rehearsal_state *state)
{
    text_add(page->out, "<li>");
    html_time(page->out, state->at_us);
    text_printf(
        page->out, " key %u: %s</li>\n", state->tag, rfc5011_state_name((enum rfc5011_state)state->state));
}

static void add_difference(const struct page *page, const struct rehearsal_difference *difference)
{
    text_add(page->out, "<li>");
    html_time(page->out, difference->at_us);
    if (difference->validates)
        text_printf(page->out, " the program %s, its model %s</li>\n",
            difference->program ? "validates" : "does not validate",
            difference->model ? "validates" : "does not");
    else
        text_printf(page->out, " key %u: %s in the program, %s in its model</li>\n", difference->tag,
            rfc5011_state_name((enum rfc5011_state)difference->program),
            rfc5011_state_name((enum rfc5011_state)difference->model));
}

static void add_lines(const struct page *page, const struct forms_run *run)
{
    const struct rehearsal_evidence *evidence = run->evidence;
    const struct rehearsal_result *result = run->result;
    size_t most = page->detail->lines, told = 0, all = result->difference_count;
    if (most == 0 || (!page->detail->of_ready && result->verdict == VERDICT_READY))
        return;
    text_add(page->out, "<details><summary>What its state and its log said</summary>\n<ul>\n");
    for (size_t s = 0, e = 0; s < evidence->state_count || e < evidence->event_count;) {
        bool event = s == evidence->state_count ||
                     (e < evidence->event_count && evidence->events[e].at_us <= evidence->states[s].at_us);
        bool step = event && evidence->events[e].what == REHEARSAL_STEP; /* the list of steps has it */
        all += !step;
        if (!step && told < most) {
            told++;
            event ? add_event(page, &evidence->events[e]) : add_state(page, &evidence->states[s]);
        }
        event ? e++ : s++;
    }
    for (size_t i = 0; i < result->difference_count && told < most; i++, told++)
        add_difference(page, &result->differences[i]);
    if (told < all)
        text_printf(page->out, "<li>%zu more are left out.</li>\n", all - told);
    text_add(page->out, "</ul></details>\n");
}

static void add_run_head(const struct page *page, const struct forms_run *run, unsigned number)
{
    const struct scenario *scenario = run->schedule->scenario;
    text_printf(page->out,
        "<section class=\"card verdict vb-%s run\" id=\"run-%u\" aria-labelledby=\"run-%u-h\">\n<h2 "
        "id=\"run-%u-h\">",
        verdict_name(run->result->verdict), number, number, number);
    add_label(page->out, run);
    text_add(page->out, " <span class=\"count\">");
    html_name(page->out, scenario->name);
    text_add(page->out, "</span></h2>\n<p>");
    verdict_html(page->out, run->result->verdict);
    text_add(page->out, " ");
    html_name(page->out, run->result->cause);
    text_add(page->out, "</p>\n<p class=\"small\">Plan ");
    html_name(page->out, run->schedule->plan->name);
    text_add(page->out, ", ");
    html_time(page->out, run->schedule->from_us);
    text_add(page->out, " to ");
    html_time(page->out, run->schedule->to_us);
    text_add(page->out, ".");
    if (scenario->expect_text) {
        text_add(page->out, " RFC 5011 expects: ");
        html_name(page->out, scenario->expect_text);
    }
    text_add(page->out, "</p>\n");
}

static int add_run(const struct page *page, unsigned number)
{
    const struct forms_run *run = &page->report->runs[number - 1];
    int err = 0;
    add_run_head(page, run, number);
    if (run->evidence->look_count || run->evidence->fetch_count) {
        err = forms_picture(run, number, page->arena, page->out);
        add_marks(page, run);
    }
    add_findings(page, run->result);
    add_lines(page, run);
    html_close(page->out);
    return err;
}

static int add_runs(const struct page *page)
{
    for (size_t i = 0; i < page->report->count; i++) {
        if (page->detail == &details[DETAILS - 1] && page->out->length > MOST_OCTETS) {
            text_add(page->out, "<p class=\"card\">");
            html_count(page->out, page->report->count - i, "more rehearsal is", "more rehearsals are");
            text_add(page->out, " left out here; <code>--json</code> has all.</p>\n");
            return 0;
        }
        int err = add_run(page, (unsigned)i + 1);
        if (err)
            return err;
    }
    return 0;
}

static void add_notes(const struct page *page)
{
    html_open(page->out, "notes", "How to read this page");
    forms_picture_legend(page->out);
    html_close(page->out);
    text_add(page->out,
        "</main>\n<footer><p>rollcall " ROLLCALL_VERSION
        ": who is ready when the key that the DNS hangs on changes.</p></footer>\n</body>\n</html>\n");
}

static int write_page(const struct page *page)
{
    struct matrix matrix;
    matrix_make(page->report, &matrix);
    add_head(page);
    add_counts(page);
    if (page->report->count)
        add_matrix(page, &matrix);
    int err = add_runs(page);
    add_notes(page);
    return err ? err : page->out->failed ? ERR_NOMEM : 0;
}

int forms_html(const struct forms_report *report, struct text *ret_text)
{
    struct text text;
    struct page page = {.report = report, .arena = arena_new(), .out = &text};
    int err = page.arena ? 0 : ERR_NOMEM;
    text_start(&text);
    for (int i = 0; i < DETAILS && !err; i++) {
        text_clear(&text);
        arena_reset(page.arena);
        page.detail = &details[i];
        err = write_page(&page);
        if (text.length < MOST_OCTETS)
            break;
    }
    if (!err)
        text_add_bytes(ret_text, text.string, text.length);
    text_free(&text);
    arena_free(page.arena);
    return err ? err : ret_text->failed ? ERR_NOMEM : 0;
}
