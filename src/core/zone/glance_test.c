#include "core/zone/zone_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* More than FEW_ZONES, some signed, so that a glance looks. */
enum { ZONES = 300, SIGNED = 20 };

static struct zone_view *views[ZONES];

static int setup(void **state)
{
    struct zone_set *set = zone_set_new();
    for (unsigned i = 0; i < ZONES; i++) {
        char apex[40];
        int rc;
        snprintf(apex, sizeof apex, "z%05u.bench.test.", i);
        struct name name = try_name(apex);
        struct zone_spec spec = {.kind = ZONE_PLAIN};
        if (i < SIGNED) {
            spec.plan = try_plan();
            spec.keys = try_zone_keys();
        }
        views[i] = try_view(spec, apex, "@ 60 SOA ns h 1 1 1 1 60\n@ 60 NS ns\nns 60 A 192.0.2.1\n", TRY_NOW);
        assert_null(zone_set_put(set, &name, views[i], i, &rc));
        assert_int_equal(rc, 0);
    }
    *state = set;
    return 0;
}

static int teardown(void **state)
{
    zone_set_free(*state);
    for (size_t i = 0; i < ZONES; i++)
        zone_view_free(views[i]);
    try_keys_free();
    return 0;
}

static size_t query(unsigned number, uint8_t out[512])
{
    char name[80];
    static const char *const forms[][2] = {{"z", ".bench.test."}, {"ns.z", ".bench.test."},
        {"NS.Z", ".Bench.Test."}, {"nothing.z", ".bench.test."}, {"x", ".elsewhere."}, {"x", "."}};
    const char *const *form = forms[number % 6];
    snprintf(name, sizeof name, "%s%05u%s", form[0], number * 7 % (ZONES + 10), form[1]);
    return try_query((struct try_ask){.name = name, .type = 1, .edns = true, .dnssec_ok = true}, out);
}

static void ask_all(const struct zone_set *set, uint8_t (*answers)[512], size_t *lengths)
{
    static const struct zone_server server = {.udp_size = 1232};
    struct zone_client client = {.port = 1, .now_us = TRY_NOW};
    struct zone_event event;
    for (unsigned i = 0; i < ZONE_GLANCES; i++) {
        uint8_t message[512];
        size_t length = query(i, message);
        lengths[i] = zones_answer(set, &server, &client, message, length, answers[i], 512, &event);
    }
}

static void a_glance_changes_no_answer(void **state)
{
    static uint8_t before[ZONE_GLANCES][512], after[ZONE_GLANCES][512], messages[ZONE_GLANCES + 10][512];
    size_t lengths_before[ZONE_GLANCES], lengths_after[ZONE_GLANCES];
    struct zone_glance glances[ZONE_GLANCES + 10];
    for (unsigned i = 0; i < ZONE_GLANCES + 10; i++)
        glances[i] = (struct zone_glance){.message = messages[i], .length = query(i, messages[i])};
    ask_all(*state, before, lengths_before);
    for (size_t count = 0; count <= ZONE_GLANCES + 10; count++)
        zones_glance(*state, glances, count);
    ask_all(*state, after, lengths_after);
    assert_memory_equal(lengths_before, lengths_after, sizeof lengths_before);
    assert_memory_equal(before, after, sizeof before);
}

/* Each message ends where its memory ends, so that a sanitizer sees an octet too far. */
static void messages_may_be_anything(void **state)
{
    srand(1);
    for (unsigned round = 0; round < 3000; round++) {
        struct zone_glance glances[8];
        uint8_t *copies[8];
        for (unsigned i = 0; i < 8; i++) {
            uint8_t message[512] = {0};
            size_t length = query((unsigned)rand() % 1000, message);
            for (int faults = rand() % 4; faults > 0; faults--)
                message[12 + rand() % 30] = (uint8_t)rand();
            if (rand() % 4 == 0)
                memset(message + 12, 1 + rand() % 3, 400);
            length = rand() % 3 ? (size_t)rand() % (length + 1) : rand() % 2 ? length : 400;
            copies[i] = malloc(length ? length : 1);
            memcpy(copies[i], message, length);
            glances[i] = (struct zone_glance){.message = copies[i], .length = length};
        }
        zones_glance(*state, glances, 8);
        for (unsigned i = 0; i < 8; i++)
            free(copies[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glance_changes_no_answer),
        cmocka_unit_test(messages_may_be_anything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
