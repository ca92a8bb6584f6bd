/* The idea: a table of products, and for each a few functions that put files into a draft; what they have in
 * common (where a program lies, AppArmor, mounts, writing) is done here once. */
#include "app/lab/products/product.h"

#include "app/lab/products/product_inside.h"
#include "io/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION_MS = 10000, MAX_STATE = 4 << 20, MAX_PROGRAM = 64 << 20 };

static const struct lab_product products[] = {
    {"named", "bind", "named", LAB_SERVER, true, "bind", "bind9", "-v", &product_named},
    {"unbound", NULL, "unbound", LAB_SERVER, true, "unbound", "unbound", "-V", &product_unbound},
    {"kresd", "knot", "kresd", LAB_SERVER, true, "knot", "knot-resolver", "-V", &product_kresd},
    {"pdns_recursor", "pdns", "pdns_recursor", LAB_SERVER, false, "static", "pdns-recursor", "--version",
        &product_pdns},
    {"dnsmasq", NULL, "dnsmasq", LAB_SERVER, false, "static", "dnsmasq-base", "--version", &product_dnsmasq},
    {"systemd-resolved", "resolved", "systemd-resolved", LAB_SERVER, false, "static", "systemd-resolved",
        "--version", &product_resolved},
    {"delv", NULL, "delv", LAB_ONESHOT, false, "static", "bind9-dnsutils", "-v", &product_delv},
    {"unbound-host", NULL, "unbound-host", LAB_ONESHOT, false, "static", "unbound-host", "-h",
        &product_unbound_host},
    {"drill", NULL, "drill", LAB_ONESHOT, false, "static", "ldnsutils", "-v", &product_drill},
};

size_t lab_product_count(void)
{
    return sizeof products / sizeof *products;
}

const struct lab_product *lab_product_at(size_t index)
{
    return &products[index];
}

const struct lab_product *lab_product(const char *name_or_alias)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (strcmp(products[i].name, name_or_alias) == 0 ||
            (products[i].alias && strcmp(products[i].alias, name_or_alias) == 0))
            return &products[i];
    return NULL;
}

/* ---- finding ---- */

/* The first word with a digit, dot and digit in it, from its first digit on. */
static bool version_in(const char *output, char *ret_version, size_t capacity)
{
    static const char digits[] = "0123456789";
    for (const char *at = output; *at; at += strspn(at, digits)) {
        at += strcspn(at, digits);
        size_t major = strspn(at, digits), word = strcspn(at, " \t\r\n,)");
        bool alone = at > output && strchr(" \tvV(", at[-1]);
        bool dotted = at[major] == '.' && at[major + 1] && strchr(digits, at[major + 1]);
        if (major && alone && (dotted || strncmp(output, "systemd ", 8) == 0))
            return (size_t)snprintf(ret_version, capacity, "%.*s", (int)word, at) < capacity;
    }
    return false;
}

/* systemd's programs are linked with a library of their version's name; some tell no other. */
static bool version_of_library(const char *program, char *ret_version, size_t capacity)
{
    static const char mark[] = "libsystemd-shared-";
    char *bytes;
    size_t length;
    if (file_read_all(program, MAX_PROGRAM, &bytes, &length, NULL))
        return false;
    const char *at = memmem(bytes, length, mark, sizeof mark - 1);
    size_t digits = at ? strspn(at + sizeof mark - 1, "0123456789") : 0;
    bool found = digits && (size_t)snprintf(
                               ret_version, capacity, "%.*s", (int)digits, at + sizeof mark - 1) < capacity;
    free(bytes);
    return found;
}

int lab_product_version(const struct lab_product *product, const char *program, char *ret_version,
    size_t capacity, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct tree tree;
    struct text output;
    text_start(&output);
    int rc = arena ? tree_open(program, product->program, arena, &tree, note)
                   : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = tree_ask(&tree, product->version_option, VERSION_MS, &output, note);
    const char *said = output.string ? output.string : "";
    if (rc == 0 && !version_in(said, ret_version, capacity) &&
        !version_of_library(tree.program, ret_version, capacity)) {
        struct text safe;
        text_start(&safe);
        text_add_safe(&safe, said);
        rc = err_set(note, ERR_UNAVAILABLE, "%s %s tells no version: %.*s", tree.program,
            product->version_option, safe.length ? (int)strcspn(safe.string, "\n") : 15,
            safe.length ? safe.string : "it says nothing");
        text_free(&safe);
    }
    text_free(&output);
    arena_free(arena);
    return rc;
}

