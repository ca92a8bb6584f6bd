/* plan_yaml: plan files. The format is documented in docs/man/rollcall-plan.5. */
#ifndef IO_YAML_PLAN_YAML_H
#define IO_YAML_PLAN_YAML_H

#include "core/roll/plan.h"

struct text;

/* Reads and checks (plan_check) a plan; errors have file, line and column. */
int plan_yaml_read(
    const char *file, const char *bytes, size_t length, struct plan **ret_plan, struct err_note *note);

/* Reads a file of at most 1 MiB ("-": standard input). ERR_NOINPUT if there is none, ERR_PERM if it may not
 * be read, ERR_IO if reading fails. */
int plan_yaml_read_file(const char *path, struct plan **ret_plan, struct err_note *note);

/* A built-in plan by its name, else a file. What every command takes as PLAN. */
int plan_yaml_find(const char *name_or_path, struct plan **ret_plan, struct err_note *note);

/* The plan as a file that reads back to the same plan. */
int plan_yaml_write(const struct plan *plan, struct text *ret_text);

/* The text of a plan file with `after` in the place of `before`, which it holds: dates are changed and
 * entries added where they stand, so that comments and order stay. Where the file is not written in a form
 * that allows it (flow style, say), the whole is written anew, and *ret_rewritten set: then only comments
 * ahead of the first line that is none are kept. */
int plan_yaml_edit(
    const char *bytes, size_t length, const struct plan *after, struct text *ret_text, bool *ret_rewritten);

/* What makes a new plan of an old one; the context is the caller's own. */
typedef int plan_yaml_operate(
    const struct plan *plan, void *context, struct plan **ret_plan, struct err_note *note);

/* Locks the plan file, reads it, lets `operate` make a new plan of it, and puts that in its place in one
 * step: on any failure the old file is whole. The lock keeps other rollcalls out from reading to writing.
 * Symbolic links are followed; mode and owner are kept. *ret_rewritten as above. ERR_UNAVAILABLE if the lock
 * is not to be had. */
int plan_yaml_change(const char *path, plan_yaml_operate *operate, void *context, struct plan **ret_plan,
    bool *ret_rewritten, struct err_note *note);

/* The same on a copy: a built-in plan, a file or "-" is read, and the new plan's text is given in *ret_text.
 */
int plan_yaml_derive(const char *name_or_path, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, bool *ret_rewritten, struct text *ret_text, struct err_note *note);

#endif
