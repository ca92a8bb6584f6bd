/* Counting held against itself: tables for the rules, and a naive second counting of random messages that
 * knows what it planted, in lists that it walks from end to end. */
#include "core/roll/tally_inside.h"
#include "core/roll/tally_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

enum { PORT = 53 };

/* 2026-10-05T00:00:00Z */
#define DAY (INT64_C(1791158400) * UTC_SECOND)

struct end {
    uint8_t address[16];
    uint16_t port;
};

static struct end client_at(unsigned i)
{
    struct end end = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, (uint8_t)i}, (uint16_t)(1024 + i)};
    if (i % 3 == 0)
        end = (struct end){{0x20, 1, 0xd, 0xb8, [15] = (uint8_t)i}, (uint16_t)(1024 + i)};
    return end;
}

static const struct end server = {{[10] = 0xff, [11] = 0xff, 198, 51, 100, 53}, PORT};

static struct sighting_message envelope(
    const struct test_message *m, int64_t time_us, const struct end *client, const struct end *to)
{
    bool is_answer = m->bytes[2] & 0x80;
    const struct end *from = is_answer ? to : client;
    to = is_answer ? client : to;
    return (struct sighting_message){.time_us = time_us,
        .bytes = m->bytes,
        .length = (uint32_t)test_length(m),
        .wire_length = (uint32_t)test_length(m),
        .source = from->address,
        .destination = to->address,
        .source_port = from->port,
        .destination_port = to->port,
        .transport = SIGHTING_UDP};
}

static void take(struct tally *tally, const struct test_message *m, int64_t time_us, const struct end *client)
{
    struct sighting_message message = envelope(m, time_us, client, &server);
    assert_int_equal(tally_message(tally, &message), 0);
}

static struct tally *fresh(void)
{
    struct tally *tally = tally_new(0x123456789abcdef);
    assert_non_null(tally);
    return tally;
}

static struct tally_row row_of(struct tally *tally, size_t i)
{
    struct tally_rows rows;
    struct tally_row row;
    tally_rows(tally, &rows);
    assert_true(i < rows.count);
    rows.row(rows.context, i, &row);
    return row;
}

static size_t row_count(struct tally *tally)
{
    struct tally_rows rows;
    tally_rows(tally, &rows);
    return rows.count;
}

/* ---- questions and answers ---- */

/* One letter each: q and a the exchange, Q and A another one of id + 1, "+" 29 seconds go by, "*" 31 seconds,
 * "s" and "S" the question and the answer were counted from elsewhere. */
static const struct {
    const char *what;
    unsigned count;
} exchanges[] = {
    {"q", 1},
    {"a", 1}, /* without its question */
    {"qa", 1},
    {"aq", 1}, /* in the order of another capture */
    {"qq", 2}, /* sent again: two */
    {"aa", 2},
    {"qqa", 2},
    {"qqaa", 2},
    {"qaqa", 2},
    {"aqaq", 2},
    {"qaa", 2}, /* max(queries, answers) */
    {"aqq", 2},
    {"qQaA", 2},
    {"QaqA", 2},
    {"q+a", 1},
    {"a+q", 1},
    {"q*a", 2},
    {"a*q", 2},
    {"q*qa", 2},
    {"q*qaa", 3},  /* the first is too old to be asked for */
    {"q+qa+a", 2}, /* the first answer is that of the first */
    {"sa", 0},
    {"Sq", 0},
    {"sqa", 1},
    {"sS", 0},
    {"qS", 1},
    {"s", 0},
};

static struct tally *play(const char *what)
{
    struct tally *tally = fresh();
    struct end client = client_at(1);
    int64_t time_us = DAY;
    for (; *what; what++, time_us += 1000) {
        struct test_message m;
        bool is_answer = strchr("aAS", *what), is_other = strchr("QA", *what);
        time_us += *what == '+' ? 29 * UTC_SECOND : *what == '*' ? 31 * UTC_SECOND : 0;
        if (strchr("+*", *what))
            continue;
        test_begin(
            &m, is_other ? 8 : 7, is_answer ? MESSAGE_QR : 0, is_answer ? "_TA-4F66." : "_ta-4f66.", RR_NULL);
        struct sighting_message message = envelope(&m, time_us, &client, &server);
        assert_int_equal((strchr("sS", *what) ? tally_seen : tally_message)(tally, &message), 0);
    }
    return tally;
}

static void test_exchanges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        struct tally *tally = play(exchanges[i].what);
        uint64_t count = row_count(tally) ? row_of(tally, 0).count : 0;
        if (count != exchanges[i].count || tally_counters(tally).kinds[SIGHTING_TA_NULL] != count)
            fail_msg("%s: %d, not %u", exchanges[i].what, (int)count, exchanges[i].count);
        tally_free(tally);
    }
}

/* What differs makes another exchange. */
static void test_other_exchanges(void **state)
{
    (void)state;
    for (unsigned differs = 0; differs <= 8; differs++) {
        struct tally *tally = fresh();
        struct test_message q, a;
        struct end client = client_at(1), other = client_at(1), to = server;
        test_begin(&q, 7, 0, "_ta-4f66.", RR_NULL);
        test_begin(&a, differs == 1 ? 8 : 7, MESSAGE_QR, differs == 2 ? "_ta-4f67." : "_ta-4f66.",
            differs == 3 ? RR_A : RR_NULL);
        other.port = (uint16_t)(other.port + (differs == 4));
        other.address[15] ^= differs == 5;
        to.port = (uint16_t)(to.port + (differs == 6));
        to.address[15] ^= differs == 7;
        take(tally, &q, DAY, &client);
        struct sighting_message message = envelope(&a, DAY + 1, &other, &to);
        message.transport = differs == 8 ? SIGHTING_TCP : SIGHTING_UDP;
        assert_int_equal(tally_message(tally, &message), 0);
        uint64_t sum = 0;
        for (size_t i = row_count(tally); i-- > 0;)
            sum += row_of(tally, i).count;
        assert_int_equal(sum, differs ? 2 : 1);
        tally_free(tally);
    }
}

