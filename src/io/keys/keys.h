/* keys: DNSSEC keys made and kept. Random numbers are drawn here, so that core stays pure; libcrypto is used for that alone. */
#ifndef IO_KEYS_KEYS_H
#define IO_KEYS_KEYS_H

#include "core/dns/dnskey.h"

/* A new key. `bits` for RSA (1024 to 4096; 0: 2048), ignored otherwise. ERR_USAGE for an algorithm that cannot be made. */
int keys_generate(uint8_t algorithm, unsigned bits, uint16_t flags, struct dnskey **ret_key, struct err_note *note);

/* Writes Kname+alg+tag.key and .private (mode 0600) into a directory, whole or not at all; never over an existing file. The base name without
 * extension is given back (at most 320 octets). */
int keys_write(const char *directory, const struct name *owner, const struct dnskey *key, char ret_base[320], struct err_note *note);

/* Reads a pair by either file's path or the base name; without a .private the key is public only. */
int keys_read(const char *path, struct name *ret_owner, struct dnskey **ret_key, struct err_note *note);

#endif
