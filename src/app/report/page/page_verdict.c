/* What the page begins with: one word, one number with what it is of and how sure it is; then between which
 * bounds the risk lies, and what nobody can know from these data. */
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include "app/report/gate/gate_report.h"
#include "app/report/readiness_inside.h"
#include "base/utc.h"
#include "core/roll/verdict_html.h"

#include <inttypes.h>

enum verdict page_verdict_of(const struct page *page)
{
    const struct readiness *readiness = page->readiness;
    const uint64_t *sources = readiness->total.sources;
    if (page->decision)
        return (enum verdict)gate_report_verdict(page->decision);
    if (sources[CLASSIFY_OLD_ONLY])
        return VERDICT_AT_RISK;
    bool all_told = sources[CLASSIFY_READY] && sources[CLASSIFY_READY] == readiness_validators(sources);
    return all_told && !readiness->partial ? VERDICT_READY : VERDICT_UNKNOWN;
}

/* ---- the verdict ---- */

static void add_gate_words(const struct decision *decision, struct text *out)
{
    static const char *const words[] = {
        [GATE_GO] = "Go", [GATE_POSTPONE] = "Postpone", [GATE_BACK_OUT] = "Back out"};
    const struct gate *gate = &decision->file->gate;
    text_printf(out, "<strong>%s</strong>, by the gate ", words[decision->result->decision]);
    html_name(out, gate->name);
    text_add(out, ". <a href=\"#gate\">Its criteria</a>");
    if (gate->example)
        text_add(out, "; it is an example, and decides nothing for anybody");
}

static void add_words(const struct page *page, struct text *out)
{
    static const char *const words[] = {
        [VERDICT_READY] = "Every validator that was seen says that it has the new key",
        [VERDICT_AT_RISK] = "Some are proved to hold only the old key; whether that is too many, a gate says",
        [VERDICT_UNKNOWN] = "Nobody is proved to hold only the old key, and not everybody says",
    };
    const struct readiness *readiness = page->readiness;
    enum verdict verdict = page_verdict_of(page);
    if (page->decision)
        add_gate_words(page->decision, out);
    else if (classify_count(readiness->classify) == 0)
        text_add(out, "Nothing was seen in this time");
    else if (verdict == VERDICT_UNKNOWN && readiness->wish->roll->trust_us > readiness->wish->question->to_us)
        text_add(out,
            "Too early: the hold-down of the new key has not ended, and who names only the old key may be "
            "waiting for it");
    else
        text_add(out, words[verdict]);
    text_add(out, ".");
}

static void add_partial(const struct readiness *readiness, struct text *out)
{
    if (!readiness->partial)
        return;
    text_add(out,
        "<div class=\"notice notice-error\"><p><strong>Partial.</strong> Part of the store did not answer: "
        "there is more than this page shows. ");
    if (readiness->missing)
        html_name(out, readiness->missing);
    text_add(out, "</p></div>\n");
}

/* The number that was misread in 2018, with all that it takes to read it. */
static void add_share(const struct readiness_group *total, struct text *out)
{
    uint64_t told = readiness_told(total->sources);
    text_add(out, "<p class=\"figure\"><span class=\"number\">");
    if (told)
        page_html_share(out, readiness_share(total).value);
    else
        text_add(out, "\xe2\x80\x93");
    text_add(out, "</span> <span>");
    text_add_number(out, (int64_t)total->sources[CLASSIFY_OLD_ONLY]);
    text_add(out, " of ");
    html_count(out, told, "source", "sources");
    text_add(out, " whose word is known are proved to hold <strong>only the old key</strong>");
    if (told) {
        struct interval share = readiness_share(total);
        text_add(out, "; 95&#160;% interval: ");
        page_html_share(out, share.low);
        text_add(out, " to ");
        page_html_share(out, share.high);
    }
    text_add(out, "</span></p>\n");
}

static void add_known(const struct readiness *readiness, struct text *out)
{
    const struct readiness_group *total = &readiness->total;
    const uint64_t *sources = total->sources;
    uint64_t told = readiness_told(sources), validate = readiness_validators(sources), seen = 0;
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        seen += sources[c];
    text_add(out, "<div><h3>Known</h3>\n<ul>\n<li>");
    html_count(out, seen, "address was seen", "addresses were seen");
    text_add(out, " in ");
    html_count(out, total->network_count, "network", "networks");
    text_add(out, "; ");
    html_count(out, validate, "validates", "validate");
    text_add(out, ".</li>\n<li>The word of ");
    html_count(out, told, "source is", "sources is");
    text_add(out, " known: ");
    html_count(out, sources[CLASSIFY_READY], "names", "name");
    text_add(out, " the new key");
    if (sources[CLASSIFY_WAITING]) {
        text_add(out, ", ");
        html_count(out, sources[CLASSIFY_WAITING], "waits", "wait");
        text_add(out, " for it in time");
    }
    text_add(out, ".</li>\n");
    if (readiness->has_total) {
        text_add(out, "<li>By what several collectors have in common there are about ");
        text_add_number(out, (int64_t)readiness->unseen_total.value);
        text_add(out, " validators in all (95&#160;%: ");
        page_html_bounds(out, readiness->unseen_total.low, readiness->unseen_total.high);
        text_add(out, ").</li>\n");
    }
    text_add(out, "</ul></div>\n");
}

