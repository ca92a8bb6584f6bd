/* One participant's page: the verdict, what it rests on, what comes next, and how to take part. Whoever holds
 * the address holds the token. */
#include "app/web/inside.h"
#include "core/roll/verdict_html.h"
#include "base/moment.h"
#include "app/web/part.h"
#include "app/web/snippet.h"

#include <arpa/inet.h>
#include <string.h>

static const char others[] = "<details><summary>PowerDNS Recursor, dnsmasq, "
                             "systemd-resolved</summary>\n<p>These cannot take part: they do not "
                             "follow RFC 5011, so their trust anchors change only with an update or by hand. "
                             "For them the question is whether "
                             "the new key is in their files before the roll.</p></details>\n";

static void open_card(struct text *out, const char *id, const char *title, bool live)
{
    text_printf(out, "<section class=\"card\" id=\"%s\"%s aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">%s</h2>\n",
        id, live ? " data-live" : "", id, id, title);
}

static void close_card(struct text *out)
{
    text_add(out, "</section>\n");
}

static void moment_line(
    struct text *out, const char *name, int64_t us, const struct view_one *one, bool seconds)
{
    if (us == UTC_OPEN)
        return;
    text_printf(out, "<div><dt>%s</dt><dd>", name);
    moment_html_from(out, us, one->now_us, seconds);
    text_add(out, "</dd></div>\n");
}

static void verdict_card(struct text *out, const struct view_one *one, bool seconds)
{
    const struct view_participant *p = &one->participant;
    text_printf(out,
        "<section class=\"card verdict vb-%s\" id=\"verdict\" data-live aria-labelledby=\"verdict-h\">\n<h1 "
        "id=\"verdict-h\">",
        verdict_name(p->verdict));
    part_label(out, p->row.label);
    text_add(out, "</h1>\n<p class=\"big\">");
    verdict_html(out, p->verdict);
    text_printf(out, " <span class=\"state\">%s</span></p>\n<p>", part_state(p->state));
    part_sentence(out, p->summary);
    text_add(out, "</p>\n<dl class=\"facts\">\n");
    moment_line(out, "broke", p->broke_us, one, seconds);
    moment_line(out,
        p->broke_us != UTC_OPEN     ? "was to break"
        : p->break_us > one->now_us ? "will break"
                                    : "breaks from",
        p->break_us, one, seconds);
    moment_line(out, p->trust_us > one->now_us ? "will trust the new key" : "trusts the new key since",
        p->trust_us, one, seconds);
    text_add(out, "</dl>\n");
    if (one->judged && one->result.would_change) {
        text_add(out, "<p><strong>What would change it:</strong> ");
        part_sentence(out, one->result.would_change);
        text_add(out, "</p>\n");
    }
    text_add(out, "</section>\n");
}

static void next_card(struct text *out, const struct view_one *one, bool seconds)
{
    open_card(out, "next", "What happens next", true);
    if (!one->plan) {
        text_add(
            out, "<p>The plan of this roll cannot be read; the platform\xe2\x80\x99s log says why.</p>\n");
        close_card(out);
        return;
    }
    int64_t next_us = plan_next_change(one->plan, one->now_us);
    text_printf(out, "<p>Now: %s.", part_phase(plan_phase_at(one->plan, one->now_us)));
    if (next_us != UTC_OPEN) {
        text_add(out, " Next, at ");
        moment_html_from(out, next_us, one->now_us, seconds);
        text_add(out, ": ");
        part_step_words(out, one->plan, next_us);
        text_add(out, ".");
    }
    text_add(out, "</p>\n");
    part_notice(out, one->plan, &one->roll, seconds);
    part_timeline(out, one->plan, one->now_us, "tl");
    text_printf(out, "<p><a href=\"/p/%s/calendar.ics\">These dates as a calendar</a> (iCalendar)</p>\n",
        one->participant.row.token);
    close_card(out);
}

/* --- evidence --- */

