/* The idea: a zone of two names at most, written down when somebody asks. Its one key signs everything; its
 * name servers and SOA are those of the zone above; its denials are narrow (RFC 4470). The DNSKEY answer can
 * be brought to an exact size with keys that have no ZONE flag, which validators must leave alone (RFC 4034
 * §2.1.1). */
#include "core/zone/late.h"

enum {
    PAD_MOST = 4,
    PAD_LEAST_RR = 80,
    PAD_MOST_RR = 532,
    PAD_EXPONENT = 4,
    RR_FIXED = 12,
    RRSIG_FIXED = 18,
    OPT_PLAIN = 11,
    QUESTION_FIXED = 4
};

enum made_name { MADE_APEX, MADE_HOST, MADE_NONE };

struct made_data { /* room for the records of one set */
    struct rdata rdata[1 + PAD_MOST];
    uint8_t bytes[1 + PAD_MOST][DNSKEY_MAX_RDATA];
};

static enum made_name which(const struct made *made, const struct look *look, unsigned depth)
{
    if (depth == 0)
        return MADE_APEX;
    const uint8_t *label = look->name + look_suffix(look, look->labels - depth + 1);
    return depth == 1 && made->host && label[0] == 1 && label[1] == 'w' ? MADE_HOST : MADE_NONE;
}

static size_t types_of(const struct made *made, enum made_name name, uint16_t types[NODE_MAX_TYPES])
{
    static const uint16_t host[] = {RR_A, RR_AAAA}, apex[] = {RR_NS, RR_SOA, RR_DNSKEY},
                          both[] = {RR_A, RR_NS, RR_SOA, RR_AAAA, RR_DNSKEY};
    const uint16_t *from = name == MADE_HOST ? host : made->host ? apex : both;
    size_t size = name == MADE_HOST ? sizeof host : made->host ? sizeof apex : sizeof both;
    memcpy(types, from, size);
    return size / sizeof *types;
}

/* Octets left for padding in the answer to DNSKEY, 0 if none fit. */
static size_t padding(const struct made *made, const struct dnskey *key, size_t key_length)
{
    size_t name = made->apex.length, signature = dnskey_signature_size(key->algorithm, 0);
    size_t base = MESSAGE_HEADER + name + QUESTION_FIXED + RR_FIXED + key_length + RR_FIXED + RRSIG_FIXED +
                  name + signature + OPT_PLAIN;
    return made->dnskey_size > base + PAD_LEAST_RR ? made->dnskey_size - base : 0;
}

/* RDATA of `length` octets that looks like an RSA key, with no flag set. */
static void write_pad(uint8_t *out, size_t length, size_t number)
{
    static const uint8_t head[] = {0, 0, DNSKEY_PROTOCOL, 8, 3, 1, 0, 1};
    memset(out, 0xa5 ^ (int)number, length);
    memcpy(out, head, sizeof head);
}

static size_t make_dnskeys(const struct made *made, struct made_data *data)
{
    const struct dnskey *key = made->parent->extras->child_key;
    size_t count = 1, length = dnskey_rdata(key, data->bytes[0], DNSKEY_MAX_RDATA),
           left = padding(made, key, length);
    size_t pads = (left + PAD_MOST_RR - 1) / PAD_MOST_RR;
    data->rdata[0] = (struct rdata){.bytes = data->bytes[0], .length = (uint16_t)length};
    for (size_t i = 0; i < pads && pads <= PAD_MOST; i++) {
        size_t share = left / (pads - i) - RR_FIXED;
        write_pad(data->bytes[count], share, i);
        data->rdata[count] = (struct rdata){.bytes = data->bytes[count], .length = (uint16_t)share};
        left -= share + RR_FIXED;
        count++;
    }
    return count;
}

static void one(struct made_data *data, const void *bytes, size_t length)
{
    memcpy(data->bytes[0], bytes, length);
    data->rdata[0] = (struct rdata){.bytes = data->bytes[0], .length = (uint16_t)length};
}

