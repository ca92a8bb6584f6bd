/* Each run is prepared here (schedule, keys, files), played in a process and space of its own, and judged
 * here. */
#include "app/lab/lab.h"
#include "app/lab/lab_setup.h"
#include "app/lab/drive.h"
#include "app/lab/kept.h"
#include "app/lab/keyring.h"
#include "app/lab/world/server.h"

#include "io/file/file.h"
#include "io/proc/space.h"
#include "io/proc/tree.h"
#include "io/vclock/vclock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAP_MS = 10 };

/* A run as it goes. */
struct going {
    pid_t pid; /* 0: not begun, or over */
    bool over;
    struct drive_spec spec;
    struct lab_setup setup;
    struct lab_start start;
    struct zone_keys keys;
    const struct dnskey *others[KEYRING_OTHERS];
};

struct lab {
    const struct lab_watch *watch;
    struct arena *arena;
    struct keyring *keyring;
    const char *directory;   /* of all runs */
    struct tree_guard guard; /* of it, unless it stays */
    struct drive_seen *seen;
    struct going *goings;
    struct lab_run *runs;
    size_t count, done;
    bool kept; /* the directory stays */
};

/* ---- before a run ---- */

/* "unbound-full-3": unique, and made of what may stand in a path. */
static const char *make_directory(struct lab *lab, size_t number, struct err_note *note)
{
    const struct lab_wish *wish = lab->runs[number].wish;
    char *path = arena_printf(
        lab->arena, "%s/%s-%s-%zu", lab->directory, wish->product->name, wish->scenario->name, number + 1);
    for (char *at = path ? path + strlen(lab->directory) + 1 : NULL; at && *at; at++)
        if (*at == '/')
            *at = '-';
    if (!path)
        err_set(note, ERR_NOMEM, "no memory for a path");
    else if (mkdir(path, 0700) < 0)
        err_set(note, ERR_IO, "%s: %s", path, strerror(errno)), path = NULL;
    return path;
}

static int prepare(struct lab *lab, size_t number, struct err_note *note)
{
    struct going *going = &lab->goings[number];
    struct lab_run *run = &lab->runs[number];
    const struct lab_wish *wish = run->wish;
    int err =
        lab_setup_make(lab->keyring, wish, &run->schedule, lab->arena, &going->keys, &going->setup, note);
    err = err ? err : keyring_others(lab->keyring, going->others, note);
    const char *directory = err ? NULL : make_directory(lab, number, note);
    if (!directory)
        return err ? err : ERR_IO;
    going->setup.directory = arena_printf(lab->arena, "%s/resolver", directory);
    going->spec = (struct drive_spec){.wish = wish,
        .schedule = &run->schedule,
        .keys = &going->keys,
        .other_keys = going->others,
        .setup = &going->setup,
        .start = &going->start,
        .directory = directory,
        .kept = lab->kept,
        .seen = &lab->seen[number]};
    if (!going->setup.directory || (mkdir(going->setup.directory, 0700) < 0 && errno != EEXIST))
        return err_set(note, ERR_IO, "%s/resolver: %s", directory, strerror(errno));
    atomic_store(&lab->seen[number].at_us, run->schedule.from_us);
    err = lab_product_prepare(&going->setup, lab->arena, &going->start, note);
    if (!err && going->start.trust.known)
        going->setup.managed = going->start.trust.follows;
    return err;
}

/* ---- a run ---- */

static void set_why(char ret[REHEARSAL_WHY], const char *why)
{
    snprintf(ret, REHEARSAL_WHY, "%s", why);
}

/* `reached` false: by the clock; else it is the configuration. */
static void cannot(struct lab_run *run, const char *why, bool reached)
{
    run->evidence = (struct rehearsal_evidence){.from_us = run->schedule.from_us,
        .to_us = run->schedule.from_us,
        .reached = reached,
        .refused = reached};
    set_why(run->evidence.why_not, why);
}

/* A run that left nothing. */
static int broken(struct lab *lab, struct lab_run *run, const char *why, struct err_note *note)
{
    struct rehearsal_event *event = arena_alloc(lab->arena, sizeof *event);
    if (!event)
        return err_set(note, ERR_NOMEM, "no memory for a rehearsal");
    *event = (struct rehearsal_event){.at_us = run->schedule.from_us, .what = REHEARSAL_LAB};
    snprintf(event->text, sizeof event->text, "%s", why);
    run->evidence = (struct rehearsal_evidence){.from_us = run->schedule.from_us,
        .to_us = run->schedule.from_us,
        .reached = true,
        .events = event,
        .event_count = 1};
    return 0;
}

