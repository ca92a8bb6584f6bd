/* Evidence as findings: what was seen, how often and when, what follows, what mends it. One function for each
 * kind of evidence; the verdict itself is made elsewhere, from the same facts. */
#include "core/roll/verdict_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char mend_static[] = "BIND: initial-key or initial-ds in trust-anchors, not static-key; "
                                  "Unbound: auto-trust-anchor-file, not trust-anchor-file; Knot Resolver: "
                                  "trust_anchors.add_file() on a file that it may write; PowerDNS, dnsmasq "
                                  "and systemd-resolved cannot follow: add the new key by hand";

const char *judge_say(struct judging *j, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *string = arena_string(j->arena, text);
    j->failed |= !string;
    return string ? string : "";
}

const char *judge_when(struct judging *j, int64_t us)
{
    char text[UTC_TEXT];
    if (us == UTC_OPEN)
        return "an open date";
    if (us == INT64_MIN)
        return "the beginning";
    int64_t rest = (us % UTC_SECOND + UTC_SECOND) % UTC_SECOND;
    return judge_say(j, "%s", utc_format_short(us - rest + (rest ? UTC_SECOND : 0), text));
}

const char *judge_at(struct judging *j, int64_t us)
{
    const char *when = judge_when(j, us);
    return judge_say(j, "%s %s", us != UTC_OPEN && strchr(when, 'T') ? "at" : "on", when);
}

const char *judge_span(struct judging *j, int64_t us)
{
    char text[UTC_TEXT];
    return judge_say(j, "%s", utc_format_words(us, text));
}

const char *judge_address(struct judging *j, const uint8_t a[EVIDENCE_SOURCE])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(a, mapped, sizeof mapped) == 0)
        return judge_say(j, "%u.%u.%u.%u", a[12], a[13], a[14], a[15]);
    unsigned group[8], best = 8,
                       best_length = 1; /* RFC 5952: the longest run of two zero groups or more is left out */
    for (unsigned i = 0; i < 8; i++)
        group[i] = (unsigned)(a[2 * i] << 8 | a[2 * i + 1]);
    for (unsigned i = 0; i < 8; i++) {
        unsigned length = 0;
        while (i + length < 8 && !group[i + length])
            length++;
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    char text[48];
    size_t at = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (i == best) {
            at += (size_t)snprintf(text + at, sizeof text - at, "::");
            i += best_length - 1;
        } else {
            at += (size_t)snprintf(
                text + at, sizeof text - at, "%s%x", i && text[at - 1] != ':' ? ":" : "", group[i]);
        }
    }
    return judge_say(j, "%s", text);
}

void judge_find(struct judging *j, struct verdict_finding finding, struct sightings seen)
{
    if (j->finding_count == JUDGE_FINDINGS) {
        j->lost++;
        return;
    }
    finding.count = seen.count;
    finding.first_us = seen.count ? seen.first_us : UTC_OPEN;
    finding.last_us = seen.count ? seen.last_us : UTC_OPEN;
    j->findings[j->finding_count++] = finding;
}

static void find_rhythm(struct judging *j, const struct evidence_source *source, bool alone)
{
    const struct rhythm *rhythm = &source->rhythm;
    if (judge_follows(source))
        judge_find(j,
            (struct verdict_finding){.rule = "RC02",
                .text =
                    judge_say(j, "asks for the zone's DNSKEY of its own accord%s, as RFC 5011 wants every %s",
                        j->where, judge_span(j, j->refresh_us)),
                .means = "it follows RFC 5011: it will learn a new key by itself"},
            rhythm->strong);
    else if (judge_is_static(j, source, alone))
        judge_find(j,
            (struct verdict_finding){.rule = "RC03",
                .text = judge_say(j,
                    "never asks for the zone's DNSKEY of its own accord%s: %lu stretches passed in which a "
                    "follower of RFC 5011 would have",
                    j->where, rhythm->test[evidence_timer(source)].missed.count),
                .means = j->sign_us == UTC_OPEN
                             ? judge_say(j, "it stops validating when %s signs alone", j->new_id)
                             : judge_say(j, "it stops validating when %s signs alone, %s", j->new_id,
                                   judge_at(j, j->sign_us)),
                .mend = mend_static,
                .harmful = true},
            rhythm->test[evidence_timer(source)].missed);
    else if (rhythm->begun)
        judge_find(j,
            (struct verdict_finding){.rule = "RC04",
                .text = judge_say(j,
                    "asks for the zone's DNSKEY%s, in a rhythm that does not tell yet whether it follows RFC "
                    "5011%s",
                    j->where,
                    judge_no_refresh(source) ? " (its refreshes might leave by another address)" : "")},
            evidence_since(source, EVIDENCE_DNSKEY, EVIDENCE_BEFORE));
}

