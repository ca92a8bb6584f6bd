/* page_countries: the shapes of countries, as web/countries.txt has them. Internal to app/report. */
#ifndef APP_REPORT_PAGE_COUNTRIES_H
#define APP_REPORT_PAGE_COUNTRIES_H

#include <stdbool.h>
#include <stddef.h>

/* The field in which they lie. */
enum { PAGE_COUNTRIES_WIDTH = 2000, PAGE_COUNTRIES_HEIGHT = 870, PAGE_COUNTRIES_NAME = 64 };

struct page_country {
    char code[3];
    char name[PAGE_COUNTRIES_NAME];
    int x, y;          /* a place within */
    const char *shape; /* SVG path, not ended by a zero octet */
    size_t shape_length;
};

/* The next country of the table; *at NULL: the first. False: there is none. */
bool page_countries_next(const char **at, struct page_country *ret_country);

/* "" for a code that is not in the table. */
void page_countries_name(const char *code, char ret_name[PAGE_COUNTRIES_NAME]);

#endif
