/* Files are written beside their place under another name, made durable, and put in place by a rename that
 * refuses to replace: a reader sees a whole file or none, and no key is ever lost to another. The private
 * half comes first, so that a .key never stands without it. */
#include "io/keys/keys.h"

#include "base/text.h"
#include "base/utc.h"
#include "io/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 16 * 1024, MAX_PATH = 4096 };

/* ---- making ---- */

int keys_generate(
    uint8_t algorithm, unsigned bits, uint16_t flags, struct dnskey **ret_key, struct err_note *note)
{
    EVP_PKEY *pkey = NULL;
    bits = bits ? bits : 2048;
    switch (algorithm) {
    case 5:
    case 7:
    case 8:
    case 10:
        if (bits < 1024 || bits > 4096)
            return err_set(note, ERR_USAGE, "RSA keys have 1024 to 4096 bits, not %u", bits);
        pkey = EVP_RSA_gen(bits);
        break;
    case 13:
    case 14:
        pkey = EVP_EC_gen(algorithm == 13 ? "P-256" : "P-384");
        break;
    case 15:
    case 16:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, algorithm == 15 ? "ED25519" : "ED448");
        break;
    default:
        return err_set(note, ERR_USAGE,
            "keys of algorithm %u are not made here (5, 7, 8, 10, 13, 14, 15 and 16 are)", algorithm);
    }
    if (!pkey) {
        ERR_clear_error();
        return err_set(
            note, ERR_INTERNAL, "the crypto library could not make a key of algorithm %u", algorithm);
    }
    int rc = dnskey_from_private(flags, algorithm, pkey, ret_key, note);
    EVP_PKEY_free(pkey);
    return rc;
}

int keys_random_token(char *out, size_t length)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t random[64];
    for (size_t i = 0; i < length; i++) {
        if (i % sizeof random == 0 && RAND_bytes(random, sizeof random) != 1) {
            ERR_clear_error();
            return ERR_INTERNAL;
        }
        out[i] = alphabet[random[i % sizeof random] & 31]; /* 32 divides 256: no bias */
    }
    explicit_bzero(random, sizeof random);
    out[length] = '\0';
    return 0;
}

/* ---- names of files ---- */

int keys_base(const struct name *owner, uint8_t algorithm, uint16_t tag, char ret_base[KEYS_MAX_BASE],
    struct err_note *note)
{
    struct name lower = *owner;
    struct text base;
    name_lower(&lower);
    text_start(&base);
    text_add(&base, "K");
    for (const uint8_t *label = lower.wire; *label; label += *label + 1) {
        for (unsigned i = 1; i <= *label; i++) {
            bool plain = (label[i] >= 'a' && label[i] <= 'z') || (label[i] >= '0' && label[i] <= '9') ||
                         label[i] == '-' || label[i] == '_';
            text_printf(&base, plain ? "%c" : "%%%02X", label[i]);
        }
        text_add(&base, ".");
    }
    if (base.length == 1)
        text_add(&base, ".");
    text_printf(&base, "+%03u+%05u", algorithm, tag);
    /* ".private" and the mark of an unfinished file must fit as well into the 255 octets of a file's name. */
    int rc = base.failed ? ERR_NOMEM
             : base.length > 255 - strlen(".private.XXXXXX")
                 ? err_set(note, ERR_DATA, "the zone's name is too long for a file's name")
                 : 0;
    if (rc == 0)
        memcpy(ret_base, base.string, base.length + 1);
    text_free(&base);
    return rc;
}

static int path_of(
    const char *directory, const char *base, const char *ending, char path[MAX_PATH], struct err_note *note)
{
    int length = *directory ? snprintf(path, MAX_PATH, "%s/%s%s", directory, base, ending)
                            : snprintf(path, MAX_PATH, "%s%s", base, ending);
    return length < MAX_PATH ? 0 : err_set(note, ERR_DATA, "the path of %.200s is too long", base);
}

bool keys_exist(const char *directory, const char *base)
{
    char path[MAX_PATH];
    struct stat status;
    return (path_of(directory, base, ".key", path, NULL) == 0 && lstat(path, &status) == 0) ||
           (path_of(directory, base, ".private", path, NULL) == 0 && lstat(path, &status) == 0);
}

/* ---- writing ---- */

static int fail(struct err_note *note, const char *what, const char *path)
{
    int cause = errno;
    bool forbidden = cause == EACCES || cause == EPERM || cause == EROFS;
    bool absent = cause == ENOENT || cause == ENOTDIR || cause == EISDIR;
    int rc = forbidden ? ERR_PERM : absent ? ERR_NOINPUT : ERR_IO;
    return err_set(note, rc, "cannot %s %.300s: %s", what, path, strerror(cause));
}

