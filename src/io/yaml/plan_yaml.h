/* plan_yaml: plan files. The format is documented in docs/man/rollcall-plan.5. */
#ifndef IO_YAML_PLAN_YAML_H
#define IO_YAML_PLAN_YAML_H

#include "core/roll/plan.h"

struct text;
/* Reads and checks (plan_check) a plan; errors have file, line and column. */
int plan_yaml_read(const char *file, const char *bytes, size_t length, struct plan **ret_plan, struct err_note *note);
/* Reads a file of at most 1 MiB. ERR_NOINPUT if it cannot be read. */
int plan_yaml_read_file(const char *path, struct plan **ret_plan, struct err_note *note);
/* A built-in plan by its name, else a file. What every command takes as PLAN. */
int plan_yaml_find(const char *name_or_path, struct plan **ret_plan, struct err_note *note);
/* The plan as a file that reads back to the same plan. */
int plan_yaml_write(const struct plan *plan, struct text *ret_text);

#endif
