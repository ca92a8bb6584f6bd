/* The idea: the first label below the apex, or the one below a nonce, says what is wanted. Where it is a
 * matter of signatures, the answer is the zone's own with another RRSIG: none, a spoilt one, or one whose
 * window is shifted from the moment of the question, so that it is exact whenever it is asked. */
#include "core/zone/late.h"

#include "core/zone/address.h"

#include <stdio.h>

enum signature { SIGNATURE_MISSING, SIGNATURE_WRONG, SIGNATURE_SHIFTED };

/* `shift_s`: how long ago the signature ended (negative) or in how long it will begin. It is valid for two
 * hours: Unbound allows a tenth of the lifetime as skew, but at least an hour, and that much stays hidden. */
enum { MINUTE = 60, HOUR = 3600, DAY = 86400, SHIFTED_LIFE_S = 2 * HOUR };

static const struct spoilt {
    const char *label;
    enum signature signature;
    int64_t shift_s;
} spoilt[] = {
    {"bogus", SIGNATURE_WRONG, 0},
    {"bogus-wrong", SIGNATURE_WRONG, 0},
    {"bogus-missing", SIGNATURE_MISSING, 0},
    {"bogus-expired", SIGNATURE_SHIFTED, -30 * DAY},
    {"expired-10m", SIGNATURE_SHIFTED, -10 * MINUTE},
    {"expired-1h", SIGNATURE_SHIFTED, -HOUR},
    {"expired-1d", SIGNATURE_SHIFTED, -DAY},
    {"expired-30d", SIGNATURE_SHIFTED, -30 * DAY},
    {"future-10m", SIGNATURE_SHIFTED, 10 * MINUTE},
    {"future-1h", SIGNATURE_SHIFTED, HOUR},
    {"future-1d", SIGNATURE_SHIFTED, DAY},
};

/* Child zones below a nonce whose DNSKEY answer has that many octets: the root's of 2018 and of the
 * revocation of 2019 among them. */
static const struct sized {
    const char *label;
    size_t octets;
} sized[] = {{"s1139", 1139}, {"s1414", 1414}, {"s1425", 1425}, {"s1700", 1700}};

static bool is_label(const uint8_t *label, const char *text)
{
    return label[0] == strlen(text) && !memcmp(label + 1, text, label[0]);
}

static struct rrsig_window shifted_window(int64_t now_us, int64_t shift_s)
{
    uint32_t edge = utc_second32(now_us + shift_s * UTC_SECOND);
    if (shift_s < 0)
        return (struct rrsig_window){.inception = edge - SHIFTED_LIFE_S, .expiration = edge};
    return (struct rrsig_window){.inception = edge, .expiration = edge + SHIFTED_LIFE_S};
}

/* One octet of each signature in the answer section is changed. */
static void spoil(struct answer *answer, size_t start, size_t records)
{
    uint8_t *at = answer->out + start;
    for (size_t i = 0; i < records; i++) { /* all are owned by a pointer to the question */
        size_t length = bytes_u16(at + 10);
        if (bytes_u16(at + 2) == RR_RRSIG)
            at[12 + length - 1] ^= 0x55;
        at += 12 + length;
    }
}

static void answer_shifted(struct answer *answer, const struct zone_view *view, struct look *look,
    const struct found *found, int64_t shift_s)
{
    struct render render;
    struct late_signer signer = late_signer_of(view);
    struct name shown;
    struct rrset set = {.type = found->set->type,
        .class = RR_CLASS_IN,
        .ttl = found->set->ttl,
        .count = found->set->count,
        .rdata = (struct rdata *)found->set->rdata};
    signer.window = shifted_window(answer->client->now_us, shift_s);
    set.owner.length = found->node->length;
    memcpy(set.owner.wire, found->node->name, found->node->length);
    late_suffix(look, look->labels, &shown);
    answer->authoritative = true;
    answer_render_start(answer, &render);
    late_set(answer, &render, SECTION_ANSWER, &set, &shown, &signer);
    answer_render(answer, &render);
    deny_closer(answer, view, look, found->encloser);
}

