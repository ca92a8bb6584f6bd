/* A reader on a read-only directory cannot make the shared index that WAL wants. If there is no log, the file
 * is all there is and cannot change: it is opened as immutable. If there is a log (of a server that was
 * killed, or a copy of a running one), it is read with the index in our own memory: exclusive locking mode,
 * and the VFS unix-none, since locks cannot be had on such a file. */
#include "io/store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 500, LOCK_WAIT_NS = 10 * 1000 * 1000 };

static int errno_code(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOINPUT;
    case EACCES:
    case EPERM:
        return ERR_PERM;
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

int db_file_missing(const char *path, struct err_note *note)
{
    int number = errno;
    return err_set(note, errno_code(number), "cannot open %s: %s", path, strerror(number));
}

static void directory_of(const char *path, char out[DB_FILE_PATH])
{
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(out, DB_FILE_PATH, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else
        snprintf(out, DB_FILE_PATH, ".");
}

/* Why a file cannot be written, asked of the file itself and of its directory; 0 if it can. */
static int why_not_writable(const char *path)
{
    char directory[DB_FILE_PATH];
    directory_of(path, directory);
    return access(path, W_OK) != 0 || access(directory, W_OK) != 0 ? errno : 0;
}

static int read_only_fault(int code, const char *path, struct err_note *note)
{
    if (code == SQLITE_READONLY_DBMOVED)
        return err_set(note, ERR_IO, "%s was moved or removed while it was in use", path);
    int number = why_not_writable(path);
    return err_set(note, number ? errno_code(number) : ERR_PERM, "%s cannot be written: %s", path,
        number ? strerror(number) : "it is open to be read only");
}

static int io_fault(sqlite3 *handle, int code, const char *path, struct err_note *note)
{
    int number = handle ? sqlite3_system_errno(handle) : 0;
    if (code == SQLITE_IOERR_NOMEM)
        return err_set(note, ERR_NOMEM, "no memory to work on %s", path);
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return err_set(note, ERR_IO, "%s cannot grow: %s; nothing was stored", path, strerror(number));
    return err_set(note, ERR_IO, "reading or writing %s failed: %s", path,
        number ? strerror(number) : sqlite3_errstr(code));
}

/* SQLite does not say which of its files it could not open; the last error number may be another call's. */
static int open_fault(sqlite3 *handle, const char *path, struct err_note *note)
{
    int number = handle ? sqlite3_system_errno(handle) : 0;
    if (access(path, R_OK) != 0)
        return db_file_missing(path, note);
    if (why_not_writable(path) != 0)
        return read_only_fault(SQLITE_READONLY, path, note);
    return err_set(note, number == EACCES || number == EPERM ? ERR_PERM : ERR_IO,
        "cannot open %s or its log: %s", path, number ? strerror(number) : "unable to open");
}

int db_file_fault(sqlite3 *handle, int code, const char *path, struct err_note *note)
{
    const char *words = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return err_set(note, ERR_IO, "the disk that holds %s is full; nothing was stored", path);
    case SQLITE_IOERR:
        return io_fault(handle, code, path, note);
    case SQLITE_CORRUPT:
        return err_set(note, ERR_DATA, "%s is damaged (%s): restore it from a backup", path, words);
    case SQLITE_NOTADB:
        return err_set(note, ERR_DATA, "%s is damaged or no SQLite file: restore it from a backup", path);
    case SQLITE_READONLY:
        return read_only_fault(code, path, note);
    case SQLITE_CANTOPEN:
        return open_fault(handle, path, note);
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(note, ERR_PERM, "%s: %s", path, words);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return err_set(note, ERR_UNAVAILABLE, "%s is locked by another process", path);
    case SQLITE_NOMEM:
        return err_set(note, ERR_NOMEM, "no memory to work on %s", path);
    case SQLITE_CONSTRAINT:
        return err_set(note, ERR_DATA, "%s: %s", path, words);
    case SQLITE_TOOBIG:
        return err_set(note, ERR_DATA, "%s: a value is too long", path);
    default:
        return err_set(note, ERR_INTERNAL, "%s: %s (SQLite code %d)", path, words, code);
    }
}

/* Reads a page of the schema: what SQLite puts off until then fails here. */
static int touch(sqlite3 *handle)
{
    return sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

static int open_with(const char *name, int flags, const char *first, sqlite3 **ret_handle)
{
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        sqlite3_busy_timeout(handle, 5000);
    if (code == SQLITE_OK && first)
        code = sqlite3_exec(handle, first, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = touch(handle);
    *ret_handle = handle; /* also after an error: it has the words */
    return code;
}

/* file:PATH?parameters, with what a URI gives a meaning escaped. */
static bool write_uri(const char *path, const char *parameters, char out[DB_FILE_PATH])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = (size_t)snprintf(out, DB_FILE_PATH, "file:");
    for (; *path && at + 4 < DB_FILE_PATH; path++) {
        unsigned char c = (unsigned char)*path;
        if (c == '%' || c == '?' || c == '#' || c < 0x20) {
            out[at++] = '%';
            out[at++] = hex[c >> 4];
            out[at++] = hex[c & 15];
        } else {
            out[at++] = (char)c;
        }
    }
    int more = snprintf(out + at, DB_FILE_PATH - at, "?%s", parameters);
    return *path == '\0' && more > 0 && (size_t)more < DB_FILE_PATH - at;
}

static bool has_log(const char *path)
{
    char log[DB_FILE_PATH];
    struct stat file;
    int length = snprintf(log, sizeof log, "%s-wal", path);
    return length > 0 && (size_t)length < sizeof log && stat(log, &file) == 0 && file.st_size > 0;
}

static int open_unwritable(const char *path, sqlite3 **ret_handle)
{
    char uri[DB_FILE_PATH];
    bool log = has_log(path);
    if (!write_uri(path, log ? "mode=ro&vfs=unix-none" : "mode=ro&immutable=1", uri))
        return SQLITE_CANTOPEN;
    return open_with(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
        log ? "PRAGMA locking_mode = EXCLUSIVE" : NULL, ret_handle);
}

/* The shared index could not be made: the directory is read-only or the disk full. Were a server at work, it
 * would be there. */
static bool no_index(int code)
{
    int kind = code & 0xff;
    if (code == SQLITE_READONLY_ROLLBACK)
        return false;
    return kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY || kind == SQLITE_FULL ||
           code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP;
}

/* A writer was killed in the middle of a transaction without a log: what it did is to be undone first, which
 * needs one who may write. */
static void undo(const char *path)
{
    sqlite3 *handle = NULL;
    open_with(path, SQLITE_OPEN_READWRITE, NULL, &handle);
    sqlite3_close(handle);
}

int db_file_open(const char *path, bool read_only, sqlite3 **ret_handle, struct err_note *note)
{
    sqlite3 *handle = NULL;
    int code = open_with(path, read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, NULL, &handle);
    if (read_only && code == SQLITE_READONLY_ROLLBACK && why_not_writable(path) == 0) {
        sqlite3_close(handle);
        undo(path);
        code = open_with(path, SQLITE_OPEN_READONLY, NULL, &handle);
    }
    if (read_only && no_index(code) && access(path, R_OK) == 0) {
        sqlite3_close(handle);
        code = open_unwritable(path, &handle);
    }
    int err = 0;
    if (code != SQLITE_OK)
        err = db_file_fault(handle, code, path, note);
    else if (!read_only && sqlite3_db_readonly(handle, "main") == 1)
        err = read_only_fault(SQLITE_READONLY, path, note); /* SQLite goes on with less than was asked for */
    if (err)
        sqlite3_close(handle);
    else
        *ret_handle = handle;
    return err;
}

static int lock_directory(const char *directory, int *ret_fd, struct err_note *note)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return db_file_missing(directory, note);
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            close(fd);
            return err_set(note, ERR_IO, "cannot lock %s: %s", directory, strerror(errno));
        }
        if (i == LOCK_TRIES) {
            close(fd);
            return err_set(note, ERR_UNAVAILABLE, "%s is locked by another process", directory);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_NS}, NULL);
    }
    *ret_fd = fd;
    return 0;
}

