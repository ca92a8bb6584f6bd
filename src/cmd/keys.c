/* rollcall keys: make, show, give the DS of, and revoke keys in files that BIND and ldns read as well. */
#include "base/text.h"
#include "base/utc.h"
#include "cmd/cmd.h"
#include "cmd/keys_show.h"
#include "core/roll/known.h"
#include "io/keys/keys.h"
#include "io/keys/twin.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "Usage: rollcall keys generate ZONE [--algorithm NAME|NUMBER] [--bits N] [--zsk] [--directory DIR]\n"
    "       rollcall keys generate [ZONE] --twin TAG [the same]\n"
    "       rollcall keys show FILE|BASE…\n"
    "       rollcall keys ds FILE|BASE… [--digest 2,4]\n"
    "       rollcall keys revoke FILE|BASE [--directory DIR]\n"
    "\n"
    "Makes and reads pairs of files K<zone>+<algorithm>+<tag>.key and .private, as BIND and ldns do.\n"
    "A key is named by either file or by their name without ending (BASE).\n"
    "\n"
    "  generate  a new key: a KSK, or with --zsk a ZSK; prints its base name, tag, and tag once revoked\n"
    "  show      owner, flags, algorithm, size, tags, DS, and whether the private half is there and fits\n"
    "  ds        DS records, for the parent or as trust anchors\n"
    "  revoke    the key with REVOKE set (RFC 5011), as new files with its new tag; the old ones stay\n"
    "\n"
    "  -a, --algorithm NAME|NUMBER  ECDSAP256SHA256 (13) if not given; also 5, 7, 8, 10, 14, 15, 16\n"
    "  -b, --bits N                 size of an RSA key, 1024 to 4096 (2048)\n"
    "      --zsk                    flags 256 in place of 257\n"
    "      --twin TAG               a key of your own with that tag, for tests. ZONE is . if not given; "
    "19036, 20326 and\n"
    "                               38696 give twins of the root's keys: RSASHA256, 2048 bits, the same "
    "revoked tag\n"
    "  -K, --directory DIR          where new files go (generate: here; revoke: beside the old ones)\n"
    "      --digest LIST            digest types of ds: 1 (SHA-1), 2 (SHA-256), 4 (SHA-384)\n"
    "      --now TIME               the time that new files carry, in place of the clock\n"
    "      --json                   one JSON document (schema rollcall.keys/1)\n"
    "  -q, --quiet                  generate, revoke: only the new base name; no warnings\n"
    "  -h, --help                   this text\n"
    "\n"
    "Exit status: 0, or 64 usage, 65 a file is no key or a pair does not fit, 66 no such file,\n"
    "74 a file cannot be written or exists already, 77 not permitted.\n";

enum option_bit { ALGORITHM = 1, BITS = 2, ZSK = 4, DIRECTORY = 8, DIGEST = 16, NOW = 32, TWIN = 64 };

struct options {
    uint8_t algorithm;
    unsigned bits;
    uint16_t twin;
    int32_t twin_revoked; /* the tag that it is to have once it is revoked; -1: any */
    bool zsk, json, quiet, help;
    const char *directory, *now;
    uint8_t digests[3];
    size_t digest_count;
    unsigned given; /* enum option_bit */
};

static const struct option long_options[] = {
    {"algorithm", required_argument, NULL, 'a'},
    {"bits", required_argument, NULL, 'b'},
    {"zsk", no_argument, NULL, 'z'},
    {"twin", required_argument, NULL, 't'},
    {"directory", required_argument, NULL, 'K'},
    {"digest", required_argument, NULL, 'd'},
    {"now", required_argument, NULL, 'n'},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* "2,4" or "SHA-256,SHA-384". */
static int read_digests(const char *text, struct options *options)
{
    static const struct {
        const char *name;
        uint8_t type;
    } digests[] = {{"1", 1}, {"2", 2}, {"4", 4}, {"SHA-1", 1}, {"SHA-256", 2}, {"SHA-384", 4}, {"SHA1", 1},
        {"SHA256", 2}, {"SHA384", 4}};
    enum { DIGESTS = sizeof digests / sizeof *digests };
    options->digest_count = 0;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ","), i = 0;
        while (i < DIGESTS &&
               (strlen(digests[i].name) != length || strncasecmp(at, digests[i].name, length) != 0))
            i++;
        if (i == DIGESTS || options->digest_count == 3)
            return ERR_USAGE;
        options->digests[options->digest_count++] = digests[i].type;
        at += length;
        if (!*at)
            return 0;
    }
}

