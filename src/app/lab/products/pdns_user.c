/* recursor.conf, the user's (not the YAML of 5.x), and its Lua programs. The idea: what is left out stands,
 * as we want it, at the end of the main file; the anchors that are built in are taken away first, and stand
 * again at the beginning of the Lua configuration. */
#include "app/lab/products/lines.h"
#include "app/lab/products/lua.h"

#include <stdio.h>
#include <string.h>

struct reading {
    struct draft *draft;
    const char *lua;     /* path of our copy, or NULL: there is none */
    const char *include; /* directory of further files, or NULL */
    const char *built_in;
    const char *dnssec; /* its value, or NULL */
    bool of_root;       /* the present addTA() is */
    bool from_file;     /* anchors of a file have taken the place of all others */
};

/* addTA('.', "TAG ALGORITHM TYPE DIGEST") */
static void take_anchor(struct reading *r, struct draft_file *file, const struct lua_string *string)
{
    unsigned tag;
    if (string->argument == 0)
        r->of_root = strcmp(string->value, ".") == 0 || !*string->value;
    if (string->argument != 1 || !r->of_root || sscanf(string->value, "%5u ", &tag) != 1)
        return;
    const struct lab_anchor *twin = user_twin(r->draft->setup, (uint16_t)tag);
    if (!r->from_file)
        draft_trust(r->draft, (uint16_t)tag, false);
    if (twin)
        lua_put(r->draft, file, string, twin->ds);
}

static int take_string(
    void *context, struct draft_file *file, const struct lua_string *string, struct err_note *note)
{
    struct reading *r = context;
    bool adds = strcmp(string->call, "addTA") == 0 || strcmp(string->call, "addDS") == 0;
    if (strcmp(string->call, "clearTA") == 0 || strcmp(string->call, "clearDS") == 0) {
        if (!r->from_file && (!string->value || strcmp(string->value, ".") == 0))
            r->draft->trust.count = 0;
        return 0;
    }
    if (!string->value)
        return 0;
    if (adds) {
        take_anchor(r, file, string);
    } else if (strcmp(string->call, "readTrustAnchorsFromFile") == 0 && string->argument == 0) {
        struct draft_file *anchors;
        const char *path = user_find(r->draft, string->value);
        int rc = draft_read(r->draft, path, &anchors, note);
        if (rc == ERR_NOINPUT)
            return user_error(file, string->from, note, "%s: there is no such file", path);
        if (rc)
            return rc;
        r->draft->trust.count = 0;
        r->from_file = true;
        user_records(r->draft, anchors, false);
        lua_put(r->draft, file, string, anchors->copy);
    } else if (strcmp(string->call, "rpzPrimary") == 0 || strcmp(string->call, "rpzMaster") == 0) {
        draft_limit(r->draft, "response policies from outside are not to be had");
    }
    return 0;
}

static void put(struct reading *r, struct draft_file *file, const struct lines_line *line, const char *value)
{
    draft_replace(r->draft, file, line->value_from ? line->value_from : line->to,
        line->value_from ? line->value_to : line->to, value);
}

static int take_lua(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    struct draft_file *lua;
    if (!*line->value)
        return 0;
    int rc = lua_read(r->draft, user_find(r->draft, line->value), take_string, r, 0, &lua, note);
    if (rc)
        return rc;
    if (strcmp(line->name, "lua-config-file") == 0) {
        r->lua = lua->copy;
        draft_replace(r->draft, lua, 0, 0, r->built_in);
    }
    put(r, file, line, lua->copy);
    return 0;
}

static int take_file(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    struct draft_file *other;
    if (!*line->value)
        return 0;
    int rc = draft_read(r->draft, user_find(r->draft, line->value), &other, note);
    if (rc == 0)
        put(r, file, line, other->copy);
    return rc;
}

/* "ZONE=ADDRESS;ADDRESS, ZONE=…": the root's addresses become the lab's. */
static int take_forward(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    struct text text;
    bool changed = false;
    (void)note;
    text_start(&text);
    for (const char *at = line->value; *at;) {
        at += strspn(at, ", \t\r\n\\");
        size_t length = strcspn(at, ",\r\n"), zone = strcspn(at, "=");
        bool root = zone < length && strspn(at, " \t+^.") == zone && memchr(at, '.', zone);
        if (length)
            text_add(&text, text.length ? ", " : "");
        if (root) {
            const char *addresses = draft_string(r->draft, "%.*s", (int)(length - zone - 1), at + zone + 1);
            user_forwards(r->draft, addresses);
            text_printf(&text, "%.*s=%s", (int)zone, at, r->draft->setup->forward_to);
            changed = true;
        } else {
            text_add_bytes(&text, at, length);
        }
        at += length;
    }
    if (changed)
        put(r, file, line, text.string);
    r->draft->failed |= text.failed;
    text_free(&text);
    return 0;
}

/* A line for each zone, as forward-zones has them; a plus sign: it recurses. */
static int take_forward_line(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    if (strcmp(line->name + strspn(line->name, "+^ \t"), ".") == 0 && *line->value) {
        user_forwards(r->draft, line->value);
        put(r, file, line, r->draft->setup->forward_to);
    }
    return 0;
}

