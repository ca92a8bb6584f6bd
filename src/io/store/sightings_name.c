/* Names of collectors. They come into tables, JSON, CSV and URLs: a small alphabet keeps them harmless
 * everywhere. */
#include "io/store/sightings.h"

#include <string.h>
#include <unistd.h>

bool sightings_name_fits(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:");
    return length > 0 && length <= SIGHTINGS_MAX_COLLECTOR && name[length] == '\0';
}

const char *sightings_host_name(char out[SIGHTINGS_MAX_COLLECTOR + 1])
{
    char host[256] = "";
    size_t length = 0;
    gethostname(host, sizeof host - 1);
    for (const char *at = host; *at && length < SIGHTINGS_MAX_COLLECTOR; at++) {
        out[length] = *at;
        out[length + 1] = '\0';
        length += sightings_name_fits(out + length);
    }
    out[length] = '\0';
    return length ? out : strcpy(out, "local");
}
