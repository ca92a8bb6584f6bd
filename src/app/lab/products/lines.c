#include "app/lab/products/lines.h"

#include <string.h>

static size_t blanks(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r");
}

static size_t trim(const char *text, size_t from, size_t to)
{
    while (to > from && strchr(" \t\r", text[to - 1]))
        to--;
    return to;
}

static size_t line_end(const char *text, size_t at, bool continues)
{
    size_t end = at + strcspn(text + at, "\n");
    while (continues && end > at && text[end - 1] == '\\' && text[end])
        end += 1 + strcspn(text + end + 1, "\n");
    return end;
}

/* False: a remark, or nothing. "name+=value" is "name" too. */
static bool split(struct draft *draft, const struct draft_file *file, const struct lines_dialect *dialect,
    size_t at, size_t end, struct lines_line *ret)
{
    const char *text = file->text;
    size_t from = blanks(text, at), to = trim(text, from, end);
    if (from >= to || text[from] == '#')
        return false;
    size_t name = from + strcspn(text + from, dialect->separators),
           value = name < to ? blanks(text, name + 1) : to;
    if (name > to)
        name = to;
    size_t remark = value;
    while (remark < to && !(text[remark] == '#' && strchr(" \t", text[remark - 1])))
        remark++;
    size_t behind = trim(text, from, name);
    if (behind > from && text[behind - 1] == '+')
        behind--;
    *ret = (struct lines_line){.from = from,
        .to = to,
        .name = user_word(draft, file, from, trim(text, from, behind)),
        .value = user_word(draft, file, value, trim(text, value, remark))};
    if (value < to) {
        ret->value_from = value;
        ret->value_to = trim(text, value, remark);
    }
    return true;
}

static const struct lines_rule *find_rule(const struct lines_dialect *dialect, const char *name)
{
    for (size_t i = 0; i < dialect->count; i++) {
        const char *wanted = dialect->rules[i].name;
        size_t length = strlen(wanted);
        bool prefix = wanted[length - 1] == '*';
        if (prefix ? strncmp(name, wanted, length - 1) == 0 : strcmp(name, wanted) == 0)
            return &dialect->rules[i];
    }
    return NULL;
}

int lines_read(struct draft *draft, struct draft_file *file, const struct lines_dialect *dialect,
    void *context, struct err_note *note)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < file->length;) {
        size_t end = line_end(file->text, at, dialect->continues);
        struct lines_line line;
        if (split(draft, file, dialect, at, end, &line)) {
            const struct lines_rule *rule = find_rule(dialect, line.name);
            if (rule && rule->take)
                rc = rule->take(context, file, &line, note);
            else if (rule)
                user_remove(draft, file, line.from, line.to);
        }
        at = end + 1;
    }
    return rc;
}