/* Removes a new file and what SQLite may have put beside it. */
static void remove_new(const char *new_path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[DB_FILE_PATH + 16];
        snprintf(name, sizeof name, "%s%s", new_path, ends[i]);
        unlink(name);
    }
}

int db_file_make_start(const char *path, struct db_file_making *ret_making, struct err_note *note)
{
    struct db_file_making making = {.needed = false};
    char directory[DB_FILE_PATH];
    if (snprintf(making.path, sizeof making.path, "%s", path) >= (int)sizeof making.path - 16)
        return err_set(note, ERR_DATA, "%s: the path is too long", path);
    directory_of(path, directory);
    snprintf(making.new_path, sizeof making.new_path, "%.*s.new", (int)sizeof making.new_path - 8, path);
    int err = lock_directory(directory, &making.directory, note);
    if (err)
        return err;
    if (access(path, F_OK) == 0) {
        close(making.directory);
        *ret_making = making;
        return 0;
    }
    remove_new(making.new_path); /* of a making that was killed */
    int fd = open(making.new_path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
        0600); /* it will hold private keys, or people's addresses */
    if (fd < 0) {
        err = err_set(
            note, errno == ENOSPC ? ERR_IO : errno_code(errno), "cannot make %s: %s", path, strerror(errno));
        close(making.directory);
        return err;
    }
    close(fd);
    making.needed = true;
    *ret_making = making;
    return 0;
}

static bool sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

int db_file_make_end(struct db_file_making *making, int err, struct err_note *note)
{
    if (!err && !sync_file(making->new_path))
        err = err_set(note, ERR_IO, "cannot make %s: %s", making->path, strerror(errno));
    if (!err && (rename(making->new_path, making->path) != 0 || fsync(making->directory) != 0))
        err = err_set(note, ERR_IO, "cannot put %s in place: %s", making->path, strerror(errno));
    if (err)
        remove_new(making->new_path);
    close(making->directory);
    return err;
}
