/* The idea: of Lua's grammar only what separates strings from remarks and from the rest (Lua 5.1 manual,
 * §2.1), and the name before an opening parenthesis. */
#include "app/lab/products/lua.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':';
}

/* The length of "[[", "[=[" … at a place; 0: there is none. */
static size_t long_open(const char *text)
{
    size_t level = *text == '[' ? strspn(text + 1, "=") : 0;
    return *text == '[' && text[1 + level] == '[' ? level + 2 : 0;
}

/* The place behind the closing bracket of that length; NULL: it is not closed. */
static const char *long_close(const char *text, size_t length)
{
    for (const char *at = strchr(text, ']'); at; at = strchr(at + 1, ']'))
        if (strspn(at + 1, "=") == length - 2 && at[length - 1] == ']')
            return at + length;
    return NULL;
}

/* A string in quotes or long brackets; 0: it does not end. */
static size_t string_end(const char *text, size_t at, size_t *ret_inside, size_t *ret_behind)
{
    size_t open = long_open(text + at);
    if (open) {
        const char *end = long_close(text + at + open, open);
        *ret_inside = at + open;
        *ret_behind = open;
        return end ? (size_t)(end - text) : 0;
    }
    size_t end = at + 1;
    while (text[end] && text[end] != text[at] && text[end] != '\n')
        end += text[end] == '\\' && text[end + 1] ? 2 : 1;
    *ret_inside = at + 1;
    *ret_behind = 1;
    return text[end] == text[at] ? end + 1 : 0;
}

/* True for a call without arguments. */
static bool take_name(struct lua_reader *r, const char *text)
{
    bool empty = false;
    size_t length = 0;
    while (name_character(text[r->at + length]))
        length++;
    size_t behind = length + strspn(text + r->at + length, " \t\r\n");
    if (strchr("({'\"[", text[r->at + behind]) && text[r->at + behind] && length < LUA_CALL) {
        snprintf(r->call, sizeof r->call, "%.*s", (int)length, text + r->at);
        r->argument = 0;
        const char *open = text + r->at + behind;
        empty = length > 0 && *open == '(' && open[1 + strspn(open + 1, " \t\r\n")] == ')';
    }
    r->at += length;
    return empty;
}

bool lua_next(struct draft *draft, const struct draft_file *file, struct lua_reader *reader,
    struct lua_string *ret_string, int *ret_rc, struct err_note *note)
{
    const char *text = file->text;
    *ret_rc = 0;
    while (text[reader->at]) {
        size_t at = reader->at, inside, behind;
        if (text[at] == '-' && text[at + 1] == '-') {
            size_t open = long_open(text + at + 2);
            const char *end =
                open ? long_close(text + at + 2 + open, open) : text + at + strcspn(text + at, "\n");
            if (!end) {
                *ret_rc = user_error(file, at, note, "a remark does not end");
                return false;
            }
            reader->at = (size_t)(end - text);
        } else if (text[at] == '"' || text[at] == '\'' || long_open(text + at)) {
            size_t end = string_end(text, at, &inside, &behind);
            if (!end) {
                *ret_rc = user_error(file, at, note, "a string does not end");
                return false;
            }
            *ret_string = (struct lua_string){.from = at,
                .to = end,
                .call = reader->call,
                .argument = reader->argument++,
                .value = user_word(draft, file, inside, end - behind)};
            reader->at = end;
            return true;
        } else if (name_character(text[at])) {
            if (!take_name(reader, text))
                continue;
            *ret_string = (struct lua_string){.from = at, .to = reader->at, .call = reader->call};
            return true;
        } else {
            reader->at++;
        }
    }
    return false;
}

void lua_put(struct draft *draft, struct draft_file *file, const struct lua_string *string, const char *value)
{
    draft_replace(draft, file, string->from, string->to, draft_string(draft, "[==[%s]==]", value));
}

/* Another program that is run by this one. */
static int follow(struct draft *draft, struct draft_file *file, const struct lua_string *string,
    lua_take *take, void *context, unsigned depth, struct err_note *note)
{
    struct draft_file *other;
    const char *path = user_find(draft, string->value);
    if (access(path, F_OK))
        return 0; /* its own error, if it is ever run */
    int rc = lua_read(draft, path, take, context, depth + 1, &other, note);
    if (rc == 0)
        lua_put(draft, file, string, other->copy);
    return rc;
}

int lua_read(struct draft *draft, const char *path, lua_take *take, void *context, unsigned depth,
    struct draft_file **ret_file, struct err_note *note)
{
    struct draft_file *file;
    struct lua_reader reader = {.at = 0};
    struct lua_string string;
    if (depth == USER_DEPTH)
        return err_set(note, ERR_CONFIG, "%s: files run each other more than %d deep", path, USER_DEPTH);
    int rc = draft_read(draft, path, &file, note);
    bool first = rc == 0 && !file->seen;
    if (first)
        file->seen = true;
    while (rc == 0 && first && lua_next(draft, file, &reader, &string, &rc, note)) {
        bool runs = strcmp(string.call, "dofile") == 0 || strcmp(string.call, "loadfile") == 0;
        rc = runs && string.value ? follow(draft, file, &string, take, context, depth, note)
                                  : take(context, file, &string, note);
    }
    if (rc == 0)
        *ret_file = file;
    return rc;
}