int lab_product_find(const struct lab_product *product, char *ret_path, size_t capacity, char *ret_version,
    size_t version_capacity, struct err_note *note)
{
    char path[4096];
    if (!tree_find(product->program, path, sizeof path) || strlen(path) >= capacity)
        return err_set(note, ERR_UNAVAILABLE, "%s is not installed (Debian's package: %s)", product->program,
            product->package);
    int rc = lab_product_version(product, path, ret_version, version_capacity, note);
    if (rc == 0)
        memcpy(ret_path, path, strlen(path) + 1);
    return rc;
}

/* ---- what products share ---- */

void product_word(struct product_words *words, const char *word)
{
    if (words->count < PRODUCT_WORDS)
        words->word[words->count++] = word;
}

bool product_before(const struct lab_setup *setup, unsigned major, unsigned minor)
{
    unsigned its_major, its_minor;
    if (!setup->version || sscanf(setup->version, "%5u.%5u", &its_major, &its_minor) != 2)
        return false;
    return its_major < major || (its_major == major && its_minor < minor);
}

bool product_six(const struct lab_setup *setup)
{
    return strchr(setup->address, ':') != NULL;
}

const char *product_hints(struct draft *draft)
{
    struct text text;
    unsigned fours = 0, sixes = 0;
    text_start(&text);
    for (const char *const *root = draft->setup->roots; root && *root; root++) {
        bool six = strchr(*root, ':');
        char letter = (char)('a' + (six ? sixes++ : fours++) % 26);
        text_printf(&text, ".\t3600000\tNS\t%c.root-servers.net.\n%c.root-servers.net.\t3600000\t%s\t%s\n",
            letter, letter, six ? "AAAA" : "A", *root);
    }
    return draft_add_text(draft, "root.hints", &text);
}

const char *product_seed(struct draft *draft, const char *name)
{
    struct text text;
    char path[64];
    text_start(&text);
    for (size_t i = 0; i < draft->setup->anchor_count; i++)
        text_printf(&text, ". IN DS %s\n", draft->setup->anchors[i].ds);
    snprintf(path, sizeof path, "state/%s", name);
    return draft_add_text(draft, path, &text);
}

/* `trust-anchors` came with 9.15, and the words before it are gone after 9.20. */
void product_anchors(const struct lab_setup *setup, bool follow, struct text *text)
{
    bool old = product_before(setup, 9, 15);
    const char *kind = old ? follow ? "initial-key " : "" : follow ? "initial-key " : "static-key ";
    text_printf(text, "%s {\n", !old ? "trust-anchors" : follow ? "managed-keys" : "trusted-keys");
    for (size_t i = 0; i < setup->anchor_count; i++) {
        const char *key = setup->anchors[i].dnskey, *base64 = strrchr(key, ' ');
        int head = base64 ? (int)(base64 - key) : 0;
        text_printf(text, "    \".\" %s%.*s \"%s\";\n", kind, head, key, base64 ? base64 + 1 : "");
    }
    text_add(text, "};\n");
}

/* ---- preparing ---- */

/* What of a package tree must be where it was compiled to be. Packages from before /lib was /usr/lib have
 * both; in a whole system the one is a link to the other. */
static int add_overlays(struct draft *draft, const struct tree *tree, struct lab_start *start)
{
    static const struct lab_mount places[] = {{"/usr/lib", "/usr/lib"}, {"/lib", "/usr/lib"},
        {"/usr/lib64", "/usr/lib64"}, {"/lib64", "/usr/lib64"}, {"/usr/share", "/usr/share"}};
    struct lab_mount *overlays = arena_alloc(draft->arena, sizeof places / sizeof *places * sizeof *overlays);
    struct stat status;
    if (!overlays)
        return ERR_NOMEM;
    for (size_t i = 0; tree->root && i < sizeof places / sizeof *places; i++) {
        const char *from = draft_string(draft, "%s%s", tree->root, places[i].from);
        if (lstat(from, &status) == 0 && S_ISDIR(status.st_mode) && access(places[i].to, F_OK) == 0)
            overlays[start->overlay_count++] = (struct lab_mount){.from = from, .to = places[i].to};
    }
    start->overlays = overlays;
    return 0;
}

