/* make_capture: writes what a busy root server sees in five minutes, and prints what is planted in it.
 *
 * Time is divided into slots, one for each query (10,000 a second). What follows a query (its answer, the
 * steps of a TCP connection, an ICMP error) waits in a ring of lists by slot, so everything comes out in the
 * order of time and conversations overlap. Numbers are those of a capture at a root server: 22 % of the
 * sources speak IPv6, 2.2 % of the queries come over TCP, 14 % of those in two segments, 0.86 % of the
 * answers are truncated; sources ask with frequencies after Zipf. All of it follows from the seed. */
#include "capture_topics.h"
#include "capture_writer.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RING = 2048,          /* slots ahead; more than the longest wait */
    CONVERSATIONS = 8192, /* at once: one begins in a slot, and none lasts so many */
    SLOT_US = 100,
    FULL_QUERIES = 3000000, /* what the planted numbers belong to */
};
static const int64_t start_us = 1791201600000000; /* 2026-10-05T12:00:00Z */

enum kind { ORDINARY, SIGNAL, OPTION, DNSKEY, SENTINEL, DECOY, TOO_BIG, REASSEMBLY, UNREACHABLE, KINDS };
static const unsigned planted[KINDS] = {
    [SIGNAL] = 30090,
    [OPTION] = 5471,
    [DNSKEY] = 17866 - 5471,
    [SENTINEL] = 1525,
    [DECOY] = 1541,
    [TOO_BIG] = 467,
    [REASSEMBLY] = 180,
    [UNREACHABLE] = 2000,
};
enum { SIGNAL_SOURCES = 13436, NEW_KEY_SOURCES = 9859, SIGNALS_TCP = 665, SIGNALS_UNANSWERED = 100 };

struct options {
    uint64_t queries, sources, seed;
    bool query_only;
    enum writer_format format;
    const char *path;
};

struct conversation {
    uint64_t label;
    const struct topics_topic *topic;
    struct writer_client client;
    uint32_t client_sequence, server_sequence;
    int32_t next; /* in the list of its slot, or of what is free */
    uint16_t id, flags, trip;
    uint8_t class, kind, step, set; /* set: of tags, of a signal or an option */
    bool tcp, split, answered, cut;
};

struct truth {
    uint64_t queries, answers, tcp, split, truncated, mixed_case, signals_tcp, unanswered, invalid;
    uint64_t planted[KINDS], too_big6, reassembly6;
    struct {
        uint64_t signals, options, sources; /* sources: that tell the set in one way or the other */
    } sets[TOPICS_TAG_SETS];
    uint64_t sentinel_not, sources, sources6;
};

struct alias {
    uint32_t share, other;
};

struct state {
    struct options options;
    struct topics *topics;
    struct writer *writer;
    struct alias *popular_sources, *popular_topics;
    uint8_t *kinds, *seen; /* of each query; of each source: bit 0, and one for each tag set that it told */
    uint64_t counter, signal_sources, number[KINDS], totals[KINDS];
    int32_t ring[RING], unused;
    int64_t now_us;
    struct truth truth;
    struct conversation conversations[CONVERSATIONS];
};

static uint64_t draw(struct state *state)
{
    return hash_mix(state->options.seed, ++state->counter);
}

/* Of `total` numbers, `part` are chosen, evenly spread. */
static bool chosen(uint64_t number, uint64_t part, uint64_t total)
{
    return (number + 1) * part / total != number * part / total;
}

/* ---- Zipf, by the alias method ---- */

