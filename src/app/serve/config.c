/* A table of keys, each with the function that reads its value. An unknown key is an error: a misspelt option
 * that is silently ignored is worse. */
#include "app/serve/config.h"

#include "io/store/sightings.h"
#include "io/yaml/yaml.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX_FILE = 1 << 20 };

struct source {
    const char *file;
    struct arena *arena;
    struct serve_config *config;
    struct err_note *note;
};

int config_default(struct serve_config *ret_config, struct err_note *note)
{
    struct serve_config config = {.dns = {"127.0.0.1:5300"},
        .dns_count = 1,
        .web = "127.0.0.1:8053",
        .nameserver = NULL,
        .addresses = {"127.0.0.1"},
        .address_count = 1,
        .version = "rollcall " ROLLCALL_VERSION,
        .udp_workers = 1,
        .tcp_connections = 1000,
        .tcp_idle_s = 10,
        .udp_size = 1232,
        .observations_s = 300,
        .retention_days = 120,
        .max_participants = 10000};
    int rc = name_from_text("rolls.lab.", &config.parent, note);
    if (rc == 0)
        rc = name_from_text("probe.lab.", &config.probe, note);
    if (rc == 0)
        *ret_config = config;
    return rc;
}

static int wrong(const struct source *s, const struct yaml_node *at, const char *what)
{
    yaml_error(s->note, s->file, at, "%s", what);
    return ERR_CONFIG;
}

static int read_text(const struct source *s, const struct yaml_node *value, const char **ret)
{
    if (value->kind != YAML_SCALAR || !*value->scalar)
        return wrong(s, value, "a text is wanted here");
    *ret = value->scalar;
    return 0;
}

/* One text or a list of them. */
static int read_texts(
    const struct source *s, const struct yaml_node *value, const char **ret, size_t limit, size_t *ret_count)
{
    if (value->kind == YAML_SCALAR) {
        *ret_count = 1;
        return read_text(s, value, ret);
    }
    if (value->kind != YAML_LIST || value->count > limit)
        return wrong(s, value,
            value->kind == YAML_LIST ? "too many entries" : "a text or a list of texts is wanted here");
    for (size_t i = 0; i < value->count; i++) {
        int rc = read_text(s, value->values[i], &ret[i]);
        if (rc)
            return rc;
    }
    *ret_count = value->count;
    return 0;
}

static int read_number(
    const struct source *s, const struct yaml_node *value, int64_t least, int64_t most, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long number = value->kind == YAML_SCALAR ? strtoll(value->scalar, &end, 10) : 0;
    if (!end || end == value->scalar || *end || errno || number < least || number > most)
        goto wrong;
    *ret = number;
    return 0;
wrong:
    yaml_error(s->note, s->file, value, "a whole number from %lld to %lld is wanted here", (long long)least,
        (long long)most);
    return ERR_CONFIG;
}

static int read_zone(const struct source *s, const struct yaml_node *value, struct name *ret)
{
    struct err_note why;
    const char *text;
    int rc = read_text(s, value, &text);
    if (rc)
        return rc;
    if (name_from_text(text, ret, &why) || ret->length == 1)
        return wrong(
            s, value, ret->length == 1 ? "the root cannot be served as a test zone's parent" : why.text);
    name_lower(ret);
    return 0;
}

/* The entries of a text or list of texts, for checks one by one. */
static const struct yaml_node *entry(const struct yaml_node *v, size_t index)
{
    return v->kind == YAML_LIST ? v->values[index] : v;
}

/* 127.0.0.1:53 or [::1]:53. What the host has is seen when it is bound. */
static bool is_listen(const char *text)
{
    char address[64];
    uint8_t octets[16];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    bool six = *text == '[';
    if (length < 2 || length >= sizeof address || (six && text[length - 1] != ']'))
        return false;
    memcpy(address, text + six, length - 2 * six);
    address[length - 2 * six] = '\0';
    char *scope = six ? strchr(address, '%') : NULL; /* of a link-local address */
    if (scope)
        *scope = '\0';
    size_t digits = strspn(colon + 1, "0123456789");
    return inet_pton(six ? AF_INET6 : AF_INET, address, octets) == 1 && digits > 0 && digits <= 5 &&
           !colon[1 + digits] && strtoul(colon + 1, NULL, 10) <= UINT16_MAX;
}

static const char listen_wanted[] = "ADDRESS:PORT is wanted here, as 127.0.0.1:53 or \"[::1]:53\"";

static int set_dns(const struct source *s, const struct yaml_node *v)
{
    int rc = read_texts(s, v, s->config->dns, CONFIG_MAX_LISTEN, &s->config->dns_count);
    if (rc == 0 && !s->config->dns_count)
        rc = wrong(s, v, "at least one address is wanted here");
    for (size_t i = 0; rc == 0 && i < s->config->dns_count; i++)
        if (!is_listen(s->config->dns[i]))
            rc = wrong(s, entry(v, i), listen_wanted);
    return rc;
}

