/* Nearly every message is an ordinary one, so the order of reading is that of what it costs: the header; one
 * walk over the labels, which keeps where the last two began; two comparisons of the first label's head. Only
 * then, and only where something was found, is anything looked at twice. An OPT record that directly follows
 * the question is found without a walk. */
#include "core/roll/sighting.h"

#include "base/hash.h"
#include "core/dns/message.h"
#include "core/dns/rrset.h"
#include "core/roll/sentinel.h"

enum {
    MAX_LABEL = 63,
    POINTER = 0xc0,
    RECORD = 10,      /* type, class, TTL and RDLENGTH */
    SIGNAL_HEAD = 5,  /* the first label's length and "_ta-" */
    IS_TA_LABEL = 29, /* "root-key-sentinel-is-ta-NNNNN"; "not-ta" is one longer */
};

static const char *const kind_names[SIGHTING_KINDS] = {
    [SIGHTING_TA_NULL] = "ta-null",
    [SIGHTING_TA_A] = "ta-a",
    [SIGHTING_OPTION] = "option",
    [SIGHTING_IS_TA] = "is-ta",
    [SIGHTING_NOT_TA] = "not-ta",
    [SIGHTING_INVALID] = "invalid",
    [SIGHTING_DNSKEY] = "dnskey",
    [SIGHTING_DNSKEY_ANSWER] = "dnskey-answer",
    [SIGHTING_TOO_BIG] = "too-big",
    [SIGHTING_REASSEMBLY] = "reassembly",
};

const char *sighting_kind_name(enum sighting_kind kind)
{
    return (unsigned)kind < SIGHTING_KINDS ? kind_names[kind] : NULL;
}

/* ---- the name ---- */

/* Where a name lies in the octets around it. At least eight octets must come before it. */
struct place {
    size_t begin, end;  /* end: behind the root's octet */
    size_t last_labels; /* where the last two labels begin */
};

/* The question's name is the first of a message, so that nothing can be there for a pointer to lead to. */
static bool walk_name(const uint8_t *message, size_t length, size_t begin, struct place *ret)
{
    size_t at = begin, last = begin, last_but_one = begin;
    size_t limit = length < begin + NAME_MAX_WIRE ? length : begin + NAME_MAX_WIRE;
    for (;;) {
        if (at >= limit)
            return false;
        size_t octet = message[at];
        if (octet == 0)
            break;
        if (octet > MAX_LABEL)
            return false;
        last_but_one = last;
        last = at;
        at += octet + 1;
    }
    *ret = (struct place){begin, at + 1, last_but_one};
    return true;
}

/* Eight octets at once; only ASCII letters fold (RFC 4343), and no length octet is one. */
static inline uint64_t fold8(uint64_t octets)
{
    const uint64_t each = 0x0101010101010101U, high = 0x80 * each;
    uint64_t low = octets & ~high;
    uint64_t upper = (low + (0x80 - 'A') * each) & ~(low + (0x7f - 'Z') * each) & ~octets & high;
    return octets | upper >> 2;
}

/* Eight octets at a time; the last two loads overlap, for a branch would cost more. None touches an octet
 * behind the end, but one may begin before the first. */
static inline uint64_t hash_folded(const uint8_t *at, size_t length, uint64_t seed)
{
    uint64_t hash = hash_mix(seed, length);
    if (length == 0)
        return hash;
    for (; length > 16; at += 8, length -= 8)
        hash = hash_mix(hash, fold8(hash_load(at)));
    const uint8_t *last = at + length - 8;
    unsigned none = length < 8 ? 8 * (8 - (unsigned)length) : 0; /* bits of what comes before */
    hash = hash_mix(hash, fold8(hash_load(length < 8 ? last : at)) >> none);
    return hash_mix(hash, fold8(hash_load(last)) >> none);
}

