/* err: one set of error codes for the whole program.
 *
 * A function that can fail returns 0 or one of these negative codes, writes its outputs only on success, and,
 * where a person will read the reason, fills a `struct err_note`. The codes are the negated exit codes of
 * sysexits(3), so that a command can end with `return err_exit(rc)`. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_USAGE = -64,       /* the command line is wrong */
    ERR_DATA = -65,        /* input is malformed */
    ERR_NOINPUT = -66,     /* input does not exist or cannot be read */
    ERR_UNAVAILABLE = -69, /* a port in use, a service or program that is not there */
    ERR_INTERNAL = -70,    /* a fault of our own */
    ERR_NOMEM = -71,       /* out of memory */
    ERR_IO = -74,          /* reading or writing failed */
    ERR_PERM = -77,        /* not permitted */
    ERR_CONFIG = -78,      /* configuration is wrong */
};

/* Why something failed, as one sentence without a final newline. */
struct err_note {
    char text[512];
};

/* A short English name of a code. Never NULL. */
const char *err_str(int err);

/* The exit code for an error code: 0 for ERR_OK, else 64 to 78. */
int err_exit(int err);

/* Writes the note (NULL is allowed and ignored) and returns `err`, so that `return err_set(note, ERR_DATA,
 * …)` reads well. The arguments may hold the note's own text. */
int err_set(struct err_note *note, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
