/* The program is installed as the scenario says, started and ended, and what it keeps is locked, lost or
 * read. Its state directory is a mount of its own, so that it can be made read only for whoever it runs as.
 */
#include "app/lab/drive_inside.h"

#include "io/proc/clock.h"
#include "io/proc/launch.h"
#include "io/proc/space.h"
#include "io/proc/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    GRACE_US = 5 * 1000000,  /* real time, and virtual, to end after SIGTERM */
    STARTS_US = 5 * 1000000, /* real time, to execute and to speak to the clock */
    ONESHOT_US = 30 * 1000000,
    LAST_WORDS = 4096, /* octets of a log that are looked at */
    MOST_OUTPUT = 65536,
};

/* ---- words ---- */

/* Takes our directory out of paths: it is another one in each run. */
static void drop(char *words, const char *directory)
{
    size_t length = strlen(directory);
    for (char *at = words; (at = strstr(at, directory)) != NULL;)
        memmove(at, at + length, strlen(at + length) + 1);
}

/* Lines with which programs end that say less than the line before them. */
static bool says_little(const char *line)
{
    static const char *const phrases[] = {"exiting (due to", "loading configuration: failure",
        "failed to setup modules", "module init for module", "could not apply configuration settings",
        "error in trustanchors config", "error reading ", "error: failed to read ",
        "failed to load trust anchor from", "error occurred here (config filename", "failed to load module '",
        "ERROR: No such file or directory (workdir", "ERROR: Invalid argument (workdir", ": in function '",
        ": in main chunk", "stack traceback:", "no further information"};
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (strstr(line, phrases[i]))
            return true;
    return false;
}

/* The last line that says something. Splits the text. */
static const char *telling_line(char *text)
{
    char *line, *end;
    const char *last = NULL;
    while ((line = strrchr(text, '\n'))) {
        *line++ = '\0';
        last = last ? last : line;
        if (!says_little(line))
            break;
        for (end = text + strlen(text); end > text && (end[-1] == '\n' || end[-1] == ' '); end--)
            end[-1] = '\0';
    }
    if (line)
        return strstr(line, "notice:") ? last : line;
    return last && says_little(text) ? last : text;
}

/* The last line of the log that says something. */
static void last_words(const struct drive *drive, char ret[REHEARSAL_TEXT])
{
    char tail[LAST_WORDS + 1];
    ret[0] = '\0';
    int fd = open(drive->spec->start->log, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > LAST_WORDS ? size - LAST_WORDS : 0;
    ssize_t length = pread(fd, tail, LAST_WORDS, from);
    close(fd);
    if (length <= 0)
        return;
    tail[length] = '\0';
    while (length > 0 && (tail[length - 1] == '\n' || tail[length - 1] == ' '))
        tail[--length] = '\0';
    drop(tail, drive->spec->setup->directory);
    const char *line = telling_line(tail);
    size_t end = strlen(line); /* of a sentence that goes on behind it */
    while (end > 0 && strchr(" .\r", line[end - 1]))
        end--;
    snprintf(ret, REHEARSAL_TEXT, "%.*s", end < REHEARSAL_TEXT ? (int)end : REHEARSAL_TEXT - 1, line);
}

static void tell(struct drive *drive, enum rehearsal_what what, int code)
{
    char words[REHEARSAL_TEXT] = "";
    if (what == REHEARSAL_ENDED || what == REHEARSAL_COULD_NOT_START)
        last_words(drive, words);
    kept_event(&drive->kept, drive_now(drive), what, code, words);
}

/* ---- ends ---- */

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void drive_resolver_reap(struct drive *drive)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        vclock_reap(drive->clock, pid);
        if (pid == drive->oneshot) {
            drive->oneshot = 0;
            drive->oneshot_code = code_of(status);
        }
        if (pid == drive->bus)
            drive->bus = 0;
        if (pid != drive->pid)
            continue;
        drive->pid = 0;
        if (drive->wanted)
            tell(drive, drive->told ? REHEARSAL_ENDED : REHEARSAL_COULD_NOT_START, code_of(status));
        drive->wanted = false;
    }
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* ---- starts ---- */

