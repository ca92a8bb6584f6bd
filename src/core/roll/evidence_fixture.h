/* evidence_fixture: recordings of real resolvers, for tests only. A file is lines:
 *
 *   # remark
 *   plan ttl=10 refresh=5 hold=60 publish=30 sign=150 revoke=190 withdraw=240 old=1234 new=5678
 *   12.3456 dnskey 127.0.0.1 udp                  time in seconds, kind, source, transport
 *   12.4 signal 127.0.0.1 udp tags=1234,5678
 *   13.0 proof 127.0.0.1 udp nonce=x7
 *   14.0 answer - udp answer=servfail             what a client of the resolver got
 *   70.0 postpone                                 the roll and all after it lose their dates
 *   120.0 resume sign=200 revoke=240 withdraw=290 */
#ifndef CORE_ROLL_EVIDENCE_FIXTURE_H
#define CORE_ROLL_EVIDENCE_FIXTURE_H

#include "core/roll/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture_plan {
    struct plan plan;
    struct plan_key keys[2];
    struct plan_step old_steps[5], new_steps[2];
};

/* A plan of two keys: the old one signs until `sign_us`, then is revoked, then withdrawn. */
static inline void fixture_plan_set(
    struct fixture_plan *f, int64_t sign_us, int64_t revoke_us, int64_t withdraw_us)
{
    f->old_steps[2].at_us = f->new_steps[1].at_us = sign_us;
    f->old_steps[3].at_us = revoke_us;
    f->old_steps[4].at_us = withdraw_us;
}

static inline void fixture_plan_make(
    struct fixture_plan *f, uint32_t ttl_s, int64_t refresh_us, int64_t hold_us, int64_t publish_us)
{
    static const int64_t before = -1000 * UTC_DAY;
    *f = (struct fixture_plan){
        .old_steps = {{.what = PLAN_PUBLISH, .at_us = before}, {.what = PLAN_SIGN, .at_us = before},
            {.what = PLAN_STOP}, {.what = PLAN_REVOKE}, {.what = PLAN_WITHDRAW}},
        .new_steps = {{.what = PLAN_PUBLISH, .at_us = publish_us}, {.what = PLAN_SIGN}}};
    f->keys[0] = (struct plan_key){
        .id = "KSK-1", .algorithm = 13, .tag = -1, .revoked_tag = -1, .steps = f->old_steps, .step_count = 5};
    f->keys[1] = (struct plan_key){
        .id = "KSK-2", .algorithm = 13, .tag = -1, .revoked_tag = -1, .steps = f->new_steps, .step_count = 2};
    f->plan = (struct plan){.name = "recorded",
        .title = "recorded",
        .zone = "zone.rolls.lab.",
        .dnskey_ttl_s = ttl_s,
        .signature_s = 7 * 86400,
        .add_hold_us = hold_us,
        .remove_hold_us = hold_us,
        .refresh_us = refresh_us,
        .retry_us = refresh_us,
        .keys = f->keys,
        .key_count = 2};
    fixture_plan_set(f, UTC_OPEN, UTC_OPEN, UTC_OPEN);
}

/* The value of "name=…" in a line, or `other`. */
static inline double fixture_value(const char *line, const char *name, double other)
{
    char want[32];
    snprintf(want, sizeof want, " %s=", name);
    const char *at = strstr(line, want);
    return at ? strtod(at + strlen(want), NULL) : other;
}

static inline int64_t fixture_time(const char *line, const char *name)
{
    double seconds = fixture_value(line, name, -1);
    return seconds < 0 ? UTC_OPEN : (int64_t)(seconds * 1e6);
}

static inline bool fixture_plan_read(
    const char *line, struct fixture_plan *f, uint16_t *old_tag, uint16_t *new_tag)
{
    if (strncmp(line, "plan ", 5) != 0)
        return false;
    fixture_plan_make(f, (uint32_t)fixture_value(line, "ttl", 10), fixture_time(line, "refresh"),
        fixture_time(line, "hold"), fixture_time(line, "publish"));
    fixture_plan_set(
        f, fixture_time(line, "sign"), fixture_time(line, "revoke"), fixture_time(line, "withdraw"));
    *old_tag = (uint16_t)fixture_value(line, "old", 0);
    *new_tag = (uint16_t)fixture_value(line, "new", 0);
    return true;
}

static inline void fixture_source(const char *text, uint8_t source[EVIDENCE_SOURCE])
{
    unsigned a, b, c, d;
    memset(source, 0, EVIDENCE_SOURCE);
    if (sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
        return;
    source[10] = source[11] = 0xff;
    source[12] = (uint8_t)a, source[13] = (uint8_t)b, source[14] = (uint8_t)c, source[15] = (uint8_t)d;
}

static inline bool fixture_event(const char *line, struct evidence_event *event)
{
    static const char *const kinds[] = {"dnskey", "ds", "signal", "keytag", "name", "proof", "proof-target",
        "proof-dnskey", "proof-ds", "gap-first", "gap-second", "answer"};
    static const char *const answers[] = {"", "ad", "noad", "servfail", "other", "timeout"};
    char kind[24] = "", source[48] = "", transport[8] = "", word[64] = "";
    double seconds;
    *event = (struct evidence_event){0};
    if (sscanf(line, "%lf %23s %47s %7s", &seconds, kind, source, transport) != 4)
        return false;
    event->at_us = (int64_t)(seconds * 1e6);
    event->tcp = strcmp(transport, "tcp") == 0;
    event->dnssec_ok = event->edns = true;
    fixture_source(source, event->source);
    unsigned i = 0;
    while (i < EVIDENCE_KINDS && strcmp(kinds[i], kind) != 0)
        i++;
    event->kind = (enum evidence_kind)i;
    const char *at = strstr(line, " tags=");
    for (at = at ? at + 6 : NULL; at && event->tag_count < EVIDENCE_MAX_TAGS;
         at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        event->tags[event->tag_count++] = (uint16_t)atoi(at);
    if ((at = strstr(line, " nonce=")))
        sscanf(at, " nonce=%32s", event->nonce);
    if ((at = strstr(line, " answer=")) && sscanf(at, " answer=%63s", word) == 1)
        for (uint8_t a = 1; a <= ANSWER_TIMEOUT; a++)
            if (strcmp(answers[a], word) == 0)
                event->answer = a;
    return i < EVIDENCE_KINDS;
}

/* "postpone" or "resume …": the plan as it is from then on. */
static inline void fixture_operation(const char *line, struct fixture_plan *f)
{
    char operation[16] = "";
    if (sscanf(line, "%*f %15s", operation) != 1)
        return;
    if (strcmp(operation, "postpone") == 0)
        fixture_plan_set(f, UTC_OPEN, UTC_OPEN, UTC_OPEN);
    else if (strcmp(operation, "resume") == 0)
        fixture_plan_set(
            f, fixture_time(line, "sign"), fixture_time(line, "revoke"), fixture_time(line, "withdraw"));
}

#endif
