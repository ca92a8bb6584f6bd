/* named.conf, the user's. The idea: statements are words up to a semicolon, some with a block; blocks that
 * hold what concerns us (options, view, zone) are entered, and each statement meets a table that says what
 * becomes of it. What is left out stands, as we want it, at the beginning of the options. */
#include "app/lab/products/named_user.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum place { TOP = 1, OPTIONS = 2, VIEW = 4, ZONE = 8 };

enum treat {
    LEAVE_OUT,
    OUTSIDE, /* the same, and it is said */
    ENTER_OPTIONS,
    ENTER_VIEW,
    ENTER_ZONE,
    INCLUDE,
    ANCHORS,
    BINDKEYS,
    DIRECTORY,
    STATE,
    FORWARDERS,
    ACCESS,  /* who may ask: we too */
    CLIENTS, /* of a view */
    VALIDATION,
    RECURSION,
    FILE_NAME,
    TYPE,
};

struct statement {
    unsigned places;
    const char *name;
    enum treat treat;
};

static const struct statement statements[] = {
    {TOP | OPTIONS | VIEW | ZONE, "include", INCLUDE},
    {TOP, "options", ENTER_OPTIONS},
    {TOP, "view", ENTER_VIEW},
    {TOP | VIEW, "zone", ENTER_ZONE},
    {TOP | VIEW, "trust-anchors", ANCHORS},
    {TOP | VIEW, "managed-keys", ANCHORS},
    {TOP | VIEW, "trusted-keys", ANCHORS},
    {TOP | VIEW, "dnssec-keys", ANCHORS},
    {TOP, "controls", LEAVE_OUT},
    {TOP, "logging", LEAVE_OUT},
    {TOP, "statistics-channels", LEAVE_OUT},
    {TOP | VIEW, "dlz", OUTSIDE},
    {TOP | VIEW, "dyndb", OUTSIDE},
    {OPTIONS, "bindkeys-file", BINDKEYS},
    {OPTIONS, "directory", DIRECTORY},
    {OPTIONS, "managed-keys-directory", STATE},
    {OPTIONS, "key-directory", LEAVE_OUT},
    {OPTIONS, "new-zones-directory", LEAVE_OUT},
    {OPTIONS, "listen-on", LEAVE_OUT},
    {OPTIONS, "listen-on-v6", LEAVE_OUT},
    {OPTIONS, "port", LEAVE_OUT},
    {OPTIONS, "tls-port", LEAVE_OUT},
    {OPTIONS, "https-port", LEAVE_OUT},
    {OPTIONS, "http-port", LEAVE_OUT},
    {OPTIONS, "pid-file", LEAVE_OUT},
    {OPTIONS, "lock-file", LEAVE_OUT},
    {OPTIONS, "session-keyfile", LEAVE_OUT},
    {OPTIONS, "dump-file", LEAVE_OUT},
    {OPTIONS, "statistics-file", LEAVE_OUT},
    {OPTIONS, "memstatistics-file", LEAVE_OUT},
    {OPTIONS, "recursing-file", LEAVE_OUT},
    {OPTIONS, "secroots-file", LEAVE_OUT},
    {OPTIONS, "dnstap", OUTSIDE},
    {OPTIONS, "dnstap-output", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "query-source", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "query-source-v6", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "notify-source", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "notify-source-v6", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "transfer-source", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "transfer-source-v6", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "parental-source", LEAVE_OUT},
    {OPTIONS | VIEW | ZONE, "parental-source-v6", LEAVE_OUT},
    {OPTIONS | VIEW, "forwarders", FORWARDERS},
    {OPTIONS | VIEW, "allow-query", ACCESS},
    {OPTIONS | VIEW, "allow-query-cache", ACCESS},
    {OPTIONS | VIEW, "allow-recursion", ACCESS},
    {OPTIONS | VIEW, "allow-query-on", LEAVE_OUT},
    {OPTIONS | VIEW, "allow-query-cache-on", LEAVE_OUT},
    {OPTIONS | VIEW, "allow-recursion-on", LEAVE_OUT},
    {OPTIONS | VIEW, "dnssec-validation", VALIDATION},
    {OPTIONS | VIEW, "recursion", RECURSION},
    {VIEW, "match-clients", CLIENTS},
    {VIEW, "match-destinations", LEAVE_OUT},
    {ZONE, "file", FILE_NAME},
    {ZONE, "type", TYPE},
};

