/* unbound.conf, the user's. The idea: its words in their order, through all includes; each option meets a
 * table that says what becomes of it. What we left out stands again, as we want it, in a part of our own at
 * the end of the main file. */
#include "app/lab/products/user.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum treat {
    LEAVE_OUT,   /* ours stands at the end */
    INCLUDE,     /* a file, or many, that is read in this place */
    TOP_INCLUDE, /* the same, and what comes then begins a new clause */
    AUTO_FILE,   /* anchors that are written */
    ANCHOR_FILE, /* anchors in records */
    KEYS_FILE,   /* anchors as BIND writes them */
    ANCHOR,      /* one record */
    MODULES,     /* names of modules */
    NAME,        /* of a zone of forwarders */
    FORWARD,     /* an address outside */
    FORWARD_TLS, /* whether it is asked by TLS */
    ZONE_FILE,   /* read, and perhaps written */
};

struct option {
    const char *clause; /* NULL: any */
    const char *name;
    enum treat treat;
};

static const struct option options[] = {
    {NULL, "include", INCLUDE},
    {NULL, "include-toplevel", TOP_INCLUDE},
    {"server", "interface", LEAVE_OUT},
    {"server", "ip-address", LEAVE_OUT},
    {"server", "interface-automatic", LEAVE_OUT},
    {"server", "interface-automatic-ports", LEAVE_OUT},
    {"server", "outgoing-interface", LEAVE_OUT},
    {"server", "port", LEAVE_OUT},
    {"server", "tls-port", LEAVE_OUT},
    {"server", "ssl-port", LEAVE_OUT},
    {"server", "https-port", LEAVE_OUT},
    {"server", "tls-service-key", LEAVE_OUT},
    {"server", "ssl-service-key", LEAVE_OUT},
    {"server", "tls-service-pem", LEAVE_OUT},
    {"server", "ssl-service-pem", LEAVE_OUT},
    {"server", "tls-upstream", FORWARD_TLS},
    {"server", "ssl-upstream", FORWARD_TLS},
    {"server", "chroot", LEAVE_OUT},
    {"server", "username", LEAVE_OUT},
    {"server", "directory", LEAVE_OUT},
    {"server", "pidfile", LEAVE_OUT},
    {"server", "logfile", LEAVE_OUT},
    {"server", "use-syslog", LEAVE_OUT},
    {"server", "use-systemd", LEAVE_OUT},
    {"server", "do-daemonize", LEAVE_OUT},
    {"server", "root-hints", LEAVE_OUT},
    {"server", "auto-trust-anchor-file", AUTO_FILE},
    {"server", "trust-anchor-file", ANCHOR_FILE},
    {"server", "trusted-keys-file", KEYS_FILE},
    {"server", "trust-anchor", ANCHOR},
    {"server", "module-config", MODULES},
    {"remote-control", NULL, LEAVE_OUT},
    {"python", NULL, LEAVE_OUT},
    {"dynlib", NULL, LEAVE_OUT},
    {"dnstap", NULL, LEAVE_OUT},
    {"cachedb", NULL, LEAVE_OUT},
    {"forward-zone", "name", NAME},
    {"forward-zone", "forward-addr", FORWARD},
    {"forward-zone", "forward-host", FORWARD},
    {"forward-zone", "forward-tls-upstream", FORWARD_TLS},
    {"forward-zone", "forward-ssl-upstream", FORWARD_TLS},
    {"stub-zone", "name", NAME},
    {"stub-zone", "stub-addr", FORWARD},
    {"stub-zone", "stub-host", FORWARD},
    {"stub-zone", "stub-tls-upstream", FORWARD_TLS},
    {"auth-zone", "name", NAME},
    {"auth-zone", "zonefile", ZONE_FILE},
    {"rpz", "zonefile", ZONE_FILE},
};

static const char *const clauses[] = {"server", "forward-zone", "stub-zone", "auth-zone", "rpz", "view",
    "remote-control", "python", "dynlib", "dnstap", "dnscrypt", "cachedb", "ipset"};

struct reading {
    struct draft *draft;
    const char *clause;             /* that we are in, or NULL */
    const char *directory, *chroot; /* of the user's */
    bool root;                      /* the present zone of forwarders is "." */
    bool copy;                      /* the present clause is a copy of the root zone */
    bool forwards;                  /* an address of ours stands for theirs */
    unsigned depth;
};

/* A word, without its quotes. */
struct word {
    size_t from, to;      /* in the text, quotes included */
    const char *value;    /* in the arena */
    bool quoted, newline; /* a line ended before it */
};

