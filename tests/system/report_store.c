/* report_store PATH: makes a store of sightings of known contents; what is in it stands in `report`, beside
 * this file. */
#include "io/store/sightings.h"

#include "io/store/sightings_fixture.h"

#include <stdio.h>

enum { MOST = 200, SEEN = 100 };

struct planted {
    struct tally_row rows[MOST];
    struct tally_traffic traffic[MOST];
    struct fixture_rows all;
};

/* Sources `from` to `to`, each `count` times, from a second of the hour to another. */
static void plant(struct planted *planted, int64_t hour_us, const char *zone, enum sighting_kind kind,
    const char *tags, uint32_t from, uint32_t to, uint64_t count)
{
    for (uint32_t source = from; source <= to; source++) {
        struct tally_row *row = &planted->rows[planted->all.count++];
        *row = (struct tally_row){.hour_us = hour_us,
            .zone = zone,
            .kind = (uint8_t)kind,
            .tags = tags,
            .count = count,
            .first_us = hour_us + source * UTC_SECOND,
            .last_us = hour_us + UTC_HOUR - source * UTC_SECOND};
        fixture_source(source, row->source);
    }
}

static void plant_traffic(struct planted *planted, int64_t hour_us, uint32_t from, uint32_t to)
{
    for (uint32_t source = from; source <= to; source++) {
        struct tally_traffic *row = &planted->traffic[planted->all.traffic_count++];
        *row = (struct tally_traffic){
            .hour_us = hour_us, .queries = 10, .first_us = hour_us, .last_us = hour_us + UTC_MINUTE};
        fixture_source(source, row->source);
    }
}

static int commit(struct sightings *store, struct planted *planted, struct sightings_segment *segment,
    struct err_note *note)
{
    planted->all.rows = planted->rows;
    planted->all.traffic = planted->traffic;
    struct tally_rows tally = fixture_tally(&planted->all);
    int err = sightings_commit(store, segment, &tally, note);
    planted->all = (struct fixture_rows){0};
    return err;
}

static int fill(struct sightings *store, struct err_note *note)
{
    static struct planted planted;
    const int64_t one = FIXTURE_DAY, two = FIXTURE_DAY + 30 * UTC_HOUR;
    const struct sightings_span first = {one, one + UTC_HOUR, 600};
    const struct sightings_span later[] = {
        {two, two + UTC_MINUTE, 20}, {two + 6 * UTC_MINUTE, two + UTC_HOUR, 30}};
    plant(&planted, one, ".", SIGHTING_TA_NULL, "4f66-9728", 1, 9, 2);
    plant(&planted, one, ".", SIGHTING_OPTION, "4f66-9728", 5, 10, 1);
    plant(&planted, one, ".", SIGHTING_TA_NULL, "4f66", 11, 13, 1);
    plant(&planted, one, ".", SIGHTING_INVALID, "a digit is none", 14, 14, 40);
    plant(&planted, one, "=1+1.example.", SIGHTING_TA_A, "0001", 15, 15, 3);
    plant(&planted, one, ".", SIGHTING_DNSKEY, "", 1, 60, 5); /* no signal */
    plant_traffic(&planted, one, 1, SEEN);
    struct sightings_segment segment = fixture_segment("ams", 1, 0, 600);
    segment.from_us = one;
    segment.to_us = one + UTC_HOUR;
    segment.spans = &first;
    segment.span_count = 1;
    segment.invalid = 40;
    int err = commit(store, &planted, &segment, note);
    plant(&planted, two, ".", SIGHTING_TA_NULL, "4f66", 1, 2, 1);
    plant_traffic(&planted, two, 1, 2);
    segment = fixture_segment("lax", 2, 0, 50);
    segment.from_us = two;
    segment.to_us = two + UTC_HOUR;
    segment.spans = later;
    segment.span_count = 2;
    segment.dropped = 7;
    return err ? err : commit(store, &planted, &segment, note);
}

int main(int argc, char **argv)
{
    struct sightings *store = NULL;
    struct err_note note = {"usage: report_store PATH"};
    int err = argc == 2 ? sightings_open(argv[1], false, &store, &note) : ERR_USAGE;
    err = err ? err : fill(store, &note);
    sightings_close(store);
    if (err)
        fprintf(stderr, "report_store: %s\n", note.text);
    return err_exit(err);
}
