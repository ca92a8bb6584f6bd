#include "io/capture/capture_try.h"

#include <fcntl.h>
#include <lzma.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORDS = 9000 }; /* some blocks of them */

static char directory[] = "/tmp/capture-test-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static const char *write_file(const char *name, const void *bytes, size_t length)
{
    const char *path = in_directory(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    return path;
}

static int make_directory(void **state)
{
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

/* A capture of RECORDS records, and what reading it gives. */
static struct made make_capture(struct text *want)
{
    struct made made = {0};
    made_pcap(&made, 0xa1b2c3d4, 4, 1);
    text_start(want);
    for (uint32_t i = 1; i <= RECORDS; i++) {
        uint32_t length = i % 1300;
        made_record(&made, i, 0, length, 1500);
        text_printf(want, "%u000000 1 %u 1500\n", i, length);
    }
    text_add(want, "end\n");
    return made;
}

static void read_path(const char *path, struct text *text)
{
    struct capture *capture;
    struct err_note note = {""};
    int err = capture_open_file(path, &capture, &note);
    if (err)
        text_printf(text, "%d %s\n", err, note.text);
    else
        try_capture(capture, text);
}

/* ---- what is no capture ---- */

static const struct {
    const char *bytes;
    size_t length;
    const char *said;
} others[] = {
    {"", 0, "memory: empty"}, {"\x83\x65\x43-DNS\xa5", 8, "C-DNS (RFC 8618)"}, {"\177ELF\2\1\1\0", 8, "ELF"},
    {"SQLite format 3\0", 16, "SQLite"},
    {"25-Nov-2026 01:02:03.456 info: trust", 36, "text; a log of named is read with --named-log"},
    {"{\"a\": 1}\n", 9, "text"}, {"PK\3\4\0\0\0\0", 8, "zip"}, {"snoop\0\0\0\0\0\0\2", 12, "snoop"},
    {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "begins with zeros"}, {"\xd4\xc3", 2, "only 2 octets"},
    {"\xa1\xb2\xc3\xd5\0\0\0\0", 8, "begins with a1 b2 c3 d5"},
    {"\x0a\x0d\x0d\x0a\x1c\0\0\0\x00\x3c\x2b\x1a", 12, "begins with 0a 0d 0d 0a"}, /* no byte order */
    {"\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20, "memory: empty"},       /* nothing, compressed */
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct made made = {0};
        struct text text;
        text_start(&text);
        made_bytes(&made, others[i].bytes, others[i].length);
        try_memory(&made, 4096, false, &text);
        if (strncmp(text.string, "-65 memory: ", 12) != 0 || !strstr(text.string, others[i].said))
            fail_msg("%zu: %s", i, text.string);
        text_free(&text);
        made_free(&made);
    }
}

/* A capture is no log. */
static void test_no_log(void **state)
{
    (void)state;
    struct made made = {0};
    struct text text;
    text_start(&text);
    made_pcap(&made, 0xa1b2c3d4, 4, 1);
    try_memory(&made, 4096, true, &text);
    assert_string_equal(text.string, "-65 memory: not a log of named: it seems to be pcap\n");
    text_free(&text);
    made_free(&made);
}

/* ---- files ---- */

static void test_files(void **state)
{
    (void)state;
    struct text want, text;
    struct made made = make_capture(&want);
    text_start(&text);
    read_path(write_file("whole", made.bytes, made.length), &text);
    assert_string_equal(text.string, want.string);
    text_free(&text);

    char socket_path[128];
    snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    const struct {
        const char *path, *said;
    } faults[] = {
        {"/nonexistent/x", "-66 /nonexistent/x: there is no such file\n"},
        {directory, "is a directory\n"},
        {socket_path, "is a socket"},
        {"/dev/null", "-65 /dev/null: empty\n"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        text_start(&text);
        read_path(faults[i].path, &text);
        if (!strstr(text.string, faults[i].said))
            fail_msg("%s", text.string);
        text_free(&text);
    }
    close(fd);
    text_free(&want);
    made_free(&made);
}

static void test_not_permitted(void **state)
{
    (void)state;
    struct text text;
    text_start(&text);
    const char *path = write_file("secret", "x", 1);
    bool is_root = geteuid() == 0;
    chmod(path, 0);
    if (is_root)
        assert_int_equal(seteuid(65534), 0); /* whom the directory does not let in either */
    read_path(path, &text);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    if (strncmp(text.string, "-77 ", 4) != 0)
        fail_msg("%s", text.string);
    text_free(&text);
}

/* ---- compressed ---- */

static const char *const filters[] = {"gzip", "xz", "zstd", "lz4", "bzip2"};

static void test_compressed(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct made packed = made_compressed(&made, filters[i]);
        for (size_t block = 1000; block <= 1 << 20; block <<= 5) {
            struct text text;
            text_start(&text);
            try_memory(&packed, block, false, &text);
            if (strcmp(text.string, want.string) != 0)
                fail_msg("%s: %s", filters[i], text.string + (text.length > 300 ? text.length - 300 : 0));
            text_free(&text);
        }
        struct capture *capture;
        const char *path = write_file("packed", packed.bytes, packed.length);
        assert_int_equal(capture_open_file(path, &capture, NULL), 0);
        struct capture_batch batch;
        do
            assert_int_equal(capture_next(capture, &batch, NULL), 0);
        while (!batch.end);
        struct capture_state at = capture_state(capture);
        assert_string_equal(at.filter, filters[i]);
        assert_string_equal(at.format, "pcap");
        assert_int_equal(at.size, packed.length);
        assert_int_equal(at.offset, packed.length);
        assert_int_equal(at.uncompressed, made.length);
        assert_int_equal(at.records, RECORDS);
        capture_close(capture);
        made_free(&packed);
    }
    text_free(&want);
    made_free(&made);
}

/* The records that are there come first, then the fault, with the file and where in it. */
static void test_damaged(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct made packed = made_compressed(&made, filters[i]);
        packed.length -= packed.length / 4;
        struct text text;
        text_start(&text);
        try_memory(&packed, 4096, false, &text);
        const char *last = strstr(text.string, "-65 memory: offset ");
        if (!last || !strstr(last, " (uncompressed): ") || !strstr(last, filters[i]) ||
            !strstr(last, ": truncated\n"))
            fail_msg("%s: %s", filters[i], text.string + (text.length > 300 ? text.length - 300 : 0));
        if (last == text.string || strncmp(text.string, want.string, (size_t)(last - text.string)) != 0)
            fail_msg("%s: not the records that are there", filters[i]);
        text_free(&text);
        made_free(&packed);
    }
    text_free(&want);
    made_free(&made);
}

/* A file whose octets changed is not believed, even if it can be unpacked. */
static void test_gzip_sum(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want);
    struct made packed = made_compressed(&made, "gzip");
    struct text text;
    text_start(&text);
    packed.bytes[packed.length - 8] ^= 1;
    try_memory(&packed, 4096, false, &text);
    const char *last = strstr(text.string, "-65 ");
    assert_non_null(last);
    assert_non_null(strstr(last, "gzip: its sum is wrong"));
    assert_memory_equal(text.string, want.string, (size_t)(last - text.string));
    assert_int_equal(last - text.string, want.length - strlen("end\n")); /* all records */
    text_free(&text);
    text_free(&want);
    made_free(&packed);
    made_free(&made);
}

