/* The two files of a key as text. `.private`: lines "Name: value", numbers in base64, the same names in BIND
 * and ldns. `.key`: one DNSKEY record as zone text. Both are read here line by line, so that an error can
 * name its line; secrets are wiped wherever they passed. */
#include "core/dns/dnskey.h"

#include "base/base64.h"
#include "base/text.h"
#include "core/dns/pkey.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TEXT = 16 * 1024, MAX_LINE = 2048 };

/* ---- .private ---- */

/* Fields in the order in which they are written. The RSA parts come first, in the order of enum
 * pkey_rsa_part. */
enum { FIELD_SECRET = RSA_PARTS, FIELDS };
static const char *const field_names[FIELDS] = {"Modulus", "PublicExponent", "PrivateExponent", "Prime1",
    "Prime2", "Exponent1", "Exponent2", "Coefficient", "PrivateKey"};

struct private_file {
    int algorithm; /* 0: not yet read */
    bool format;
    struct pkey_bytes field[FIELDS];
};

static void wipe(struct private_file *file)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (file->field[i].bytes)
            OPENSSL_cleanse(file->field[i].bytes, file->field[i].length);
        free(file->field[i].bytes);
    }
    OPENSSL_cleanse(file, sizeof *file);
}

static int read_number(struct pkey_bytes *field, const char *value, unsigned line, struct err_note *note)
{
    size_t room = strlen(value) / 4 * 3 + 4;
    if (field->bytes)
        return err_set(note, ERR_DATA, "line %u: a field stands twice", line);
    uint8_t *bytes = calloc(1, room);
    if (!bytes)
        return ERR_NOMEM;
    ssize_t length = base64_read(value, strlen(value), bytes, room);
    if (length <= 0) {
        OPENSSL_cleanse(bytes, room);
        free(bytes);
        return err_set(note, ERR_DATA, "line %u: the value is no base64", line);
    }
    *field = (struct pkey_bytes){bytes, (size_t)length};
    return 0;
}

static int read_algorithm(const char *value, int *ret_algorithm)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || number < 1 || number > 255 || (*end && *end != ' '))
        return ERR_DATA;
    *ret_algorithm = (int)number;
    return 0;
}

static int read_field(struct private_file *file, char *name, unsigned line, struct err_note *note)
{
    char *value = strchr(name, ':');
    if (!value)
        return err_set(note, ERR_DATA, "line %u: no 'Name: value'", line);
    *value++ = '\0';
    value += strspn(value, " \t");
    if (!file->format) {
        if (strcmp(name, "Private-key-format") != 0 || strncmp(value, "v1.", 3) != 0)
            return err_set(note, ERR_DATA, "line %u: 'Private-key-format: v1.2' or v1.3 expected", line);
        file->format = true;
        return 0;
    }
    if (strcmp(name, "Algorithm") == 0)
        return file->algorithm == 0 && read_algorithm(value, &file->algorithm) == 0
                   ? 0
                   : err_set(note, ERR_DATA, "line %u: wrong or second algorithm", line);
    if (strcmp(name, "Engine") == 0 || strcmp(name, "Label") == 0)
        return err_set(
            note, ERR_DATA, "line %u: the private half is kept elsewhere (%s), not in the file", line, name);
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(name, field_names[i]) == 0)
            return read_number(&file->field[i], value, line, note);
    return 0; /* times (Created, Publish, …) and what later versions may add */
}

static int read_lines(struct private_file *file, const char *text, size_t length, struct err_note *note)
{
    char line[MAX_LINE];
    int rc = 0;
    unsigned number = 1;
    for (const char *at = text, *end = text + length; rc == 0 && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        if (size >= sizeof line || memchr(at, '\0', size)) {
            rc = err_set(note, ERR_DATA, "line %u: too long, or not text", number);
            break;
        }
        memcpy(line, at, size);
        while (size > 0 && strchr(" \t\r", line[size - 1]))
            size--;
        line[size] = '\0';
        if (size > 0 && line[0] != ';' && line[0] != '#')
            rc = read_field(file, line, number, note);
        at = stop ? stop + 1 : end;
    }
    OPENSSL_cleanse(line, sizeof line);
    return rc;
}