static void add_unknown(const struct readiness *readiness, struct text *out)
{
    const uint64_t *sources = readiness->total.sources;
    uint64_t others = sources[CLASSIFY_MIXED] + sources[CLASSIFY_RELAY];
    text_add(out, "<div><h3>Not known</h3>\n<ul>\n");
    if (sources[CLASSIFY_SILENT]) {
        text_add(out, "<li>What ");
        html_count(out, sources[CLASSIFY_SILENT], "silent validator trusts: it never says",
            "silent validators trust: they never say");
        text_add(out, ".</li>\n");
    }
    if (others) {
        text_add(out, "<li>Whose word ");
        html_count(out, sources[CLASSIFY_MIXED], "mixed source", "mixed sources");
        text_add(out, " and ");
        html_count(out, sources[CLASSIFY_RELAY], "relay", "relays");
        text_add(out, " pass on.</li>\n");
    }
    if (!readiness->has_total)
        text_add(
            out, "<li>How many validators no collector saw: it takes two collectors that share some.</li>\n");
    if (readiness->total.users < 0)
        text_add(out, "<li>How many users stand behind anything here: no file told.</li>\n");
    text_add(out, "<li>What those who were not seen in this time trust.</li>\n</ul></div>\n");
}

void page_verdict(const struct page *page, struct text *out)
{
    const struct readiness *readiness = page->readiness;
    enum verdict verdict = page_verdict_of(page);
    text_printf(out, "<section class=\"card verdict vb-%s\" id=\"verdict\" aria-label=\"Verdict\">\n",
        verdict_name(verdict));
    text_add(out, "<p class=\"big\">");
    verdict_html(out, verdict);
    text_add(out, " ");
    add_words(page, out);
    text_add(out, "</p>\n");
    add_partial(readiness, out);
    add_share(&readiness->total, out);
    text_add(out, "<div class=\"pair\">\n");
    add_known(readiness, out);
    add_unknown(readiness, out);
    text_add(out, "</div>\n");
    html_close(out);
}

/* ---- the bounds ---- */

struct bounds {
    const char *name, *of;
    double low, high, all;
};

/* A stretch of a bar. What is there at all is seen. */
static void add_stretch(struct text *out, const char *class, double from, double to, double all)
{
    double x = 100 * from / all, width = 100 * (to - from) / all;
    if (to > from)
        text_printf(out, "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\"/>", class, x,
            width < 0.3 ? 0.3 : width);
}

static void add_bounds(struct text *out, const struct bounds *bounds)
{
    text_printf(out, "<div class=\"bound\"><span class=\"barname\">%s</span>", bounds->name);
    if (bounds->all > 0) {
        text_add(out, "<svg class=\"bar\" aria-hidden=\"true\">");
        add_stretch(out, "m-open", bounds->low, bounds->high, bounds->all);
        add_stretch(out, "hatch", bounds->low, bounds->high, bounds->all);
        add_stretch(out, "m-proved", 0, bounds->low, bounds->all);
        text_add(out, "</svg>");
    }
    text_add(out, "<span class=\"boundwords\"><strong>");
    text_add_number(out, (int64_t)(bounds->low + 0.5));
    text_add(out, "</strong> proved");
    if (bounds->all > 0) {
        text_add(out, " (");
        page_html_share(out, bounds->low / bounds->all);
        text_add(out, ")");
    }
    text_add(out, ", <strong>");
    text_add_number(out, (int64_t)(bounds->high + 0.5));
    text_add(out, "</strong> not disproved");
    if (bounds->all > 0) {
        text_add(out, " (");
        page_html_share(out, bounds->high / bounds->all);
        text_add(out, ")");
    }
    text_add(out, ", of ");
    text_add_number(out, (int64_t)bounds->all);
    text_printf(out, " %s</span></div>\n", bounds->of);
}

void page_bounds(const struct page *page, struct text *out)
{
    const struct readiness_group *total = &page->readiness->total;
    const uint64_t *sources = total->sources;
    const struct bounds all[] = {
        {"Sources", "that validate", (double)sources[CLASSIFY_OLD_ONLY], (double)readiness_upper(sources),
            (double)readiness_validators(sources)},
        {"Networks", "that were seen", (double)total->networks_low, (double)total->networks_high,
            (double)total->network_count},
        {"Users", "in the networks that were told", total->users_low, total->users_high,
            (double)total->users},
    };
    html_open(out, "bounds", "Between which bounds the risk lies");
    text_add(out,
        "<p>The lower end is what is <strong>proved</strong>: only the old key, too late, several times, "
        "with "
        "one voice. The upper end is what is <strong>not disproved</strong>: every validator that neither "
        "names the new key nor waits for it in time. What is true lies between, as far as the classes are "
        "right.</p>\n");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].all >= 0)
            add_bounds(out, &all[i]);
    text_add(out,
        "<p class=\"legend\"><span class=\"key key-proved\">proved</span> <span class=\"key key-open\">not "
        "disproved</span> <span class=\"key key-rest\">ready, or no risk; the whole bar is all of "
        "them</span></p>\n");
    html_close(out);
}
