/* Whoever edits an index can make it name anything: a name that leads out of the directory is nobody's of
 * ours. */
#include "io/proc/folder_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int folder_index_add(struct folder_index *index, const char *name, const char *sha256)
{
    if ((index->count & (index->count - 1)) == 0) { /* full at powers of two */
        size_t room = index->count ? 2 * index->count : 1;
        struct folder_index_entry *grown = realloc(index->entries, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        index->entries = grown;
    }
    struct folder_index_entry *entry = &index->entries[index->count++];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    snprintf(entry->sha256, sizeof entry->sha256, "%s", sha256);
    return 0;
}

void folder_index_free(struct folder_index *index)
{
    free(index->entries);
    *index = (struct folder_index){.entries = NULL};
}

static int by_name(const void *a, const void *b)
{
    const struct folder_index_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

const struct folder_index_entry *folder_index_find(const struct folder_index *index, const char *name)
{
    struct folder_index_entry key;
    if (strlen(name) > FOLDER_MAX_NAME || index->count == 0)
        return NULL;
    snprintf(key.name, sizeof key.name, "%s", name);
    return bsearch(&key, index->entries, index->count, sizeof key, by_name);
}

static int read_entry(const struct json *file, struct folder_index *index)
{
    const char *name = json_text(json_get(file, "file")), *sha256 = json_text(json_get(file, "sha256"));
    if (!name || !sha256 || strlen(name) > FOLDER_MAX_NAME || strlen(sha256) != SHA256_HEX - 1)
        return ERR_DATA;
    if (!*name || *name == '.' || strchr(name, '/'))
        return ERR_DATA;
    return folder_index_add(index, name, sha256);
}

int folder_index_read(const char *bytes, size_t length, const char *schema, struct folder_index *ret_index)
{
    struct folder_index index = {.entries = NULL};
    struct json *root = NULL;
    struct err_note why = {""};
    int err = json_read(bytes, length, &root, &why);
    const char *its = json_text(json_get(root, "schema"));
    const struct json *files = json_get(root, "files");
    if (!err && (!its || strcmp(its, schema) != 0))
        err = ERR_DATA;
    for (size_t i = 0; !err && i < json_count(files); i++)
        err = read_entry(json_at(files, i), &index);
    json_free(root);
    if (err) {
        folder_index_free(&index);
        return err;
    }
    if (index.count)
        qsort(index.entries, index.count, sizeof *index.entries, by_name);
    *ret_index = index;
    return 0;
}
