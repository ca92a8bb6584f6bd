/* tasignal: which trust anchors a resolver says that it has. RFC 8145.
 *
 * Two forms: a query for a name whose first label is "_ta-" and key tags in hexadecimal (§5.1), and an EDNS
 * option in a DNSKEY query (§4.1). Both are unauthenticated words of a stranger: what is malformed is told
 * apart, with its reason, and never counted. */
#ifndef CORE_ROLL_TASIGNAL_H
#define CORE_ROLL_TASIGNAL_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TASIGNAL_MAX_TAGS = 12, /* a label of 63 octets holds no more */
    TASIGNAL_MAX_LABEL = 63,
    TASIGNAL_OPTION = 14,     /* edns-key-tag, §4.1 */
    TASIGNAL_MAX_OPTION = 64, /* tags of an option that are read */
};

/* Reads a label (without its length octet): "_ta-4f66-9728", in any case. The tags come back sorted, without
 * duplicates. ERR_NOINPUT: the label does not begin with "_ta-", so it is some other name. ERR_DATA: it does,
 * and is malformed; tasignal_fault() tells why. */
int tasignal_parse(
    const uint8_t *label, size_t length, uint16_t ret_tags[TASIGNAL_MAX_TAGS], unsigned *ret_count);

/* Why tasignal_parse() refused the label, NULL if it did not. */
const char *tasignal_fault(const uint8_t *label, size_t length);

/* Writes the label of these tags as §5.1 wants it: lower case, zero-padded, sorted, without duplicates.
 * Returns its length; 0 without tags, or with more than TASIGNAL_MAX_TAGS different ones. Terminated. */
size_t tasignal_label(const uint16_t *tags, size_t count, char out[TASIGNAL_MAX_LABEL + 1]);

/* Reads the content of an edns-key-tag option: tags in network order, which may come in any order. They come
 * back sorted, without duplicates. ERR_DATA for an odd length, no tag, or more than TASIGNAL_MAX_OPTION. */
int tasignal_parse_option(
    const uint8_t *option, size_t length, uint16_t ret_tags[TASIGNAL_MAX_OPTION], unsigned *ret_count);

/* Writes the content of the option, without its code and length. Returns its length, 0 if it does not fit. */
size_t tasignal_option(const uint16_t *tags, size_t count, uint8_t *out, size_t capacity);

#endif
