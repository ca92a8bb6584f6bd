/* Bit i of the result is bit i of the address, turned over if the cipher says so of the first i bits (filled
 * up with the pad). All blocks of an address go through the cipher at once. */
#include "io/keys/pseudonym.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16, BITS = 128, KEY = 32 };

struct pseudonym {
    EVP_CIPHER_CTX *cipher;
    uint8_t pad[BLOCK];
};

static bool encrypt(struct pseudonym *pseudonym, uint8_t *bytes, int length)
{
    int written = 0;
    return EVP_EncryptUpdate(pseudonym->cipher, bytes, &written, bytes, length) == 1 && written == length;
}

int pseudonym_new(const uint8_t key[KEY], struct pseudonym **ret_pseudonym, struct err_note *note)
{
    struct pseudonym *pseudonym = calloc(1, sizeof *pseudonym);
    if (!pseudonym)
        return err_set(note, ERR_NOMEM, "no memory for pseudonyms");
    pseudonym->cipher = EVP_CIPHER_CTX_new();
    memcpy(pseudonym->pad, key + BLOCK, BLOCK);
    if (!pseudonym->cipher ||
        EVP_EncryptInit_ex2(pseudonym->cipher, EVP_aes_128_ecb(), key, NULL, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(pseudonym->cipher, 0) != 1 || !encrypt(pseudonym, pseudonym->pad, BLOCK)) {
        pseudonym_free(pseudonym);
        return err_set(note, ERR_INTERNAL, "AES-128 cannot be had");
    }
    *ret_pseudonym = pseudonym;
    return 0;
}

void pseudonym_free(struct pseudonym *pseudonym)
{
    if (!pseudonym)
        return;
    EVP_CIPHER_CTX_free(pseudonym->cipher);
    OPENSSL_cleanse(pseudonym, sizeof *pseudonym);
    free(pseudonym);
}

int pseudonym_apply(struct pseudonym *pseudonym, uint8_t address[BLOCK])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool is_ipv4 = memcmp(address, mapped, sizeof mapped) == 0;
    uint8_t *bytes = address + (is_ipv4 ? sizeof mapped : 0);
    unsigned count = is_ipv4 ? 32 : BITS;
    uint8_t blocks[BITS * BLOCK], *block = blocks;
    for (unsigned i = 0; i < count; i++, block += BLOCK) {
        memcpy(block, pseudonym->pad, BLOCK);
        memcpy(block, bytes, i / 8);
        uint8_t mask = (uint8_t)(0xff00 >> i % 8);
        block[i / 8] = (uint8_t)((bytes[i / 8] & mask) | (block[i / 8] & ~mask));
    }
    if (!encrypt(pseudonym, blocks, (int)(count * BLOCK)))
        return ERR_INTERNAL;
    for (unsigned i = 0; i < count; i++)
        bytes[i / 8] ^= (uint8_t)((blocks[i * BLOCK] >> 7) << (7 - i % 8));
    return 0;
}

static int read_key(FILE *file, const char *path, uint8_t key[KEY], struct err_note *note)
{
    size_t digits = 0, line = 1;
    for (int c; (c = getc(file)) != EOF; line += c == '\n') {
        if (isspace(c))
            continue;
        if (!isxdigit(c) || digits == 2 * KEY)
            return err_set(
                note, ERR_DATA, "%s:%zu: a key is 64 hexadecimal digits and nothing more", path, line);
        unsigned value = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        key[digits / 2] = (uint8_t)(key[digits / 2] << 4 | value);
        digits++;
    }
    if (ferror(file))
        return err_set(note, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    return digits == 2 * KEY ? 0
                             : err_set(note, ERR_DATA, "%s:%zu: a key is 64 hexadecimal digits, here are %zu",
                                   path, line, digits);
}

int pseudonym_read(const char *path, struct pseudonym **ret_pseudonym, struct err_note *note)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(note,
            errno == EACCES || errno == EPERM     ? ERR_PERM
            : errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT
                                                  : ERR_IO,
            "cannot open %s: %s; a key is made with: openssl rand -hex 32 >%s", path, strerror(errno), path);
    uint8_t key[KEY] = {0};
    int err = read_key(file, path, key, note);
    fclose(file);
    if (!err)
        err = pseudonym_new(key, ret_pseudonym, note);
    OPENSSL_cleanse(key, sizeof key);
    return err;
}
