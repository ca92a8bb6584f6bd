/* What a source says and asks on one day, and what is true of it. */
#include "population.h"

#include <math.h>
#include <string.h>

/* Draws of a day: numbered beyond those of a life. */
enum {
    DAY_ACTIVE = 100,
    DAY_QUERIES,
    DAY_OTHER_LETTER,
    DAY_SIGNALS,
    DAY_DNSKEY,
    DAY_WORD,
    DAY_AGAIN,
    DAY_LETTER,
    DAY_STUCK
};

#define QUERIES_PER_USER 0.02
#define FAVOURITE_SHARE 0.6
#define AGAIN_SHARE 0.08 /* of signals that time out and go to a second letter */

static bool is_stuck(const struct population *population, const struct source *source, int32_t day)
{
    return day >= population->roll_day && population_is_old(source, day) && source->kind != KIND_BROKEN;
}

bool population_is_alive(const struct source *source, int32_t day)
{
    return source->first_day <= day && day <= source->last_day;
}

bool population_is_old(const struct source *source, int32_t day)
{
    return day < source->mended || (day >= source->relapse_from && day < source->relapse_to);
}

bool population_validates(const struct source *source)
{
    return source->kind != KIND_NON_VALIDATOR && source->kind != KIND_FORWARDER;
}

enum truth population_truth(const struct population *population, const struct source *source, int32_t day)
{
    enum truth truth = population->kinds[source->kind].truth;
    if (truth != TRUTH_READY && truth != TRUTH_SILENT)
        return truth;
    if (is_stuck(population, source, day))
        return TRUTH_FAILING;
    if (truth == TRUTH_SILENT || day < source->speaks_from)
        return TRUTH_SILENT;
    return population_is_old(source, day) ? TRUTH_OLD_ONLY : TRUTH_READY;
}

double population_failing(const struct population *population, const struct source *source, int32_t day)
{
    return population_is_old(source, day) ? source->users * population->kinds[source->kind].risk : 0;
}

bool population_collects(const struct population *population, unsigned number, int32_t day)
{
    const struct letter *letter = &population->letters[number];
    int64_t now = population->from_us + day * UTC_DAY;
    return letter->collector && now >= letter->from_us && (!letter->to_us || now < letter->to_us) &&
           !(now >= letter->lost_from_us && now < letter->lost_to_us);
}

/* ---- one day ---- */

struct day_of {
    const struct population *population;
    const struct source *source;
    const struct kind_row *kind;
    int32_t day;
    struct voice *voices;
};

static uint64_t draw(const struct day_of *d, unsigned what, unsigned number)
{
    return population_draw(d->source->key, ((uint64_t)what << 32) | number, (uint64_t)d->day + 1);
}

static double chance(const struct day_of *d, unsigned what, unsigned number)
{
    return (double)(draw(d, what, number) >> 11) * 0x1p-53;
}

static unsigned between(const struct day_of *d, unsigned what, unsigned least, unsigned most)
{
    return most > least ? least + (unsigned)(draw(d, what, 0) % (most - least + 1)) : least;
}

/* A resolver has a letter that it likes best; one that cannot go on tries them all. */
static unsigned pick_letter(const struct day_of *d, unsigned number, bool stuck)
{
    if (!stuck && chance(d, DAY_LETTER, 2 * number) < FAVOURITE_SHARE)
        return d->source->favourite;
    return (unsigned)(draw(d, DAY_LETTER, 2 * number + 1) % POPULATION_LETTERS);
}

static enum word own_word(const struct day_of *d)
{
    if (d->kind->truth == TRUTH_NEITHER)
        return WORD_OTHER;
    if (d->kind->truth == TRUTH_RELAY)
        return chance(d, DAY_WORD, 0) < d->kind->old ? WORD_OLD : WORD_BOTH;
    if (d->kind->truth == TRUTH_MIXED)
        return WORD_BOTH;
    if (population_is_old(d->source, d->day))
        return WORD_OLD;
    return d->source->only_new ? WORD_NEW : WORD_BOTH;
}

static void say(const struct day_of *d, enum word word, unsigned count, bool stuck, unsigned number)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned letter = pick_letter(d, number + 2 * i, stuck);
        d->voices[letter].words[word]++;
        d->voices[letter].queries++;
        if (chance(d, DAY_AGAIN, number + i) < AGAIN_SHARE) {
            letter = pick_letter(d, number + 2 * i + 1, true);
            d->voices[letter].words[word]++;
            d->voices[letter].queries++;
        }
    }
}

static void say_all(const struct day_of *d)
{
    bool stuck = is_stuck(d->population, d->source, d->day), nat = d->kind->truth == TRUTH_MIXED;
    unsigned count = between(d, DAY_SIGNALS, d->kind->signals_least, d->kind->signals_most);
    if (d->kind->signals_most && d->day >= d->source->speaks_from) {
        say(d, own_word(d), stuck && !nat ? 24 + (unsigned)(draw(d, DAY_STUCK, 0) % 40) : count,
            stuck || d->kind->truth == TRUTH_FAILING, 0);
        /* Behind a NAT one more resolver lives, which has the old key until somebody mends it. */
        if (nat && population_is_old(d->source, d->day) && (stuck || chance(d, DAY_WORD, 1) < d->kind->old))
            say(d, WORD_OLD, stuck ? 20 : 1, stuck, 4096);
    }
    unsigned dnskey = between(d, DAY_DNSKEY, d->kind->dnskey_least, d->kind->dnskey_most) * (stuck ? 60 : 1);
    for (unsigned i = 0; i < dnskey; i++) {
        /* A signal goes where its DNSKEY query went. */
        unsigned letter = pick_letter(d, 2 * i, stuck || d->kind->truth == TRUTH_FAILING);
        d->voices[letter].dnskey++;
        d->voices[letter].queries++;
    }
}

bool population_speak(const struct population *population, const struct source *source, int32_t day,
    struct voice ret_voices[POPULATION_LETTERS])
{
    const struct day_of d = {population, source, &population->kinds[source->kind], day, ret_voices};
    if (chance(&d, DAY_ACTIVE, 0) >= d.kind->active)
        return false;
    memset(ret_voices, 0, POPULATION_LETTERS * sizeof *ret_voices);
    double queries = d.kind->queries_most
                         ? (double)between(&d, DAY_QUERIES, d.kind->queries_least, d.kind->queries_most)
                         : fmax(d.kind->queries_least, source->users * QUERIES_PER_USER / d.kind->active) *
                               (0.8 + 0.4 * chance(&d, DAY_QUERIES, 0));
    ret_voices[source->favourite].queries += (uint32_t)(queries * FAVOURITE_SHARE);
    ret_voices[draw(&d, DAY_OTHER_LETTER, 0) % POPULATION_LETTERS].queries +=
        (uint32_t)(queries * (1 - FAVOURITE_SHARE));
    say_all(&d);
    return true;
}