/* "_ta-" in any case, as first label. */
static inline bool is_signal(const uint8_t *name)
{
    static const uint8_t prefix[4] = {'_', 't', 'a', '-'}, fold[4] = {0, 0x20, 0x20, 0};
    uint32_t octets, want, mask;
    memcpy(&octets, name + 1, sizeof octets);
    memcpy(&want, prefix, sizeof want);
    memcpy(&mask, fold, sizeof mask);
    return (octets | mask) == want && name[0] >= sizeof prefix;
}

static enum sighting_kind read_signal(const uint8_t *label, struct sighting *ret)
{
    unsigned count = 0;
    if (tasignal_parse(label + 1, label[0], ret->tags, &count) != 0) {
        ret->fault = tasignal_fault(label + 1, label[0]);
        return SIGHTING_INVALID;
    }
    ret->tag_count = (uint8_t)count;
    return ret->qtype == RR_NULL ? SIGHTING_TA_NULL : SIGHTING_TA_A;
}

static enum sighting_kind read_sentinel(const uint8_t *label, struct sighting *ret)
{
    enum sentinel_kind kind = sentinel_parse(label + 1, label[0], ret->tags);
    ret->tag_count = kind != SENTINEL_NONE;
    return kind == SENTINEL_IS_TA    ? SIGHTING_IS_TA
           : kind == SENTINEL_NOT_TA ? SIGHTING_NOT_TA
                                     : SIGHTING_NONE;
}

static enum sighting_kind kind_of(const uint8_t *name, size_t length, struct sighting *ret)
{
    uint16_t type = ret->qtype;
    if (type == RR_DNSKEY)
        return SIGHTING_DNSKEY;
    if ((type == RR_NULL || type == RR_A) && length > SIGNAL_HEAD && is_signal(name))
        return read_signal(name, ret);
    if (type == RR_A || type == RR_AAAA)
        return read_sentinel(name, ret);
    return SIGHTING_NONE;
}

/* Sets kind and what depends on it. */
static inline void judge_question(const uint8_t *octets, const struct place *place, struct sighting *ret)
{
    const uint8_t *name = octets + place->begin;
    size_t length = place->end - place->begin;
    bool may_be = ret->qtype == RR_DNSKEY || (length > SIGNAL_HEAD && is_signal(name)) ||
                  name[0] == IS_TA_LABEL || name[0] == IS_TA_LABEL + 1;
    if (__builtin_expect(!may_be, 1))
        return;
    ret->kind = (uint8_t)kind_of(name, length, ret);
    if (ret->kind == SIGHTING_NONE)
        return;
    size_t first = ret->kind == SIGHTING_DNSKEY ? 0 : name[0] + 1U; /* octets that are the signal */
    ret->zone = name + first;
    ret->zone_length = (uint16_t)(length - first);
    ret->question_hash = hash_folded(name, length, ret->qtype);
}

static inline void begin(struct sighting *ret, uint16_t qtype)
{
    ret->kind = SIGHTING_NONE;
    ret->qtype = qtype;
    ret->udp_size = 0;
    ret->question_hash = 0;
    ret->zone = NULL;
    ret->zone_length = 0;
    ret->tag_count = 0;
    ret->fault = NULL;
    ret->has_option = false;
    ret->option_fault = NULL;
    ret->option_count = 0;
}

static inline uint32_t names_hash(const uint8_t *octets, const struct place *place)
{
    uint64_t hash = hash_folded(octets + place->last_labels, place->end - 1 - place->last_labels, 0);
    return (uint32_t)(hash ^ hash >> 32);
}

void sighting_of_question(const struct name *name, uint16_t qtype, struct sighting *ret)
{
    uint8_t octets[8 + NAME_MAX_WIRE] = {0};
    struct place place;
    memset(ret, 0, sizeof *ret);
    ret->qtype = qtype;
    memcpy(octets + 8, name->wire, name->length);
    if (!walk_name(octets, 8U + name->length, 8, &place))
        return;
    ret->names_hash = names_hash(octets, &place);
    judge_question(octets, &place, ret);
    if (ret->zone)
        ret->zone = name->wire + (ret->zone - octets - 8);
}

