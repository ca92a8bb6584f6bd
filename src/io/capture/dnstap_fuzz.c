/* Whatever a frame holds, what is read of it lies inside of it and within the limits. */
#include "io/capture/dnstap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct dnstap_frame frame;
    const char *fault = NULL;
    if (dnstap_parse(bytes, length, &frame, &fault) != 0) {
        if (!fault)
            abort();
        return 0;
    }
    if (frame.count > DNSTAP_MESSAGES || (frame.count == 2 && frame.messages[0].bytes == NULL))
        abort();
    for (unsigned i = 0; i < frame.count; i++) {
        const struct dnstap_message *message = &frame.messages[i];
        size_t offset = (size_t)(message->bytes - bytes);
        if (message->length == 0 || message->length > DNSTAP_MAX_MESSAGE || offset > length ||
            message->length > length - offset || message->time_us < 0)
            abort();
    }
    return 0;
}
