/* plan_parts: what the files of `rollcall plan` share. */
#ifndef CMD_PLAN_PARTS_H
#define CMD_PLAN_PARTS_H

#include "base/text.h"
#include "cmd/cmd.h"
#include "core/roll/plan.h"

struct plan_args {
    const char *command; /* "plan show": for messages */
    const char *plan;    /* PLAN, or NULL */
    const char *at, *start, *to, *reason, *who, *output, *format, *zone, *ttl;
    int64_t now_us; /* --now, else the clock */
    bool json, ascii, force, quiet;
};

/* The plan that is named, started if --start says so. A message and its exit code on failure, else 0. */
int plan_load(const struct plan_args *args, struct plan **ret_plan);

/* plan_show.c */
int plan_show(const struct plan_args *args);

/* plan_operate.c */
int plan_postpone_command(const struct plan_args *args);
int plan_resume_command(const struct plan_args *args);
int plan_back_out_command(const struct plan_args *args);

/* Adds the string, safe for a terminal, in lines of at most `columns`; the first goes on where `text` ends,
 * at column `at`; the others are indented by `indent`. */
void plan_add_wrapped(struct text *text, const char *string, size_t at, size_t indent, size_t columns);

/* "rollcall.plan/1" with the plan as it is at t_us (INT64_MIN: no moment). */
int plan_add_json(struct text *text, const struct plan *plan, int64_t t_us);

#endif
