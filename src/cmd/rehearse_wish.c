/* From the words of the command line to what is to be run. */
#include "cmd/rehearse_parts.h"

#include "io/file/file.h"
#include "io/yaml/plan_yaml.h"
#include "io/yaml/scenario.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 128 };

/* ---- resolvers ---- */

static int no_such_resolver(const char *name, struct err_note *note)
{
    struct text names;
    text_start(&names);
    for (size_t i = 0; i < lab_product_count(); i++) {
        const struct lab_product *product = lab_product_at(i);
        text_printf(&names, "%s%s%s%s", i ? ", " : "", product->name, product->alias ? " or " : "",
            product->alias ? product->alias : "");
    }
    int err = err_set(note, ERR_USAGE, "no resolver '%.60s'; there are %s", name, names.string);
    text_free(&names);
    return err;
}

/* Files are looked for before minutes are spent. */
static int real_file(const char *path, struct arena *arena, const char **ret_path, struct err_note *note)
{
    char *real = realpath(path, NULL);
    if (!real)
        return file_error(note, path, "cannot be used");
    *ret_path = arena_string(arena, real);
    free(real);
    return *ret_path ? 0 : err_set(note, ERR_NOMEM, "out of memory");
}

/* The version and, where none was given, the place of the program. */
static int find_program(struct rehearse_resolver *resolver, struct arena *arena, struct err_note *note)
{
    char path[PATH_MAX] = "", version[VERSION] = "";
    int err = 0;
    if (resolver->program) {
        struct err_note none; /* what tells no version may run all the same */
        if (lab_product_version(resolver->product, resolver->program, version, sizeof version, &none))
            version[0] = '\0';
    } else {
        err = lab_product_find(resolver->product, path, sizeof path, version, sizeof version, note);
    }
    if (err)
        return err;
    if (!resolver->program)
        resolver->program = arena_string(arena, path);
    resolver->version = version[0] ? arena_string(arena, version) : NULL;
    return resolver->program && (resolver->version || !version[0])
               ? 0
               : err_set(note, ERR_NOMEM, "out of memory");
}

/* "NAME", "NAME=PATH", "NAME:CONFIG", "NAME=PATH:CONFIG": no path before the colon holds one. */
static int read_resolver(
    const char *word, struct arena *arena, struct rehearse_resolver *resolver, struct err_note *note)
{
    char *name = arena_string(arena, word);
    if (!name)
        return err_set(note, ERR_NOMEM, "out of memory");
    char *end = name + strcspn(name, "=:"), *path = NULL, *config = NULL;
    if (*end == '=') {
        path = end + 1;
        config = strchr(path, ':');
    } else if (*end == ':') {
        config = end;
    }
    *end = '\0';
    if (config)
        *config++ = '\0';
    *resolver = (struct rehearse_resolver){.word = word, .product = lab_product(name)};
    if (!resolver->product)
        return no_such_resolver(name, note);
    if ((path && !*path) || (config && !*config))
        return err_set(note, ERR_USAGE, "--resolver %s: a path is missing", word);
    int err = path ? real_file(path, arena, &resolver->program, note) : 0;
    err = err || !config ? err : real_file(config, arena, &resolver->config, note);
    return err ? err : find_program(resolver, arena, note);
}

static int named_resolvers(const struct rehearse_options *o, struct arena *arena,
    struct rehearse_wishes *wishes, struct err_note *note)
{
    int err = 0;
    for (size_t i = 0; i < o->resolvers.count && !err; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= strcmp(o->resolvers.word[i], o->resolvers.word[j]) == 0;
        if (!again)
            err = read_resolver(
                o->resolvers.word[i], arena, &wishes->resolvers[wishes->resolver_count++], note);
    }
    return err;
}

static int all_resolvers(struct arena *arena, struct rehearse_wishes *wishes, struct err_note *note)
{
    for (size_t i = 0; i < lab_product_count(); i++) {
        const struct lab_product *product = lab_product_at(i);
        struct rehearse_resolver *resolver = &wishes->resolvers[wishes->resolver_count];
        struct err_note why = {""};
        *resolver = (struct rehearse_resolver){.word = product->name, .product = product};
        int err = find_program(resolver, arena, &why);
        if (err == ERR_NOMEM)
            return err_set(note, err, "out of memory");
        wishes->resolver_count += err == 0;
    }
    return wishes->resolver_count
               ? 0
               : err_set(note, ERR_UNAVAILABLE,
                     "no resolver is installed here that can be rehearsed; 'rollcall rehearse "
                     "--list' tells which there are, --resolver NAME=PATH names an unpacked one");
}

int rehearse_resolvers(const struct rehearse_options *o, struct arena *arena, struct rehearse_wishes *wishes,
    struct err_note *note)
{
    size_t most = o->resolvers.count ? o->resolvers.count : lab_product_count();
    wishes->resolvers = arena_alloc(arena, (most + 1) * sizeof *wishes->resolvers);
    if (!wishes->resolvers)
        return err_set(note, ERR_NOMEM, "out of memory");
    return o->resolvers.count ? named_resolvers(o, arena, wishes, note) : all_resolvers(arena, wishes, note);
}

