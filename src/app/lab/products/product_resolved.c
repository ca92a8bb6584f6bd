/* systemd-resolved. It has fixed places (/etc, /run) and becomes a user of its own: in the space's mounts
 * /run is a directory of ours, with its settings and anchors, /etc/passwd says that its user is root (there
 * may be no other), and the machine's own settings are masked. It resolves nothing while there is no link but
 * loopback; a bus it can do without.
 *
 * The user's resolved.conf, with the drop-ins beside it (FILE.d), becomes drop-ins in /run, which are read in
 * the order of their names; ours is the last. */
#include "app/lab/products/lines.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BINDS = 12 };

struct reading {
    struct draft *draft;
};

/* What of the machine's would be read too. */
static const char *const settings[] = {"/etc/systemd/resolved.conf", "/etc/systemd/resolved.conf.d",
    "/usr/local/lib/systemd/resolved.conf.d", "/usr/lib/systemd/resolved.conf.d"};
static const char *const anchor_places[] = {"/etc/dnssec-trust-anchors.d",
    "/usr/local/lib/dnssec-trust-anchors.d", "/usr/lib/dnssec-trust-anchors.d"};

static const char *add_string(struct draft *draft, const char *name, const char *string)
{
    return draft_add(draft, name, string, strlen(string));
}

static void bind_to(
    struct draft *draft, struct lab_mount *binds, size_t *count, const char *from, const char *to)
{
    if (access(to, F_OK) == 0 && *count < MOST_BINDS)
        binds[(*count)++] = (struct lab_mount){.from = draft_path(draft, from), .to = to};
}

static void mask(struct draft *draft, struct lab_start *start)
{
    struct lab_mount *binds = arena_alloc(draft->arena, MOST_BINDS * sizeof *binds);
    if (!binds) {
        draft->failed = true;
        return;
    }
    add_string(draft, "empty/file", "");
    add_string(draft, "passwd", "root:x:0:0:root:/:/bin/sh\nsystemd-resolve:x:0:0:resolver:/:/bin/sh\n");
    add_string(draft, "group", "root:x:0:\nsystemd-resolve:x:0:\n");
    bind_to(draft, binds, &start->bind_count, "run", "/run");
    bind_to(draft, binds, &start->bind_count, "passwd", "/etc/passwd");
    bind_to(draft, binds, &start->bind_count, "group", "/etc/group");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        bind_to(draft, binds, &start->bind_count, i == 0 ? "empty/file" : "empty", settings[i]);
    for (size_t i = 0; i < sizeof anchor_places / sizeof *anchor_places; i++)
        bind_to(draft, binds, &start->bind_count, "empty", anchor_places[i]);
    start->binds = binds;
    start->needs_ethernet = true;
}

static void add_ours(struct draft *draft, const char *dnssec)
{
    const struct lab_setup *setup = draft->setup;
    bool six = product_six(setup);
    add_string(draft, "run/systemd/resolved.conf.d/zz-rollcall.conf",
        draft_string(draft,
            "[Resolve]\n"
            "DNS=\n"
            "DNS=%s\n"
            "FallbackDNS=\n"
            "Domains=~.\n"
            "%s"
            "DNSOverTLS=no\n"
            "LLMNR=no\n"
            "MulticastDNS=no\n"
            "DNSStubListener=no\n"
            "DNSStubListenerExtra=%s%s%s:%u\n",
            setup->forward_to, dnssec, six ? "[" : "", setup->address, six ? "]" : "", setup->port));
}

static void add_anchors(struct draft *draft, const struct lab_anchor *anchors, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count && anchors[i].ds; i++)
        text = draft_string(draft, "%s. IN DS %s\n", text, anchors[i].ds);
    add_string(draft, "run/dnssec-trust-anchors.d/root.positive", text);
}

static int ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    (void)words;
    (void)note;
    add_ours(draft, "DNSSEC=yes\n");
    add_anchors(draft, draft->setup->anchors, draft->setup->anchor_count);
    mask(draft, start);
    return 0;
}

/* ---- the user's ---- */

static int take_server(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    if (*line->value)
        user_forwards(r->draft, line->value);
    user_remove(r->draft, file, line->from, line->to);
    return 0;
}

static int take_tls(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    if (strcmp(line->value, "no") != 0)
        draft_limit(r->draft, "TLS to others is not rehearsed: they are asked without");
    user_remove(r->draft, file, line->from, line->to);
    return 0;
}

static const struct lines_rule rules[] = {
    {"DNS", take_server},
    {"FallbackDNS", take_server},
    {"DNSOverTLS", take_tls},
    {"Domains", NULL},
    {"LLMNR", NULL},
    {"MulticastDNS", NULL},
    {"DNSStubListener", NULL},
    {"DNSStubListenerExtra", NULL},
};
static const struct lines_dialect dialect = {
    .rules = rules, .count = sizeof rules / sizeof *rules, .continues = true, .separators = "="};

static int read_settings(struct reading *r, const char *path, const char *copy, struct err_note *note)
{
    struct draft_file *file;
    int rc = draft_read(r->draft, path, &file, note);
    if (rc)
        return rc;
    file->copy = draft_path(r->draft, draft_string(r->draft, "run/systemd/resolved.conf.d/%s", copy));
    return lines_read(r->draft, file, &dialect, r, note);
}

static int read_negative(struct draft *draft, const char *place, size_t number, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    int rc = user_glob(draft, draft_string(draft, "%s/*.negative", place), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct draft_file *file;
        rc = draft_read(draft, paths[i], &file, note);
        if (rc == 0)
            file->copy = draft_path(
                draft, draft_string(draft, "run/dnssec-trust-anchors.d/%zu-%zu.negative", number, i));
    }
    return rc;
}

/* Any anchor of the root in a file takes the place of what is built in. */
static int read_anchors(struct draft *draft, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    bool root = false;
    for (size_t number = 0; number < sizeof anchor_places / sizeof *anchor_places; number++) {
        const char *place = user_find(draft, anchor_places[number]);
        int rc = user_glob(draft, draft_string(draft, "%s/*.positive", place), paths, &count, note);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            struct draft_file *file;
            rc = draft_read(draft, paths[i], &file, note);
            if (rc == 0) {
                root = root || user_has_root(file);
                user_records(draft, file, false);
                file->copy = draft_path(
                    draft, draft_string(draft, "run/dnssec-trust-anchors.d/%zu-%zu.positive", number, i));
            }
        }
        rc = rc ? rc : read_negative(draft, place, number, note);
        if (rc)
            return rc;
    }
    if (!root)
        add_anchors(draft, user_built_in(draft), SCENARIO_MAX_ANCHORS);
    return 0;
}

static int users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    struct reading r = {.draft = draft};
    const char *paths[USER_MATCHES];
    size_t count;
    (void)words;
    int rc = read_settings(&r, draft->setup->config, "000.conf", note);
    if (rc == 0)
        rc = user_glob(draft, draft_string(draft, "%s.d/*.conf", draft->setup->config), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = read_settings(&r, paths[i], draft_string(draft, "%03zu.conf", i + 1), note);
    if (rc == 0)
        rc = read_anchors(draft, note);
    if (rc)
        return rc;
    draft->trust.known = true;
    add_ours(draft, "");
    mask(draft, start);
    return 0;
}

const struct product_functions product_resolved = {
    .ours = ours, .users = users, .environment = "SYSTEMD_LOG_TARGET=console"};