static void find_signals(struct judging *j, const struct evidence_source *source)
{
    struct telling telling = judge_telling(j, source);
    if (telling.what == TOLD_MIXED)
        judge_find(j,
            (struct verdict_finding){.rule = "RC07",
                .text = judge_say(j, "signals different sets of keys in turn%s", j->where),
                .means = "several validators stand behind one address, and not all of them trust the new key",
                .mend = "look at each resolver behind the address",
                .harmful = true},
            telling.lacks);
    else if (telling.what == TOLD_NEW)
        judge_find(j,
            (struct verdict_finding){.rule = "RC05",
                .text = judge_say(
                    j, "signals that it trusts %s (_ta-…-%04x)%s", j->new_id, j->in->new_tag, j->where),
                .means = "its own word (RFC 8145): it can be relayed or forged, so it is held against its "
                         "queries"},
            telling.has);
    else if (telling.what == TOLD_OLD)
        judge_find(j,
            (struct verdict_finding){.rule = "RC06",
                .text = judge_say(
                    j, "signals that it trusts %s alone (_ta-%04x)%s", j->old_id, j->in->old_tag, j->where),
                .means = judge_say(j, "%s is not trusted yet; a follower has it by %s", j->new_id,
                    judge_when(j, judge_due(j, source))),
                .harmful = j->phase >= EVIDENCE_PUBLISHED && telling.lacks.last_us >= judge_due(j, source)},
            telling.lacks);
}

static void find_proofs(struct judging *j, const struct evidence_source *source)
{
    struct sightings parts[3] = {{0}};
    for (int phase = 0; phase < EVIDENCE_PHASES; phase++) {
        const struct sightings *from[3] = {
            &source->proofs[phase].followed, &source->proofs[phase].reversed, &source->proofs[phase].stopped};
        for (int i = 0; i < 3; i++) {
            if (!from[i]->count)
                continue;
            if (!parts[i].count)
                parts[i].first_us = from[i]->first_us;
            parts[i].last_us = from[i]->last_us;
            parts[i].count += from[i]->count;
        }
    }
    if (parts[0].count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC10",
                .text = judge_say(j,
                    "proofs went through%s: the zone's keys were validated with an anchor that it trusts",
                    j->where)},
            parts[0]);
    if (parts[1].count) {
        bool good = judge_follows(source);
        judge_find(j,
            (struct verdict_finding){.rule = good ? "RC10" : "RC12",
                .text =
                    judge_say(j, "proofs went through, the child's DNSKEY asked before its DS%s", j->where),
                .means = good ? "as BIND does: the zone's keys were validated with an anchor that it trusts"
                              : "not counted: PowerDNS asks the same with a wrong anchor, and nothing shows "
                                "that this is BIND"},
            parts[1]);
    }
    struct evidence_streak streak = evidence_streak_at(j->in->evidence, source, j->now_us);
    if (streak.stopped)
        judge_find(j,
            (struct verdict_finding){.rule = "RC11",
                .text = judge_say(j, "the latest proofs were asked and not followed%s", j->where),
                .means = streak.stopped < 3
                             ? "a lost datagram or a cached failure can do that; several in a row cannot"
                             : "the zone's keys do not validate there",
                .mend = streak.stopped < 3
                            ? NULL
                            : "compare its trust anchor for this zone with the one on the zone's page",
                .harmful = streak.stopped >= 3 && streak.through_us != INT64_MIN},
            (struct sightings){streak.stopped, streak.since_us, streak.stopped_us});
}

