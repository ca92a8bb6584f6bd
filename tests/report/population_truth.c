/* Plain printing: every string here is one of our own tables. */
#include "population_truth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARK "SYNTHETIC: made by make_population, no real network is meant"

static void date_of(const struct population *population, int32_t day, char out[UTC_TEXT])
{
    utc_format_short(population->from_us + day * UTC_DAY, out);
}

static bool is_of_note(const struct population *population, int32_t day)
{
    static const char *const dates[] = {
        "2017-09-27", "2018-01-18", "2018-05-20", "2018-09-16", "2018-10-09", "2018-10-11", "2018-10-12"};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (population_day_of(dates[i]) == day)
            return true;
    return day == population->days - 1 || utc_date_of(population->from_us + day * UTC_DAY).day == 1;
}

void population_truth_day(struct population_truth *truth, const struct population *population, int32_t day,
    const struct day_count *count)
{
    truth->days[day] = *count;
    if (!is_of_note(population, day) || truth->date_count == TRUTH_MOST_DATES)
        return;
    struct truth_date *date = &truth->dates[truth->date_count++];
    date->day = day;
    for (size_t i = 0; i < population->count; i++) {
        const struct source *source = &population->sources[i];
        if (!population_is_alive(source, day))
            continue;
        struct truth_cell *cell = &date->cells[source->kind][population_truth(population, source, day)];
        cell->sources++;
        cell->seen += source->seen;
        cell->users += source->users;
    }
}

/* ---- truth.json ---- */

struct users {
    double all, validating;
};

static struct users users_of(const struct population *population)
{
    struct users users = {0, 0};
    for (size_t i = 0; i < population->settled; i++) {
        users.all += population->sources[i].users;
        users.validating += population_validates(&population->sources[i]) ? population->sources[i].users : 0;
    }
    return users;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static void print_kinds(FILE *out, const struct population *population)
{
    size_t made[KIND_COUNT] = {0}, seen[KIND_COUNT] = {0};
    double users[KIND_COUNT] = {0};
    for (size_t i = 0; i < population->count; i++) {
        made[population->sources[i].kind]++;
        seen[population->sources[i].kind] += population->sources[i].seen;
        users[population->sources[i].kind] += population->sources[i].users;
    }
    fputs(" \"kinds\": [", out);
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind_row *kind = &population->kinds[i];
        fprintf(out,
            "%s\n  {\"kind\": \"%s\", \"about\": \"%s\", \"sources\": %zu, \"seen\": %zu, \"users\": %.0f,\n"
            "   \"set\": {\"sources\": %g, \"users\": %g, \"old\": %g, \"mended\": %g, \"weight\": %g, "
            "\"risk\": %g}}",
            i ? "," : "", kind->name, kind->about, made[i], seen[i], users[i], kind->sources, kind->users,
            kind->old, kind->mended, kind->weight, kind->risk);
    }
    fputs("],\n", out);
}

static void print_collectors(FILE *out, const struct population *population)
{
    char from[UTC_TEXT];
    const char *comma = "";
    fputs(" \"collectors\": [", out);
    for (int i = 0; i < POPULATION_LETTERS; i++) {
        const struct letter *letter = &population->letters[i];
        if (!letter->collector || letter->from_us >= population->from_us + population->days * UTC_DAY)
            continue;
        fprintf(out, "%s\n  {\"collector\": \"%s\", \"from\": \"%s\"", comma, letter->collector,
            utc_format_short(letter->from_us, from));
        if (letter->to_us)
            fprintf(out, ", \"to\": \"%s\"", utc_format_short(letter->to_us, from));
        if (letter->hours)
            fprintf(out, ", \"hours\": %u", letter->hours);
        if (letter->lost_from_us) {
            fprintf(out, ", \"lost\": [\"%s\"", utc_format_short(letter->lost_from_us, from));
            fprintf(out, ", \"%s\"]", utc_format_short(letter->lost_to_us, from));
        }
        fputc('}', out);
        comma = ",";
    }
    fputs("],\n", out);
}

