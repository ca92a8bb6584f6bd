/* A watched file has the content that is safe (`durable`) and a list of changes since. The real file below
 * always has everything, so SQLite works as ever; only the copy made at the cut shows what could have been
 * lost. */
#include "power.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, MAX_FILES = 64, MAX_PATH = 512 };

struct change {
    bool truncate;
    int64_t at; /* offset, or the new size */
    int length;
    unsigned char *bytes;
};

struct image {
    unsigned char *bytes;
    size_t length;
};

struct watched {
    char path[MAX_PATH];
    bool deleted;
    struct image durable;
    struct change *changes;
    size_t count, capacity;
};

struct power_file {
    sqlite3_file base;
    struct watched *watched; /* NULL: not watched (the shared index, another directory) */
    sqlite3_file *real;
};

/* One machine, one power supply. */
static struct {
    sqlite3_vfs vfs, *real;
    char directory[MAX_PATH], to[MAX_PATH];
    struct watched files[MAX_FILES];
    size_t file_count;
    unsigned until;
    uint32_t seed;
    bool armed, was_cut;
} power;

static uint32_t next_random(void)
{
    power.seed ^= power.seed << 13;
    power.seed ^= power.seed >> 17;
    power.seed ^= power.seed << 5;
    return power.seed;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "power: %s\n", what);
    abort();
}

static void image_write(struct image *image, size_t at, const unsigned char *bytes, size_t length)
{
    if (at + length > image->length) {
        image->bytes = realloc(image->bytes, at + length);
        must(image->bytes != NULL, "no memory");
        memset(image->bytes + image->length, 0, at + length - image->length);
        image->length = at + length;
    }
    if (length)
        memcpy(image->bytes + at, bytes, length);
}

static void image_truncate(struct image *image, size_t size)
{
    if (size < image->length)
        image->length = size;
}

static void apply(struct image *image, const struct change *change)
{
    if (change->truncate)
        image_truncate(image, (size_t)change->at);
    else
        image_write(image, (size_t)change->at, change->bytes, (size_t)change->length);
}

/* A write of which sectors, and perhaps only a part of one sector, came to the disk. */
static void apply_some(struct image *image, const struct change *change)
{
    uint32_t mood = next_random() % 4;
    if (mood == 0)
        return;
    if (mood == 1 || change->truncate) {
        apply(image, change);
        return;
    }
    for (int64_t at = change->at, end = change->at + change->length; at < end;) {
        int64_t next = (at / SECTOR + 1) * SECTOR;
        if (next > end)
            next = end;
        size_t length = (size_t)(next - at);
        if (mood == 3 && next_random() % 8 == 0)
            length = next_random() % length; /* torn */
        if (length > 0 && next_random() % 2)
            image_write(image, (size_t)at, change->bytes + (at - change->at), length);
        at = next;
    }
}

static void forget_changes(struct watched *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->changes[i].bytes);
    file->count = 0;
}

static void save(const struct watched *file, const struct image *image)
{
    char path[2 * MAX_PATH];
    const char *name = strrchr(file->path, '/');
    snprintf(path, sizeof path, "%s%s", power.to, name);
    FILE *out = fopen(path, "w");
    const void *bytes = image->bytes ? image->bytes : (const unsigned char *)"";
    must(out && fwrite(bytes, 1, image->length, out) == image->length && fclose(out) == 0, "cannot save");
}

static void cut(void)
{
    for (size_t i = 0; i < power.file_count; i++) {
        const struct watched *file = &power.files[i];
        struct image image = {NULL, 0};
        if (file->deleted && next_random() % 2)
            continue;
        image_write(
            &image, 0, file->durable.bytes ? file->durable.bytes : (unsigned char *)"", file->durable.length);
        for (size_t c = 0; c < file->count; c++)
            apply_some(&image, &file->changes[c]);
        save(file, &image);
        free(image.bytes);
    }
    power.was_cut = true;
}

/* Called before each thing that a disk is told. */
static void tick(void)
{
    if (power.armed && !power.was_cut && power.until-- == 0)
        cut();
}

static struct watched *watch(const char *path)
{
    size_t length = path ? strlen(path) : 0, directory = strlen(power.directory);
    if (length >= MAX_PATH || length <= directory || memcmp(path, power.directory, directory) != 0 ||
        (length > 4 && strcmp(path + length - 4, "-shm") == 0))
        return NULL;
    for (size_t i = 0; i < power.file_count; i++)
        if (strcmp(power.files[i].path, path) == 0)
            return &power.files[i];
    must(power.file_count < MAX_FILES, "too many files");
    struct watched *file = &power.files[power.file_count++];
    snprintf(file->path, sizeof file->path, "%s", path);
    FILE *in = fopen(path, "r"); /* what is there when it is first seen is taken as safe */
    unsigned char block[4096];
    for (size_t got; in && (got = fread(block, 1, sizeof block, in)) > 0;)
        image_write(&file->durable, file->durable.length, block, got);
    if (in)
        fclose(in);
    return file;
}