static int set_web(const struct source *s, const struct yaml_node *v)
{
    int rc = read_text(s, v, &s->config->web);
    if (rc == 0 && strcmp(s->config->web, "off") == 0)
        s->config->web = NULL;
    else if (rc == 0 && !is_listen(s->config->web))
        rc = wrong(s, v, listen_wanted);
    return rc;
}

static int set_proxy(const struct source *s, const struct yaml_node *v)
{
    return read_text(s, v, &s->config->proxy);
}

static int set_state(const struct source *s, const struct yaml_node *v)
{
    return read_text(s, v, &s->config->state);
}

static int set_user(const struct source *s, const struct yaml_node *v)
{
    return read_text(s, v, &s->config->user);
}

static int set_parent(const struct source *s, const struct yaml_node *v)
{
    return read_zone(s, v, &s->config->parent);
}

static int set_probe(const struct source *s, const struct yaml_node *v)
{
    return read_zone(s, v, &s->config->probe);
}

static int set_nameserver(const struct source *s, const struct yaml_node *v)
{
    struct name ignored;
    int rc = read_zone(s, v, &ignored);
    return rc ? rc : read_text(s, v, &s->config->nameserver);
}

static int set_addresses(const struct source *s, const struct yaml_node *v)
{
    int rc = read_texts(s, v, s->config->addresses, CONFIG_MAX_ADDRESSES, &s->config->address_count);
    unsigned four = 0, six = 0;
    for (size_t i = 0; rc == 0 && i < s->config->address_count; i++) {
        uint8_t octets[16];
        bool is_four = inet_pton(AF_INET, s->config->addresses[i], octets) == 1;
        bool is_six = inet_pton(AF_INET6, s->config->addresses[i], octets) == 1;
        four += is_four;
        six += is_six;
        if (!is_four && !is_six)
            rc = wrong(s, entry(v, i), "an IPv4 or IPv6 address is wanted here");
        else if (four > 1 || six > 1)
            rc = wrong(s, entry(v, i), "one IPv4 and one IPv6 address at most");
    }
    return rc;
}

static int set_plans(const struct source *s, const struct yaml_node *v)
{
    return read_texts(s, v, s->config->plans, CONFIG_MAX_PLANS, &s->config->plan_count);
}

static int set_nsid(const struct source *s, const struct yaml_node *v)
{
    int rc = read_text(s, v, &s->config->nsid);
    return rc ? rc : strlen(s->config->nsid) > 64 ? wrong(s, v, "an NSID has at most 64 octets here") : 0;
}

static int set_observations(const struct source *s, const struct yaml_node *v)
{
    return read_text(s, v, &s->config->observations);
}

static int set_observations_s(const struct source *s, const struct yaml_node *v)
{
    return read_number(s, v, 1, 86400, &s->config->observations_s);
}

static int set_collector(const struct source *s, const struct yaml_node *v)
{
    int rc = read_text(s, v, &s->config->collector);
    if (rc == 0 && !sightings_name_fits(s->config->collector))
        rc = wrong(s, v, "a collector's name is 1 to 64 letters, digits and . - _ :");
    return rc;
}

static int set_readiness_plan(const struct source *s, const struct yaml_node *v)
{
    return read_text(s, v, &s->config->readiness_plan);
}

static int add_networks(const struct source *s, const struct yaml_node *v, enum config_network kind)
{
    const char *paths[CONFIG_MAX_NETWORKS];
    size_t count = 0;
    int rc = read_texts(s, v, paths, CONFIG_MAX_NETWORKS, &count);
    if (rc == 0 && count > CONFIG_MAX_NETWORKS - s->config->network_count)
        rc = wrong(s, v, "too many files of networks and users");
    for (size_t i = 0; rc == 0 && i < count; i++)
        s->config->networks[s->config->network_count++] = (struct config_network_file){kind, paths[i]};
    return rc;
}

static int set_readiness(const struct source *s, const struct yaml_node *v)
{
    static const char *const kinds[CONFIG_NETWORKS] = {[CONFIG_PFX2AS] = "pfx2as",
        [CONFIG_DELEGATED] = "delegated",
        [CONFIG_MMDB] = "mmdb",
        [CONFIG_USERS] = "users"};
    if (v->kind != YAML_MAP)
        return wrong(s, v, "'key: value' lines are wanted here: plan, pfx2as, delegated, mmdb, users");
    for (size_t i = 0; i < v->count; i++) {
        const char *key = v->keys[i]->scalar;
        size_t kind = 0;
        while (kind < CONFIG_NETWORKS && strcmp(kinds[kind], key) != 0)
            kind++;
        if (kind == CONFIG_NETWORKS && strcmp(key, "plan") != 0)
            return wrong(s, v->keys[i], "unknown here; known are plan, pfx2as, delegated, mmdb, users");
        int rc = kind == CONFIG_NETWORKS ? set_readiness_plan(s, v->values[i])
                                         : add_networks(s, v->values[i], (enum config_network)kind);
        if (rc)
            return rc;
    }
    return 0;
}

