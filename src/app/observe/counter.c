/* A ring of batches with one writer and one reader. A batch belongs to the one until it is passed, then to
 * the other until it is counted. To wake a thread costs as much as to count dozens of messages, so each side,
 * once it has to wait, sleeps until half of the ring is there for it. */
#include "app/observe/counter.h"

#include "base/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES = 8, MESSAGES = 512, AHEAD = 16, LINE = 64 };

static const uint64_t EVERYTHING = UINT64_MAX;

/* A message with its addresses, in one line of the cache. */
struct item {
    int64_t time_us;
    const uint8_t *bytes; /* a copy where they do not stay */
    uint32_t length, wire_length;
    uint16_t source_port, destination_port;
    uint8_t transport;
    uint8_t error; /* its kind; 0: a message */
    bool seen, is_copy;
    struct address {
        uint64_t halves[2];
    } source, destination; /* of an error: the client is the source */
};
_Static_assert(sizeof(struct item) == LINE, "one line");

struct batch {
    _Alignas(LINE) struct item items[MESSAGES];
    uint64_t number; /* with it, all messages up to the capture's batch of this number are there */
    size_t count;
};

struct counter {
    struct tally *tally;
    struct batch *batches; /* BATCHES of them */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t passed, counted;
    /* Under the lock: */
    uint64_t pass_count, count_count; /* batches */
    uint64_t done;                    /* number of the last batch that was counted */
    bool hurry, closing;              /* hurry: somebody waits for the end */
    atomic_bool sorting;              /* to be done, once there is nothing to count; may be read without */
    int err;
    /* Of the writer: */
    struct batch *open;      /* being filled; NULL: none yet */
    uint64_t opened, number; /* number: of the last batch of the capture that has come */
    atomic_bool full;
};

/* ---- counting ---- */

static const uint8_t *octets_of(const struct address *address)
{
    return (const uint8_t *)address->halves;
}

static int count_item(struct tally *tally, const struct item *item)
{
    if (item->error)
        return tally_error(tally, item->time_us, (enum sighting_kind)item->error, octets_of(&item->source));
    const struct sighting_message message = {.time_us = item->time_us,
        .bytes = item->bytes,
        .length = item->length,
        .wire_length = item->wire_length,
        .source = octets_of(&item->source),
        .destination = octets_of(&item->destination),
        .source_port = item->source_port,
        .destination_port = item->destination_port,
        .transport = item->transport};
    return item->seen ? tally_seen(tally, &message) : tally_message(tally, &message);
}

/* Octets were last touched by another processor. */
static inline void fetch(const struct batch *batch, size_t i)
{
    if (i >= batch->count)
        return;
    __builtin_prefetch(batch->items[i].bytes);
    __builtin_prefetch(batch->items[i].bytes + LINE);
}

static int count_batch(struct tally *tally, struct batch *batch)
{
    int first_err = 0;
    for (size_t i = 0; i < AHEAD; i++)
        fetch(batch, i);
    for (size_t i = 0; i < batch->count; i++) {
        fetch(batch, i + AHEAD);
        const struct item *item = &batch->items[i];
        int err = count_item(tally, item);
        first_err = first_err ? first_err : err;
        if (item->is_copy)
            free((void *)item->bytes);
    }
    return first_err;
}

static void sort(struct counter *counter)
{
    tally_rows_end(counter->tally);
    pthread_mutex_lock(&counter->lock);
    counter->sorting = false;
    pthread_cond_signal(&counter->counted);
    pthread_mutex_unlock(&counter->lock);
}

/* Under the lock. */
static bool is_idle(const struct counter *counter)
{
    return !counter->closing && !counter->sorting && counter->pass_count == counter->count_count;
}

enum work { COUNT, SORT, END };

/* Waits for it: for some batches, or to be asked to sort when all are counted. */
static enum work next_work(struct counter *counter)
{
    pthread_mutex_lock(&counter->lock);
    if (is_idle(counter))
        while (!counter->closing && !counter->hurry && !counter->sorting &&
               counter->pass_count - counter->count_count < BATCHES / 2)
            pthread_cond_wait(&counter->passed, &counter->lock);
    while (is_idle(counter))
        pthread_cond_wait(&counter->passed, &counter->lock);
    enum work work = counter->pass_count != counter->count_count ? COUNT : counter->sorting ? SORT : END;
    pthread_mutex_unlock(&counter->lock);
    return work;
}

static void count_next(struct counter *counter, struct batch *batch)
{
    int err = count_batch(counter->tally, batch);
    atomic_store(&counter->full, tally_full(counter->tally));
    pthread_mutex_lock(&counter->lock);
    counter->err = counter->err ? counter->err : err;
    counter->count_count++;
    counter->done = batch->number;
    if (counter->hurry || counter->pass_count - counter->count_count <= BATCHES / 2)
        pthread_cond_signal(&counter->counted);
    pthread_mutex_unlock(&counter->lock);
}

static void *run(void *context)
{
    struct counter *counter = context;
    uint64_t number = 0;
    for (enum work work; (work = next_work(counter)) != END;) {
        if (work == COUNT)
            count_next(counter, &counter->batches[number++ % BATCHES]);
        else
            sort(counter);
    }
    return NULL;
}

/* ---- handing over ---- */

/* The batch that is filled next; waits until it was counted. */
static void open_batch(struct counter *counter)
{
    pthread_mutex_lock(&counter->lock);
    if (counter->opened - counter->count_count == BATCHES)
        while (counter->opened - counter->count_count > BATCHES / 2)
            pthread_cond_wait(&counter->counted, &counter->lock);
    pthread_mutex_unlock(&counter->lock);
    counter->open = &counter->batches[counter->opened++ % BATCHES];
    counter->open->count = 0;
}

