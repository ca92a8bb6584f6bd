/* space: a room of its own for a program that plays a whole network: private network, mount, process and IPC
 * namespaces, made with root and without (then in a user namespace, in which we seem to be root).
 *
 * Loopback is up and has the addresses that were wished for; there is no other way out. Process 1 is ours and
 * runs a function of the caller's program; when it ends, the kernel ends everything else in the space, mounts
 * and addresses with it. Nothing has to be cleaned up, however it ended.
 *
 * What is mounted in a space is seen there alone. Files that are written to directories that are not mounts
 * are real. */
#ifndef IO_PROC_SPACE_H
#define IO_PROC_SPACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The pair that is there with `ethernet`: both ends in the space, up and with a carrier. */
#define SPACE_OUR_ADDRESS "10.99.0.1"
#define SPACE_THEIR_ADDRESS "10.99.0.2"

struct space_spec {
    const char *const *addresses; /* of loopback, besides its own: "198.41.0.4", "2001:503:ba3e::2:30". Those
                                     of IPv6 are left out where the kernel has none */
    size_t address_count;
    bool ethernet; /* a veth pair too (SPACE_OUR_ADDRESS on lab0, SPACE_THEIR_ADDRESS on lab1, both /24), for
                      programs that ignore loopback */
};

/* Runs as process 1 of the space; its value (0 to 255) is the exit code. Signals are at their defaults and
 * none is blocked; it leads a session without terminal. Open files are inherited. It is the parent of every
 * orphan in the space, and has to reap them. */
typedef int space_main(void *context);

/* Forks it; the caller waits for *ret_pid, and when that has ended, all in the space has. It gets SIGKILL
 * when the thread that started it ends. Signals that process 1 does not catch do nothing but for SIGKILL.
 * What fails before `main` begins is told here: ERR_PERM (namespaces are forbidden; the note has the sysctl
 * that allows them), ERR_UNAVAILABLE (too few processes, no veth), ERR_USAGE (an address is none), ERR_NOMEM,
 * ERR_IO. */
int space_start(
    const struct space_spec *spec, space_main *main, void *context, pid_t *ret_pid, struct err_note *note);

/* The rest is for the inside of a space. ERR_NOINPUT: a path does not exist; ERR_PERM; ERR_UNAVAILABLE; the
 * note names the path. */

/* Shows the file or directory `from` (and what is mounted below it) at `to`, which exists. */
int space_bind(const char *from, const char *to, struct err_note *note);

/* Lays the directory `lower` over `at`: what both have is lower's. Read only. For unpacked packages. */
int space_overlay(const char *lower, const char *at, struct err_note *note);

/* An empty file system in memory, mode 0755. */
int space_tmpfs(const char *at, struct err_note *note);

/* Makes the directory a mount of its own, if it is none, and that read only or writable. A program that was
 * in it before it was made a mount does not notice: call it once, with `on` false, before the program starts.
 * A file that is open for writing then can be written on. */
int space_read_only(const char *path, bool on, struct err_note *note);

/* Whether no octet waits to be read from any UDP or TCP socket of the space. Asked after each step of a
 * rehearsal: costs about 40 µs. ERR_IO: it cannot be known. */
int space_idle_sockets(bool *ret_idle);

#endif
