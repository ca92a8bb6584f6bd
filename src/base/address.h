/* address: IP addresses from text, without the C library's inet_pton(), which the core may not call. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an IPv4 address in four decimal parts (without leading zeros), or an IPv6 address as RFC 4291 §2.2
 * writes it; nothing before or after it, no zone. IPv4 comes back as ::ffff:a.b.c.d. `text` need not be
 * terminated. */
bool address_parse(const char *text, size_t length, uint8_t ret[16]);

#endif
