/* markup_check: for tests: is this well-formed? Elements close in the order in which they opened (but those
 * of HTML that never close), attributes are quoted and occur once, text holds no bare markup, nothing runs:
 * no script of its own, no event attribute, no style attribute, no address elsewhere. */
#ifndef BASE_MARKUP_CHECK_H
#define BASE_MARKUP_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKUP_DEPTH = 64, MARKUP_NAME = 24, MARKUP_ATTRIBUTES = 24 };

struct markup {
    char stack[MARKUP_DEPTH][MARKUP_NAME];
    int depth;
    const char *fault;
};

static inline bool markup_void(const char *name)
{
    static const char *const names[] = {"meta", "link", "input", "img", "br", "hr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static inline const char *markup_fail(struct markup *markup, const char *fault)
{
    markup->fault = fault;
    return "";
}

static inline const char *markup_close(struct markup *markup, const char *at)
{
    char name[MARKUP_NAME] = "";
    if (sscanf(at, "</%23[a-z0-9]", name) != 1 || at[2 + strlen(name)] != '>')
        return markup_fail(markup, "a closing tag is malformed");
    if (markup->depth == 0 || strcmp(markup->stack[--markup->depth], name) != 0)
        return markup_fail(markup, "a tag closes that is not open");
    return at + 3 + strlen(name);
}

static inline const char *markup_attributes(struct markup *markup, const char *at)
{
    char seen[MARKUP_ATTRIBUTES][MARKUP_NAME];
    for (int count = 0; *at == ' ' || *at == '\n'; count++) {
        char name[MARKUP_NAME] = "";
        if (count == MARKUP_ATTRIBUTES || sscanf(at, " %23[-a-zA-Z:]", name) != 1)
            return markup_fail(markup, "an attribute is malformed");
        for (int i = 0; i < count; i++)
            if (strcmp(seen[i], name) == 0)
                return markup_fail(markup, "an attribute occurs twice");
        strcpy(seen[count], name);
        if (strncmp(name, "on", 2) == 0 || strcmp(name, "style") == 0)
            return markup_fail(markup, "an attribute that runs");
        at += strspn(at, " \n") + strlen(name);
        if (*at != '=')
            continue; /* required, selected, open */
        const char *end = at[1] == '"' ? strchr(at + 2, '"') : NULL;
        if (!end || memchr(at + 2, '<', (size_t)(end - at - 2)))
            return markup_fail(markup, "a value is not quoted, or holds markup");
        if ((strcmp(name, "src") == 0 || strcmp(name, "href") == 0 || strcmp(name, "action") == 0) &&
            at[2] != '/' && at[2] != '#')
            return markup_fail(markup, "an address that is not ours");
        at = end + 1;
    }
    return at;
}

static inline const char *markup_open(struct markup *markup, const char *at)
{
    char name[MARKUP_NAME] = "";
    if (strncmp(at, "<!doctype html>", 15) == 0)
        return at + 15;
    if (sscanf(at, "<%23[a-z0-9]", name) != 1)
        return markup_fail(markup, "a bare < in the text");
    at = markup_attributes(markup, at + 1 + strlen(name));
    if (at[0] == '/' && at[1] == '>')
        return at + 2;
    if (at[0] != '>')
        return markup->fault ? "" : markup_fail(markup, "a tag is malformed");
    if (markup_void(name))
        return at + 1;
    if (strcmp(name, "script") == 0 && at[1] != '<')
        return markup_fail(markup, "a script of its own");
    if (strcmp(name, "style") == 0) { /* a sheet: text, up to its end */
        const char *end = strstr(at, "</style>");
        return end ? end + 8 : markup_fail(markup, "a sheet stays open");
    }
    if (markup->depth == MARKUP_DEPTH)
        return markup_fail(markup, "too deep");
    strcpy(markup->stack[markup->depth++], name);
    return at + 1;
}

/* NULL if all is well, else what is wrong. */
static inline const char *markup_check(const char *at)
{
    struct markup markup = {.depth = 0};
    while (*at && !markup.fault) {
        size_t name = *at == '&' ? strspn(at + 1, "#abcdefghijklmnopqrstuvwxyz0123456789") : 0;
        if (*at == '<')
            at = at[1] == '/' ? markup_close(&markup, at) : markup_open(&markup, at);
        else if (*at == '>' || (*at == '&' && (name == 0 || at[name + 1] != ';')))
            at = markup_fail(&markup, "a bare > or & in the text");
        else if ((unsigned char)*at < 0x20 && *at != '\n')
            at = markup_fail(&markup, "a control character");
        else
            at++;
    }
    return markup.fault ? markup.fault : markup.depth ? "a tag stays open" : NULL;
}

#endif
