/* pseudonym: addresses changed under a key, so that prefixes stay prefixes: two addresses that share their
 * first n bits share the first n bits after it too, and nobody without the key can tell which addresses they
 * were. The scheme of Xu, Fan, Ammar and Moon (Prefix-Preserving IP Address Anonymization, ICNP 2002) with
 * AES-128.
 *
 * IPv4 addresses (::ffff:a.b.c.d) stay IPv4 addresses. The same key gives the same pseudonyms everywhere, so
 * collectors that share a key can be compared. */
#ifndef IO_KEYS_PSEUDONYM_H
#define IO_KEYS_PSEUDONYM_H

#include "base/err.h"

#include <stdint.h>

struct pseudonym;

/* Reads a key file: 64 hexadecimal digits, and nothing else but blanks and line ends. ERR_NOINPUT, ERR_PERM,
 * ERR_DATA with line. */
int pseudonym_read(const char *path, struct pseudonym **ret_pseudonym, struct err_note *note);

/* From 32 octets: an AES key, then what pads. */
int pseudonym_new(const uint8_t key[32], struct pseudonym **ret_pseudonym, struct err_note *note);

/* Changes an address of 16 octets in place. One thread at a time. ERR_INTERNAL if the cipher fails. */
int pseudonym_apply(struct pseudonym *pseudonym, uint8_t address[16]);

void pseudonym_free(struct pseudonym *pseudonym); /* NULL is allowed */

#endif
