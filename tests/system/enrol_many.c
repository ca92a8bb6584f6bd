/* enrol_many DIRECTORY COUNT [PLAN]: takes in so many participants at once, as the API would, one after the
 * other. */
#include "base/utc.h"
#include "io/proc/clock.h"
#include "io/store/enrol.h"

#include <stdio.h>
#include <stdlib.h>

static int enrol(struct store *store, long number, const char *plan, int64_t now_us, struct err_note *note)
{
    char label[32];
    snprintf(label, sizeof label, "participant %ld", number);
    struct enrol_wish wish = {.label = label, .users = 1000, .roll = {.plan_name = plan}};
    struct enrol_terms terms = {.parent = "rolls.lab.", .now_us = now_us, .most = SIZE_MAX};
    struct enrol_result result;
    return enrol_participant(store, &wish, &terms, &result, note);
}

int main(int argc, char **argv)
{
    struct store *store = NULL;
    struct err_note note = {""};
    if (argc < 3) {
        fprintf(stderr, "usage: enrol_many DIRECTORY COUNT [PLAN]\n");
        return 64;
    }
    int rc = store_open(argv[1], false, &store, &note);
    int64_t now_us = clock_now_us();
    for (long i = 0; rc == 0 && i < strtol(argv[2], NULL, 10); i++)
        rc = enrol(store, i, argc > 3 ? argv[3] : "testzone", now_us, &note);
    store_close(store);
    if (rc)
        fprintf(stderr, "enrol_many: %s\n", note.text);
    return rc ? err_exit(rc) : 0;
}
