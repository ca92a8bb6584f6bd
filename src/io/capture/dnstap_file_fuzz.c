/* A file of dnstap, whatever is in it: what is handed out is within the limits, the same in blocks of
 * different sizes, and reading comes to an end. The first octet chooses the size of the blocks. */
#include "base/hash.h"
#include "io/capture/capture_inside.h"
#include "io/capture/dnstap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static uint64_t read_all(const uint8_t *bytes, size_t length, size_t block)
{
    struct capture *capture;
    struct err_note note = {""};
    if (capture_open_memory(bytes, length, block, false, &capture, &note) != 0)
        return 0;
    uint64_t print = 0;
    int rc;
    for (;;) {
        struct capture_batch batch;
        rc = capture_next(capture, &batch, &note);
        for (size_t i = 0; rc == 0 && i < batch.count; i++) {
            const struct capture_record *record = &batch.records[i];
            if (record->what == CAPTURE_MESSAGE && (!record->peer || record->length > DNSTAP_MAX_MESSAGE))
                abort();
            print = hash_bytes(record->bytes, record->length, print);
        }
        if (rc != 0 || batch.end)
            break;
    }
    if (rc != 0 && note.text[0] == '\0')
        abort();
    print = hash_mix(print ^ capture_state(capture).skipped, (uint64_t)-rc);
    capture_close(capture);
    return print;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    size_t block = (size_t)bytes[0] + 1;
    if (read_all(bytes + 1, length - 1, block) != read_all(bytes + 1, length - 1, 65536))
        abort();
    return 0;
}
