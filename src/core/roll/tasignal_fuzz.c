/* Tags that are read come sorted and without duplicates, and the label and option written for them read back
 * the same. A label is either read or has a fault. */
#include "core/roll/tasignal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_sorted(const uint16_t *tags, unsigned count)
{
    must(count > 0);
    for (unsigned i = 1; i < count; i++)
        must(tags[i - 1] < tags[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint16_t tags[TASIGNAL_MAX_TAGS], back[TASIGNAL_MAX_TAGS], many[TASIGNAL_MAX_OPTION],
        again[TASIGNAL_MAX_OPTION];
    unsigned count, back_count;
    char label[TASIGNAL_MAX_LABEL + 1];
    uint8_t option[2 * TASIGNAL_MAX_OPTION];
    int rc = tasignal_parse(bytes, length, tags, &count);
    must((rc == 0) == (tasignal_fault(bytes, length) == NULL));
    if (rc == 0) {
        check_sorted(tags, count);
        size_t size = tasignal_label(tags, count, label);
        must(tasignal_parse((const uint8_t *)label, size, back, &back_count) == 0 && back_count == count);
        must(memcmp(tags, back, count * sizeof *tags) == 0);
    }
    if (tasignal_parse_option(bytes, length, many, &count) == 0) {
        check_sorted(many, count);
        size_t size = tasignal_option(many, count, option, sizeof option);
        must(tasignal_parse_option(option, size, again, &back_count) == 0 && back_count == count);
        must(memcmp(many, again, count * sizeof *many) == 0);
    }
    return 0;
}
