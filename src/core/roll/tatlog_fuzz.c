#include "core/roll/tatlog.h"

#include "base/utc.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct tatlog log;
    struct err_note note;
    if (tatlog_parse((const char *)bytes, length, &log, &note) != 0)
        return 0;
    bool invalid = log.kind == SIGHTING_INVALID;
    if (invalid != (log.fault != NULL) || invalid != (log.tag_count == 0))
        abort();
    if (log.time_us < UTC_FIRST || log.time_us > UTC_LAST || log.zone.length == 0)
        abort();
    for (unsigned i = 1; i < log.tag_count; i++)
        if (log.tags[i - 1] >= log.tags[i])
            abort();
    return 0;
}
