/* plan_yaml_write: parts of a plan file, each line behind `indent`; shared with plan_yaml_edit. */
#ifndef IO_YAML_PLAN_YAML_WRITE_H
#define IO_YAML_PLAN_YAML_WRITE_H

#include "io/yaml/plan_yaml.h"

void plan_yaml_write_step(
    const struct plan *plan, const struct plan_step *step, const char *indent, struct text *text);
void plan_yaml_write_entry(const struct plan_entry *entry, const char *indent, struct text *text);

#endif
