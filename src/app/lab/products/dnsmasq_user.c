/* dnsmasq.conf, the user's, with all that it includes. What is left out (addresses, users, DHCP, files that
 * are written) stands, as far as we need it, at the end of the main file. */
#include "app/lab/products/lines.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct reading {
    struct draft *draft;
    unsigned depth;
    bool server;
};

static int read_file(
    struct reading *r, const char *path, struct draft_file **ret_file, struct err_note *note);

static void put(struct reading *r, struct draft_file *file, const struct lines_line *line, const char *value)
{
    draft_replace(r->draft, file, line->value_from, line->value_to, value);
}

/* ".,[IN,]TAG,ALGORITHM,TYPE,DIGEST" */
static int take_anchor(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    const char *at = line->value;
    unsigned tag;
    if (at[0] != '.' || at[1] != ',')
        return 0;
    at += 2;
    if (isalpha((unsigned char)*at) && strchr(at, ','))
        at = strchr(at, ',') + 1;
    if (sscanf(at, "%5u,", &tag) != 1)
        return user_error(file, line->from, note, "trust-anchor: \"%.80s\" is none", line->value);
    const struct lab_anchor *twin = user_twin(r->draft->setup, (uint16_t)tag);
    draft_trust(r->draft, (uint16_t)tag, false);
    if (twin) {
        char ds[256];
        snprintf(ds, sizeof ds, ".,%s", twin->ds);
        for (char *c = ds; *c; c++)
            if (*c == ' ')
                *c = ',';
        put(r, file, line, ds);
    }
    return 0;
}

/* An address for all names becomes the lab's; those for a domain ("/corp.example/10.0.0.1") stay. */
static int take_server(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    if (*line->value == '/' && strncmp(line->value, "/./", 3) != 0)
        return 0;
    if (*line->value)
        user_forwards(r->draft, line->value);
    if (r->server || !*line->value)
        user_remove(r->draft, file, line->from, line->to);
    else
        put(r, file, line, r->draft->setup->forward_to);
    r->server = true;
    return 0;
}

static int take_file(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    struct draft_file *other;
    int rc = read_file(r, user_find(r->draft, line->value), &other, note);
    if (rc == ERR_NOINPUT)
        return user_error(file, line->from, note, "%s: there is no such file", line->value);
    if (rc == 0)
        put(r, file, line, other->copy);
    return rc;
}

/* "*.conf" (those), ".bak" (not those) of conf-dir's list; files that are hidden or of an editor never count.
 */
static bool wanted(const char *name, const char *filters)
{
    size_t length = strlen(name);
    bool only = false, matches = false;
    if (name[0] == '.' || name[length - 1] == '~' || (name[0] == '#' && name[length - 1] == '#'))
        return false;
    for (const char *at = filters; *at;) {
        size_t size = strcspn(at, ",");
        bool star = *at == '*';
        size_t end = size - star;
        bool fits = end && length > end && strncmp(name + length - end, at + star, end) == 0;
        only = only || star;
        matches = matches || (star && fits);
        if (!star && fits)
            return false;
        at += size + (at[size] == ',');
    }
    return !only || matches;
}

static int take_directory(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    const char *paths[USER_MATCHES], *comma = strchr(line->value, ',');
    size_t count, directory = comma ? (size_t)(comma - line->value) : strlen(line->value);
    const char *path = user_find(r->draft, draft_string(r->draft, "%.*s", (int)directory, line->value));
    struct text lines;
    text_start(&lines);
    int rc = user_glob(r->draft, draft_string(r->draft, "%s/*", path), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct stat status;
        struct draft_file *other;
        if (!wanted(strrchr(paths[i], '/') + 1, comma ? comma + 1 : "") || stat(paths[i], &status) ||
            !S_ISREG(status.st_mode))
            continue;
        rc = read_file(r, paths[i], &other, note);
        if (rc == 0)
            text_printf(&lines, "%sconf-file=%s", lines.length ? "\n" : "", other->copy);
    }
    if (rc == 0)
        draft_replace(r->draft, file, line->from, line->to, lines.string);
    r->draft->failed |= lines.failed;
    text_free(&lines);
    return rc;
}

static int take_outside(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    draft_limit(r->draft, "%s is left out: it works with what is outside of the rehearsal", line->name);
    user_remove(r->draft, file, line->from, line->to);
    return 0;
}

static const struct lines_rule rules[] = {
    {"port", NULL},
    {"listen-address", NULL},
    {"interface", NULL},
    {"except-interface", NULL},
    {"bind-interfaces", NULL},
    {"bind-dynamic", NULL},
    {"auth-*", NULL},
    {"user", NULL},
    {"group", NULL},
    {"pid-file", NULL},
    {"log-facility", NULL},
    {"log-async", NULL},
    {"dhcp-*", NULL},
    {"enable-*", NULL},
    {"tftp-*", NULL},
    {"pxe-*", NULL},
    {"ra-param", NULL},
    {"read-ethers", NULL},
    {"resolv-file", NULL},
    {"no-resolv", NULL},
    {"dnssec-timestamp", NULL},
    {"dumpfile", NULL},
    {"query-port", NULL},
    {"conntrack", NULL},
    {"ipset", take_outside},
    {"nftset", take_outside},
    {"conf-script", take_outside},
    {"trust-anchor", take_anchor},
    {"server", take_server},
    {"local", take_server},
    {"conf-file", take_file},
    {"servers-file", take_file},
    {"conf-dir", take_directory},
};

static const struct lines_dialect dialect = {
    .rules = rules, .count = sizeof rules / sizeof *rules, .separators = "="};

static int read_file(struct reading *r, const char *path, struct draft_file **ret_file, struct err_note *note)
{
    if (r->depth == USER_DEPTH)
        return err_set(note, ERR_CONFIG, "%s: files include each other more than %d deep", path, USER_DEPTH);
    int rc = draft_read(r->draft, path, ret_file, note);
    if (rc == 0 && !(*ret_file)->seen) {
        (*ret_file)->seen = true;
        r->depth++;
        rc = lines_read(r->draft, *ret_file, &dialect, r, note);
        r->depth--;
    }
    return rc;
}

int dnsmasq_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct reading r = {.draft = draft};
    struct draft_file *file;
    (void)start;
    int rc = read_file(&r, setup->config, &file, note);
    if (rc)
        return rc;
    if (!r.server)
        user_forwards(draft, "the servers of resolv.conf");
    draft->trust.known = true;
    draft_replace(draft, file, file->length, file->length,
        draft_string(draft, "\nport=%u\nlisten-address=%s\nbind-interfaces\nno-resolv\n%s%s%s", setup->port,
            setup->address, r.server ? "" : "server=", r.server ? "" : setup->forward_to,
            r.server ? "" : "\n"));
    product_word(words, "-d");
    product_word(words, draft_string(draft, "--conf-file=%s", file->copy));
    return 0;
}