static struct alias *alias_new(uint64_t count, double exponent)
{
    double sum = 0, *weight = malloc(count * sizeof *weight);
    struct alias *table = malloc(count * sizeof *table);
    uint32_t *small = malloc(count * sizeof *small), *large = malloc(count * sizeof *large);
    size_t smalls = 0, larges = 0;
    if (!weight || !table || !small || !large)
        exit(70);
    for (uint64_t i = 0; i < count; i++)
        sum += weight[i] = pow((double)i + 1, -exponent);
    for (uint64_t i = 0; i < count; i++) {
        weight[i] *= (double)count / sum;
        table[i] = (struct alias){UINT32_MAX, (uint32_t)i};
        if (weight[i] < 1)
            small[smalls++] = (uint32_t)i;
        else
            large[larges++] = (uint32_t)i;
    }
    while (smalls && larges) {
        uint32_t few = small[--smalls], many = large[larges - 1];
        table[few] = (struct alias){(uint32_t)(weight[few] * UINT32_MAX), many};
        weight[many] -= 1 - weight[few];
        if (weight[many] < 1) {
            larges--;
            small[smalls++] = many;
        }
    }
    free(weight);
    free(small);
    free(large);
    return table;
}

static uint32_t alias_draw(struct state *state, const struct alias *table, uint64_t count)
{
    uint64_t random = draw(state);
    uint64_t place = ((random >> 32) * count) >> 32;
    return (uint32_t)random <= table[place].share ? (uint32_t)place : table[place].other;
}

/* ---- sources ---- */

static uint64_t source_hash(const struct state *state, uint32_t source)
{
    return hash_mix(state->options.seed ^ 0x5eed, source);
}

static bool source_v6(const struct state *state, uint32_t source)
{
    return source_hash(state, source) % 100 < 22;
}

/* Addresses differ as numbers do: three octets are a permutation of the number. */
static void source_address(const struct state *state, uint32_t source, struct writer_client *ret)
{
    static const uint8_t networks[] = {2, 5, 24, 37, 46, 62, 78, 81, 93, 109, 151, 177, 185, 194, 212, 217};
    uint64_t hash = source_hash(state, source);
    uint32_t mixed = source * 0x9e3779b1U & 0xffffff;
    ret->v6 = source_v6(state, source);
    if (ret->v6) {
        static const uint8_t prefix[4] = {0x2a, 0x02};
        memcpy(ret->address, prefix, 2);
        memcpy(ret->address + 4, &hash, 8);
        memset(ret->address + 12, 0, 4);
    }
    uint8_t *at = ret->address + (ret->v6 ? 1 : 0);
    at[0] = ret->v6 ? 2 : networks[hash >> 20 & 15];
    for (unsigned i = 0; i < 3; i++)
        at[1 + i] = (uint8_t)(mixed >> (8 * i));
}

static void mark_source(struct state *state, const struct conversation *one, uint32_t source)
{
    struct truth *truth = &state->truth;
    bool tells = one->kind == SIGNAL || one->kind == OPTION;
    uint8_t bits = (uint8_t)(1 | (tells ? 2U << one->set : 0)),
            new_bits = bits & (uint8_t)~state->seen[source];
    state->seen[source] |= bits;
    truth->sources += new_bits & 1;
    truth->sources6 += (new_bits & 1) && source_v6(state, source);
    if (!tells)
        return;
    truth->sets[one->set].signals += one->kind == SIGNAL;
    truth->sets[one->set].options += one->kind == OPTION;
    truth->sets[one->set].sources += new_bits > 1;
}

/* ---- what is asked ---- */

static uint8_t source_class(const struct state *state, uint32_t source)
{
    uint64_t hash = source_hash(state, source) >> 8 & 127;
    return hash < 21 ? TOPICS_PLAIN : hash < 32 ? TOPICS_EDNS : hash < 100 ? TOPICS_DO : TOPICS_DO_BIG;
}

/* The signal number `number`: its source, tag set, spelling, and whether it comes over TCP or is not
 * answered. */