static int take_forward_file(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    static const struct lines_rule all[] = {{"*", take_forward_line}};
    static const struct lines_dialect zones = {.rules = all, .count = 1, .separators = "="};
    struct reading *r = context;
    struct draft_file *other;
    if (!*line->value)
        return 0;
    int rc = draft_read(r->draft, user_find(r->draft, line->value), &other, note);
    if (rc == ERR_NOINPUT)
        return user_error(file, line->from, note, "%s: there is no such file", line->value);
    if (rc == 0)
        rc = lines_read(r->draft, other, &zones, r, note);
    if (rc == 0)
        put(r, file, line, other->copy);
    return rc;
}

static int take_include(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)note;
    if (!*line->value)
        return 0;
    r->include = user_find(r->draft, line->value);
    put(r, file, line, draft_path(r->draft, "user/include"));
    return 0;
}

static int take_dnssec(
    void *context, struct draft_file *file, const struct lines_line *line, struct err_note *note)
{
    struct reading *r = context;
    (void)file;
    (void)note;
    r->dnssec = line->value;
    return 0;
}

static const struct lines_rule rules[] = {
    {"api-*", NULL},
    {"webserver*", NULL},
    {"carbon-*", NULL},
    {"snmp-*", NULL},
    {"socket-*", NULL},
    {"local-address", NULL},
    {"local-port", NULL},
    {"query-local-address*", NULL},
    {"proxy-protocol-from", NULL},
    {"allow-from", NULL},
    {"allow-from-file", NULL},
    {"daemon", NULL},
    {"chroot", NULL},
    {"setuid", NULL},
    {"setgid", NULL},
    {"config-dir", NULL},
    {"config-name", NULL},
    {"hint-file", NULL},
    {"pidfile", NULL},
    {"write-pid", NULL},
    {"logging-facility", NULL},
    {"disable-syslog", NULL},
    {"security-poll-suffix", NULL},
    {"dont-query", NULL},
    {"cpu-map", NULL},
    {"public-suffix-list-file", NULL},
    {"entropy-source", NULL},
    {"include-dir", take_include},
    {"lua-config-file", take_lua},
    {"lua-dns-script", take_lua},
    {"forward-zones-file", take_forward_file},
    {"etc-hosts-file", take_file},
    {"forward-zones", take_forward},
    {"forward-zones-recurse", take_forward},
    {"dnssec", take_dnssec},
};

static const struct lines_dialect dialect = {
    .rules = rules, .count = sizeof rules / sizeof *rules, .continues = true, .separators = "="};

/* Files "*.conf" of a directory, in the order of their names; their copies are in one of ours. */
static int read_includes(struct reading *r, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    int rc = user_glob(r->draft, draft_string(r->draft, "%s/*.conf", r->include), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct draft_file *file;
        rc = draft_read(r->draft, paths[i], &file, note);
        if (rc == 0) {
            file->copy = draft_path(r->draft, draft_string(r->draft, "user/include/%03zu.conf", i));
            rc = lines_read(r->draft, file, &dialect, r, note);
        }
    }
    if (rc == 0)
        draft_add(r->draft, "user/include/README", "", 0); /* the directory must be there */
    return rc;
}

static void add_ours(struct reading *r, struct draft_file *file)
{
    const struct lab_setup *setup = r->draft->setup;
    if (!r->lua) {
        r->lua = draft_add(r->draft, "recursor.lua", r->built_in, strlen(r->built_in));
    }
    draft_replace(r->draft, file, file->length, file->length,
        draft_string(r->draft,
            "\ndaemon=no\n"
            "local-address=%s\n"
            "local-port=%u\n"
            "query-local-address=%s\n"
            "allow-from=0.0.0.0/0, ::/0\n"
            "dont-query=\n"
            "hint-file=%s\n"
            "lua-config-file=%s\n"
            "socket-dir=.\n"
            "security-poll-suffix=\n"
            "write-pid=no\n"
            "disable-syslog=yes\n",
            setup->address, setup->port, product_six(setup) ? "::" : "0.0.0.0", product_hints(r->draft),
            r->lua));
}

int pdns_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    struct reading r = {.draft = draft};
    struct draft_file *file;
    (void)start;
    draft->trust.known = true;
    r.built_in = "clearTA('.')\n"; /* Lua for what is compiled in */
    for (const struct lab_anchor *anchor = user_built_in(draft); anchor->ds; anchor++)
        r.built_in = draft_string(draft, "%saddTA('.', \"%s\")\n", r.built_in, anchor->ds);
    int rc = draft_read(draft, draft->setup->config, &file, note);
    if (rc == 0)
        rc = user_refuse_yaml(file, note,
            "this is YAML (PowerDNS Recursor 5), which is not read; the same as name=value, in the form of "
            "4.x, is");
    if (rc == 0)
        rc = lines_read(draft, file, &dialect, &r, note);
    if (rc == 0 && r.include)
        rc = read_includes(&r, note);
    if (rc)
        return rc;
    file->copy = draft_path(draft, "recursor.conf");
    add_ours(&r, file);
    if (!r.dnssec || strcmp(r.dnssec, "process") == 0)
        draft_note(draft, "dnssec is process: answers are checked for who asks for DNSSEC (DO, AD), as users "
                          "are made to here, "
                          "and not for others");
    product_word(words, draft_string(draft, "--config-dir=%s", draft->setup->directory));
    if (draft->setup->version && !product_before(draft->setup, 5, 2)) /* it expects YAML */
        product_word(words, "--enable-old-settings");
    return 0;
}
