/* power: an SQLite VFS over the real one that knows what a power cut would leave.
 *
 * Every write since a file's last sync is remembered. A cut makes, for each file, what it may be afterwards:
 * what was synced, plus any of the later writes, whole, in part (by sectors of 512 octets), or torn within a
 * sector, in any combination. A file deleted without a sync of its directory may be there again. One thread
 * only. */
#ifndef TESTS_CRASH_POWER_H
#define TESTS_CRASH_POWER_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the VFS the default one. Files below `directory` are watched. 0, or -1. */
int power_on(const char *directory);

/* Cuts at the n-th write, sync or truncation from now: the files are put into `to` as they might be then, and
 * the program goes on without knowing. `seed` chooses what survives. */
void power_cut_after(unsigned n, const char *to, uint32_t seed);

/* Whether the cut has been. */
bool power_was_cut(void);

/* Gives the default back and forgets all. No database may be open. */
void power_off(void);

#endif
