/* The frame: sheets, title, sections in their order. What is said in them stands in the files of the
 * sections.
 */
#include "app/report/page/page.h"

#include "app/report/inside.h"
#include "app/report/page/page_html.h"
#include "app/report/page/page_inside.h"
#include "base/moment.h"
#include "page_assets.h"

#include <string.h>

static const struct page_asset *asset(const char *name)
{
    for (size_t i = 0; i < page_asset_count; i++)
        if (strcmp(page_assets[i].name, name) == 0)
            return &page_assets[i];
    return NULL;
}

/* Served pages may not hold sheets of their own (http's Content-Security-Policy); a file may ask for nothing.
 */
static void add_sheets(const struct page *page, struct text *out)
{
    static const char *const sheets[] = {"site.css", "document.css", "readiness.css"};
    if (!page->live)
        html_alone(out);
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        const struct page_asset *sheet = asset(sheets[i]);
        if (page->live) {
            text_printf(
                out, "<link rel=\"stylesheet\" href=\"/assets/%s?v=%s\">\n", sheet->name, sheet->hash);
            continue;
        }
        text_add(out, "<style>\n");
        text_add_bytes(out, sheet->bytes, sheet->length);
        text_add(out, "</style>\n");
    }
}

/* Of the platform's site. */
static void add_site(struct text *out)
{
    text_add(out, "<header class=\"top\"><a class=\"brand\" href=\"/\">rollcall</a>\n<nav "
                  "aria-label=\"Site\"><ul>\n<li><a href=\"/\">Overview</a></li>\n<li><a "
                  "href=\"/readiness\" aria-current=\"page\">Readiness</a></li>\n<li><a "
                  "href=\"/join\">Take part</a></li>\n<li><a href=\"/plans\">Plans</a></li>\n<li><a "
                  "href=\"/api/\">API</a></li>\n"
                  "</ul></nav></header>\n");
}

/* Of the page itself. */
static void add_sections(const struct page *page, struct text *out)
{
    const struct {
        const char *id, *name;
        bool there;
    } sections[] = {
        {"bounds", "Bounds", true},
        {"trend", "Trend", page->trend || page->no_trend},
        {"classes", "Classes", true},
        {"countries", "Countries", true},
        {"networks", "Networks", true},
        {"coverage", "Coverage", true},
        {"applications", "Applications", classify_cluster_count(page->readiness->classify) > 0},
        {"gate", "Gate", page->decision != NULL},
        {"notes", "How to read it", true},
    };
    text_add(out,
        "<header class=\"top\"><span class=\"brand\">rollcall</span>\n<nav aria-label=\"Sections\"><ul>\n");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (sections[i].there)
            text_printf(out, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id, sections[i].name);
    text_add(out, "</ul></nav></header>\n");
}

static void add_head(const struct page *page, struct text *out)
{
    const struct classify_roll *roll = page->readiness->wish->roll;
    html_document(out);
    if (page->readiness->wish->zones) /* each with keys of its own */
        text_add(out, "<title>Ready for the roll?");
    else
        text_printf(out, "<title>Readiness for key %u", roll->new_tag);
    if (page->zone && strcmp(page->zone, ".") != 0) {
        text_add(out, " of ");
        html_cut(out, page->zone, HTML_NAME);
    }
    text_add(out, " \xc2\xb7 rollcall</title>\n");
    add_sheets(page, out);
    if (page->live)
        text_printf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n",
            roll->trust_us - roll->publish_us < UTC_DAY ? 10 : 60); /* a roll of minutes, or one of weeks */
    text_add(out, "</head>\n<body class=\"document readiness\">\n");
    text_add(out, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
    if (page->live)
        add_site(out);
    else
        add_sections(page, out);
    /* one definition for every hatched area */
    text_add(out,
        "<svg class=\"hidden\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" "
        "width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path "
        "class=\"hatchline\" d=\"M0 0V6\"/></pattern><pattern id=\"dots\" width=\"9\" height=\"9\" "
        "patternUnits=\"userSpaceOnUse\"><path class=\"dotground\" d=\"M0 0h9v9H0z\"/><circle class=\"dot\" "
        "cx=\"4\" cy=\"4\" r=\"1.6\"/></pattern></defs></svg>\n<main id=\"main\">\n");
}

