/* The idea: the name says what kind of question it is; only questions in zones that somebody watches are
 * looked at, after they have been answered. */
#include "core/zone/event.h"

#include "core/roll/tasignal.h"
#include "core/zone/late.h"

/* Tags of all option 14 instances together (RFC 8145 §4.1: a resolver may send its own and its client's). */
static uint8_t option_tags(const struct message_query *query, uint16_t ret_tags[EVIDENCE_MAX_TAGS])
{
    uint16_t tags[TASIGNAL_MAX_OPTION];
    size_t count = 0;
    for (size_t i = 0; i < query->keytag_count; i++) {
        unsigned got;
        if (tasignal_parse_option(query->keytag[i].bytes, query->keytag[i].length, tags, &got))
            continue;
        for (unsigned j = 0; j < got; j++) {
            size_t at = count;
            while (at > 0 && ret_tags[at - 1] > tags[j])
                at--;
            if ((at > 0 && ret_tags[at - 1] == tags[j]) || count == EVIDENCE_MAX_TAGS)
                continue;
            memmove(&ret_tags[at + 1], &ret_tags[at], (count - at) * sizeof *tags);
            ret_tags[at] = tags[j];
            count++;
        }
    }
    return (uint8_t)count;
}

static enum evidence_kind apex_kind(const struct message_query *query, struct evidence_event *event)
{
    if (query->type == RR_DS)
        return EVIDENCE_DS;
    if (query->type != RR_DNSKEY)
        return EVIDENCE_NAME;
    event->tag_count = query->keytag_count ? option_tags(query, event->tags) : 0;
    return event->tag_count ? EVIDENCE_KEYTAG : EVIDENCE_DNSKEY;
}

/* _ta-… directly below the apex, type NULL or A; what is malformed is an ordinary name. */
static bool is_signal(const struct message_query *query, const uint8_t *label, struct evidence_event *event)
{
    unsigned count;
    if ((query->type != RR_NULL && query->type != RR_A) || label[0] < 4 || label[1] != '_')
        return false;
    if (tasignal_parse(label + 1, label[0], event->tags, &count))
        return false;
    event->tag_count = (uint8_t)count;
    return true;
}

/* Names made at the moment; `depth`: labels below the one directly below the apex. */
static enum evidence_kind made_kind(
    const struct message_query *query, const uint8_t *label, unsigned depth, char nonce[EVIDENCE_NONCE + 1])
{
    if (depth == 0 && late_nonce(label, "proof-", nonce))
        return EVIDENCE_PROOF;
    char gap = late_gap(label, nonce);
    if (gap == '1' || gap == '2')
        return gap == '1' ? EVIDENCE_GAP_FIRST : EVIDENCE_GAP_SECOND;
    if (!late_nonce(label, "k-", nonce))
        return EVIDENCE_NAME;
    if (depth == 0 && query->type == RR_DNSKEY)
        return EVIDENCE_PROOF_DNSKEY;
    if (depth == 0 && query->type == RR_DS)
        return EVIDENCE_PROOF_DS;
    return depth == 1 ? EVIDENCE_PROOF_TARGET : EVIDENCE_NAME;
}

static enum evidence_kind kind_of(
    const struct message_query *query, const struct zone_view *view, struct evidence_event *event)
{
    event->nonce[0] = '\0';
    event->tag_count = 0;
    if (query->labels == view->apex_labels)
        return apex_kind(query, event);
    unsigned depth = query->labels - view->apex_labels - 1U;
    const uint8_t *label = query->name + query->label[depth];
    if (depth == 0 && is_signal(query, label, event))
        return EVIDENCE_SIGNAL;
    if (view->kind == ZONE_PARTICIPANT) {
        enum evidence_kind kind = made_kind(query, label, depth, event->nonce);
        if (kind == EVIDENCE_NAME)
            event->nonce[0] = '\0';
        return kind;
    }
    return EVIDENCE_NAME;
}

void event_note(const struct answer *answer, const struct set_slot *nearest, const struct set_slot *slot,
    struct zone_event *event)
{
    const struct message_query *query = answer->query;
    bool probe = nearest->view->kind == ZONE_PROBE || nearest->view->extras->probe;
    if (!nearest->tag && !probe)
        return;
    event->record = true;
    event->tag = nearest->tag;
    event->probe = probe;
    event->qname.length = query->length;
    memcpy(event->qname.wire, query->question, query->length);
    event->qclass = query->class;
    event->event.kind = kind_of(query, nearest->view, &event->event);
    event->event.at_us = answer->client->now_us;
    memcpy(event->event.source, answer->client->address, sizeof event->event.source);
    event->event.port = answer->client->port;
    event->event.qtype = query->type;
    event->event.tcp = answer->client->tcp;
    event->event.edns = query->edns;
    event->event.dnssec_ok = query->dnssec_ok;
    event->event.checking_disabled = query->flags & MESSAGE_CD;
    event->event.udp_size = query->edns ? query->udp_size : 0;
    event->event.answer = 0;
}