/* Into place, unless something is there. Not every file system knows the first way. */
static int put_in_place(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return link(from, to) == 0 ? unlink(from) : -1;
}

/* A file that appears whole, or not. */
static int write_file(const char *path, mode_t mode, const struct text *content, struct err_note *note)
{
    char draft[MAX_PATH + 8];
    snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    int file = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
    if (file < 0)
        return fail(note, "make", path);
    int rc = 0;
    if (fchmod(file, mode) != 0 || file_write(file, content->string, content->length) != 0 ||
        fsync(file) != 0)
        rc = fail(note, "write", path);
    close(file);
    if (rc == 0 && put_in_place(draft, path) != 0)
        rc = errno == EEXIST ? err_set(note, ERR_IO, "%.300s exists already; it is left as it is", path)
                             : fail(note, "make", path);
    if (rc)
        unlink(draft);
    return rc;
}

struct time_field {
    const char *name;
    size_t offset;
};
static const struct time_field time_fields[] = {
    {"Created", offsetof(struct keys_times, created_us)},
    {"Publish", offsetof(struct keys_times, publish_us)},
    {"Activate", offsetof(struct keys_times, activate_us)},
    {"Revoke", offsetof(struct keys_times, revoke_us)},
};
enum { TIME_FIELDS = sizeof time_fields / sizeof *time_fields };

static int64_t *time_at(struct keys_times *times, size_t i)
{
    return (int64_t *)(void *)((char *)times + time_fields[i].offset);
}

/* YYYYMMDDHHmmSS */
static void add_times(struct text *text, const char *before, const struct keys_times *times)
{
    struct keys_times copy = times ? *times : (struct keys_times){0};
    for (size_t i = 0; i < TIME_FIELDS; i++) {
        struct utc_date d = utc_date_of(*time_at(&copy, i));
        if (*time_at(&copy, i))
            text_printf(text, "%s%s: %04d%02d%02d%02d%02d%02d\n", before, time_fields[i].name, d.year,
                d.month, d.day, d.hour, d.minute, d.second);
    }
}

static int public_text(const struct name *owner, const struct dnskey *key, const struct keys_times *times,
    const char *remark, struct text *text)
{
    char name[NAME_MAX_TEXT];
    name_to_text(owner, name);
    text_printf(text, "; This is a %s%s-signing key, keyid %u, for %s\n",
        key->flags & DNSKEY_REVOKE ? "revoked " : "", key->flags & DNSKEY_SEP ? "key" : "zone", key->tag,
        name);
    if (remark)
        text_printf(text, "; %s\n", remark);
    add_times(text, "; ", times);
    return dnskey_public_text(owner, key, text);
}

int keys_write(const char *directory, const struct name *owner, const struct dnskey *key,
    const struct keys_times *times, const char *remark, char ret_base[KEYS_MAX_BASE], struct err_note *note)
{
    char base[KEYS_MAX_BASE], private_path[MAX_PATH], public_path[MAX_PATH];
    struct text secret, public;
    text_start(&secret);
    text_start(&public);
    int rc = keys_base(owner, key->algorithm, key->tag, base, note);
    if (rc == 0)
        rc = path_of(directory, base, ".private", private_path, note);
    if (rc == 0)
        rc = path_of(directory, base, ".key", public_path, note);
    if (rc == 0 && keys_exist(directory, base))
        rc = err_set(note, ERR_IO, "a key %s exists already; it is left as it is", base);
    if (rc == 0)
        rc = public_text(owner, key, times, remark, &public);
    if (rc == 0 && key->private_key) {
        rc = dnskey_private_text(key, &secret, note);
        add_times(&secret, "", times);
        if (rc == 0)
            rc = write_file(private_path, 0600, &secret, note);
    }
    if (rc == 0) {
        rc = write_file(public_path, 0644, &public, note);
        if (rc && key->private_key)
            unlink(private_path);
    }
    if (rc == 0)
        rc = file_sync_directory(public_path) ? fail(note, "write", directory) : 0;
    if (rc == 0)
        memcpy(ret_base, base, strlen(base) + 1);
    explicit_bzero(secret.string, secret.capacity);
    text_free(&secret);
    text_free(&public);
    return rc;
}

/* ---- reading ---- */

