#include "io/networks/lines.h"

#include "io/file/file.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

int lines_open(const char *path, struct lines *ret_lines, struct err_note *note)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return file_error(note, path, "cannot be opened");
    setvbuf(file, NULL, _IOFBF, 1 << 16);
    *ret_lines = (struct lines){.file = file, .path = path};
    return 0;
}

void lines_close(struct lines *lines)
{
    if (lines->file)
        fclose(lines->file);
    lines->file = NULL;
}

int lines_bad(const struct lines *lines, struct err_note *note, const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(note, ERR_DATA, "%s:%zu: %s", lines->path, lines->number, what);
}

/* What an unsuitable file begins with. */
static const struct {
    const char *magic, *what;
    size_t length;
} foreign[] = {
    {"\x1f\x8b", "is compressed with gzip: unpack it first", 2},
    {"BZh", "is compressed with bzip2: unpack it first", 3},
    {"\xfd\x37zXZ", "is compressed with xz: unpack it first", 5},
    {"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first", 4},
    {"PK\x03\x04", "is a zip archive: unpack it first", 4},
    {"\xff\xfe", "is UTF-16: write it as UTF-8", 2},
    {"\xfe\xff", "is UTF-16: write it as UTF-8", 2},
};

static int check_begin(struct lines *lines, struct err_note *note)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (lines->length >= foreign[i].length &&
            memcmp(lines->text, foreign[i].magic, foreign[i].length) == 0)
            return err_set(note, ERR_DATA, "%s: %s", lines->path, foreign[i].what);
    if (lines->length >= 3 && memcmp(lines->text, "\xef\xbb\xbf", 3) == 0) {
        lines->length -= 3;
        memmove(lines->text, lines->text + 3, lines->length + 1);
    }
    return 0;
}

/* One line as it is: 1, 0 at the end, or an error. */
static int read_line(struct lines *lines, struct err_note *note)
{
    int c = EOF;
    bool too_long = false;
    lines->length = 0;
    while ((c = getc_unlocked(lines->file)) != EOF && c != '\n' && !too_long) {
        too_long = lines->length == LINES_MAX_LENGTH;
        if (!too_long)
            lines->text[lines->length++] = (char)c;
    }
    if (ferror(lines->file))
        return errno == EISDIR
                   ? err_set(note, ERR_NOINPUT, "%s: is a directory", lines->path)
                   : err_set(note, ERR_IO, "%s: cannot be read: %s", lines->path, strerror(errno));
    if (c == EOF && lines->length == 0)
        return 0;
    lines->text[lines->length] = '\0';
    lines->number++;
    if (lines->number == 1) {
        int rc = check_begin(lines, note);
        if (rc)
            return rc;
    }
    if (too_long)
        return lines_bad(lines, note, "a line longer than %d octets", LINES_MAX_LENGTH);
    if (memchr(lines->text, '\0', lines->length))
        return lines_bad(lines, note, "holds a NUL: this is no text");
    return 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

int lines_next(struct lines *lines, struct err_note *note)
{
    for (;;) {
        int rc = read_line(lines, note);
        if (rc <= 0)
            return rc;
        while (lines->length > 0 && is_blank(lines->text[lines->length - 1]))
            lines->length--;
        size_t begin = 0;
        while (begin < lines->length && is_blank(lines->text[begin]))
            begin++;
        lines->length -= begin;
        memmove(lines->text, lines->text + begin, lines->length);
        lines->text[lines->length] = '\0';
        if (lines->length > 0 && lines->text[0] != '#')
            return 1;
    }
}

size_t field_split(const char *text, size_t length, char separator, struct field *ret, size_t most)
{
    size_t count = 0;
    for (const char *at = text, *end = text + length;; count++) {
        const char *next = memchr(at, separator, (size_t)(end - at));
        if (count < most)
            ret[count] = (struct field){at, (size_t)((next ? next : end) - at)};
        if (!next)
            return count + 1;
        at = next + 1;
    }
}

bool field_number(struct field field, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    if (field.length == 0)
        return false;
    for (size_t i = 0; i < field.length; i++) {
        unsigned digit = (unsigned)(unsigned char)field.text[i] - '0';
        if (digit > 9 || value > (most - digit) / 10 || digit > most)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

bool field_is(struct field field, const char *word)
{
    return field.length == strlen(word) && strncasecmp(field.text, word, field.length) == 0;
}
