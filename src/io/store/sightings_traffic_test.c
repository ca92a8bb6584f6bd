/* Traffic in blocks: what is packed reads back, what is no block is refused, rows of many segments add up in
 * the store whatever order they come in, and the packer leaves none out. */
#include "io/store/sightings_packer.h"

#include "io/store/sightings_fixture.h"
#include "io/store/store_test_dir.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const int64_t hour_us = FIXTURE_DAY + 5 * UTC_HOUR;

static struct tally_traffic row_of(uint32_t source)
{
    struct tally_traffic row = {.hour_us = hour_us,
        .queries = source % 300,
        .answers = 1,
        .tcp = source % 2,
        .edns = 3,
        .dnssec_ok = 2,
        .recursion_desired = 1,
        .checking_disabled = source,
        .dnskey = 1,
        .truncated = 200,
        .udp_size_least = 512,
        .udp_size_most = 65535,
        .names = UINT64_MAX - source,
        .ports = source * 3,
        .first_us = hour_us + source,
        .last_us = hour_us + UTC_HOUR - 1};
    fixture_source(source, row.source);
    return row;
}

static void packed_reads_back(void **state)
{
    struct tally_traffic rows[TRAFFIC_MOST], back[TRAFFIC_MOST];
    static uint8_t packed[TRAFFIC_MOST * TRAFFIC_ROW];
    size_t count;
    for (uint32_t i = 0; i < TRAFFIC_MOST; i++)
        rows[i] = row_of(i);
    qsort(rows, TRAFFIC_MOST, sizeof *rows, fixture_traffic_order);
    rows[0].queries = rows[0].ports = UINT32_MAX; /* the widest row there is */
    rows[1].queries = rows[1].answers = rows[1].tcp = rows[1].edns = UINT64_MAX;
    rows[2].first_us = rows[2].last_us = hour_us - 1;
    for (size_t n = 0; n <= TRAFFIC_MOST; n += 50) {
        size_t length = traffic_pack(rows, n, packed);
        assert_int_equal(traffic_unpack(packed, length, hour_us, back, &count), 0);
        assert_int_equal(count, n);
        assert_memory_equal(back, rows, n * sizeof *rows);
    }
}

static void what_is_no_block(void **state)
{
    struct tally_traffic rows[2] = {row_of(1), row_of(2)}, back[TRAFFIC_MOST];
    static uint8_t packed[(TRAFFIC_MOST + 1) * TRAFFIC_ROW];
    size_t count, length = traffic_pack(rows, 1, packed);
    for (size_t cut = 1; cut < length; cut++)
        assert_int_equal(traffic_unpack(packed, cut, hour_us, back, &count), ERR_DATA);
    packed[0] = 16; /* all octets shared: the address before, again */
    assert_int_equal(traffic_unpack(packed, length, hour_us, back, &count), ERR_DATA);
    qsort(rows, 2, sizeof *rows, fixture_traffic_order);
    struct tally_traffic descending[2] = {rows[1], rows[0]};
    length = traffic_pack(descending, 2, packed);
    assert_int_equal(traffic_unpack(packed, length, hour_us, back, &count), ERR_DATA);
    memset(packed, 255, sizeof packed); /* numbers without end */
    packed[0] = 0;
    assert_int_equal(traffic_unpack(packed, sizeof packed, hour_us, back, &count), ERR_DATA);
}

static void merged_adds_up(void **state)
{
    struct tally_traffic a = row_of(7), b = row_of(7);
    a.udp_size_least = 0; /* no EDNS before */
    b.udp_size_most = 4096;
    b.first_us = hour_us;
    b.names = 1;
    a.names = 2;
    traffic_merge(&a, &b);
    assert_int_equal(a.queries, 14);
    assert_int_equal(a.truncated, 400);
    assert_int_equal(a.udp_size_least, 512);
    assert_int_equal(a.udp_size_most, 65535);
    assert_int_equal(a.names, 3);
    assert_int_equal(a.first_us, hour_us);
    assert_int_equal(a.last_us, hour_us + UTC_HOUR - 1);
}

