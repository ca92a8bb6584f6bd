/* The settings are those with which real resolvers followed whole rolls. Two things vary: a platform that is
 * not reached through the public DNS needs a forward zone, and a plan with shortened hold-downs needs the
 * products' timers shortened as well. */
#include "app/web/snippet.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *key, *warning, *remove;
} products[SNIPPET_PRODUCTS] = {
    [SNIPPET_BIND] = {"BIND", "bind",
        "named must be able to write its working directory (or managed-keys-directory), or it forgets what "
        "it "
        "learned.",
        "Take the lines out of named.conf and run rndc reconfig. named then drops the keys that it learned "
        "for "
        "this zone by itself."},
    [SNIPPET_UNBOUND] = {"Unbound", "unbound",
        "Unbound replaces the file while it runs: the file and its directory must be writable for the user "
        "that it "
        "runs as.",
        "Take the lines out of unbound.conf, delete the anchor file, and run unbound-control reload."},
    [SNIPPET_KNOT] = {"Knot Resolver", "knot",
        "Be warned: Knot Resolver 5.6 followed whole rolls of testzone-fast with these lines, the "
        "root\xe2\x80\x99s managed "
        "anchor beside them; but in another set-up, resolving by itself, a second managed anchor made it "
        "answer "
        "SERVFAIL. Begin with an instance that nobody depends on. Its directory must be writable for it.",
        "Take the lines out of kresd.conf, delete the anchor file, and restart kresd."},
};

const char *snippet_name(enum snippet_product product)
{
    return products[product].name;
}

const char *snippet_key(enum snippet_product product)
{
    return products[product].key;
}

const char *snippet_warning(enum snippet_product product)
{
    return products[product].warning;
}

const char *snippet_remove(enum snippet_product product)
{
    return products[product].remove;
}

/* An address as "127.0.0.1:5300" or "[::1]:5300", taken apart. */
struct place {
    char host[64];
    unsigned port;
};

static bool place_of(const char *address, struct place *ret)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof ret->host)
        return false;
    memcpy(ret->host, address, length);
    ret->host[length] = '\0';
    return sscanf(colon + 1, "%5u", &ret->port) == 1;
}

bool snippet_forwards(const struct web_config *config)
{
    for (size_t i = 0; i < config->dns_count; i++) {
        struct place place;
        if (place_of(config->dns[i], &place) &&
            (place.port != 53 || strncmp(place.host, "127.", 4) == 0 || strcmp(place.host, "::1") == 0))
            return true;
    }
    return false;
}

/* What all three need. */
struct facts {
    const struct web_config *config;
    char zone[1024], parent[1024], last[1024]; /* without the final dot; last: the parent's last label */
    const struct view_key *anchor;
    bool forwards, fast;
    long hold_s, refresh_s;
};

static void undotted(const char *name, char out[1024])
{
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    snprintf(out, 1024, "%.*s", (int)length, name);
}

static struct facts facts_of(const struct web_config *config, const struct view_one *one)
{
    struct facts facts = {.config = config, .anchor = one->anchor, .forwards = snippet_forwards(config)};
    undotted(one->participant.row.zone, facts.zone);
    undotted(config->parent, facts.parent);
    const char *dot = strrchr(facts.parent, '.');
    snprintf(facts.last, sizeof facts.last, "%s", dot ? dot + 1 : facts.parent);
    if (one->plan) {
        facts.fast = one->plan->add_hold_us < UTC_DAY;
        facts.hold_s = (long)(one->plan->add_hold_us / UTC_SECOND);
        facts.refresh_s = (long)(plan_refresh(one->plan) / UTC_SECOND);
    }
    return facts;
}

/* "257 3 13 BASE64" with the key in quotes. */
static void quoted_key(struct text *out, const char *dnskey)
{
    const char *key = strrchr(dnskey, ' ');
    text_add_bytes(out, dnskey, (size_t)(key - dnskey));
    text_printf(out, " \"%s\"", key + 1);
}

