/* The idea: one question proves what a resolver did with the zone's keys. proof-N is a CNAME to w.k-N, and
 * k-N a signed zone of its own: whoever asks for its DNSKEY has found the zone's own keys good. gap-N-1 and
 * gap-N-2 are absent, in one and the same gap: whoever asks for both did not use the first one's NSEC (RFC
 * 8198). N is new each time, so nothing is cached, and everything about it is signed at the moment. */
#include "core/zone/late.h"

#include <stdio.h>

/* Names that differ from a label directly below the apex. */
static void below_apex(const struct zone_view *view, const char *label, struct name *ret_name)
{
    struct name apex = {.length = view->apex_length};
    memcpy(apex.wire, view->apex->name, apex.length);
    name_prepend(label, strlen(label), &apex, ret_name);
}

static void answer_proof(
    struct answer *answer, const struct zone_view *view, const struct look *look, const char *nonce)
{
    char label[LATE_NONCE + 8];
    struct name child, target;
    snprintf(label, sizeof label, "k-%s", nonce);
    below_apex(view, label, &child);
    name_prepend("w", 1, &child, &target);
    struct rdata rdata = {.bytes = target.wire, .length = target.length};
    struct rrset cname = {
        .type = RR_CNAME, .class = RR_CLASS_IN, .ttl = view->extras->ttl_s, .count = 1, .rdata = &rdata};
    late_suffix(look, look->labels, &cname.owner);
    late_only(answer, view, &cname);
}

/* The gap lies between gap-N-0 and gap-N-3, which are there and have TXT: BIND takes an NSEC with no other
 * type for one that was made for a single question, and would not use it for a second
 * (dns_nsec_requiredtypespresent). */
static void answer_gap(struct answer *answer, const struct zone_view *view, const char *nonce)
{
    char label[LATE_NONCE + 8];
    struct late_nsec nsec = {.types = {RR_TXT}, .type_count = 1};
    struct late_signer signer = late_signer_of(view);
    answer->authoritative = true;
    answer->rcode = RCODE_NXDOMAIN;
    deny_negative(answer, view);
    if (!answer->secure)
        return;
    snprintf(label, sizeof label, "gap-%s-0", nonce);
    below_apex(view, label, &nsec.owner);
    snprintf(label, sizeof label, "gap-%s-3", nonce);
    below_apex(view, label, &nsec.next);
    late_nsec(answer, SECTION_AUTHORITY, &nsec, view->extras->ttl_s, &signer);
    deny_wildcard(answer, view, view->apex); /* there is none, as the apex's own NSEC says */
}

static void answer_gap_edge(struct answer *answer, const struct zone_view *view, const struct look *look)
{
    static const uint8_t says[] = "\x0b"
                                  "edge of gap";
    struct rdata rdata = {.bytes = says, .length = sizeof says - 1};
    struct rrset txt = {
        .type = RR_TXT, .class = RR_CLASS_IN, .ttl = view->extras->ttl_s, .count = 1, .rdata = &rdata};
    late_suffix(look, look->labels, &txt.owner);
    late_only(answer, view, &txt);
}

static void answer_ds(struct answer *answer, const struct zone_view *view, const struct look *look)
{
    uint8_t bytes[DNSKEY_MAX_DS];
    struct rdata rdata = {.bytes = bytes};
    struct rrset ds = {
        .type = RR_DS, .class = RR_CLASS_IN, .ttl = view->extras->ttl_s, .count = 1, .rdata = &rdata};
    struct late_signer signer = late_signer_of(view);
    struct render render;
    late_suffix(look, look->labels, &ds.owner);
    rdata.length = (uint16_t)dnskey_ds(&ds.owner, view->extras->child_key, LATE_DS_DIGEST, bytes);
    answer->authoritative = true;
    answer_render_start(answer, &render);
    late_set(answer, &render, SECTION_ANSWER, &ds, NULL, &signer);
    answer_render(answer, &render);
}

void late_child(struct answer *answer, const struct made *made, const struct look *look, unsigned depth)
{
    if (depth == 0 && answer->query->type == RR_DS)
        answer_ds(answer, made->parent, look);
    else
        made_answer(answer, made, look, depth);
}

bool participant_answer(struct answer *answer, const struct zone_view *view, struct look *look)
{
    unsigned depth = view->apex_labels + 1U;
    const uint8_t *label = look->name + look_suffix(look, depth);
    char nonce[LATE_NONCE + 1], gap = late_gap(label, nonce);
    bool proof = !gap && late_nonce(label, "proof-", nonce);
    if (gap == '1' || gap == '2') {
        answer_gap(answer, view, nonce);
    } else if (gap || proof) {
        if (look->labels > depth)
            late_nothing_below(answer, view, look, depth);
        else if (gap)
            answer_gap_edge(answer, view, look);
        else
            answer_proof(answer, view, look, nonce);
    } else if (late_nonce(label, "k-", nonce)) {
        struct made child = {.parent = view, .host = true};
        late_suffix(look, depth, &child.apex);
        late_child(answer, &child, look, look->labels - depth);
    } else {
        return false;
    }
    return true;
}
