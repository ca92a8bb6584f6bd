#include "core/roll/classify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What was refused changes nothing; what was taken changes the one limit that is named, within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct classify_limits usual, limits;
    struct err_note note = {""};
    char *text = malloc(length + 1);
    if (!text)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    classify_limits_usual(&usual);
    limits = usual;
    int err = classify_limits_set(&limits, text, &note);
    if (err && (err != ERR_USAGE || note.text[0] == '\0'))
        abort();
    for (unsigned i = 0; i < CLASSIFY_LIMITS; i++) {
        const struct classify_limit_text *limit = classify_limit(i);
        size_t name = strlen(limit->name);
        if (limits.value[i] == usual.value[i])
            continue;
        if (err || strncmp(text, limit->name, name) != 0 || text[name] != '=' ||
            limits.value[i] < limit->least || limits.value[i] > limit->most)
            abort();
    }
    free(text);
    return 0;
}