static int set_version(const struct source *s, const struct yaml_node *v)
{
    int rc = read_text(s, v, &s->config->version);
    return rc                                ? rc
           : strlen(s->config->version) > 64 ? wrong(s, v, "the version text has at most 64 octets")
                                             : 0;
}

static int set_unsigned(
    const struct source *s, const struct yaml_node *v, int64_t least, int64_t most, unsigned *ret)
{
    int64_t number = 0;
    int rc = read_number(s, v, least, most, &number);
    if (rc == 0)
        *ret = (unsigned)number;
    return rc;
}

static int set_workers(const struct source *s, const struct yaml_node *v)
{
    return set_unsigned(s, v, 1, 64, &s->config->udp_workers);
}

static int set_tcp(const struct source *s, const struct yaml_node *v)
{
    return set_unsigned(s, v, 1, 100000, &s->config->tcp_connections);
}

static int set_idle(const struct source *s, const struct yaml_node *v)
{
    return set_unsigned(s, v, 1, 3600, &s->config->tcp_idle_s);
}

static int set_udp_size(const struct source *s, const struct yaml_node *v)
{
    return set_unsigned(s, v, 512, 4096, &s->config->udp_size);
}

static int set_retention(const struct source *s, const struct yaml_node *v)
{
    return read_number(s, v, 1, 36500, &s->config->retention_days);
}

static int set_participants(const struct source *s, const struct yaml_node *v)
{
    return read_number(s, v, 1, 1000000, &s->config->max_participants);
}

static const struct {
    const char *name;
    int (*set)(const struct source *, const struct yaml_node *);
} keys[] = {
    {"dns", set_dns},
    {"web", set_web},
    {"proxy", set_proxy},
    {"state", set_state},
    {"user", set_user},
    {"parent-zone", set_parent},
    {"probe-zone", set_probe},
    {"nameserver", set_nameserver},
    {"addresses", set_addresses},
    {"plans", set_plans},
    {"observations", set_observations},
    {"observations-seconds", set_observations_s},
    {"collector", set_collector},
    {"readiness", set_readiness},
    {"nsid", set_nsid},
    {"version", set_version},
    {"udp-workers", set_workers},
    {"tcp-connections", set_tcp},
    {"tcp-idle-seconds", set_idle},
    {"udp-size", set_udp_size},
    {"retention-days", set_retention},
    {"max-participants", set_participants},
};

static int set_key(const struct source *s, const struct yaml_node *key, const struct yaml_node *value)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, key->scalar) == 0)
            return keys[i].set(s, value);
    yaml_error(s->note, s->file, key, "unknown key '%s'; rollcall.yaml(5) lists them", key->scalar);
    return ERR_CONFIG;
}

static int check_zones(const struct source *s, const struct yaml_node *root)
{
    const struct serve_config *c = s->config;
    if (name_is_below(&c->parent, &c->probe) || name_is_below(&c->probe, &c->parent))
        return wrong(s, root, "parent-zone and probe-zone must not lie one below the other");
    return 0;
}

int config_parse(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct serve_config *ret_config, struct err_note *note)
{
    struct serve_config config;
    struct yaml_node *root;
    int rc = config_default(&config, note);
    if (rc == 0)
        rc = yaml_read(file, bytes, length, arena, &root, note);
    if (rc)
        return rc == ERR_DATA ? ERR_CONFIG : rc;
    struct source s = {.file = file, .arena = arena, .config = &config, .note = note};
    if (root->kind != YAML_MAP)
        return wrong(&s, root, "the file must be a list of 'key: value' lines");
    for (size_t i = 0; i < root->count && rc == 0; i++)
        rc = set_key(&s, root->keys[i], root->values[i]);
    if (rc == 0)
        rc = check_zones(&s, root);
    if (rc == 0)
        *ret_config = config;
    return rc;
}

int config_read(const char *path, struct arena *arena, struct serve_config *ret_config, struct err_note *note)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(note, ERR_NOINPUT, "%s: %s", path, strerror(errno));
    int rc = ERR_OK;
    char *bytes = arena_alloc(arena, CONFIG_MAX_FILE + 1);
    size_t length = bytes ? fread(bytes, 1, CONFIG_MAX_FILE + 1, file) : 0;
    if (!bytes)
        rc = err_set(note, ERR_NOMEM, "out of memory");
    else if (ferror(file))
        rc = err_set(note, ERR_NOINPUT, "%s: %s", path, strerror(errno));
    else if (length > CONFIG_MAX_FILE)
        rc = err_set(note, ERR_CONFIG, "%s: larger than 1 MiB: this is no configuration", path);
    else
        rc = config_parse(path, bytes, length, arena, ret_config, note);
    fclose(file);
    return rc;
}
