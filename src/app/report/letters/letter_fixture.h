/* letter_fixture: a roll and a country for tests of letters. */
#ifndef APP_REPORT_LETTER_FIXTURE_H
#define APP_REPORT_LETTER_FIXTURE_H

#include "app/report/letters/letter_terms.h"

#define DAY(n) ((INT64_C(17450) + (n)) * UTC_DAY) /* from 2017-10-11 on */

struct world {
    struct sightings_question question;
    struct classify_roll roll;
    struct readiness_wish wish;
    struct readiness readiness;
    struct plan_key key;
    struct plan_step step;
    struct plan plan;
    struct readiness_group group;
};

static inline void make_world(struct world *w, int64_t now_us)
{
    *w = (struct world){.question = {.zone = ".", .from_us = now_us - 30 * UTC_DAY, .to_us = now_us},
        .roll = {.old_tag = 19036,
            .new_tag = 20326,
            .publish_us = DAY(-90),
            .trust_us = DAY(-60),
            .sign_us = DAY(0) + 16 * UTC_HOUR,
            .revoke_us = DAY(92),
            .withdraw_us = UTC_OPEN},
        .key = {.id = "new", .algorithm = 8, .tag = 20326, .ds_sha256 = "E06D", .step_count = 1},
        .step = {.what = PLAN_SIGN, .at_us = DAY(0) + 16 * UTC_HOUR, .planned = true},
        .plan = {.name = "p", .title = "The plan", .zone = ".", .key_count = 1},
        .group = {.country = "NZ",
            .network_count = 1234,
            .networks_low = 2,
            .networks_high = 5,
            .networks_validating = 7,
            .users = 5000000,
            .users_low = 999.5,
            .users_high = 1e6 + .4}};
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        w->group.sources[c] = 1000 + (uint64_t)c;
    w->wish = (struct readiness_wish){.roll = &w->roll, .question = &w->question};
    w->readiness.wish = &w->wish;
    w->plan.keys = &w->key;
    w->key.steps = &w->step;
}

#endif