/* Flags are the question's, in either order; the time is that of the first. */
static void test_flags(void **state)
{
    (void)state;
    for (int answer_first = 0; answer_first <= 1; answer_first++) {
        struct tally *tally = fresh();
        struct test_message q, a;
        struct end client = client_at(1);
        test_begin(&q, 7, MESSAGE_CD, "_ta-4f66.Example.", RR_NULL);
        test_opt(&q, 1400, true, "", 0);
        test_begin(&a, 7, MESSAGE_QR | MESSAGE_RD, "_ta-4f66.Example.", RR_NULL);
        test_opt(&a, 4096, false, "", 0);
        take(tally, answer_first ? &a : &q, DAY + 5, &client);
        struct tally_row row = row_of(tally, 0);
        assert_int_equal(row.recursion_desired, answer_first);
        assert_int_equal(row.udp_size, answer_first ? 0 : 1400);
        take(tally, answer_first ? &q : &a, DAY + 9, &client);
        assert_int_equal(row_count(tally), 1);
        row = row_of(tally, 0);
        assert_int_equal(row.count, 1);
        assert_int_equal(row.recursion_desired, 0);
        assert_int_equal(row.dnssec_ok, 1);
        assert_int_equal(row.checking_disabled, 1);
        assert_int_equal(row.udp_size, 1400);
        assert_int_equal(row.first_us, DAY + 5);
        assert_int_equal(row.last_us, DAY + 5);
        assert_int_equal(row.hour_us, DAY);
        assert_string_equal(row.zone, "example.");
        assert_string_equal(row.tags, "4f66");
        assert_memory_equal(row.source, client.address, 16);
        tally_free(tally);
    }
}

/* After a reset the row of the answer is no more: another has its number now. */
static void test_flags_after_reset(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct test_message m;
    struct end client = client_at(1);
    test_begin(&m, 7, MESSAGE_QR | MESSAGE_RD, "_ta-4f66.", RR_NULL);
    take(tally, &m, DAY, &client);
    tally_reset(tally);
    test_begin(&m, 9, 0, "_ta-9728.", RR_NULL);
    take(tally, &m, DAY, &client);
    test_begin(&m, 7, MESSAGE_CD, "_ta-4f66.", RR_NULL);
    take(tally, &m, DAY, &client);
    struct tally_row row = row_of(tally, 0);
    assert_int_equal(row_count(tally), 1);
    assert_string_equal(row.tags, "9728");
    assert_int_equal(row.count, 1);
    assert_int_equal(row.checking_disabled, 0);
    assert_int_equal(row.recursion_desired, 0);
    tally_free(tally);
}

/* DNSKEY, its option and its answer are rows of their own. */
static void test_dnskey(void **state)
{
    (void)state;
    static const uint8_t octets[101] = {1, 1, 3, 8};
    struct tally *tally = fresh();
    struct test_message m;
    struct end client = client_at(1);
    test_begin(&m, 7, 0, ".", RR_DNSKEY);
    test_opt(&m, 1232, true, "\0\16\0\4\x97\x28\x4f\x66", 8);
    take(tally, &m, DAY, &client);
    take(tally, &m, DAY + 1, &client);
    for (unsigned i = 0; i < 3; i++) {
        test_begin(&m, 7, (uint16_t)(MESSAGE_QR | (i == 1 ? MESSAGE_TC : 0)), ".", RR_DNSKEY);
        test_record(&m, 1, "\xc0\x0c", 2, RR_DNSKEY, 1, 0, octets, 100 + i % 2);
        take(tally, &m, DAY + 2, &client);
    }
    size_t longest = 12 + 5 + 12 + 101;
    test_begin(&m, 7, 0, ".", RR_DNSKEY);
    test_opt(&m, 1232, true, "\0\16\0\1\x97", 5);
    take(tally, &m, DAY + 3, &client);
    static const struct {
        uint8_t kind;
        const char *tags;
        uint64_t count, dnssec_ok;
    } want[] = {{SIGHTING_OPTION, "4f66-9728", 2, 2},
        {SIGHTING_INVALID, "an option with an odd number of octets", 1, 1}, {SIGHTING_DNSKEY, "", 3, 3},
        {SIGHTING_DNSKEY_ANSWER, "", 3, 0}};
    assert_int_equal(row_count(tally), 4);
    for (size_t i = 0; i < 4; i++) {
        struct tally_row row = row_of(tally, i);
        assert_int_equal(row.kind, want[i].kind);
        assert_string_equal(row.tags, want[i].tags);
        assert_string_equal(row.zone, ".");
        assert_int_equal(row.count, want[i].count);
        assert_int_equal(row.octets, row.kind == SIGHTING_DNSKEY_ANSWER ? longest : 0);
        assert_int_equal(row.truncated, row.kind == SIGHTING_DNSKEY_ANSWER);
        assert_int_equal(row.dnssec_ok, want[i].dnssec_ok);
        assert_int_equal(tally_counters(tally).kinds[row.kind], row.count);
    }
    tally_free(tally);
}

/* Of a cut answer the whole length counts. */
static void test_cut_answer(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct test_message m;
    struct end client = client_at(1);
    test_begin(&m, 7, MESSAGE_QR, ".", RR_DNSKEY);
    struct sighting_message message = envelope(&m, DAY, &client, &server);
    message.wire_length = 1414;
    assert_int_equal(tally_message(tally, &message), 0);
    assert_int_equal(row_of(tally, 1).octets, 1414);
    tally_free(tally);
}

