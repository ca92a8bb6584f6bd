/* So many of one source and kind in a second, so many of all; the next second begins anew, also when the
 * clock goes back. */
#include "app/serve/thin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static struct zone_event event_of(int64_t tag, uint8_t source, enum evidence_kind kind, int64_t second)
{
    struct zone_event event = {.record = true, .tag = tag};
    event.event =
        (struct evidence_event){.at_us = second * UTC_SECOND + 5, .kind = kind, .source = {[15] = source}};
    return event;
}

static unsigned keep_of(struct thin *thin, struct zone_event event, unsigned count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        kept += thin_keep(thin, &event);
    return kept;
}

static void limits_each_source(void **state)
{
    (void)state;
    struct thin *thin = thin_new(10, 1000);
    assert_int_equal(keep_of(thin, event_of(1, 1, EVIDENCE_NAME, 100), 25), 10);
    assert_int_equal(keep_of(thin, event_of(1, 1, EVIDENCE_DNSKEY, 100), 25), 10); /* another kind */
    assert_int_equal(keep_of(thin, event_of(1, 2, EVIDENCE_NAME, 100), 25), 10);   /* another source */
    assert_int_equal(keep_of(thin, event_of(2, 1, EVIDENCE_NAME, 100), 25), 10);   /* another zone */
    assert_int_equal(keep_of(thin, event_of(1, 1, EVIDENCE_NAME, 101), 9), 9);     /* the next second */
    assert_int_equal(keep_of(thin, event_of(1, 1, EVIDENCE_NAME, 50), 25), 10);    /* the clock went back */
    thin_free(thin);
    thin_free(NULL);
}

static void limits_all(void **state)
{
    (void)state;
    struct thin *thin = thin_new(10, 100);
    unsigned kept = 0;
    for (int source = 0; source < 200; source++)
        kept += keep_of(thin, event_of(1, (uint8_t)source, EVIDENCE_NAME, 7), 3);
    assert_int_equal(kept, 100);
    assert_int_equal(keep_of(thin, event_of(1, 1, EVIDENCE_NAME, 8), 3), 3);
    thin_free(thin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_each_source),
        cmocka_unit_test(limits_all),
    };
    return cmocka_run_group_tests_name("thin", tests, NULL, NULL);
}