static bool next_word(struct reading *r, const struct draft_file *file, size_t *at, struct word *ret)
{
    const char *text = file->text;
    *ret = (struct word){.newline = *at == 0};
    for (;; (*at)++) {
        char c = text[*at];
        if (c == '#')
            *at += strcspn(text + *at, "\n");
        if (!text[*at])
            return false;
        if (text[*at] == '\n')
            ret->newline = true;
        else if (!strchr(" \t\r", text[*at]))
            break;
    }
    char quote = text[*at];
    ret->from = *at;
    ret->quoted = quote == '"' || quote == '\'';
    size_t length =
        ret->quoted ? strcspn(text + *at + 1, (char[]){quote, '\n', '\0'}) : strcspn(text + *at, " \t\r\n");
    size_t glued =
        ret->newline && !ret->quoted ? strspn(text + *at, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
    if (glued && text[*at + glued] == ':') /* "name:value" */
        length = glued + 1;
    size_t start = *at + ret->quoted;
    ret->value = user_word(r->draft, file, start, start + length);
    *at = start + length + (ret->quoted && text[start + length] == quote);
    ret->to = *at;
    return true;
}

/* "name:", not in quotes. */
static bool is_attribute(const struct word *word)
{
    size_t length = strlen(word->value);
    return !word->quoted && length > 1 && word->value[length - 1] == ':' &&
           strspn(word->value, "abcdefghijklmnopqrstuvwxyz0123456789-") == length - 1 &&
           word->value[0] >= 'a';
}

static const char *find_clause(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
        if (strncmp(clauses[i], name, length) == 0 && clauses[i][length] == '\0')
            return clauses[i];
    return NULL;
}

static const struct option *find_option(const struct reading *r, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const struct option *o = &options[i];
        if ((!o->clause || (r->clause && strcmp(o->clause, r->clause) == 0)) &&
            (!o->name || (strncmp(o->name, name, length) == 0 && o->name[length] == '\0')))
            return o;
    }
    return NULL;
}

/* A path of the user's as unbound would find it: as it is, in the directory, below the chroot. */
static const char *find_path(struct reading *r, const char *path)
{
    struct draft *draft = r->draft;
    const char *whole = user_path(draft, NULL, path);
    if (*path == '/' && access(whole, F_OK) == 0)
        return whole;
    const char *jail = r->chroot ? r->chroot : "";
    const char *jailed = draft_string(draft, "%s%s", jail, r->directory ? r->directory : "");
    const char *places[] = {*path == '/'   ? ""
                            : r->directory ? r->directory
                                           : "/etc/unbound",
        jail, jailed, NULL};
    const char *found = user_look(draft, places, path);
    return found ? found : user_path(draft, *path == '/' ? NULL : r->directory, path);
}

static void quote(struct reading *r, struct draft_file *file, const struct word *word, const char *value)
{
    draft_replace(r->draft, file, word->from, word->to, draft_string(r->draft, "\"%s\"", value));
}

/* Anchors in a file; `written`: it is made anew at each probe, and is our state. */
static int anchor_file(
    struct reading *r, struct draft_file *file, const struct word *word, bool written, struct err_note *note)
{
    struct draft_file *anchors;
    const char *path = find_path(r, word->value);
    int rc = draft_read(r->draft, path, &anchors, note);
    if (rc == ERR_NOINPUT && written) { /* made at installation, or at the start of the service */
        draft_note(r->draft,
            "%s is not there (Unbound does not start without it): what unbound-anchor or a package puts "
            "there "
            "stands for it, %s",
            path, user_installed(r->draft));
        quote(r, file, word, product_seed(r->draft, "root.key"));
        draft_trust_installed(r->draft);
        r->draft->trust.follows = true;
        return 0;
    }
    if (rc)
        return rc;
    user_records(r->draft, anchors, written);
    if (written) {
        bool root = user_has_root(anchors);
        r->draft->trust.follows |= root;
        anchors->copy =
            root ? draft_path(r->draft, "state/root.key")
                 : draft_path(r->draft, draft_string(r->draft, "state/%zu.key", r->draft->file_count));
    }
    quote(r, file, word, anchors->copy);
    return 0;
}

static int read_keys_file(
    struct reading *r, struct draft_file *file, const struct word *word, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    int rc = user_glob(r->draft, find_path(r, word->value), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct draft_file *keys;
        rc = draft_read(r->draft, paths[i], &keys, note);
        if (rc == 0)
            rc = named_anchors(r->draft, keys, note);
        if (rc == 0 && i == 0)
            quote(r, file, word, keys->copy);
        else if (rc == 0)
            draft_replace(r->draft, file, word->to, word->to,
                draft_string(r->draft, "\n\ttrusted-keys-file: \"%s\"", keys->copy));
    }
    return rc;
}