static void find_gaps(struct judging *j, const struct evidence_source *source)
{
    struct sightings first = evidence_since(source, EVIDENCE_GAP_FIRST, EVIDENCE_BEFORE);
    struct sightings second = evidence_since(source, EVIDENCE_GAP_SECOND, EVIDENCE_BEFORE);
    if (second.count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC13",
                .text = judge_say(
                    j, "asked for absent names that a validated NSEC had denied already%s", j->where),
                .means =
                    "it does not validate, or does not use NSEC for that (RFC 8198): no conclusion alone"},
            second);
    else if (first.count >= 3)
        judge_find(j,
            (struct verdict_finding){.rule = "RC13",
                .text = judge_say(j, "never asked for the second name of a gap%s", j->where),
                .means = "as a validator that uses NSEC (RFC 8198), if the second name was asked of it at "
                         "all: it confirms, and proves nothing alone"},
            first);
}

static void find_trouble(struct judging *j, const struct evidence_source *source)
{
    struct sightings ds = evidence_since(source, EVIDENCE_DS, EVIDENCE_BEFORE);
    int64_t broke_us = judge_trouble(j, source);
    if (ds.count)
        judge_find(j,
            (struct verdict_finding){.rule = "RC20",
                .text = judge_say(j,
                    "asks for the zone's DS%s, which a resolver with a fitting anchor of its own never needs",
                    j->where),
                .means = "it looks for another way to validate the zone; the parent's DS is wrong on purpose",
                .mend = "set the zone's present key as a trust anchor",
                .harmful = ds.count > 1},
            ds);
    for (int phase = EVIDENCE_ROLLED; broke_us != UTC_OPEN && phase < EVIDENCE_PHASES; phase++)
        if (source->burst.seen[phase].count)
            judge_find(j,
                (struct verdict_finding){.rule = "RC14",
                    .text = judge_say(j,
                        "asks for DNSKEY in bursts%s, as Unbound does when no key of the zone fits its "
                        "anchor",
                        j->where),
                    .means = judge_say(j, "it does not trust %s", j->new_id),
                    .mend = mend_static,
                    .harmful = true},
                source->burst.seen[phase]);
    if (!source->rhythm.begun && evidence_count(source, EVIDENCE_NAME) >= 3)
        judge_find(j,
            (struct verdict_finding){.rule = "FM60",
                .text = judge_say(j, "asks names and never DNSKEY%s", j->where),
                .means = "it does not validate this zone: the roll cannot break it, and nothing protects it",
                .mend = "BIND: dnssec-validation yes; Unbound: module-config \"validator iterator\"; and the "
                        "zone's key as a trust anchor"},
            evidence_since(source, EVIDENCE_NAME, EVIDENCE_BEFORE));
}

bool judge_storm(struct judging *j, const struct evidence_source *source)
{
    const struct sightings *before = &source->kinds[EVIDENCE_PUBLISHED][EVIDENCE_DNSKEY];
    int64_t span = before->last_us - before->first_us;
    bool any = false;
    if (before->count < 5 || span < 3 * j->refresh_us)
        return false;
    for (int phase = EVIDENCE_ROLLED; phase < EVIDENCE_PHASES; phase++) {
        const struct sightings *after = &source->kinds[phase][EVIDENCE_DNSKEY];
        int64_t length = after->last_us - after->first_us;
        if (after->count < 20 || length < 2 * j->ttl_us)
            continue;
        /* in thousandths of queries a second, to stay with integers */
        int64_t was = (int64_t)before->count * 1000 * UTC_SECOND / span,
                is = (int64_t)after->count * 1000 * UTC_SECOND / length;
        if (is < 5 * was || is == 0)
            continue;
        any |= phase == (int)j->phase; /* one that is over is told, and counts no more */
        judge_find(j,
            (struct verdict_finding){.rule = "FM65",
                .text = judge_say(j, "asks for DNSKEY %lld times as often as before the roll%s",
                    (long long)(was ? is / was : is), j->where),
                .means = "a retry storm: at the root, such resolvers were most of the load after the "
                         "revocation of 2019",
                .mend = "give it an anchor that fits, or take the zone's anchor out",
                .harmful = phase == (int)j->phase},
            *after);
    }
    return any;
}

void judge_findings(struct judging *j, const struct evidence_source *source, bool alone)
{
    find_rhythm(j, source, alone);
    find_signals(j, source);
    find_proofs(j, source);
    find_gaps(j, source);
    find_trouble(j, source);
}
