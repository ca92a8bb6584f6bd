#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an empty text points to. It is never written to: whatever adds makes room first. */
static const char text_empty[1] = "";

void text_start(struct text *text)
{
    *text = (struct text){.string = (char *)text_empty};
}

void text_free(struct text *text)
{
    if (text->string != text_empty)
        free(text->string);
    text_start(text);
}

void text_clear(struct text *text)
{
    if (text->length)
        text->string[0] = '\0';
    text->length = 0;
}

static bool text_reserve(struct text *text, size_t more)
{
    if (text->failed || more > SIZE_MAX / 4 - text->length)
        return text->failed = true, false;
    size_t need = text->length + more + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = need < 256 ? 256 : need + need / 2;
    char *grown = realloc(text->string == text_empty ? NULL : text->string, capacity);
    if (!grown)
        return text->failed = true, false;
    text->string = grown;
    text->capacity = capacity;
    return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (!text_reserve(text, length))
        return;
    if (length)
        memcpy(text->string + text->length, bytes, length);
    text->length += length;
    text->string[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0) {
        text->failed = true;
    } else if (text_reserve(text, (size_t)length)) {
        vsnprintf(text->string + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void text_add_number(struct text *text, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int i = 0; i < length; i++) {
        text_add_bytes(text, digits + i, 1);
        if ((length - i - 1) % 3 == 0 && i + 1 < length && digits[i] != '-')
            text_add(text, ",");
    }
}

size_t text_utf8(const char *bytes, size_t left, unsigned *ret_code_point)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *b = (const unsigned char *)bytes;
    if (left == 0)
        return 0;
    size_t length = b[0] < 0x80 ? 1 : b[0] >> 5 == 6 ? 2 : b[0] >> 4 == 14 ? 3 : b[0] >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    unsigned code = length == 1 ? b[0] : b[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if (b[i] >> 6 != 2)
            return 0;
        code = code << 6 | (b[i] & 0x3fU);
    }
    if ((length > 1 && code < least[length]) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code_point = code;
    return length;
}

/* Characters that move the cursor, hide text or turn its direction: C0, DEL, C1, and the marks of UAX #9,
 * those without width, annotations and tags. */
static bool text_unsafe(unsigned code)
{
    static const struct {
        unsigned first, last;
    } unsafe[] = {{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c}, {0x180e, 0x180e}, {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        if (code >= unsafe[i].first && code <= unsafe[i].last)
            return true;
    return false;
}

void text_add_safe(struct text *text, const char *string)
{
    for (size_t left = strlen(string); left > 0;) {
        unsigned code = 0;
        size_t length = text_utf8(string, left, &code);
        size_t taken = length ? length : 1;
        if (length == 0 || text_unsafe(code)) {
            for (size_t i = 0; i < taken; i++)
                text_printf(text, "\\x%02x", (unsigned char)string[i]);
        } else if (code == '\\') {
            text_add(text, "\\\\");
        } else {
            text_add_bytes(text, string, length);
        }
        string += taken;
        left -= taken;
    }
}

void text_add_safe_format(struct text *text, const char *format, va_list args)
{
    char message[1024];
    vsnprintf(message, sizeof message, format, args);
    text_add_safe(text, message);
}

void text_add_html(struct text *text, const char *string)
{
    for (size_t left = strlen(string); left > 0;) {
        unsigned code = 0;
        size_t length = text_utf8(string, left, &code);
        if (length == 0 || (text_unsafe(code) && code != '\n'))
            text_add(text, "\xef\xbf\xbd");
        else if (code == '&' || code == '<' || code == '>' || code == '"' || code == '\'')
            text_printf(text, "&#%u;", code);
        else
            text_add_bytes(text, string, length);
        string += length ? length : 1;
        left -= length ? length : 1;
    }
}

size_t text_columns(const char *string)
{
    size_t columns = 0;
    for (; *string; string++)
        columns += ((unsigned char)*string >> 6) != 2;
    return columns;
}

void text_add_wrapped(struct text *text, struct text *words, size_t indent, size_t screen)
{
    size_t at = 0;
    for (char *word = words->string, *end; *word; word = end) {
        end = word + strcspn(word, " ");
        bool more = *end == ' ';
        *end = '\0';
        size_t width = text_columns(word);
        if (at && at + 1 + width > screen) {
            text_printf(text, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at) {
            text_add(text, " ");
            at++;
        }
        text_add(text, word);
        at += width;
        end += more;
    }
    text_add(text, "\n");
    text->failed = text->failed || words->failed;
    text_free(words);
}