/* A few octets may not ask for a gigabyte: the window's size in the first block's header, with its sum. */
static void test_xz_memory(void **state)
{
    (void)state;
    struct text want, text;
    struct made made = make_capture(&want), packed = made_compressed(&made, "xz");
    uint8_t *header = packed.bytes + 12;
    size_t length = ((size_t)header[0] + 1) * 4;
    assert_int_equal(header[1], 0);    /* one filter, no sizes */
    assert_int_equal(header[2], 0x21); /* LZMA2 */
    header[4] = 34;                    /* 512 MiB */
    uint32_t sum = lzma_crc32(header, length - 4, 0);
    memcpy(header + length - 4, &sum, 4);
    text_start(&text);
    try_memory(&packed, 4096, false, &text);
    assert_string_equal(text.string, "-65 memory: offset 0 (uncompressed): xz: compressed so that unpacking "
                                     "takes more than 128 MiB of memory\n");
    text_free(&text);
    text_free(&want);
    made_free(&packed);
    made_free(&made);
}

static void check_parts(const char *name, const struct made *made, const char *want)
{
    struct text text;
    text_start(&text);
    try_memory(made, 4096, false, &text);
    const char *tail = text.length > 100 ? text.string + text.length - 100 : text.string;
    if (!strstr(text.string, want))
        fail_msg("%s: %s", name, tail);
    text_free(&text);
}

