#include "app/serve/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, struct arena *arena, struct serve_config *config, struct err_note *note)
{
    return config_parse("x.yaml", text, strlen(text), arena, config, note);
}

static void test_defaults(void **state)
{
    struct arena *arena = arena_new();
    struct serve_config config;
    struct err_note note;
    char text[NAME_MAX_TEXT];
    (void)state;
    assert_int_equal(parse("state: /tmp/x\n", arena, &config, &note), 0);
    assert_string_equal(config.dns[0], "127.0.0.1:5300");
    assert_string_equal(config.web, "127.0.0.1:8053");
    assert_string_equal(config.state, "/tmp/x");
    assert_string_equal(name_to_text(&config.parent, text), "rolls.lab.");
    assert_string_equal(name_to_text(&config.probe, text), "probe.lab.");
    assert_int_equal(config.udp_size, 1232);
    arena_free(arena);
}

static void test_every_key(void **state)
{
    static const char text[] =
        "dns: ['192.0.2.1:53', '[::1]:53']\nweb: off\nproxy: 127.0.0.1\nstate: /s\nuser: "
        "nobody\nparent-zone: Rolls.Example\nprobe-zone: p.example\n"
        "nameserver: ns.example\naddresses: [192.0.2.1, '2001:db8::1']\nplans: "
        "a.yaml\nnsid: one\nversion: none\n"
        "udp-workers: 4\ntcp-connections: 10\ntcp-idle-seconds: 20\nudp-size: "
        "1400\nretention-days: 30\nmax-participants: 5\n"
        "observations-seconds: 60\nreadiness:\n  plan: root-2024\n  users: u.csv\n  pfx2as: [a, b]\n  mmdb: "
        "c\n"
        "  delegated: d\n";
    struct arena *arena = arena_new();
    struct serve_config config;
    struct err_note note;
    char name[NAME_MAX_TEXT];
    (void)state;
    assert_int_equal(parse(text, arena, &config, &note), 0);
    assert_int_equal(config.dns_count, 2);
    assert_string_equal(config.dns[1], "[::1]:53");
    assert_null(config.web);
    assert_string_equal(config.proxy, "127.0.0.1");
    assert_string_equal(name_to_text(&config.parent, name), "rolls.example.");
    assert_int_equal(config.address_count, 2);
    assert_string_equal(config.plans[0], "a.yaml");
    assert_int_equal(config.udp_workers, 4);
    assert_int_equal(config.tcp_idle_s, 20);
    assert_int_equal(config.udp_size, 1400);
    assert_int_equal(config.max_participants, 5);
    assert_int_equal(config.observations_s, 60);
    assert_string_equal(config.readiness_plan, "root-2024");
    static const struct config_network_file files[] = {{CONFIG_USERS, "u.csv"}, {CONFIG_PFX2AS, "a"},
        {CONFIG_PFX2AS, "b"}, {CONFIG_MMDB, "c"}, {CONFIG_DELEGATED, "d"}};
    assert_int_equal(config.network_count, 5); /* in their order */
    for (size_t i = 0; i < config.network_count; i++) {
        assert_int_equal(config.networks[i].kind, files[i].kind);
        assert_string_equal(config.networks[i].path, files[i].path);
    }
    arena_free(arena);
}

/* Each names its place. */
static void test_errors(void **state)
{
    static const struct {
        const char *text, *note;
    } cases[] = {
        {"dsn: 127.0.0.1:53\n", "x.yaml:1:1: unknown key 'dsn'"},
        {"dns: []\n", "x.yaml:1:6: at least one address"},
        {"dns: {a: b}\n", "x.yaml:1:6: a text or a list of texts"},
        {"state:\n", "x.yaml:1:"},
        {"web: off\nudp-workers: 65\n", "x.yaml:2:14: a whole number from 1 to 64"},
        {"udp-workers: 0\n", "x.yaml:1:14: a whole number from 1 to 64"},
        {"udp-workers: 2x\n", "x.yaml:1:14: a whole number"},
        {"udp-size: 511\n", "x.yaml:1:11: a whole number from 512"},
        {"parent-zone: .\n", "x.yaml:1:14: the root"},
        {"parent-zone: a..b\n", "x.yaml:1:14: "},
        {"parent-zone: a.b\nprobe-zone: c.a.b\n", "must not lie one below the other"},
        {"- a\n", "x.yaml:1:1: the file must be"},
        {"readiness: root-2024\n", "x.yaml:1:12: 'key: value' lines are wanted here"},
        {"readiness:\n  user: a\n", "x.yaml:2:3: unknown here"},
        {"readiness:\n  users: {a: b}\n", "x.yaml:2:10: a text or a list of texts"},
        {"readiness:\n  plan: [a]\n", "x.yaml:2:9: a text is wanted"},
        {"readiness:\n  mmdb: [a, b, c, d, e, f, g, h, i]\n  users: [a, b, c, d, e, f, g, h]\n",
            "x.yaml:3:10: too many files"},
        {"observations-seconds: 0\n", "x.yaml:1:23: a whole number from 1 to 86400"},
        {"state: a\nstate: b\n", "x.yaml:2:1: "},
        {"state: [a\n", "x.yaml:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct serve_config config = {.udp_size = 77};
        struct err_note note = {""};
        int rc = parse(cases[i].text, arena, &config, &note);
        if (rc != ERR_CONFIG || !strstr(note.text, cases[i].note))
            fail_msg("%s: %d, %s", cases[i].text, rc, note.text);
        assert_int_equal(config.udp_size, 77); /* nothing is written on error */
        arena_free(arena);
    }
}

static void test_files(void **state)
{
    struct arena *arena = arena_new();
    struct serve_config config;
    struct err_note note;
    (void)state;
    assert_int_equal(config_read("/nonexistent/x.yaml", arena, &config, &note), ERR_NOINPUT);
    assert_non_null(strstr(note.text, "/nonexistent/x.yaml: "));
    assert_int_equal(config_read("/", arena, &config, &note), ERR_NOINPUT);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