/* The whole file, of at most MAX_FILE octets; the caller wipes and frees it. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_length, struct err_note *note)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *bytes = file < 0 ? NULL : malloc(MAX_FILE + 1);
    size_t length = 0;
    ssize_t n = file < 0 ? -1 : bytes ? 1 : 0;
    while (n > 0 && length <= MAX_FILE) {
        n = read(file, bytes + length, MAX_FILE + 1 - length);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            length += (size_t)n;
    }
    int rc = n < 0               ? fail(note, "read", path)
             : !bytes            ? ERR_NOMEM
             : length > MAX_FILE ? err_set(note, ERR_DATA, "%.300s is too large for a key file", path)
                                 : 0;
    if (file >= 0)
        close(file);
    if (rc && bytes) {
        explicit_bzero(bytes, length);
        free(bytes);
    } else if (rc == 0) {
        *ret_bytes = bytes;
        *ret_length = length;
    }
    return rc;
}

/* The path of one half, whichever half or base name was given. */
static int half_path(const char *path, const char *ending, char out[MAX_PATH], struct err_note *note)
{
    size_t length = strlen(path);
    const char *endings[] = {".key", ".private"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(endings[i]);
        if (length > size && strcmp(path + length - size, endings[i]) == 0) {
            length -= size;
            break;
        }
    }
    int written = length < MAX_PATH ? snprintf(out, MAX_PATH, "%.*s%s", (int)length, path, ending) : MAX_PATH;
    return written < MAX_PATH ? 0 : err_set(note, ERR_DATA, "the path is too long");
}

int keys_read_public(const char *path, struct name *ret_owner, struct dnskey **ret_key, struct err_note *note)
{
    char file[MAX_PATH], *bytes;
    size_t length;
    struct err_note why = {""};
    int rc = half_path(path, ".key", file, note);
    /* A file that is named as it is need not end in .key. */
    if (rc == 0 && access(file, F_OK) != 0 && access(path, F_OK) == 0 && !strstr(path, ".private"))
        snprintf(file, sizeof file, "%s", path);
    if (rc == 0)
        rc = read_file(file, &bytes, &length, note);
    if (rc)
        return rc;
    rc = dnskey_from_public_text(bytes, length, ret_owner, ret_key, &why);
    free(bytes);
    return rc ? err_set(note, rc, "%.200s: %.300s", file, why.text[0] ? why.text : err_str(rc)) : 0;
}

static void read_times(const char *bytes, size_t length, struct keys_times *times)
{
    for (const char *line = bytes, *end = bytes + length; line && line < end;) {
        for (size_t i = 0; i < TIME_FIELDS; i++) {
            size_t size = strlen(time_fields[i].name);
            char text[32];
            int64_t us;
            const char *v = line + size + 2;
            if ((size_t)(end - line) < size + 2 + 14 || strncmp(line, time_fields[i].name, size) != 0 ||
                line[size] != ':')
                continue;
            snprintf(
                text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", v, v + 4, v + 6, v + 8, v + 10, v + 12);
            if (utc_parse(text, &us) == 0)
                *time_at(times, i) = us;
        }
        line = memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : NULL;
    }
}

int keys_read(const char *path, struct name *ret_owner, struct dnskey **ret_key, struct keys_times *ret_times,
    struct err_note *note)
{
    char file[MAX_PATH], *bytes = NULL;
    size_t length = 0;
    struct name owner;
    struct dnskey *public = NULL, *whole = NULL;
    struct keys_times times = {0};
    struct err_note why = {""};
    int rc = keys_read_public(path, &owner, &public, note);
    if (rc == 0)
        rc = half_path(path, ".private", file, note);
    if (rc)
        goto out;
    if (access(file, F_OK) != 0 && errno == ENOENT) {
        whole = public;
        public = NULL;
    } else if ((rc = read_file(file, &bytes, &length, note)) == 0) {
        rc = dnskey_from_private_text(bytes, length, public->flags, &whole, &why);
        if (rc)
            err_set(note, rc, "%.200s: %.300s", file, why.text[0] ? why.text : err_str(rc));
        else if (!dnskey_same(public, whole))
            rc = err_set(note, ERR_DATA, "%.300s is the private half of another key", file);
        read_times(bytes, length, &times);
    }
    if (rc == 0) {
        *ret_owner = owner;
        *ret_key = whole;
        whole = NULL;
        if (ret_times)
            *ret_times = times;
    }
out:
    if (bytes)
        explicit_bzero(bytes, length);
    free(bytes);
    dnskey_free(public);
    dnskey_free(whole);
    return rc;
}
