/* The idea: packages that are only unpacked run well enough if their libraries are found through
 * LD_LIBRARY_PATH and, for what looks in fixed places, their libraries and /usr/share are laid over ours in
 * the rehearsal's own mount namespace (product.c). A C library among them, of another release or a whole
 * system, is then that of the namespace, with its dynamic linker: they must never be mixed with ours. */
#include "app/lab/products/tree.h"

#include "io/file/file.h"
#include "io/proc/capture.h"
#include "io/proc/proc.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER_PLACES "/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/systemd:/lib/systemd"

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The dynamic linker that lies beside a C library. */
static const char *loader_in(const char *directory, struct arena *arena)
{
    char path[PATH_MAX + 64];
    const char *loader = NULL;
    glob_t found = {.gl_pathc = 0};
    snprintf(path, sizeof path, "%s/libc.so.6", directory);
    if (access(path, R_OK))
        return NULL;
    snprintf(path, sizeof path, "%s/ld-linux*.so.*", directory);
    if (glob(path, 0, NULL, &found) == 0)
        loader = arena_string(arena, found.gl_pathv[0]);
    globfree(&found);
    return loader;
}

/* Directories of libraries in the tree, those of multiarch first. */
static const char *library_path(const char *root, struct arena *arena, const char **ret_loader)
{
    static const char *const patterns[] = {"usr/lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/systemd",
        "lib/*-linux-gnu*", "usr/lib/systemd", "usr/lib64", "usr/lib", "lib64", "lib", "usr/local/lib"};
    struct text path;
    text_start(&path);
    text_add(&path, "LD_LIBRARY_PATH=");
    size_t empty = path.length;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        char pattern[PATH_MAX + 64];
        glob_t found = {.gl_pathc = 0};
        snprintf(pattern, sizeof pattern, "%s/%s", root, patterns[i]);
        if (glob(pattern, GLOB_ONLYDIR, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                if (is_directory(found.gl_pathv[j]) && !strchr(found.gl_pathv[j], ':')) {
                    text_printf(&path, "%s%s", path.length > empty ? ":" : "", found.gl_pathv[j]);
                    if (!*ret_loader)
                        *ret_loader = loader_in(found.gl_pathv[j], arena);
                }
        globfree(&found);
    }
    const char *copy = path.length > empty && !path.failed ? arena_string(arena, path.string) : NULL;
    text_free(&path);
    return copy;
}

/* The tree in which a binary lies, if it is not that of this machine: cut off behind it. */
static bool tree_of(char *path)
{
    static const char *const places[] = {"/usr/sbin/", "/usr/bin/", "/usr/lib/systemd/"};
    char library[PATH_MAX + 16];
    char *name = strrchr(path, '/');
    for (size_t i = 0; i < sizeof places / sizeof *places && name; i++) {
        size_t length = strlen(places[i]), before = (size_t)(name + 1 - path);
        if (before <= length || strncmp(name + 1 - length, places[i], length) != 0)
            continue;
        snprintf(library, sizeof library, "%.*s/usr/lib", (int)(before - length), path);
        if (!is_directory(library))
            return false;
        path[before - length] = '\0';
        return true;
    }
    return false;
}

int tree_open(
    const char *path, const char *name, struct arena *arena, struct tree *ret_tree, struct err_note *note)
{
    static const char *const places[] = {"usr/sbin", "usr/bin", "usr/lib/systemd", "lib/systemd",
        "usr/local/sbin", "usr/local/bin", "sbin", "bin"};
    char whole[PATH_MAX], program[PATH_MAX + 64];
    if (!realpath(path, whole))
        return err_set(note, ERR_UNAVAILABLE, "%s: there is no such program or package tree", path);
    struct tree tree = {.program = arena_string(arena, whole)};
    if (!is_directory(whole)) {
        if (access(whole, X_OK))
            return err_set(note, ERR_UNAVAILABLE, "%s: this may not be executed", path);
        tree.root = tree_of(whole) ? arena_string(arena, whole) : NULL;
    } else {
        tree.root = tree.program;
        tree.program = NULL;
        for (size_t i = 0; i < sizeof places / sizeof *places && !tree.program; i++)
            if ((size_t)snprintf(program, sizeof program, "%s/%s/%s", whole, places[i], name) <
                    sizeof program &&
                access(program, X_OK) == 0 && !is_directory(program))
                tree.program = arena_string(arena, program);
        if (!tree.program)
            return err_set(note, ERR_UNAVAILABLE, "%s: there is no %s in this package tree", path, name);
    }
    if (tree.root)
        tree.library = library_path(tree.root, arena, &tree.loader);
    if (!tree.program)
        return err_set(note, ERR_NOMEM, "out of memory");
    *ret_tree = tree;
    return 0;
}

int tree_ask(const struct tree *tree, const char *option, unsigned timeout_ms, struct text *ret_output,
    struct err_note *note)
{
    const char *directly[] = {tree->program, option, NULL};
    const char *loaded[] = {tree->loader, "--library-path",
        tree->loader ? strchr(tree->library, '=') + 1 : "", tree->program, option, NULL};
    const char *environment[] = {tree->loader ? NULL : tree->library, NULL};
    const struct capture_spec spec = {
        .argv = tree->loader ? loaded : directly, .environment = environment, .timeout_ms = timeout_ms};
    return capture_run(&spec, ret_output, NULL, note);
}

/* A wrapper that tools/fetch_servers wrote runs what its last line names: below "$root", which is beside the
 * wrapper's directory, or installed. */
static bool unwrap(char *path, size_t capacity)
{
    char *script, *last = NULL, target[PATH_MAX];
    size_t length;
    if (file_read_all(path, 8192, &script, &length, NULL))
        return false;
    bool ours = strncmp(script, "#!/bin/sh\n# written by tools/fetch_servers\n", 43) == 0;
    if (ours)
        for (char *line = script; *line; line += strcspn(line, "\n"), line += *line == '\n')
            last = line;
    const char *from = last ? strchr(last, '"') : NULL;
    bool found = false;
    if (from && strstr(last, "\"$root/")) {
        char *slash = strrchr(path, '/');
        size_t directory = slash ? (size_t)(slash - path) : 0;
        while (directory > 0 && path[directory - 1] != '/')
            directory--;
        found = (size_t)snprintf(target, sizeof target, "%.*sroot", (int)directory, path) < sizeof target;
    } else if (from) {
        int end = (int)strcspn(from + 1, "\"");
        found = (size_t)snprintf(target, sizeof target, "%.*s", end, from + 1) < sizeof target;
    }
    free(script);
    return found && (size_t)snprintf(path, capacity, "%s", target) < capacity;
}

bool tree_find(const char *name, char *ret_path, size_t capacity)
{
    char path[PATH_MAX];
    const char *own = getenv("PATH");
    if (!proc_find(name, own, path, sizeof path) && !proc_find(name, SERVER_PLACES, path, sizeof path))
        return false;
    unwrap(path, sizeof path);
    return (size_t)snprintf(ret_path, capacity, "%s", path) < capacity;
}

bool tree_confined(const char *program)
{
    char profile[PATH_MAX], disabled[PATH_MAX], enabled = 'N';
    FILE *file = fopen("/sys/module/apparmor/parameters/enabled", "re");
    if (!file)
        return false;
    if (fread(&enabled, 1, 1, file) != 1)
        enabled = 'N';
    fclose(file);
    char dotted[PATH_MAX];
    snprintf(dotted, sizeof dotted, "%s", *program == '/' ? program + 1 : program);
    for (char *c = dotted; *c; c++)
        if (*c == '/')
            *c = '.';
    if ((size_t)snprintf(profile, sizeof profile, "/etc/apparmor.d/%s", dotted) >= sizeof profile ||
        (size_t)snprintf(disabled, sizeof disabled, "/etc/apparmor.d/disable/%s", dotted) >= sizeof disabled)
        return false;
    return enabled == 'Y' && access(profile, F_OK) == 0 && access(disabled, F_OK) != 0;
}
