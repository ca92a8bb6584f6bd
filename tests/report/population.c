/* Sources are made and live by their kind's row. No state but the tables: what a source does on a day is
 * drawn from its key and the day. */
#include "population.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is drawn, so that no two draws of one source are the same. */
enum {
    DRAW_USERS,
    DRAW_MEND,
    DRAW_ROLL,
    DRAW_NEW,
    DRAW_SPEAKS,
    DRAW_LIFE,
    DRAW_NETWORK,
    DRAW_FAMILY,
    DRAW_FAVOURITE,
    DRAW_COUNTRY,
    DRAW_OLD,
    DRAW_MOBILE,
    DRAW_RELAPSE,
};

#define STORY_FROM "2017-08-21" /* who follows RFC 5011 trusts the new key since 2017-08-11 */
#define STORY_TO "2018-11-01"
#define ROLL "2018-10-11"
#define RELEASE "2018-01-19" /* from when on upgraded sources signal, over some months */
enum { RELEASE_DAYS = 100, HOLD_DOWN_DAYS = 30, HOSTS = 16384 };

/* splitmix64's finalizer (Steele, Lea, Flood 2014), over the arguments in turn. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t population_draw(uint64_t key, uint64_t a, uint64_t b)
{
    return mix(mix(mix(key) ^ a) ^ b);
}

double population_chance(uint64_t key, uint64_t a, uint64_t b)
{
    return (double)(population_draw(key, a, b) >> 11) * 0x1p-53;
}

static int64_t moment(const char *date)
{
    int64_t us = 0;
    utc_parse(date, &us);
    return us;
}

int32_t population_day_of(const char *date)
{
    return (int32_t)((moment(date) - moment(STORY_FROM)) / UTC_DAY);
}

static double value_at(const struct knot *knots, int32_t day)
{
    if (!knots)
        return 1;
    for (size_t i = 0; knots[i].date; i++) {
        int32_t at = population_day_of(knots[i].date);
        if (day > at && knots[i + 1].date)
            continue;
        if (day >= at || i == 0)
            return knots[i].value;
        int32_t before = population_day_of(knots[i - 1].date);
        double along = (double)(day - before) / (double)(at - before);
        return knots[i - 1].value + along * (knots[i].value - knots[i - 1].value);
    }
    return 0;
}

void population_start(struct population *population)
{
    static const unsigned roles[ROLE_COUNT] = {
        [ROLE_ISP] = 420, [ROLE_COMPANY] = 290, [ROLE_CLOUD] = 10, [ROLE_MOBILE] = 40};
    *population = (struct population){.seed = 1, .scale = 1, .from_us = moment(STORY_FROM)};
    population->days = population_day_of(STORY_TO);
    population->roll_day = population_day_of(ROLL);
    memcpy(population->kinds, population_usual_kinds(), sizeof population->kinds);
    for (unsigned i = 0; i < POPULATION_LETTERS; i++)
        population_usual_letter(i, &population->letters[i]);
    for (unsigned i = 0; i < POPULATION_COUNTRIES; i++) { /* ISO 3166: XA to XZ are nobody's */
        population->countries[i][0] = 'X';
        population->countries[i][1] = (char)('A' + i);
    }
    unsigned at = 0;
    for (int role = 0; role < ROLE_COUNT; role++) {
        population->first_of_role[role] = at;
        for (unsigned i = 0; i < roles[role]; i++, at++)
            /* The numbers for documentation (RFC 5398), then private ones (RFC 6996). */
            population->networks[at] = (struct network_row){.role = (enum role)role,
                .as = at < 16   ? 64496 + at
                      : at < 32 ? 65536 + at - 16
                                : UINT32_C(4200000000) + at};
    }
    population->first_of_role[ROLE_COUNT] = at;
}

int population_until(struct population *population, int64_t until_us, struct err_note *note)
{
    int64_t days = (until_us - population->from_us) / UTC_DAY;
    if (until_us % UTC_DAY || days < 1 || days > population_day_of(STORY_TO))
        return err_set(note, ERR_USAGE, "--until: a date from 2017-08-22 to 2018-11-01 is expected");
    population->days = (int32_t)days;
    return 0;
}

