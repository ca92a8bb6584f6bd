/* extras: what zones need whose names are made at the moment of the question. */
#ifndef CORE_ZONE_EXTRAS_H
#define CORE_ZONE_EXTRAS_H

#include "core/dns/dnskey.h"

#include <stdbool.h>
#include <stdint.h>

struct zone_extras {
    const struct dnskey *child_key; /* the one key of every child zone that is made at the moment; kinds
                                       PARTICIPANT and PROBE */
    uint32_t ttl_s;                 /* of everything made at the moment: 1 */
    uint8_t a[4], aaaa[16];         /* what such names resolve to */
    bool only_ipv4,
        only_ipv6; /* the zone is there for clients of that family only; others get its parent's referral */
    bool probe;    /* a child of the probe zone: who asks it is recorded as if they asked that */
};

#endif