static void test_others(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct end client = client_at(1);
    struct tatlog line = {
        .time_us = DAY + 7, .kind = SIGHTING_OPTION, .tags = {20326, 38696}, .tag_count = 2};
    memcpy(line.source, client.address, 16);
    assert_int_equal(name_from_text("example.", &line.zone, NULL), 0);
    assert_int_equal(tally_log(tally, &line), 0);
    line.kind = SIGHTING_INVALID;
    line.fault = "an option without a key tag";
    assert_int_equal(tally_log(tally, &line), 0);
    assert_int_equal(tally_error(tally, DAY + 8, SIGHTING_TOO_BIG, client.address), 0);
    assert_int_equal(tally_error(tally, DAY + 9, SIGHTING_TOO_BIG, client.address), 0);
    assert_int_equal(tally_error(tally, DAY + 9, SIGHTING_REASSEMBLY, client.address), 0);
    struct tally_rows rows;
    tally_rows(tally, &rows);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.traffic_count, 0);
    struct tally_row row = row_of(tally, 0);
    assert_string_equal(row.zone, "");
    assert_int_equal(row.kind, SIGHTING_TOO_BIG);
    assert_int_equal(row.count, 2);
    assert_int_equal(row.transport, SIGHTING_UDP);
    assert_int_equal(row_of(tally, 1).kind, SIGHTING_REASSEMBLY);
    row = row_of(tally, 2);
    assert_string_equal(row.zone, "example.");
    assert_string_equal(row.tags, "4f66-9728");
    assert_int_equal(row.transport, SIGHTING_UNKNOWN);
    assert_string_equal(row_of(tally, 3).tags, line.fault);
    tally_free(tally);
}

static void test_not_dns(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct test_message m;
    struct end client = client_at(1);
    test_begin(&m, 7, MESSAGE_OPCODE, "_ta-4f66.", RR_NULL);
    take(tally, &m, DAY, &client);
    struct tally_rows rows;
    tally_rows(tally, &rows);
    assert_int_equal(rows.count + rows.traffic_count, 0);
    assert_int_equal(tally_counters(tally).not_dns, 1);
    assert_int_equal(tally_counters(tally).messages, 0);
    tally_free(tally);
}

/* ---- traffic ---- */

static struct tally_traffic traffic_of(struct tally *tally, size_t i)
{
    struct tally_rows rows;
    struct tally_traffic traffic;
    tally_rows(tally, &rows);
    assert_true(i < rows.traffic_count);
    rows.traffic(rows.context, i, &traffic);
    return traffic;
}

/* Flags of answers count as long as there are no queries, in any order. */
static void test_queries_tell_more(void **state)
{
    (void)state;
    static const char *const orders[] = {"aaqq", "qqaa", "aqaq", "qaaq"};
    struct end client = client_at(1);
    struct test_message q, a;
    test_begin(&q, 7, MESSAGE_CD, "www.example.", RR_A);
    test_opt(&q, 1232, true, "", 0);
    test_begin(&a, 7, MESSAGE_QR | MESSAGE_RD | MESSAGE_TC, "other.name.", RR_A);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct tally *tally = fresh();
        for (const char *at = orders[i]; *at; at++)
            take(tally, *at == 'q' ? &q : &a, DAY + (at - orders[i]), &client);
        struct tally_traffic traffic = traffic_of(tally, 0);
        assert_int_equal(traffic.queries, 2);
        assert_int_equal(traffic.answers, 2);
        assert_int_equal(traffic.edns, 2);
        assert_int_equal(traffic.dnssec_ok, 2);
        assert_int_equal(traffic.checking_disabled, 2);
        assert_int_equal(traffic.recursion_desired, 0);
        assert_int_equal(traffic.truncated, 2);
        assert_int_equal(traffic.udp_size_least, 1232);
        assert_int_equal(__builtin_popcountll(traffic.names), 1);
        assert_int_equal(__builtin_popcount(traffic.ports), 1);
        assert_int_equal(traffic.first_us, DAY);
        assert_int_equal(traffic.last_us, DAY + 3);
        tally_free(tally);
    }
    struct tally *tally = fresh();
    take(tally, &a, DAY, &client);
    struct tally_traffic traffic = traffic_of(tally, 0);
    assert_int_equal(traffic.recursion_desired, 1);
    assert_int_equal(traffic.queries, 0);
    assert_memory_equal(traffic.source, client.address, 16);
    tally_free(tally);
}

/* Hours begin where they begin, before 1970 too; what no calendar has is put at its end. */
static void test_hours(void **state)
{
    (void)state;
    static const struct {
        int64_t time_us, hour_us;
    } rows[] = {{DAY, DAY}, {DAY - 1, DAY - UTC_HOUR}, {DAY + UTC_HOUR - 1, DAY},
        {DAY + UTC_HOUR, DAY + UTC_HOUR}, {0, 0}, {-1, -UTC_HOUR}, {-UTC_HOUR, -UTC_HOUR},
        {-UTC_HOUR - 1, -2 * UTC_HOUR}, {UTC_LAST, UTC_LAST + 1 - UTC_HOUR},
        {INT64_MAX, UTC_LAST + 1 - UTC_HOUR}, {INT64_MIN, UTC_FIRST}};
    struct end client = client_at(1);
    struct test_message m;
    test_begin(&m, 7, 0, ".", RR_DNSKEY);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tally *tally = fresh();
        take(tally, &m, rows[i].time_us, &client);
        int64_t time_us = rows[i].time_us;
        time_us = time_us < UTC_FIRST ? UTC_FIRST : time_us > UTC_LAST ? UTC_LAST : time_us;
        assert_int_equal(traffic_of(tally, 0).hour_us, rows[i].hour_us);
        assert_int_equal(traffic_of(tally, 0).first_us, time_us);
        assert_int_equal(row_of(tally, 0).hour_us, rows[i].hour_us);
        assert_int_equal(row_of(tally, 0).last_us, time_us);
        tally_free(tally);
    }
}