static uint32_t begin_signal(struct state *state, struct conversation *one, uint64_t number)
{
    struct truth *truth = &state->truth;
    uint64_t place = number % state->signal_sources, total = state->totals[SIGNAL];
    unsigned set = chosen(place, NEW_KEY_SOURCES, SIGNAL_SOURCES)
                       ? (unsigned)(place % TOPICS_WITH_NEW_KEY)
                       : TOPICS_WITH_NEW_KEY + (unsigned)(place % (TOPICS_TAG_SETS - TOPICS_WITH_NEW_KEY));
    unsigned spelling = number % 25 < 2 ? 1 + (unsigned)(number % 25) : number % 25 == 2 ? 3 : 0;
    one->topic = &state->topics->signals[set][spelling];
    one->tcp = number % 45 == 3 && number / 45 < SIGNALS_TCP * total / planted[SIGNAL];
    one->answered = number % 300 != 4 || number / 300 >= SIGNALS_UNANSWERED * total / planted[SIGNAL];
    one->set = (uint8_t)set;
    truth->mixed_case += spelling == 1 || spelling == 2;
    truth->signals_tcp += one->tcp;
    truth->unanswered += !one->answered;
    return (uint32_t)(place * state->options.sources / state->signal_sources);
}

/* A source whose answers meet trouble on their way: it asks with DO. */
static uint32_t troubled_source(struct state *state, uint64_t number)
{
    bool v6 = number * 318 / 467 != (number + 1) * 318 / 467;
    for (unsigned tries = 0;; tries++) {
        uint32_t source = (uint32_t)(draw(state) % state->options.sources);
        if (tries > 10000 || (source_v6(state, source) == v6 && source_class(state, source) >= TOPICS_DO))
            return source;
    }
}

/* Who asks what; what there is to know about it. */
static uint32_t choose(struct state *state, struct conversation *one)
{
    struct topics *topics = state->topics;
    uint64_t number = state->number[one->kind]++;
    state->truth.planted[one->kind]++;
    one->topic = &topics->ordinary[alias_draw(state, state->popular_topics, TOPICS_ORDINARY)];
    switch ((enum kind)one->kind) {
    case SIGNAL:
        return begin_signal(state, one, number);
    case OPTION:
        one->set = (uint8_t)(number % TOPICS_TAG_SETS);
        one->topic = &topics->options[one->set];
        break;
    case DNSKEY:
        one->topic = &topics->dnskey;
        break;
    case SENTINEL:
        one->topic = &topics->sentinels[number % TOPICS_SENTINELS];
        state->truth.sentinel_not += number % TOPICS_SENTINELS % 2;
        break;
    case DECOY:
        one->topic = &topics->decoys[number % TOPICS_DECOYS];
        state->truth.invalid += topics_decoy_invalid((unsigned)(number % TOPICS_DECOYS));
        break;
    case TOO_BIG:
    case REASSEMBLY:
    case UNREACHABLE:
        one->tcp = one->cut = false;
        one->answered = true;
        return troubled_source(state, number);
    case ORDINARY:
    case KINDS:
        break;
    }
    return alias_draw(state, state->popular_sources, state->options.sources);
}

static void begin(struct state *state, struct conversation *one)
{
    enum { RD = 0x0100, CD = 0x0010 };
    uint64_t random = draw(state), chance = draw(state);
    one->label = random;
    one->tcp = chance % 1000 < 22;
    one->answered = (chance >> 10) % 1000 >= 4;
    one->cut = (chance >> 20) % 10000 < 86;
    uint32_t source = choose(state, one);
    uint64_t hash = source_hash(state, source);
    one->split = one->tcp && (chance >> 34) % 100 < 14;
    one->answered |= one->tcp;
    one->cut = one->cut && !one->tcp && one->answered;
    one->class = source_class(state, source);
    if ((one->kind == OPTION || one->kind == TOO_BIG) && one->class == TOPICS_PLAIN)
        one->class = TOPICS_DO;
    one->flags = (uint16_t)((hash >> 30) % 20 == 0 ? RD : 0) | (uint16_t)((hash >> 40) % 33 == 0 ? CD : 0);
    one->id = (uint16_t)(random >> 48);
    one->trip = (uint16_t)(30 + (hash >> 16) % 970);
    one->client_sequence = (uint32_t)(chance * 31);
    one->server_sequence = (uint32_t)(random * 31);
    one->client.port = (uint16_t)(1024 + (chance >> 48) % 64512);
    source_address(state, source, &one->client);
    mark_source(state, one, source);
}

