/* inside: what the files of app/observe share. */
#ifndef APP_OBSERVE_INSIDE_H
#define APP_OBSERVE_INSIDE_H

#include "app/observe/cover.h"
#include "app/observe/digest.h"
#include "app/observe/observe.h"
#include "app/observe/prints.h"
#include "base/hash.h"
#include "base/utc.h"

enum { SPAN_PAUSE_S = 60, MOST_SPANS = 4096 };

/* What the records since the last commit amount to. */
struct stretch {
    uint64_t first_record; /* of the input */
    uint64_t last_hash;
    uint64_t packets, overlapped, dropped;
    int64_t from_us, to_us; /* of what was counted; from > to: nothing */
    struct sightings_span spans[MOST_SPANS];
    size_t span_count;
    struct prints *prints;
};

struct observer {
    const struct observe_options *options;
    struct observe_totals *totals;
    struct sightings *store;
    struct arena *arena; /* for questions to the store, emptied after each */
    struct wire *wire;
    struct tally *tally;
    uint64_t seed;
    int64_t clock_us; /* of the newest record that was counted, for going on from one input to the next */
    bool seen;        /* the record at hand was counted already */
    bool nothing_new; /* all records of the input were, so far: its state is not worth keeping */
    int err;          /* of the tally, sticky */
    struct wire_counters wire_before;   /* of wires that were before this one */
    struct tally_counters tally_before; /* likewise */
    struct stretch stretch;
};

/* ---- input.c ---- */

/* Reads one input to its end or fault. The store's errors are returned; those of the input are in *ret_done.
 */
int input_read(struct observer *observer, const struct observe_input *input, struct observe_done *ret_done,
    struct err_note *note);

/* Keeps the tally's first error. */
static inline void observer_fault(struct observer *observer, int err)
{
    observer->err = observer->err ? observer->err : err;
}

/* Counts a message of the record at hand. */
static inline void observer_message(struct observer *observer, const struct sighting_message *message)
{
    observer_fault(observer,
        observer->seen ? tally_seen(observer->tally, message) : tally_message(observer->tally, message));
}

/* ---- state.c: wire and tally, anew or from bytes ---- */

int state_fresh(struct observer *observer);
int state_load(struct observer *observer, const uint8_t *bytes, size_t length, struct err_note *note);
int state_save(const struct observer *observer, uint8_t **ret_bytes, size_t *ret_length);
void state_free(struct observer *observer);

struct wire_counters state_wire_counters(const struct observer *observer);   /* of all wires so far */
struct tally_counters state_tally_counters(const struct observer *observer); /* likewise */

/* ---- stretch.c ---- */

void stretch_start(struct observer *observer, uint64_t first_record);
void stretch_add(struct stretch *stretch, int64_t time_us, uint64_t print);

/* The same for many records between these times, save their fingerprints; false, and nothing is done, where
 * some may begin another span. */
bool stretch_extend(struct stretch *stretch, int64_t least_us, int64_t most_us, size_t count);
bool stretch_is_full(const struct stretch *stretch);

/* Commits what was read up to `end_record`, and starts the next stretch there. Nothing to commit is 0. */
int stretch_commit(struct observer *observer, const char *input, const uint8_t input_id[SIGHTINGS_ID],
    uint64_t end_record, struct err_note *note);

/* ---- files.c ---- */

/* Directories are taken apart, files put in the order of their first records. In the arena.
 */
struct file_input {
    struct observe_input input;
    bool listed; /* it was found in a directory */
};
int files_list(const struct observe_options *options, struct arena *arena, struct file_input **ret_files,
    size_t *ret_count, struct err_note *note);

#endif
