/* verdict_parts: what the files of the verdict share. Not for others. */
#ifndef CORE_ROLL_VERDICT_PARTS_H
#define CORE_ROLL_VERDICT_PARTS_H

#include "core/roll/verdict.h"

enum { JUDGE_FINDINGS = 96 }; /* at most so many; the worst sources come first */

/* One judgement under way. */
struct judging {
    const struct verdict_input *in;
    struct arena *arena;
    int64_t now_us;
    struct plan_roll roll;
    enum evidence_phase phase;
    const char *old_id, *new_id;
    int64_t ttl_us, refresh_us, hold_us;
    int64_t sign_us;    /* when the new key signs alone, or did; UTC_OPEN: no date */
    int64_t settled_us; /* a TTL later: no cache holds DNSKEY answers signed by the old key */
    struct verdict_finding *findings;
    size_t finding_count;
    unsigned lost;     /* findings beyond JUDGE_FINDINGS */
    bool many;         /* several addresses count: findings name theirs */
    bool failed;       /* memory was short */
    const char *where; /* " from 192.0.2.1", or "" */
};

/* What the tag sets of a source say, taken together. */
enum told { TOLD_NOTHING, TOLD_OLD, TOLD_NEW, TOLD_MIXED };
struct telling {
    enum told what;
    struct sightings has, lacks; /* signals with the new key's tag, and with the old one's alone */
    bool confirmed;              /* the newest set came at least twice in a row */
};

/* One source, as judged. */
struct opinion {
    const struct evidence_source *source;
    enum verdict verdict;
    enum verdict_state state;
    const char *summary, *would_change;
    int64_t trust_us, break_us, broke_us;
    bool counts; /* enough was seen of it, and it speaks for itself */
};

/* Text in the arena; never NULL. */
const char *judge_say(struct judging *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A moment for people, to the second, rounded up; "an open date" for UTC_OPEN. */
const char *judge_when(struct judging *j, int64_t us);
/* The same with its preposition: "on 2018-10-11", "at 2018-10-11T16:00:00Z". */
const char *judge_at(struct judging *j, int64_t us);
const char *judge_span(struct judging *j, int64_t us);
const char *judge_address(struct judging *j, const uint8_t address[EVIDENCE_SOURCE]);
void judge_find(struct judging *j, struct verdict_finding finding, struct sightings seen);

struct telling judge_telling(const struct judging *j, const struct evidence_source *source);
struct opinion judge_source(struct judging *j, const struct evidence_source *source, bool alone);

/* What the rhythm of its queries says, for the kind of timer that it seems to have. */
static inline bool judge_follows(const struct evidence_source *source)
{
    return rhythm_follows(&source->rhythm);
}
static inline bool judge_no_refresh(const struct evidence_source *source)
{
    return rhythm_is_static(&source->rhythm, evidence_timer(source));
}

/* Whether a source's rhythm says static, when others may share its cache. */
bool judge_is_static(const struct judging *j, const struct evidence_source *source, bool alone);
bool judge_shares_cache(const struct evidence_source *source);

/* When a follower of this source trusts the new key: hold-down from its first sight, then one more refresh.
 * UTC_OPEN: not to be told. */
int64_t judge_due(const struct judging *j, const struct evidence_source *source);

/* The moment at which it broke by the server's own evidence, after the roll; UTC_OPEN: no sign of it, or it
 * is over. */
int64_t judge_trouble(struct judging *j, const struct evidence_source *source);
/* The last moment at which it proved that it validates with the new key alone; INT64_MIN: never. */
int64_t judge_survival(const struct judging *j, const struct evidence_source *source);

/* Every piece of evidence of a source, as findings. */
void judge_findings(struct judging *j, const struct evidence_source *source, bool alone);
/* Retry storms against its own baseline; true if there is one. */
bool judge_storm(struct judging *j, const struct evidence_source *source);

/* Agents' reports. */
struct hearing {
    bool any, fails, wrong_setup, mixed, no_validation, lost_validation, good;
    int64_t fails_since_us, good_us;
};
struct hearing judge_agents(struct judging *j);

#endif
