/* What waits in the wire (streams, fragments) and in the tally (questions without their answers) goes with
 * each commit into the store, so that reading on later gives what reading in one go would have given. As
 * bytes: "rcs1", four octets of length of the wire's part, that part, the tally's part. */
#include "app/observe/inside.h"
#include "base/bytes.h"

#include <stdlib.h>

enum { HEAD = 8 };
static const uint8_t MAGIC[4] = {'r', 'c', 's', '1'};

/* ---- where the wire's messages go ---- */

static void take_message(void *context, const struct sighting_message *message)
{
    observer_message(context, message);
}

static void take_error(void *context, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    struct observer *observer = context;
    if (!observer->seen)
        observer_fault(observer, tally_error(observer->tally, time_us, kind, client));
}

/* ---- counters go on when wire and tally are made anew ---- */

static void add_words(void *sum, const void *more, size_t size)
{
    uint64_t *to = sum;
    const uint64_t *from = more;
    for (size_t i = 0; i < size / sizeof *to; i++)
        to[i] += from[i];
}

struct wire_counters state_wire_counters(const struct observer *observer)
{
    struct wire_counters sum = observer->wire_before;
    if (observer->wire) {
        struct wire_counters now = wire_counters(observer->wire);
        add_words(&sum, &now, sizeof sum);
    }
    return sum;
}

struct tally_counters state_tally_counters(const struct observer *observer)
{
    struct tally_counters sum = observer->tally_before;
    if (observer->tally) {
        struct tally_counters now = tally_counters(observer->tally);
        add_words(&sum, &now, sizeof sum);
    }
    return sum;
}

void state_free(struct observer *observer)
{
    observer->wire_before = state_wire_counters(observer);
    observer->tally_before = state_tally_counters(observer);
    wire_free(observer->wire);
    tally_free(observer->tally);
    observer->wire = NULL;
    observer->tally = NULL;
}

int state_fresh(struct observer *observer)
{
    struct wire_sink sink = {observer, take_message, take_error};
    const struct observe_options *options = observer->options;
    state_free(observer);
    observer->wire = wire_new(options->ports, options->port_count, observer->seed, &sink);
    observer->tally = tally_new(observer->seed);
    return observer->wire && observer->tally ? 0 : ERR_NOMEM;
}

int state_load(struct observer *observer, const uint8_t *bytes, size_t length, struct err_note *note)
{
    struct reader reader = reader_over(bytes, length);
    const uint8_t *magic = reader_bytes(&reader, sizeof MAGIC);
    size_t wire_length = reader_u32(&reader);
    const uint8_t *wire = reader_bytes(&reader, wire_length);
    int err = state_fresh(observer);
    if (err)
        return err_set(note, err, "no memory to go on where the input was");
    if (reader.bad || memcmp(magic, MAGIC, sizeof MAGIC) != 0 ||
        wire_load(observer->wire, wire, wire_length) != 0 ||
        tally_load(observer->tally, reader.at, reader_left(&reader)) != 0)
        return err_set(note, ERR_DATA, "what the store keeps of an unfinished input is damaged");
    return 0;
}

int state_save(const struct observer *observer, uint8_t **ret_bytes, size_t *ret_length)
{
    uint8_t *wire = NULL, *tally = NULL, *bytes = NULL;
    size_t wire_length = 0, tally_length = 0;
    int err = wire_save(observer->wire, &wire, &wire_length);
    if (!err)
        err = tally_save(observer->tally, &tally, &tally_length);
    if (!err)
        err = (bytes = malloc(HEAD + wire_length + tally_length)) ? 0 : ERR_NOMEM;
    if (!err) {
        struct writer writer = writer_over(bytes, HEAD + wire_length + tally_length);
        writer_bytes(&writer, MAGIC, sizeof MAGIC);
        writer_u32(&writer, (uint32_t)wire_length);
        writer_bytes(&writer, wire, wire_length);
        writer_bytes(&writer, tally, tally_length);
        *ret_bytes = bytes;
        *ret_length = writer_used(&writer);
    }
    free(wire);
    free(tally);
    return err;
}