static int take_option(int letter, const char *value, struct options *options, struct err_note *note)
{
    int64_t number;
    int algorithm;
    switch (letter) {
    case 'a':
        algorithm = dnskey_algorithm_from_text(value);
        if (algorithm < 0)
            return err_set(
                note, ERR_USAGE, "--algorithm: '%s' is no algorithm (ECDSAP256SHA256, 13, …)", value);
        options->algorithm = (uint8_t)algorithm;
        options->given |= ALGORITHM;
        return 0;
    case 'b':
        if (cmd_number(value, 1024, 4096, &number))
            return err_set(note, ERR_USAGE, "--bits: 1024 to 4096, not '%s'", value);
        options->bits = (unsigned)number;
        options->given |= BITS;
        return 0;
    case 't':
        if (cmd_number(value, 0, UINT16_MAX, &number))
            return err_set(note, ERR_USAGE, "--twin: a key tag, 0 to 65535, not '%s'", value);
        options->twin = (uint16_t)number;
        options->given |= TWIN;
        return 0;
    case 'd':
        options->given |= DIGEST;
        return read_digests(value, options)
                   ? err_set(note, ERR_USAGE, "--digest: 1, 2 and 4, separated by commas, not '%s'", value)
                   : 0;
    case 'K':
        options->directory = value;
        options->given |= DIRECTORY;
        return *value ? 0 : err_set(note, ERR_USAGE, "--directory: no directory given");
    case 'n':
        options->now = value;
        options->given |= NOW;
        return 0;
    case 'z':
        options->zsk = true;
        options->given |= ZSK;
        return 0;
    case 'j':
        return options->json = true, 0;
    case 'q':
        return options->quiet = true, 0;
    case 'h':
        return options->help = true, 0;
    case ':':
        return err_set(note, ERR_USAGE, "a value is missing after '%s'", value);
    default:
        return err_set(note, ERR_USAGE, "no option '%s'", value);
    }
}

/* Reads the options; what is none is left in argv from optind. `allowed`: what this subcommand knows. */
static int read_options(
    int argc, char **argv, unsigned allowed, struct options *options, struct err_note *note)
{
    static const char *const names[] = {
        "--algorithm", "--bits", "--zsk", "--directory", "--digest", "--now", "--twin"};
    *options = (struct options){.algorithm = 13, .twin_revoked = -1, .digests = {2, 4}, .digest_count = 2};
    opterr = 0;
    optind = 0;
    int letter, rc = 0;
    while (rc == 0 && (letter = getopt_long(argc, argv, ":a:b:K:qh", long_options, NULL)) != -1)
        rc = take_option(letter, letter == ':' || letter == '?' ? argv[optind - 1] : optarg, options, note);
    for (unsigned i = 0; rc == 0 && i < sizeof names / sizeof *names; i++)
        if (options->given & ~allowed & 1U << i)
            rc = err_set(note, ERR_USAGE, "%s says nothing here", names[i]);
    return rc;
}

/* ---- generate ---- */

/* No other key here may have the tag that this one has, or will have once it is revoked (as dnssec-keygen has
 * it). */
static bool tag_is_free(const char *directory, const struct name *owner, const struct dnskey *key)
{
    char base[KEYS_MAX_BASE];
    uint16_t tags[2] = {key->tag, keys_show_tag(key, DNSKEY_REVOKE)};
    for (size_t i = 0; i < 2; i++)
        if (keys_base(owner, key->algorithm, tags[i], base, NULL) == 0 && keys_exist(directory, base))
            return false;
    return true;
}

