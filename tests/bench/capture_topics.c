/* Messages are written one after the other into one piece of memory. Names below a TLD begin with the random
 * label, so that pointers of the answer always lead to the same place behind it. What is random about an
 * answer (signatures, digests, addresses) belongs to its topic and is repeated with it, as signatures of the
 * root zone are. There are so many topics, and so few names that are absent (whose proofs are alike), that a
 * capture compresses as those of root servers do: with gzip to a half, with zstd to a third. */
#include "capture_topics.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const topics_tag_sets[TOPICS_TAG_SETS] = {
    "4f66-9728", "9728", "4a5c-4f66-9728", "4f66", "4a5c-4f66"};

static const char *const tld_names[] = {"com", "net", "arpa", "org", "de", "uk", "cn", "io", "jp", "br"};

enum {
    MEMORY = 100 << 20,
    SIGNATURE = 256,  /* RSA-2048 */
    PART_ABSENT = 20, /* of a hundred ordinary topics: names that are not there */
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_SOA = 6,
    TYPE_NULL = 10,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_DS = 43,
    TYPE_RRSIG = 46,
    TYPE_NSEC = 47,
    TYPE_DNSKEY = 48,
};

/* Where the next octet goes, and the random numbers of the topic. */
struct maker {
    uint8_t *at;
    uint64_t seed, counter;
};

static uint64_t draw(struct maker *maker)
{
    return hash_mix(maker->seed, ++maker->counter);
}

static void put(struct maker *maker, const void *bytes, size_t length)
{
    memcpy(maker->at, bytes, length);
    maker->at += length;
}

static void put_u8(struct maker *maker, unsigned value)
{
    *maker->at++ = (uint8_t)value;
}

static void put_u16(struct maker *maker, unsigned value)
{
    put_u8(maker, value >> 8);
    put_u8(maker, value & 255);
}

static void put_random(struct maker *maker, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put_u8(maker, (unsigned)(draw(maker) >> 20) & 255);
}

static void put_label(struct maker *maker, const char *text, size_t length)
{
    put_u8(maker, (unsigned)length);
    put(maker, text, length);
}

/* Presentation form without escapes; "" is the root. */
static void put_name(struct maker *maker, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, ".");
        put_label(maker, text, length);
        text += length + (text[length] == '.');
    }
    put_u8(maker, 0);
}

static void put_pointer(struct maker *maker, size_t offset)
{
    put_u16(maker, 0xc000 | (unsigned)offset);
}

/* After the owner: TYPE, class IN, TTL, RDLENGTH. */
static void put_record(struct maker *maker, unsigned type, unsigned ttl, size_t length)
{
    put_u16(maker, type);
    put_u16(maker, 1);
    put_u16(maker, ttl >> 16);
    put_u16(maker, ttl & 0xffff);
    put_u16(maker, (unsigned)length);
}

/* The record's owner was written. The zone is the root, so the signer is one octet. */
static void put_rrsig(struct maker *maker, unsigned covered, unsigned labels)
{
    put_record(maker, TYPE_RRSIG, 86400, 18 + 1 + SIGNATURE);
    put_u16(maker, covered);
    put_u8(maker, 8);
    put_u8(maker, labels);
    put(maker, "\0\1\121\200\152\305\1\200\152\262\173\360\262\167", 14);
    put_u8(maker, 0);
    put_random(maker, SIGNATURE);
}

static void put_opt(struct maker *maker, enum topics_class class, unsigned size, const char *tags)
{
    if (class == TOPICS_PLAIN)
        return;
    size_t tag_count = tags ? (strlen(tags) + 1) / 5 : 0;
    put_u8(maker, 0);
    put_u16(maker, 41);
    put_u16(maker, size);
    put_u16(maker, 0);
    put_u16(maker, class == TOPICS_EDNS ? 0 : 0x8000);
    put_u16(maker, (unsigned)(tags ? 4 + 2 * tag_count : 0));
    if (!tags)
        return;
    put_u16(maker, 14);
    put_u16(maker, (unsigned)(2 * tag_count));
    for (size_t i = 0; i < tag_count; i++)
        put_u16(maker, (unsigned)strtoul(tags + 5 * i, NULL, 16));
}

/* ---- questions ---- */

struct question {
    const char *label; /* first; NULL: `random` octets that change from packet to packet */
    unsigned random;
    const char *below; /* the rest of the name */
    unsigned type;
    const char *option; /* tags of an edns-key-tag option, or NULL */
};