/* ---- bounds ---- */

static void ask(struct tally *tally, const struct end *client, const char *name, uint16_t type, uint16_t id)
{
    struct test_message m;
    test_begin(&m, id, 0, name, type);
    take(tally, &m, DAY, client);
}

/* One source makes at most so many rows; its neighbour is none the worse. */
static void test_rows_of_a_source(void **state)
{
    (void)state;
    enum { MORE = 100 };
    struct tally *tally = fresh();
    struct end client = client_at(1), other = client_at(2);
    char name[64];
    for (unsigned i = 0; i < ROWS_OF_SOURCE + MORE; i++) {
        snprintf(name, sizeof name, "_ta-%04x.", i);
        ask(tally, &client, name, RR_NULL, (uint16_t)i);
        snprintf(name, sizeof name, "zone%u.", i);
        ask(tally, &client, name, RR_DNSKEY, (uint16_t)i);
    }
    ask(tally, &client, "_ta-0001.", RR_NULL, 1); /* known ones still count */
    ask(tally, &client, "root-key-sentinel-is-ta-20326.x.", RR_A, 1);
    ask(tally, &other, "_ta-ffff.", RR_NULL, 1);
    assert_int_equal(row_count(tally), 2 * ROWS_OF_SOURCE + 4);
    struct tally_row row = row_of(tally, 0); /* zone "" comes first; kinds in their order */
    assert_string_equal(row.zone, "");
    assert_int_equal(row.kind, SIGHTING_IS_TA);
    assert_string_equal(row.tags, "");
    row = row_of(tally, 1);
    assert_string_equal(row.zone, "");
    assert_int_equal(row.kind, SIGHTING_INVALID);
    assert_string_equal(row.tags, "too many different signals");
    assert_int_equal(row.count, MORE);
    row = row_of(tally, 2);
    assert_string_equal(row.zone, "");
    assert_int_equal(row.kind, SIGHTING_DNSKEY);
    assert_int_equal(row.count, MORE);
    row = row_of(tally, 4);
    assert_string_equal(row.tags, "0001");
    assert_int_equal(row.count, 2);
    assert_int_equal(tally_counters(tally).kinds[SIGHTING_INVALID], MORE);
    assert_int_equal(tally_counters(tally).kinds[SIGHTING_TA_NULL], ROWS_OF_SOURCE + 2);
    tally_free(tally);
}

static void test_full(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    unsigned sources = 0;
    for (; !tally_full(tally) && sources < 1000000; sources++) {
        struct end client = client_at(1);
        memcpy(client.address + 4, &sources, sizeof sources);
        ask(tally, &client, ".", RR_DNSKEY, 7);
    }
    assert_in_range(sources, 20000, 100000);
    assert_int_equal(row_count(tally), sources);
    tally_reset(tally);
    assert_false(tally_full(tally));
    assert_int_equal(row_count(tally), 0);
    struct tally_rows rows;
    tally_rows(tally, &rows);
    assert_int_equal(rows.traffic_count, 0);
    tally_free(tally);
}

/* 128 octets per source, also while the index grows. */
static void test_memory(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct test_message m;
    unsigned bits = tally->traffic.index.bits;
    test_begin(&m, 7, 0, "www.example.", RR_A);
    for (uint32_t sources = 1; sources <= 400000; sources++) {
        struct end client = client_at(1);
        memcpy(client.address + 4, &sources, sizeof sources);
        take(tally, &m, DAY, &client);
        const struct traffic *traffic = &tally->traffic;
        size_t index = sizeof(uint64_t) << traffic->index.bits;
        size_t pools = traffic->hot.chunk_count * POOL_CHUNK * traffic->hot.size +
                       traffic->cold.chunk_count * POOL_CHUNK * traffic->cold.size;
        if (traffic->index.bits != bits) /* both tables are there now */
            assert_true(pools + index + index / 2 <= 128UL * sources + (1 << 20));
        bits = traffic->index.bits;
        if (sources % 1000 == 0)
            assert_true(pools + index <= 128UL * sources + (1 << 20));
    }
    tally_free(tally);
}

/* What cannot be remembered is counted, and only that. */
static void test_forgotten(void **state)
{
    (void)state;
    struct tally *tally = fresh();
    struct end client = client_at(1);
    struct test_message m;
    for (unsigned i = 0; i < 2 * PAIRS_SLOTS; i++) {
        test_begin(&m, (uint16_t)i, 0, i < 65536 ? "_ta-4f66." : "_ta-4f66.x.", RR_NULL);
        take(tally, &m, DAY, &client);
    }
    uint64_t forgotten = tally_counters(tally).forgotten;
    assert_in_range(forgotten, PAIRS_SLOTS, PAIRS_SLOTS + PAIRS_SLOTS / 4);
    for (unsigned i = 0; i < PAIRS_SLOTS; i++) { /* a minute later all of them are past */
        test_begin(&m, (uint16_t)i, 0, "_ta-9728.", RR_NULL);
        take(tally, &m, DAY + UTC_MINUTE, &client);
    }
    assert_in_range(tally_counters(tally).forgotten - forgotten, 0, PAIRS_SLOTS / 4);
    assert_int_equal(tally_counters(tally).kinds[SIGHTING_TA_NULL], 3 * PAIRS_SLOTS);
    tally_free(tally);
}

