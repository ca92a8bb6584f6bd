/* The draft is locked as long as it is written: whoever finds one that is not locked takes it away, as its
 * writer was killed. An old directory and the draft exchange their names in one step; then the old one is
 * emptied, of files that its index names only, and removed under the draft's name. */
#include "io/proc/folder.h"
#include "io/proc/folder_index.h"

#include "io/file/file.h"
#include "io/keys/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_BITS = 07777, MOST_FILE = 256 << 20 };

struct folder {
    const struct folder_kind *kind;
    char *path, *name, *draft; /* the last without its directory */
    int parent, fd;            /* where both stand; the draft, locked */
    bool exists;
    struct stat old;
    struct folder_index files, before; /* of the draft; of the old directory, by name */
};

static int no_memory(struct err_note *note, const char *path)
{
    return err_set(note, ERR_NOMEM, "%s: out of memory", path);
}

/* ---- what is there already ---- */

static int foreign(const struct folder *f, const char *name, const char *what, struct err_note *note)
{
    return err_set(note, ERR_USAGE, "%s: is kept: %.200s in it %s; take another directory, or move it away",
        f->path, name, what);
}

static int read_index(struct folder *f, const char *path, struct err_note *note)
{
    char *bytes = NULL;
    size_t length = 0;
    int err = file_read_all(path, JSON_MAX_SIZE, &bytes, &length, note);
    if (err)
        return err;
    err = folder_index_read(bytes, length, f->kind->schema, &f->before);
    free(bytes);
    return err == ERR_NOMEM ? no_memory(note, path)
           : err            ? foreign(f, f->kind->index, "is not of this command", note)
                            : 0;
}

static int check_file(const struct folder *f, const char *name, const char *path, struct err_note *note)
{
    const struct folder_index_entry *entry = folder_index_find(&f->before, name);
    char sha256[SHA256_HEX];
    char *bytes = NULL;
    size_t length = 0;
    struct stat stat;
    if (!entry || lstat(path, &stat) || !S_ISREG(stat.st_mode))
        return foreign(f, name, "was not written by this command", note);
    int err = file_read_all(path, MOST_FILE, &bytes, &length, note);
    if (!err && sha256_hex(bytes, length, sha256))
        err = err_set(note, ERR_INTERNAL, "%s: no SHA-256 can be had", path);
    if (!err && strcmp(sha256, entry->sha256) != 0)
        err = foreign(f, name, "was changed since it was written", note);
    free(bytes);
    return err;
}

static int check_entry(struct folder *f, const char *name, bool has_index, struct err_note *note)
{
    char *path = NULL;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (has_index && strcmp(name, f->kind->index) == 0))
        return 0;
    if (asprintf(&path, "%s/%s", f->path, name) < 0)
        return no_memory(note, f->path);
    int err = check_file(f, name, path, note);
    free(path);
    return err;
}

static int check_old(struct folder *f, struct err_note *note)
{
    char *index = NULL;
    if (asprintf(&index, "%s/%s", f->path, f->kind->index) < 0)
        return no_memory(note, f->path);
    struct stat stat;
    bool has_index = lstat(index, &stat) == 0 && S_ISREG(stat.st_mode);
    int err = has_index ? read_index(f, index, note) : 0;
    DIR *directory = err ? NULL : opendir(f->path);
    if (!err && !directory)
        err = file_error(note, f->path, "cannot be read");
    struct dirent *entry;
    while (!err && (entry = readdir(directory)))
        err = check_entry(f, entry->d_name, has_index, note);
    if (directory)
        closedir(directory);
    free(index);
    return err;
}

/* ---- the draft ---- */

/* Takes the plain files out of a directory: all, or those that a list names and the index. */
static void empty(int parent, const char *name, const struct folder_index *only, const char *index)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(directory)))
        if (!only || folder_index_find(only, entry->d_name) || strcmp(entry->d_name, index) == 0)
            unlinkat(fd, entry->d_name, 0); /* of a directory, "." too, it fails */
    closedir(directory);
}