static void put_question(struct maker *maker, const struct question *question)
{
    if (question->label)
        put_label(maker, question->label, strlen(question->label));
    else if (question->random) {
        put_u8(maker, question->random);
        memset(maker->at, 'a', question->random);
        maker->at += question->random;
    }
    put_name(maker, question->below);
    put_u16(maker, question->type);
    put_u16(maker, 1);
}

static uint8_t *begin(struct maker *maker)
{
    maker->at += (size_t)maker->at & 1; /* sums are of aligned words */
    uint8_t *message = maker->at + 2;
    memset(maker->at, 0, 14);
    maker->at += 14;
    return message;
}

uint64_t topics_sum(const uint8_t *bytes, size_t length)
{
    uint64_t sum = 0;
    uint32_t word;
    for (; length >= 4; bytes += 4, length -= 4) {
        memcpy(&word, bytes, 4);
        sum += word;
    }
    word = 0;
    memcpy(&word, bytes, length);
    return sum + word;
}

/* Header, length, sum. */
static struct topics_message finish(
    struct maker *maker, uint8_t *message, unsigned flags, const uint16_t counts[4])
{
    size_t length = (size_t)(maker->at - message);
    message[-2] = (uint8_t)(length >> 8);
    message[-1] = (uint8_t)length;
    for (unsigned i = 0; i < 4; i++) {
        message[4 + 2 * i] = (uint8_t)(counts[i] >> 8);
        message[5 + 2 * i] = (uint8_t)counts[i];
    }
    size_t window = length - 12 < TOPICS_LABEL_MOST + 2 ? (length - 12) & ~(size_t)1 : TOPICS_LABEL_MOST + 2;
    *maker->at = 0;
    return (struct topics_message){
        .bytes = message,
        .length = (uint16_t)length,
        .window = (uint16_t)window,
        .flags = (uint16_t)flags,
        .sum = topics_sum(message + 4, 8) + topics_sum(message + 12 + window, length - 12 - window),
    };
}

/* ---- answers ---- */

/* A referral: name servers and their addresses, and with DO the DS record, signed. */
static void put_referral(struct maker *maker, const uint8_t *message, size_t tld_at, bool signing,
    unsigned servers, uint16_t counts[4])
{
    size_t target[13];
    for (unsigned i = 0; i < servers; i++) {
        put_pointer(maker, tld_at);
        put_record(maker, TYPE_NS, 172800, 8);
        target[i] = (size_t)(maker->at - message);
        put_label(maker, &"abcdefghijklm"[i], 1);
        put_label(maker, "nic", 3);
        put_pointer(maker, tld_at);
    }
    if (signing) {
        put_pointer(maker, tld_at);
        put_record(maker, TYPE_DS, 86400, 36);
        put_random(maker, 2);
        put(maker, "\10\2", 2);
        put_random(maker, 32);
        put_pointer(maker, tld_at);
        put_rrsig(maker, TYPE_DS, 1);
    }
    for (unsigned i = 0; i < servers; i++) {
        put_pointer(maker, target[i]);
        put_record(maker, TYPE_A, 172800, 4);
        put_random(maker, 4);
        put_pointer(maker, target[i]);
        put_record(maker, TYPE_AAAA, 172800, 16);
        put(maker, "\x20\1\5", 3);
        put_random(maker, 13);
    }
    counts[2] = (uint16_t)(servers + (signing ? 2 : 0));
    counts[3] = (uint16_t)(2 * servers);
}

static void put_nsec(struct maker *maker, const char *owner, const char *next)
{
    put_name(maker, owner);
    put_record(maker, TYPE_NSEC, 86400, strlen(next) + 2 + 8);
    put_name(maker, next);
    put(maker, "\0\6\40\0\0\0\0\23", 8);
}

/* No such name: SOA, and with DO the proof. `near` and `next` are TLDs around it. SOA and the apex are the
 * same in each answer, so are their signatures. */
static void put_absent(struct maker *maker, bool signing, const char *near, const char *next,
    uint64_t apex_seed, uint16_t counts[4])
{
    struct maker apex = {maker->at, apex_seed, 0};
    put_u8(&apex, 0);
    put_record(&apex, TYPE_SOA, 86400, 64);
    put_name(&apex, "a.root-servers.net");
    put_name(&apex, "nstld.verisign-grs.com");
    put(&apex, "\170\302\332\244\0\0\7\10\0\0\3\204\0\11\72\200\0\1\121\200", 20);
    if (signing) {
        put_u8(&apex, 0);
        put_rrsig(&apex, TYPE_SOA, 0);
        put_nsec(&apex, "", "aaa");
        put_u8(&apex, 0);
        put_rrsig(&apex, TYPE_NSEC, 0);
    }
    maker->at = apex.at;
    if (signing) {
        put_nsec(maker, near, next);
        put_name(maker, near);
        put_rrsig(maker, TYPE_NSEC, 1);
    }
    counts[2] = signing ? 6 : 1;
}

