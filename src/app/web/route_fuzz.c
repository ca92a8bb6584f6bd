/* Any path: what stands for the * is a segment of the path and nothing else; a token is one of 32 characters.
 */
#include "app/web/route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char part[ROUTE_PART + 1];
    char *path = malloc(length + 1);
    if (!path)
        return 0;
    memcpy(path, bytes, length);
    path[length] = '\0';
    const struct route *route = route_find(path, part);
    if (strlen(part) > ROUTE_PART || strchr(part, '/') || strchr(part, '%') ||
        (part[0] && !strstr(path, part)))
        abort();
    if (route && !route->get && !route->post)
        abort();
    if (route_is_token(path) &&
        (strlen(path) != 32 || strspn(path, "abcdefghijklmnopqrstuvwxyz234567") != 32))
        abort();
    free(path);
    return 0;
}