static int make_private(
    const struct private_file *file, uint16_t flags, struct dnskey **ret_key, struct err_note *note)
{
    const struct pkey_algorithm *how = pkey_algorithm((uint8_t)file->algorithm);
    EVP_PKEY *pkey = NULL;
    if (!file->format || file->algorithm == 0)
        return err_set(note, ERR_DATA, "no private key: 'Private-key-format' and 'Algorithm' are missing");
    if (!how)
        return err_set(
            note, ERR_DATA, "private key of algorithm %d, which cannot sign here", file->algorithm);
    size_t first = how->kind == PKEY_RSA ? 0 : FIELD_SECRET,
           last = how->kind == PKEY_RSA ? RSA_PARTS : FIELDS;
    for (size_t i = first; i < last; i++)
        if (!file->field[i].bytes)
            return err_set(note, ERR_DATA, "private key without '%s'", field_names[i]);
    int rc = how->kind == PKEY_RSA ? pkey_from_rsa_parts(how, file->field, &pkey, note)
                                   : pkey_from_secret(how, file->field[FIELD_SECRET], &pkey, note);
    if (rc)
        return rc;
    rc = dnskey_from_private(flags, (uint8_t)file->algorithm, pkey, ret_key, note);
    EVP_PKEY_free(pkey);
    return rc;
}

int dnskey_from_private_text(
    const char *text, size_t length, uint16_t flags, struct dnskey **ret_key, struct err_note *note)
{
    struct private_file file = {.algorithm = 0};
    if (length > MAX_TEXT)
        return err_set(note, ERR_DATA, "a private key file of %zu octets is none", length);
    int rc = read_lines(&file, text, length, note);
    if (rc == 0)
        rc = make_private(&file, flags, ret_key, note);
    wipe(&file);
    return rc;
}

static int write_number(struct text *out, const char *name, struct pkey_bytes number)
{
    char base64[MAX_LINE];
    if (BASE64_SIZE(number.length) > sizeof base64)
        return ERR_INTERNAL;
    base64_write(number.bytes, number.length, base64);
    text_printf(out, "%s: %s\n", name, base64);
    OPENSSL_cleanse(base64, sizeof base64);
    return 0;
}

/* Room for all of it at once: a string that grows step by step leaves copies of the secret behind. */
static void reserve(struct text *text)
{
    static const char zeros[MAX_TEXT / 2];
    size_t length = text->length;
    text_add_bytes(text, zeros, sizeof zeros);
    if (!text->failed)
        text->string[text->length = length] = '\0';
}

int dnskey_private_text(const struct dnskey *key, struct text *ret_text, struct err_note *note)
{
    const struct pkey_algorithm *how = pkey_algorithm(key->algorithm);
    struct private_file file = {.algorithm = key->algorithm};
    if (!how || !key->private_key)
        return err_set(note, ERR_DATA, "the key has no private half");
    int rc = how->kind == PKEY_RSA ? pkey_rsa_parts(key->private_key, file.field)
                                   : pkey_secret(how, key->private_key, &file.field[FIELD_SECRET]);
    if (rc)
        return err_set(note, rc, "the private half cannot be written");
    reserve(ret_text);
    text_printf(ret_text, "Private-key-format: v1.3\nAlgorithm: %u (%s)\n", key->algorithm,
        dnskey_algorithm_name(key->algorithm));
    for (size_t i = 0; rc == 0 && i < FIELDS; i++)
        if (file.field[i].bytes)
            rc = write_number(ret_text, field_names[i], file.field[i]);
    wipe(&file);
    return rc ? rc : ret_text->failed ? ERR_NOMEM : 0;
}

/* ---- .key ---- */

int dnskey_public_text(const struct name *owner, const struct dnskey *key, struct text *ret_text)
{
    char name[NAME_MAX_TEXT], base64[BASE64_SIZE(DNSKEY_MAX_RDATA)];
    base64_write(key->public_key, key->public_length, base64);
    text_printf(ret_text, "%s IN DNSKEY %u %u %u %s\n", name_to_text(owner, name), key->flags, key->protocol,
        key->algorithm, base64);
    return ret_text->failed ? ERR_NOMEM : 0;
}

/* Zone text as words: comments and line ends between parentheses are passed over. */
struct words {
    const char *at, *end;
    unsigned line, depth;
    bool too_long; /* a word was cut: nothing that was read may be used */
    char word[BASE64_SIZE(DNSKEY_MAX_RDATA)];
};

