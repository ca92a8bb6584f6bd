/* The URL of a ClickHouse. What is taken from it must be what its header promises, for it goes into SQL and
 * HTTP. */
#include "io/store/click_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void must_be_name(const char *name, const char *more)
{
    for (; *name; name++)
        must(isalnum((unsigned char)*name) || *name == '_' || strchr(more, *name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *where = malloc(size + 1);
    memcpy(where, data, size);
    where[size] = '\0';
    struct click_url url;
    struct err_note note;
    int rc = click_url_parse(where, &url, &note);
    must(rc == 0 || rc == ERR_USAGE);
    if (rc == 0) {
        must(click_url_is(where) && url.host_count >= 1 && url.host_count <= CLICK_URL_MAX_HOSTS &&
             url.timeout_s >= 1);
        must(url.database[0] && strlen(url.database) < sizeof url.database);
        must_be_name(url.database, "");
        must_be_name(url.cluster, "-.");
        for (unsigned i = 0; i < url.host_count; i++) {
            must(url.hosts[i].name[0] && url.hosts[i].port);
            must_be_name(url.hosts[i].name, "-.:");
        }
        for (const char *at = url.user; *at; at++)
            must((unsigned char)*at >= ' ' && *at != ':');
        for (const char *at = url.password; *at; at++)
            must((unsigned char)*at >= ' ');
    }
    free(where);
    return 0;
}
