/* Any bytes as a log of decisions, behind an empty line also its head: verified, or an error with a reason.
 * What verifies has one digest for each line, so a change of any of its octets must be found. */
#include "app/report/gate/decision_log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int check_line(void *context, const char *where, const struct json *object, struct err_note *note)
{
    (void)context;
    return decision_log_check(where, object, note);
}

/* A log that verified, its head given: one octet changed, or one taken from its end. */
static void tamper(const char *log, size_t length, const struct chain_end *end)
{
    char head[96], *copy = malloc(length);
    struct chain_end again;
    struct err_note note;
    int size = snprintf(head, sizeof head, "%zu %s\n", end->lines, end->sha256);
    if (!copy)
        return;
    for (unsigned i = 0; i < 8; i++) {
        memcpy(copy, log, length);
        copy[length * i / 8] ^= 1;
        if (!chain_check_head("log", copy, length, head, (size_t)size, NULL, NULL, &again, &note))
            abort();
    }
    if (!chain_check_head("log", log, length - 1, head, (size_t)size, NULL, NULL, &again, &note))
        abort();
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    const char *gap = length ? memmem(text, length, "\n\n", 2) : NULL;
    size_t log = gap ? (size_t)(gap + 1 - text) : length;
    struct chain_end end = {.lines = 0};
    struct err_note note = {""};
    if (chain_check("log", text, log, check_line, NULL, &end, &note)) {
        if (!note.text[0])
            abort();
    } else if (end.lines) {
        tamper(text, log, &end);
    }
    note.text[0] = '\0';
    if (gap && chain_check_head("log", text, log, gap + 2, length - log - 1, check_line, NULL, &end, &note) &&
        !note.text[0])
        abort();
    return 0;
}