static bool answer_spoilt(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct spoilt *how)
{
    struct found found;
    uint16_t type = answer->query->type;
    answer_find(view, look, type, &found);
    if (!answer->secure || found.what != FOUND_SET || !found.expanded || type == RR_RRSIG)
        return false;
    if (how->signature == SIGNATURE_SHIFTED) {
        answer_shifted(answer, view, look, &found, how->shift_s);
        return true;
    }
    size_t start = answer->used;
    if (how->signature == SIGNATURE_MISSING)
        answer->secure = false;
    answer_found(answer, view, look, &found);
    if (how->signature == SIGNATURE_WRONG && !answer->truncated)
        spoil(answer, start, answer->records[SECTION_ANSWER]);
    return true;
}

static void add_word(struct writer *out, const char *name, const char *value)
{
    char word[128];
    int length = snprintf(word, sizeof word, "%s=%s", name, value);
    writer_u8(out, (uint8_t)length);
    writer_bytes(out, word, (size_t)length);
}

static void add_number(struct writer *out, const char *name, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    add_word(out, name, text);
}

/* What was seen of whoever asked: one TXT record of NAME=VALUE strings. */
static void answer_who(struct answer *answer, const struct zone_view *view, const struct look *look)
{
    const struct message_query *query = answer->query;
    uint8_t bytes[1024];
    char address[ADDRESS_TEXT];
    struct writer out = writer_over(bytes, sizeof bytes);
    add_word(&out, "address", address_text(answer->client->address, address));
    add_number(&out, "port", answer->client->port);
    add_word(&out, "transport", answer->client->tcp ? "tcp" : "udp");
    if (query->edns)
        add_number(&out, "edns", query->udp_size);
    else
        add_word(&out, "edns", "none");
    add_number(&out, "do", query->dnssec_ok);
    add_number(&out, "cd", !!(query->flags & MESSAGE_CD));
    add_word(&out, "case", message_mixed_case(query) ? "mixed" : "lower");
    add_word(&out, "ecs", address_subnet(query->subnet.bytes, query->subnet.length, address));
    struct rdata rdata = {.bytes = bytes, .length = (uint16_t)writer_used(&out)};
    struct rrset txt = {
        .type = RR_TXT, .class = RR_CLASS_IN, .ttl = view->extras->ttl_s, .count = 1, .rdata = &rdata};
    late_suffix(look, look->labels, &txt.owner);
    late_only(answer, view, &txt);
}

/* Below a name that is there. */
static bool answer_known(
    struct answer *answer, const struct zone_view *view, struct look *look, const uint8_t *label)
{
    if (is_label(label, "who")) {
        answer_who(answer, view, look);
        return true;
    }
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++)
        if (is_label(label, spoilt[i].label))
            return answer_spoilt(answer, view, look, &spoilt[i]);
    return false;
}

/* Below a nonce. */
static bool answer_nonce(
    struct answer *answer, const struct zone_view *view, struct look *look, const uint8_t *label)
{
    if (is_label(label, "tc") && !answer->client->tcp) {
        answer->authoritative = true;
        answer->truncated = true;
        return true;
    }
    for (size_t i = 0; i < sizeof sized / sizeof *sized; i++) {
        if (!is_label(label, sized[i].label))
            continue;
        struct made made = {.parent = view, .dnskey_size = sized[i].octets};
        late_suffix(look, view->apex_labels + 2U, &made.apex);
        answer_exact(answer);
        late_child(answer, &made, look, look->labels - view->apex_labels - 2U);
        return true;
    }
    return false;
}

bool probe_answer(struct answer *answer, const struct zone_view *view, struct look *look)
{
    unsigned depth = view->apex_labels + 1U;
    if (look->labels == depth)
        return false;
    size_t from = look_suffix(look, depth);
    const uint8_t *first = look->name + from, *second = look->name + look_suffix(look, depth + 1);
    if (view_find(view, look_hash(look, depth), first, look->length - from))
        return answer_known(answer, view, look, first);
    return answer_nonce(answer, view, look, second);
}
