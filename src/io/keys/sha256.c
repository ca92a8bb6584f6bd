/* One call of libcrypto, and hexadecimal digits. */
#include "io/keys/sha256.h"

#include <openssl/evp.h>

int sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) != 1 || 2 * size + 1 != SHA256_HEX)
        return ERR_INTERNAL;
    for (unsigned i = 0; i < size; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[2 * size] = '\0';
    return 0;
}
