/* interval: how sure a share or a count is. Plain formulas of statistics, with their sources; 95 % each. */
#ifndef CORE_ROLL_INTERVAL_H
#define CORE_ROLL_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* low <= value <= high */
struct interval {
    double value, low, high;
};

/* A share of `total` with Wilson's score interval (Wilson 1927). Where 1 to 3 hits (or misses) are all there
 * are, that interval begins too late: a share of 0.16/total would be missed in 15 of 100 draws. There it is
 * widened to the limit of the Poisson law, as Brown, Cai and DasGupta (2001, §4.1.1) advise. total 0: value
 * 0, low 0, high 1. hits > total counts as total. */
struct interval interval_share(uint64_t hits, uint64_t total);

/* What a share changed by from `before` to `after`, -1 to 1, by Newcombe (1998, method 10) from the intervals
 * of both. For shares of different sources; where many are the same ones, it is wider than it need be. */
struct interval interval_difference(struct interval before, struct interval after);

/* The share of a weight (users) that lies with `hits` of `total` members: as sure as the share of members
 * that it comes from, if that many of equal weight had it. How many they are in effect is Kish's (1965) sum^2
 * / squares, with the sum of the hits' weights, and of their squares; never more than `hits`. So a share that
 * one heavy member makes up is no surer than one member, whoever else counts among the hits. whole <= 0:
 * value 0, low 0, high 1. */
struct interval interval_weight(double sum, double squares, double whole, uint64_t hits, uint64_t total);

enum { INTERVAL_MAX_LISTS = 64 };

/* How many there are in all, when each of several lists (collectors) holds some of them. Lists must be of the
 * same time. seen[k]: how many are in exactly k of them, k = 1 … lists; seen[0] is not read. only[i]: how
 * many are in list i alone. Two lists: Chapman's estimator (1951) of Lincoln and Petersen. More: Chao's
 * (1989) for lists of different sizes, which is the same for two. It is right if being in one list says
 * nothing about being in another. If some sources are seen more easily than others, by all lists, it is a
 * lower bound: then there are at least so many, and more than `high` is possible. The interval is Sadinle's
 * (2009) for two lists with one or more unseen, else log-normal for the unseen (Chao 1987); its ends are
 * whole numbers, and never less than what was seen. False: it cannot be told (fewer than two lists, more than
 * INTERVAL_MAX_LISTS, or nothing in common). */
bool interval_lists(const uint64_t *seen, const uint64_t *only, unsigned lists, struct interval *ret_total);

#endif