/* ---- birth ---- */

/* Host number `n` of network `i`: the i-th /18 of 10.0.0.0/8 while that lasts, else 2001:db8:i::/48. */
static void give_address(struct source *source, struct network_row *network, bool four)
{
    uint32_t n = network->hosts++, host = n < HOSTS ? (n * 40503U + 12345U) % HOSTS : n;
    memset(source->address, 0, sizeof source->address);
    if (four && n < HOSTS) {
        source->address[10] = source->address[11] = 0xff;
        source->address[12] = 10;
        source->address[13] = (uint8_t)(source->network >> 2);
        source->address[14] = (uint8_t)(source->network << 6 | host >> 8);
        source->address[15] = (uint8_t)host;
        return;
    }
    static const uint8_t documentation[4] = {0x20, 0x01, 0x0d, 0xb8};
    memcpy(source->address, documentation, sizeof documentation);
    source->address[4] = (uint8_t)(source->network >> 8);
    source->address[5] = (uint8_t)source->network;
    for (int i = 0; i < 4; i++)
        source->address[7 + i] = (uint8_t)(host >> (24 - 8 * i));
    source->address[15] = 0x53;
}

static uint16_t pick_network(const struct population *population, enum role role, uint64_t draw)
{
    unsigned first = population->first_of_role[role];
    return (uint16_t)(first + draw % (population->first_of_role[role + 1] - first));
}

static struct source *add(struct population *population, enum kind kind)
{
    if (population->count == population->capacity) {
        size_t capacity = population->capacity ? population->capacity * 2 : 4096;
        struct source *sources = realloc(population->sources, capacity * sizeof *sources);
        if (!sources)
            return NULL;
        population->sources = sources;
        population->capacity = capacity;
    }
    struct source *source = &population->sources[population->count];
    *source = (struct source){.key = population_draw(population->seed, population->count, 0),
        .kind = (uint8_t)kind,
        .mended = INT32_MIN,
        .last_day = INT32_MAX};
    population->count++;
    uint64_t key = source->key;
    source->favourite = (uint8_t)(population_draw(key, DRAW_FAVOURITE, 0) % POPULATION_LETTERS);
    enum role role = population->kinds[kind].role;
    /* Mobile networks have resolvers as others do, with many users: to take the application for one costs. */
    if (role == ROLE_ISP && kind != KIND_LATE && population_chance(key, DRAW_MOBILE, 0) < 0.2)
        role = ROLE_MOBILE;
    source->network = pick_network(population, role, population_draw(key, DRAW_NETWORK, 0));
    give_address(
        source, &population->networks[source->network], population_chance(key, DRAW_FAMILY, 0) < 0.78);
    return source;
}

/* When an old one gets the new key: before the roll, in the ten days after it, or never. */
static int32_t mend_day(
    const struct population *population, const struct kind_row *kind, uint64_t key, bool early)
{
    if (early) {
        int32_t from = population_day_of(kind->mend_from), to = population_day_of(kind->mend_to);
        return from + (int32_t)(population_chance(key, DRAW_MEND, 0) * (double)(to - from));
    }
    if (kind->risk > 0 && population_chance(key, DRAW_ROLL, 0) < 0.6)
        return population->roll_day + 1 + (int32_t)(population_draw(key, DRAW_ROLL, 1) % 10);
    return INT32_MAX;
}

/* Of `count` in a row, whether number i belongs to a share that is spread evenly. */
static bool evenly(unsigned i, double share)
{
    return floor((i + 1) * share + 1e-9) > floor(i * share + 1e-9);
}

