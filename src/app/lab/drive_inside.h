/* What the files of a run share. */
#ifndef APP_LAB_DRIVE_INSIDE_H
#define APP_LAB_DRIVE_INSIDE_H

#include "app/lab/asker.h"
#include "app/lab/drive.h"
#include "app/lab/kept.h"
#include "app/lab/world/server.h"
#include "app/lab/world/world.h"
#include "io/capture/packet_log.h"
#include "io/vclock/vclock.h"

#include <sys/types.h>

enum { DRIVE_PATH = 4096 };

struct drive {
    const struct drive_spec *spec;
    struct kept kept;
    struct lab_cost cost;
    enum lab_phase phase;
    int64_t phase_us;           /* when it began, real time */
    struct packet_log *packets; /* NULL: not kept */
    struct vclock *clock;
    struct lab_world *world;
    struct lab_server *server;
    struct asker *askers[LAB_VIEWS]; /* one, or for each view one; none of a one-shot */
    size_t asker_count;
    struct arena *arena; /* of a look: emptied at each */
    size_t step;         /* the schedule's next one */
    int64_t look_us;     /* the next look */
    unsigned looks;
    uint64_t seed;            /* of the program that is started next */
    struct vclock_look waits; /* how they waited when last at rest */
    unsigned long storm;      /* questions answered since the program was last at rest */
    int64_t message_us;       /* when the message that waits will have arrived; 0: none waits */
    /* the resolver */
    pid_t pid, bus;               /* 0: does not run */
    bool installed, wanted, told; /* `wanted`: the scenario has it running; told: that it listens */
    struct lab_key_state states[RFC5011_KEYS];
    size_t state_count;
    /* one-shots */
    pid_t oneshot;
    int oneshot_code;
};

/* drive_time.c: rest and jumps. */
/* Returns the phase that was until now, to go back to. */
enum lab_phase drive_phase(struct drive *drive, enum lab_phase phase);
int64_t drive_now(const struct drive *drive);
/* One turn: looks at everybody (drive->waits); if all are asleep and a message waits, time goes on by what it
 * took, and it is answered. */
int drive_turn(struct drive *drive, bool *ret_answered, struct err_note *note);
/* Until everybody rests, at this moment or within the few virtual seconds that an exchange takes; `until`
 * (may be NULL) ends it earlier. */
int drive_rest(struct drive *drive, bool (*until)(struct drive *drive), struct err_note *note);
/* The only way for time to pass: whoever waits for the moment goes on. */
void drive_jump(struct drive *drive, int64_t to_us);
/* Jumps on to `to_us` by way of the deadlines that lie between. */
int drive_to(struct drive *drive, int64_t to_us, struct err_note *note);

/* drive_resolver.c: what happens to the program. */
int drive_resolver_install(struct drive *drive, struct err_note *note); /* its files, mounts; and starts it */
int drive_resolver_start(struct drive *drive, struct err_note *note);
int drive_resolver_stop(struct drive *drive, struct err_note *note);
int drive_resolver_forget(struct drive *drive, struct err_note *note); /* its state is as it was at first */
int drive_resolver_lock(
    struct drive *drive, bool on, struct err_note *note); /* its state cannot be written */
void drive_resolver_reap(struct drive *drive);            /* who has ended */
void drive_resolver_states(struct drive *drive);          /* what its state says now, where that is new */
/* One question of a program that is run for each. */
int drive_resolver_question(
    struct drive *drive, const char *name, enum evidence_answer *ret_answer, struct err_note *note);

/* drive_kept.c: for who keeps the directory. What has arrived by now is kept as of now. */
void drive_kept_begin(struct drive *drive);
void drive_kept_packets(struct drive *drive);
void drive_kept_end(struct drive *drive);

/* drive_look.c: what its users get. */
int drive_look(struct drive *drive, struct err_note *note);

#endif