static void write_bind(struct text *out, const struct facts *facts)
{
    if (facts->fast)
        text_printf(out,
            "// This plan\xe2\x80\x99s hold-down is %ld s. Start named with\n"
            "//   named -T mkeytimers=%d/%ld/%ld\n"
            "// (seconds that stand for an hour, a day, a month). For a test instance only.\n",
            facts->hold_s, 2, facts->hold_s / 3 > 2 ? facts->hold_s / 3 : 3, facts->hold_s);
    text_add(out, "options {\n    // beside what is there already\n    dnssec-validation yes;   // or auto, "
                  "as you have it\n");
    if (facts->fast)
        text_printf(out, "    max-cache-ttl %ld;\n    servfail-ttl 0;\n", facts->refresh_s * 2);
    if (facts->forwards)
        text_add(out, "    empty-zones-enable no;\n");
    text_printf(out, "};\n\ntrust-anchors {\n    \"%s\" initial-key ", facts->zone);
    quoted_key(out, facts->anchor->dnskey);
    text_add(out, ";\n};\n");
    if (!facts->forwards)
        return;
    text_printf(
        out, "\nzone \"%s\" {\n    type forward;\n    forward only;\n    forwarders {", facts->parent);
    for (size_t i = 0; i < facts->config->dns_count; i++) {
        struct place place;
        if (place_of(facts->config->dns[i], &place))
            text_printf(out, " %s port %u;", place.host, place.port);
    }
    text_add(out, " };\n};\n");
}

static void write_unbound(struct text *out, const struct facts *facts)
{
    text_printf(out,
        "# First, the file that Unbound will keep up to date:\n"
        "#   echo '%s. IN DS %s' > /var/lib/unbound/%s.key\n"
        "#   chown unbound /var/lib/unbound/%s.key\n"
        "server:\n    auto-trust-anchor-file: \"/var/lib/unbound/%s.key\"\n",
        facts->zone, facts->anchor->ds, facts->zone, facts->zone, facts->zone);
    if (facts->fast)
        text_printf(out,
            "    # This plan\xe2\x80\x99s hold-down is %ld s. For a test instance only:\n"
            "    add-holddown: %ld\n    del-holddown: %ld\n    permit-small-holddown: yes\n",
            facts->hold_s, facts->hold_s, facts->hold_s);
    if (!facts->forwards)
        return;
    text_printf(out,
        "    do-not-query-localhost: no\n    local-zone: \"%s.\" nodefault\n\nforward-zone:\n    name: "
        "\"%s\"\n",
        facts->last, facts->parent);
    for (size_t i = 0; i < facts->config->dns_count; i++) {
        struct place place;
        if (place_of(facts->config->dns[i], &place))
            text_printf(out, "    forward-addr: %s@%u\n", place.host, place.port);
    }
}

static void write_knot(struct text *out, const struct facts *facts)
{
    text_printf(out,
        "-- First, the file that kresd will keep up to date:\n"
        "--   echo '%s. IN DS %s' > /var/lib/knot-resolver/%s.keys\n",
        facts->zone, facts->anchor->ds, facts->zone);
    if (facts->fast)
        text_printf(out,
            "-- This plan\xe2\x80\x99s hold-down is %ld s. For a test instance only:\n"
            "modules.load('ta_update')\nta_update.hold_down_time = %ld * sec\nta_update.refresh_time = %ld * "
            "sec\n",
            facts->hold_s, facts->hold_s, facts->refresh_s);
    text_printf(out, "trust_anchors.add_file('/var/lib/knot-resolver/%s.keys')\n", facts->zone);
    if (!facts->forwards)
        return;
    text_add(out, "policy.add(policy.suffix(policy.FORWARD({");
    for (size_t i = 0, n = 0; i < facts->config->dns_count; i++) {
        struct place place;
        if (place_of(facts->config->dns[i], &place))
            text_printf(out, "%s'%s@%u'", n++ ? ", " : "", place.host, place.port);
    }
    text_printf(out, "}), {todname('%s.')}))\n", facts->parent);
}

void snippet_write(struct text *out, enum snippet_product product, const struct web_config *config,
    const struct view_one *one)
{
    static void (*const write[SNIPPET_PRODUCTS])(struct text *, const struct facts *) = {
        write_bind, write_unbound, write_knot};
    if (!one->anchor)
        return;
    struct facts facts = facts_of(config, one);
    write[product](out, &facts);
}