static void print_dates(FILE *out, const struct population_truth *truth, const struct population *population)
{
    fputs(" \"dates\": [", out);
    for (size_t i = 0; i < truth->date_count; i++) {
        char text[UTC_TEXT];
        const char *comma = "";
        date_of(population, truth->dates[i].day, text);
        fprintf(out, "%s\n  {\"date\": \"%s\", \"classes\": [", i ? "," : "", text);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            for (int class = 0; class < TRUTH_COUNT; class ++) {
                const struct truth_cell *cell = &truth->dates[i].cells[kind][class];
                if (!cell->sources)
                    continue;
                fprintf(out,
                    "%s\n   {\"kind\": \"%s\", \"class\": \"%s\", \"sources\": %zu, \"seen\": %zu, "
                    "\"users\": %.0f}",
                    comma, population->kinds[kind].name, truth_name((enum truth) class), cell->sources,
                    cell->seen, cell->users);
                comma = ",";
            }
        fputs("]}", out);
    }
    fputs("],\n", out);
}

static void print_days(FILE *out, const struct population_truth *truth, const struct population *population)
{
    struct users users = users_of(population);
    fputs(" \"days\": [", out);
    for (int32_t day = 0; day < population->days; day++) {
        const struct day_count *count = &truth->days[day];
        char text[UTC_TEXT];
        date_of(population, day, text);
        fprintf(out,
            "%s\n  {\"day\": \"%s\", \"seen\": %" PRIu64 ", \"signalling\": %" PRIu64
            ", \"old_only\": %" PRIu64 ", \"old_alone\": %" PRIu64 ", \"with_new\": %" PRIu64
            ", \"neither\": %" PRIu64 ",\n   \"sets\": {",
            day ? "," : "", text, count->seen, count->signalling, count->old_only, count->old_alone,
            count->with_new, count->neither);
        for (int i = 0; i < WORD_COUNT; i++)
            fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", population_sets[i], count->sets[i]);
        fprintf(out,
            "}, \"naive\": %.6f, \"users_failing\": %.0f, \"users_failing_share\": %.8f, "
            "\"users_failing_of_validating\": %.8f}",
            share((double)count->old_only, (double)count->signalling), count->failing,
            share(count->failing, users.all), share(count->failing, users.validating));
    }
    fputs("]\n", out);
}

static void print_truth(FILE *out, const struct population_truth *truth, const struct population *population)
{
    struct users users = users_of(population);
    char from[UTC_TEXT], until[UTC_TEXT];
    date_of(population, 0, from);
    date_of(population, population->days, until);
    fprintf(out,
        "{\"schema\": \"rollcall.synthetic-population/1\", \"synthetic\": true, \"note\": \"" MARK "\",\n"
        " \"seed\": %" PRIu64 ", \"scale\": %g, \"from\": \"%s\", \"until\": \"%s\",\n"
        " \"plan\": \"root-2018\", \"zone\": \".\", \"old_tag\": 19036, \"new_tag\": 20326, \"roll\": "
        "\"2018-10-11T16:00:00Z\",\n"
        " \"users\": {\"all\": %.0f, \"validating\": %.0f},\n",
        population->seed, population->scale, from, until, users.all, users.validating);
    print_collectors(out, population);
    print_kinds(out, population);
    print_dates(out, truth, population);
    print_days(out, truth, population);
    fputs("}\n", out);
}

/* ---- files beside it ---- */

/* Sources that no collector saw and that nobody depends on are left out. */
static void print_sources(
    FILE *out, const struct population_truth *truth, const struct population *population)
{
    int32_t last = population->days - 1;
    fputs(
        "# " MARK
        "\nsource,kind,class,as,country,users,failing,first_day,last_day,signals_from,mended,relapsed,seen\n",
        out);
    for (size_t i = 0; i < population->count; i++) {
        const struct source *source = &population->sources[i];
        if (!source->seen && i >= population->settled)
            continue;
        const struct network_row *network = &population->networks[source->network];
        char address[INET6_ADDRSTRLEN], days[5][UTC_TEXT] = {"", "", "", "", ""};
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        bool four = memcmp(source->address, mapped, sizeof mapped) == 0;
        inet_ntop(four ? AF_INET : AF_INET6, source->address + (four ? 12 : 0), address, sizeof address);
        date_of(population, source->first_day, days[0]);
        if (source->last_day <= last)
            date_of(population, source->last_day, days[1]);
        if (source->speaks_from > 0)
            date_of(population, source->speaks_from, days[2]);
        if (source->mended != INT32_MIN && source->mended != INT32_MAX)
            date_of(population, source->mended, days[3]);
        if (source->relapse_from != source->relapse_to && source->relapse_from <= last)
            date_of(population, source->relapse_from, days[4]);
        /* What has died is judged as it was. */
        int32_t day = source->last_day < last ? source->last_day : last;
        fprintf(out, "%s,%s,%s,%" PRIu32 ",%s,%.0f,%.0f,%s,%s,%s,%s,%s,%d\n", address,
            population->kinds[source->kind].name, truth_name(population_truth(population, source, day)),
            network->as, population->countries[network->country], source->users,
            population_failing(population, source, day), days[0], days[1], days[2],
            source->mended == INT32_MAX ? "never" : days[3], days[4], source->seen);
    }
}

