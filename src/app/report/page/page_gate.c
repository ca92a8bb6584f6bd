/* The criteria of the gate, those first for which it was decided as it was; and who does not agree. */
#include "app/report/gate/gate_report.h"
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include "base/utc.h"

enum { MOST_DISSENT = 20, DISSENT_TEXT = 600 };

static const struct html_column columns[] = {
    {"Criterion", false, false},
    {"Outcome", false, false},
    {"Measured; bound", false, false},
    {"Over", false, false},
    {"Why it is there", false, false},
};

static void add_outcome(enum gate_outcome outcome, bool reason, struct text *out)
{
    static const struct {
        const char *class, *sign;
    } looks[] = {
        [GATE_PASS] = {"ready", "\xe2\x9c\x93"},
        [GATE_FAIL] = {"not-ready", "\xe2\x9c\x95"},
        [GATE_UNKNOWN] = {"unknown", "?"},
    };
    text_printf(out, "<span class=\"v v-%s\"><span class=\"sign\" aria-hidden=\"true\">%s</span>%s</span>%s",
        looks[outcome].class, looks[outcome].sign, gate_outcome_name(outcome),
        reason ? "<br><span class=\"small\">a reason for the decision</span>" : "");
}

static void add_criterion(const struct decision *decision, size_t i, struct text *out)
{
    const struct gate_criterion *criterion = &decision->file->gate.criteria[i];
    struct text value;
    char window[UTC_TEXT];
    html_row(out);
    html_cell(out, columns, 0);
    html_name(out, criterion->id);
    html_cell(out, columns, 1);
    add_outcome(decision->result->outcomes[i], gate_report_is_reason(decision, i), out);
    html_cell(out, columns, 2);
    text_printf(out, "%s<br>", criterion->measure);
    text_start(&value);
    gate_report_value(criterion, &decision->measured[i], &value);
    text_add_html(out, value.string);
    out->failed |= value.failed;
    text_free(&value);
    html_cell(out, columns, 3);
    text_add(out, utc_format_words(criterion->window_us, window));
    html_cell(out, columns, 4);
    html_name(out, criterion->why);
    if (criterion->source) {
        text_add(out, "<br><span class=\"small\">");
        html_name(out, criterion->source);
        text_add(out, "</span>");
    }
    html_row_end(out);
}

static void add_dissent(const struct gate *gate, struct text *out)
{
    if (!gate->dissent_count)
        return;
    text_add(out, "<h3>Dissent</h3>\n<ul>\n");
    for (size_t i = 0; i < gate->dissent_count && i < MOST_DISSENT; i++) {
        text_add(out, "<li><strong>");
        html_name(out, gate->dissent[i].who);
        text_add(out, "</strong>, ");
        html_time(out, gate->dissent[i].at_us);
        text_add(out, ": ");
        html_words(out, gate->dissent[i].text, DISSENT_TEXT);
        text_add(out, "</li>\n");
    }
    if (gate->dissent_count > MOST_DISSENT)
        text_printf(out, "<li>%zu more are left out.</li>\n", gate->dissent_count - MOST_DISSENT);
    text_add(out, "</ul>\n");
}

void page_gate(const struct page *page, struct text *out)
{
    const struct decision *decision = page->decision;
    if (!decision)
        return;
    const struct gate *gate = &decision->file->gate;
    html_open(out, "gate", "The gate");
    text_add(out, "<p>");
    html_name(out, gate->title);
    text_add(out, " <strong>");
    text_add(out, gate_decision_name(decision->result->decision));
    text_printf(out, "</strong>, %s. Decides: ", decision->rolled ? "the new key signs" : "before the roll");
    html_name(out, gate->decides);
    text_add(out, ".</p>\n");
    if (gate->example)
        text_add(out, "<p><strong>This gate is an example: it decides nothing for anybody.</strong></p>\n");
    html_table(out, HTML_TABLE_CARDS, "Criteria", columns, sizeof columns / sizeof *columns);
    for (int reasons = 1; reasons >= 0; reasons--)
        for (size_t i = 0; i < gate->count; i++)
            if (gate_report_is_reason(decision, i) == reasons)
                add_criterion(decision, i, out);
    html_table_end(out);
    add_dissent(gate, out);
    html_close(out);
}