static int launch(
    struct drive *drive, char *const *argv, const char *output, pid_t *ret_pid, struct err_note *note)
{
    vclock_seed(drive->clock, drive->seed++);
    const char *const *clock = vclock_environment(drive->clock);
    const struct lab_start *start = drive->spec->start;
    const char *environment[64];
    size_t count = 0;
    for (size_t i = 0; clock[i] && count < 63; i++)
        environment[count++] = clock[i];
    for (size_t i = 0; start->environment && start->environment[i] && count < 63; i++)
        environment[count++] = start->environment[i];
    environment[count] = NULL;
    const struct proc_spec spec = {.argv = (const char *const *)argv,
        .environment = environment,
        .directory = start->directory,
        .output = output,
        .same_addresses = true};
    return launch_program(&spec, ret_pid, note);
}

/* True once it listens: it answers, whatever it is. */
static bool has_answer(struct drive *drive)
{
    return asker_take(drive->askers[0]) || !drive->pid;
}

/* Until the clock hears of it. False: it ended before, or the clock does not reach it. */
static bool is_reached(struct drive *drive)
{
    int64_t began_us = clock_mono_us();
    while (
        drive->pid && !vclock_reaches(drive->clock, drive->pid) && clock_mono_us() - began_us < STARTS_US) {
        nap();
        drive_resolver_reap(drive);
    }
    return drive->pid && vclock_reaches(drive->clock, drive->pid);
}

static int start_server(struct drive *drive, struct err_note *note)
{
    const struct lab_start *start = drive->spec->start;
    int err = 0;
    if (start->bus_argv && !drive->bus)
        err = launch(drive, start->bus_argv, start->log, &drive->bus, note);
    drive->told = false;
    drive->wanted = true;
    err = err ? err : launch(drive, start->argv, start->log, &drive->pid, note);
    if (err) {
        kept_event(&drive->kept, drive_now(drive), REHEARSAL_COULD_NOT_START, 0, note->text);
        drive->wanted = false;
        return 0;
    }
    if (!is_reached(drive)) {
        if (!drive->pid)
            return 0; /* its end was told */
        drive->kept.evidence.reached = false;
        snprintf(drive->kept.evidence.why_not, sizeof drive->kept.evidence.why_not,
            "the clock does not reach %s: no thread of it has spoken to the clock",
            drive->spec->wish->product->name);
        return err_set(note, ERR_UNAVAILABLE, "%s", drive->kept.evidence.why_not);
    }
    for (unsigned tries = 0; drive->pid && !drive->told && tries < 5 && !err; tries++) {
        err = drive_rest(drive, NULL, note);
        asker_ask(drive->askers[0], "start.plain.lab.");
        err = err ? err : drive_rest(drive, has_answer, note);
        drive->told = drive->pid && asker_result(drive->askers[0]) != ANSWER_TIMEOUT;
        if (!drive->told && drive->pid && !err)
            drive_jump(drive, drive_now(drive) + UTC_SECOND);
    }
    if (!err && drive->pid)
        tell(drive, drive->told ? REHEARSAL_STARTED : REHEARSAL_COULD_NOT_START, 0);
    drive->told = true;
    return err;
}

int drive_resolver_start(struct drive *drive, struct err_note *note)
{
    if (drive->spec->wish->product->kind == LAB_ONESHOT) {
        drive->wanted = true;
        tell(drive, REHEARSAL_STARTED, 0);
        return 0;
    }
    enum lab_phase before = drive_phase(drive, LAB_STARTING);
    int err = drive->pid ? 0 : start_server(drive, note);
    drive_phase(drive, before);
    return err;
}

/* A program that ends may wait for moments as well. */
static int await_end(struct drive *drive, struct err_note *note)
{
    int64_t began_us = clock_mono_us(), until_us = drive_now(drive) + GRACE_US;
    while (drive->pid && clock_mono_us() - began_us < GRACE_US) {
        bool answered;
        int err = drive_turn(drive, &answered, note);
        if (err)
            return err;
        if (drive->pid && drive->waits.asleep && !answered && drive->waits.next_us < until_us)
            drive_jump(drive, drive->waits.next_us);
    }
    return 0;
}

int drive_resolver_stop(struct drive *drive, struct err_note *note)
{
    enum lab_phase before = drive_phase(drive, LAB_ENDING);
    bool ran = drive->wanted;
    int err = 0;
    drive->wanted = false;
    if (drive->pid) {
        kill(-drive->pid, SIGTERM);
        err = await_end(drive, note);
    }
    if (drive->pid)
        kill(-drive->pid, SIGKILL);
    while (drive->pid) {
        nap();
        drive_resolver_reap(drive);
    }
    if (ran && !err)
        tell(drive, REHEARSAL_STOPPED, 0);
    drive_phase(drive, before);
    return err;
}