/* ---- EDNS ---- */

/* The octet behind a name that may be compressed, 0 if the message ends before. */
static size_t skip_name(const uint8_t *message, size_t length, size_t at)
{
    while (at < length) {
        uint8_t octet = message[at];
        if (octet == 0)
            return at + 1;
        if (octet >= POINTER)
            return at + 2 <= length ? at + 2 : 0;
        if (octet > MAX_LABEL)
            return 0;
        at += octet + 1U;
    }
    return 0;
}

/* Where the type of the OPT record is, 0 without one. It lies in the additional section, anywhere (RFC 6891
 * §6.1.1), and its owner is the root. Records are as many as the message has octets for, so the walk ends. */
static size_t find_opt(const uint8_t *message, size_t length, size_t at)
{
    unsigned before = bytes_u16(message + 6) + (unsigned)bytes_u16(message + 8);
    unsigned count = before + bytes_u16(message + 10);
    for (unsigned i = 0; i < count && at < length; i++) {
        bool is_root = message[at] == 0;
        at = skip_name(message, length, at);
        if (at == 0 || length - at < RECORD)
            return 0;
        if (i >= before && is_root && bytes_u16(message + at) == RR_OPT)
            return at;
        at += RECORD + (size_t)bytes_u16(message + at + 8);
    }
    return 0;
}

/* Puts the tags of one more instance among those that are there. False: they are too many. */
static bool unite(struct sighting *ret, const uint16_t *tags, unsigned count)
{
    unsigned have = ret->option_count;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = have;
        while (at > 0 && ret->option_tags[at - 1] > tags[i])
            at--;
        if (at > 0 && ret->option_tags[at - 1] == tags[i])
            continue;
        if (have == TASIGNAL_MAX_OPTION)
            return false;
        memmove(ret->option_tags + at + 1, ret->option_tags + at, (have - at) * sizeof *tags);
        ret->option_tags[at] = tags[i];
        have++;
    }
    ret->option_count = (uint8_t)have;
    return true;
}

static const char *read_keytag(const uint8_t *value, size_t length, struct sighting *ret)
{
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    if (length == 0)
        return "an option without a key tag";
    if (length % 2)
        return "an option with an odd number of octets";
    if (tasignal_parse_option(value, length, tags, &count) != 0 || !unite(ret, tags, count))
        return "an option with more key tags than are read";
    return NULL;
}

/* The options of a DNSKEY query. What the capture cut is not there, and no fault. */
static void read_options(const uint8_t *at, const uint8_t *end, bool cut, struct sighting *ret)
{
    while (end - at >= 4) {
        uint16_t code = bytes_u16(at);
        size_t length = bytes_u16(at + 2);
        at += 4;
        bool whole = length <= (size_t)(end - at);
        if (code == TASIGNAL_OPTION && (whole || !cut)) {
            const char *fault =
                whole ? read_keytag(at, length, ret) : "an option that is longer than its record";
            ret->has_option = true;
            ret->option_fault = ret->option_fault ? ret->option_fault : fault;
        }
        if (!whole)
            return;
        at += length;
    }
}

/* `at`: the type of an OPT record whose fixed part is there. */
static void read_opt(const uint8_t *message, size_t length, size_t at, struct sighting *ret)
{
    size_t rdlength = bytes_u16(message + at + 8), left = length - at - RECORD;
    bool cut = ret->flags & SIGHTING_CUT;
    if (rdlength > left && !cut)
        return; /* a length that lies: no record */
    ret->udp_size = bytes_u16(message + at + 2);
    ret->flags = (uint8_t)(ret->flags | SIGHTING_EDNS | (message[at + 6] & 0x80 ? SIGHTING_DO : 0));
    if (ret->kind == SIGHTING_DNSKEY && !(ret->flags & SIGHTING_RESPONSE)) {
        const uint8_t *options = message + at + RECORD;
        read_options(options, options + (rdlength < left ? rdlength : left), rdlength > left, ret);
    }
}