/* Three keys and a signature. */
static void put_keys(struct maker *maker, bool signing, uint16_t counts[4])
{
    for (unsigned i = 0; i < 3; i++) {
        put_u8(maker, 0);
        put_record(maker, TYPE_DNSKEY, 172800, 4 + 260);
        put_u16(maker, i ? 257 : 256);
        put(maker, "\3\10\3\1\0\1", 6);
        put_random(maker, 256);
    }
    if (signing) {
        put_u8(maker, 0);
        put_rrsig(maker, TYPE_DNSKEY, 0);
    }
    counts[1] = signing ? 4 : 3;
}

/* ---- topics ---- */

enum kind { ABSENT, REFERRAL, KEYS };

struct wish {
    struct question question;
    enum kind kind;
    const char *near, *next;
    unsigned servers;
};

static struct topics_message make_query(struct maker *maker, const struct wish *wish, enum topics_class class)
{
    uint16_t counts[4] = {1, 0, 0, class != TOPICS_PLAIN};
    uint8_t *message = begin(maker);
    put_question(maker, &wish->question);
    put_opt(maker, class, class == TOPICS_DO_BIG ? 4096 : 1232, wish->question.option);
    return finish(maker, message, 0, counts);
}

static struct topics_message make_answer(
    struct maker *maker, const struct wish *wish, enum topics_class class, bool cut, uint64_t apex_seed)
{
    enum { RESPONSE = 0x8000, AUTHORITATIVE = 0x0400, TRUNCATED = 0x0200, NXDOMAIN = 3 };
    const struct question *question = &wish->question;
    uint16_t counts[4] = {1};
    unsigned flags = RESPONSE | (cut ? TRUNCATED : 0);
    uint8_t *message = begin(maker);
    put_question(maker, question);
    if (!cut && wish->kind == REFERRAL) {
        size_t tld_at = question->random ? 13 + question->random : 12;
        put_referral(maker, message, tld_at, class >= TOPICS_DO, wish->servers, counts);
    } else if (!cut && wish->kind == KEYS) {
        flags |= AUTHORITATIVE;
        put_keys(maker, class >= TOPICS_DO, counts);
    } else if (!cut) {
        flags |= AUTHORITATIVE | NXDOMAIN;
        put_absent(maker, class >= TOPICS_DO, wish->near, wish->next, apex_seed, counts);
    }
    put_opt(maker, class, 4096, NULL);
    counts[3] = (uint16_t)(counts[3] + (class != TOPICS_PLAIN));
    return finish(maker, message, flags, counts);
}

static void make_topic(
    struct maker *maker, const struct wish *wish, uint64_t apex_seed, struct topics_topic *ret)
{
    ret->label = (uint8_t)(wish->question.label ? 0 : wish->question.random);
    uint64_t counter = maker->counter;
    for (enum topics_class class = 0; class < TOPICS_CLASSES; class ++) {
        maker->counter = counter; /* the same addresses and signatures for every class */
        ret->query[class] = make_query(maker, wish, class);
        if (class == TOPICS_DO_BIG) {
            ret->answer[class] = ret->answer[TOPICS_DO];
            ret->cut[class] = ret->cut[TOPICS_DO];
            continue;
        }
        ret->answer[class] = make_answer(maker, wish, class, false, apex_seed);
        ret->cut[class] = make_answer(maker, wish, class, true, apex_seed);
    }
    maker->counter = counter + 4096;
}

static void tld_name(struct maker *maker, unsigned number, char out[16])
{
    if (number < sizeof tld_names / sizeof *tld_names) {
        snprintf(out, 16, "%s", tld_names[number]);
        return;
    }
    size_t length = 2 + draw(maker) % 8;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)('a' + draw(maker) % 26);
    out[length] = '\0';
}

