/* enrol: a participant taken in, in one transaction: the roll joined or started, a zone and its keys made, a
 * token given. What is returned is on the disk. */
#ifndef IO_STORE_ENROL_H
#define IO_STORE_ENROL_H

#include "core/dns/name.h"
#include "io/store/rolls.h"
#include "io/store/store.h"

enum {
    ENROL_TOKEN = 32,        /* characters a-z2-7: 160 random bits */
    ENROL_ZONE_LABEL = 12,   /* of its own, 60 random bits: the token cannot be told from the zone's name */
    ENROL_MAX_LABEL = 80,    /* characters */
    ENROL_MAX_CONTACT = 254, /* octets, RFC 5321 §4.5.3.1 */
};

/* From a stranger. Kept as it is, and refused with ERR_USAGE if it is not so:
 *   label    1 to 80 characters of UTF-8, not only blanks, without control characters (C0, DEL, C1). Markup,
 * quotes, marks of direction and the like are text: who shows it escapes it. contact  at most 254 octets of
 * UTF-8 without control characters; NULL or "" for none country  an ISO 3166-1 alpha-2 code (or XK) in either
 * case, kept in upper case; NULL or "" for none users    0 to 10^10, or -1: not told zone_label  wished: 1 to
 * 63 of a-z, 0-9 and hyphens (not first, last, or both third and fourth), not one that the platform uses
 *            itself, nor one that anybody ever had; NULL for a random one */
struct enrol_wish {
    const char *label, *contact, *country;
    int64_t users;
    const char *zone_label;
    struct rolls_wish roll;
};

struct enrol_terms {
    const char *parent; /* below which the zone is made */
    int64_t now_us;
    size_t most; /* participants at one time; beyond that ERR_UNAVAILABLE */
};

struct enrol_result {
    int64_t id, roll_id, start_us; /* start of the roll */
    bool new_roll;
    char token[ENROL_TOKEN + 1];
    char zone[NAME_MAX_TEXT];
};

/* ERR_USAGE: the wish is at fault, and the note is for whoever made it. ERR_UNAVAILABLE: no place left (or
 * the store is locked). Else the errors of the store. */
int enrol_participant(struct store *store, const struct enrol_wish *wish, const struct enrol_terms *terms,
    struct enrol_result *ret_result, struct err_note *note);

/* Checks a wish without acting on it. `ret_country`: in upper case. */
int enrol_check(const struct enrol_wish *wish, char ret_country[3], struct err_note *note);

#endif
