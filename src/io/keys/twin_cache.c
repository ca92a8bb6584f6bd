/* One file for each key, its private half as `.private` text; the file's name says what key it is, and what
 * it holds is held against that. The file is locked (io/file) from before it is read until its new content
 * stands, so that who asks meanwhile waits for the key instead of making another. Nothing depends on the
 * cache but time. */
#include "io/keys/twin.h"

#include "base/text.h"
#include "io/file/file.h"
#include "io/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096, MAX_FILE = 16 * 1024, MAX_NAME = 64, ANY_TAG = -1 };

struct wish {
    const char *name; /* of a key with any tag, else NULL */
    uint8_t algorithm;
    unsigned bits;
    uint16_t flags;
    int32_t tag, revoked_tag; /* or ANY_TAG */
};

static int make(const struct wish *wish, struct dnskey **ret_key, struct err_note *note)
{
    return wish->tag == ANY_TAG ? keys_generate(wish->algorithm, wish->bits, wish->flags, ret_key, note)
                                : twin_make(wish->algorithm, wish->bits, wish->flags, (uint16_t)wish->tag,
                                      wish->revoked_tag, ret_key, note);
}

/* ---- places ---- */

/* XDG Base Directory Specification: a relative path is no path. */
static int own_directory(char path[MAX_PATH], struct err_note *note)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool xdg = cache && *cache == '/';
    if (!xdg && (!home || *home != '/'))
        return err_set(note, ERR_NOINPUT, "neither XDG_CACHE_HOME nor HOME names a directory");
    int length = xdg ? snprintf(path, MAX_PATH, "%s/rollcall/twins", cache)
                     : snprintf(path, MAX_PATH, "%s/.cache/rollcall/twins", home);
    return length < MAX_PATH ? 0 : err_set(note, ERR_DATA, "the path of the cache is too long");
}

/* The directory, with those above it. */
static int make_directories(char *path, struct err_note *note)
{
    struct stat status;
    for (char *at = path + 1;; at++) {
        char was = *at;
        if (was && was != '/')
            continue;
        *at = '\0';
        int rc = mkdir(path, 0700) == 0 || errno == EEXIST || stat(path, &status) == 0
                     ? 0
                     : file_error(note, path, "cannot be made");
        *at = was;
        if (rc || !was)
            return rc;
    }
}

static int path_of(const char *directory, const struct wish *wish, char path[MAX_PATH], struct err_note *note)
{
    char name[MAX_NAME + 64], folder[MAX_PATH];
    int rc = 0;
    if (wish->name)
        snprintf(name, sizeof name, "key-%s-%u-%u-%u", wish->name, wish->algorithm, wish->bits, wish->flags);
    else
        snprintf(
            name, sizeof name, "twin-%05d-%u-%u-%u", wish->tag, wish->algorithm, wish->bits, wish->flags);
    if (!directory)
        rc = own_directory(folder, note);
    else if (snprintf(folder, sizeof folder, "%s", directory) >= (int)sizeof folder)
        rc = err_set(note, ERR_DATA, "the path of the cache is too long");
    if (rc == 0)
        rc = make_directories(folder, note);
    if (rc == 0 && snprintf(path, MAX_PATH, "%s/%s.private", folder, name) >= MAX_PATH)
        rc = err_set(note, ERR_DATA, "the path of the cache is too long");
    return rc;
}

/* ---- what is kept ---- */

