/* address: addresses as text, without the C library's network headers. RFC 5952. */
#ifndef CORE_ZONE_ADDRESS_H
#define CORE_ZONE_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_TEXT = 64 };

/* IPv6, or IPv4 for a mapped one. Returns `out`. */
char *address_text(const uint8_t address[16], char out[ADDRESS_TEXT]);

/* The content of an EDNS client subnet option (RFC 7871 §6): "192.0.2.0/24"; "none" if there is none,
 * "malformed" if it is. Returns `out`. */
char *address_subnet(const uint8_t *option, size_t length, char out[ADDRESS_TEXT]);

#endif