/* ---- plan and scenarios ---- */

/* A word that is no path was meant as a name: what exists was listed. */
static int of_name(const char *word, int err)
{
    return err == ERR_NOINPUT && !strpbrk(word, "/.") ? ERR_USAGE : err;
}

static int add_scenario(
    struct rehearse_wishes *wishes, const char *word, struct arena *arena, struct err_note *note)
{
    struct scenario *scenario = NULL;
    int err = scenario_find(word, arena, &scenario, note);
    if (err)
        return of_name(word, err);
    for (size_t i = 0; i < wishes->scenario_count; i++)
        if (strcmp(wishes->scenarios[i]->name, scenario->name) == 0)
            return wishes->scenarios[i]->file == scenario->file ||
                           strcmp(wishes->scenarios[i]->file, scenario->file) == 0
                       ? 0
                       : err_set(note, ERR_DATA, "two scenarios are named '%s': %s, %s", scenario->name,
                             wishes->scenarios[i]->file, scenario->file);
    if (wishes->scenario_count == REHEARSE_MOST)
        return err_set(note, ERR_USAGE, "more than %d scenarios", REHEARSE_MOST);
    wishes->scenarios[wishes->scenario_count++] = scenario;
    return 0;
}

static int add_scenarios(
    struct rehearse_wishes *wishes, const char *words, struct arena *arena, struct err_note *note)
{
    char *list = arena_string(arena, words), *rest = NULL;
    int err = list ? 0 : err_set(note, ERR_NOMEM, "out of memory");
    for (char *word = list ? strtok_r(list, ",", &rest) : NULL; word && !err;
         word = strtok_r(NULL, ",", &rest)) {
        if (strcmp(word, "all") != 0) {
            err = add_scenario(wishes, word, arena, note);
            continue;
        }
        for (size_t i = 0; i < scenario_count() && !err; i++)
            err = add_scenario(wishes, scenario_name(i), arena, note);
    }
    return err;
}

static int find_scenarios(const struct rehearse_options *o, struct arena *arena,
    struct rehearse_wishes *wishes, struct err_note *note)
{
    wishes->scenarios = arena_alloc(arena, REHEARSE_MOST * sizeof *wishes->scenarios);
    int err = wishes->scenarios ? 0 : err_set(note, ERR_NOMEM, "out of memory");
    if (!err && o->scenarios.count == 0)
        return add_scenario(wishes, "full", arena, note);
    for (size_t i = 0; i < o->scenarios.count && !err; i++)
        err = add_scenarios(wishes, o->scenarios.word[i], arena, note);
    return err || wishes->scenario_count ? err : err_set(note, ERR_USAGE, "--scenario: none is named");
}

static int read_calendar(
    const struct rehearse_options *o, int64_t *ret_from_us, int64_t *ret_to_us, struct err_note *note)
{
    *ret_from_us = INT64_MIN;
    *ret_to_us = UTC_OPEN;
    if (o->from && utc_parse(o->from, ret_from_us))
        return err_set(
            note, ERR_USAGE, "--from: '%s' is no time (2026-09-01 or 2026-10-11T16:00:00Z)", o->from);
    if (o->to && utc_parse(o->to, ret_to_us))
        return err_set(note, ERR_USAGE, "--to: '%s' is no time (2026-09-01 or 2026-10-11T16:00:00Z)", o->to);
    return *ret_from_us < *ret_to_us ? 0 : err_set(note, ERR_USAGE, "--to is not later than --from");
}

int rehearse_wishes(const struct rehearse_options *o, struct arena *arena, struct rehearse_wishes *wishes,
    struct err_note *note)
{
    int64_t from_us, to_us;
    int err = read_calendar(o, &from_us, &to_us, note);
    if (!err && o->plan)
        err = of_name(o->plan, plan_yaml_find(o->plan, &wishes->plan, note));
    err = err ? err : find_scenarios(o, arena, wishes, note);
    err = err ? err : rehearse_resolvers(o, arena, wishes, note);
    if (err)
        return err;
    size_t most = wishes->resolver_count * wishes->scenario_count;
    wishes->wishes = arena_alloc(arena, (most + 1) * sizeof *wishes->wishes);
    if (!wishes->wishes)
        return err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < most; i++) {
        const struct rehearse_resolver *resolver = &wishes->resolvers[i / wishes->scenario_count];
        wishes->wishes[wishes->count++] = (struct lab_wish){.product = resolver->product,
            .program = resolver->program,
            .version = resolver->version,
            .config = resolver->config,
            .scenario = wishes->scenarios[i % wishes->scenario_count],
            .plan = wishes->plan,
            .from_us = from_us,
            .to_us = to_us,
            .udp_size = o->udp_size,
            .seed = o->seed};
    }
    return 0;
}
