/* Whatever is taken as a moment or a span is written in a form that reads back to the same. */
#include "base/utc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1), out[UTC_TEXT];
    int64_t us, again;
    if (!string)
        return 0;
    if (length)
        memcpy(string, bytes, length);
    string[length] = '\0';
    if (utc_parse(string, &us) == 0) {
        if (us < UTC_FIRST || us > UTC_LAST)
            abort();
        if (utc_parse(utc_format(us, out), &again) != 0 || again != us)
            abort();
        if (utc_parse(utc_format_short(us, out), &again) != 0 || again != us)
            abort();
    }
    if (utc_parse_span(string, &us) == 0) {
        if (utc_parse_span(utc_format_span(us, out), &again) != 0 || again != us)
            abort();
        utc_format_words(us, out);
    }
    if (length >= sizeof us) { /* any number has a text that fits */
        memcpy(&us, bytes, sizeof us);
        utc_format(us, out);
        utc_format_short(us, out);
        utc_format_span(us, out);
        utc_format_words(us, out);
    }
    free(string);
    return 0;
}