/* ---- in the store ---- */

enum { SOURCES = 20000, SEGMENTS = 6, HOURS = 2 };

struct kept {
    struct tally_traffic rows[HOURS][SOURCES]; /* by the number of the source; queries 0: never seen */
};

/* A segment of some of the sources, in one of several orders. */
static size_t make_segment(struct kept *kept, uint32_t segment, struct tally_traffic *rows)
{
    size_t count = 0;
    for (uint32_t i = 0; i < SOURCES; i++) {
        uint32_t number = segment % 2 ? SOURCES - 1 - i : i;
        if ((number * 2654435761U >> 16) % (segment + 1))
            continue;
        struct tally_traffic row = {.hour_us = hour_us + segment % HOURS * UTC_HOUR, .queries = segment + 1};
        row.first_us = row.hour_us + number;
        row.last_us = row.first_us + segment;
        row.ports = 1U << segment;
        fixture_source(number, row.source);
        rows[count++] = row;
        struct tally_traffic *sum = &kept->rows[segment % HOURS][number];
        if (sum->queries)
            traffic_merge(sum, &row);
        else
            *sum = row;
    }
    return count;
}

static void traffic_row(const void *context, size_t i, struct tally_traffic *ret)
{
    *ret = ((const struct tally_traffic *)context)[i];
}

static void fill_store(const char *path, struct kept *kept, bool apart)
{
    struct tally_traffic *rows = calloc(SOURCES, sizeof *rows);
    struct sightings *store;
    struct err_note note = {""};
    assert_int_equal(sightings_open(path, false, &store, &note), 0);
    for (uint32_t segment = 0; segment < SEGMENTS; segment++) {
        size_t count = make_segment(kept, segment, rows);
        if (segment != 3) /* the fourth comes unsorted, as with pseudonyms */
            qsort(rows, count, sizeof *rows, fixture_traffic_order);
        struct tally_rows all = {
            .traffic_count = count, .traffic = traffic_row, .context = rows, .apart = apart};
        struct sightings_segment one = fixture_segment("lax", 1, segment, segment + 1);
        if (sightings_commit(store, &one, &all, &note) != 0)
            fail_msg("%s", note.text);
    }
    sightings_close(store);
    free(rows);
}

/* All rows of an hour, in the order of the blocks. */
static size_t read_hour(const char *path, int64_t hour, struct tally_traffic *out, size_t *ret_blocks)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    size_t count = 0, blocks = 0, more;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, "SELECT rows FROM traffic WHERE hour = ? ORDER BY source", -1,
                         &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(statement, 1, hour / UTC_HOUR);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        assert_int_equal(traffic_unpack(sqlite3_column_blob(statement, 0),
                             (size_t)sqlite3_column_bytes(statement, 0), hour, out + count, &more),
            0);
        assert_true(more > 0 && more <= TRAFFIC_MOST);
        count += more;
        blocks++;
    }
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    *ret_blocks = blocks;
    return count;
}

static void add_up(bool apart)
{
    char directory[64], path[96];
    struct kept *kept = calloc(1, sizeof *kept);
    struct tally_traffic *rows = calloc(SOURCES + TRAFFIC_MOST, sizeof *rows);
    test_dir(directory);
    snprintf(path, sizeof path, "%s/s.db", directory);
    fill_store(path, kept, apart);
    for (int64_t hour = 0; hour < HOURS; hour++) {
        size_t want = 0, blocks;
        for (size_t i = 0; i < SOURCES; i++)
            if (kept->rows[hour][i].queries)
                kept->rows[hour][want++] = kept->rows[hour][i];
        qsort(kept->rows[hour], want, sizeof *rows, fixture_traffic_order);
        assert_int_equal(read_hour(path, hour_us + hour * UTC_HOUR, rows, &blocks), want);
        assert_memory_equal(rows, kept->rows[hour], want * sizeof *rows);
        assert_in_range(blocks, want / TRAFFIC_MOST, want / TRAFFIC_BLOCK * 2); /* neither crumbs nor lumps */
    }
    test_dir_remove(directory);
    free(kept);
    free(rows);
}