struct reading {
    struct draft *draft;
    const char *directory; /* the user's, or NULL */
    const char *state;     /* the user's directory of managed keys, or NULL */
    const char *bindkeys;  /* path of the user's, or NULL */
    struct draft_file *main;
    struct draft_file *options; /* the file in which they stand, or NULL */
    size_t options_at;          /* behind its "{" */
    unsigned depth;
    struct named_scope global, *scope; /* the present one: of the options, or a view */
    struct named_scope views[NAMED_VIEWS];
    size_t view_count;
    struct lab_trust bindkeys_trust;
    /* of the zone that is read */
    const char *zone;
    struct record_word type;
    struct named_token file_name;
    struct draft_file *file_of_name;
};

/* A statement: its words, its block. */
struct read_statement {
    struct named_token word[NAMED_WORDS];
    size_t count;
    size_t open, close; /* behind "{", at "}"; 0: no block */
    size_t end;         /* behind the semicolon */
};

static int read_block(struct reading *r, struct draft_file *file, size_t *at, enum place place, bool whole,
    struct err_note *note);

static const char *word_at(
    const struct reading *r, const struct draft_file *file, const struct named_token *token)
{
    size_t from = (size_t)(token->word.at - file->text);
    return user_word(r->draft, file, from, from + token->word.length);
}

static int read_included(struct reading *r, const char *path, enum place place, struct draft_file **ret_file,
    struct err_note *note)
{
    size_t at = 0;
    if (r->depth == USER_DEPTH)
        return err_set(note, ERR_CONFIG, "%s: files include each other more than %d deep", path, USER_DEPTH);
    int rc = draft_read(r->draft, path, ret_file, note);
    if (rc || (*ret_file)->seen)
        return rc;
    (*ret_file)->seen = true;
    r->depth++;
    rc = read_block(r, *ret_file, &at, place, true, note);
    r->depth--;
    return rc;
}

static int include(struct reading *r, struct draft_file *file, const struct read_statement *s,
    enum place place, struct err_note *note)
{
    const char *paths[USER_MATCHES];
    size_t count;
    struct text copies;
    if (s->count < 2)
        return user_error(file, s->word[0].from, note, "include has no file");
    text_start(&copies);
    const char *pattern = user_path(r->draft, r->directory, word_at(r, file, &s->word[1]));
    int rc = user_glob(r->draft, pattern, paths, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct draft_file *included;
        rc = read_included(r, paths[i], place, &included, note);
        if (rc == ERR_NOINPUT)
            rc = user_error(file, s->word[0].from, note, "include: %s: there is no such file", paths[i]);
        if (rc == 0)
            text_printf(&copies, "%sinclude \"%s\";", i ? "\n" : "", included->copy);
    }
    if (rc == 0)
        draft_replace(r->draft, file, s->word[0].from, s->end, copies.string);
    text_free(&copies);
    return rc;
}

static void forwarders(struct reading *r, struct draft_file *file, const struct read_statement *s)
{
    struct named_token token;
    size_t at = s->open;
    if (!s->open || named_token(file, &at, &token, NULL) || token.sort != NAMED_WORD)
        return; /* empty: nobody is asked */
    user_forwards(r->draft, word_at(r, file, &token));
    if (s->count > 1) /* port, tls */
        draft_limit(r->draft, "they are asked at port 53 without TLS");
    draft_replace(r->draft, file, s->word[0].to, s->close,
        draft_string(r->draft, " { %s; ", r->draft->setup->forward_to));
}

/* The end of a zone's block: what its file is, and whether its data can be had here. */
static int end_zone(
    struct reading *r, struct draft_file *file, const struct read_statement *s, struct err_note *note)
{
    static const char *const fetched[] = {"secondary", "slave", "mirror", "stub", "static-stub", "redirect"};
    bool root = strcmp(r->zone, ".") == 0, hint = record_is(r->type, "hint"),
         outside = record_is(r->type, "forward");
    for (size_t i = 0; i < sizeof fetched / sizeof *fetched; i++)
        outside = outside || record_is(r->type, fetched[i]);
    if (root && outside) {
        draft_limit(r->draft,
            "its own copy or forwarding of the root zone (type %.*s) is left out: the lab's root servers are "
            "asked",
            (int)r->type.length, r->type.at);
        user_remove(r->draft, file, s->word[0].from, s->end);
        return 0;
    }
    if (!r->file_of_name)
        return 0;
    const char *path = user_path(r->draft, r->directory, word_at(r, r->file_of_name, &r->file_name)),
               *copy = NULL;
    struct draft_file *zone;
    if (root && hint) {
        copy = draft_path(r->draft, "root.hints");
    } else {
        int rc = draft_read(r->draft, path, &zone, note);
        if (rc && rc != ERR_NOINPUT)
            return rc;
        copy = rc == 0 ? zone->copy
                       : draft_string(r->draft, "%s/zone-%u", draft_path(r->draft, "state"),
                             draft_line(r->file_of_name, r->file_name.from));
    }
    draft_replace(r->draft, r->file_of_name, r->file_name.from, r->file_name.to,
        draft_string(r->draft, "\"%s\"", copy));
    return 0;
}

