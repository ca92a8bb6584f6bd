/* scenario: scenarios as text, rollcall-scenario(5), and those that are built in (share/scenarios). */
#ifndef IO_YAML_SCENARIO_H
#define IO_YAML_SCENARIO_H

#include "core/roll/scenario.h"

/* Reads a scenario into the arena; errors have file, line and column. */
int scenario_read(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct scenario **ret_scenario, struct err_note *note);

/* A built-in scenario by its name, else a file of at most 1 MiB. ERR_NOINPUT, with the names of what exists,
 * where there is neither; ERR_PERM, ERR_IO, ERR_DATA, ERR_NOMEM. */
int scenario_find(
    const char *name_or_path, struct arena *arena, struct scenario **ret_scenario, struct err_note *note);

/* The built-in ones, in the order in which "all" runs them. */
size_t scenario_count(void);
const char *scenario_name(size_t index); /* NULL beyond the last */

#endif
