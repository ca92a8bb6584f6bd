/* name: domain names in wire form, uncompressed, their case kept. RFC 1035 §3.1, RFC 4034 §6.1. */
#ifndef CORE_DNS_NAME_H
#define CORE_DNS_NAME_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    NAME_MAX_WIRE = 255,     /* RFC 1035 §2.3.4 */
    NAME_MAX_TEXT = 255 * 4, /* every octet as \DDD, with its terminator */
    NAME_MAX_KEY = 2 * 255,  /* a sort key, see name_sort_key() */
};

struct name {
    uint8_t length; /* with the root's zero octet: 1 to 255 */
    uint8_t wire[NAME_MAX_WIRE];
};

/* Reads a name in presentation form (RFC 1035 §5.1: \DDD and \X escapes); a missing final dot is added. */
int name_from_text(const char *text, struct name *ret_name, struct err_note *note);

/* Presentation form with a final dot; escapes what is not a printable character of a name. Returns `out`. */
char *name_to_text(const struct name *name, char out[NAME_MAX_TEXT]);

/* Reads a name at the cursor of a message that begins at `reader->start`; compression pointers (RFC 1035
 * §4.1.4) are followed, strictly backwards only, so that no message can make it loop. Sets reader->bad on
 * error; the name is then the root. */
void name_read(struct reader *reader, struct name *ret_name);

/* Reads an uncompressed name from the first of `left` octets, as RDATA of DNSSEC holds them (RFC 4034
 * §3.1.7). Returns its length, 0 if there is none: too long, cut short, or a compression pointer. */
size_t name_from_wire(const uint8_t *wire, size_t left, struct name *ret_name);

/* Lower-cases in place (RFC 4034 §6.2). */
void name_lower(struct name *name);

bool name_equal(const struct name *a, const struct name *b);          /* without regard to case */
int name_compare(const struct name *a, const struct name *b);         /* canonical order, RFC 4034 §6.1 */
bool name_is_below(const struct name *name, const struct name *apex); /* or equal */
unsigned name_labels(const struct name *name); /* without the root; a leading * counts */

/* The name without its first label. False at the root. */
bool name_parent(const struct name *name, struct name *ret_parent);

/* label + parent; false if it grows too long. `label` is raw octets. */
bool name_prepend(const void *label, size_t length, const struct name *parent, struct name *ret_name);

/* A key whose memcmp() order is the canonical order: labels reversed and lower-cased, 0x00 after each, octets
 * 0 and 1 escaped. A name's key is a prefix of the keys of all names below it. Returns its length. */
size_t name_sort_key(const uint8_t *wire, uint8_t out[NAME_MAX_KEY]);

#endif
