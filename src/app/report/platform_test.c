/* A platform with participants of two rolls: each zone is read by its own keys, whoever is of another roll or
 * has left does not count. */
#include "app/report/platform.h"

#include "core/dns/dnskey.h"
#include "io/store/enrol.h"
#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ZONES = 4 };

static const int64_t begin_us = 1700000000 * UTC_SECOND; /* 2023-11-14T22:13:20Z: the demonstration's size */

struct zone {
    struct enrol_result result;
    uint16_t tags[3]; /* old, new, old revoked */
};

struct fixture {
    char directory[64], sightings[200];
    struct store *store;
    struct arena *arena;
    struct networks *networks;
    struct platform *platform;
    struct zone zones[ZONES];
    struct err_note note;
};

static uint16_t tag_of(const struct store_key *row, bool revoked)
{
    struct dnskey *key, *other;
    assert_int_equal(
        dnskey_from_private_text(row->private_text, strlen(row->private_text), row->flags, &key, NULL), 0);
    uint16_t tag = key->tag;
    if (revoked) {
        assert_int_equal(dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &other), 0);
        tag = other->tag;
        dnskey_free(other);
    }
    dnskey_free(key);
    return tag;
}

static void enrol(struct fixture *f, struct zone *zone, const char *plan, int64_t at_us)
{
    struct enrol_wish wish = {.label = "a resolver", .users = -1, .roll = {.plan_name = plan}};
    struct enrol_terms terms = {.parent = "rolls.test.", .now_us = at_us, .most = 100};
    struct store_key *keys;
    size_t count;
    if (enrol_participant(f->store, &wish, &terms, &zone->result, &f->note))
        fail_msg("%s", f->note.text);
    assert_int_equal(store_keys(f->store, zone->result.zone, f->arena, &keys, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].id, "KSK-1") == 0) {
            zone->tags[0] = tag_of(&keys[i], false);
            zone->tags[2] = tag_of(&keys[i], true);
        } else if (strcmp(keys[i].id, "KSK-2") == 0) {
            zone->tags[1] = tag_of(&keys[i], false);
        }
    }
}

/* Two in a roll of minutes, one in it that has left, one in a roll of days. */
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    test_dir(f->directory);
    snprintf(f->sightings, sizeof f->sightings, "%s/observed.db", f->directory);
    f->arena = arena_new();
    assert_int_equal(networks_new(&f->networks), 0);
    assert_int_equal(store_open(f->directory, false, &f->store, &f->note), 0);
    enrol(f, &f->zones[3], "testzone", begin_us);
    for (size_t i = 0; i < 3; i++)
        enrol(f, &f->zones[i], "testzone-fast", begin_us);
    assert_int_equal(store_leave(f->store, f->zones[2].result.token, begin_us + 1, NULL), 0);
    return platform_open(f->directory, &f->platform, &f->note);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    platform_close(f->platform);
    store_close(f->store);
    networks_free(f->networks);
    test_dir_remove(f->directory);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void address_of(unsigned last, uint8_t out[16])
{
    memset(out, 0, 16);
    memset(out + 10, 0xff, 2);
    out[12] = 192;
    out[14] = 2;
    out[15] = (uint8_t)last;
}

struct said {
    unsigned source;
    const char *zone;
    char tags[12];
    int second; /* after the begin */
};

static void commit(struct fixture *f, const struct said *said, size_t count)
{
    struct sightings *store;
    struct tally_row rows[16];
    struct tally_traffic traffic[16];
    struct fixture_rows all = {rows, 0, traffic, 0};
    for (size_t i = 0; i < count; i++) {
        int64_t at_us = begin_us + said[i].second * UTC_SECOND, hour_us = at_us / UTC_HOUR * UTC_HOUR;
        rows[all.count] = (struct tally_row){.hour_us = hour_us,
            .zone = said[i].zone,
            .kind = SIGHTING_TA_NULL,
            .tags = said[i].tags,
            .count = 1,
            .first_us = at_us,
            .last_us = at_us};
        address_of(said[i].source, rows[all.count++].source);
        traffic[all.traffic_count] = (struct tally_traffic){
            .hour_us = hour_us, .queries = 100, .dnssec_ok = 100, .first_us = at_us, .last_us = at_us};
        address_of(said[i].source, traffic[all.traffic_count++].source);
    }
    struct sightings_segment segment = fixture_segment("platform", 1, 0, 100);
    struct tally_rows tally = fixture_tally(&all);
    assert_int_equal(sightings_open(f->sightings, false, &store, &f->note), 0);
    if (sightings_commit(store, &segment, &tally, &f->note))
        fail_msg("%s", f->note.text);
    sightings_close(store);
}

static struct said tells(unsigned source, const struct zone *zone, uint16_t tag, int second)
{
    struct said said = {.source = source, .zone = zone->result.zone, .second = second};
    snprintf(said.tags, sizeof said.tags, "%04x", tag);
    return said;
}

static enum classify_class class_of(const struct platform_judged *judged, unsigned source)
{
    uint8_t address[16];
    size_t i;
    address_of(source, address);
    if (!classify_find(judged->readiness.classify, address, &i))
        return CLASSIFY_CLASSES;
    return classify_class_of(judged->readiness.classify, i);
}