/* Members one after another, zeros after them, something else after them; compressed twice and too often. */
static void test_members(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want), all = {0};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        all.length = 0;
        for (size_t at = 0; at < made.length; at += 1000000) {
            size_t left = made.length - at;
            struct made part = {.bytes = made.bytes + at, .length = left < 1000000 ? left : 1000000};
            struct made packed = made_compressed(&part, filters[i]);
            made_bytes(&all, packed.bytes, packed.length);
            made_free(&packed);
        }
        check_parts(filters[i], &all, want.string);
        struct made twice = made_compressed(&all, filters[(i + 1) % 5]);
        check_parts(filters[(i + 1) % 5], &twice, want.string);
        made_free(&twice);
    }
    all.length = 0;
    struct made packed = made_compressed(&made, "gzip");
    made_bytes(&all, packed.bytes, packed.length);
    made_fill(&all, 0, 5000);
    check_parts("zeros after gzip", &all, want.string);
    made_bytes(&all, packed.bytes, packed.length);
    check_parts("zeros between gzip", &all, "a packet that claims"); /* the second header is no record */
    all.length = packed.length;
    made_bytes(&all, "trailer", 7);
    check_parts("rubbish after gzip", &all, "gzip: what follows after its end is no gzip");
    for (int i = 0; i < 4; i++) {
        struct made more = made_compressed(&packed, "zstd");
        made_free(&packed);
        packed = more;
    }
    check_parts("too often", &packed, "-65 memory: offset 0");
    check_parts("too often", &packed, "compressed more than 4 times over");
    made_free(&packed);
    made_free(&all);
    made_free(&made);
    text_free(&want);
}

/* Nothing in a compression is nothing. */
static void test_empty(void **state)
{
    (void)state;
    struct made made = {0}, lz4 = {0};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        if (strcmp(filters[i], "lz4") == 0)
            continue; /* libarchive cannot write this */
        struct made packed = made_compressed(&made, filters[i]);
        if (packed.length > 0)
            check_parts(filters[i], &packed, "-65 memory: empty\n");
        made_free(&packed);
    }
    made_bytes(&lz4, "\x04\x22\x4d\x18\x64\x40\xa7\x00\x00\x00\x00\x05\x5d\xcc\x02", 15);
    check_parts("lz4", &lz4, "-65 memory: empty\n");
    made_free(&lz4);
}

/* Many zeros in a block that is passed over: it is unpacked in pieces, never kept. */
static void test_bomb(void **state)
{
    (void)state;
    enum { ZEROS = 64 << 20 };
    struct made made = {0};
    made_section(&made);
    size_t begin = made_block(&made, 0xbad);
    made.bytes = realloc(made.bytes, made.capacity = ZEROS + 1000);
    assert_non_null(made.bytes);
    memset(made.bytes + made.length, 0, ZEROS);
    made.length += ZEROS;
    made_end(&made, begin);
    made_interface(&made, 1, 0, -1, 0);
    made_packet(&made, 0, 5, 9, 9);
    struct made packed = made_compressed(&made, "zstd"), bomb = made_compressed(&packed, "gzip");
    made_free(&made);
    check_parts("bomb", &bomb, "5 1 9 9\nend\n");
    made_free(&bomb);
    made_free(&packed);
}

/* ---- pipes ---- */

struct writer_thread {
    int fd;
    const struct made *made;
    size_t piece;
    bool slow;
};

