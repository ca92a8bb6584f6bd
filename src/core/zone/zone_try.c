#include "core/zone/zone_try.h"

#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made for these tests and used nowhere else. */
static const char *const key_text[TRY_KEYS] = {
    [KEY_A] = "Private-key-format: v1.2\n"
              "Algorithm: 13 (ECDSAP256SHA256)\n"
              "PrivateKey: 9H9Btb/XtN66dAvwnzeX/5AglUI4n0X6OiLE3MkdbDk=\n",
    [KEY_B] = "Private-key-format: v1.2\n"
              "Algorithm: 13 (ECDSAP256SHA256)\n"
              "PrivateKey: wVNoLt6Lu6wJRVK7jugj+qYXwdVRcXcc0cKkXRly8AI=\n",
    [KEY_ZSK] = "Private-key-format: v1.2\n"
                "Algorithm: 13 (ECDSAP256SHA256)\n"
                "PrivateKey: UwK8kjFZ2Tm5C3x6aEBnxpV5vgWXfKwMaYvPXk4mjKE=\n",
    [KEY_CHILD] = "Private-key-format: v1.2\n"
                  "Algorithm: 13 (ECDSAP256SHA256)\n"
                  "PrivateKey: Irr1mGu4Dq9OiZYQ9zd7X50q3uc0HATuwHzqoTIKaTQ=\n",
    [KEY_RSA] =
        "Private-key-format: v1.2\n"
        "Algorithm: 8 (RSASHA256)\n"
        "Modulus: tyeSRZ1IjZGsgcrZ4eRYfE/01/zqlk+oBEYLDsgUqW9/JmLX0ePMXlG4jVoA/+tQupko50LAdngZGsY4gQ9LiGl"
        "BZnvQGABwEXpSWBS45PzbatDekLBTMSsmRdVdYKfgp4rzrsTuW59mt9yQWQ8DBxphW1fGRgkrHz/b7PdCOEIyI1a1F+6EwHg"
        "5tz7YFVZThbmJBv9FNYmRxpBd6ETuU1lywJY5Yh/lIj6g0kj8uO7UGyc/2OeMEyTYarHGp8TbyukEMcDKp4Q3IGWfIb6+/lK"
        "hN5xFlLkoRlc+je/37V0tZpIuQMQFBLoUhA7k1NemUALAdjWtY3J65RFeTQZGrw==\n"
        "PublicExponent: AQAB\n"
        "PrivateExponent: GVagJdax8uP0ZFXBTumy/tUQ9SXy+QM20LXf/GuHGum8mCg/M1+7JlFSoZDnZ9W7lWpwU44okjs16JO"
        "uaCx1hqmzzTnT0CjqAtZUDgYlON4X0kSTMJve5oPRsleSU4zmHPJcRBF6kwe6bjVVbadmA9WNIoCXgu5ByPuiBrvZAsSUajv"
        "zo6cqo8MMmek2OuJH+9cg85nTz9d3k3G4hBVerr6oGRyEbadrOT8kTAEHMd5KeKL95pSWRAe1UXN8hKWHcaV0+ynVmS7Xkpd"
        "JtOiQtWYyVaH/7kh2EeKyzDkpM7BrBGu6HyMGhF6y6EpDZngWWCUjaJpVlqBSnQ0verMuAQ==\n"
        "Prime1: 27ywzoSwUN+yC234Er8gbleearRsieXV+VCmthlkMiMHSb+LIQ0OpeP3v2A12Z7KVw6DSPW6azi3L6lNl5/i/VMA"
        "wH1xkPPvI1mFEuOwsMR36xtBfQe7hBinCwhi7BrpGMnSY61/XpW52GAWzF4mA03ok6kcWk5CPce1NslCehU=\n"
        "Prime2: 1WFd+sPhCWedqY2hRTibAnJ/gDQAJo7uaqzD+M+wxRudaWMYt6srpocriv6S5W4EEJSxe7y0vy3pVFFoAXleNvZW"
        "m+54UIF2L3HTs6dAfp9OcimidPdezGUB/TCVLOPM9s9OlxGKqiPcVwyOp6cCcSgtk2pgdAjS6hBqQcurwrM=\n"
        "Exponent1: r00t0NRSxXJw3GVzD6GjAeSs4XvnS2ws9KW/Gm/PW6BOZCuHl2qPURE5yVe8Hk1sJ1/QpRhFDN1GZ6Ot31UTB"
        "f5+DxME0xuIoK7+Vz+G6r8S3GH2MQVGN/Bi845RPQOLCteYHSWBA7h3d4PRLGG/+crhzUuQ7wqYFimJDJgrjLE=\n"
        "Exponent2: SBxzqj9wWcFOovJeQgpzOEyBkk4AjwdWw25HfFqUHsjKVcdLnyaVxd2AdaS6+BZKAWB+6pZHbySQ6hHo2DawB"
        "FsTwfbBalOWIUqShPBM933XAPXZFTZULzcjiPFWOKlzpyVAJgWjmwQrfq+btkTWqm8tl9gnaI9i1/9cKYgvL8k=\n"
        "Coefficient: gZG5wFE/br6OfuA145gJiiFiHK+8PYsoKgs9tk84KmafOWySHAgzEDWs3UKm47tkrB3vgEK7RhPkVFt6O7S"
        "X+//S7i4s4J3sNxHcmIbZhF0NZEQJqPoVVGfJbi3f7P9FTWuGXQ5miB/L9wcUGx6RLcCfEtakFIMFElMM7QMud5I=\n",
    [KEY_ED25519] = "Private-key-format: v1.2\n"
                    "Algorithm: 15 (ED25519)\n"
                    "PrivateKey: zzJjHydtI3uJkNeHp/hbGS1iYiaT4jpDbumjRpZ0wHM=\n",
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "zone_try: %s\n", what);
    abort();
}