static int enter_view(
    struct reading *r, struct draft_file *file, const struct read_statement *s, struct err_note *note)
{
    size_t at = s->open;
    if (r->view_count == NAMED_VIEWS)
        return user_error(file, s->word[0].from, note, "more than %d views", NAMED_VIEWS);
    struct lab_trust global = r->draft->trust;
    r->draft->trust = (struct lab_trust){.known = true};
    r->scope = &r->views[r->view_count++];
    *r->scope = (struct named_scope){
        .name = s->count > 1 ? word_at(r, file, &s->word[1]) : "", .file = file, .at = s->open};
    int rc = read_block(r, file, &at, VIEW, false, note);
    r->scope->trust = r->draft->trust;
    r->scope = &r->global;
    r->draft->trust = global;
    return rc;
}

static int enter(struct reading *r, struct draft_file *file, const struct read_statement *s, enum treat treat,
    struct err_note *note)
{
    size_t at = s->open;
    if (!s->open)
        return user_error(
            file, s->word[0].from, note, "a block is wanted behind %s", word_at(r, file, &s->word[0]));
    if (treat == ENTER_OPTIONS) {
        r->options = file;
        r->options_at = s->open;
        return read_block(r, file, &at, OPTIONS, false, note);
    }
    if (treat == ENTER_VIEW) {
        return enter_view(r, file, s, note);
    }
    r->zone = s->count > 1 ? word_at(r, file, &s->word[1]) : "";
    r->type = (struct record_word){.at = "", .length = 0};
    r->file_of_name = NULL;
    int rc = read_block(r, file, &at, ZONE, false, note);
    return rc ? rc : end_zone(r, file, s, note);
}

static int bindkeys(struct reading *r, const char *path, struct err_note *note)
{
    struct draft_file *keys;
    struct lab_trust before = r->draft->trust;
    int rc = draft_read(r->draft, path, &keys, note);
    r->draft->trust = (struct lab_trust){.known = true};
    if (rc == 0)
        rc = named_anchors(r->draft, keys, note);
    if (rc == 0)
        r->bindkeys = keys->copy;
    r->bindkeys_trust = r->draft->trust;
    r->draft->trust = before;
    return rc;
}

/* What holds for the whole, or a view. */
static void take_scope(
    struct reading *r, struct draft_file *file, const struct read_statement *s, enum treat treat)
{
    const char *value = s->count > 1 ? word_at(r, file, &s->word[1]) : NULL;
    if (treat == VALIDATION)
        r->scope->validation = value;
    if (treat == RECURSION)
        r->scope->recursion = value;
    if (treat != CLIENTS)
        return;
    r->scope->clients = s->open;
    r->scope->clients_file = file;
}

static int take(struct reading *r, struct draft_file *file, const struct read_statement *s, enum treat treat,
    enum place place, struct err_note *note)
{
    const struct named_token *second = s->count > 1 ? &s->word[1] : NULL;
    size_t at = s->open;
    switch (treat) {
    case OUTSIDE:
        draft_note(r->draft, "%s is left out: it works with what is outside of the rehearsal",
            word_at(r, file, &s->word[0]));
        /* fall through */
    case LEAVE_OUT:
        user_remove(r->draft, file, s->word[0].from, s->end);
        return 0;
    case ENTER_OPTIONS:
    case ENTER_VIEW:
    case ENTER_ZONE:
        return enter(r, file, s, treat, note);
    case INCLUDE:
        return include(r, file, s, place, note);
    case ANCHORS:
        return s->open ? named_anchor_list(r->draft, file, &at, note) : 0;
    case BINDKEYS:
        user_remove(r->draft, file, s->word[0].from, s->end);
        return second ? bindkeys(r, user_path(r->draft, r->directory, word_at(r, file, second)), note) : 0;
    case DIRECTORY:
        user_remove(r->draft, file, s->word[0].from, s->end);
        if (second)
            r->directory = user_path(r->draft, NULL, word_at(r, file, second));
        return 0;
    case STATE:
        user_remove(r->draft, file, s->word[0].from, s->end);
        if (second)
            r->state = user_path(r->draft, r->directory, word_at(r, file, second));
        return 0;
    case FORWARDERS:
        forwarders(r, file, s);
        return 0;
    case VALIDATION:
    case RECURSION:
    case CLIENTS:
        take_scope(r, file, s, treat);
        return 0;
    case ACCESS:
        if (s->open)
            draft_replace(r->draft, file, s->open, s->open,
                draft_string(r->draft, " 127.0.0.0/8; %s;", r->draft->setup->address));
        return 0;
    case FILE_NAME:
        if (second) {
            r->file_of_name = file;
            r->file_name = *second;
        }
        return 0;
    case TYPE:
        if (second)
            r->type = second->word;
        return 0;
    }
    return 0;
}

