/* Built-in scenarios are files of share/scenarios, embedded as they are: what is documented by example is
 * what runs. */
#include "io/yaml/scenario.h"

#include "io/file/file.h"
#include "io/yaml/scenario_files.h"
#include "io/yaml/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t scenario_count(void)
{
    return scenario_file_count;
}

const char *scenario_name(size_t index)
{
    return index < scenario_file_count ? scenario_files[index].id : NULL;
}

static const struct scenario_file *embedded(const char *name)
{
    for (size_t i = 0; i < scenario_file_count; i++)
        if (strcmp(scenario_files[i].id, name) == 0)
            return &scenario_files[i];
    return NULL;
}

static int no_such_scenario(const char *name, struct err_note *note)
{
    char names[420] = "";
    for (size_t i = 0; i < scenario_file_count; i++)
        snprintf(
            names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", scenario_name(i));
    return err_set(note, ERR_NOINPUT, "no file and no scenario is named '%.60s'; there are %s", name, names);
}

int scenario_find(
    const char *name_or_path, struct arena *arena, struct scenario **ret_scenario, struct err_note *note)
{
    const struct scenario_file *file = embedded(name_or_path);
    if (file)
        return scenario_read(file->name, file->bytes, file->length, arena, ret_scenario, note);
    char *bytes;
    size_t length;
    if (access(name_or_path, F_OK))
        return no_such_scenario(name_or_path, note);
    int rc = file_read_all(name_or_path, YAML_MAX_SIZE, &bytes, &length, note);
    if (rc)
        return rc;
    rc = scenario_read(name_or_path, bytes, length, arena, ret_scenario, note);
    free(bytes);
    return rc;
}