/* ---- the message ---- */

/* Type and class behind the name. A capture may have cut the class, or half of it. */
static bool is_question_in(const uint8_t *message, size_t length, size_t at, bool cut)
{
    if (length >= at + 4)
        return bytes_u16(message + at + 2) == RR_CLASS_IN;
    return cut && length >= at + 2 && (length == at + 2 || message[at + 2] == 0);
}

static inline uint8_t flags_of(uint16_t bits, bool cut)
{
    return (uint8_t)(bits >> 15 | (bits & MESSAGE_RD) >> 5 | (bits & MESSAGE_CD) | (bits & MESSAGE_TC) >> 4 |
                     (cut ? SIGHTING_CUT : 0));
}

/* The OPT record of nearly all queries: the only record there is. */
static inline bool glance_opt(const uint8_t *at, size_t left, struct sighting_brief *ret)
{
    if (left < 1 + RECORD || at[0] || bytes_u16(at + 1) != RR_OPT || bytes_u16(at + 9) > left - 1 - RECORD)
        return false;
    ret->udp_size = bytes_u16(at + 3);
    ret->flags = (uint8_t)(ret->flags | SIGHTING_EDNS | (at[7] & 0x80 ? SIGHTING_DO : 0));
    return true;
}

bool sighting_glance(const uint8_t *message, size_t length, size_t wire_length, struct sighting_brief *ret)
{
    struct place place;
    if (length != wire_length || length < MESSAGE_HEADER + 5)
        return false;
    uint16_t bits = bytes_u16(message + 2);
    if ((bits & MESSAGE_OPCODE) || bytes_u16(message + 4) != 1 ||
        !walk_name(message, length - 4, MESSAGE_HEADER, &place))
        return false;
    const uint8_t *name = message + MESSAGE_HEADER, *type = message + place.end;
    if (bytes_u16(type) == RR_DNSKEY || bytes_u16(type + 2) != RR_CLASS_IN || is_signal(name) ||
        name[0] == IS_TA_LABEL || name[0] == IS_TA_LABEL + 1)
        return false;
    ret->names_hash = names_hash(message, &place);
    ret->udp_size = 0;
    ret->flags = flags_of(bits, false);
    static const uint8_t one[6] = {0, 0, 0, 0, 0, 1};
    if ((bits & MESSAGE_QR) || !(message[10] | message[11]))
        return true;
    return memcmp(message + 6, one, sizeof one) == 0 && glance_opt(type + 4, length - place.end - 4, ret);
}

bool sighting_read(const uint8_t *message, size_t length, size_t wire_length, struct sighting *ret)
{
    struct place place;
    bool cut = length < wire_length;
    if (length > wire_length)
        length = wire_length;
    if (length < MESSAGE_HEADER)
        return false;
    uint16_t bits = bytes_u16(message + 2);
    if ((bits & MESSAGE_OPCODE) || bytes_u16(message + 4) != 1)
        return false;
    if (!walk_name(message, length, MESSAGE_HEADER, &place) ||
        !is_question_in(message, length, place.end, cut))
        return false;
    begin(ret, bytes_u16(message + place.end));
    ret->id = bytes_u16(message);
    ret->flags = flags_of(bits, cut);
    ret->rcode = (uint8_t)(bits & MESSAGE_QR ? bits & 0xf : 0);
    ret->names_hash = names_hash(message, &place);
    judge_question(message, &place, ret);
    if ((bits & MESSAGE_QR) && ret->kind == SIGHTING_NONE)
        return true;
    size_t at = place.end + 4;
    if (message[10] | message[11]) {
        at = find_opt(message, length, at);
        if (at)
            read_opt(message, length, at, ret);
    }
    return true;
}
