/* The run's main: what the scenario says, a look each day, and jumps between. */
#include "app/lab/drive_inside.h"
#include "app/lab/world/servers.h"

#include "base/hash.h"
#include "core/roll/sighting.h"
#include "core/roll/tasignal.h"
#include "io/proc/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum {
    FIRST_LOOK_HOURS = 1,
    CLOSE_DAYS = 4,
};

/* ---- what the scenario does ---- */

static int do_step(struct drive *drive, const struct scenario_step *step, struct err_note *note)
{
    int err;
    switch (step->what) {
    case SCENARIO_INSTALL:
        return drive_resolver_install(drive, note);
    case SCENARIO_START:
        return drive_resolver_start(drive, note);
    case SCENARIO_STOP:
        return drive_resolver_stop(drive, note);
    case SCENARIO_RESTART:
        err = drive_resolver_stop(drive, note);
        return err ? err : drive_resolver_start(drive, note);
    case SCENARIO_STATE_LOST:
        return drive_resolver_forget(drive, note);
    case SCENARIO_STATE_READ_ONLY:
    case SCENARIO_STATE_WRITABLE:
        return drive_resolver_lock(drive, step->what == SCENARIO_STATE_READ_ONLY, note);
    case SCENARIO_SERVERS:
        lab_server_fault(drive->server, step->root,
            (struct lab_server_faults){step->servers.off, step->servers.lag_us, step->servers.no_tcp,
                step->servers.udp_size ? step->servers.udp_size : drive->spec->wish->udp_size,
                step->servers.fragment_above});
        return 0;
    case SCENARIO_TAMPER:
        return lab_world_tamper(drive->world, (enum lab_tamper)step->tamper, step->as_of_us, note);
    case SCENARIO_CLOCK:
        vclock_set_wall(drive->clock, step->by_us);
        return 0;
    case SCENARIO_DOS:
        break;
    }
    return err_set(note, ERR_INTERNAL, "a step of a scenario that nobody knows");
}

static int do_steps(struct drive *drive, struct err_note *note)
{
    const struct scenario_schedule *schedule = drive->spec->schedule;
    int err = lab_world_at(drive->world, drive_now(drive), note);
    while (!err && drive->step < schedule->step_count &&
           schedule->steps[drive->step].at_us <= drive_now(drive)) {
        kept_event(&drive->kept, drive_now(drive), REHEARSAL_STEP, (int32_t)drive->step, NULL);
        err = do_step(drive, &schedule->steps[drive->step++], note);
    }
    return err;
}

/* ---- the whole ---- */

/* The first step of the plan or of the scenario that is later than that. */
static int64_t step_after(const struct drive *drive, int64_t t_us)
{
    const struct scenario_schedule *schedule = drive->spec->schedule;
    int64_t next_us = plan_next_change(schedule->plan, t_us);
    for (size_t i = 0; i < schedule->step_count; i++)
        if (schedule->steps[i].at_us > t_us && schedule->steps[i].at_us < next_us)
            next_us = schedule->steps[i].at_us;
    return next_us;
}

/* Days until the next look. A program that is run for each question keeps nothing from day to day: between
 * steps, and when what they changed has gone from caches, more seldom is enough. */
static int64_t pause_of(const struct drive *drive)
{
    if (drive->spec->wish->product->kind == LAB_SERVER)
        return 1;
    int64_t days = (step_after(drive, drive->look_us - CLOSE_DAYS * UTC_DAY) - drive->look_us) / UTC_DAY;
    return days < 1 ? 1 : days < DRIVE_ONESHOT_DAYS ? days : DRIVE_ONESHOT_DAYS;
}

static int64_t next_of(const struct drive *drive)
{
    const struct scenario_schedule *schedule = drive->spec->schedule;
    int64_t next_us = schedule->to_us;
    if (drive->step < schedule->step_count && schedule->steps[drive->step].at_us < next_us)
        next_us = schedule->steps[drive->step].at_us;
    return drive->look_us < next_us ? drive->look_us : next_us;
}

static int play_all(struct drive *drive, struct err_note *note)
{
    int64_t to_us = drive->spec->schedule->to_us;
    int err = 0;
    while (!err) {
        err = do_steps(drive, note);
        if (!err && drive->installed && drive_now(drive) >= drive->look_us) {
            err = drive_look(drive, note);
            drive->look_us += pause_of(drive) * UTC_DAY;
        }
        while (!drive->installed && drive->look_us <= drive_now(drive))
            drive->look_us += UTC_DAY; /* nobody to ask yet */
        if (err || drive_now(drive) >= to_us)
            return err;
        err = drive_to(drive, next_of(drive), note);
    }
    return err;
}

/* What the root saw of it, or he whom it forwards to. */
static void keep_queries(struct drive *drive)
{
    size_t count;
    const struct lab_query *log = lab_server_log(drive->server, &count);
    for (size_t i = 0; i < count; i++) {
        const struct lab_query *query = &log[i];
        const struct evidence_event *event = &query->event;
        bool forwarded = query->server == SERVERS_RECURSING;
        if (query->server >= LAB_ROOTS && !forwarded)
            continue;
        bool is_option = event->kind == EVIDENCE_KEYTAG, is_signal = event->kind == EVIDENCE_SIGNAL;
        if (is_option || event->kind == EVIDENCE_DNSKEY)
            kept_fetch(&drive->kept, (struct rehearsal_fetch){query->at_us, query->answer_size, query->tcp,
                                         query->truncated, forwarded ? REHEARSAL_FORWARD : query->server});
        if (!is_option && !is_signal)
            continue;
        struct rehearsal_signal signal = {.at_us = query->at_us,
            .kind = is_option              ? SIGHTING_OPTION
                    : query->qtype == RR_A ? SIGHTING_TA_A
                                           : SIGHTING_TA_NULL,
            .count = event->tag_count};
        for (size_t k = 0; k < event->tag_count && k < REHEARSAL_TAGS; k++)
            signal.tags[k] = event->tags[k];
        kept_signal(&drive->kept, signal);
    }
}