/* ---- state ---- */

/* Lays the package's files over the system's, and makes the state a mount, once. */
static int mount_all(struct drive *drive, bool writable, struct err_note *note)
{
    const struct lab_start *start = drive->spec->start;
    int err = 0;
    if (drive->installed)
        return 0;
    for (size_t i = 0; i < start->overlay_count && !err; i++)
        err = space_overlay(start->overlays[i].from, start->overlays[i].to, note);
    for (size_t i = 0; i < start->bind_count && !err; i++)
        err = space_bind(start->binds[i].from, start->binds[i].to, note);
    if (!err && start->state_directory)
        err = space_read_only(start->state_directory, !writable, note);
    drive->installed = !err;
    return err;
}

int drive_resolver_install(struct drive *drive, struct err_note *note)
{
    int err = mount_all(drive, true, note);
    return err ? err : drive_resolver_start(drive, note);
}

int drive_resolver_lock(struct drive *drive, bool on, struct err_note *note)
{
    const char *state = drive->spec->start->state_directory;
    if (!drive->installed)
        return mount_all(drive, !on, note);
    return state ? space_read_only(state, on, note) : 0;
}

int drive_resolver_forget(struct drive *drive, struct err_note *note)
{
    struct lab_start again;
    const char *state = drive->spec->start->state_directory;
    int err = drive_resolver_stop(drive, note);
    if (!err && state && tree_empty(state))
        err = err_set(note, ERR_IO, "%s: cannot be emptied", state);
    if (!err && state) /* the same files, written again */
        err = lab_product_prepare(drive->spec->setup, drive->arena, &again, note);
    drive->state_count = 0;
    return err ? err : drive_resolver_start(drive, note);
}

static const struct lab_key_state *find(const struct lab_key_state *states, size_t count, uint16_t tag)
{
    for (size_t i = 0; i < count; i++)
        if (states[i].tag == tag)
            return &states[i];
    return NULL;
}

void drive_resolver_states(struct drive *drive)
{
    struct lab_key_state now[RFC5011_KEYS];
    struct err_note why;
    size_t count;
    if (!drive->installed || !drive->spec->setup->managed ||
        lab_product_state(drive->spec->setup, drive_now(drive), now, RFC5011_KEYS, &count, &why))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct lab_key_state *before = find(drive->states, drive->state_count, now[i].tag);
        if (!before || before->state != now[i].state)
            kept_state(
                &drive->kept, (struct rehearsal_state){drive_now(drive), now[i].tag, (uint8_t)now[i].state});
    }
    for (size_t i = 0; i < drive->state_count; i++)
        if (!find(now, count, drive->states[i].tag) && drive->states[i].state != RFC5011_REMOVED)
            kept_state(&drive->kept,
                (struct rehearsal_state){drive_now(drive), drive->states[i].tag, RFC5011_REMOVED});
    memcpy(drive->states, now, count * sizeof *now);
    drive->state_count = count;
}

/* ---- one-shots ---- */

static bool has_ended(struct drive *drive)
{
    return !drive->oneshot;
}

int drive_resolver_question(
    struct drive *drive, const char *name, enum evidence_answer *ret_answer, struct err_note *note)
{
    char output[MOST_OUTPUT];
    const char *path = arena_printf(drive->arena, "%s/answer", drive->spec->directory);
    char **argv = lab_product_question(drive->spec->setup, drive->spec->start, name, drive->arena);
    int err = argv && path ? 0 : err_set(note, ERR_NOMEM, "no memory for a question");
    *ret_answer = ANSWER_TIMEOUT;
    if (err || !drive->wanted)
        return err;
    unlink(path);
    err = launch(drive, argv, path, &drive->oneshot, note);
    int64_t began_us = clock_mono_us();
    while (!err && drive->oneshot && clock_mono_us() - began_us < ONESHOT_US)
        err = drive_rest(drive, has_ended, note);
    if (drive->oneshot) {
        kill(-drive->oneshot, SIGKILL);
        return err;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, output, sizeof output - 1);
    if (fd >= 0)
        close(fd);
    output[length > 0 ? length : 0] = '\0';
    *ret_answer = lab_product_answer(drive->spec->wish->product, output, drive->oneshot_code);
    return err;
}
