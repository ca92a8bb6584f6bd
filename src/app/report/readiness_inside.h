/* readiness_inside: what the forms of a readiness report share. Internal to app/report. */
#ifndef APP_REPORT_READINESS_INSIDE_H
#define APP_REPORT_READINESS_INSIDE_H

#include "app/report/readiness.h"

void readiness_table(const struct readiness *readiness, size_t columns, struct text *text);
void readiness_json(const struct readiness *readiness, struct text *text);
void readiness_csv(const struct readiness *readiness, struct text *text);

/* JSON: "sources", "old_only" and "at_risk", which every line and the whole have; "roll"; "limits". */
struct json;
void readiness_set_group(struct json *object, const struct readiness_group *group);
void readiness_set_roll(struct json *root, const struct classify_roll *roll);
void readiness_set_limits(struct json *root, const struct classify_limits *limits);

const char *readiness_by_word(enum readiness_by by);

/* Places all sources and weighs them: `total`, `groups` and what is counted beside. ERR_NOMEM. */
int readiness_weigh(struct readiness *readiness, struct arena *arena);

/* As readiness_make(), for several wishes with the same question, by one scan; without the coverage. After an
 * error nothing is to be freed. */
int readiness_judge(struct sightings *store, const struct readiness_wish *wishes, size_t count,
    struct arena *arena, struct readiness *ret_each, struct err_note *note);

/* What a class stands for. */
struct readiness_role {
    bool told, validates, at_risk;
};
struct readiness_role readiness_role(enum classify_class class);

/* The end of all sums is INT64_MAX. */
static inline uint64_t readiness_sum(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}

/* The share of old-only, confirmed, among those that told. */
struct interval readiness_share(const struct readiness_group *group);

#endif
