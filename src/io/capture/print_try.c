#include "io/capture/print_try.h"

#include "base/hash.h"
#include "base/utc.h"
#include "io/capture/capture_inside.h"

#include <stdlib.h>

static uint64_t print_record(const struct capture_record *record, uint64_t print)
{
    if (record->length > CAPTURE_MAX_RECORD || record->wire_length < record->length ||
        record->time_us < UTC_FIRST || record->time_us > UTC_LAST)
        abort();
    print = hash_bytes(record->bytes, record->length, print);
    print = hash_mix(print ^ record->wire_length, (uint64_t)record->time_us);
    return hash_mix(print ^ record->link, record->what);
}

uint64_t print_try(const uint8_t *bytes, size_t length, size_t block, bool as_log, int *ret_err)
{
    struct capture *capture;
    struct capture_batch batch = {0};
    struct err_note note = {""};
    uint64_t print = 1;
    int err = capture_open_memory(bytes, length, block, as_log, &capture, &note);
    *ret_err = err;
    if (err)
        return hash_bytes(note.text, strlen(note.text), (uint64_t)-err);
    while (!batch.end && !(err = capture_next(capture, &batch, &note)))
        for (size_t i = 0; i < batch.count; i++)
            print = print_record(&batch.records[i], print);
    *ret_err = err;
    struct capture_state state = capture_state(capture);
    print = hash_mix(print ^ state.skipped, state.dropped);
    print = hash_mix(print ^ state.records, (uint64_t)-err);
    if (err && note.text[0] == '\0')
        abort();
    if (err)
        print = hash_bytes(note.text, strlen(note.text), print);
    capture_close(capture);
    return print;
}

void print_try_blocks(const uint8_t *bytes, size_t length, bool as_log, bool compressed)
{
    if (length == 0)
        return;
    int err, other_err;
    uint64_t print = print_try(bytes + 1, length - 1, (size_t)bytes[0] + 1, as_log, &err);
    uint64_t other = print_try(bytes + 1, length - 1, 65536, as_log, &other_err);
    if (compressed && err && other_err)
        return;
    if (err != other_err || print != other)
        abort();
}