static struct dnskey *made[TRY_KEYS];

const struct dnskey *try_key(enum try_key which)
{
    struct err_note note = {{0}};
    uint16_t flags = which == KEY_ZSK || which == KEY_ED25519 ? DNSKEY_ZSK : DNSKEY_KSK;
    if (!made[which])
        must(!dnskey_from_private_text(key_text[which], strlen(key_text[which]), flags, &made[which], &note),
            note.text);
    return made[which];
}

struct dnskey *try_key_as(enum try_key which, uint8_t algorithm)
{
    char text[4096];
    struct dnskey *key;
    struct err_note note = {{0}};
    const char *rest = strchr(strchr(key_text[which], '\n') + 1, '\n'); /* behind "Algorithm: …" */
    int length = snprintf(text, sizeof text, "Private-key-format: v1.2\nAlgorithm: %u%s", algorithm, rest);
    must(!dnskey_from_private_text(text, (size_t)length, DNSKEY_KSK, &key, &note), note.text);
    return key;
}

void try_keys_free(void)
{
    for (size_t i = 0; i < TRY_KEYS; i++) {
        dnskey_free(made[i]);
        made[i] = NULL;
    }
}

struct name try_name(const char *text)
{
    struct name name;
    must(!name_from_text(text, &name, NULL), text);
    return name;
}

static const struct {
    const char *name;
    uint16_t type;
} types[] = {{"A", RR_A}, {"AAAA", RR_AAAA}, {"NS", RR_NS}, {"CNAME", RR_CNAME}, {"PTR", RR_PTR},
    {"SOA", RR_SOA}, {"MX", RR_MX}, {"TXT", RR_TXT}, {"DS", RR_DS}, {"NULL", RR_NULL}};

static uint16_t type_of(const char *text)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, text))
            return types[i].type;
    must(false, text);
    return 0;
}

static struct name owner_of(const char *text, const char *apex)
{
    char whole[600];
    if (!strcmp(text, "@"))
        return try_name(apex);
    if (text[strlen(text) - 1] == '.')
        return try_name(text);
    snprintf(whole, sizeof whole, "%s.%s", text, strcmp(apex, ".") ? apex : "");
    return try_name(whole);
}

static void add_name(struct writer *out, const char *word, const char *apex)
{
    struct name name = owner_of(word, apex);
    name_lower(&name);
    writer_bytes(out, name.wire, name.length);
}

static void add_numbers(struct writer *out, char **words, size_t count, unsigned octets)
{
    for (size_t i = 0; i < count; i++) {
        unsigned long number = strtoul(words[i], NULL, 0);
        if (octets == 4)
            writer_u32(out, (uint32_t)number);
        else
            writer_u16(out, (uint16_t)number);
    }
}

static void add_address(struct writer *out, const char *word, bool ipv6)
{
    unsigned n[4] = {0};
    if (!ipv6) {
        must(sscanf(word, "%u.%u.%u.%u", &n[0], &n[1], &n[2], &n[3]) == 4, word);
        for (size_t i = 0; i < 4; i++)
            writer_u8(out, (uint8_t)n[i]);
        return;
    }
    must(sscanf(word, "2001:db8::%x", &n[0]) == 1, word);
    writer_u32(out, 0x20010db8);
    writer_u32(out, 0);
    writer_u32(out, 0);
    writer_u32(out, n[0]);
}

