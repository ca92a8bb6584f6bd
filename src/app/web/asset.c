/* Style, script and icon, embedded at build time. Their addresses hold a hash of their content, so that they
 * may be kept for ever. */
#include "app/web/inside.h"
#include "assets.h"

#include <string.h>

static const struct asset *find(const char *name)
{
    for (size_t i = 0; i < asset_count; i++)
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    return NULL;
}

void asset_get(struct ask *ask)
{
    const char *path = ask->request->path;
    const struct asset *asset = find(ask->part[0]                        ? ask->part
                                     : strcmp(path, "/favicon.ico") == 0 ? "icon.svg"
                                                                         : path + 1);
    if (!asset) {
        ask_fail(ask, 404, "There is nothing here.");
        return;
    }
    bool pinned =
        strncmp(ask->request->query, "v=", 2) == 0 && strcmp(ask->request->query + 2, asset->hash) == 0;
    ask->answer->status = 200;
    ask->answer->type = asset->type;
    ask->answer->cache = pinned ? "public, max-age=31536000, immutable" : "no-cache";
    text_add_bytes(&ask->answer->body, asset->bytes, asset->length);
}

void events_get(struct ask *ask)
{
    ask->answer->status = 200;
    ask->answer->stream = true;
}