static void read_anchor(struct reading *r, struct draft_file *file, const struct word *word)
{
    const char *record = user_record(r->draft, word->value);
    if (record)
        quote(r, file, word, record);
}

/* Modules that ask somebody outside, or run programs of the user's. */
static void read_modules(struct reading *r, struct draft_file *file, const struct word *word)
{
    static const char *const outside[] = {"python", "dynlib", "cachedb", "ipsecmod", "ipset"};
    char kept[256] = "", name[64];
    bool changed = false;
    for (const char *at = word->value; *at;) {
        size_t length = strcspn(at, " \t");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        bool out = false;
        for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
            out = out || strcmp(name, outside[i]) == 0;
        if (out && length > 3 && strncmp(name, "ips", 3) == 0)
            draft_note(r->draft, "the module %s is left out: it changes no answer", name);
        else if (out)
            draft_limit(
                r->draft, "the module %s is left out: it works with what is outside of the rehearsal", name);
        else if (length && strlen(kept) + strlen(name) + 2 < sizeof kept)
            snprintf(kept + strlen(kept), sizeof kept - strlen(kept), "%s%s", *kept ? " " : "", name);
        changed = changed || out;
        at += length + strspn(at + length, " \t");
    }
    if (changed)
        quote(r, file, word, kept);
}

/* The first address is ours, the others go. Only for the root: names below other zones are not of the lab. */
static void read_forward(
    struct reading *r, struct draft_file *file, const struct word *attribute, const struct word *word)
{
    if (!r->root)
        return;
    user_forwards(r->draft, word->value);
    if (r->forwards)
        user_remove(r->draft, file, attribute->from, word->to);
    else
        draft_replace(r->draft, file, attribute->from, word->to,
            draft_string(r->draft, "%s-addr: %s", strcmp(r->clause, "stub-zone") == 0 ? "stub" : "forward",
                r->draft->setup->forward_to));
    r->forwards = true;
}

static void read_forward_tls(struct reading *r, struct draft_file *file, const struct word *word)
{
    if (strcmp(word->value, "yes") != 0 || (!r->root && strcmp(r->clause, "server") != 0))
        return;
    draft_limit(r->draft, "TLS to others is not rehearsed: they are asked without");
    draft_replace(r->draft, file, word->from, word->to, "no");
}

static int read_zone_file(
    struct reading *r, struct draft_file *file, const struct word *word, struct err_note *note)
{
    struct draft_file *zone;
    const char *path = find_path(r, word->value);
    int rc = draft_read(r->draft, path, &zone, note);
    if (rc == ERR_NOINPUT)
        quote(r, file, word,
            draft_string(
                r->draft, "%s/zone-%u", draft_path(r->draft, "state"), draft_line(file, word->from)));
    else if (rc == 0)
        quote(r, file, word, zone->copy);
    return rc == ERR_NOINPUT ? 0 : rc;
}

static int read_file(
    struct reading *r, const char *path, struct draft_file **ret_file, struct err_note *note);

static int read_include(struct reading *r, struct draft_file *file, const struct word *attribute,
    const struct word *word, bool top, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    struct text copies;
    text_start(&copies);
    if (top)
        r->clause = NULL;
    int rc = user_glob(r->draft, user_path(r->draft, NULL, word->value), paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct draft_file *included = NULL;
        rc = read_file(r, paths[i], &included, note);
        if (rc == ERR_NOINPUT)
            rc = user_error(file, word->from, note, "include: %s: there is no such file", paths[i]);
        else if (rc == 0)
            text_printf(
                &copies, "%sinclude%s: \"%s\"", i ? "\n" : "", top ? "-toplevel" : "", included->copy);
    }
    if (rc == 0)
        draft_replace(r->draft, file, attribute->from, word->to, copies.string);
    if (top)
        r->clause = NULL;
    text_free(&copies);
    return rc;
}

static int take(struct reading *r, struct draft_file *file, const struct option *option,
    const struct word *attribute, const struct word *word, size_t end, struct err_note *note)
{
    switch (option->treat) {
    case LEAVE_OUT:
        user_remove(r->draft, file, attribute->from, end);
        return 0;
    case INCLUDE:
    case TOP_INCLUDE:
        return read_include(r, file, attribute, word, option->treat == TOP_INCLUDE, note);
    case AUTO_FILE:
    case ANCHOR_FILE:
        return anchor_file(r, file, word, option->treat == AUTO_FILE, note);
    case KEYS_FILE:
        return read_keys_file(r, file, word, note);
    case ANCHOR:
        read_anchor(r, file, word);
        return 0;
    case MODULES:
        read_modules(r, file, word);
        return 0;
    case NAME:
        r->root = strcmp(word->value, ".") == 0;
        r->copy = r->root && strcmp(r->clause, "auth-zone") == 0;
        r->forwards = false;
        return 0;
    case FORWARD:
        read_forward(r, file, attribute, word);
        return 0;
    case FORWARD_TLS:
        read_forward_tls(r, file, word);
        return 0;
    case ZONE_FILE:
        return read_zone_file(r, file, word, note);
    }
    return 0;
}

