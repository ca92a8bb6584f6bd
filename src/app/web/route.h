/* route: which function answers a path. A pattern's one * stands for one segment of [A-Za-z0-9._-], at most
 * ROUTE_PART octets. */
#ifndef APP_WEB_ROUTE_H
#define APP_WEB_ROUTE_H

#include "io/http/http.h"

#include <stdbool.h>

enum { ROUTE_PART = 64 };

struct ask;
struct route {
    const char *pattern;
    void (*get)(struct ask *ask);  /* or NULL; HEAD too */
    void (*post)(struct ask *ask); /* or NULL */
};

/* The route of a path as it was sent, and the segment in the place of the *, terminated; NULL if there is
 * none. */
const struct route *route_find(const char *path, char ret_part[ROUTE_PART + 1]);

/* Whether a segment is a token: 32 characters of [a-z2-7]. */
bool route_is_token(const char *part);

#endif