/* The words of one statement. A block among them is passed over; the last one counts. */
static int read_statement(struct draft_file *file, size_t *at, struct named_token *token,
    struct read_statement *s, struct err_note *note)
{
    int rc = 0;
    *s = (struct read_statement){.count = 0};
    while (rc == 0 && token->sort != NAMED_SEMICOLON) {
        if (token->sort == NAMED_END || token->sort == NAMED_CLOSE)
            return user_error(file, s->count ? s->word[0].from : token->from, note,
                s->count ? "this is not ended by a semicolon" : "a } has no {");
        if (token->sort == NAMED_OPEN) {
            s->open = *at;
            rc = named_skip(file, at, &s->close, note);
        } else if (s->count < NAMED_WORDS) {
            s->word[s->count++] = *token;
        }
        if (rc == 0)
            rc = named_token(file, at, token, note);
    }
    s->end = token->to;
    return rc;
}

static int read_block(struct reading *r, struct draft_file *file, size_t *at, enum place place, bool whole,
    struct err_note *note)
{
    for (;;) {
        struct named_token token;
        struct read_statement s;
        int rc = named_token(file, at, &token, note);
        if (rc || (whole && token.sort == NAMED_END) || (!whole && token.sort == NAMED_CLOSE))
            return rc;
        rc = read_statement(file, at, &token, &s, note);
        for (size_t i = 0; rc == 0 && s.count && i < sizeof statements / sizeof *statements; i++)
            if ((statements[i].places & place) && record_is(s.word[0].word, statements[i].name)) {
                rc = take(r, file, &s, statements[i].treat, place, note);
                break;
            }
        if (rc)
            return rc;
    }
}

/* What named is to hold of ours; at the beginning of its options, so that they may stand in any file. */
static void add_ours(struct reading *r)
{
    const struct lab_setup *setup = r->draft->setup;
    bool six = product_six(setup);
    const char *ours = draft_string(r->draft,
        "\n"
        "\tdirectory \"%s\";\n"
        "\tbindkeys-file \"%s\";\n"
        "\tlisten-on%s port %u { %s; };\n"
        "\tlisten-on%s { none; };\n"
        "\tpid-file none;\n"
        "\tsession-keyfile none;",
        draft_path(r->draft, "state"), r->bindkeys, six ? "-v6" : "", setup->port, setup->address,
        six ? "" : "-v6");
    if (r->options)
        draft_replace(r->draft, r->options, r->options_at, r->options_at, ours);
    draft_replace(r->draft, r->main, r->main->length, r->main->length,
        draft_string(r->draft, "\n%s%s%scontrols { };\n", r->options ? "" : "options {",
            r->options ? "" : ours, r->options ? "" : "\n};\n"));
}

int named_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    static const char standard[] = "/etc/bind/bind.keys"; /* Debian's */
    struct reading r = {.draft = draft, .scope = &r.global};
    draft->trust.known = true;
    int rc = read_included(&r, draft->setup->config, TOP, &r.main, note);
    if (rc == 0 && !r.bindkeys && access(standard, R_OK) == 0)
        rc = bindkeys(&r, standard, note);
    if (rc)
        return rc;
    product_hints(draft);
    if (!r.bindkeys) { /* as what is built in */
        struct text text;
        text_start(&text);
        product_anchors(draft->setup, true, &text);
        r.bindkeys = draft_add_text(draft, "bind.keys", &text);
        r.bindkeys_trust.follows = true;
        for (size_t i = 0; i < draft->setup->anchor_count; i++)
            r.bindkeys_trust.tags[r.bindkeys_trust.count++] = draft->setup->anchors[i].tag;
    }
    r.global.trust = draft->trust;
    named_states(draft, r.state ? r.state : r.directory, &r.global, r.views, r.view_count);
    named_views(draft, &r.global, r.views, r.view_count, &r.bindkeys_trust, start);
    add_ours(&r);
    named_words(draft->setup, r.main->copy, words);
    return 0;
}