static void finding_row(struct text *out, const struct verdict_finding *finding)
{
    text_printf(out, "<tr class=\"%s\"><th scope=\"row\" data-th=\"Rule\">",
        finding->harmful ? "harmful" : "harmless");
    text_add_html(out, finding->rule ? finding->rule : "");
    text_printf(out, "</th><td data-th=\"Fact\"><p>%s",
        finding->harmful ? "<strong>against readiness:</strong> " : "");
    part_sentence(out, finding->text ? finding->text : "");
    text_add(out, "</p>");
    if (finding->means) {
        text_add(out, "<p class=\"small\">");
        part_sentence(out, finding->means);
        text_add(out, "</p>");
    }
    if (finding->mend) {
        text_add(out, "<p class=\"mend\">To mend it: ");
        part_sentence(out, finding->mend);
        text_add(out, "</p>");
    }
    text_add(out, "</td><td class=\"n\" data-th=\"Seen\">");
    text_add_number(out, (int64_t)finding->count);
    text_add(out, "</td><td data-th=\"First\">");
    if (finding->count)
        moment_html(out, finding->first_us, true);
    text_add(out, "</td><td data-th=\"Last\">");
    if (finding->count)
        moment_html(out, finding->last_us, true);
    text_add(out, "</td></tr>\n");
}

static void evidence_card(struct text *out, const struct view_one *one)
{
    open_card(out, "evidence", "Evidence", true);
    if (one->result.finding_count == 0) {
        text_add(out,
            "<p>None yet. No evidence is not readiness: the verdict stays unknown until queries of a "
            "resolver are seen.</p>\n");
        close_card(out);
        return;
    }
    text_add(out,
        "<table class=\"people findings\"><caption class=\"hidden\">Findings</caption><thead><tr><th "
        "scope=\"col\">Rule</th><th "
        "scope=\"col\">Fact</th><th scope=\"col\" class=\"n\">Seen</th><th scope=\"col\">First</th><th "
        "scope=\"col\">Last</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < one->result.finding_count; i++)
        finding_row(out, &one->result.findings[i]);
    text_add(out, "</tbody></table>\n");
    close_card(out);
}

static void address(struct text *out, const uint8_t source[EVIDENCE_SOURCE])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, none[EVIDENCE_SOURCE];
    char text[INET6_ADDRSTRLEN] = "";
    bool four = memcmp(source, mapped, sizeof mapped) == 0;
    if (memcmp(source, none, sizeof none) == 0)
        text_add(out, "an agent, no address given");
    else if (inet_ntop(four ? AF_INET : AF_INET6, source + (four ? 12 : 0), text, sizeof text))
        text_add_html(out, text);
}

static void sources_card(struct text *out, const struct view_one *one)
{
    if (one->result.source_count == 0)
        return;
    open_card(out, "sources", "Where the queries come from", true);
    text_printf(out, "<p>%zu %s, %zu not ready. The verdict is that of the worst.</p>\n",
        one->result.source_count, one->result.source_count == 1 ? "address" : "addresses",
        one->result.sources_not_ready);
    text_add(out,
        "<table class=\"people\"><caption class=\"hidden\">Addresses</caption><thead><tr><th "
        "scope=\"col\">Address</th><th "
        "scope=\"col\">Verdict</th><th scope=\"col\">Why</th><th scope=\"col\" class=\"n\">Queries</th><th "
        "scope=\"col\">Last</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < one->result.source_count; i++) {
        const struct verdict_source *source = &one->result.sources[i];
        text_add(out, "<tr><th scope=\"row\" data-th=\"Address\">");
        address(out, source->source);
        text_add(out, "</th><td data-th=\"Verdict\">");
        verdict_html(out, source->verdict);
        text_printf(
            out, "</td><td data-th=\"Why\"><span class=\"small\">%s</span> ", part_state(source->state));
        part_sentence(out, source->summary ? source->summary : "");
        text_add(out, "</td><td class=\"n\" data-th=\"Queries\">");
        text_add_number(out, (int64_t)source->queries);
        text_add(out, "</td><td data-th=\"Last\">");
        if (source->queries)
            moment_html(out, source->last_us, true);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table>\n");
    close_card(out);
}

static void history_card(struct text *out, const struct view_one *one)
{
    if (one->history_count == 0)
        return;
    open_card(out, "history", "Changes of the verdict", true);
    text_add(out, "<ol class=\"changes\">\n");
    for (size_t i = one->history_count; i-- > 0;)
        part_change(out, &one->history[i], NULL);
    text_add(out, "</ol>\n");
    close_card(out);
}

/* --- taking part --- */

static void anchor_card(struct text *out, const struct view_one *one)
{
    open_card(out, "anchor", "Zone and trust anchor", true);
    text_add(out, "<dl class=\"facts\"><div><dt>zone</dt><dd><code>");
    text_add_html(out, one->participant.row.zone);
    text_printf(out, "</code></dd></div>\n<div><dt>TTL of its keys</dt><dd>%u s</dd></div>\n",
        one->participant.row.ttl_s);
    if (one->anchor) {
        text_add(out, "<div><dt>DS</dt><dd><code>");
        text_add_html(out, one->participant.row.zone);
        text_printf(out, " IN DS %s</code></dd></div>\n<div><dt>DNSKEY (%s)</dt><dd><code>", one->anchor->ds,
            one->anchor->id);
        text_add_html(out, one->participant.row.zone);
        text_printf(out, " IN DNSKEY %s</code></dd></div>\n", one->anchor->dnskey);
    }
    text_add(out, "</dl>\n<p class=\"small\">The DS in the parent zone is wrong on purpose: a resolver "
                  "without this anchor "
                  "answers SERVFAIL, one with it answers with AD. A wrong set-up shows at once.</p>\n");
    close_card(out);
}

static void snippets_card(struct ask *ask, struct text *out, const struct view_one *one)
{
    open_card(out, "configure", "Configure the resolver", false);
    for (enum snippet_product p = 0; p < SNIPPET_PRODUCTS; p++) {
        struct text plain;
        text_start(&plain);
        snippet_write(&plain, p, &ask->web->config, one);
        text_printf(out, "<details%s><summary>%s</summary>\n<p>%s</p>\n<pre tabindex=\"0\"><code>",
            p == SNIPPET_BIND ? " open" : "", snippet_name(p), snippet_warning(p));
        text_add_html(out, plain.string);
        text_printf(
            out, "</code></pre>\n<p class=\"small\">Afterwards: %s</p></details>\n", snippet_remove(p));
        out->failed |= plain.failed;
        text_free(&plain);
    }
    text_add(out, others);
    close_card(out);
}

/* The host as the browser calls it, if it looks like one. */
static const char *host_of(const struct ask *ask)
{
    const char *host = ask->request->host;
    size_t length = strlen(host);
    bool good = length > 0 && length < 256 &&
                strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]") == length;
    return good ? host : "THIS-SITE";
}