/* ---- what happens ---- */

static struct writer_message message_of(const struct conversation *one, bool answer)
{
    const struct topics_topic *topic = one->topic;
    const struct topics_message *made = !answer ? topic->query : one->cut ? topic->cut : topic->answer;
    return (struct writer_message){&made[one->class], one->label, topic->label, one->id, one->flags};
}

static void count_message(struct truth *truth, const struct conversation *one, bool answer)
{
    truth->queries += !answer;
    truth->answers += answer;
    truth->truncated += answer && one->cut;
    truth->tcp += !answer && one->tcp;
    truth->split += !answer && one->split;
}

enum { OVER = 0, SOON = 1 };

/* Sends the next packet of a conversation over UDP. Returns after how many slots another one follows. */
static unsigned step_udp(struct state *state, struct conversation *one)
{
    static const enum writer_error errors[KINDS] = {
        [TOO_BIG] = WRITER_TOO_BIG, [REASSEMBLY] = WRITER_REASSEMBLY, [UNREACHABLE] = WRITER_UNREACHABLE};
    bool answer = one->step > 0, query_only = state->options.query_only;
    struct writer_message message = message_of(one, answer);
    if (one->step++ == 2) {
        writer_icmp(state->writer, state->now_us, &one->client, errors[one->kind], &message);
        state->truth.too_big6 += one->kind == TOO_BIG && one->client.v6;
        state->truth.reassembly6 += one->kind == REASSEMBLY && one->client.v6;
        return OVER;
    }
    if (!answer || !query_only) {
        writer_udp(state->writer, state->now_us, &one->client, answer, &message);
        count_message(&state->truth, one, answer);
    }
    if (!answer)
        return one->answered ? SOON : OVER;
    return one->kind >= TOO_BIG ? one->trip : OVER;
}

/* A connection of one question. */
static const struct {
    bool answer, trip; /* from the server; another round trip goes by before the next */
    uint8_t flags;
    enum { NOTHING, FIRST, REST, ANSWER } load;
} steps[] = {
    {false, false, WRITER_SYN, NOTHING},
    {true, true, WRITER_SYN | WRITER_ACK, NOTHING},
    {false, false, WRITER_ACK, NOTHING},
    {false, false, WRITER_ACK | WRITER_PUSH, FIRST},
    {false, false, WRITER_ACK | WRITER_PUSH, REST}, /* only of a query in two segments */
    {true, false, WRITER_ACK, NOTHING},
    {true, true, WRITER_ACK | WRITER_PUSH, ANSWER},
    {false, false, WRITER_ACK, NOTHING},
    {false, false, WRITER_ACK | WRITER_FIN, NOTHING},
    {true, true, WRITER_ACK | WRITER_FIN, NOTHING},
    {false, false, WRITER_ACK, NOTHING},
};
enum { STEPS = sizeof steps / sizeof *steps };

