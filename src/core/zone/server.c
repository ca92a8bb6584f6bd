/* The idea: read the message, decide who answers (an error, the server itself, a zone), let it write behind
 * the question, then put OPT at the end and the header in front. Everything on the stack. */
#include "core/zone/set.h"

#include "core/zone/event.h"
#include "core/zone/late.h"

#include <stdio.h>

enum {
    OPT_FIXED = 11,
    OPTION_HEAD = 4,
    EDE_LENGTH = 2,
    DEFAULT_UDP = 1232,
    NSID_MAX = 128,
    RR_TKEY = 249,
    RR_TSIG = 250,
    RR_MAILB = 253,
    RR_MAILA = 254
};

static size_t udp_size(const struct zone_server *server)
{
    return server->udp_size < MESSAGE_MIN_UDP ? DEFAULT_UDP : server->udp_size;
}

/* Without an extended error, which stands only in answers that hold nothing else. */
static size_t opt_length(const struct answer *answer)
{
    size_t nsid = answer->nsid ? OPTION_HEAD + answer->nsid_length : 0;
    return answer->query->edns ? OPT_FIXED + nsid : 0;
}

static void start(struct answer *answer, const struct message_query *query, const struct zone_server *server,
    const struct zone_client *client, uint8_t *out, size_t capacity)
{
    *answer = (struct answer){
        .query = query, .client = client, .out = out, .ede = EDE_NONE, .used = MESSAGE_HEADER};
    if (query->nsid && server->nsid) {
        answer->nsid = server->nsid;
        answer->nsid_length = (uint16_t)strnlen(server->nsid, NSID_MAX);
    }
    size_t most = capacity > UINT16_MAX ? UINT16_MAX : capacity;
    if (!client->tcp) {
        size_t theirs = query->edns ? query->udp_size : MESSAGE_MIN_UDP, ours = udp_size(server);
        size_t less = theirs < ours ? theirs : ours;
        answer->unlimited = theirs < most ? theirs : most;
        most = less < most ? less : most;
    } else {
        answer->unlimited = most;
    }
    answer->room = most - opt_length(answer);
    answer->unlimited -= opt_length(answer);
    if (query->question_length > 0) /* no question: no octets to point to */
        memcpy(out + MESSAGE_HEADER, query->question, query->question_length);
    answer->used += query->question_length;
}

/* RFC 6891 §6.1.3, RFC 5001, RFC 8914. */
static void write_opt(struct answer *answer, const struct zone_server *server)
{
    size_t error = answer->ede != EDE_NONE ? OPTION_HEAD + EDE_LENGTH : 0,
           length = opt_length(answer) + error;
    struct writer out = writer_over(answer->out + answer->used, length);
    writer_u8(&out, 0);
    writer_u16(&out, RR_OPT);
    writer_u16(&out, (uint16_t)udp_size(server));
    writer_u8(&out, (uint8_t)(answer->rcode >> 4));
    writer_u8(&out, 0);
    writer_u16(&out, answer->query->dnssec_ok ? 0x8000 : 0);
    writer_u16(&out, (uint16_t)(length - OPT_FIXED));
    if (answer->nsid) {
        writer_u16(&out, EDNS_NSID);
        writer_u16(&out, answer->nsid_length);
        writer_bytes(&out, answer->nsid, answer->nsid_length);
    }
    if (error) {
        writer_u16(&out, EDNS_ERROR);
        writer_u16(&out, EDE_LENGTH);
        writer_u16(&out, (uint16_t)answer->ede);
    }
    answer->used += writer_used(&out);
    answer->records[SECTION_ADDITIONAL]++;
}

/* AD stays clear: nothing is validated here; CD is cleared as RFC 4035 §3.1.6 has it for authoritative
 * answers. */
static size_t finish(struct answer *answer, const struct zone_server *server)
{
    const struct message_query *query = answer->query;
    if (answer->truncated) { /* RFC 2181 §9: what is there must be whole; the question says enough */
        answer->used = MESSAGE_HEADER + query->question_length;
        answer->records[0] = answer->records[1] = answer->records[2] = 0;
    }
    if (query->edns)
        write_opt(answer, server);
    uint16_t flags =
        (uint16_t)(MESSAGE_QR | (query->flags & (MESSAGE_OPCODE | MESSAGE_RD)) | (answer->rcode & 0xf));
    flags |= answer->authoritative ? MESSAGE_AA : 0;
    flags |= answer->truncated ? MESSAGE_TC : 0;
    uint8_t *header = answer->out;
    bytes_put_u16(header, query->id);
    bytes_put_u16(header + 2, flags);
    bytes_put_u16(header + 4, query->question != NULL);
    for (size_t i = 0; i < SECTIONS; i++)
        bytes_put_u16(header + 6 + 2 * i, answer->records[i]);
    return answer->used;
}