static void remember(struct watched *file, struct change change)
{
    if (file->count == file->capacity) {
        file->capacity = file->capacity ? 2 * file->capacity : 64;
        file->changes = realloc(file->changes, file->capacity * sizeof *file->changes);
        must(file->changes != NULL, "no memory");
    }
    file->changes[file->count++] = change;
}

static struct power_file *of(sqlite3_file *file)
{
    return (struct power_file *)file;
}

static int power_close(sqlite3_file *file)
{
    return of(file)->real->pMethods->xClose(of(file)->real);
}

static int power_read(sqlite3_file *file, void *out, int length, sqlite3_int64 at)
{
    return of(file)->real->pMethods->xRead(of(file)->real, out, length, at);
}

static int power_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 at)
{
    struct watched *watched = of(file)->watched;
    tick();
    if (watched) {
        unsigned char *copy = malloc((size_t)length);
        must(copy != NULL, "no memory");
        memcpy(copy, bytes, (size_t)length);
        remember(watched, (struct change){.at = at, .length = length, .bytes = copy});
    }
    return of(file)->real->pMethods->xWrite(of(file)->real, bytes, length, at);
}

static int power_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    tick();
    if (of(file)->watched)
        remember(of(file)->watched, (struct change){.truncate = true, .at = size});
    return of(file)->real->pMethods->xTruncate(of(file)->real, size);
}

static int power_sync(sqlite3_file *file, int flags)
{
    struct watched *watched = of(file)->watched;
    (void)flags;
    tick();
    for (size_t i = 0; watched && i < watched->count; i++)
        apply(&watched->durable, &watched->changes[i]);
    if (watched)
        forget_changes(watched);
    return SQLITE_OK; /* the real disk need not be kept waiting */
}

static int power_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return of(file)->real->pMethods->xFileSize(of(file)->real, ret_size);
}

static int power_lock(sqlite3_file *file, int level)
{
    return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int power_unlock(sqlite3_file *file, int level)
{
    return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int power_reserved(sqlite3_file *file, int *ret)
{
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, ret);
}

static int power_control(sqlite3_file *file, int op, void *argument)
{
    return of(file)->real->pMethods->xFileControl(of(file)->real, op, argument);
}

static int power_sector(sqlite3_file *file)
{
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int power_device(sqlite3_file *file)
{
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int power_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return of(file)->real->pMethods->xShmMap(of(file)->real, page, size, extend, ret);
}

static int power_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, n, flags);
}

static void power_shm_barrier(sqlite3_file *file)
{
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int power_shm_unmap(sqlite3_file *file, int delete_it)
{
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, delete_it);
}

static const sqlite3_io_methods power_methods = {2, power_close, power_read, power_write, power_truncate,
    power_sync, power_size, power_lock, power_unlock, power_reserved, power_control, power_sector,
    power_device, power_shm_map, power_shm_lock, power_shm_barrier, power_shm_unmap, NULL, NULL};

static int power_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct power_file *opened = of(file);
    (void)vfs;
    opened->real = (sqlite3_file *)(opened + 1);
    opened->watched = watch(name);
    if (opened->watched && opened->watched->deleted) { /* made anew */
        opened->watched->deleted = false;
        opened->watched->durable.length = 0;
        forget_changes(opened->watched);
    }
    int code = power.real->xOpen(power.real, name, opened->real, flags, ret_flags);
    file->pMethods = code == SQLITE_OK ? &power_methods : NULL;
    return code;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct watched *file = watch(name);
    (void)vfs;
    tick();
    if (file) {
        file->deleted = true;
        if (sync_directory) {
            file->durable.length = 0;
            forget_changes(file);
        }
    }
    return power.real->xDelete(power.real, name, 0);
}

int power_on(const char *directory)
{
    power.real = sqlite3_vfs_find(NULL);
    if (!power.real || strlen(directory) >= MAX_PATH)
        return -1;
    strcpy(power.directory, directory);
    power.vfs = *power.real;
    power.vfs.pNext = NULL;
    power.vfs.zName = "power";
    power.vfs.szOsFile = (int)sizeof(struct power_file) + power.real->szOsFile;
    power.vfs.xOpen = power_open;
    power.vfs.xDelete = power_delete;
    return sqlite3_vfs_register(&power.vfs, 1) == SQLITE_OK ? 0 : -1;
}

void power_cut_after(unsigned n, const char *to, uint32_t seed)
{
    snprintf(power.to, sizeof power.to, "%s", to);
    power.until = n;
    power.seed = seed ? seed : 1;
    power.armed = true;
    power.was_cut = false;
}

bool power_was_cut(void)
{
    return power.was_cut;
}

void power_off(void)
{
    sqlite3_vfs_unregister(&power.vfs);
    sqlite3_vfs_register(power.real, 1);
    for (size_t i = 0; i < power.file_count; i++) {
        forget_changes(&power.files[i]);
        free(power.files[i].changes);
        free(power.files[i].durable.bytes);
    }
    memset(&power, 0, sizeof power);
}