/* ---- the naive counting ---- */

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random >> 11;
}

static const struct planted {
    const char *name;
    uint16_t type;
    uint8_t kind;
    const char *zone, *tags;
} planted[] = {
    {"_ta-4f66-9728.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66-9728"},
    {"_TA-9728-4F66.", RR_NULL, SIGHTING_TA_NULL, ".", "4f66-9728"},
    {"_ta-4f66.Org.", RR_A, SIGHTING_TA_A, "org.", "4f66"},
    {"_ta-zz66.org.", RR_A, SIGHTING_INVALID, "org.",
        "a key tag with a character that is no hexadecimal digit"},
    {".", RR_DNSKEY, SIGHTING_DNSKEY, ".", ""},
    {"ORG.", RR_DNSKEY, SIGHTING_DNSKEY, "org.", ""},
    {"root-key-sentinel-not-ta-20326.x.org.", RR_AAAA, SIGHTING_NOT_TA, "x.org.", "4f66"},
    {"www.example.org.", RR_A, SIGHTING_NONE, NULL, NULL},
    {"_ta-4f66.", RR_TXT, SIGHTING_NONE, NULL, NULL},
};

struct drawn {
    const struct planted *planted;
    int64_t time_us;
    unsigned client;
    uint16_t id;
    uint8_t transport;
    bool is_answer, rd, cd, tc, edns, dnssec_ok, has_option;
    uint16_t udp_size;
    bool waits; /* for its other half */
    size_t row; /* where it was counted */
    struct test_message message;
};

enum { DRAWN = 3000, MODEL_ROWS = 3000 };

struct model {
    struct drawn drawn[DRAWN];
    struct tally_row rows[MODEL_ROWS];
    size_t row_count;
    struct tally_traffic traffic[MODEL_ROWS];
    size_t traffic_count;
};

static void draw(struct drawn *d, uint64_t *random, int64_t time_us)
{
    memset(d, 0, sizeof *d);
    uint64_t bits = next_random(random);
    d->planted = &planted[next_random(random) % (sizeof planted / sizeof *planted)];
    d->time_us = time_us;
    d->client = (unsigned)next_random(random) % 5;
    d->id = (uint16_t)(next_random(random) % 12); /* more alike than the table can hold would be forgotten */
    d->transport = next_random(random) % 4 == 0 ? SIGHTING_TCP : SIGHTING_UDP;
    d->is_answer = bits & 1;
    d->rd = bits & 2;
    d->cd = bits & 4;
    d->tc = bits & 8;
    d->edns = (bits & 16) || (bits & 32);
    d->dnssec_ok = d->edns && (bits & 64);
    d->udp_size = d->edns ? (uint16_t)(512 + bits % 4000) : 0;
    d->has_option = d->edns && !d->is_answer && d->planted->kind == SIGHTING_DNSKEY && (bits & 128);
    test_begin(&d->message, d->id,
        (uint16_t)((d->is_answer ? MESSAGE_QR : 0) | (d->rd ? MESSAGE_RD : 0) | (d->cd ? MESSAGE_CD : 0) |
                   (d->tc ? MESSAGE_TC : 0)),
        d->planted->name, d->planted->type);
    if (d->edns)
        test_opt(&d->message, d->udp_size, d->dnssec_ok, "\0\16\0\2\x97\x28", d->has_option ? 6 : 0);
}

static int64_t hour_of(int64_t time_us)
{
    return time_us - time_us % UTC_HOUR;
}

static size_t model_row(struct model *model, const struct drawn *d, uint8_t kind, const char *tags)
{
    struct end client = client_at(d->client);
    size_t i = 0;
    for (; i < model->row_count; i++) {
        const struct tally_row *row = &model->rows[i];
        if (row->hour_us == hour_of(d->time_us) && row->kind == kind && row->transport == d->transport &&
            strcmp(row->zone, d->planted->zone) == 0 && strcmp(row->tags, tags) == 0 &&
            memcmp(row->source, client.address, 16) == 0)
            break;
    }
    struct tally_row *row = &model->rows[i];
    if (i == model->row_count) {
        assert_true(++model->row_count < MODEL_ROWS);
        *row = (struct tally_row){.hour_us = hour_of(d->time_us),
            .kind = kind,
            .transport = d->transport,
            .zone = d->planted->zone,
            .tags = tags,
            .first_us = INT64_MAX};
        memcpy(row->source, client.address, 16);
    }
    row->count++;
    row->recursion_desired += d->rd;
    row->dnssec_ok += d->dnssec_ok;
    row->checking_disabled += d->cd;
    row->first_us = d->time_us < row->first_us ? d->time_us : row->first_us;
    row->last_us = d->time_us > row->last_us ? d->time_us : row->last_us;
    if (!d->is_answer && d->udp_size > row->udp_size)
        row->udp_size = d->udp_size;
    if (kind == SIGHTING_DNSKEY_ANSWER) {
        size_t length = test_length(&d->message);
        row->truncated += d->tc;
        row->octets = length > row->octets ? (uint32_t)length : row->octets;
    }
    return i;
}

/* The oldest other half that waits. */
static struct drawn *model_other_half(struct model *model, const struct drawn *d)
{
    struct drawn *found = NULL;
    for (struct drawn *other = model->drawn; other < d; other++) {
        int64_t apart =
            d->time_us > other->time_us ? d->time_us - other->time_us : other->time_us - d->time_us;
        if (other->waits && other->is_answer != d->is_answer && other->client == d->client &&
            other->id == d->id && other->transport == d->transport &&
            other->planted->type == d->planted->type &&
            strcasecmp(other->planted->name, d->planted->name) == 0 && apart <= 30 * UTC_SECOND &&
            (!found || other->time_us < found->time_us))
            found = other;
    }
    return found;
}

