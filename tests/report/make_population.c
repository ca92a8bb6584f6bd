/* make_population: a synthetic population of resolvers, as collectors saw it from 2017-09 to 2018-10, in a
 * store of sightings, with the truth about it. What is in it: population_kinds.c and README.md. */
#include "population_truth.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help_text[] =
    "Usage: make_population --out DIRECTORY [--seed N] [--scale X] [--until DATE] [--set KIND.FIELD=X]…\n"
    "                       [--shares FILE] [--feed LETTER=…]… [--mend KIND=…]… [--store STORE] [--countries "
    "XA,XB,…]\n"
    "\n"
    "Makes up resolvers that live through the root's roll of 2018 and writes what collectors saw of them "
    "into a\n"
    "new store, DIRECTORY/s.db, and beside it truth.json, sources.csv, pfx2as, delegated, users.csv and\n"
    "users-country.csv. All of it is SYNTHETIC. The same arguments give the same content.\n"
    "\n"
    "  --seed N            another population of the same kind (1)\n"
    "  --scale X           so many times as many sources (1)\n"
    "  --until DATE        the story ends before this day (2018-11-01)\n"
    "  --set KIND.FIELD=X  another mix: sources, users, old, mended, weight or risk of a kind\n"
    "  --shares FILE       the same, one on each line; # begins a comment\n"
    "  --feed LETTER=DATE..DATE[/HOURS]\n"
    "                      another collector at this letter (a to m), at work so many hours a day;\n"
    "                      LETTER=none: nobody\n"
    "  --mend KIND=DATE..DATE\n"
    "                      other days on which a kind's old ones are mended\n"
    "  --store STORE       in place of DIRECTORY/s.db, as rollcall's --store\n"
    "  --countries LIST    24 codes at most, in place of XA to XX\n"
    "  --kinds             lists kinds and fields with their usual values\n";