/* One zone, and its two keys. */
static void add_keys(const struct page *page, struct text *out)
{
    const struct classify_roll *roll = page->readiness->wish->roll;
    bool root = page->zone && strcmp(page->zone, ".") == 0;
    text_add(out, root ? "the root\xe2\x80\x99s" : "the");
    text_printf(out, " new key %u?</h1>\n<p>", roll->new_tag);
    if (page->zone && !root) {
        text_add(out, "Zone ");
        html_name(out, page->zone);
        text_add(out, ". ");
    }
    text_printf(out, "From key %u to key %u", roll->old_tag, roll->new_tag);
}

/* How long there is still, or since when. */
static void add_day(const struct page *page, struct text *out)
{
    int64_t sign_us = page->readiness->wish->roll->sign_us, now_us = page->readiness->wish->question->to_us;
    text_add(out, sign_us == UTC_OPEN ? " The roll has <strong>"
                  : sign_us <= now_us ? " The new key signs since <strong>"
                                      : " The new key signs from <strong>");
    moment_html_from(out, sign_us, now_us, false);
    text_add(out, "</strong>.");
}

/* Those of a platform's participants. */
static void add_zones(const struct page *page, struct text *out)
{
    text_add(out, "the new key?</h1>\n<p>");
    html_count(out, page->readiness->wish->zone_count, "zone of a participant, with",
        "zones of participants, each with");
    text_add(out, " keys of its own");
}

static void add_title(const struct page *page, struct text *out)
{
    const struct sightings_question *question = page->readiness->wish->question;
    text_add(out, "<div class=\"intro\"><h1>Are resolvers ready for ");
    if (page->readiness->wish->zones)
        add_zones(page, out);
    else
        add_keys(page, out);
    if (page->plan_name) {
        text_add(out, ", by the plan ");
        html_name(out, page->plan_name);
    }
    text_add(out, ".");
    if (!page->readiness->wish->zones)
        add_day(page, out);
    text_add(out, " As of <strong>");
    html_time(out, question->to_us);
    text_add(out, "</strong>, by what was seen since ");
    html_time(out, question->from_us);
    text_add(out, ".");
    if (page->live && page->readiness->wish->zones)
        text_add(out,
            " This is what signals alone tell. What a resolver does in a zone of its own proves more: "
            "see the <a href=\"/\">verdicts</a>.");
    text_add(out, "</p></div>\n");
}

int page_add_trend(struct page *page, struct sightings *store, const struct trend_wish *wish,
    struct arena *arena, struct trend *trend, struct err_note *note)
{
    int err = trend_make(store, wish, arena, trend, note);
    if (err == 0)
        page->trend = trend;
    else if (err == ERR_USAGE || err == ERR_NOINPUT)
        page->no_trend = arena_string(arena, note->text);
    return page->trend || page->no_trend ? 0 : err;
}

int page_write(const struct page *page, struct arena *arena, struct text *ret_text)
{
    add_head(page, ret_text);
    add_title(page, ret_text);
    page_verdict(page, ret_text);
    page_bounds(page, ret_text);
    page_trend(page, ret_text);
    page_classes(page, ret_text);
    page_map(page, arena, ret_text);
    if (!page->live || !page->readiness->wish->zones) /* from where a participant asks is not public */
        page_networks(page, arena, ret_text);
    page_coverage(page, ret_text);
    page_clusters(page, ret_text);
    page_gate(page, ret_text);
    page_notes(page, ret_text);
    text_add(ret_text,
        "</main>\n<footer><p>rollcall " ROLLCALL_VERSION ": who is ready when the key that the DNS "
        "hangs on changes.</p></footer>\n</body>\n</html>\n");
    return ret_text->failed ? ERR_NOMEM : 0;
}