static void model_message(struct model *model, struct drawn *d)
{
    if (d->planted->kind == SIGHTING_NONE)
        return;
    struct drawn *other = model_other_half(model, d);
    if (!other) {
        d->waits = true;
        d->row = model_row(model, d, d->planted->kind, d->planted->tags);
    } else {
        other->waits = false;
        struct tally_row *row = &model->rows[other->row];
        if (!d->is_answer) {
            row->recursion_desired += (uint64_t)d->rd - other->rd;
            row->dnssec_ok += (uint64_t)d->dnssec_ok - other->dnssec_ok;
            row->checking_disabled += (uint64_t)d->cd - other->cd;
            row->udp_size = d->udp_size > row->udp_size ? d->udp_size : row->udp_size;
        }
    }
    if (d->is_answer && d->planted->kind == SIGHTING_DNSKEY)
        model_row(model, d, SIGHTING_DNSKEY_ANSWER, "");
    if (d->has_option)
        model_row(model, d, SIGHTING_OPTION, "9728");
}

static void model_flags(struct tally_traffic *t, const struct drawn *d)
{
    t->tcp += d->transport == SIGHTING_TCP;
    t->edns += d->edns && !d->is_answer;
    t->dnssec_ok += d->dnssec_ok && !d->is_answer;
    t->recursion_desired += d->rd;
    t->checking_disabled += d->cd;
    t->dnskey += d->planted->type == RR_DNSKEY;
    t->names |= d->planted->kind != SIGHTING_TA_NULL && d->planted->kind != SIGHTING_TA_A; /* whether any */
    if (!d->is_answer && d->udp_size) {
        t->udp_size_least =
            t->udp_size_least && t->udp_size_least < d->udp_size ? t->udp_size_least : d->udp_size;
        t->udp_size_most = t->udp_size_most > d->udp_size ? t->udp_size_most : d->udp_size;
    }
}

/* All of one source in one hour. */
static void model_traffic(struct model *model, size_t count, const struct drawn *like)
{
    struct end client = client_at(like->client);
    struct tally_traffic from_queries = {.hour_us = hour_of(like->time_us), .first_us = INT64_MAX},
                         from_answers;
    memcpy(from_queries.source, client.address, 16);
    from_answers = from_queries;
    uint64_t queries = 0, answers = 0, truncated = 0;
    int64_t first_us = INT64_MAX, last_us = 0;
    for (const struct drawn *d = model->drawn; d < model->drawn + count; d++) {
        if (d->client != like->client || hour_of(d->time_us) != from_queries.hour_us)
            continue;
        queries += !d->is_answer;
        answers += d->is_answer;
        truncated += d->is_answer && d->tc;
        first_us = d->time_us < first_us ? d->time_us : first_us;
        last_us = d->time_us > last_us ? d->time_us : last_us;
        model_flags(d->is_answer ? &from_answers : &from_queries, d);
    }
    struct tally_traffic *t = &model->traffic[model->traffic_count++];
    *t = queries ? from_queries : from_answers;
    t->queries = queries;
    t->answers = answers;
    t->truncated = truncated;
    t->first_us = first_us;
    t->last_us = last_us;
}

static int row_order(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    order = order ? order : strcmp(x->zone, y->zone);
    order = order ? order : x->kind - y->kind;
    order = order ? order : strcmp(x->tags, y->tags);
    order = order ? order : x->transport - y->transport;
    return order ? order : memcmp(x->source, y->source, 16);
}

static int traffic_order(const void *a, const void *b)
{
    const struct tally_traffic *x = a, *y = b;
    int order = (x->hour_us > y->hour_us) - (x->hour_us < y->hour_us);
    return order ? order : memcmp(x->source, y->source, 16);
}

static void model_end(struct model *model, size_t count)
{
    model->traffic_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool done = false;
        struct end client = client_at(model->drawn[i].client);
        for (size_t j = 0; j < model->traffic_count; j++)
            done |= model->traffic[j].hour_us == hour_of(model->drawn[i].time_us) &&
                    memcmp(model->traffic[j].source, client.address, 16) == 0;
        if (!done)
            model_traffic(model, count, &model->drawn[i]);
    }
    qsort(model->traffic, model->traffic_count, sizeof *model->traffic, traffic_order);
}

#define SAME(field) assert_int_equal(have.field, want->field)

static void compare_rows(const struct tally_rows *rows, const struct model *model)
{
    struct tally_row *sorted = malloc((model->row_count + 1) * sizeof *sorted);
    memcpy(sorted, model->rows, model->row_count * sizeof *sorted);
    qsort(sorted, model->row_count, sizeof *sorted, row_order);
    assert_int_equal(rows->count, model->row_count);
    for (size_t i = 0; i < rows->count; i++) {
        const struct tally_row *want = &sorted[i];
        struct tally_row have;
        rows->row(rows->context, i, &have);
        assert_int_equal(row_order(&have, want), 0);
        SAME(count);
        SAME(recursion_desired);
        SAME(dnssec_ok);
        SAME(checking_disabled);
        SAME(octets);
        SAME(truncated);
        SAME(udp_size);
        SAME(first_us);
        SAME(last_us);
    }
    free(sorted);
}

