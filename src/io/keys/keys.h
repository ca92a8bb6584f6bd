/* keys: DNSSEC keys made and kept. Random numbers are drawn here, so that core stays pure. */
#ifndef IO_KEYS_KEYS_H
#define IO_KEYS_KEYS_H

#include "core/dns/dnskey.h"

/* A new key. `bits` for RSA (1024 to 4096; 0: 2048), ignored otherwise. ERR_USAGE for an algorithm that
 * cannot be made. */
int keys_generate(
    uint8_t algorithm, unsigned bits, uint16_t flags, struct dnskey **ret_key, struct err_note *note);

/* What a key's files say of its times; 0: not said. */
struct keys_times {
    int64_t created_us, publish_us, activate_us, revoke_us;
};

enum { KEYS_MAX_BASE = 320 };

/* "Kname+alg+tag", as BIND names files: lower case, what is no letter, digit, hyphen or underscore as %XX.
 * ERR_DATA if it is too long for a file's name. */
int keys_base(const struct name *owner, uint8_t algorithm, uint16_t tag, char ret_base[KEYS_MAX_BASE],
    struct err_note *note);

/* True if a file of that key (either half) is in the directory. */
bool keys_exist(const char *directory, const char *base);

/* Writes Kname+alg+tag.key and, if there is a private half, .private (mode 0600) into a directory, whole or
 * not at all; never over an existing file. `times` may be NULL, as may `remark`, one line for a comment in
 * the .key (BIND reads none in a .private). The base name without extension is given back. Errors: ERR_IO
 * (also: exists already), ERR_PERM, ERR_NOINPUT (no such directory). */
int keys_write(const char *directory, const struct name *owner, const struct dnskey *key,
    const struct keys_times *times, const char *remark, char ret_base[KEYS_MAX_BASE], struct err_note *note);

/* Reads a pair by either file's path or the base name; without a .private the key is public only. ERR_DATA if
 * the halves are not of one key, ERR_PERM if a file may not be read, ERR_NOINPUT if there is no .key.
 * `ret_times` may be NULL. */
int keys_read(const char *path, struct name *ret_owner, struct dnskey **ret_key, struct keys_times *ret_times,
    struct err_note *note);

/* Reads the .key alone. */
int keys_read_public(
    const char *path, struct name *ret_owner, struct dnskey **ret_key, struct err_note *note);

/* `length` random characters of a-z2-7, five bits each, and a terminator. ERR_INTERNAL if no random numbers
 * are to be had. */
int keys_random_token(char *out, size_t length);

#endif