static int open_askers(struct drive *drive, struct err_note *note)
{
    const struct lab_setup *setup = drive->spec->setup;
    const struct lab_start *start = drive->spec->start;
    size_t count = start->view_count ? start->view_count : 1;
    int err = 0;
    for (size_t i = 0; i < count && !err && drive->spec->wish->product->kind == LAB_SERVER; i++) {
        err = asker_new(setup->address, setup->port, start->views[i].source, &drive->askers[i], note);
        drive->asker_count += !err;
    }
    for (size_t i = 0; i < start->view_count; i++)
        snprintf(
            drive->kept.evidence.views[i], REHEARSAL_VIEW, "%.*s", REHEARSAL_VIEW - 1, start->views[i].name);
    return err;
}

static int open_all(struct drive *drive, struct err_note *note)
{
    const struct drive_spec *spec = drive->spec;
    struct lab_world_spec world = {.plan = spec->schedule->plan,
        .keys = spec->keys,
        .from_us = spec->schedule->from_us,
        .to_us = spec->schedule->to_us};
    memcpy(world.other_keys, spec->other_keys, sizeof world.other_keys);
    drive->arena = arena_new();
    const char *page = drive->arena ? arena_printf(drive->arena, "%s/clock", spec->directory) : NULL;
    int err = page ? vclock_new(page, spec->schedule->from_us, &drive->clock, note)
                   : err_set(note, ERR_NOMEM, "no memory for a rehearsal");
    if (!err)
        vclock_still(drive->clock, spec->schedule->from_us);
    err = err ? err : lab_world_new(&world, &drive->world, note);
    err = err ? err : lab_server_new(drive->world, drive->clock, &drive->server, note);
    err = err ? err : open_askers(drive, note);
    if (!err && spec->wish->udp_size)
        lab_server_fault(drive->server, -1, (struct lab_server_faults){.udp_size = spec->wish->udp_size});
    return err;
}

static void close_all(struct drive *drive)
{
    for (size_t i = 0; i < drive->asker_count; i++)
        asker_free(drive->askers[i]);
    lab_server_free(drive->server);
    lab_world_free(drive->world);
    vclock_free(drive->clock);
    kept_free(&drive->kept);
    arena_free(drive->arena);
}

static int64_t processor_us(int who)
{
    struct rusage use = {0};
    getrusage(who, &use);
    return (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * UTC_SECOND + use.ru_utime.tv_usec +
           use.ru_stime.tv_usec;
}

static void sum_up(struct drive *drive)
{
    struct lab_cost *cost = &drive->cost;
    drive_phase(drive, LAB_ENDING);
    for (int phase = 0; phase < LAB_PHASES; phase++)
        cost->wall_us += cost->phase_us[phase];
    cost->programs_us = processor_us(RUSAGE_CHILDREN); /* those that have ended: all, by now */
    cost->own_us = processor_us(RUSAGE_SELF);
}

/* What programs draw at random is the same in each run of the same, and another in each other. */
static uint64_t seed_of(const struct drive_spec *spec)
{
    const char *const names[] = {
        spec->wish->product->name, spec->wish->scenario->name, spec->schedule->plan->name};
    uint64_t seed = spec->wish->seed;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        seed = hash_bytes(names[i], strlen(names[i]), seed);
    return seed;
}

/* What was still asked when the program ended is answered, so that no log has one half alone. */
static void answer_last(struct drive *drive)
{
    unsigned answered = 1;
    while (answered && lab_server_poll(drive->server, 0, 0, &answered) == 0)
        drive->cost.answers += answered;
}

int drive_run(void *context)
{
    const struct drive_spec *spec = context;
    struct drive drive = {.spec = spec,
        .look_us = spec->schedule->from_us + FIRST_LOOK_HOURS * UTC_HOUR,
        .seed = seed_of(spec)};
    struct rehearsal_evidence *evidence = &drive.kept.evidence;
    struct err_note note = {""}, why = {""};
    char path[DRIVE_PATH];
    drive.phase_us = clock_mono_us();
    evidence->from_us = spec->schedule->from_us;
    evidence->reached = true;
    snprintf(path, sizeof path, "%s/" DRIVE_EVIDENCE, spec->directory);
    int err = open_all(&drive, &note);
    if (!err) {
        drive_kept_begin(&drive);
        drive_phase(&drive, LAB_SETTLING);
        err = play_all(&drive, &note);
        evidence->to_us = drive_now(&drive);
        if (err && evidence->reached)
            kept_event(&drive.kept, evidence->to_us, REHEARSAL_LAB, err, note.text);
        drive_resolver_stop(&drive, &why);
        answer_last(&drive);
        keep_queries(&drive);
        drive_kept_end(&drive);
        sum_up(&drive);
        err = kept_save(&drive.kept, &drive.cost, path, &note);
    }
    if (err)
        spec->seen->fault = note;
    close_all(&drive);
    return err ? err_exit(err) : 0;
}
