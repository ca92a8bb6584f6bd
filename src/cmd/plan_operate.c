/* rollcall plan postpone, resume, back-out: a decision is put together from the options and the clock,
 * applied to a copy or to the plan file itself, and told. */
#include "cmd/plan_parts.h"

#include "io/file/file.h"
#include "io/yaml/plan_yaml.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum operation { POSTPONE, RESUME, BACK_OUT };

struct decision {
    enum operation operation;
    int64_t to_us;
    struct plan_decision by;
};

static int operate(const struct plan *plan, void *context, struct plan **ret_plan, struct err_note *note)
{
    const struct decision *d = context;
    return d->operation == POSTPONE ? plan_postpone(plan, d->to_us, d->by, ret_plan, note)
           : d->operation == RESUME ? plan_resume(plan, d->to_us, d->by, ret_plan, note)
                                    : plan_back_out(plan, d->by, ret_plan, note);
}

/* The name under which the user logged in, not the one that sudo or su lent; NULL if there is none. */
static const char *login_name(char *buffer, size_t size)
{
    if (getlogin_r(buffer, size) == 0 && *buffer)
        return buffer;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : NULL;
}

/* What changed, one line for each step. */
static void tell(const struct plan *plan, struct text *text)
{
    char from[UTC_TEXT], to[UTC_TEXT];
    const struct plan_entry *entry = &plan->history[plan->history_count - 1];
    text_printf(text, "%s: %s at %s%s\n", plan->name, entry->operation, utc_format_short(entry->at_us, to),
        entry->forced ? ", forced" : "");
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct plan_change *change = &entry->changes[i];
        text_printf(text, "  %s %s: ", change->key, plan_do_name(change->what));
        if (change->added)
            text_printf(text, "added at %s\n", utc_format_short(change->to_us, to));
        else
            text_printf(text, "from %s to %s\n", utc_format_short(change->from_us, from),
                utc_format_short(change->to_us, to));
    }
}

/* A date behind the hold-down, and before that from which a replayed older RRset can do no harm: allowed, and
 * worth a word. */
static void warn(const struct plan_args *args, const struct plan *plan, bool rewritten)
{
    char sign[UTC_TEXT], safe[UTC_TEXT];
    struct plan_roll roll = plan_roll_at(plan, args->now_us);
    if (rewritten && !args->quiet)
        fprintf(stderr,
            "rollcall %s: warning: %s is written in a form that cannot be edited line by line; its comments "
            "are kept only at its head\n",
            args->command, args->plan);
    if (!args->quiet && roll.new_key && roll.sign_us != UTC_OPEN && roll.sign_us > args->now_us &&
        roll.sign_us < roll.safe_us)
        fprintf(stderr,
            "rollcall %s: warning: %s signs alone from %s; only from %s on can no replay of an older DNSKEY "
            "RRset hold a resolver back\n",
            args->command, roll.new_key->id, utc_format_short(roll.sign_us, sign),
            utc_format_short(roll.safe_us, safe));
}

static bool is_stdout(const char *output)
{
    return strcmp(output, "-") == 0;
}

/* Applies the decision; *text holds what is to be printed. */
static int apply(const struct plan_args *args, struct decision *d, struct plan **ret_plan,
    bool *ret_rewritten, struct text *text, struct err_note *note)
{
    struct plan *builtin;
    bool copies = args->output || is_stdout(args->plan);
    if (!copies && plan_builtin(args->plan, &builtin) == 0) {
        plan_free(builtin);
        copies = true;
    }
    if (!copies)
        return plan_yaml_change(args->plan, operate, d, ret_plan, ret_rewritten, note);
    struct text file;
    text_start(&file);
    int rc = plan_yaml_derive(args->plan, operate, d, ret_plan, ret_rewritten, &file, note);
    if (!rc && args->output && !is_stdout(args->output)) {
        rc = file_replace(args->output, file.string, file.length, note);
        if (rc)
            plan_free(*ret_plan);
    } else if (!rc) {
        text_add(text, file.string);
    }
    text_free(&file);
    return rc;
}

static int decide(const struct plan_args *args, struct decision *d)
{
    struct plan *plan;
    struct text text;
    struct err_note note = {""};
    bool rewritten = false;
    text_start(&text);
    int rc = apply(args, d, &plan, &rewritten, &text, &note);
    if (rc)
        return cmd_fail(args->command, rc, "%s", note.text);
    bool is_file = text.length > 0; /* the new plan itself goes to stdout */
    if (args->json) {
        text_free(&text);
        rc = plan_add_json(&text, plan, args->now_us);
    } else if (!args->quiet && !is_file) {
        tell(plan, &text);
    }
    warn(args, plan, rewritten);
    plan_free(plan);
    int code = rc || text.failed ? cmd_fail(args->command, ERR_NOMEM, "out of memory")
                                 : cmd_print(args->command, text.string, text.length);
    text_free(&text);
    return code;
}

static int run(const struct plan_args *args, enum operation operation)
{
    char name[256];
    struct decision d = {.operation = operation, .to_us = UTC_OPEN};
    if (!args->reason || !args->reason[strspn(args->reason, " \t\n")])
        return cmd_fail(
            args->command, ERR_USAGE, "--reason is missing: a decision is recorded with its reason");
    if (operation == RESUME && !args->to)
        return cmd_fail(args->command, ERR_USAGE, "--to DATE is missing");
    if (args->to && strcmp(args->to, "open") != 0 && utc_parse(args->to, &d.to_us))
        return cmd_fail(
            args->command, ERR_USAGE, "--to: '%s' is no time (2018-10-11, 2018-10-11T16:00:00Z)", args->to);
    if (operation == RESUME && d.to_us == UTC_OPEN)
        return cmd_fail(args->command, ERR_USAGE, "--to: a resumed plan has a date");
    d.by = (struct plan_decision){.now_us = args->now_us,
        .who = args->who ? args->who : login_name(name, sizeof name),
        .reason = args->reason,
        .force = args->force};
    return decide(args, &d);
}

int plan_postpone_command(const struct plan_args *args)
{
    return run(args, POSTPONE);
}

int plan_resume_command(const struct plan_args *args)
{
    return run(args, RESUME);
}

int plan_back_out_command(const struct plan_args *args)
{
    return run(args, BACK_OUT);
}
