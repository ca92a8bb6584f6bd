/* kresd's configuration, the user's: a Lua program. The idea: it stays as it is, but for strings that name
 * trust anchors; before it stands a prelude that takes listening, the cache, users and forwarders into its
 * own hands, and behind it what listens at last. */
#include "app/lab/products/lua.h"

#include <string.h>
#include <unistd.h>

#define STANDARD_KEYS "/usr/share/dns/root.key" /* compiled into Debian's, unmanaged */

/* A file of anchors. It is written if it is managed: the second argument is not true. */
static int anchor_file(
    struct draft *draft, struct draft_file *file, const struct lua_string *string, struct err_note *note)
{
    const char *behind = file->text + string->to, *path = user_find(draft, string->value);
    behind += strspn(behind, " \t\r\n,");
    bool managed = strncmp(behind, "true", 4) != 0;
    struct lab_trust before = draft->trust;
    struct draft_file *anchors;
    int rc = draft_read(draft, path, &anchors, note);
    if (rc == ERR_NOINPUT && managed) {
        draft_note(draft, "%s is not there, and is not fetched from IANA: what would come stands for it, %s",
            path, user_installed(draft));
        lua_put(draft, file, string, product_seed(draft, "root.keys"));
        draft->trust = (struct lab_trust){.known = true, .follows = true};
        draft_trust_installed(draft);
        return 0;
    }
    if (rc == ERR_NOINPUT)
        return user_error(file, string->from, note, "%s: there is no such file", path);
    if (rc)
        return rc;
    draft->trust = (struct lab_trust){.known = true, .follows = managed}; /* takes the place of what was */
    user_records(draft, anchors, false);
    if (!user_has_root(anchors))
        draft->trust = before;
    if (managed) {
        bool is_root = user_has_root(anchors); /* of several the one whose state is read */
        anchors->copy = is_root ? draft_path(draft, "state/root.keys")
                                : draft_path(draft, draft_string(draft, "state/%zu.keys", draft->file_count));
    }
    lua_put(draft, file, string, anchors->copy);
    return 0;
}

/* Names of some zones alone that are forwarded are none of the lab's. */
static bool for_all(const struct draft_file *file, size_t at)
{
    static const char all[] = "policy.all";
    size_t from = at;
    while (from > 0 && at - from < 200 && file->text[from - 1] != ';' &&
           strncmp(file->text + from, "policy.add", 10) != 0)
        from--;
    for (; from + sizeof all <= at; from++)
        if (strncmp(file->text + from, all, sizeof all - 1) == 0)
            return true;
    return false;
}

/* Knot Resolver 5 publishes only what one call brings: it takes the place of all before. */
static void add(struct draft *draft, struct draft_file *file, const struct lua_string *string)
{
    struct lab_trust before = draft->trust;
    draft->trust = (struct lab_trust){.known = true};
    const char *record = user_record(draft, string->value);
    if (!draft->trust.count)
        draft->trust = before;
    if (record)
        lua_put(draft, file, string, record);
    if (before.count && draft->trust.count)
        draft_note(draft, "each trust_anchors.add() takes the place of all anchors of the root before it, as "
                          "Knot Resolver 5 does");
}

/* Modules that speak to others are not loaded; what is said to them is not heard. */
static const char *const outside[] = {"http", "graphite", "prefill", "etcd", "dnstap"};

static void say_outside(struct draft *draft, const char *name)
{
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        if (strcmp(name, outside[i]) == 0)
            draft_note(
                draft, "the module %s is left out: it works with what is outside of the rehearsal", name);
}

static int take(
    void *context, struct draft_file *file, const struct lua_string *string, struct err_note *note)
{
    struct draft *draft = context;
    const char *call = string->call;
    if (!string->value)
        return 0;
    if (strcmp(call, "trust_anchors.add_file") == 0 && string->argument == 0)
        return anchor_file(draft, file, string, note);
    if (strcmp(call, "trust_anchors.add") == 0)
        add(draft, file, string);
    else if (strcmp(call, "trust_anchors.remove") == 0 && strcmp(string->value, ".") == 0)
        draft->trust = (struct lab_trust){.known = true};
    else if (strcmp(call, "hints.root_file") == 0)
        lua_put(draft, file, string, draft_path(draft, "root.hints"));
    else if (strcmp(call, "policy.FORWARD") == 0 || strcmp(call, "policy.TLS_FORWARD") == 0 ||
             strcmp(call, "policy.STUB") == 0) {
        if (string->argument == 0 && for_all(file, string->from))
            user_forwards(draft, string->value);
    }
    say_outside(draft, string->value);
    return 0;
}