/* A twin of one of the root's keys is like it in everything that is told; what else was asked for must agree.
 */
static int settle_twin(struct options *options, const struct name *owner, struct err_note *note)
{
    struct known known;
    if (!(options->given & TWIN) || owner->length != 1 || !known_by_tag(options->twin, &known))
        return 0;
    if (options->given & ALGORITHM && options->algorithm != known.algorithm)
        return err_set(note, ERR_USAGE, "--algorithm: %s (%u) is of algorithm %u (%s)", known.id, known.tag,
            known.algorithm, dnskey_algorithm_name(known.algorithm));
    if (options->given & BITS && options->bits != known.bits)
        return err_set(note, ERR_USAGE, "--bits: %s (%u) has %u bits", known.id, known.tag, known.bits);
    if (options->zsk)
        return err_set(note, ERR_USAGE, "--zsk: %s (%u) is a key signing key", known.id, known.tag);
    options->algorithm = known.algorithm;
    options->bits = known.bits;
    options->twin_revoked = known.revoked_tag;
    return 0;
}

static int make_key(const struct options *options, struct dnskey **ret_key, struct err_note *note)
{
    uint16_t flags = options->zsk ? DNSKEY_ZSK : DNSKEY_KSK;
    return options->given & TWIN ? twin_get(NULL, options->algorithm, options->bits, flags, options->twin,
                                       options->twin_revoked, ret_key, note)
                                 : keys_generate(options->algorithm, options->bits, flags, ret_key, note);
}

/* Tries again when a tag is taken, even if another process took it just now. */
static int generate_key(const struct options *options, const struct name *owner,
    const struct keys_times *times, struct dnskey **ret_key, char base[KEYS_MAX_BASE], struct err_note *note)
{
    const char *directory = options->directory ? options->directory : "";
    bool twin = options->given & TWIN;
    for (int tries = twin ? 19 : 0; tries < 20; tries++) {
        struct dnskey *key = NULL;
        int rc = make_key(options, &key, note);
        if (rc)
            return rc;
        if (tag_is_free(directory, owner, key)) {
            rc = keys_write(directory, owner, key, times, twin ? TWIN_REMARK : NULL, base, note);
            if (rc == 0) {
                *ret_key = key;
                return 0;
            }
        }
        bool taken = !tag_is_free(directory, owner, key);
        dnskey_free(key);
        if (!taken)
            return rc;
    }
    if (twin)
        return err_set(note, ERR_IO,
            "a key with the tag %u, or with that of its revoked form, is here; it is left as it is",
            options->twin);
    return err_set(note, ERR_IO, "every key that was made has the tag of one that is here");
}

/* The zone, and what the options mean for its key. */
static int read_wish(
    int argc, char **argv, struct options *options, struct name *ret_owner, struct err_note *note)
{
    const char *zone = optind < argc ? argv[optind] : options->given & TWIN ? "." : NULL;
    if (!zone || argc - optind > 1)
        return err_set(note, ERR_USAGE, zone ? "one ZONE at a time" : "which ZONE?");
    if (name_from_text(zone, ret_owner, note))
        return ERR_USAGE;
    int rc = settle_twin(options, ret_owner, note);
    if (rc == 0 && (options->given & BITS) && options->algorithm >= 13)
        rc = err_set(note, ERR_USAGE, "--bits: keys of algorithm %u have one size", options->algorithm);
    return rc;
}