static void make_ordinary(struct maker *maker, struct topics *topics, uint64_t apex_seed)
{
    static const unsigned types[] = {TYPE_A, TYPE_A, TYPE_AAAA, TYPE_A, TYPE_NS, TYPE_AAAA, TYPE_DS};
    char near[16] = "zw", name[16];
    for (unsigned i = 0; i < TOPICS_ORDINARY; i++) {
        tld_name(maker, i, name);
        bool absent = draw(maker) % 100 < PART_ABSENT;
        unsigned shape = (unsigned)(draw(maker) % 4);
        struct wish wish = {
            .question = {.random = 4 + (unsigned)(draw(maker) % (TOPICS_LABEL_MOST - 3)),
                .below = name,
                .type = types[draw(maker) % 7]},
            .kind = absent ? ABSENT : REFERRAL,
            .near = near,
            .next = name,
            .servers = 4 + (unsigned)(draw(maker) % 8),
        };
        if (absent && shape < 2)
            wish.question.below = shape ? "" : "localdomain"; /* rubbish, as browsers and offices ask */
        else if (!absent && shape == 0)
            wish.question.random = 0; /* minimised */
        make_topic(maker, &wish, apex_seed, &topics->ordinary[i]);
        memcpy(near, name, sizeof near);
    }
}

/* "_ta-4f66-9728" as it is, in two mixtures of case, and with its last tag twice. */
static void spell(const char *tags, unsigned spelling, char out[32])
{
    int length = snprintf(out, 32, "_ta-%s", tags);
    if (spelling == TOPICS_SPELLINGS - 1)
        snprintf(out + length, 32 - (size_t)length, "-%s", tags + strlen(tags) - 4);
    for (int i = 0; i < length && (spelling == 1 || spelling == 2); i++)
        if (out[i] >= 'a' && out[i] <= 'z' && ((unsigned)i + spelling) % 2)
            out[i] = (char)(out[i] - 32);
}

static void make_signals(struct maker *maker, struct topics *topics, uint64_t apex_seed)
{
    char label[40];
    struct wish wish = {
        .question = {.label = label, .below = "", .type = TYPE_NULL}, .near = "zw", .next = "aaa"};
    for (unsigned set = 0; set < TOPICS_TAG_SETS; set++)
        for (unsigned spelling = 0; spelling < TOPICS_SPELLINGS; spelling++) {
            spell(topics_tag_sets[set], spelling, label);
            make_topic(maker, &wish, apex_seed, &topics->signals[set][spelling]);
        }
    wish.question.type = TYPE_A;
    wish.question.below = "com";
    for (unsigned i = 0; i < TOPICS_SENTINELS; i++) {
        snprintf(label, sizeof label, "root-key-sentinel-%s-ta-%05u", i % 2 ? "not" : "is",
            i % 4 < 2 ? 20326 : 38696);
        wish.kind = ABSENT;
        make_topic(maker, &wish, apex_seed, &topics->sentinels[i]);
    }
    wish.kind = KEYS;
    wish.question = (struct question){.below = "", .type = TYPE_DNSKEY};
    make_topic(maker, &wish, apex_seed, &topics->dnskey);
    for (unsigned set = 0; set < TOPICS_TAG_SETS; set++) {
        wish.question.option = topics_tag_sets[set];
        make_topic(maker, &wish, apex_seed, &topics->options[set]);
    }
}

static const struct {
    const char *label, *below;
    unsigned type;
    bool invalid;
} decoys[TOPICS_DECOYS] = {
    {"_ta-zz66", "", TYPE_NULL, true},     /* no hexadecimal digits */
    {"_ta-4f6", "", TYPE_NULL, true},      /* three of them */
    {"_ta-4f66", "", TYPE_TXT, false},     /* a type that is no signal */
    {"www", "_ta-4f66", TYPE_NULL, false}, /* not the first label */
    {"_tb-4f66", "", TYPE_NULL, false},
};

bool topics_decoy_invalid(unsigned decoy)
{
    return decoys[decoy].invalid;
}

static void make_decoys(struct maker *maker, struct topics *topics, uint64_t apex_seed)
{
    for (unsigned i = 0; i < TOPICS_DECOYS; i++) {
        struct wish wish = {
            .question = {.label = decoys[i].label, .below = decoys[i].below, .type = decoys[i].type},
            .near = "zw",
            .next = "aaa",
        };
        make_topic(maker, &wish, apex_seed, &topics->decoys[i]);
    }
}

struct topics *topics_new(uint64_t seed)
{
    struct topics *topics = calloc(1, sizeof *topics);
    if (!topics)
        return NULL;
    topics->memory = calloc(1, MEMORY);
    if (!topics->memory) {
        free(topics);
        return NULL;
    }
    struct maker maker = {topics->memory, hash_mix(seed, 1), 0};
    uint64_t apex_seed = hash_mix(seed, 2);
    make_ordinary(&maker, topics, apex_seed);
    make_signals(&maker, topics, apex_seed);
    make_decoys(&maker, topics, apex_seed);
    return topics;
}

void topics_free(struct topics *topics)
{
    if (!topics)
        return;
    free(topics->memory);
    free(topics);
}
