/* letter_terms: what letters to countries and to operators may name, and where it comes from.
 * rollcall-letters(5) lists it for those who write templates. */
#ifndef APP_REPORT_LETTER_TERMS_H
#define APP_REPORT_LETTER_TERMS_H

#include "app/report/readiness.h"
#include "app/report/letters/template.h"
#include "core/roll/plan.h"

enum letter_condition {
    LETTER_ROOT,    /* the roll is the root's */
    LETTER_BEFORE,  /* the new key does not sign yet: */
    LETTER_PLANNED, /* ... there is a date for that */
    LETTER_HELD,    /* ... there is none */
    LETTER_AFTER,   /* it signs */
    LETTER_ROLL_KNOWN,
    LETTER_ROLL_TIMED, /* ... to the minute: the plan tells more than a day */
    LETTER_PUBLISHED,
    LETTER_TRUST_KNOWN,
    LETTER_REVOCATION_KNOWN,
    LETTER_REVOCATION_PLANNED,
    LETTER_REVOKED,
    LETTER_WITHDRAWAL_KNOWN,
    LETTER_WITHDRAWAL_PLANNED,
    LETTER_WITHDRAWN,
    LETTER_UNCONFIRMED, /* of what should have happened by now something is only planned */
    LETTER_DS_KNOWN,
    LETTER_PLATFORM_KNOWN,
    LETTER_SIGNED,
    LETTER_COUNTRY_KNOWN,
    LETTER_NETWORK_NAMED,
    LETTER_USERS_KNOWN,
    LETTER_VALIDATORS, /* there are such sources, here and below */
    LETTER_AT_RISK,
    LETTER_PROVED,
    LETTER_WEAK,
    LETTER_NEITHER,
    LETTER_MIXED,
    LETTER_FAILING,
    LETTER_SILENT,
    LETTER_WAITING,
    LETTER_CONDITIONS,
};

/* Of countries only, then of both, then of operators only. */
enum letter_field {
    LETTER_NETWORKS,
    LETTER_NETWORKS_VALIDATING,
    LETTER_NETWORKS_BOUNDS,
    LETTER_USERS,
    LETTER_USERS_BOUNDS,
    LETTER_COUNTRY,
    LETTER_ZONE,
    LETTER_PLAN,
    LETTER_PLAN_TITLE,
    LETTER_OLD_KEY,
    LETTER_NEW_KEY,
    LETTER_NEW_DS,
    LETTER_AS_OF,
    LETTER_SEEN_FROM,
    LETTER_PUBLISHED_AT,
    LETTER_TRUSTED_AT,
    LETTER_ROLL_AT,
    LETTER_REVOCATION_AT,
    LETTER_WITHDRAWAL_AT,
    LETTER_DAYS_LEFT,
    LETTER_PLATFORM,
    LETTER_FROM_NAME,
    LETTER_SOURCES,
    LETTER_SOURCES_BOUNDS,
    LETTER_SOURCES_VALIDATING,
    LETTER_SOURCES_TOLD,
    LETTER_SOURCES_BESIDE,
    LETTER_SOURCES_READY,
    LETTER_SOURCES_WAITING,
    LETTER_SOURCES_WEAK,
    LETTER_SOURCES_NEITHER,
    LETTER_SOURCES_MIXED,
    LETTER_SOURCES_FAILING,
    LETTER_SOURCES_SILENT,
    LETTER_NETWORK,
    LETTER_NETWORK_NAME,
    LETTER_NETWORK_COUNTRY,
    LETTER_CSV,
    LETTER_LIST_PROVED,
    LETTER_LIST_WEAK,
    LETTER_LIST_NEITHER,
    LETTER_LIST_MIXED,
    LETTER_LIST_FAILING,
    LETTER_LIST_SILENT,
    LETTER_FIELDS,
};

/* Of rollcall.letter/1 and rollcall.operator/1. */
extern const struct template_terms letter_terms_country, letter_terms_operator;

/* What a letter's fields hold; strings live as long as what they were taken from. */
struct letter_terms {
    struct template_value values[LETTER_FIELDS];
    uint32_t conditions;
    char country[3];
};

struct letter_terms_wish {
    const struct plan *plan;
    const char *platform, *from_name; /* NULL: not told */
};

/* What is the same in all letters of a report. ERR_NOMEM. */
int letter_terms_roll(const struct readiness *readiness, const struct letter_terms_wish *wish,
    struct arena *arena, struct letter_terms *ret_terms);

/* What is of one country: its counts and itself. Of a network the counts of its sources, and its country ("":
 * not known). `terms` may not be moved afterwards. */
void letter_terms_group(const struct readiness_group *group, struct letter_terms *terms);
void letter_terms_counts(const uint64_t counts[CLASSIFY_CLASSES], struct letter_terms *terms);
void letter_terms_place(const char *country, struct letter_terms *terms);

void letter_terms_hold(struct letter_terms *terms, enum letter_condition condition, bool holds);

/* template_write() of a template of either kind. */
int letter_terms_write(
    const struct letter_terms *terms, const struct template *template, struct text *ret_text);

#endif
