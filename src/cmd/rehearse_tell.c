/* Progress while it goes on, then one of the forms; the verdict is the exit code. */
#include "cmd/rehearse_parts.h"

#include "app/lab/forms/forms.h"
#include "base/log.h"
#include "io/file/file.h"
#include "io/proc/clock.h"

#include <stdio.h>
#include <stdlib.h>

struct tell {
    const struct rehearse_options *o;
    const struct rehearse_wishes *wishes;
    struct progress progress;
    bool failed; /* a line could not be written */
};

static struct forms_run form_of(
    const struct rehearse_options *o, const struct rehearse_wishes *wishes, const struct lab_run *run)
{
    size_t number = (size_t)(run->wish - wishes->wishes);
    return (struct forms_run){.resolver = wishes->resolvers[number / wishes->scenario_count].word,
        .product = run->wish->product->name,
        .version = run->wish->version,
        .config = run->wish->config,
        .schedule = &run->schedule,
        .evidence = &run->evidence,
        .result = &run->result,
        .cost = o->timing ? &run->cost : NULL};
}

static void on_progress(void *context, size_t done, size_t count, int64_t at_us, double days, double all_days)
{
    struct tell *tell = context;
    char date[UTC_TEXT];
    int64_t us;
    if (!progress_due(&tell->progress, &us))
        return;
    struct text line;
    text_start(&line);
    progress_bar(&line, all_days > 0 ? days / all_days : 0);
    if (at_us != UTC_OPEN)
        text_printf(&line, "%s  ", utc_format_short(at_us - at_us % UTC_DAY, date));
    text_printf(&line, "%.0f virtual days a second, %zu of %zu rehearsals done", days * 1e6 / (double)us,
        done, count);
    progress_draw(&tell->progress, &line);
    text_free(&line);
}

static void on_ended(void *context, const struct lab_run *run)
{
    struct tell *tell = context;
    struct text line;
    if (!tell->o->jsonl || tell->failed)
        return;
    const struct forms_run form = form_of(tell->o, tell->wishes, run);
    text_start(&line);
    progress_wipe(&tell->progress);
    if (forms_jsonl(&form, &line))
        tell->failed = cmd_fail("rehearse", ERR_NOMEM, "out of memory") != 0;
    else
        tell->failed = cmd_print("rehearse", line.string, line.length) != 0;
    text_free(&line);
}

static int write_page(const char *path, const struct forms_report *report)
{
    struct err_note note = {"out of memory"};
    struct text text;
    text_start(&text);
    int err = forms_html(report, &text);
    err = err ? err : file_replace(path, text.string, text.length, &note);
    text_free(&text);
    return err ? cmd_fail("rehearse", err, "%s", note.text) : 0;
}

static int print(const struct tell *tell, const struct forms_report *report)
{
    struct cmd_screen screen = cmd_screen();
    struct text text;
    if (tell->o->jsonl)
        return tell->failed ? err_exit(ERR_IO) : 0;
    text_start(&text);
    int err = tell->o->json ? forms_json(report, &text)
                            : forms_table(report,
                                  (struct forms_screen){screen.color, screen.utf8, screen.columns}, &text);
    int code =
        err ? cmd_fail("rehearse", err, "out of memory") : cmd_print("rehearse", text.string, text.length);
    text_free(&text);
    return code;
}

static void tell_speed(const struct tell *tell, const struct lab_run *runs, size_t count)
{
    double days = 0, seconds = (double)(clock_mono_us() - tell->progress.start_us) / 1e6;
    for (size_t i = 0; i < count; i++)
        days += (double)(runs[i].evidence.to_us - runs[i].evidence.from_us) / (double)UTC_DAY;
    if (!tell->o->quiet)
        fprintf(stderr, "rollcall rehearse: %.0f virtual days in %.1f s\n", days, seconds);
}

int rehearse_run(const struct rehearse_options *o, const struct rehearse_wishes *wishes, struct arena *arena,
    const volatile bool *interrupted)
{
    struct tell tell = {.o = o, .wishes = wishes};
    struct err_note note = {"out of memory"};
    int err;
    const struct lab_watch watch = {on_progress, on_ended, interrupted, &tell};
    if (o->html && (err = file_check_replace(o->html, &note)) != 0)
        return cmd_fail("rehearse", err, "%s", note.text);
    struct lab_run *runs = arena_alloc(arena, (wishes->count + 1) * sizeof *runs);
    struct forms_run *forms = arena_alloc(arena, (wishes->count + 1) * sizeof *forms);
    progress_start(&tell.progress, o->quiet);
    err = runs && forms ? lab_rehearse(wishes->wishes, wishes->count, o->jobs, o->keep, NULL, &watch, arena,
                              runs, &note)
                        : ERR_NOMEM;
    progress_wipe(&tell.progress);
    if (err)
        return cmd_fail("rehearse", err, "%s", note.text);
    for (size_t i = 0; i < wishes->count; i++) {
        forms[i] = form_of(o, wishes, &runs[i]);
        if (runs[i].unkept)
            log_warning("%s", runs[i].unkept);
    }
    const struct forms_report report = {forms, wishes->count};
    int code = print(&tell, &report);
    if (code == 0 && o->html)
        code = write_page(o->html, &report);
    tell_speed(&tell, runs, wishes->count);
    return code ? code : (int)forms_verdict(&report);
}