static int copy_program(const char *from, const char *to, struct err_note *note)
{
    char *bytes;
    size_t length;
    int rc = file_read_all(from, MAX_PROGRAM, &bytes, &length, note);
    if (rc)
        return rc;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    if (fd < 0 || file_write(fd, bytes, length))
        rc = file_error(note, to, "cannot be written");
    if (fd >= 0)
        close(fd);
    free(bytes);
    return rc;
}

static int make_command(
    struct draft *draft, const struct tree *tree, const struct product_words *words, struct lab_start *start)
{
    start->argv = arena_alloc(draft->arena, (words->count + 2) * sizeof *start->argv);
    start->environment = arena_alloc(draft->arena, 3 * sizeof *start->environment);
    if (!start->argv || !start->environment)
        return ERR_NOMEM;
    const char *program =
        tree_confined(tree->program) ? draft_path(draft, draft->setup->product->name) : tree->program;
    start->argv[0] = arena_string(draft->arena, program);
    for (size_t i = 0; i < words->count; i++)
        start->argv[i + 1] = arena_string(draft->arena, words->word[i]);
    const char *own = draft->setup->product->functions->environment;
    size_t n = 0;
    if (tree->library)
        start->environment[n++] = arena_string(draft->arena, tree->library);
    if (own)
        start->environment[n] = arena_string(draft->arena, own);
    return add_overlays(draft, tree, start);
}

/* Whether a line says something of the domain in which the rehearsal's names are. */
static bool names_lab(const char *line, size_t length)
{
    static const char *const forms[] = {"\"lab\"", "\"lab.\"", "'lab'", "'lab.'", "/lab/", ": lab", ": lab."};
    size_t from = strspn(line, " \t");
    if (from >= length || strchr("#;/", line[from]) || strncmp(line + from, "--", 2) == 0)
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *found = memmem(line, length, forms[i], strlen(forms[i]));
        const char *behind = found ? found + strlen(forms[i]) : NULL;
        if (found && (forms[i][0] != ':' || behind == line + length || strchr(" \t\r\n", *behind)))
            return true;
    }
    return length == 3 && strncmp(line, "lab", 3) == 0;
}

static void refuse_lab(struct draft *draft)
{
    for (size_t i = 0; i < draft->file_count; i++) {
        const struct draft_file *file = draft->files[i];
        for (size_t at = 0; file->users && at < file->length;) {
            size_t length = strcspn(file->text + at, "\n");
            if (names_lab(file->text + at, length))
                draft->cannot = draft_string(draft,
                    "%s:%u: it says something of \"lab\", the domain in which a rehearsal asks its names; "
                    "take the "
                    "line out of a copy, and rehearse that",
                    file->users, draft_line(file, at));
            at += length + 1;
        }
    }
}

static int make_draft(
    struct draft *draft, const struct tree *tree, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    const struct product_functions *functions = setup->product->functions;
    struct product_words words = {.count = 0};
    draft->program = tree->program;
    start->directory = draft_string(draft, "%s", setup->directory);
    start->state_directory = draft_path(draft, "state");
    start->log = draft_path(draft, "log");
    if (setup->config && !functions->users)
        return err_set(note, ERR_CONFIG, "%s takes no configuration file of yours: %s", setup->product->name,
            setup->config);
    int rc = (setup->config ? functions->users : functions->ours)(draft, &words, start, note);
    if (rc == 0 && (make_command(draft, tree, &words, start) || draft->failed))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    if (setup->config)
        refuse_lab(draft);
    start->cannot = draft->cannot;
    start->limited = draft->limited;
    start->noted = draft->noted;
    start->trust = draft->trust;
    return rc;
}

