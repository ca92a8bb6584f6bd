/* Tag sets as text and back: one text for a set, and everything else refused. */
#include "core/roll/sighting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void there_and_back(void **state)
{
    static const struct {
        uint16_t tags[4];
        size_t count;
        const char *text;
    } cases[] = {{{0}, 0, ""}, {{0}, 1, "0000"}, {{0xffff}, 1, "ffff"}, {{20326, 38696}, 2, "4f66-9728"},
        {{1, 2, 0xabc, 0xfffe}, 4, "0001-0002-0abc-fffe"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SIGHTING_MAX_TAGS_TEXT];
        uint16_t tags[TASIGNAL_MAX_OPTION];
        unsigned count = 99;
        assert_string_equal(sighting_tags_text(cases[i].tags, cases[i].count, text), cases[i].text);
        assert_int_equal(sighting_tags_parse(text, tags, &count), 0);
        assert_int_equal(count, cases[i].count);
        assert_memory_equal(tags, cases[i].tags, count * sizeof *tags);
    }
}

static void as_many_as_may_be(void **state)
{
    char text[SIGHTING_MAX_TAGS_TEXT], longer[SIGHTING_MAX_TAGS_TEXT + 8];
    uint16_t tags[TASIGNAL_MAX_OPTION], back[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    for (uint16_t i = 0; i < TASIGNAL_MAX_OPTION; i++)
        tags[i] = (uint16_t)(i * 1000);
    sighting_tags_text(tags, TASIGNAL_MAX_OPTION, text);
    assert_int_equal(strlen(text), SIGHTING_MAX_TAGS_TEXT - 1);
    assert_int_equal(sighting_tags_parse(text, back, &count), 0);
    assert_int_equal(count, TASIGNAL_MAX_OPTION);
    assert_memory_equal(tags, back, sizeof tags);
    strcpy(longer, text);
    strcat(longer, "-ffff");
    assert_int_equal(sighting_tags_parse(longer, back, &count), ERR_DATA);
}

static void refuses_the_rest(void **state)
{
    static const char *const bad[] = {"4f6", "4f66-", "-4f66", "4F66", "4g66", "4f66 9728", "4f669728",
        "4f66-4f66" /* twice */, "9728-4f66" /* not sorted */, "4f66--9728", "4f66-97280", " 4f66"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint16_t tags[TASIGNAL_MAX_OPTION] = {7};
        unsigned count = 99;
        assert_int_equal(sighting_tags_parse(bad[i], tags, &count), ERR_DATA);
        assert_int_equal(count, 99);
        assert_int_equal(tags[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(as_many_as_may_be),
        cmocka_unit_test(refuses_the_rest),
    };
    return cmocka_run_group_tests_name("sighting_tags", tests, NULL, NULL);
}
