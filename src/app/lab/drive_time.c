/* Who waits for an answer that has arrived, or works, is not at rest, and no time passes for it. The lab
 * answers one message at a time, when everybody is asleep: so who is faster on this machine today, the lab or
 * one of the program's threads, decides nothing, and runs can be repeated. Deadlines in the next few seconds
 * are an exchange under way (a timeout, a second try) as long as packets come and go: they are kept to the
 * microsecond. Those farther away may come late, all of an hour together, so that a day has 24 jumps and not
 * a thousand.
 *
 * Programs that try again and again are often bounded by time alone: Knot Resolver asks for ten seconds what
 * TCP refuses, and primes itself anew until a record with a TTL of 0 is stale. So where a moment has more
 * questions than any exchange that goes well, each costs a round trip; and who works on for long, without
 * one, sees time pass. Both are counted, in questions and in processor time, and not measured by a clock that
 * a busy machine delays. */
#include "app/lab/drive_inside.h"

#include "io/proc/clock.h"
#include "io/proc/space.h"

#include <poll.h>
#include <time.h>

enum {
    CALM = 2,          /* looks in a row that must show rest */
    MESSAGE_US = 1000, /* virtual, that a message and its answer take: without it some loop for ever */
    PATIENCE_US = 20 * 1000000, /* real time: who is not at rest then never will be */
    EXCHANGE_US = 15 * 1000000, /* virtual: so long a user waits for an answer after the last packet */
    QUIET_US = 4 * 1000000,     /* virtual, without a packet: an exchange of the resolver's own is over */
    LATE_HOURS = 1,
    STORM = 200,            /* questions within a moment that are none of one exchange any more */
    ROUND_TRIP_US = 100000, /* virtual: what each costs then */
    TOIL_US = 500000,       /* of a processor, within a moment, after which time passes … */
    TOIL_PACE = 4,          /* … so much faster than the program works */
};

int64_t drive_now(const struct drive *drive)
{
    return vclock_now_us(drive->clock);
}

enum lab_phase drive_phase(struct drive *drive, enum lab_phase phase)
{
    int64_t now_us = clock_mono_us();
    enum lab_phase before = drive->phase;
    drive->cost.phase_us[before] += now_us - drive->phase_us;
    drive->phase = phase;
    drive->phase_us = now_us;
    return before;
}

int drive_turn(struct drive *drive, bool *ret_answered, struct err_note *note)
{
    struct pollfd server = {.fd = lab_server_fd(drive->server), .events = POLLIN};
    unsigned answered = 0;
    *ret_answered = false;
    drive_kept_packets(drive);
    drive_resolver_reap(drive);
    for (size_t i = 0; i < drive->asker_count; i++)
        asker_take(drive->askers[i]);
    vclock_look(drive->clock, &drive->waits);
    if (!drive->waits.asleep || poll(&server, 1, 0) <= 0)
        return 0;
    int64_t now_us = drive_now(drive), next_us = drive->waits.next_us;
    if (!drive->message_us)
        drive->message_us = now_us + (drive->storm > STORM ? ROUND_TRIP_US : MESSAGE_US);
    if (now_us < drive->message_us) { /* whose moment comes before it, comes before it */
        drive_jump(drive, next_us < drive->message_us ? next_us : drive->message_us);
        drive->waits.asleep = false;
        return 0;
    }
    drive->message_us = 0;
    int err = lab_world_at(drive->world, now_us, note);
    if (err)
        return err;
    err = lab_server_poll(drive->server, 0, 1, &answered);
    if (err)
        return err_set(note, err, "the lab's server cannot answer");
    drive->cost.answers += answered;
    drive->storm += answered;
    *ret_answered = answered > 0;
    return 0;
}

/* The processor time of the program, of all its threads. */
static int64_t worked_us(const struct drive *drive)
{
    pid_t pid = drive->pid ? drive->pid : drive->oneshot;
    clockid_t clock;
    struct timespec time;
    if (!pid || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0)
        return 0;
    return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

/* Time passes for who works on and on: the same for each piece of work, so that a little more or less of it
 * makes no difference. */
static void pass_time(struct drive *drive, int64_t *worked)
{
    if (drive->waits.asleep || worked_us(drive) - *worked < TOIL_US)
        return;
    drive_jump(drive, drive_now(drive) + TOIL_US * TOIL_PACE);
    *worked += TOIL_US;
}

/* Until nothing moves at this moment. */
static int settle(struct drive *drive, bool *ret_answered, struct err_note *note)
{
    uint64_t turns = 0;
    int64_t began_us = clock_mono_us(), worked = worked_us(drive);
    int err = 0;
    drive->storm = 0;
    *ret_answered = false;
    for (unsigned calm = 0; calm < CALM && !err;) {
        bool idle = false, answered;
        err = drive_turn(drive, &answered, note);
        *ret_answered |= answered;
        bool quiet = !answered && drive->waits.asleep && (!calm || drive->waits.turns == turns);
        if (quiet && calm + 1 == CALM)
            quiet = space_idle_sockets(&idle) != 0 || idle;
        turns = drive->waits.turns;
        calm = quiet ? calm + 1 : 0;
        pass_time(drive, &worked);
        if (clock_mono_us() - began_us > PATIENCE_US)
            err = err_set(note, ERR_UNAVAILABLE, "the resolver does not come to rest");
    }
    return err;
}

void drive_jump(struct drive *drive, int64_t to_us)
{
    enum lab_phase before = drive_phase(drive, LAB_JUMPING);
    drive_kept_packets(drive); /* they have the time before */
    if (to_us > drive_now(drive))
        vclock_jump(drive->clock, to_us);
    atomic_store(&drive->spec->seen->at_us, to_us);
    drive->cost.jumps++;
    drive_phase(drive, before);
}

int drive_rest(struct drive *drive, bool (*until)(struct drive *drive), struct err_note *note)
{
    int64_t heard_us = until ? drive_now(drive) : INT64_MIN / 2;
    for (;;) {
        bool answered;
        int err = settle(drive, &answered, note);
        if (err || (until && until(drive)))
            return err;
        heard_us = answered ? drive_now(drive) : heard_us;
        if (drive->waits.next_us == UTC_OPEN ||
            drive->waits.next_us > heard_us + (until ? EXCHANGE_US : QUIET_US))
            return 0;
        drive_jump(drive, drive->waits.next_us);
    }
}

/* At to_us itself nobody has been answered yet: what the scenario does then comes first. */
int drive_to(struct drive *drive, int64_t to_us, struct err_note *note)
{
    int err = 0;
    while (!err && drive_now(drive) < to_us) {
        err = drive_rest(drive, NULL, note);
        int64_t now_us = drive_now(drive);
        if (err || now_us >= to_us)
            break;
        int64_t late_us = now_us + LATE_HOURS * UTC_HOUR;
        int64_t next_us = drive->waits.next_us < late_us ? late_us : drive->waits.next_us;
        int64_t world_us = lab_world_until(drive->world);
        next_us = world_us > now_us && world_us < next_us ? world_us : next_us;
        drive_jump(drive, next_us < to_us ? next_us : to_us);
    }
    return err;
}