static int keys_generate_command(int argc, char **argv)
{
    static const char command[] = "keys generate";
    struct options options;
    struct err_note note = {""};
    struct name owner;
    struct dnskey *key = NULL;
    char base[KEYS_MAX_BASE];
    int64_t now;
    int rc = read_options(argc, argv, ALGORITHM | BITS | ZSK | DIRECTORY | NOW | TWIN, &options, &note);
    if (rc == 0 && options.help)
        return cmd_print(command, help_text, sizeof help_text - 1);
    if (rc == 0)
        rc = read_wish(argc, argv, &options, &owner, &note);
    if (rc == 0)
        rc = cmd_now(options.now, &now, &note);
    if (rc)
        return cmd_fail(command, rc, "%s", note.text);
    struct keys_times times = {.created_us = now, .publish_us = now, .activate_us = now};
    rc = generate_key(&options, &owner, &times, &key, base, &note);
    if (rc)
        return cmd_fail(command, rc, "%s", note.text[0] ? note.text : err_str(rc));
    if ((options.algorithm == 5 || options.algorithm == 7) && !options.quiet)
        fprintf(stderr,
            "rollcall %s: algorithm %u signs with SHA-1, which many resolvers no longer accept (RFC 8624)\n",
            command, options.algorithm);
    if (note.text[0] && !options.quiet)
        cmd_fail(command, ERR_OK, "warning: %s", note.text);
    struct keys_shown shown = {.base = base, .owner = &owner, .key = key, .half = KEYS_HALF_FITS};
    int code = options.quiet && !options.json ? keys_show_base(command, &shown)
                                              : keys_show_made(command, &shown, NULL, options.json);
    dnskey_free(key);
    return code;
}

/* ---- show and ds ---- */

/* Reads one key and, unless only the public half is asked for, how its private half stands. */
static int read_shown(const char *path, bool public_only, struct keys_shown *ret, struct err_note *note)
{
    struct name *owner = malloc(sizeof *owner);
    struct dnskey *key = NULL;
    if (!owner)
        return ERR_NOMEM;
    *ret = (struct keys_shown){.base = path, .owner = owner, .half = KEYS_HALF_ABSENT};
    int rc =
        public_only ? keys_read_public(path, owner, &key, note) : keys_read(path, owner, &key, NULL, note);
    if (rc == 0) {
        ret->half = key->private_key ? KEYS_HALF_FITS : KEYS_HALF_ABSENT;
    } else if (!public_only && keys_read_public(path, owner, &key, NULL) == 0) {
        ret->half = rc == ERR_PERM ? KEYS_HALF_HIDDEN : KEYS_HALF_BAD;
        rc = 0;
    }
    if (rc)
        free(owner);
    else
        ret->key = key;
    return rc;
}

static void free_shown(struct keys_shown *shown, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        dnskey_free((struct dnskey *)shown[i].key);
        free((struct name *)shown[i].owner);
    }
    free(shown);
}

/* show and ds take the same keys and differ in what they print. */
static int show_keys(const char *command, int argc, char **argv, unsigned allowed,
    int (*print)(const char *command, const struct keys_shown *shown, size_t count, const uint8_t *digests,
        size_t digest_count, bool json))
{
    struct options options;
    struct err_note note = {""};
    int rc = read_options(argc, argv, allowed, &options, &note);
    if (rc == 0 && options.help)
        return cmd_print(command, help_text, sizeof help_text - 1);
    if (rc == 0 && optind == argc)
        rc = err_set(&note, ERR_USAGE, "which key? A file, or its name without .key or .private");
    if (rc)
        return cmd_fail(command, rc, "%s", note.text);
    struct keys_shown *shown = calloc((size_t)(argc - optind), sizeof *shown);
    size_t count = 0;
    int code = 0;
    for (int i = optind; shown && i < argc; i++) {
        note.text[0] = '\0';
        rc = read_shown(argv[i], print == keys_show_ds, &shown[count], &note);
        if (rc == 0 && shown[count].half == KEYS_HALF_BAD)
            code = cmd_fail(command, ERR_DATA, "%s", note.text);
        if (rc)
            code = cmd_fail(command, rc, "%s", note.text[0] ? note.text : err_str(rc));
        else if (!options.quiet && print == keys_show_ds && shown[count].key->flags & DNSKEY_REVOKE)
            fprintf(stderr,
                "rollcall %s: warning: key %u is revoked; a DS of it must match nothing (RFC 5011 §2.1)\n",
                command, shown[count].key->tag);
        count += rc == 0;
    }
    int printed = !shown  ? cmd_fail(command, ERR_NOMEM, "out of memory")
                  : count ? print(command, shown, count, options.digests, options.digest_count, options.json)
                          : 0;
    free_shown(shown, count);
    return code ? code : printed;
}