static void add_hex(struct writer *out, const char *word)
{
    unsigned octet;
    for (; sscanf(word, "%2x", &octet) == 1; word += 2)
        writer_u8(out, (uint8_t)octet);
}

static size_t make_rdata(uint16_t type, char **words, size_t count, const char *apex, uint8_t *bytes)
{
    struct writer out = writer_over(bytes, 2048);
    switch (type) {
    case RR_A:
    case RR_AAAA:
        add_address(&out, words[0], type == RR_AAAA);
        break;
    case RR_NS:
    case RR_CNAME:
    case RR_PTR:
        add_name(&out, words[0], apex);
        break;
    case RR_MX:
        add_numbers(&out, words, 1, 2);
        add_name(&out, words[1], apex);
        break;
    case RR_SOA:
        add_name(&out, words[0], apex);
        add_name(&out, words[1], apex);
        add_numbers(&out, words + 2, 5, 4);
        break;
    case RR_TXT:
        for (size_t i = 0; i < count; i++) {
            writer_u8(&out, (uint8_t)strlen(words[i]));
            writer_bytes(&out, words[i], strlen(words[i]));
        }
        break;
    case RR_DS:
        add_numbers(&out, words, 1, 2);
        writer_u8(&out, (uint8_t)atoi(words[1]));
        writer_u8(&out, (uint8_t)atoi(words[2]));
        add_hex(&out, words[3]);
        break;
    default:
        add_hex(&out, count ? words[0] : "");
    }
    return writer_used(&out);
}

enum { MOST_SETS = 4096, MOST_WORDS = 64, MOST_RECORDS = 128 };

static void add_record(struct arena *arena, struct rrset *sets, size_t *count, const char *apex, char *line)
{
    char *words[MOST_WORDS], *save = NULL;
    uint8_t bytes[2048];
    size_t word_count = 0;
    for (char *word = strtok_r(line, " ", &save); word && word_count < MOST_WORDS;
         word = strtok_r(NULL, " ", &save))
        words[word_count++] = word;
    if (word_count < 3)
        return;
    struct name owner = owner_of(words[0], apex);
    uint16_t type = type_of(words[2]);
    size_t length = make_rdata(type, words + 3, word_count - 3, apex, bytes), at = 0;
    while (at < *count && !(sets[at].type == type && name_equal(&sets[at].owner, &owner)))
        at++;
    if (at == *count) {
        must(*count < MOST_SETS, "too many sets");
        sets[at] = (struct rrset){
            .owner = owner, .type = type, .class = RR_CLASS_IN, .ttl = (uint32_t)atoi(words[1])};
        sets[at].rdata = arena_alloc(arena, MOST_RECORDS * sizeof(struct rdata));
        ++*count;
    }
    must(sets[at].count < MOST_RECORDS, "too many records");
    sets[at].rdata[sets[at].count++] =
        (struct rdata){.bytes = arena_copy(arena, bytes, length), .length = (uint16_t)length};
}

struct rrset *try_records(struct arena *arena, const char *apex, const char *text, size_t *ret_count)
{
    struct rrset *sets = calloc(MOST_SETS, sizeof *sets);
    char *copy = strdup(text), *save = NULL;
    must(sets && copy, "memory");
    *ret_count = 0;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        add_record(arena, sets, ret_count, apex, line);
    struct rrset *kept = arena_copy(arena, sets, *ret_count * sizeof *sets);
    free(copy);
    free(sets);
    return kept;
}

#define AT(seconds) (TRY_NOW + (seconds)*UTC_SECOND)

const struct plan *try_plan(void)
{
    static struct plan_step steps[] = {{.what = PLAN_PUBLISH, .at_us = 0}, {.what = PLAN_SIGN, .at_us = 0}};
    static struct plan_key keys[] = {
        {.id = "KSK-A", .algorithm = 13, .tag = -1, .revoked_tag = -1, .steps = steps, .step_count = 2}};
    static struct plan plan = {.name = "try",
        .zone = "example.",
        .dnskey_ttl_s = 3600,
        .signature_s = 14 * 86400,
        .keys = keys,
        .key_count = 1};
    return &plan;
}

const struct plan *try_rolling_plan(void)
{
    static struct plan_step a[] = {{.what = PLAN_PUBLISH, .at_us = 0}, {.what = PLAN_SIGN, .at_us = 0},
        {.what = PLAN_STOP, .at_us = AT(200)}, {.what = PLAN_REVOKE, .at_us = AT(300)},
        {.what = PLAN_WITHDRAW, .at_us = AT(400)}};
    static struct plan_step b[] = {
        {.what = PLAN_PUBLISH, .at_us = AT(100)}, {.what = PLAN_SIGN, .at_us = AT(200)}};
    static struct plan_key keys[] = {
        {.id = "KSK-A", .algorithm = 13, .tag = -1, .revoked_tag = -1, .steps = a, .step_count = 5},
        {.id = "KSK-B", .algorithm = 13, .tag = -1, .revoked_tag = -1, .steps = b, .step_count = 2}};
    static struct plan plan = {.name = "try-rolling",
        .zone = "example.",
        .dnskey_ttl_s = 10,
        .signature_s = 600,
        .keys = keys,
        .key_count = 2};
    return &plan;
}