static const struct option long_options[] = {
    {"out", required_argument, NULL, 'o'},
    {"seed", required_argument, NULL, 's'},
    {"scale", required_argument, NULL, 'x'},
    {"until", required_argument, NULL, 'u'},
    {"set", required_argument, NULL, 'k'},
    {"shares", required_argument, NULL, 'f'},
    {"feed", required_argument, NULL, 'F'},
    {"mend", required_argument, NULL, 'm'},
    {"store", required_argument, NULL, 'S'},
    {"countries", required_argument, NULL, 'c'},
    {"kinds", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct options {
    const char *out, *store;
    bool done; /* something was printed, and that was all */
};

static int read_shares(struct population *population, const char *path, struct err_note *note)
{
    FILE *in = fopen(path, "r");
    char line[256];
    int err = in ? 0 : err_set(note, ERR_NOINPUT, "%s: %s", path, strerror(errno));
    for (unsigned number = 1; !err && fgets(line, sizeof line, in); number++) {
        char text[256] = "";
        size_t length = 0;
        line[strcspn(line, "#\n")] = '\0';
        for (const char *at = line; *at; at++)
            if (*at != ' ' && *at != '\t' && *at != '\r')
                text[length++] = *at;
        if (length && population_set(population, text, note))
            err = err_set(note, ERR_DATA, "%s:%u: %s", path, number, note->text);
    }
    if (in)
        fclose(in);
    return err;
}

static int take_countries(struct population *population, const char *list, struct err_note *note)
{
    size_t length = strlen(list);
    bool fits = length % 3 == 2 && length / 3 < POPULATION_COUNTRIES;
    for (size_t i = 0; fits && i < length; i++)
        fits = i % 3 == 2 ? list[i] == ',' : list[i] >= 'A' && list[i] <= 'Z';
    if (!fits)
        return err_set(
            note, ERR_USAGE, "--countries: 1 to %d codes as XA,XB are expected", POPULATION_COUNTRIES);
    for (unsigned i = 0; i < POPULATION_COUNTRIES; i++) /* fewer: they come again */
        memcpy(population->countries[i], list + 3 * (i % (length / 3 + 1)), 2);
    return 0;
}

static void list_kinds(void)
{
    const struct kind_row *kinds = population_usual_kinds();
    for (int i = 0; i < KIND_COUNT; i++)
        printf("# %s\n%s.sources=%g\n%s.users=%g\n%s.old=%g\n%s.mended=%g\n%s.weight=%g\n%s.risk=%g\n",
            kinds[i].about, kinds[i].name, kinds[i].sources, kinds[i].name, kinds[i].users, kinds[i].name,
            kinds[i].old, kinds[i].name, kinds[i].mended, kinds[i].name, kinds[i].weight, kinds[i].name,
            kinds[i].risk);
}

static int take_number(struct population *population, int letter, const char *value, struct err_note *note)
{
    char *end = NULL;
    errno = 0;
    if (letter == 's') {
        population->seed = strtoull(value, &end, 10);
        return *value < '0' || *value > '9' || *end || errno
                   ? err_set(note, ERR_USAGE, "--seed: a number is expected, not '%s'", value)
                   : 0;
    }
    population->scale = strtod(value, &end);
    return end == value || *end || !isfinite(population->scale) || population->scale < 0.01 ||
                   population->scale > POPULATION_MOST_SCALE
               ? err_set(note, ERR_USAGE, "--scale: 0.01 to %d, not '%s'", POPULATION_MOST_SCALE, value)
               : 0;
}

static int take_option(struct population *population, struct options *options, int letter, const char *value,
    struct err_note *note)
{
    int64_t until = 0;
    switch (letter) {
    case 'o':
        options->out = value;
        return 0;
    case 'S':
        options->store = value;
        return 0;
    case 's':
    case 'x':
        return take_number(population, letter, value, note);
    case 'u':
        return population_until(population, utc_parse(value, &until) ? 0 : until, note);
    case 'k':
        return population_set(population, value, note);
    case 'F':
        return population_feed(population, value, note);
    case 'm':
        return population_mend(population, value, note);
    case 'f':
        return read_shares(population, value, note);
    case 'c':
        return take_countries(population, value, note);
    case 'l':
        list_kinds();
        options->done = true;
        return 0;
    case 'h':
        fputs(help_text, stdout);
        options->done = true;
        return 0;
    default:
        return err_set(note, ERR_USAGE, "see --help");
    }
}

/* Sightings are added to what is there: a story told twice into one store would be another story. */
static int open_store(const struct options *options, struct sightings **ret_store, struct err_note *note)
{
    char path[4096];
    struct stat there;
    if (mkdir(options->out, 0777) && errno != EEXIST)
        return err_set(note, ERR_IO, "%s: %s", options->out, strerror(errno));
    if (options->store)
        return sightings_open(options->store, false, ret_store, note);
    if (snprintf(path, sizeof path, "%s/s.db", options->out) >= (int)sizeof path)
        return err_set(note, ERR_USAGE, "%s: too long", options->out);
    if (stat(path, &there) == 0)
        return err_set(note, ERR_USAGE, "%s: is there already", path);
    return sightings_open(path, false, ret_store, note);
}

static int tell(struct population *population, const struct options *options, struct err_note *note)
{
    struct sightings *store = NULL;
    struct population_rows *rows = NULL;
    struct population_truth *truth = calloc(1, sizeof *truth);
    int err = truth ? open_store(options, &store, note) : ERR_NOMEM;
    if (!err)
        err = population_settle(population);
    if (!err)
        err = population_rows_new(store, &rows);
    for (int32_t day = 0; !err && day < population->days; day++) {
        struct day_count count;
        err = population_rows_day(rows, population, day, &count, note);
        if (!err)
            population_truth_day(truth, population, day, &count);
    }
    if (!err)
        err = population_rows_end(rows, population, note);
    population_rows_free(rows);
    sightings_close(store);
    if (!err)
        err = population_truth_write(truth, population, options->out, note);
    free(truth);
    return err;
}

int main(int argc, char **argv)
{
    static struct population population;
    struct options options = {0};
    struct err_note note = {""};
    int letter, err = 0;
    population_start(&population);
    while (!err && !options.done && (letter = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
        err = take_option(&population, &options, letter, optarg, &note);
    if (!err && !options.done && (optind < argc || !options.out))
        err = err_set(&note, ERR_USAGE, "--out DIRECTORY and nothing else is expected; see --help");
    if (!err && !options.done)
        err = tell(&population, &options, &note);
    population_free(&population);
    if (err)
        fprintf(stderr, "make_population: %s\n", *note.text ? note.text : err_str(err));
    return err_exit(err);
}