static void write_chaos(struct answer *answer, const char *text)
{
    size_t length = strnlen(text, UINT8_MAX);
    struct writer out = writer_over(answer->out + answer->used, answer->room - answer->used);
    writer_u16(&out, RENDER_POINTER | MESSAGE_HEADER);
    writer_u16(&out, RR_TXT);
    writer_u16(&out, RR_CLASS_CH);
    writer_u32(&out, 0);
    writer_u16(&out, (uint16_t)(length + 1));
    writer_u8(&out, (uint8_t)length);
    writer_bytes(&out, text, length);
    answer->truncated = out.full;
    answer->used += writer_used(&out);
    answer->records[SECTION_ANSWER]++;
}

/* What a server says of itself, RFC 4892 §3. */
static void answer_chaos(struct answer *answer, const struct zone_server *server)
{
    static const struct {
        uint8_t length;
        const char *name;
        bool version;
    } names[] = {{14, "\7version\4bind", true}, {16, "\7version\6server", true},
        {15, "\10hostname\4bind", false}, {11, "\2id\6server", false}};
    const struct message_query *query = answer->query;
    answer->rcode = RCODE_REFUSED;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = names[i].version ? server->version : server->nsid;
        bool asked = query->length == names[i].length && !memcmp(query->name, names[i].name, query->length);
        if (!asked || !text)
            continue;
        answer->rcode = RCODE_NOERROR;
        answer->authoritative = true;
        if (query->type == RR_TXT || query->type == RR_ANY)
            write_chaos(answer, text);
    }
}

/* Types that no question may have, RFC 6895 §3.1. */
static uint16_t refuse_type(uint16_t type)
{
    switch (type) {
    case RR_AXFR:
    case RR_IXFR:
        return RCODE_REFUSED;
    case RR_TKEY:
    case RR_MAILA:
    case RR_MAILB:
        return RCODE_NOTIMP;
    case RR_OPT:
    case RR_TSIG:
        return RCODE_FORMERR;
    default:
        return RCODE_NOERROR;
    }
}

static bool is_ipv4(const struct zone_client *client)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return !memcmp(client->address, mapped, sizeof mapped);
}

/* Which zone answers. DS belongs to the parent (RFC 4035 §3.1.4.1), and so does everything in a zone that
 * this client's address family is not to see. */
static const struct set_slot *who_answers(const struct zone_set *set, const struct answer *answer,
    struct look *look, const struct set_slot *nearest)
{
    const struct zone_view *view = nearest->view;
    const struct zone_extras *extras = view->extras;
    bool hidden = (extras->only_ipv4 || extras->only_ipv6) && extras->only_ipv4 != is_ipv4(answer->client);
    bool ds = answer->query->type == RR_DS && view->apex_labels == look->labels;
    if ((!ds && !hidden) || !view->apex_labels)
        return nearest;
    const struct set_slot *parent = set_find(set, look, view->apex_labels - 1U);
    return parent ? parent : nearest;
}

static void answer_zones(const struct zone_set *set, struct answer *answer, struct zone_event *event)
{
    const struct message_query *query = answer->query;
    struct look look;
    look_start(&look, query->name, query->length, query->label, query->labels);
    const struct set_slot *nearest = set_find(set, &look, query->labels);
    if (!nearest) {
        answer->rcode = RCODE_REFUSED;
        answer->ede = EDE_NOT_AUTHORITATIVE;
        return;
    }
    const struct set_slot *slot = who_answers(set, answer, &look, nearest);
    if (slot->view->kind == ZONE_UNREADY) {
        answer->rcode = RCODE_SERVFAIL;
        answer->ede = EDE_NOT_READY;
        if (event) {
            event->unready = true;
            event->tag = slot->tag;
        }
        return;
    }
    if (slot->view->kind == ZONE_PLAIN || !late_answer(answer, slot->view, &look))
        answer_view(answer, slot->view, &look);
    if (event)
        event_note(answer, nearest, slot, event);
}

size_t zones_answer(const struct zone_set *set, const struct zone_server *server,
    const struct zone_client *client, const uint8_t *message, size_t length, uint8_t *out, size_t capacity,
    struct zone_event *ret_event)
{
    struct message_query query;
    struct answer answer;
    if (ret_event)
        ret_event->record = ret_event->unready = false;
    int rcode = message_parse(message, length, &query);
    if (rcode < 0 || capacity < MESSAGE_MIN_UDP)
        return 0;
    start(&answer, &query, server, client, out, capacity);
    answer.rcode = (uint16_t)rcode;
    if (rcode)
        return finish(&answer, server);
    answer.rcode = query.tsig ? RCODE_NOTAUTH : refuse_type(query.type);
    if (!answer.rcode && query.class == RR_CLASS_CH)
        answer_chaos(&answer, server);
    else if (!answer.rcode && query.class != RR_CLASS_IN)
        answer.rcode = RCODE_REFUSED;
    else if (!answer.rcode)
        answer_zones(set, &answer, ret_event);
    size_t written = finish(&answer, server);
    if (ret_event && ret_event->record)
        ret_event->rcode = (uint8_t)answer.rcode;
    return written;
}
