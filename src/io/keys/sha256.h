/* sha256: digests of what is kept, as text (FIPS 180-4). */
#ifndef IO_KEYS_SHA256_H
#define IO_KEYS_SHA256_H

#include "base/err.h"

#include <stddef.h>

enum { SHA256_HEX = 65 }; /* 64 digits of lower case, and NUL */

/* As sha256sum(1) prints it. ERR_INTERNAL if libcrypto fails. */
int sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX]);

#endif