static void compare_traffic(const struct tally_rows *rows, const struct model *model)
{
    assert_int_equal(rows->traffic_count, model->traffic_count);
    for (size_t i = 0; i < rows->traffic_count; i++) {
        const struct tally_traffic *want = &model->traffic[i];
        struct tally_traffic have;
        rows->traffic(rows->context, i, &have);
        assert_int_equal(traffic_order(&have, want), 0);
        SAME(queries);
        SAME(answers);
        SAME(tcp);
        SAME(edns);
        SAME(dnssec_ok);
        SAME(recursion_desired);
        SAME(checking_disabled);
        SAME(dnskey);
        SAME(truncated);
        SAME(udp_size_least);
        SAME(udp_size_most);
        SAME(first_us);
        SAME(last_us);
        assert_int_equal(have.names != 0, want->names);
        assert_int_equal(__builtin_popcount(have.ports), 1); /* of a client, always the same */
    }
}

static void compare(struct tally *tally, const struct model *model)
{
    struct tally_rows rows;
    tally_rows(tally, &rows);
    compare_rows(&rows, model);
    compare_traffic(&rows, model);
}

/* One by one, or with others. */
static void count_message(
    struct tally *tally, struct tally_batch *batch, const struct sighting_message *message, bool alone)
{
    if (alone || !tally_batch_add(batch, message))
        assert_int_equal(tally_message(tally, message), 0);
}

static void count_batch(struct tally *tally, struct tally_batch *batch)
{
    assert_int_equal(tally_batch_count(tally, batch), 0);
    tally_batch_begin(batch);
}

/* Sometimes another tally goes on where this one was: the rows so far are then written, and begin anew. */
static void model_run(struct model *model, uint64_t random)
{
    int64_t time_us = DAY;
    struct tally *tally = tally_new(random * 77);
    struct tally_batch *batch = malloc(sizeof *batch);
    tally_batch_begin(batch);
    memset(model, 0, sizeof *model);
    for (size_t i = 0; i < DRAWN; i++) {
        struct drawn *d = &model->drawn[i];
        uint64_t jump = next_random(&random) % 100;
        time_us += (int64_t)(next_random(&random) % (jump < 90 ? 3 * UTC_SECOND : 700 * UTC_SECOND));
        time_us -= jump > 80 ? 5 * UTC_SECOND : 0;
        if (jump == 99) /* the clock is set back, to where it never was */
            time_us = DAY - (int64_t)i * UTC_DAY;
        draw(d, &random, time_us);
        model_message(model, d);
        struct end client = client_at(d->client);
        struct sighting_message message = envelope(&d->message, time_us, &client, &server);
        message.transport = d->transport;
        count_message(tally, batch, &message, i % 3 == 0);
        if (i % 67 == 0 || i % 601 == 0 || batch->messages == TALLY_BATCH)
            count_batch(tally, batch);
        if (i % 601 == 0) { /* looking changes nothing */
            model_end(model, i + 1);
            compare(tally, model);
        }
    }
    count_batch(tally, batch);
    model_end(model, DRAWN);
    compare(tally, model);
    assert_int_equal(tally_counters(tally).messages, DRAWN);
    free(batch);
    tally_free(tally);
}

static void test_model(void **state)
{
    (void)state;
    struct model *model = malloc(sizeof *model);
    for (uint64_t seed = 1; seed <= 20; seed++)
        model_run(model, seed * 0x9e3779b97f4a7c15);
    free(model);
}

static void ask_once(struct tally *tally, unsigned source)
{
    struct test_message m;
    struct end client = client_at(source);
    test_begin(&m, 1, 0, "www.example.", RR_A);
    struct sighting_message message = envelope(&m, DAY, &client, &server);
    assert_int_equal(tally_message(tally, &message), 0);
}

/* Of those who wait for their memory, nobody takes the place that one had before the rows were forgotten. */
static void test_ring_after_reset(void **state)
{
    (void)state;
    struct tally *tally = tally_new(1);
    struct tally_rows rows;
    for (unsigned i = 0; i < 400; i++)
        ask_once(tally, i % 40);
    tally_rows(tally, &rows);
    assert_int_equal(rows.traffic_count, 40);
    tally_reset(tally);
    for (unsigned i = 0; i < 10; i++)
        ask_once(tally, i);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(traffic_of(tally, i).queries, 1);
    tally_free(tally);
}

static void test_batch(void **state)
{
    (void)state;
    enum { ORDINARY, NOT_DNS, OTHER };
    static const struct {
        const char *name;
        uint16_t type, bits;
        size_t length; /* 0: all of it */
        int word;
    } looks[] = {
        {"www.example.", RR_A, 0, 0, ORDINARY},
        {"www.example.", RR_A, 0x8000, 0, ORDINARY},
        {"_ta-4f66.", RR_A, 0, 0, OTHER},
        {"_ta-4f66.", RR_NULL, 0x8000, 0, OTHER},
        {"_ta-4f66.", RR_AAAA, 0, 0, ORDINARY},
        {"_ta-x.", RR_NULL, 0, 0, OTHER},
        {".", RR_DNSKEY, 0, 0, OTHER},
        {"root-key-sentinel-is-ta-20326.example.", RR_A, 0, 0, OTHER},
        {"www.example.", RR_A, 0x2800, 0, NOT_DNS}, /* UPDATE */
        {"www.example.", RR_A, 0, 11, NOT_DNS},
    };
    struct tally_batch *batch = malloc(sizeof *batch);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct test_message m;
        test_begin(&m, 1, looks[i].bits, looks[i].name, looks[i].type);
        struct end client = client_at(3);
        struct sighting_message message = envelope(&m, DAY, &client, &server);
        message.length = looks[i].length ? (uint32_t)looks[i].length : message.length;
        tally_batch_begin(batch);
        assert_int_equal(tally_batch_add(batch, &message), looks[i].word != OTHER);
        assert_int_equal(batch->messages, looks[i].word == ORDINARY);
        assert_int_equal(batch->not_dns, looks[i].word == NOT_DNS);
    }
    free(batch);
}

