/* Any bytes as a template, with every condition both ways: an error with a place, or a letter that is UTF-8,
 * holds no control character but line ends, and has one line as its subject. */
#include "app/report/letters/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BEFORE, DATED, KNOWN, CONDITIONS };
static const struct template_condition conditions[CONDITIONS] = {
    {"before", DATED}, {"dated", TEMPLATE_ALWAYS}, {"known", TEMPLATE_ALWAYS}};
enum { FIELDS = 6 };
static const struct template_field fields[FIELDS] = {
    {"name", TEMPLATE_TEXT, TEMPLATE_ALWAYS},
    {"count", TEMPLATE_NUMBER, KNOWN},
    {"networks", TEMPLATE_BOUNDS, TEMPLATE_ALWAYS},
    {"roll", TEMPLATE_MOMENT, DATED},
    {"list", TEMPLATE_BLOCK, TEMPLATE_ALWAYS},
    {"hidden", TEMPLATE_TEXT, BEFORE},
};
static const struct template_terms terms = {"f/1", fields, FIELDS, conditions, CONDITIONS};

/* What is not known is not to be read: it would crash here. */
static void write_letter(const struct template *template, uint32_t holds)
{
    static const char *const nowhere = (const char *)1;
    const struct template_value values[FIELDS] = {{.text = "\x01\xff\u202e{{name}}\n"},
        {.number = (holds >> KNOWN & 1) ? INT64_MAX : INT64_MIN}, {.number = 0, .high = 1000}, {.number = 1},
        {.text = "a\n\nb\n"}, {.text = (holds >> BEFORE & 1) ? "x" : nowhere}};
    struct text letter;
    text_start(&letter);
    if (template_write(template, values, holds, &letter) == 0) {
        const char *end = strstr(letter.string, "\n\n");
        if (strncmp(letter.string, "Subject: ", 9) || !end ||
            memchr(letter.string, '\n', (size_t)(end - letter.string)))
            abort();
        unsigned code = 0;
        for (size_t at = 0, step; at < letter.length; at += step)
            if ((step = text_utf8(letter.string + at, letter.length - at, &code)) == 0 ||
                (code < ' ' && code != '\n'))
                abort();
    }
    text_free(&letter);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena *arena = arena_new();
    struct template template;
    struct err_note note = {""};
    if (!arena)
        return 0;
    int rc = template_parse(&terms, "fuzz", (const char *)bytes, length, arena, &template, &note);
    if (rc && strncmp(note.text, "fuzz:", 5))
        abort();
    for (uint32_t holds = 0; rc == 0 && holds < 1 << CONDITIONS; holds++)
        if (!(holds >> BEFORE & 1) || (holds >> DATED & 1))
            write_letter(&template, holds);
    arena_free(arena);
    return 0;
}