static const char *prelude(struct draft *draft, const char *anchors)
{
    const struct lab_setup *setup = draft->setup;
    return draft_string(draft,
        "-- rollcall rehearse: what follows behind \"yours\" is yours.\n"
        "local rollcall_listen, rollcall_open, rollcall_add = net.listen, cache.open, "
        "trust_anchors.add_file\n"
        "local rollcall_forward, rollcall_stub = policy.FORWARD, policy.STUB\n"
        "%s"
        "log_target = function () return true end\n"
        "user = function () return true end\n"
        "net.listen = function () return true end\n"
        "net.tls = net.listen\n"
        "net.tls_sticket_secret_file = net.listen\n"
        "net.interfaces = function () return setmetatable({}, { __index = function () return { addr = {} } "
        "end }) end\n"
        "local rollcall_absent = setmetatable({}, { __index = function () return net.listen end })\n"
        "http, graphite, prefill, etcd, dnstap = rollcall_absent, rollcall_absent, rollcall_absent, "
        "rollcall_absent, rollcall_absent\n"
        "local rollcall_load = modules.load\n"
        "modules.load = function (name)\n"
        "\tlocal absent = { http = true, graphite = true, prefill = true, etcd = true, dnstap = true }\n"
        "\treturn absent[name] or rollcall_load(name)\n"
        "end\n"
        "cache.open = function (size) return rollcall_open(size, 'lmdb://%s/cache') end\n"
        "policy.FORWARD = function () return rollcall_forward('%s') end\n"
        "policy.TLS_FORWARD = policy.FORWARD\n"
        "policy.STUB = function () return rollcall_stub('%s') end\n"
        "trust_anchors.remove('.')\n"
        "rollcall_add([==[%s]==], true)\n"
        "trust_anchors.add_file = function (path, unmanaged)\n"
        "\tif path:sub(1, %zu) ~= [==[%s/]==] then\n"
        "\t\terror('the path of trust anchors is computed, which cannot be rehearsed: ' .. path)\n"
        "\tend\n"
        "\treturn rollcall_add(path, unmanaged)\n"
        "end\n"
        "-- yours\n",
        kresd_log_words(setup), setup->directory, setup->forward_to, setup->forward_to, anchors,
        strlen(setup->directory) + 1, setup->directory);
}

/* What stands for the keys that are compiled in. */
static int standard_anchors(struct draft *draft, const char **ret_path, struct err_note *note)
{
    struct draft_file *keys;
    const char *path = user_find(draft, STANDARD_KEYS);
    if (access(path, R_OK)) {
        *ret_path = product_seed(draft, "standard.keys");
        draft_trust_installed(draft);
        return 0;
    }
    int rc = draft_read(draft, path, &keys, note);
    if (rc == 0) {
        user_records(draft, keys, false);
        *ret_path = keys->copy;
    }
    return rc;
}

int kresd_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct draft_file *file;
    const char *anchors;
    (void)start;
    draft->trust.known = true;
    int rc = draft_read(draft, setup->config, &file, note); /* the first that is shown */
    if (rc == 0)
        rc = user_refuse_yaml(file, note,
            "this is YAML (Knot Resolver 6), which is not read; the Lua program that kresctl convert makes "
            "of it is");
    if (rc == 0)
        rc = standard_anchors(draft, &anchors, note);
    if (rc == 0)
        rc = lua_read(draft, setup->config, take, draft, 0, &file, note);
    if (rc)
        return rc;
    draft_replace(draft, file, 0, 0, prelude(draft, anchors));
    draft_replace(draft, file, file->length, file->length,
        draft_string(draft,
            "\n-- rollcall rehearse\n"
            "net.listen = rollcall_listen\n"
            "net.ipv%c = false\n"
            "net.listen('%s', %u, { kind = 'dns' })\n"
            "if view and view.src and #view.src > 0 then\n" /* we may ask */
            "\tview:addr('%s', policy.all(policy.PASS))\n"
            "\ttable.insert(view.src, 1, table.remove(view.src))\n"
            "end\n"
            "if not hints then modules.load('hints > iterate') end\n"
            "hints.root_file([==[%s]==])\n",
            product_six(setup) ? '4' : '6', setup->address, setup->port, setup->address,
            product_hints(draft)));
    product_word(words, "-n");
    product_word(words, "-c");
    product_word(words, file->copy);
    product_word(words, setup->directory);
    return 0;
}
