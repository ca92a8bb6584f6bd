/* A block that is read has rows in ascending order, and packed again reads the same. */
#include "io/store/sightings_traffic.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct tally_traffic rows[TRAFFIC_MOST], again[TRAFFIC_MOST];
    static uint8_t packed[TRAFFIC_MOST * TRAFFIC_ROW];
    const int64_t hour_us = 1791201600000000;
    size_t count, again_count;
    if (traffic_unpack(bytes, length, hour_us, rows, &count) != 0)
        return 0;
    for (size_t i = 1; i < count; i++)
        must(memcmp(rows[i - 1].source, rows[i].source, sizeof rows->source) < 0);
    size_t size = traffic_pack(rows, count, packed);
    must(size <= count * TRAFFIC_ROW);
    must(traffic_unpack(packed, size, hour_us, again, &again_count) == 0 && again_count == count);
    must(memcmp(rows, again, count * sizeof *rows) == 0);
    return 0;
}