static void *write_pieces(void *context)
{
    struct writer_thread *writer = context;
    for (size_t at = 0; at < writer->made->length;) {
        size_t left = writer->made->length - at, size = left < writer->piece ? left : writer->piece;
        ssize_t wrote = write(writer->fd, writer->made->bytes + at, size);
        if (wrote < 0)
            break;
        at += (size_t)wrote;
        if (writer->slow)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    close(writer->fd);
    return NULL;
}

static void test_pipe(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want), packed = made_compressed(&made, "zstd");
    const struct {
        const struct made *made;
        size_t piece;
        bool slow;
    } cases[] = {{&made, 1 << 20, false}, {&made, 777, false}, {&made, 70000, true}, {&packed, 50000, true}};
    char path[128];
    snprintf(path, sizeof path, "%s", in_directory("fifo"));
    assert_int_equal(mkfifo(path, 0600), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text;
        pthread_t thread;
        int fd = open(path, O_RDWR);
        struct writer_thread writer = {open(path, O_WRONLY), cases[i].made, cases[i].piece, cases[i].slow};
        struct capture *capture;
        assert_int_equal(pthread_create(&thread, NULL, write_pieces, &writer), 0);
        assert_int_equal(capture_open_file(path, &capture, NULL), 0);
        close(fd);
        text_start(&text);
        try_capture(capture, &text);
        if (strcmp(text.string, want.string) != 0)
            fail_msg("case %zu", i);
        pthread_join(thread, NULL);
        text_free(&text);
    }
    unlink(path);
    text_free(&want);
    made_free(&packed);
    made_free(&made);
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

/* A writer that says nothing: what it wrote comes, then empty batches, the last record only when it is whole;
 * stop ends it at once, and what was cut by that is no fault. */
static void test_silent_pipe(void **state)
{
    (void)state;
    struct made made = {0};
    made_pcap(&made, 0xa1b2c3d4, 4, 1);
    made_record(&made, 1, 0, 9, 9);
    made_record(&made, 2, 0, 9, 9);
    char path[128];
    snprintf(path, sizeof path, "%s", in_directory("silent"));
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR);
    for (int stops = 0; stops < 2; stops++) {
        struct capture *capture;
        struct capture_batch batch;
        struct timespec begin;
        assert_int_equal(write(fd, made.bytes, made.length - 4), made.length - 4);
        assert_int_equal(capture_open_file(path, &capture, NULL), 0);
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
        assert_int_equal(batch.count, 1);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
        assert_int_equal(batch.count, 0);
        assert_false(batch.end);
        assert_true(seconds_since(&begin) > 0.1 && seconds_since(&begin) < 5);
        if (!stops) {
            assert_int_equal(write(fd, made.bytes + made.length - 4, 4), 4);
            assert_int_equal(capture_next(capture, &batch, NULL), 0);
            assert_int_equal(batch.count, 1);
            assert_int_equal(batch.records[0].time_us, 2000000);
        } else {
            capture_stop(capture);
            assert_int_equal(capture_next(capture, &batch, NULL), 0);
            assert_true(batch.end);
            assert_int_equal(batch.count, 0);
        }
        clock_gettime(CLOCK_MONOTONIC, &begin);
        capture_close(capture);
        assert_true(seconds_since(&begin) < 1);
    }
    close(fd);
    unlink(path);
    made_free(&made);
}

/* A FIFO that nobody writes to yet keeps nobody waiting: what it is shows when it says something. */
static void test_pipe_without_writer(void **state)
{
    (void)state;
    struct made made = {0};
    made_pcap(&made, 0xa1b2c3d4, 4, 1);
    made_record(&made, 1, 0, 9, 9);
    char path[128];
    snprintf(path, sizeof path, "%s", in_directory("nobody"));
    assert_int_equal(mkfifo(path, 0600), 0);
    static const char *const wants[] = {"stopped", "1000000 1 9 9\nend\n", "seems to be text"};
    for (size_t i = 0; i < 3; i++) {
        struct capture *capture;
        struct capture_batch batch;
        struct timespec begin;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_int_equal(capture_open_file(path, &capture, NULL), 0);
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
        assert_true(batch.count == 0 && !batch.end);
        assert_string_equal(capture_state(capture).format, "");
        assert_true(seconds_since(&begin) < 5);
        if (i == 0) {
            capture_stop(capture);
            assert_int_equal(capture_next(capture, &batch, NULL), 0);
            assert_true(batch.count == 0 && batch.end);
            capture_close(capture);
            continue;
        }
        int fd = open(path, O_WRONLY);
        if (i == 1)
            assert_int_equal(write(fd, made.bytes, made.length), made.length);
        else
            assert_int_equal(write(fd, "this is text\n", 13), 13);
        close(fd);
        struct text text;
        text_start(&text);
        try_capture(capture, &text);
        if (!strstr(text.string, wants[i]))
            fail_msg("%s", text.string);
        text_free(&text);
    }
    unlink(path);
    made_free(&made);
}

/* A file is ended by stop as well, after what was read ahead; closing in the middle is prompt. */
static void test_stopped_file(void **state)
{
    (void)state;
    struct text want;
    struct made made = make_capture(&want), many = {0};
    made_bytes(&many, made.bytes, made.length);
    for (int i = 0; i < 10; i++)
        made_bytes(&many, made.bytes + 24, made.length - 24);
    const char *path = write_file("many", many.bytes, many.length);
    struct capture *capture;
    struct capture_batch batch;
    uint64_t count = 0;
    assert_int_equal(capture_open_file(path, &capture, NULL), 0);
    assert_int_equal(capture_next(capture, &batch, NULL), 0);
    count += batch.count;
    capture_stop(capture);
    do {
        assert_int_equal(capture_next(capture, &batch, NULL), 0);
        count += batch.count;
    } while (!batch.end);
    assert_true(count > 0 && count < 11 * RECORDS - CAPTURE_BATCH);
    capture_close(capture);
    assert_int_equal(capture_open_file(path, &capture, NULL), 0);
    capture_close(capture);
    capture_close(NULL);
    text_free(&want);
    made_free(&many);
    made_free(&made);
}