/* Which key number `i` of its kind has, and when that changes. *old: how many had the old one before. */
static void settle_anchor(
    const struct population *population, struct source *source, unsigned i, unsigned *old)
{
    const struct kind_row *kind = &population->kinds[source->kind];
    if (kind->truth == TRUTH_RELAY || kind->truth == TRUTH_NEITHER)
        return;
    if (kind->truth == TRUTH_MIXED) {
        source->mended = mend_day(population, kind, source->key, false);
    } else if (evenly(i, kind->old) && source->kind == KIND_RESTORED) {
        int32_t from = population_day_of(kind->mend_from), to = population_day_of(kind->mend_to);
        source->relapse_from =
            from + (int32_t)(population_chance(source->key, DRAW_RELAPSE, 0) * (double)(to - from));
        source->relapse_to = source->relapse_from + HOLD_DOWN_DAYS;
    } else if (evenly(i, kind->old)) {
        bool early = kind->mend_from && evenly((*old)++, kind->mended);
        source->mended = mend_day(population, kind, source->key, early);
    }
}

static int settle_kind(struct population *population, enum kind which)
{
    const struct kind_row *kind = &population->kinds[which];
    unsigned count = (unsigned)lround(kind->sources * population->scale), old = 0;
    size_t first = population->count;
    double sum = 0;
    for (unsigned i = 0; i < count; i++) {
        struct source *source = add(population, which);
        if (!source)
            return ERR_NOMEM;
        /* Every letter is the favourite of as many: a few old ones would else make the first months a
         * lottery. */
        source->favourite = (uint8_t)((population->seed + which + i * 5ULL) % POPULATION_LETTERS);
        settle_anchor(population, source, i, &old);
        source->only_new = kind->truth == TRUTH_READY && population_chance(source->key, DRAW_NEW, 0) < 0.06;
        if (which == KIND_UPGRADED)
            source->speaks_from =
                population_day_of(RELEASE) +
                (int32_t)(pow(population_chance(source->key, DRAW_SPEAKS, 0), 2) * RELEASE_DAYS);
        /* A few serve many: Pareto, with an end. */
        source->users = fmin(pow(1 - population_chance(source->key, DRAW_USERS, 0), -0.6), 12);
        if (source->mended != INT32_MIN)
            source->users *= kind->weight;
        sum += source->users;
    }
    for (size_t i = first; i < population->count; i++) {
        struct source *source = &population->sources[i];
        source->users = sum > 0 ? round(kind->users * POPULATION_USERS * source->users / sum) : 0;
        population->networks[source->network].users += source->users;
    }
    return 0;
}

int population_settle(struct population *population)
{
    for (unsigned i = 0; i < POPULATION_NETWORKS; i++) /* countries of different size */
        population->networks[i].country =
            (unsigned)(pow(population_chance(population->seed, DRAW_COUNTRY, i), 1.7) * POPULATION_COUNTRIES);
    for (int i = 0; i < KIND_COUNT; i++)
        if (!population->kinds[i].life_most) {
            int err = settle_kind(population, (enum kind)i);
            if (err)
                return err;
        }
    population->settled = population->next_alive = population->count;
    return 0;
}

int population_born(struct population *population, int32_t day)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind_row *kind = &population->kinds[i];
        if (!kind->life_most)
            continue;
        double life = (kind->life_least + kind->life_most) / 2.0;
        double births = kind->sources * population->scale * value_at(kind->alive, day) / life;
        uint64_t key = population_draw(population->seed, (uint64_t)i + 1, (uint64_t)day + 1);
        births = floor(births * (0.9 + 0.2 * population_chance(key, 0, 0)) + population_chance(key, 1, 0));
        for (double left = births; left >= 1; left--) {
            struct source *source = add(population, (enum kind)i);
            if (!source)
                return ERR_NOMEM;
            source->first_day = day;
            source->last_day = day + (int32_t)(kind->life_least - 1 +
                                               population_draw(source->key, DRAW_LIFE, 0) %
                                                   (kind->life_most - kind->life_least + 1));
            if (population_chance(source->key, DRAW_OLD, 0) < kind->old * value_at(kind->stale, day))
                source->mended = INT32_MAX;
        }
    }
    while (population->next_alive < population->count &&
           population->sources[population->next_alive].last_day < day)
        population->next_alive++;
    return 0;
}

void population_free(struct population *population)
{
    free(population->sources);
    population->sources = NULL;
}