/* The set of a type at a name of the made zone. */
static struct rrset make_set(
    const struct made *made, const struct name *owner, uint16_t type, struct made_data *data)
{
    const struct zone_view *view = made->parent;
    struct rrset set = {.owner = *owner,
        .type = type,
        .class = RR_CLASS_IN,
        .ttl = view->extras->ttl_s,
        .count = 1,
        .rdata = data->rdata};
    if (type == RR_A) {
        one(data, view->extras->a, sizeof view->extras->a);
    } else if (type == RR_AAAA) {
        one(data, view->extras->aaaa, sizeof view->extras->aaaa);
    } else if (type == RR_DNSKEY) {
        set.count = make_dnskeys(made, data);
        rrset_sort(&set);
    } else if (type == RR_SOA) {
        one(data, view->soa->rdata->bytes, view->soa->rdata->length);
        struct writer minimum = writer_over(data->bytes[0] + view->soa->rdata->length - 4, 4);
        writer_u32(&minimum, set.ttl);
    } else { /* NS: as they are in the view */
        set.count = view->ns->count;
        set.rdata = (struct rdata *)view->ns->rdata;
    }
    return set;
}

static void add_set(struct answer *answer, enum section section, const struct rrset *set,
    bool signatures_only, const struct late_signer *signer)
{
    struct render render;
    answer_render_start(answer, &render);
    if (signatures_only)
        late_signatures(answer, &render, section, set, NULL, signer);
    else
        late_set(answer, &render, section, set, NULL, signer);
    answer_render(answer, &render);
}

static void add_soa(struct answer *answer, const struct made *made, const struct late_signer *signer)
{
    struct made_data data;
    struct rrset soa = make_set(made, &made->apex, RR_SOA, &data);
    add_set(answer, SECTION_AUTHORITY, &soa, false, signer);
}

static void say_no_name(struct answer *answer, const struct made *made, const struct look *look,
    unsigned depth, const struct late_signer *signer)
{
    struct late_nsec nsec;
    struct name encloser = made->apex, closer, wildcard;
    unsigned apex_labels = look->labels - depth;
    const uint8_t *first = look->name + look_suffix(look, apex_labels + 1);
    bool below_host = made->host && first[0] == 1 && first[1] == 'w';
    if (below_host)
        late_suffix(look, apex_labels + 1, &encloser);
    answer->rcode = RCODE_NXDOMAIN;
    add_soa(answer, made, signer);
    if (!answer->secure)
        return;
    late_suffix(look, apex_labels + 1 + below_host, &closer);
    narrow_cover(&closer, &nsec);
    if (name_equal(&nsec.owner, &encloser))
        nsec.type_count = types_of(made, below_host ? MADE_HOST : MADE_APEX, nsec.types);
    late_nsec(answer, SECTION_AUTHORITY, &nsec, made->parent->extras->ttl_s, signer);
    if (!name_prepend("*", 1, &encloser, &wildcard))
        return;
    narrow_cover(&wildcard, &nsec);
    late_nsec(answer, SECTION_AUTHORITY, &nsec, made->parent->extras->ttl_s, signer);
}

void made_answer(struct answer *answer, const struct made *made, const struct look *look, unsigned depth)
{
    enum made_name name = which(made, look, depth);
    struct late_signer signer = {.name = made->apex,
        .key = &made->parent->extras->child_key,
        .count = 1,
        .window = made->parent->signers->windows.rest};
    answer->authoritative = true;
    if (name == MADE_NONE) {
        say_no_name(answer, made, look, depth, &signer);
        return;
    }
    uint16_t types[NODE_MAX_TYPES], type = answer->query->type;
    size_t count = types_of(made, name, types);
    struct name owner;
    struct late_nsec nsec;
    late_suffix(look, look->labels, &owner);
    narrow_match(&owner, types, count, &nsec);
    bool any = type == RR_ANY || type == RR_RRSIG, has = any;
    for (size_t i = 0; i < count; i++)
        has |= types[i] == type;
    if (has) {
        struct made_data data;
        struct rrset set = make_set(made, &owner, any ? types[0] : type, &data);
        add_set(answer, SECTION_ANSWER, &set, type == RR_RRSIG, &signer);
    } else if (type == RR_NSEC) {
        late_nsec(answer, SECTION_ANSWER, &nsec, made->parent->extras->ttl_s, &signer);
    } else {
        add_soa(answer, made, &signer);
        if (answer->secure)
            late_nsec(answer, SECTION_AUTHORITY, &nsec, made->parent->extras->ttl_s, &signer);
    }
}