static void test_card(struct ask *ask, struct text *out, const struct view_one *one)
{
    open_card(out, "test", "Try it, and take it out again", false);
    text_add(out, "<p>Ask a name that was never asked, through the resolver:</p>\n<pre tabindex=\"0\"><code>"
                  "dig @RESOLVER +dnssec proof-$RANDOM.");
    text_add_html(out, one->participant.row.zone);
    text_add(out,
        " A</code></pre>\n<ul><li><code>flags: \xe2\x80\xa6 ad</code>: the anchor is in place.</li>\n"
        "<li><code>status: SERVFAIL</code>: the anchor is missing or wrong, or after the roll: the new key "
        "was not learned.</li>\n"
        "<li>An answer without <code>ad</code>: this resolver does not validate.</li></ul>\n"
        "<p>Each such question also proves to the zone\xe2\x80\x99s server whether the answer was validated. "
        "An agent may report what it got:</p>\n<pre tabindex=\"0\"><code>"
        "curl -H 'Content-Type: application/json' -d '{\"answer\": \"ad\"}' \\\n  http://");
    text_add_html(out, host_of(ask));
    text_printf(out, "/api/participants/%s/observations</code></pre>\n", one->participant.row.token);
    text_add(out,
        "<p>When the roll is done, <strong>remove the anchor</strong> as said under each product. The zone "
        "then fails for your resolver, as it does for everyone without the anchor; nothing else depends on "
        "it.</p>\n");
    close_card(out);
}

static void keep_notice(struct text *out, const struct view_one *one)
{
    text_add(out,
        "<div class=\"notice notice-keep\" role=\"alert\"><p><strong>Keep the address of this page.</strong> "
        "It holds the "
        "token of this resolver, which is told only now and cannot be recovered; whoever has it sees what "
        "stands here.</p><p><code>/p/");
    text_add_html(out, one->participant.row.token);
    text_add(out, "</code></p></div>\n");
}

void participant_get(struct ask *ask)
{
    struct view_one one;
    if (!ask_one(ask, &one))
        return;
    struct text *out = ask_page(ask, 200);
    bool seconds = one.plan && part_seconds(one.plan);
    part_open(out, &(struct part_frame){one.participant.row.label, NULL, part_refresh_s(one.plan), true});
    if (strcmp(ask->request->query, "new") == 0)
        keep_notice(out, &one);
    verdict_card(out, &one, seconds);
    next_card(out, &one, seconds);
    evidence_card(out, &one);
    sources_card(out, &one);
    anchor_card(out, &one);
    snippets_card(ask, out, &one);
    test_card(ask, out, &one);
    history_card(out, &one);
    part_close(out);
    view_one_free(&one);
}
