/* How to read the page, in the words of docs/readiness.md; and what it was made of, so that it can be made
 * again.
 */
#include "app/report/inside.h"
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"

#include <string.h>

static const char *const notes[][2] = {
    {"A source is an address, not a resolver.",
        "Behind one may be many; it may pass on what others say, live for an hour, or be one of thousands of "
        "copies of "
        "one application. So each gets a class first, and only then is counted."},
    {"The share is of those whose word is known.", "Its interval is Wilson\xe2\x80\x99s, 95&#160;%: were the "
                                                   "same drawn again and again, 95 of 100 such intervals "
                                                   "would hold the true share."},
    {"The risk has two ends.",
        "Proved is only the old key, too late, on several days, with ordinary traffic. Not disproved is "
        "every validator "
        "that neither names the new key nor waits for it in time: silence is no sign of anything."},
    {"Users are shared out.", "Those of a network are divided by the queries of its sources. What no file "
                              "tells is not told; it is never taken "
                              "for nought."},
    {"The naive count misleads.",
        "Addresses that named only the old key, of all that said anything, were 20&#160;% in May 2018, and "
        "nothing broke in October: "
        "passers-on counted as speakers, and one phone application as thousands of providers."},
    {"Only like is compared with like.",
        "A collector that begins or ends changes what is seen, not the world. Signals can be forged."},
};

static void add_fact(struct text *out, const char *name)
{
    text_printf(out, "<div><dt>%s</dt><dd>", name);
}

static void add_roll(const struct classify_roll *roll, struct text *out)
{
    const struct {
        const char *name;
        int64_t at_us;
    } steps[] = {
        {"New key published", roll->publish_us},
        {"Trusted by followers of RFC 5011", roll->trust_us},
        {"New key signs", roll->sign_us},
        {"Old key revoked", roll->revoke_us},
        {"Old key withdrawn", roll->withdraw_us},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        add_fact(out, steps[i].name);
        html_time(out, steps[i].at_us);
        text_add(out, "</dd></div>\n");
    }
}

static void add_limits(const struct classify_limits *limits, struct text *out)
{
    struct classify_limits usual;
    bool any = false;
    classify_limits_usual(&usual);
    add_fact(out, "Limits of classification");
    for (int i = 0; i < CLASSIFY_LIMITS; i++) {
        if (limits->value[i] == usual.value[i])
            continue;
        text_printf(out, "%s%s&#160;%u", any ? ", " : "", classify_limit((enum classify_limit)i)->name,
            limits->value[i]);
        any = true;
    }
    text_add(out, any ? "; the others as usual</dd></div>\n" : "as usual</dd></div>\n");
}

static void add_made_of(const struct page *page, struct text *out)
{
    const struct readiness_wish *wish = page->readiness->wish;
    text_add(out, "<h3>What it was made of</h3>\n<dl class=\"facts\">\n");
    if (page->store) {
        struct text store;
        text_start(&store);
        report_add_store(&store, page->store);
        add_fact(out, "Store");
        html_name(out, store.string);
        text_add(out, "</dd></div>\n");
        out->failed |= store.failed;
        text_free(&store);
    }
    if (page->plan_name) {
        add_fact(out, "Plan");
        html_name(out, page->plan_name);
        text_add(out, "</dd></div>\n");
    }
    add_roll(wish->roll, out);
    if (wish->question->collector) {
        add_fact(out, "Only what this collector saw");
        html_name(out, wish->question->collector);
        text_add(out, "</dd></div>\n");
    }
    add_limits(wish->limits, out);
    add_fact(out, "Made");
    html_time(out, page->now_us);
    text_add(out, ", by rollcall " ROLLCALL_VERSION "</dd></div>\n</dl>\n");
}

void page_notes(const struct page *page, struct text *out)
{
    html_open(out, "notes", "How to read this page");
    text_add(out, "<dl class=\"notes\">\n");
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        text_printf(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", notes[i][0], notes[i][1]);
    text_add(out, "</dl>\n");
    add_made_of(page, out);
    html_close(out);
}