/* What its configuration makes it trust. One that named or Unbound is to find in the first RRset is none if
 * it is not there yet. */
static void set_anchors(struct lab_run *run, const struct lab_trust *trust)
{
    const struct plan *plan = run->schedule.plan;
    int64_t installed_us = run->schedule.from_us;
    for (size_t i = 0; i < run->schedule.step_count; i++)
        if (run->schedule.steps[i].what == SCENARIO_INSTALL)
            installed_us = run->schedule.steps[i].at_us;
    run->evidence.configured = trust->known;
    for (size_t i = 0; i < trust->count; i++) {
        bool there = !trust->initial[i];
        for (size_t k = 0; k < plan->key_count && !there; k++)
            there = !plan->keys[k].zsk && plan->keys[k].tag == trust->tags[i] &&
                    plan_key_at(&plan->keys[k], installed_us).published;
        if (there)
            run->evidence.anchors[run->evidence.anchor_count++] = trust->tags[i];
    }
}

static int judge(struct lab *lab, size_t number, struct err_note *note)
{
    struct lab_run *run = &lab->runs[number];
    const struct going *going = &lab->goings[number];
    const struct lab_product *product = run->wish->product;
    run->evidence.product = product->name;
    run->evidence.look_days = product->kind == LAB_ONESHOT ? DRIVE_ONESHOT_DAYS : 1;
    if (going->start.limited && !run->evidence.why_not[0]) {
        run->evidence.limited = true;
        set_why(run->evidence.why_not, going->start.limited);
    }
    if (going->start.noted)
        set_why(run->evidence.noted, going->start.noted);
    set_anchors(run, &going->start.trust);
    int err =
        rehearsal_judge(&run->schedule, rfc5011_profile(going->setup.managed ? product->profile : "static"),
            &run->evidence, lab->arena, &run->result, note);
    lab->goings[number].over = true;
    lab->done++;
    if (!err && lab->watch->ended)
        lab->watch->ended(lab->watch->context, run);
    return err;
}

/* Starts it, or finds that it cannot be and judges that. */
static int begin(struct lab *lab, size_t number, struct err_note *note)
{
    struct going *going = &lab->goings[number];
    struct lab_run *run = &lab->runs[number];
    struct err_note why = {""};
    int err = prepare(lab, number, note);
    if (err == ERR_CONFIG || err == ERR_DATA || err == ERR_UNAVAILABLE) { /* of this resolver alone */
        cannot(run, note->text, true);
        return judge(lab, number, note);
    }
    if (!err && (going->start.cannot || !vclock_can_reach(going->start.argv[0], &why))) {
        cannot(run, going->start.cannot ? going->start.cannot : why.text, going->start.cannot != NULL);
        return judge(lab, number, note);
    }
    size_t addresses;
    const char *const *address = lab_server_addresses(&addresses);
    const struct space_spec space = {address, addresses, going->start.needs_ethernet};
    return err ? err : space_start(&space, drive_run, &going->spec, &going->pid, note);
}

