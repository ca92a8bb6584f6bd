/* classify_store STORE FROM TO: the class of each source in a store of sightings, by the plan root-2018 as it
 * stood at TO, one "address,class,queries" a line. For tests: the same rows and rules as in a report, without
 * its sums. */
#include "base/utc.h"
#include "core/roll/classify.h"
#include "io/store/sightings.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1 };

static int take_row(void *context, unsigned collector, const struct tally_row *row)
{
    return classify_row(context, collector, row);
}

static int take_traffic(void *context, unsigned collector, const struct tally_traffic *traffic)
{
    return classify_traffic(context, collector, traffic);
}

static int roll_at(int64_t now_us, struct classify_roll *ret_roll, struct err_note *note)
{
    struct plan *plan = NULL;
    int err = plan_builtin("root-2018", &plan);
    if (!err)
        err = classify_roll_of(plan, now_us, ret_roll, note);
    plan_free(plan);
    return err;
}

static int judge(const char *where, const struct sightings_question *question, struct classify *classify,
    struct err_note *note)
{
    struct sightings_scan scan = {NULL, take_row, take_traffic, classify};
    struct sightings_scanned scanned;
    struct sightings *store = NULL;
    struct arena *arena = arena_new();
    int err = sightings_open(where, true, &store, note);
    if (!err)
        err = sightings_scan(store, question, &scan, arena, &scanned, note);
    if (!err)
        err = classify_finish(classify);
    sightings_close(store);
    arena_free(arena);
    return err;
}

static void print(const struct classify *classify)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    for (size_t i = 0; i < classify_count(classify); i++) {
        char text[INET6_ADDRSTRLEN];
        const uint8_t *address = classify_address(classify, i);
        bool four = memcmp(address, mapped, sizeof mapped) == 0;
        inet_ntop(four ? AF_INET : AF_INET6, address + (four ? 12 : 0), text, sizeof text);
        struct classify_source source;
        classify_source(classify, i, &source);
        printf("%s,%s,%" PRIu64 "\n", text, classify_name(source.class), source.evidence.queries);
    }
}

int main(int argc, char **argv)
{
    struct sightings_question question = {.by = SIGHTINGS_BY_SOURCE, .zone = "."};
    struct classify *classify = NULL;
    struct classify_limits limits;
    struct classify_roll roll;
    struct err_note note = {""};
    int err = argc == 4 && !utc_parse(argv[2], &question.from_us) && !utc_parse(argv[3], &question.to_us)
                  ? 0
                  : err_set(&note, ERR_USAGE, "STORE FROM TO are expected");
    classify_limits_usual(&limits);
    if (!err)
        err = roll_at(question.to_us, &roll, &note);
    if (!err)
        err = classify_new(&roll, &limits, question.from_us, question.to_us, SEED, &classify, &note);
    if (!err)
        err = judge(argv[1], &question, classify, &note);
    if (!err)
        print(classify);
    else
        fprintf(stderr, "classify_store: %s\n", *note.text ? note.text : err_str(err));
    classify_free(classify);
    return err_exit(err);
}
