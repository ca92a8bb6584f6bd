/* observe: reads what name servers saw, of one collector, and brings it into a store of sightings.
 *
 * Inputs are read one after the other, files in the order of their first packets. Counted is what the store
 * does not have yet: an input that it knows is gone on with where it was; packets that another input of the
 * same collector brought are left out (app/observe/cover.h). What was read is committed every so often, and
 * at the end of each input, also when that end is a fault. */
#ifndef APP_OBSERVE_OBSERVE_H
#define APP_OBSERVE_OBSERVE_H

#include "app/observe/wire.h"
#include "core/roll/tally.h"
#include "io/keys/pseudonym.h"

#include <signal.h>

enum observe_form { OBSERVE_FILE, OBSERVE_LOG, OBSERVE_LIVE, OBSERVE_DNSTAP };

struct observe_input {
    enum observe_form form;
    const char *path; /* a directory too, for OBSERVE_FILE: all captures below it; "-" is standard input */
};

/* What became of one file, interface or socket. */
struct observe_done {
    const char *name, *format, *filter;
    uint64_t records;       /* read */
    uint64_t known;         /* of them: the store had them from this input */
    uint64_t overlapped;    /* of them: the store had them from another input */
    uint64_t dropped;       /* lost before they could be read */
    uint64_t other;         /* blocks and frames that are no packet and no message */
    int64_t from_us, to_us; /* of what was counted; both 0: nothing */
    bool ignored;           /* in a directory, and no capture */
    int err;                /* 0, or why it ended, with the note */
    struct err_note note;
};

struct observe_totals {
    uint64_t inputs, records, known, overlapped, dropped;
    uint64_t bad_times;        /* records before 1970 or after 9999: left out */
    uint64_t lines, bad_lines; /* of logs */
    struct wire_counters wire;
    struct tally_counters tally;
    uint64_t segments, sources; /* sources: rows of traffic written */
    int64_t from_us, to_us;
    bool store_failed; /* what is returned is the store's fault, and not told by `done` */
};

struct observe_progress {
    const char *name;
    uint64_t size, offset;    /* of the file as it lies on the disk; size 0: not known */
    uint64_t records, octets; /* octets: uncompressed */
    uint64_t dropped;
};

struct observe_options {
    const struct observe_input *inputs;
    size_t input_count;
    const char *store, *collector;
    const uint16_t *ports; /* of the name server; none: 53 */
    size_t port_count;
    int64_t every_us;            /* between commits */
    struct pseudonym *pseudonym; /* by which addresses are stored; NULL: as they are */
    volatile sig_atomic_t *stop; /* set: commit and come back */
    void *context;               /* of the functions, which may be NULL */
    void (*progress)(void *context, const struct observe_progress *progress); /* often */
    void (*done)(void *context, const struct observe_done *done);             /* after each input */
};

/* 0, or the first thing that went wrong: of an input, after which the others were read all the same; of the
 * store, after which nothing was. ERR_USAGE: an option, the note names it. *ret_totals is written in any
 * case. */
int observe_run(
    const struct observe_options *options, struct observe_totals *ret_totals, struct err_note *note);

#endif
