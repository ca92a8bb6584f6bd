/* What is made safe for a terminal is valid UTF-8 without control characters, and gives the stranger's bytes
 * back; what is made safe for HTML holds no mark that could end the text or the attribute. */
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static unsigned hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
    must(at != NULL);
    return (unsigned)(at - digits);
}

static void check_safe(const struct text *safe, const char *original)
{
    unsigned code;
    for (size_t at = 0, taken; at < safe->length; at += taken) {
        taken = text_utf8(safe->string + at, safe->length - at, &code);
        must(taken > 0 && code >= 0x20 && (code < 0x7f || code >= 0xa0) &&
             !(code >= 0x202a && code <= 0x202e));
    }
    const char *from = safe->string;
    for (; *original; original++) {
        if (from[0] == '\\' && from[1] == '\\') {
            must(*original == '\\');
            from += 2;
        } else if (from[0] == '\\') {
            must(from[1] == 'x' && (hex(from[2]) << 4 | hex(from[3])) == (unsigned char)*original);
            from += 4;
        } else {
            must(*from++ == *original);
        }
    }
    must(*from == '\0');
}

static void check_html(const struct text *html)
{
    must(strpbrk(html->string, "<>\"'\x1b\r\t\x7f") == NULL);
    for (const char *at = html->string; (at = strchr(at, '&')) != NULL; at++)
        must(at[1] == '#' && at[4] == ';');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1);
    struct text safe, html;
    if (!string)
        return 0;
    if (length)
        memcpy(string, bytes, length);
    string[length] = '\0';
    text_start(&safe);
    text_start(&html);
    text_add_safe(&safe, string);
    text_add_html(&html, string);
    check_safe(&safe, string);
    check_html(&html);
    must(text_columns(safe.string) <= safe.length);
    text_free(&safe);
    text_free(&html);
    free(string);
    return 0;
}