static bool has_name(const struct folder *f, int fd)
{
    struct stat it, named;
    return fstat(fd, &it) == 0 && fstatat(f->parent, f->draft, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           it.st_ino == named.st_ino && it.st_dev == named.st_dev;
}

/* One try. *ret_again: what was there is taken away. */
static int open_draft(struct folder *f, bool *ret_again, struct err_note *note)
{
    bool made = mkdirat(f->parent, f->draft, f->exists ? 0700 : 0777) == 0;
    *ret_again = false;
    if (!made && errno != EEXIST)
        return file_error(note, f->path, "no directory can be made beside it");
    int fd = openat(f->parent, f->draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return *ret_again = true, 0;
    if (fd < 0)
        return file_error(note, f->path, "the directory that is made beside it cannot be opened");
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        return err_set(note, ERR_UNAVAILABLE, "%s: another program is writing it", f->path);
    }
    if (made && has_name(f, fd)) {
        f->fd = fd;
        return 0;
    }
    if (has_name(f, fd)) {
        empty(f->parent, f->draft, NULL, "");
        if (unlinkat(f->parent, f->draft, AT_REMOVEDIR)) {
            int err = file_error(note, f->path, "what an ended program left beside it cannot be removed");
            close(fd);
            return err;
        }
    }
    close(fd);
    *ret_again = true;
    return 0;
}

/* ---- beginning ---- */

/* Follows links, and takes slashes off the end. */
static int find(struct folder *f, const char *path, struct err_note *note)
{
    struct stat link;
    f->path = realpath(path, NULL);
    f->exists = f->path != NULL;
    if (!f->exists && errno != ENOENT)
        return file_error(note, path, "cannot be opened");
    if (!f->exists && lstat(path, &link) == 0)
        return err_set(note, ERR_NOINPUT, "%s: is a link that leads nowhere", path);
    if (!f->exists && !(f->path = strdup(path)))
        return no_memory(note, path);
    for (size_t length = strlen(f->path); length > 1 && f->path[length - 1] == '/'; length--)
        f->path[length - 1] = '\0';
    const char *slash = strrchr(f->path, '/');
    f->name = strdup(slash ? slash + 1 : f->path);
    if (!f->name || asprintf(&f->draft, ".%.200s.%u.rollcall-new", f->name, (unsigned)geteuid()) < 0) {
        f->draft = NULL;
        return no_memory(note, path);
    }
    return *f->name ? 0 : err_set(note, ERR_USAGE, "%s: no directory for files can be there", path);
}

static int open_parent(struct folder *f, struct err_note *note)
{
    char *copy = strdup(f->path);
    f->parent = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int err = !copy           ? no_memory(note, f->path)
              : f->parent < 0 ? file_error(note, copy, "cannot be opened")
                              : 0;
    free(copy);
    return err;
}

static int begin(struct folder *f, const char *path, struct err_note *note)
{
    int err = find(f, path, note);
    if (!err && f->exists && stat(f->path, &f->old))
        err = file_error(note, path, "cannot be examined");
    if (!err && f->exists && !S_ISDIR(f->old.st_mode))
        err = err_set(note, ERR_USAGE, "%s: is no directory", path);
    err = err ? err : open_parent(f, note);
    bool again = !err;
    for (int i = 0; i < 100 && again && !err; i++)
        err = open_draft(f, &again, note);
    if (!err && again)
        err = err_set(note, ERR_UNAVAILABLE, "%s: too many programs write it at once", path);
    return err || !f->exists ? err : check_old(f, note);
}

int folder_begin(
    const char *path, const struct folder_kind *kind, struct folder **ret_folder, struct err_note *note)
{
    struct folder *f = calloc(1, sizeof *f);
    if (!f)
        return no_memory(note, path);
    f->kind = kind;
    f->parent = f->fd = -1;
    int err = begin(f, path, note);
    if (err)
        folder_free(f);
    else
        *ret_folder = f;
    return err;
}

/* ---- its files ---- */

static int not_written(const struct folder *f, const char *name, struct err_note *note)
{
    char what[2 * FOLDER_MAX_NAME];
    snprintf(what, sizeof what, "nothing is written: %s", name);
    return file_error(note, f->path, what);
}

static int write_file(
    const struct folder *f, const char *name, const char *bytes, size_t length, struct err_note *note)
{
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return not_written(f, name, note);
    int err = file_write(fd, bytes, length) ? not_written(f, name, note) : 0;
    if (close(fd) && !err)
        err = not_written(f, name, note);
    return err;
}

int folder_add(
    struct folder *folder, const char *name, const char *bytes, size_t length, struct err_note *note)
{
    char sha256[SHA256_HEX];
    if (folder->files.count == FOLDER_MAX_FILES)
        return err_set(note, ERR_USAGE, "%s: nothing is written: it would be more than %d files",
            folder->path, FOLDER_MAX_FILES);
    if (strlen(name) > FOLDER_MAX_NAME || sha256_hex(bytes, length, sha256))
        return err_set(note, ERR_INTERNAL, "%s: nothing is written: %.200s", folder->path, name);
    int err = write_file(folder, name, bytes, length, note);
    if (!err && folder_index_add(&folder->files, name, sha256))
        err = no_memory(note, folder->path);
    return err;
}

/* ---- the end ---- */

static int write_index(struct folder *f, struct json *index, struct err_note *note)
{
    struct json *files = json_set_array(index, "files");
    struct text text;
    for (size_t i = 0; i < f->files.count; i++) {
        struct json *file = json_add_object(files);
        json_set_string(file, "file", f->files.entries[i].name);
        json_set_string(file, "sha256", f->files.entries[i].sha256);
    }
    text_start(&text);
    int err = json_write(index, true, &text) ? no_memory(note, f->path) : 0;
    if (!err && text.length > JSON_MAX_SIZE)
        err = err_set(note, ERR_USAGE, "%s: nothing is written: its index would be too large", f->path);
    err = err ? err : write_file(f, f->kind->index, text.string, text.length, note);
    text_free(&text);
    return err;
}

static int take_name(const struct folder *f, struct err_note *note)
{
    unsigned how = f->exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (renameat2(f->parent, f->draft, f->parent, f->name, how) == 0)
        return 0;
    bool cannot = errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
    /* What a plain rename replaces is empty, or not there. */
    if (cannot && f->before.count == 0 && renameat(f->parent, f->draft, f->parent, f->name) == 0)
        return 0;
    if (cannot && f->exists)
        return err_set(note, ERR_UNAVAILABLE,
            "%s: is unchanged: this file system replaces no directory in one step; remove it first", f->path);
    return file_error(note, f->path, "is unchanged: the new directory cannot take its name");
}

int folder_end(struct folder *folder, struct json *index, struct err_note *note)
{
    struct folder *f = folder;
    int err = write_index(f, index, note);
    if (!err && f->exists && fchmod(f->fd, f->old.st_mode & MODE_BITS))
        err = file_error(note, f->path, "is unchanged: its mode cannot be kept");
    if (!err && syncfs(f->fd))
        err = file_error(note, f->path, "nothing is written: the files cannot be brought to the disk");
    err = err ? err : take_name(f, note);
    if (err)
        return err;
    close(f->fd);
    f->fd = -1;
    empty(f->parent, f->draft, &f->before, f->kind->index);
    if (f->exists && unlinkat(f->parent, f->draft, AT_REMOVEDIR) && errno != ENOENT)
        return err_set(note, ERR_IO,
            "%s: is written; what it held is in %s beside it, and cannot be removed: %s", f->path, f->draft,
            strerror(errno));
    return fsync(f->parent) && errno != EINVAL
               ? file_error(note, f->path, "is written, but its directory cannot be brought to the disk")
               : 0;
}

void folder_free(struct folder *folder)
{
    if (!folder)
        return;
    if (folder->fd >= 0) {
        empty(folder->parent, folder->draft, NULL, "");
        unlinkat(folder->parent, folder->draft, AT_REMOVEDIR);
        close(folder->fd);
    }
    if (folder->parent >= 0)
        close(folder->parent);
    free(folder->path);
    free(folder->name);
    free(folder->draft);
    folder_index_free(&folder->files);
    folder_index_free(&folder->before);
    free(folder);
}
