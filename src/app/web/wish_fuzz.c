/* What strangers send: the first octet says as what it is read, the rest is the body. Whatever is let through
 * keeps within its limits, and can be checked by io/store/enrol. */
#include "app/web/wish.h"

#include "base/utc.h"
#include "io/store/enrol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_wish(const struct wish *wish)
{
    char country[3];
    struct err_note note;
    struct enrol_wish enrolment = {
        .label = wish->label, .contact = wish->contact, .country = wish->country, .users = wish->users};
    if (!wish->label || !wish->contact || !wish->country || !wish->plan || wish->users < -1)
        abort();
    enrol_check(&enrolment, country, &note);
}

static void check_observations(const struct observation *list, size_t count)
{
    if (count == 0 || count > WISH_MAX_OBSERVATIONS)
        abort();
    for (size_t i = 0; i < count; i++)
        if (list[i].event.at_us < 1000 || list[i].event.at_us > UTC_DAY || list[i].event.answer < ANSWER_AD ||
            list[i].event.answer > ANSWER_TIMEOUT || list[i].event.kind != EVIDENCE_ANSWER || !list[i].name)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new();
    struct err_note note = {""};
    struct wish wish;
    struct observation *list;
    size_t count;
    if (!arena || length == 0) {
        arena_free(arena);
        return 0;
    }
    const char *body = (const char *)bytes + 1;
    if (bytes[0] == 'f' && wish_from_form(body, length - 1, arena, &wish, &note) == 0)
        check_wish(&wish);
    if (bytes[0] == 'j' && wish_from_json(body, length - 1, arena, &wish, &note) == 0)
        check_wish(&wish);
    if (bytes[0] == 'o' &&
        wish_observations(body, length - 1, 1000, UTC_DAY, arena, &list, &count, &note) == 0)
        check_observations(list, count);
    arena_free(arena);
    return 0;
}