/* What is appended while it is read is read too, up to the end that is met. */
static void test_growing_file(void **state)
{
    (void)state;
    struct text want, text;
    struct made made = make_capture(&want);
    const char *path = write_file("growing", made.bytes, made.length / 2);
    FILE *file = fopen(path, "ab");
    struct capture *capture;
    assert_int_equal(capture_open_file(path, &capture, NULL), 0);
    assert_int_equal(fwrite(made.bytes + made.length / 2, 1, made.length - made.length / 2, file),
        made.length - made.length / 2);
    fclose(file);
    text_start(&text);
    try_capture(capture, &text);
    const char *last = strstr(text.string, "-65 ");
    if (last) { /* the thread was faster */
        assert_non_null(strstr(last, "truncated"));
        assert_memory_equal(text.string, want.string, (size_t)(last - text.string));
    } else {
        assert_string_equal(text.string, want.string);
    }
    text_free(&text);
    text_free(&want);
    made_free(&made);
}

/* ---- octets that stay ---- */

struct stay {
    const uint8_t *bytes;
    uint32_t length;
    uint64_t batch, sum;
};

struct stays {
    struct stay *stays;
    size_t from, to; /* those not yet given up */
    unsigned calls;
};

static uint64_t sum_of(const uint8_t *bytes, uint32_t length)
{
    uint64_t sum = length;
    for (uint32_t i = 0; i < length; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* All octets of this batch and of those before it are still what they were. */
static void give_up(void *context, uint64_t batch)
{
    struct stays *stays = context;
    stays->calls++;
    for (; stays->from < stays->to && stays->stays[stays->from].batch <= batch; stays->from++) {
        const struct stay *stay = &stays->stays[stays->from];
        assert_int_equal(sum_of(stay->bytes, stay->length), stay->sum);
    }
}

static void read_keeping(struct capture *capture, size_t records)
{
    struct stays stays = {.stays = calloc(records, sizeof *stays.stays)};
    struct capture_batch batch = {.end = false};
    struct err_note note = {""};
    capture_keep(capture, give_up, &stays);
    for (uint64_t number = 1; !batch.end; number++) {
        if (capture_next(capture, &batch, &note) != 0)
            fail_msg("%s", note.text);
        for (size_t i = 0; i < batch.count; i++) {
            const struct capture_record *record = &batch.records[i];
            stays.stays[stays.to++] =
                (struct stay){record->bytes, record->length, number, sum_of(record->bytes, record->length)};
        }
    }
    assert_int_equal(stays.to, records);
    assert_true(stays.calls > 0);
    give_up(&stays, UINT64_MAX);
    free(stays.stays);
    capture_close(capture);
}

/* In memory with blocks of several sizes, as a file and through gzip; some records are longer than blocks. */
static void test_kept(void **state)
{
    static const size_t blocks[] = {100, 1000, 5000, 70000};
    enum { COUNT = 20000 };
    struct made made = {0};
    struct capture *capture;
    made_pcap(&made, 0xa1b2c3d4, 4, 1);
    for (uint32_t i = 1; i <= COUNT; i++)
        made_record(&made, i, 0, i % 97 ? i % 200 : 9000, 9000);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        assert_int_equal(capture_open_memory(made.bytes, made.length, blocks[i], false, &capture, NULL), 0);
        read_keeping(capture, COUNT);
    }
    const char *path = write_file("kept", made.bytes, made.length);
    assert_int_equal(capture_open_file(path, &capture, NULL), 0);
    read_keeping(capture, COUNT);
    char command[300];
    snprintf(command, sizeof command, "gzip -c %s > %s/kept.gz", path, directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(capture_open_file(in_directory("kept.gz"), &capture, NULL), 0);
    read_keeping(capture, COUNT);
    made_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_no_log),
        cmocka_unit_test(test_files), cmocka_unit_test(test_not_permitted), cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_gzip_sum), cmocka_unit_test(test_xz_memory),
        cmocka_unit_test(test_members), cmocka_unit_test(test_empty), cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_pipe), cmocka_unit_test(test_silent_pipe),
        cmocka_unit_test(test_pipe_without_writer), cmocka_unit_test(test_stopped_file),
        cmocka_unit_test(test_growing_file), cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