static void segments_add_up(void **state)
{
    add_up(false);
}

static void segments_add_up_beside(void **state)
{
    add_up(true);
}

/* ---- the packer ---- */

enum { MANY = 40 * PACKER_ROWS, HOUR_ROWS = 30001 }; /* more than its ring holds; hours end within pieces */

static struct tally_traffic *many_rows(void)
{
    struct tally_traffic *rows = calloc(MANY, sizeof *rows);
    for (uint32_t i = 0; i < MANY; i++) {
        rows[i] = row_of(i);
        rows[i].hour_us = FIXTURE_DAY + i / HOUR_ROWS * UTC_HOUR;
    }
    qsort(rows, MANY, sizeof *rows, fixture_traffic_order);
    return rows;
}

static void check_blocks(const struct packed *packed, const struct tally_traffic *rows)
{
    struct tally_traffic back[TRAFFIC_MOST];
    size_t count, seen = 0;
    for (size_t i = 0; i < packed->block_count; i++, seen += count) {
        const struct packed_block *block = &packed->blocks[i];
        assert_int_equal(traffic_unpack(block->bytes, block->length, packed->hour_us, back, &count), 0);
        assert_in_range(count, 1, packed->count - seen);
        assert_memory_equal(back, rows + packed->begin + seen, count * sizeof *rows);
        assert_memory_equal(block->source, back->source, sizeof block->source);
    }
    assert_int_equal(seen, packed->block_count ? packed->count : 0);
}

static void every_row_is_packed(void **state)
{
    struct tally_traffic *rows = many_rows();
    static const struct {
        size_t count;
        bool apart, swapped;
    } cases[] = {{0, true}, {1, true}, {PACKER_ROWS, true}, {PACKER_ROWS + 1, true}, {MANY, true},
        {MANY, true, true}, {MANY, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packer *packer;
        const struct packed *packed;
        size_t next = 0, loose = 0, swap = 3 * PACKER_ROWS;
        struct tally_traffic kept = rows[swap];
        if (cases[i].swapped)
            rows[swap] = rows[swap - 1];
        const struct tally_rows all = {.traffic_count = cases[i].count,
            .traffic = traffic_row,
            .context = rows,
            .apart = cases[i].apart};
        assert_int_equal(packer_new(&all, &packer), 0);
        for (; (packed = packer_next(packer)); next += packed->count) {
            assert_int_equal(packed->begin, next);
            assert_in_range(packed->count, 1, PACKER_ROWS);
            loose += packed->block_count == 0;
            check_blocks(packed, rows);
        }
        assert_null(packer_next(packer));
        assert_int_equal(next, cases[i].count);
        assert_int_equal(loose, cases[i].apart ? cases[i].swapped : MANY / PACKER_ROWS);
        packer_free(packer);
        rows[swap] = kept;
    }
    free(rows);
}

static void packing_is_given_up(void **state)
{
    struct tally_traffic *rows = many_rows();
    const struct tally_rows all = {
        .traffic_count = MANY, .traffic = traffic_row, .context = rows, .apart = true};
    for (size_t taken = 0; taken < 4; taken++) {
        struct packer *packer;
        assert_int_equal(packer_new(&all, &packer), 0);
        for (size_t i = 0; i < taken; i++)
            assert_non_null(packer_next(packer));
        packer_free(packer);
    }
    packer_free(NULL);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_reads_back),
        cmocka_unit_test(what_is_no_block),
        cmocka_unit_test(merged_adds_up),
        cmocka_unit_test(segments_add_up),
        cmocka_unit_test(segments_add_up_beside),
        cmocka_unit_test(every_row_is_packed),
        cmocka_unit_test(packing_is_given_up),
    };
    return cmocka_run_group_tests_name("sightings_traffic", tests, NULL, NULL);
}