static int end(struct lab *lab, size_t number, int status, struct err_note *note)
{
    struct going *going = &lab->goings[number];
    struct lab_run *run = &lab->runs[number];
    struct err_note why = {""};
    const char *fault = lab->seen[number].fault.text;
    char words[64];
    going->pid = 0;
    const char *path = arena_printf(lab->arena, "%s/" DRIVE_EVIDENCE, going->spec.directory);
    int err = path ? kept_load(path, lab->arena, &run->evidence, &run->cost, &why) : ERR_NOMEM;
    if (path)
        unlink(path);
    run->unkept =
        lab->seen[number].unkept.text[0] ? arena_string(lab->arena, lab->seen[number].unkept.text) : NULL;
    if (err == ERR_NOMEM)
        return err_set(note, ERR_NOMEM, "no memory for what a rehearsal showed");
    if (err && fault[0] && WIFEXITED(status)) /* room, memory, descriptors: the others lack them as well */
        return err_set(note, -WEXITSTATUS(status), "%s", fault);
    if (err) {
        snprintf(words, sizeof words, "the rehearsal itself ended with %s %d",
            WIFEXITED(status) ? "exit code" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        err = broken(lab, run, words, note);
    }
    return err ? err : judge(lab, number, note);
}

/* ---- all runs ---- */

static void tell_progress(const struct lab *lab)
{
    int64_t first_us = UTC_OPEN;
    double days = 0, all_days = 0;
    if (!lab->watch->progress)
        return;
    for (size_t i = 0; i < lab->count; i++) {
        const struct scenario_schedule *schedule = &lab->runs[i].schedule;
        int64_t at_us = lab->goings[i].over ? schedule->to_us : atomic_load(&lab->seen[i].at_us);
        bool begun = lab->goings[i].over || lab->goings[i].pid;
        all_days += (double)(schedule->to_us - schedule->from_us) / (double)UTC_DAY;
        days += begun ? (double)(at_us - schedule->from_us) / (double)UTC_DAY : 0;
        if (lab->goings[i].pid && at_us < first_us)
            first_us = at_us;
    }
    lab->watch->progress(lab->watch->context, lab->done, lab->count, first_us, days, all_days);
}

static bool is_interrupted(const struct lab *lab)
{
    return lab->watch->interrupted && *lab->watch->interrupted;
}

static int play(struct lab *lab, unsigned jobs, struct err_note *note)
{
    size_t begun = 0, running = 0;
    int err = 0;
    while (!err && lab->done < lab->count && !is_interrupted(lab)) {
        while (!err && running < jobs && begun < lab->count) {
            err = begin(lab, begun, note);
            running += lab->goings[begun++].pid != 0;
        }
        for (size_t i = 0; i < begun && !err; i++) {
            int status;
            if (lab->goings[i].pid && waitpid(lab->goings[i].pid, &status, WNOHANG) > 0) {
                running--;
                err = end(lab, i, status, note);
            }
        }
        tell_progress(lab);
        nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000}, NULL);
    }
    for (size_t i = 0; i < begun; i++) /* process 1 of a space: everything in it ends */
        if (lab->goings[i].pid) {
            kill(lab->goings[i].pid, SIGKILL);
            waitpid(lab->goings[i].pid, NULL, 0);
        }
    return !err && is_interrupted(lab) ? err_set(note, ERR_UNAVAILABLE, "interrupted") : err;
}

static int schedule_all(struct lab *lab, const struct lab_wish *wishes, struct err_note *note)
{
    int err = 0;
    for (size_t i = 0; i < lab->count && !err; i++) {
        lab->runs[i] = (struct lab_run){.wish = &wishes[i]};
        err = scenario_schedule(wishes[i].scenario, wishes[i].plan, wishes[i].from_us, wishes[i].to_us,
            lab->arena, &lab->runs[i].schedule, note);
    }
    return err;
}

/* The directory of all runs: the one to be kept, or one of ours. */
static int open_directory(struct lab *lab, const char *keep, struct err_note *note)
{
    const char *temporary = getenv("TMPDIR");
    char *path = keep ? realpath(keep, NULL) : NULL, *template;
    if (keep && !path && mkdir(keep, 0700) == 0)
        path = realpath(keep, NULL);
    if (keep) {
        lab->directory = path ? arena_string(lab->arena, path) : NULL;
        free(path);
        return lab->directory ? 0 : file_error(note, keep, "cannot be kept in");
    }
    template =
        arena_printf(lab->arena, "%s/rollcall-rehearse.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!template || !mkdtemp(template))
        return err_set(
            note, ERR_IO, "%s: no temporary directory: %s", template ? template : "", strerror(errno));
    int err = tree_guard_begin(template, &lab->guard, note);
    if (err)
        tree_remove(template);
    else
        lab->directory = template;
    return err;
}

int lab_rehearse(const struct lab_wish *wishes, size_t count, unsigned jobs, const char *keep,
    const char *cache, const struct lab_watch *watch, struct arena *arena, struct lab_run *ret_runs,
    struct err_note *note)
{
    char library[4096];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    static const struct lab_watch nobody;
    struct lab lab = {.watch = watch ? watch : &nobody,
        .arena = arena,
        .runs = ret_runs,
        .count = count,
        .kept = keep != NULL};
    lab.seen =
        mmap(NULL, (count + 1) * sizeof *lab.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lab.goings = calloc(count + 1, sizeof *lab.goings);
    lab.keyring = keyring_new(cache);
    int err = lab.seen != MAP_FAILED && lab.goings && lab.keyring
                  ? 0
                  : err_set(note, ERR_NOMEM, "no memory for rehearsals");
    err = err ? err : vclock_library(library, sizeof library, note);
    err = err ? err : schedule_all(&lab, wishes, note);
    err = err ? err : open_directory(&lab, keep, note);
    err = err ? err : play(&lab, jobs ? jobs : processors > 0 ? (unsigned)processors : 1, note);
    if (lab.directory && !keep)
        tree_guard_end(&lab.guard);
    keyring_free(lab.keyring);
    free(lab.goings);
    if (lab.seen != MAP_FAILED)
        munmap(lab.seen, (count + 1) * sizeof *lab.seen);
    return err;
}
