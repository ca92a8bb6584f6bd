/* forms_days: evidence by virtual day (UTC): what users got at worst, and what the root was asked. */
#ifndef APP_LAB_FORMS_DAYS_H
#define APP_LAB_FORMS_DAYS_H

#include "base/arena.h"
#include "core/roll/rehearsal.h"

enum forms_name { FORMS_SIGNED, FORMS_BOGUS, FORMS_UNSIGNED, FORMS_NAMES };
enum { FORMS_NO_LOOK = REHEARSAL_ANSWERS }; /* nobody asked on that day */

struct forms_day {
    uint8_t worst[FORMS_NAMES]; /* enum rehearsal_answer, or FORMS_NO_LOOK */
    uint16_t largest;           /* octets of a DNSKEY answer */
    uint32_t fetches, tcp, truncated, signals;
};

struct forms_days {
    int64_t first_us; /* midnight */
    struct forms_day *days;
    size_t count;
    uint32_t most; /* fetches of a day */
    size_t most_day;
    bool bad[FORMS_NAMES]; /* on some day it was not as it should be */
};

/* The days from one moment to another, whether the evidence goes so far or not; in the arena. ERR_NOMEM. */
int forms_days_make(const struct rehearsal_evidence *evidence, int64_t from_us, int64_t to_us,
    struct arena *arena, struct forms_days *ret);

/* The worse of two answers to a name; what should be is the least: AD for a signed name, SERVFAIL for a bogus
 * one, an answer without AD for an unsigned one. FORMS_NO_LOOK is less than all. */
uint8_t forms_days_worse(enum forms_name name, uint8_t a, uint8_t b);
bool forms_days_good(enum forms_name name, uint8_t answer); /* FORMS_NO_LOOK too */

#endif