int lab_product_prepare(
    const struct lab_setup *setup, struct arena *arena, struct lab_start *ret_start, struct err_note *note)
{
    struct draft draft = {.setup = setup, .arena = arena};
    struct lab_start start = {.argv = NULL};
    struct tree tree;
    int rc = tree_open(setup->program, setup->product->program, arena, &tree, note);
    if (rc == 0)
        rc = make_draft(&draft, &tree, &start, note);
    if (rc == 0)
        rc = draft_write(&draft, note);
    if (rc == 0 && mkdir(start.state_directory, 0700) && errno != EEXIST)
        rc = file_error(note, start.state_directory, "cannot be made");
    if (rc == 0 && strcmp(start.argv[0], tree.program) != 0)
        rc = copy_program(tree.program, start.argv[0], note);
    if (rc == 0)
        *ret_start = start;
    return rc;
}

int lab_product_difference(const struct lab_setup *setup, struct text *ret_text, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct draft draft = {.setup = setup, .arena = arena};
    struct lab_start start = {.argv = NULL};
    struct tree tree = {.program = setup->product->program};
    struct err_note why;
    if (arena && setup->program && tree_open(setup->program, setup->product->program, arena, &tree, &why))
        tree = (struct tree){.program = setup->product->program}; /* what is compiled into it is not known */
    int rc = arena ? make_draft(&draft, &tree, &start, note) : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = draft_difference(&draft, ret_text, note);
    arena_free(arena);
    return rc;
}

/* ---- states ---- */

/* From worst to best for who is to trust a key. */
static unsigned rank(enum rfc5011_state state)
{
    static const uint8_t ranks[RFC5011_STATES] = {[RFC5011_REMOVED] = 0,
        [RFC5011_START] = 1,
        [RFC5011_REVOKED] = 2,
        [RFC5011_ADD_PEND] = 3,
        [RFC5011_MISSING] = 4,
        [RFC5011_VALID] = 5};
    return ranks[state];
}

void product_tell(struct product_states *states, uint16_t tag, enum rfc5011_state state)
{
    for (size_t i = 0; i < states->count; i++)
        if (states->keys[i].tag == tag) {
            if (rank(state) < rank(states->keys[i].state))
                states->keys[i].state = state;
            return;
        }
    if (states->count < states->capacity)
        states->keys[states->count++] = (struct lab_key_state){.tag = tag, .state = state};
}

int product_state_file(const struct lab_setup *setup, const char *name, product_reader *read,
    struct product_states *states, struct err_note *note)
{
    char path[4096], *bytes;
    size_t length;
    if ((size_t)snprintf(path, sizeof path, "%s/state/%s", setup->directory, name) >= sizeof path)
        return err_set(note, ERR_USAGE, "%s: the path is too long", setup->directory);
    int rc = file_read_all(path, MAX_STATE, &bytes, &length, note);
    if (rc)
        return rc;
    read(bytes, length, states);
    free(bytes);
    return 0;
}

static int by_tag(const void *a, const void *b)
{
    const struct lab_key_state *x = a, *y = b;
    return (x->tag > y->tag) - (x->tag < y->tag);
}

int lab_product_state(const struct lab_setup *setup, int64_t now_us, struct lab_key_state *ret,
    size_t capacity, size_t *ret_count, struct err_note *note)
{
    struct product_states states = {.keys = ret, .capacity = capacity};
    const struct product_functions *functions = setup->product->functions;
    int rc = functions->state ? functions->state(setup, now_us, &states, note) : 0;
    if (rc)
        return rc;
    qsort(ret, states.count, sizeof *ret, by_tag);
    *ret_count = states.count;
    return 0;
}

/* ---- one-shots ---- */

char **lab_product_question(
    const struct lab_setup *setup, const struct lab_start *start, const char *name, struct arena *arena)
{
    size_t count = 0;
    (void)setup;
    while (start->argv[count])
        count++;
    char **argv = arena_alloc(arena, (count + 2) * sizeof *argv);
    if (!argv)
        return NULL;
    memcpy(argv, start->argv, count * sizeof *argv);
    argv[count] = arena_string(arena, name);
    return argv[count] ? argv : NULL;
}

enum evidence_answer lab_product_answer(const struct lab_product *product, const char *output, int code)
{
    return product->functions->answer ? product->functions->answer(output, code) : ANSWER_OTHER;
}