static void print_pfx2as(FILE *out, const struct population_truth *truth, const struct population *population)
{
    fputs("# " MARK "\n", out);
    for (unsigned i = 0; i < POPULATION_NETWORKS; i++)
        fprintf(out, "10.%u.%u.0\t18\t%" PRIu32 "\n2001:db8:%x::\t48\t%" PRIu32 "\n", i >> 2, (i & 3) << 6,
            population->networks[i].as, i, population->networks[i].as);
}

static void print_delegated(
    FILE *out, const struct population_truth *truth, const struct population *population)
{
    unsigned n = POPULATION_NETWORKS;
    fprintf(out, "# " MARK "\n2|iana|20170821|%u|20170821|20181031|+0000\n", 3 * n);
    fprintf(out, "iana|*|asn|*|%u|summary\niana|*|ipv4|*|%u|summary\niana|*|ipv6|*|%u|summary\n", n, n, n);
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "iana|%s|asn|%" PRIu32 "|1|20170821|allocated\n",
            population->countries[population->networks[i].country], population->networks[i].as);
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "iana|%s|ipv4|10.%u.%u.0|16384|20170821|allocated\n",
            population->countries[population->networks[i].country], i >> 2, (i & 3) << 6);
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "iana|%s|ipv6|2001:db8:%x::|48|20170821|allocated\n",
            population->countries[population->networks[i].country], i);
}

static void print_users(FILE *out, const struct population_truth *truth, const struct population *population)
{
    static const char *const roles[ROLE_COUNT] = {"Provider", "Company", "Cloud", "Mobile"};
    fputs("as,users,name\n", out);
    for (unsigned i = 0; i < POPULATION_NETWORKS; i++)
        fprintf(out, "%" PRIu32 ",%.0f,Synthetic %s %u\n", population->networks[i].as,
            population->networks[i].users, roles[population->networks[i].role], i);
}

static void print_country_users(
    FILE *out, const struct population_truth *truth, const struct population *population)
{
    fputs("country,users\n", out);
    for (unsigned c = 0; c < POPULATION_COUNTRIES; c++) {
        double users = 0;
        unsigned first = 0; /* codes may stand there more than once */
        while (strcmp(population->countries[first], population->countries[c]))
            first++;
        for (unsigned i = 0; i < POPULATION_NETWORKS; i++)
            if (strcmp(population->countries[population->networks[i].country], population->countries[c]) == 0)
                users += population->networks[i].users;
        if (first == c)
            fprintf(out, "%s,%.0f\n", population->countries[c], users);
    }
}

int population_truth_write(const struct population_truth *truth, const struct population *population,
    const char *directory, struct err_note *note)
{
    static const struct {
        const char *name;
        void (*print)(FILE *, const struct population_truth *, const struct population *);
    } files[] = {{"truth.json", print_truth}, {"sources.csv", print_sources}, {"pfx2as", print_pfx2as},
        {"delegated", print_delegated}, {"users.csv", print_users},
        {"users-country.csv", print_country_users}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", directory, files[i].name) >= (int)sizeof path)
            return err_set(note, ERR_USAGE, "%s: too long", directory);
        FILE *out = fopen(path, "w");
        if (!out)
            return err_set(note, ERR_IO, "%s: %s", path, strerror(errno));
        files[i].print(out, truth, population);
        bool bad = ferror(out);
        if (fclose(out) || bad)
            return err_set(note, ERR_IO, "%s: it cannot be written", path);
    }
    return 0;
}