/* Ours alone, or not there at all. */
static bool is_ours(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT;
    return S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

/* The file, locked, empty if it is new. What is not ours is taken away first. */
static int hold(const char *path, struct file_held **ret_held, struct err_note *note)
{
    if (!is_ours(path) && unlink(path) != 0)
        return file_error(note, path, "is not ours, and cannot be removed");
    int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return file_error(note, path, "cannot be made");
    close(fd);
    return file_hold(path, ret_held, note);
}

/* Without a lock (held NULL), from a file system that may only be read, say. */
static int read_file(const char *path, struct file_held *held, struct text *text)
{
    char *bytes;
    size_t length;
    if (held)
        return file_held_read(held, MAX_FILE, text, NULL);
    int rc = is_ours(path) ? file_read_all(path, MAX_FILE, &bytes, &length, NULL) : ERR_NOINPUT;
    if (rc)
        return rc;
    text_add_bytes(text, bytes, length);
    explicit_bzero(bytes, length);
    free(bytes);
    return 0;
}

/* NULL unless the file holds just the key that is wanted. */
static struct dnskey *kept(const char *path, struct file_held *held, const struct wish *wish)
{
    struct text text;
    struct dnskey *key = NULL;
    text_start(&text);
    if (read_file(path, held, &text) != 0 ||
        dnskey_from_private_text(text.string, text.length, wish->flags, &key, NULL) != 0)
        key = NULL;
    bool fits = key && key->algorithm == wish->algorithm &&
                (wish->bits == 0 || dnskey_bits(key) == wish->bits) &&
                (wish->tag == ANY_TAG || key->tag == wish->tag) &&
                (wish->revoked_tag == ANY_TAG ||
                    dnskey_tag_with(key, wish->flags | DNSKEY_REVOKE) == wish->revoked_tag) &&
                dnskey_is_pair(key);
    explicit_bzero(text.string, text.capacity);
    text_free(&text);
    if (!fits) {
        dnskey_free(key);
        key = NULL;
    }
    return key;
}

static int keep(struct file_held *held, const struct dnskey *key, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int rc = dnskey_private_text(key, &text, note);
    if (rc == 0)
        rc = file_held_replace(held, text.string, text.length, note);
    explicit_bzero(text.string, text.capacity);
    text_free(&text);
    return rc;
}

static int get(const char *directory, struct wish wish, struct dnskey **ret_key, struct err_note *note)
{
    char path[MAX_PATH] = "";
    struct err_note why = {""};
    struct file_held *held = NULL;
    struct dnskey *key = NULL;
    int unkept = path_of(directory, &wish, path, &why), rc = 0;
    if (unkept == 0)
        unkept = hold(path, &held, &why);
    if (*path && (key = kept(path, held, &wish)))
        unkept = 0;
    if (!key) {
        rc = make(&wish, &key, note);
        if (rc == 0 && unkept == 0)
            unkept = keep(held, key, &why);
        else if (held)
            unlink(path); /* nothing good is in it */
    }
    file_release(held);
    if (rc)
        return rc;
    if (note)
        note->text[0] = '\0';
    if (unkept)
        err_set(note, 0, "the key is not kept for the next time: %.400s",
            why.text[0] ? why.text : err_str(unkept));
    *ret_key = key;
    return 0;
}

/* ---- */

/* The size, as it is part of a file's name. */
static unsigned named_bits(uint8_t algorithm, unsigned bits)
{
    return dnskey_signature_size(algorithm, 0) ? 0 : bits ? bits : 2048;
}

int twin_get(const char *directory, uint8_t algorithm, unsigned bits, uint16_t flags, uint16_t tag,
    int32_t revoked_tag, struct dnskey **ret_key, struct err_note *note)
{
    struct wish wish = {
        NULL, algorithm, named_bits(algorithm, bits), flags, tag, revoked_tag < 0 ? ANY_TAG : revoked_tag};
    return get(directory, wish, ret_key, note);
}

int twin_keep(const char *directory, const char *name, uint8_t algorithm, unsigned bits, uint16_t flags,
    struct dnskey **ret_key, struct err_note *note)
{
    struct wish wish = {name, algorithm, named_bits(algorithm, bits), flags, ANY_TAG, ANY_TAG};
    size_t length = strlen(name);
    if (length == 0 || length > MAX_NAME || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return err_set(note, ERR_USAGE,
            "the name of a kept key has 1 to %d small letters, digits and hyphens", MAX_NAME);
    return get(directory, wish, ret_key, note);
}
