/* folder_index: which files are in a directory that a command made, and the digest of each. Internal to
 * io/proc. */
#ifndef IO_PROC_FOLDER_INDEX_H
#define IO_PROC_FOLDER_INDEX_H

#include "io/keys/sha256.h"
#include "io/proc/folder.h"

struct folder_index_entry {
    char name[FOLDER_MAX_NAME + 1], sha256[SHA256_HEX];
};

struct folder_index {
    struct folder_index_entry *entries;
    size_t count;
};

/* ERR_NOMEM. The name fits. */
int folder_index_add(struct folder_index *index, const char *name, const char *sha256);

/* Of one that was read: its entries are in the order of their names. NULL: there is none. */
const struct folder_index_entry *folder_index_find(const struct folder_index *index, const char *name);

/* A JSON document of this schema with "files": [{"file", "sha256"}]. ERR_DATA: it is none, or names what can
 * be no file in its directory; ERR_NOMEM. */
int folder_index_read(const char *bytes, size_t length, const char *schema, struct folder_index *ret_index);

void folder_index_free(struct folder_index *index);

#endif