static void pass(struct counter *counter)
{
    if (!counter->open)
        return;
    counter->open->number = counter->number;
    counter->open = NULL;
    pthread_mutex_lock(&counter->lock);
    counter->pass_count = counter->opened;
    if (counter->pass_count - counter->count_count >= BATCHES / 2)
        pthread_cond_signal(&counter->passed);
    pthread_mutex_unlock(&counter->lock);
}

static struct item *next_item(struct counter *counter)
{
    if (counter->open && counter->open->count == MESSAGES)
        pass(counter);
    if (!counter->open)
        open_batch(counter);
    struct item *items = counter->open->items;
    size_t at = counter->open->count++;
    /* The other processor has read it, and must give it back first. */
    __builtin_prefetch(&items[(at + AHEAD) % MESSAGES], 1);
    return &items[at];
}

static void fail(struct counter *counter, int err)
{
    pthread_mutex_lock(&counter->lock);
    counter->err = counter->err ? counter->err : err;
    pthread_mutex_unlock(&counter->lock);
}

/* Half by half, as whoever wrote it just now may have done: a read of more would have to wait for both. */
static inline struct address address_of(const uint8_t octets[16])
{
    struct address address;
    memcpy(&address.halves[0], octets, 8);
    memcpy(&address.halves[1], octets + 8, 8);
    return address;
}

void counter_message(struct counter *counter, const struct sighting_message *message, bool seen, bool stays)
{
    const uint8_t *bytes = message->bytes;
    if (!stays) {
        uint8_t *copy = malloc(message->length + 1U);
        if (!copy) {
            fail(counter, ERR_NOMEM);
            return;
        }
        bytes = memcpy(copy, message->bytes, message->length);
    }
    struct item *item = next_item(counter);
    item->time_us = message->time_us;
    item->bytes = bytes;
    item->length = message->length;
    item->wire_length = message->wire_length;
    item->source_port = message->source_port;
    item->destination_port = message->destination_port;
    item->transport = message->transport;
    item->error = 0;
    item->seen = seen;
    item->is_copy = !stays;
    item->source = address_of(message->source);
    item->destination = address_of(message->destination);
}

void counter_error(
    struct counter *counter, int64_t time_us, enum sighting_kind kind, const uint8_t client[16])
{
    *next_item(counter) =
        (struct item){.time_us = time_us, .error = (uint8_t)kind, .source = address_of(client)};
}

void counter_pass(struct counter *counter, uint64_t number)
{
    counter->number = number;
    pass(counter);
}

/* Until the batch of this number is counted, or all of them, and sorted. */
static int wait_for(struct counter *counter, uint64_t number)
{
    pthread_mutex_lock(&counter->lock);
    while (counter->done < number && (counter->pass_count != counter->count_count || counter->sorting)) {
        counter->hurry = true;
        pthread_cond_signal(&counter->passed);
        pthread_cond_wait(&counter->counted, &counter->lock);
    }
    counter->hurry = false;
    if (number == EVERYTHING)
        counter->done = 0; /* another capture may come, and count from 1 again */
    int err = counter->err;
    pthread_mutex_unlock(&counter->lock);
    return err;
}

void counter_done(struct counter *counter, uint64_t number)
{
    pass(counter);
    wait_for(counter, number);
}

int counter_wait(struct counter *counter)
{
    pass(counter);
    counter->number = 0;
    return wait_for(counter, EVERYTHING);
}

void counter_sort(struct counter *counter)
{
    pthread_mutex_lock(&counter->lock);
    counter->sorting = true;
    pthread_cond_signal(&counter->passed);
    pthread_mutex_unlock(&counter->lock);
}

void counter_sorted(struct counter *counter)
{
    if (atomic_load(&counter->sorting))
        wait_for(counter, EVERYTHING);
}

bool counter_full(struct counter *counter)
{
    return atomic_load(&counter->full);
}

/* ---- beginning and end ---- */

/* Signals are for the program's other threads, whose waiting they are to end. */
static bool start(struct counter *counter)
{
    sigset_t all, kept;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    int failed = pthread_create(&counter->thread, NULL, run, counter);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return failed == 0;
}

static void destroy(struct counter *counter)
{
    pthread_cond_destroy(&counter->passed);
    pthread_cond_destroy(&counter->counted);
    pthread_mutex_destroy(&counter->lock);
    free(counter->batches);
    free(counter);
}

int counter_new(struct tally *tally, struct counter **ret_counter)
{
    struct counter *counter = calloc(1, sizeof *counter);
    if (!counter)
        return ERR_NOMEM;
    pthread_mutex_init(&counter->lock, NULL);
    pthread_cond_init(&counter->passed, NULL);
    pthread_cond_init(&counter->counted, NULL);
    counter->tally = tally;
    counter->batches = aligned_alloc(LINE, BATCHES * sizeof *counter->batches);
    if (!counter->batches || !start(counter)) {
        destroy(counter);
        return ERR_NOMEM;
    }
    *ret_counter = counter;
    return 0;
}

void counter_free(struct counter *counter)
{
    if (!counter)
        return;
    counter_wait(counter);
    pthread_mutex_lock(&counter->lock);
    counter->closing = true;
    pthread_cond_signal(&counter->passed);
    pthread_mutex_unlock(&counter->lock);
    pthread_join(counter->thread, NULL);
    destroy(counter);
}
