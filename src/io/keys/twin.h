/* twin: keys of our own with the key tag of another key, for rehearsals: in logs, in signals (RFC 8145) and
 * in a resolver's state they read as the real ones would.
 *
 * A tag (RFC 4034 App. B) is a check sum of 16 bits and proves nothing, so anybody can make a key with any
 * tag; what tells keys apart is the key, or its DS. Twins are as sound as keys of keys_generate(): random
 * primes of half the size each, far apart, e = 65,537, a private exponent of more than half the size, checked
 * by a signature. That the second prime q is drawn from one residue class modulo 131,070 gives nothing away:
 * the class follows from the first prime and from the modulus, which everybody knows; the first prime is
 * drawn freely. All the same a twin must never sign for others. Its tag is taken on purpose: a validator that
 * holds both keys tries both for each signature (the load of which RFC 4034 App. B and KeyTrap tell), and a
 * person who reads the tag believes in the wrong key. So twins are kept for this user's tests, in files that
 * say what they are.
 *
 * With e = 65,537 about half of all tags can be had for RSA: n = pq is no multiple of 3, 5, 17 or 257, the
 * factors of 65,535, to which the tag is its sum. Those of the root's keys can, of course. */
#ifndef IO_KEYS_TWIN_H
#define IO_KEYS_TWIN_H

#include "core/dns/dnskey.h"

/* What files of a twin say in a comment. */
#define TWIN_REMARK                                                                                          \
    "A twin, made for tests: NO key of the real root, whatever its tag. Trust it in tests only."

/* A new key with that tag and, once it is revoked, with `revoked_tag` (-1: whichever it then has, nearly
 * always tag + 128). `flags` without REVOKE; `bits` for RSA (1,024 to 4,096; 0: 2,048), ignored otherwise.
 * RSA (5, 7, 8, 10) is made by design, as fast as a common key; ECDSA (13, 14) by walking along the curve
 * until it fits, a fifth of a second on average for P-256, one for P-384; ED25519 (15) by drawing, two or
 * three seconds. ERR_USAGE: no key of that kind has these tags, or another algorithm. */
int twin_make(uint8_t algorithm, unsigned bits, uint16_t flags, uint16_t tag, int32_t revoked_tag,
    struct dnskey **ret_key, struct err_note *note);

/* ---- kept keys ----
 *
 * Keys that are made once for each user: in `directory`, or if that is NULL in
 * $XDG_CACHE_HOME/rollcall/twins, else
 * ~/.cache/rollcall/twins (made with mode 0700, files 0600). Any number of processes and threads may ask at
 * once; all get the same key. A file that is damaged, of another user, or open to others is not trusted: the
 * key is made anew. Where nothing can be kept (no directory, not permitted, disk full) the key is made all
 * the same, for this once: 0, with the reason in the note, which else is empty. */

/* A twin. One that is kept for these numbers but has another `revoked_tag` is replaced. */
int twin_get(const char *directory, uint8_t algorithm, unsigned bits, uint16_t flags, uint16_t tag,
    int32_t revoked_tag, struct dnskey **ret_key, struct err_note *note);

/* A key with any tag, by a name of 1 to 64 small letters, digits and hyphens ("zsk-2048-0"): the same key for
 * the same name, algorithm, bits and flags. ERR_USAGE for another name. */
int twin_keep(const char *directory, const char *name, uint8_t algorithm, unsigned bits, uint16_t flags,
    struct dnskey **ret_key, struct err_note *note);

#endif
