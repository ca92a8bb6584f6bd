/* Counts become doubles at once: beyond 2^53 the last digits of a count do not matter to how sure it is. */
#include "core/roll/interval.h"

#include <math.h>

/* The quantile of the normal law that leaves 2.5 % on each side. */
static const double z = 1.959963984540054;

/* With so few hits, the least mean of a Poisson law under which as many or more come in 5 %. */
static const double poisson_least[] = {0, 0.05129329438755058, 0.3553615106986618, 0.8176914471639530};
enum { POISSON_COUNT = sizeof poisson_least / sizeof *poisson_least };

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

/* Hits and misses of which a part may be there in effect. */
static struct interval wilson(double hits, double misses)
{
    double n = hits + misses, share = hits / n;
    double scale = 1 + z * z / n;
    double middle = (share + z * z / (2 * n)) / scale;
    double half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    struct interval found = {
        share, least(most(middle - half, 0), share), most(least(middle + half, 1), share)};
    if (hits < POISSON_COUNT)
        found.low = least(found.low, poisson_least[(int)hits] / n);
    if (misses < POISSON_COUNT)
        found.high = most(found.high, 1 - poisson_least[(int)misses] / n);
    return found;
}

struct interval interval_share(uint64_t hits, uint64_t total)
{
    if (total == 0)
        return (struct interval){.value = 0, .low = 0, .high = 1};
    if (hits > total)
        hits = total;
    return wilson((double)hits, (double)(total - hits));
}

struct interval interval_weight(double sum, double squares, double whole, uint64_t hits, uint64_t total)
{
    if (!(whole > 0) || total == 0)
        return (struct interval){.value = 0, .low = 0, .high = 1};
    double value = least(most(sum / whole, 0), 1), all = (double)(hits < total ? hits : total);
    double effect = squares > 0 ? least(most(sum * sum / squares, 1), all) : all;
    if (hits == 0 || !(value > 0))
        return (struct interval){value, 0, most(value, interval_share(0, total).high)};
    struct interval share = wilson(effect, ((double)total - all) * effect / all);
    return (struct interval){value, least(value * share.low / share.value, value),
        most(least(value * share.high / share.value, 1), value)};
}

/* Of two distances that have nothing to do with each other. */
static double combined(double a, double b)
{
    return sqrt(a * a + b * b);
}

struct interval interval_difference(struct interval before, struct interval after)
{
    double change = after.value - before.value;
    double down = combined(after.value - after.low, before.high - before.value);
    double up = combined(after.high - after.value, before.value - before.low);
    return (struct interval){change, change - down, change + up};
}

/* A log-normal law on the unseen (Burnham, in Chao 1987). Its ends are moved outwards to whole ones: where
 * less than one is unseen, there may be none. */
static struct interval log_normal(double seen, double unseen, double variance)
{
    double spread = exp(z * sqrt(log(1 + variance / (unseen * unseen))));
    return (struct interval){seen + unseen, seen + floor(unseen / spread), seen + ceil(unseen * spread)};
}

/* Sadinle 2009: the logit of a list's share is close to normal, with half a source added to each cell. Better
 * than the log-normal law where few are in both lists; endless where less than one is unseen. */
static struct interval few_in_both(double seen, double both, double first_only, double second_only)
{
    double a = first_only + 0.5, b = second_only + 0.5, c = both + 0.5, unseen = a * b / c;
    double spread = exp(z * sqrt(1 / a + 1 / b + 1 / c + c / (a * b)));
    double value = seen + first_only * second_only / (both + 1);
    double low = floor(unseen / spread - 0.5), high = ceil(unseen * spread - 0.5);
    return (struct interval){value, least(seen + most(low, 0), value), most(seen + high, value)};
}

/* Chapman 1951, with the variance of Seber 1970. If one list holds all of the other, both say that nobody is
 * unseen: then the least share of the smaller list that the bigger may hold, by Wilson, tells how many more
 * there may be. */
static struct interval two_lists(uint64_t both_count, double first_only, double second_only)
{
    double both = (double)both_count, seen = both + first_only + second_only;
    double unseen = first_only * second_only / (both + 1);
    if (first_only <= 0 || second_only <= 0)
        return (struct interval){seen, seen, ceil(seen / interval_share(both_count, both_count).low)};
    if (unseen >= 1)
        return few_in_both(seen, both, first_only, second_only);
    double first = both + first_only + 1, second = both + second_only + 1;
    return log_normal(seen, unseen, first * second * unseen / ((both + 1) * (both + 2)));
}

/* Where nobody, or one, is in a single list only, Chao's bound is what was seen, and has no interval. Then
 * the Poisson law that each source's own count suggests tells how many more there may be (Colwell, EstimateS,
 * appendix B). */
static struct interval all_seen(const uint64_t *seen, unsigned lists, double sources)
{
    double missed = 0, variance = 0, slope = 0, sightings = 0;
    for (unsigned k = 1; k <= lists; k++) {
        double count = (double)seen[k], none = exp(-(double)k);
        missed += count * none / sources;
        variance += count * (none - none * none);
        slope += k * none * count;
        sightings += k * count;
    }
    variance -= slope * slope / sightings;
    double total = sources / (1 - missed), half = z * sqrt(most(variance, 0)) / (1 - missed);
    return (struct interval){sources, sources, most(sources, ceil(total + half))};
}

static double sum(const uint64_t *counts, unsigned count)
{
    double all = 0;
    for (unsigned i = 0; i < count; i++)
        all += (double)counts[i];
    return all;
}

/* Chao 1989, for lists of different sizes: the pairs of sources that are in two different lists alone, over
 * those in both of two. With two lists this is Chapman's. The variance by the delta method (as of Chao 1987:
 * Colwell, EstimateS, appendix B). */
static struct interval many_lists(const uint64_t *seen, const uint64_t *only, unsigned lists)
{
    double sources = sum(seen + 1, lists), f1 = sum(only, lists), f2 = (double)seen[2], pairs = 0,
           variance = 0;
    for (unsigned i = 0; i < lists; i++) {
        double here = (double)only[i], by_here = (f1 - here) / (f2 + 1);
        pairs += here * (f1 - here) / 2;
        variance += here * by_here * by_here;
    }
    double unseen = pairs / (f2 + 1), by_second = unseen / (f2 + 1);
    if (unseen <= 0)
        return all_seen(seen, lists, sources);
    return log_normal(sources, unseen, unseen + variance + f2 * by_second * by_second);
}

static bool can_be_told(const uint64_t *seen, unsigned lists)
{
    if (lists < 2 || lists > INTERVAL_MAX_LISTS)
        return false;
    for (unsigned k = 2; k <= lists; k++)
        if (seen[k] > 0)
            return true;
    return false;
}

bool interval_lists(const uint64_t *seen, const uint64_t *only, unsigned lists, struct interval *ret_total)
{
    if (!can_be_told(seen, lists))
        return false;
    *ret_total =
        lists == 2 ? two_lists(seen[2], (double)only[0], (double)only[1]) : many_lists(seen, only, lists);
    return true;
}