const struct zone_keys *try_zone_keys(void)
{
    static struct zone_keys keys;
    if (!keys.count) {
        keys.entry = calloc(2, sizeof *keys.entry); /* kept to the end */
        must(keys.entry != NULL, "memory");
        keys.count = 2;
    }
    keys.entry[0].id = "KSK-A";
    keys.entry[0].key = try_key(KEY_A);
    keys.entry[1].id = "KSK-B";
    keys.entry[1].key = try_key(KEY_B);
    return &keys;
}

struct zone_view *try_view(struct zone_spec spec, const char *apex, const char *text, int64_t t_us)
{
    struct arena *arena = arena_new();
    struct zone_view *view;
    struct err_note note = {{0}};
    spec.apex = try_name(apex);
    spec.records = try_records(arena, apex, text, &spec.record_count);
    must(!zone_view_make(&spec, t_us, &view, &note), note.text);
    arena_free(arena);
    return view;
}

const char *const try_zone_text =
    "@ 3600 SOA ns1 hostmaster 1 3600 600 86400 300\n"
    "@ 3600 NS ns1\n"
    "@ 3600 NS ns2\n"
    "@ 3600 NS ns.other.test.\n"
    "@ 300 A 192.0.2.1\n"
    "@ 300 MX 10 mail\n"
    "@ 300 TXT hello world\n"
    "ns1 3600 A 192.0.2.2\n"
    "ns1 3600 AAAA 2001:db8::2\n"
    "ns2 3600 A 192.0.2.3\n"
    "mail 300 A 192.0.2.4\n"
    "www 300 A 192.0.2.5\n"
    "www 300 A 192.0.2.6\n"
    "www 300 AAAA 2001:db8::5\n"
    "alias 300 CNAME www\n"
    "alias2 300 CNAME alias\n"
    "loop1 300 CNAME loop2\n"
    "loop2 300 CNAME loop1\n"
    "away 300 CNAME www.other.test.\n"
    "dangling 300 CNAME nothing.here\n"
    "towild 300 CNAME some.thing.wild\n"
    "down 300 CNAME www.secure\n"
    "*.wild 300 A 192.0.2.7\n"
    "*.wild 300 TXT wild\n"
    "known.wild 300 A 192.0.2.8\n"
    "*.cwild 300 CNAME www\n"
    "a.deep.empty 300 A 192.0.2.9\n"
    "insecure 3600 NS ns1.insecure\n"
    "insecure 3600 NS ns2.insecure\n"
    "insecure 3600 NS ns1.secure\n"
    "ns1.insecure 3600 A 192.0.2.10\n"
    "ns1.insecure 3600 AAAA 2001:db8::10\n"
    "ns2.insecure 3600 A 192.0.2.11\n"
    "secure 3600 NS ns1.secure\n"
    "secure 3600 NS ns1\n"
    "secure 3600 DS 12345 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "ns1.secure 3600 A 192.0.2.12\n"
    "_ta-1234 60 TXT signal\n"
    "big 300 TXT "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    "big 300 TXT "
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
    "big 300 TXT "
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\n"
    "big 300 TXT "
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\n"
    "big 300 TXT "
    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n";

size_t try_query(struct try_ask ask, uint8_t out[512])
{
    struct writer w = writer_over(out, 512);
    struct name name = try_name(ask.name);
    uint8_t header[12] = {
        0x12, 0x34, (uint8_t)(ask.flags >> 8), (uint8_t)ask.flags, [5] = 1, [11] = ask.edns || ask.dnssec_ok};
    writer_bytes(&w, header, sizeof header);
    writer_bytes(&w, name.wire, name.length);
    writer_u16(&w, ask.type);
    writer_u16(&w, RR_CLASS_IN);
    if (ask.edns || ask.dnssec_ok) {
        writer_u8(&w, 0);
        writer_u16(&w, RR_OPT);
        writer_u16(&w, ask.udp_size ? ask.udp_size : 1232);
        writer_u32(&w, ask.dnssec_ok ? 0x8000 : 0);
        writer_u16(&w, 0);
    }
    return writer_used(&w);
}
