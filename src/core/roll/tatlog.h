/* tatlog: a line that named writes in its logging category trust-anchor-telemetry: what a resolver signalled
 * to it (lib/ns/query.c of BIND 9), a zone and, for the EDNS option, tags.
 *
 *     25-Nov-2026 01:02:03.456 trust-anchor-telemetry: info: trust-anchor-telemetry './IN' from 192.0.2.1
 *     … trust-anchor-telemetry '_ta-4f66/IN' from 192.0.2.1        (a key tag query)
 *     … trust-anchor-telemetry './IN' from 192.0.2.1 20326 38696   (the option)
 *
 * The time is read in each form of print-time (local, iso8601, iso8601-utc) and as syslog writes it in RFC
 * 5424; local times are taken as UTC, for the line does not tell. */
#ifndef CORE_ROLL_TATLOG_H
#define CORE_ROLL_TATLOG_H

#include "core/roll/sighting.h"

struct tatlog {
    int64_t time_us;
    uint8_t source[16]; /* IPv4 as ::ffff:a.b.c.d */
    struct name zone;   /* lower case */
    uint8_t kind;       /* SIGHTING_TA_NULL, _OPTION or _INVALID */
    uint16_t tags[TASIGNAL_MAX_OPTION];
    uint8_t tag_count;
    const char *fault;
};

/* ERR_NOINPUT: some other line. ERR_DATA: one of these, but malformed or without a time (the note says which
 * part). */
int tatlog_parse(const char *line, size_t length, struct tatlog *ret, struct err_note *note);

#endif