/* One that never learns, one that does, words of a zone in another's keys, and who does not count. */
static void each_by_its_own_keys(void **state)
{
    struct fixture *f = *state;
    const struct zone *z = f->zones;
    const struct said said[] = {tells(1, &z[0], z[0].tags[0], 200), tells(2, &z[1], z[1].tags[1], 200),
        tells(3, &z[0], z[1].tags[1], 200), tells(4, &z[0], z[0].tags[2], 200),
        tells(5, &z[2], z[2].tags[1], 200), tells(6, &z[3], z[3].tags[0], 200)};
    struct platform_judged judged;
    commit(f, said, sizeof said / sizeof *said);
    if (platform_judge(f->platform, 0, begin_us + 250 * UTC_SECOND, f->sightings, f->networks, f->arena,
            &judged, &f->note))
        fail_msg("%s", f->note.text);
    assert_int_equal(judged.roll->id, z[0].result.roll_id); /* the newest */
    assert_int_equal(judged.roll->wish.zone_count, 2);
    assert_int_equal(class_of(&judged, 1), CLASSIFY_OLD_ONLY);
    assert_int_equal(class_of(&judged, 2), CLASSIFY_READY);
    assert_int_equal(class_of(&judged, 3), CLASSIFY_NEITHER);
    assert_int_equal(class_of(&judged, 4), CLASSIFY_OLD_ONLY);
    assert_int_equal(class_of(&judged, 5), CLASSIFY_NON_VALIDATOR); /* it left */
    assert_int_equal(class_of(&judged, 6), CLASSIFY_NON_VALIDATOR); /* of another roll */
    struct text text;
    text_start(&text);
    assert_int_equal(readiness_write(&judged.readiness, READINESS_TABLE, 100, &text), 0);
    assert_non_null(strstr(text.string, "Readiness for the roll of 2 zones, each with keys of its own"));
    assert_null(strstr(text.string, "key 0"));
    text.length = 0;
    assert_int_equal(readiness_write(&judged.readiness, READINESS_JSON, 100, &text), 0);
    assert_non_null(strstr(text.string, "\"zones\": 2"));
    assert_null(strstr(text.string, "\"old_key\""));
    text_free(&text);
    platform_judged_free(&judged);
    assert_int_equal(platform_judge(f->platform, z[3].result.roll_id, begin_us + 250 * UTC_SECOND,
                         f->sightings, f->networks, f->arena, &judged, &f->note),
        0);
    assert_int_equal(class_of(&judged, 6), CLASSIFY_WAITING);
    assert_int_equal(class_of(&judged, 1), CLASSIFY_NON_VALIDATOR);
    platform_judged_free(&judged);
}

/* In a roll of minutes the old key alone is normal until its hold-down has passed. */
static void in_time(void **state)
{
    static const struct {
        int now;
        enum classify_class class;
    } cases[] = {{60, CLASSIFY_WAITING}, {120, CLASSIFY_WAITING}, {130, CLASSIFY_OLD_ONLY_WEAK}};
    struct fixture *f = *state;
    struct said said = tells(1, &f->zones[0], f->zones[0].tags[0], 50);
    commit(f, &said, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct platform_judged judged;
        int64_t now_us = begin_us + cases[i].now * UTC_SECOND;
        assert_int_equal(
            platform_judge(f->platform, 0, now_us, f->sightings, f->networks, f->arena, &judged, &f->note),
            0);
        assert_int_equal(class_of(&judged, 1), cases[i].class);
        platform_judged_free(&judged);
    }
}

/* Who comes while it is open is seen; keys that cannot be read leave one zone out, no more. */
static void who_comes(void **state)
{
    struct fixture *f = *state;
    struct platform_roll *roll;
    struct zone more;
    int64_t now_us = begin_us + 20 * UTC_SECOND;
    assert_int_equal(platform_roll(f->platform, 0, now_us, f->arena, &roll, &f->note), 0);
    assert_int_equal(roll->wish.zone_count, 2);
    platform_roll_free(roll);
    enrol(f, &more, "testzone-fast", begin_us + 2);
    assert_int_equal(more.result.roll_id, f->zones[0].result.roll_id);
    assert_int_equal(platform_roll(f->platform, 0, now_us, f->arena, &roll, &f->note), 0);
    assert_int_equal(roll->wish.zone_count, 3);
    for (size_t i = 1; i < roll->wish.zone_count; i++) /* found by bisection */
        assert_true(strcmp(roll->wish.zones[i - 1].zone, roll->wish.zones[i].zone) < 0);
    platform_roll_free(roll);
    struct store_participant odd = {.roll_id = more.result.roll_id,
        .token = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        .zone = "odd.rolls.test.",
        .label = "odd",
        .contact = "",
        .country = "",
        .users = -1,
        .ttl_s = 10,
        .joined_us = begin_us};
    int64_t id;
    assert_int_equal(store_participant_add(f->store, &odd, &id, &f->note), 0); /* without keys */
    assert_int_equal(platform_roll(f->platform, 0, now_us, f->arena, &roll, &f->note), 0);
    assert_int_equal(roll->wish.zone_count, 3);
    platform_roll_free(roll);
}

static void refuses(void **state)
{
    struct fixture *f = *state;
    struct platform_roll *roll;
    struct platform_judged judged;
    assert_int_equal(
        platform_roll(f->platform, 99, begin_us + 9 * UTC_SECOND, f->arena, &roll, &f->note), ERR_NOINPUT);
    assert_int_equal(platform_roll(f->platform, 0, begin_us, f->arena, &roll, &f->note), ERR_NOINPUT);
    assert_string_equal(f->note.text, "the roll has not begun");
    assert_int_equal(platform_judge(f->platform, 0, begin_us + 9 * UTC_SECOND, "/nowhere/at/all.db",
                         f->networks, f->arena, &judged, &f->note),
        ERR_NOINPUT);
    for (size_t i = 0; i < ZONES; i++)
        assert_int_equal(store_leave(f->store, f->zones[i].result.token, begin_us + 1, NULL), 0);
    assert_int_equal(
        platform_roll(f->platform, 0, begin_us + 9 * UTC_SECOND, f->arena, &roll, &f->note), ERR_NOINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_by_its_own_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