static unsigned step_tcp(struct state *state, struct conversation *one)
{
    unsigned step = one->step++;
    bool answer = steps[step].answer;
    struct writer_message message = message_of(one, answer);
    uint32_t *own = answer ? &one->server_sequence : &one->client_sequence;
    struct writer_segment segment = {
        .sequence = *own,
        .acknowledged = step ? (answer ? one->client_sequence : one->server_sequence) : 0,
        .flags = steps[step].flags,
    };
    if (steps[step].load != NOTHING) {
        unsigned whole = message.message->length + 2U;
        unsigned middle =
            one->split ? 2 + whole / 3 : whole; /* within the first label, if it is a long one */
        segment.message = &message;
        segment.from = steps[step].load == REST ? middle : 0;
        segment.to = steps[step].load == FIRST ? middle : whole;
        if (segment.to == whole && (!answer || !state->options.query_only))
            count_message(&state->truth, one, answer);
    }
    *own += segment.to - segment.from + (steps[step].flags & (WRITER_SYN | WRITER_FIN) ? 1 : 0);
    if (!answer || !state->options.query_only)
        writer_tcp(state->writer, state->now_us, &one->client, answer, &segment);
    if (steps[step].load == FIRST && !one->split)
        one->step++;
    return one->step == STEPS ? OVER : steps[step].trip ? one->trip : SOON;
}

static void step(struct state *state, int32_t index, uint64_t slot)
{
    struct conversation *one = &state->conversations[index];
    unsigned wait = one->tcp ? step_tcp(state, one) : step_udp(state, one);
    int32_t *list = wait == OVER ? &state->unused : &state->ring[(slot + wait) % RING];
    one->next = *list;
    *list = index;
    state->now_us += 3;
}

static void run(struct state *state)
{
    for (uint64_t slot = 0; slot < state->options.queries + 8 * RING; slot++) {
        int64_t begins_us = start_us + (int64_t)slot * SLOT_US;
        if (state->now_us < begins_us)
            state->now_us = begins_us;
        int32_t due = state->ring[slot % RING], index;
        state->ring[slot % RING] = -1;
        while ((index = due) >= 0) {
            due = state->conversations[index].next;
            step(state, index, slot);
        }
        if (slot >= state->options.queries)
            continue;
        index = state->unused;
        struct conversation *one = &state->conversations[index];
        state->unused = one->next;
        *one = (struct conversation){.kind = state->kinds[slot]};
        begin(state, one);
        step(state, index, slot);
    }
}

/* ---- begin and end ---- */

static void prepare(struct state *state)
{
    const struct options *options = &state->options;
    state->topics = topics_new(options->seed);
    state->kinds = calloc(options->queries, 1);
    state->seen = calloc(options->sources, 1);
    if (!state->topics || !state->kinds || !state->seen)
        exit(70);
    state->popular_sources = alias_new(options->sources, 0.95);
    state->popular_topics = alias_new(TOPICS_ORDINARY, 0.2);
    for (enum kind kind = ORDINARY + 1; kind < KINDS; kind++) {
        state->totals[kind] = planted[kind] * options->queries / FULL_QUERIES;
        for (uint64_t i = 0; i < state->totals[kind];) {
            uint64_t place = draw(state) % options->queries;
            if (state->kinds[place])
                continue;
            state->kinds[place] = (uint8_t)kind;
            i++;
        }
    }
    uint64_t by_queries = SIGNAL_SOURCES * options->queries / FULL_QUERIES, by_sources = options->sources / 4;
    state->signal_sources = by_queries < by_sources ? by_queries : by_sources;
    state->signal_sources += !state->signal_sources;
    for (int32_t i = 0; i < RING; i++)
        state->ring[i] = -1;
    for (int32_t i = 0; i < CONVERSATIONS; i++)
        state->conversations[i].next = i + 1;
}

