/* Files. A plan is changed by a new file that takes the old one's name in one step; its lock is held from
 * reading to writing. */
#include "io/yaml/plan_yaml.h"

#include "base/text.h"
#include "io/file/file.h"
#include "io/yaml/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The whole of a file, or of standard input for "-". */
static int read_path(const char *path, struct text *ret_text, struct err_note *note)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return file_error(note, path, "cannot be opened");
    int rc = file_read_rest(fd, is_stdin ? "stdin" : path, YAML_MAX_SIZE, ret_text, note);
    if (!is_stdin)
        close(fd);
    return rc;
}

int plan_yaml_read_file(const char *path, struct plan **ret_plan, struct err_note *note)
{
    struct text text;
    text_start(&text);
    int rc = read_path(path, &text, note);
    rc = rc ? rc
            : plan_yaml_read(
                  strcmp(path, "-") == 0 ? "stdin" : path, text.string, text.length, ret_plan, note);
    text_free(&text);
    return rc;
}

static bool is_missing(const char *path)
{
    return strcmp(path, "-") != 0 && access(path, F_OK) && errno == ENOENT;
}

static int no_such_plan(const char *name, struct err_note *note)
{
    char names[256] = "";
    for (size_t i = 0; i < plan_builtin_count(); i++)
        snprintf(
            names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", plan_builtin_name(i));
    return err_set(
        note, ERR_NOINPUT, "no file and no built-in plan is named '%.200s'; built-in are %s", name, names);
}

int plan_yaml_find(const char *name_or_path, struct plan **ret_plan, struct err_note *note)
{
    int rc = plan_builtin(name_or_path, ret_plan);
    if (rc != ERR_NOINPUT)
        return rc ? err_set(note, rc, "out of memory") : 0;
    return is_missing(name_or_path) ? no_such_plan(name_or_path, note)
                                    : plan_yaml_read_file(name_or_path, ret_plan, note);
}

/* Old text to new plan and new text. */
static int change_text(const char *name, const struct text *old, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, bool *ret_rewritten, struct text *ret_text, struct err_note *note)
{
    struct plan *before, *after;
    int rc = plan_yaml_read(name, old->string, old->length, &before, note);
    if (rc)
        return rc;
    rc = operate(before, context, &after, note);
    plan_free(before);
    if (rc)
        return rc;
    if (plan_yaml_edit(old->string, old->length, after, ret_text, ret_rewritten)) {
        plan_free(after);
        return err_set(note, ERR_NOMEM, "%s: out of memory", name);
    }
    *ret_plan = after;
    return 0;
}

int plan_yaml_change(const char *path, plan_yaml_operate *operate, void *context, struct plan **ret_plan,
    bool *ret_rewritten, struct err_note *note)
{
    struct file_held *held = NULL;
    struct text old, new;
    struct plan *after = NULL;
    text_start(&old);
    text_start(&new);
    if (is_missing(path))
        return no_such_plan(path, note);
    int rc = file_hold(path, &held, note);
    rc = rc ? rc : file_held_read(held, YAML_MAX_SIZE, &old, note);
    rc = rc ? rc : change_text(path, &old, operate, context, &after, ret_rewritten, &new, note);
    rc = rc ? rc : file_held_replace(held, new.string, new.length, note);
    file_release(held);
    text_free(&old);
    text_free(&new);
    if (rc)
        plan_free(after);
    else
        *ret_plan = after;
    return rc;
}

static int derive_builtin(const struct plan *plan, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, struct text *ret_text, struct err_note *note)
{
    struct plan *after;
    int rc = operate(plan, context, &after, note);
    if (rc)
        return rc;
    if (plan_yaml_write(after, ret_text)) {
        plan_free(after);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    *ret_plan = after;
    return 0;
}

int plan_yaml_derive(const char *name_or_path, plan_yaml_operate *operate, void *context,
    struct plan **ret_plan, bool *ret_rewritten, struct text *ret_text, struct err_note *note)
{
    struct plan *builtin;
    if (plan_builtin(name_or_path, &builtin) == 0) {
        int rc = derive_builtin(builtin, operate, context, ret_plan, ret_text, note);
        plan_free(builtin);
        *ret_rewritten = false;
        return rc;
    }
    struct text old;
    text_start(&old);
    int rc =
        is_missing(name_or_path) ? no_such_plan(name_or_path, note) : read_path(name_or_path, &old, note);
    rc = rc ? rc : change_text(name_or_path, &old, operate, context, ret_plan, ret_rewritten, ret_text, note);
    text_free(&old);
    return rc;
}