static int keys_show_command(int argc, char **argv)
{
    return show_keys("keys show", argc, argv, DIGEST, keys_show);
}

static int keys_ds_command(int argc, char **argv)
{
    return show_keys("keys ds", argc, argv, DIGEST, keys_show_ds);
}

/* ---- revoke ---- */

/* The directory part of a path, "" if it has none. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strndup(path, slash ? (size_t)(slash - path) + (slash == path) : 0);
}

static int revoke_key(const char *path, const struct options *options, int64_t now, struct name *owner,
    struct dnskey **ret_old, struct dnskey **ret_new, char base[KEYS_MAX_BASE], struct err_note *note)
{
    struct keys_times times;
    char *beside = directory_of(path);
    struct dnskey *old = NULL, *new = NULL;
    int rc = beside ? keys_read(path, owner, &old, &times, note) : ERR_NOMEM;
    if (rc == 0 && old->flags & DNSKEY_REVOKE)
        rc = err_set(note, ERR_DATA, "key %u is revoked already", old->tag);
    if (rc == 0 && !old->private_key)
        rc = err_set(note, ERR_NOINPUT,
            "key %u has no private half here: a revoked key must sign itself (RFC 5011 §2.1)", old->tag);
    if (rc == 0)
        rc = dnskey_with_flags(old, old->flags | DNSKEY_REVOKE, &new);
    if (rc == 0) {
        times.revoke_us = now;
        const char *remark = known_key(owner, new, NULL) == KNOWN_TWIN ? TWIN_REMARK : NULL;
        rc = keys_write(
            options->directory ? options->directory : beside, owner, new, &times, remark, base, note);
    }
    free(beside);
    if (rc) {
        dnskey_free(old);
        dnskey_free(new);
        return rc;
    }
    *ret_old = old;
    *ret_new = new;
    return 0;
}

static int keys_revoke_command(int argc, char **argv)
{
    static const char command[] = "keys revoke";
    struct options options;
    struct err_note note = {""};
    int64_t now;
    int rc = read_options(argc, argv, DIRECTORY | NOW, &options, &note);
    if (rc == 0 && options.help)
        return cmd_print(command, help_text, sizeof help_text - 1);
    if (rc == 0 && argc - optind != 1)
        rc = err_set(&note, ERR_USAGE,
            argc - optind ? "one key at a time" : "which key? A file, or its name without .key or .private");
    if (rc == 0)
        rc = cmd_now(options.now, &now, &note);
    if (rc)
        return cmd_fail(command, rc, "%s", note.text);
    struct name owner;
    struct dnskey *old, *new;
    char base[KEYS_MAX_BASE];
    rc = revoke_key(argv[optind], &options, now, &owner, &old, &new, base, &note);
    if (rc)
        return cmd_fail(command, rc, "%s", note.text[0] ? note.text : err_str(rc));
    struct keys_shown shown = {.base = base, .owner = &owner, .key = new, .half = KEYS_HALF_FITS};
    int code = options.quiet && !options.json ? keys_show_base(command, &shown)
                                              : keys_show_made(command, &shown, old, options.json);
    dnskey_free(old);
    dnskey_free(new);
    return code;
}

static const struct cmd_entry commands[] = {
    {"generate", "make a key", keys_generate_command},
    {"show", "tell about keys", keys_show_command},
    {"ds", "DS records of keys", keys_ds_command},
    {"revoke", "the revoked form of a key", keys_revoke_command},
};

int cmd_keys(int argc, char **argv)
{
    const char *near = NULL, *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        fputs(help_text, stderr);
        return err_exit(ERR_USAGE);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return cmd_print("keys", help_text, sizeof help_text - 1);
    const struct cmd_entry *command = cmd_find(commands, sizeof commands / sizeof *commands, name, &near);
    if (!command)
        return cmd_fail("keys", ERR_USAGE, "no command '%s'%s%s%s", name, near ? "; did you mean '" : "",
            near ? near : "", near ? "'?" : "");
    return command->run(argc - 1, argv + 1);
}