/* The next word of the record; false at its end. */
static bool next_word(struct words *w)
{
    for (; w->at < w->end; w->at++) {
        if (*w->at == ';')
            while (w->at + 1 < w->end && w->at[1] != '\n')
                w->at++;
        else if (*w->at == '(')
            w->depth++;
        else if (*w->at == ')' && w->depth > 0)
            w->depth--;
        else if (*w->at == '\n' && w->depth > 0)
            w->line++;
        else if (*w->at == '\n' || !strchr(" \t\r", *w->at))
            break;
    }
    size_t length = 0;
    while (w->at < w->end && *w->at && !strchr(" \t\r\n;()", *w->at)) {
        bool escape = *w->at == '\\' && w->at + 1 < w->end && w->at[1] != '\n';
        for (int i = 0; i <= escape; i++, w->at++)
            if (length + 1 < sizeof w->word)
                w->word[length++] = *w->at;
            else
                w->too_long = true;
    }
    w->word[length] = '\0';
    return length > 0;
}

/* Goes to the first line that holds a record. A record begins in the first column. */
static bool next_record(struct words *w)
{
    while (!next_word(w)) {
        if (w->at >= w->end || *w->at != '\n')
            return false;
        w->at++;
        w->line++;
    }
    return true;
}

static bool word_number(const char *word, unsigned most, unsigned *ret)
{
    unsigned value = 0;
    for (const char *at = word; *at; at++) {
        if (*at < '0' || *at > '9' || value > most)
            return false;
        value = value * 10 + (unsigned)(*at - '0');
    }
    *ret = value;
    return *word && value <= most;
}

/* TTL and class, in either order, before the type; both may be missing. */
static bool to_type(struct words *w)
{
    for (int i = 0; i < 3 && next_word(w); i++) {
        if (strcasecmp(w->word, "DNSKEY") == 0)
            return true;
        if (strcasecmp(w->word, "IN") != 0 && !(w->word[0] >= '0' && w->word[0] <= '9'))
            return false;
    }
    return false;
}

static int read_key(struct words *w, struct dnskey **ret_key, struct err_note *note)
{
    unsigned flags, protocol;
    if (!next_word(w) || !word_number(w->word, 65535, &flags))
        return err_set(note, ERR_DATA, "line %u: flags of the DNSKEY expected (0 to 65535)", w->line);
    if (!next_word(w) || !word_number(w->word, 255, &protocol))
        return err_set(note, ERR_DATA, "line %u: protocol of the DNSKEY expected (3)", w->line);
    int algorithm = next_word(w) ? dnskey_algorithm_from_text(w->word) : -1;
    if (algorithm < 0)
        return err_set(note, ERR_DATA, "line %u: algorithm of the DNSKEY expected", w->line);
    char base64[BASE64_SIZE(DNSKEY_MAX_RDATA)];
    uint8_t rdata[DNSKEY_MAX_RDATA] = {
        (uint8_t)(flags >> 8), (uint8_t)flags, (uint8_t)protocol, (uint8_t)algorithm};
    size_t length = 0;
    while (next_word(w)) {
        size_t more = strlen(w->word);
        if (length + more >= sizeof base64)
            return err_set(note, ERR_DATA, "line %u: the public key is too long", w->line);
        memcpy(base64 + length, w->word, more);
        length += more;
    }
    ssize_t size = base64_read(base64, length, rdata + 4, sizeof rdata - 4);
    if (size <= 0)
        return err_set(note, ERR_DATA, "line %u: the public key is no base64", w->line);
    return dnskey_from_rdata(rdata, 4 + (size_t)size, ret_key, note);
}

int dnskey_from_public_text(
    const char *text, size_t length, struct name *ret_owner, struct dnskey **ret_key, struct err_note *note)
{
    struct words w = {.at = text, .end = text + length, .line = 1};
    struct name owner;
    struct dnskey *key = NULL;
    if (length > MAX_TEXT || memchr(text, '\0', length))
        return err_set(note, ERR_DATA, "too long, or not text: no key file");
    if (!next_record(&w))
        return err_set(note, ERR_DATA, "no DNSKEY record in it");
    struct err_note why = {""};
    if (name_from_text(w.word, &owner, &why))
        return err_set(note, ERR_DATA, "line %u: %.400s", w.line, why.text);
    if (!to_type(&w))
        return err_set(
            note, ERR_DATA, "line %u: a DNSKEY record expected (NAME [TTL] [IN] DNSKEY …)", w.line);
    int rc = read_key(&w, &key, note);
    if (rc)
        return rc;
    if (w.too_long || w.depth > 0 || next_record(&w)) {
        dnskey_free(key);
        const char *fault = w.too_long ? "a word is too long"
                            : w.depth  ? "a parenthesis is not closed"
                                       : "more than one record";
        return err_set(note, ERR_DATA, "line %u: %s", w.line, fault);
    }
    *ret_owner = owner;
    *ret_key = key;
    return 0;
}
