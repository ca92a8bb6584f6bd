/* verdict: is this participant ready? A pure function of plan, evidence and now. What the evidence cannot
 * bear is `unknown`. */
#ifndef CORE_ROLL_VERDICT_H
#define CORE_ROLL_VERDICT_H

#include "base/arena.h"
#include "core/roll/evidence.h"
#include "core/roll/plan.h"

enum verdict {
    VERDICT_READY,
    VERDICT_AT_RISK,
    VERDICT_NOT_READY,
    VERDICT_UNKNOWN
}; /* the values are the exit codes */

enum verdict_state {
    STATE_WAITING,  /* nothing seen yet */
    STATE_JOINED,   /* asks, new key not yet published */
    STATE_LEARNING, /* new key published, hold-down runs */
    STATE_LEARNED,  /* trusts the new key */
    STATE_SURVIVED, /* new key signs alone, and names still validate */
    STATE_DONE,     /* old key withdrawn, all well */
    STATE_FAILED,   /* does not validate any more, or foretold not to */
};

struct verdict_finding {
    const char *rule;  /* stable id: "RC01" …, or FM… of the failure modes */
    const char *text;  /* the fact, one sentence */
    const char *means; /* what follows from it, on which date; or NULL */
    const char *mend;  /* what to do; or NULL */
    unsigned long count;
    int64_t first_us, last_us;
    bool harmful; /* counts against readiness */
};

struct verdict_source { /* one egress address */
    uint8_t source[EVIDENCE_SOURCE];
    enum verdict verdict;
    enum verdict_state state;
    const char *summary; /* one sentence */
    unsigned long queries;
    int64_t first_us, last_us;
};

struct verdict_result {
    enum verdict verdict;
    enum verdict_state state;
    const char *summary;      /* one sentence: why. Public: holds no address and no zone */
    const char *would_change; /* what would change it; public as well */
    int64_t trust_us;         /* predicted or inferred moment of trust in the new key; UTC_OPEN if none */
    int64_t break_us;         /* when it will break (or broke) by this evidence; UTC_OPEN if not foretold */
    int64_t broke_us;         /* first sign that it did break; UTC_OPEN if none */
    struct verdict_finding *findings;
    size_t finding_count;
    struct verdict_source *sources; /* worst first */
    size_t source_count, sources_not_ready;
};

struct evidence; /* folded; owned by the caller, see evidence_new() */

/* Everything in *ret lives in `arena`. `old_tag`, `new_tag`: the real key tags of the zone's keys (a template
 * knows none). */
struct verdict_input {
    const struct plan *plan;
    const struct evidence *evidence;
    uint16_t old_tag, new_tag;
    int64_t joined_us, now_us;
    int64_t left_us; /* when the participant left: judged as of then; 0: still there */
};
int verdict_judge(const struct verdict_input *input, struct arena *arena, struct verdict_result *ret_result);

const char *verdict_name(enum verdict verdict); /* "ready", "at-risk", "not-ready", "unknown" */
const char *verdict_state_name(enum verdict_state state);
enum verdict verdict_worse(enum verdict a, enum verdict b); /* not-ready, at-risk, unknown, ready */

#endif