/* Directory and chroot say what paths mean, wherever they stand. */
static void take_places(struct reading *r, const char *name, const char *value)
{
    if (strcmp(name, "directory:") == 0 && *value)
        r->directory = value;
    if (strcmp(name, "chroot:") == 0 && *value)
        r->chroot = value;
}

/* A clause ends here: one of the root's own copy is left out. */
static void end_clause(struct reading *r, struct draft_file *file, size_t from, size_t to)
{
    if (r->copy) {
        draft_limit(r->draft,
            "its own copy of the root zone (auth-zone) is left out: the lab's root servers are asked");
        user_remove(r->draft, file, from, to);
    }
    r->root = r->forwards = r->copy = false;
}

static int read_words(struct reading *r, struct draft_file *file, struct err_note *note)
{
    struct word attribute, word;
    size_t at = 0, began = 0, ended = 0;
    bool more = next_word(r, file, &at, &attribute);
    int rc = 0;
    while (rc == 0 && more) {
        if (!is_attribute(&attribute))
            return user_error(file, attribute.from, note, "\"%.60s\" is no option: \"name: value\" is wanted",
                attribute.value);
        size_t length = strlen(attribute.value) - 1;
        const char *clause = find_clause(attribute.value, length);
        more = next_word(r, file, &at, &word);
        if (clause) {
            end_clause(r, file, began, ended);
            r->clause = clause;
            began = attribute.from;
            ended = attribute.to;
            attribute = word;
            continue;
        }
        if (!more || (word.newline && is_attribute(&word)))
            return user_error(file, attribute.from, note, "%s has no value", attribute.value);
        struct word first = word;
        size_t end = word.to;
        while ((more = next_word(r, file, &at, &word)) && !word.newline && !is_attribute(&word))
            end = word.to; /* more values on this line */
        take_places(r, attribute.value, first.value);
        const struct option *option = find_option(r, attribute.value, length);
        if (option)
            rc = take(r, file, option, &attribute, &first, end, note);
        ended = end;
        attribute = word;
    }
    end_clause(r, file, began, ended);
    return rc;
}

static int read_file(struct reading *r, const char *path, struct draft_file **ret_file, struct err_note *note)
{
    struct draft_file *file;
    if (r->depth == USER_DEPTH)
        return err_set(note, ERR_CONFIG, "%s: files include each other more than %d deep", path, USER_DEPTH);
    int rc = draft_read(r->draft, path, &file, note);
    if (rc == 0 && !file->seen) {
        file->seen = true;
        r->depth++;
        rc = read_words(r, file, note);
        r->depth--;
    }
    if (rc == 0)
        *ret_file = file;
    return rc;
}

/* Directory and chroot, first: a path before them is relative to them too. */
static void find_places(struct reading *r, const struct draft_file *file)
{
    struct word word;
    const char *name = "";
    for (size_t at = 0; next_word(r, file, &at, &word); name = word.value)
        take_places(r, name, word.value);
}

static void add_ours(struct reading *r, struct draft_file *file)
{
    const struct lab_setup *setup = r->draft->setup;
    draft_replace(r->draft, file, file->length, file->length,
        draft_string(r->draft,
            "\nserver:\n"
            "\tinterface: %s\n"
            "\tport: %u\n"
            "\taccess-control: %s allow\n"
            "\taccess-control: 127.0.0.0/8 allow\n"
            "\tdirectory: \"%s\"\n"
            "\tchroot: \"\"\n"
            "\tusername: \"\"\n"
            "\tpidfile: \"\"\n"
            "\tuse-syslog: no\n"
            "\tlogfile: \"\"\n"
            "\troot-hints: \"%s\"\n"
            "remote-control:\n"
            "\tcontrol-enable: no\n",
            setup->address, setup->port, setup->address, setup->directory, product_hints(r->draft)));
}

int unbound_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    (void)start;
    struct reading r = {.draft = draft};
    struct draft_file *file;
    int rc = draft_read(draft, draft->setup->config, &file, note);
    if (rc == 0) {
        find_places(&r, file);
        rc = read_file(&r, draft->setup->config, &file, note);
    }
    if (rc)
        return rc;
    draft->trust.known = true;
    add_ours(&r, file);
    product_word(words, "-d");
    product_word(words, "-c");
    product_word(words, file->copy);
    return 0;
}
