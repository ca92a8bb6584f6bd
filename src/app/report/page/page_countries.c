/* The table is our own, embedded at build time: code, name, x, y, path, separated by tabs; a line each. */
#include "app/report/page/page_countries.h"

#include "page_assets.h"

#include <stdlib.h>
#include <string.h>

static const char *table(const char **ret_end)
{
    for (size_t i = 0; i < page_asset_count; i++)
        if (strcmp(page_assets[i].name, "countries.txt") == 0) {
            *ret_end = page_assets[i].bytes + page_assets[i].length;
            return page_assets[i].bytes;
        }
    return *ret_end = NULL;
}

/* The field up to `stop`; *at stands behind it. */
static size_t field(const char **at, const char *end, char stop, const char **ret_begin)
{
    const char *found = memchr(*at, stop, (size_t)(end - *at));
    *ret_begin = *at;
    *at = found ? found + 1 : end;
    return (size_t)((found ? found : end) - *ret_begin);
}

static void keep(char *out, size_t size, const char *begin, size_t length)
{
    length = length < size ? length : size - 1;
    memcpy(out, begin, length);
    out[length] = '\0';
}

bool page_countries_next(const char **at, struct page_country *ret_country)
{
    const char *end, *begin = table(&end), *word;
    size_t length;
    *at = *at ? *at : begin;
    while (*at < end && **at == '#')
        field(at, end, '\n', &word);
    if (*at >= end)
        return false;
    length = field(at, end, '\t', &word);
    keep(ret_country->code, sizeof ret_country->code, word, length);
    length = field(at, end, '\t', &word);
    keep(ret_country->name, sizeof ret_country->name, word, length);
    field(at, end, '\t', &word);
    ret_country->x = (int)strtol(word, NULL, 10);
    field(at, end, '\t', &word);
    ret_country->y = (int)strtol(word, NULL, 10);
    ret_country->shape_length = field(at, end, '\n', &ret_country->shape);
    return true;
}

void page_countries_name(const char *code, char ret_name[PAGE_COUNTRIES_NAME])
{
    struct page_country country;
    const char *at = NULL;
    *ret_name = '\0';
    while (page_countries_next(&at, &country))
        if (strcmp(country.code, code) == 0)
            memcpy(ret_name, country.name, PAGE_COUNTRIES_NAME);
}