static void print_truth(const struct state *state)
{
    const struct truth *truth = &state->truth;
    const struct options *options = &state->options;
    printf("{\"seed\": %lu, \"packets\": %lu, \"bytes\": %lu, \"from_us\": %ld, \"to_us\": %ld,\n",
        options->seed, writer_packets(state->writer), writer_bytes(state->writer), start_us, state->now_us);
    printf(" \"queries\": %lu, \"answers\": %lu, \"tcp\": %lu, \"split\": %lu, \"truncated\": %lu,\n",
        truth->queries, truth->answers, truth->tcp, truth->split, truth->truncated);
    printf(" \"sources\": %lu, \"sources_ipv6\": %lu,\n", truth->sources, truth->sources6);
    printf(" \"signals\": %lu, \"signal_sources\": %lu, \"mixed_case\": %lu, \"signals_tcp\": %lu, "
           "\"unanswered\": %lu,\n \"tag_sets\": {",
        truth->planted[SIGNAL], state->signal_sources, truth->mixed_case, truth->signals_tcp,
        truth->unanswered);
    for (unsigned i = 0; i < TOPICS_TAG_SETS; i++)
        printf("%s\"%s\": {\"signals\": %lu, \"options\": %lu, \"sources\": %lu}", i ? ",\n  " : "",
            topics_tag_sets[i], truth->sets[i].signals, truth->sets[i].options, truth->sets[i].sources);
    printf("},\n \"options\": %lu, \"dnskey\": %lu, \"is_ta\": %lu, \"not_ta\": %lu, \"decoys\": %lu, "
           "\"invalid\": %lu,\n",
        truth->planted[OPTION], truth->planted[OPTION] + truth->planted[DNSKEY],
        truth->planted[SENTINEL] - truth->sentinel_not, truth->sentinel_not, truth->planted[DECOY],
        truth->invalid);
    bool errors = options->format != WRITER_DNSTAP;
    printf(" \"too_big\": %lu, \"too_big_ipv6\": %lu, \"reassembly\": %lu, \"reassembly_ipv6\": %lu}\n",
        errors ? truth->planted[TOO_BIG] : 0, errors ? truth->too_big6 : 0,
        errors ? truth->planted[REASSEMBLY] : 0, errors ? truth->reassembly6 : 0);
}

static int usage(void)
{
    fputs("usage: make_capture [--queries N] [--sources N] [--seed N] [--query-only]\n"
          "                    [--format pcap|pcapng|dnstap] FILE|-\n"
          "The truth is printed as JSON, on standard error if the capture goes to standard output.\n",
        stderr);
    return 64;
}

static bool parse(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {{"queries", required_argument, NULL, 'n'},
        {"sources", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'r'},
        {"query-only", no_argument, NULL, 'q'}, {"format", required_argument, NULL, 'f'}, {0}};
    static const char *const formats[] = {"pcap", "pcapng", "dnstap"};
    unsigned format;
    for (int letter; (letter = getopt_long(argc, argv, "", names, NULL)) != -1;)
        switch (letter) {
        case 'n':
            options->queries = strtoull(optarg, NULL, 10);
            break;
        case 's':
            options->sources = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            options->seed = strtoull(optarg, NULL, 10);
            break;
        case 'q':
            options->query_only = true;
            break;
        case 'f':
            for (format = 0; format < 3 && strcmp(formats[format], optarg) != 0; format++)
                ;
            if (format == 3)
                return false;
            options->format = (enum writer_format)format;
            break;
        default:
            return false;
        }
    options->path = argv[optind];
    return argc == optind + 1 && options->queries >= 1000 && options->queries < UINT32_MAX &&
           options->sources >= 100 && options->sources <= 1 << 24;
}

int main(int argc, char **argv)
{
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return 70;
    state->options = (struct options){.queries = FULL_QUERIES, .sources = 200000, .seed = 1};
    if (!parse(argc, argv, &state->options))
        return usage();
    bool piped = strcmp(state->options.path, "-") == 0;
    int fd = piped ? dup(STDOUT_FILENO) : open(state->options.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || (piped && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)) {
        perror(state->options.path);
        return 74;
    }
    prepare(state);
    state->writer = writer_new(fd, state->options.format);
    if (!state->writer)
        return 70;
    run(state);
    if (!writer_end(state->writer) || close(fd)) {
        perror(state->options.path);
        return 74;
    }
    print_truth(state);
    writer_free(state->writer);
    topics_free(state->topics);
    free(state->popular_sources);
    free(state->popular_topics);
    free(state->kinds);
    free(state->seen);
    free(state);
    return 0;
}