/* ---- going on elsewhere ---- */

static void random_message(struct tally *tally, uint64_t *random, int64_t time_us)
{
    struct drawn d;
    draw(&d, random, time_us);
    struct end client = client_at(d.client);
    struct sighting_message message = envelope(&d.message, time_us, &client, &server);
    message.transport = d.transport;
    assert_int_equal(tally_message(tally, &message), 0);
}

static void same_rows(struct tally *a, struct tally *b)
{
    struct tally_rows rows_a, rows_b;
    tally_rows(a, &rows_a);
    tally_rows(b, &rows_b);
    assert_int_equal(rows_a.count, rows_b.count);
    for (size_t i = 0; i < rows_a.count; i++) {
        struct tally_row x, y;
        rows_a.row(rows_a.context, i, &x);
        rows_b.row(rows_b.context, i, &y);
        assert_int_equal(row_order(&x, &y), 0);
        assert_int_equal(x.count, y.count);
        assert_int_equal(x.first_us, y.first_us);
    }
}

static void test_saved(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t random = seed * 0x9e3779b97f4a7c15, again;
        struct tally *one = tally_new(seed), *two = tally_new(seed + 1000);
        uint8_t *bytes, *back;
        size_t length, back_length;
        for (int i = 0; i < 500; i++)
            random_message(one, &random, DAY + (int64_t)(next_random(&random) % (UTC_MINUTE)));
        assert_int_equal(tally_save(one, &bytes, &length), 0);
        assert_int_equal(tally_load(two, bytes, length), 0);
        assert_int_equal(tally_save(two, &back, &back_length), 0);
        assert_int_equal(back_length, length);
        assert_memory_equal(back, bytes, length);
        tally_reset(one);
        again = random;
        for (int i = 0; i < 500; i++)
            random_message(one, &random, DAY + (int64_t)(next_random(&random) % (UTC_MINUTE)));
        for (int i = 0; i < 500; i++)
            random_message(two, &again, DAY + (int64_t)(next_random(&again) % (UTC_MINUTE)));
        same_rows(one, two);
        free(bytes);
        free(back);
        tally_free(one);
        tally_free(two);
    }
}

/* Every octet counts, and what is refused changes nothing. */
static void test_hostile_load(void **state)
{
    (void)state;
    struct tally *tally = play("qQ"), *other = fresh();
    uint8_t *bytes, *back;
    size_t length, back_length;
    assert_int_equal(tally_save(tally, &bytes, &length), 0);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(tally_load(other, bytes, cut), ERR_DATA);
    static const struct {
        size_t at;
        uint8_t change;
    } rows[] = {{0, 1}, {15, 1}, {12, 0x80}, {16, 0xff}, {18, 0x40}, {20, 0x80}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bytes[rows[i].at] ^= rows[i].change;
        assert_int_equal(tally_load(other, bytes, length), ERR_DATA);
        bytes[rows[i].at] ^= rows[i].change;
    }
    uint8_t swapped[21];
    memcpy(swapped, bytes + 16, 21); /* the slots in another order */
    memmove(bytes + 16, bytes + 37, 21);
    memcpy(bytes + 37, swapped, 21);
    assert_int_equal(tally_load(other, bytes, length), ERR_DATA);
    assert_int_equal(tally_save(other, &back, &back_length), 0);
    assert_int_equal(back_length, 16);
    free(bytes);
    free(back);
    tally_free(tally);
    tally_free(other);
}

/* ---- sorting ---- */

static uint32_t word_of(const void *context, uint32_t number, unsigned level)
{
    const uint32_t(*keys)[3] = context;
    return keys[number][level];
}

static void fetch_none(const void *context, uint32_t number)
{
    (void)context;
    (void)number;
}

static void test_order(void **state)
{
    (void)state;
    enum { MOST = 5000 };
    static uint32_t keys[MOST][3];
    static uint64_t slots[MOST];
    static const size_t counts[] = {0, 1, 2, 39, 40, 41, 300, MOST};
    uint64_t random = 7;
    for (unsigned spread = 1; spread <= 32; spread += 5)
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            for (uint32_t i = 0; i < counts[n]; i++) {
                for (unsigned level = 0; level < 3; level++)
                    keys[i][level] = (uint32_t)(next_random(&random) >> 8 << (32 - spread));
                slots[i] = next_random(&random) << 32 | i;
            }
            const struct order order = {word_of, fetch_none, keys, 3};
            order_slots(&order, slots, counts[n]);
            uint64_t sum = 0;
            for (size_t i = 0; i < counts[n]; i++) {
                const uint32_t *key = keys[(uint32_t)slots[i]],
                               *before = i ? keys[(uint32_t)slots[i - 1]] : key;
                bool sorted = before[0] != key[0]   ? before[0] < key[0]
                              : before[1] != key[1] ? before[1] < key[1]
                                                    : before[2] <= key[2];
                assert_true(sorted);
                sum += (uint32_t)slots[i];
            }
            assert_int_equal(sum, counts[n] ? counts[n] * (counts[n] - 1) / 2 : 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_other_exchanges), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_flags_after_reset), cmocka_unit_test(test_dnskey),
        cmocka_unit_test(test_cut_answer), cmocka_unit_test(test_others), cmocka_unit_test(test_not_dns),
        cmocka_unit_test(test_queries_tell_more), cmocka_unit_test(test_hours),
        cmocka_unit_test(test_rows_of_a_source), cmocka_unit_test(test_full), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_forgotten), cmocka_unit_test(test_model), cmocka_unit_test(test_batch),
        cmocka_unit_test(test_ring_after_reset), cmocka_unit_test(test_saved),
        cmocka_unit_test(test_hostile_load), cmocka_unit_test(test_order)};
    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
