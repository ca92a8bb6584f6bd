/* The idea: what a program draws at random is a course of a run that could as well have been another. Where
 * the lab gives a seed, each thread draws from numbers that depend on the seed, on the program's name and on
 * which of its threads it is: so the same run takes the same course again, and no two programs or threads
 * go in step. For rehearsals alone, in which nothing is a secret: without the lab's page and its seed all is
 * libc's own.
 *
 * Reached: getrandom() and its family, also by syscall(); arc4random(); reads of /dev/urandom; the kernel's
 * gift of 16 octets (AT_RANDOM); what OpenSSL and GnuTLS give out, which mix in the processor's counters. */
#include "io/vclock/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GIFT = 16, MOST_ENTROPY = 256, MEMORY = 1 /* major number */, RANDOM = 8, URANDOM = 9 };

static uint64_t seed;           /* 0: numbers are real */
static _Atomic uint64_t forks;  /* of this process */
static __thread uint64_t drawn; /* by this thread */

/* The steps of a Weyl sequence, mixed: SplitMix64 (Steele, Lea, Flood, 2014). */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t draw(void)
{
    /* The threads of a program begin in the same order each time, so the distance of their ids is the same.
     */
    uint64_t thread = (uint32_t)preload_self() - (preload_self() >> 32);
    return mix(mix(seed + thread) + drawn++);
}

/* False: not ours to give. */
static bool fill(void *octets, size_t size)
{
    if (!preload_page() || !seed)
        return false;
    for (char *at = octets; size;) {
        uint64_t number = draw();
        size_t part = size < sizeof number ? size : sizeof number;
        memcpy(at, &number, part);
        at += part;
        size -= part;
    }
    return true;
}

void preload_random_start(void)
{
    const char *text = getenv(PAGE_SEED_ENVIRONMENT);
    if (!text)
        return;
    seed = strtoull(text, NULL, 16);
    for (const char *at = program_invocation_short_name; *at; at++)
        seed = mix(seed ^ (unsigned char)*at);
    seed |= 1;
    /* The loader's own use of it is over: libraries seed their tables with it. */
    fill((void *)getauxval(AT_RANDOM), GIFT); // NOLINT: the kernel's pointer
}

void preload_random_fork(bool in_child)
{
    if (!in_child) {
        atomic_fetch_add(&forks, 1);
        return;
    }
    if (seed)
        seed = mix(seed + atomic_load(&forks)) | 1;
    drawn = 0;
}

bool preload_random_read(int fd, void *octets, size_t size)
{
    struct statx status;
    return seed && statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 && S_ISCHR(status.stx_mode) &&
           status.stx_rdev_major == MEMORY &&
           (status.stx_rdev_minor == RANDOM || status.stx_rdev_minor == URANDOM) && fill(octets, size);
}

/* libc */

PRELOAD_EXPORT ssize_t getrandom(void *octets, size_t size, unsigned flags)
{
    return fill(octets, size) ? (ssize_t)size : preload.libc.getrandom(octets, size, flags);
}

PRELOAD_EXPORT int getentropy(void *octets, size_t size)
{
    if (size <= MOST_ENTROPY)
        return getrandom(octets, size, 0) == (ssize_t)size ? 0 : -1;
    errno = EIO;
    return -1;
}

PRELOAD_EXPORT void arc4random_buf(void *octets, size_t size)
{
    for (char *at = octets; size;) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* as libc does */
        at += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
}

PRELOAD_EXPORT uint32_t arc4random(void)
{
    uint32_t number;
    arc4random_buf(&number, sizeof number);
    return number;
}

/* Those below 2^32 % below are drawn again: what is left is a multiple. */
PRELOAD_EXPORT uint32_t arc4random_uniform(uint32_t below)
{
    uint32_t number = 0;
    if (below < 2)
        return 0;
    do
        number = arc4random();
    while (number < -below % below);
    return number % below;
}

PRELOAD_EXPORT long syscall(long number, ...)
{
    long argument[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < 6; i++)
        argument[i] = va_arg(list, long);
    va_end(list);
    preload_page();
    if (number == SYS_getrandom && fill((void *)argument[0], (size_t)argument[1])) // NOLINT: it is one
        return argument[1];
    long result = preload.libc.syscall(
        number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
    if (result == 0)
        preload_look_forked(); /* it may be a child of SYS_clone: the sooner it tells, the better */
    return result;
}

/* OpenSSL and GnuTLS, if the program has them: no header of theirs is needed to stand in their way. */

static int pass_on(const char *function, unsigned char *octets, int size)
{
    int (*real)(unsigned char *, int);
    void *found = dlsym(RTLD_NEXT, function);
    memcpy(&real, &found, sizeof real);
    return real ? real(octets, size) : 0;
}

int RAND_bytes(unsigned char *octets, int size);
PRELOAD_EXPORT int RAND_bytes(unsigned char *octets, int size)
{
    return size >= 0 && fill(octets, (size_t)size) ? 1 : pass_on("RAND_bytes", octets, size);
}

int RAND_priv_bytes(unsigned char *octets, int size);
PRELOAD_EXPORT int RAND_priv_bytes(unsigned char *octets, int size)
{
    return size >= 0 && fill(octets, (size_t)size) ? 1 : pass_on("RAND_priv_bytes", octets, size);
}

int gnutls_rnd(int level, void *octets, size_t size);
PRELOAD_EXPORT int gnutls_rnd(int level, void *octets, size_t size)
{
    enum { FAILED = -206 }; /* GNUTLS_E_RANDOM_FAILED */
    int (*real)(int, void *, size_t);
    if (fill(octets, size))
        return 0;
    void *found = dlsym(RTLD_NEXT, "gnutls_rnd");
    memcpy(&real, &found, sizeof real);
    return real ? real(level, octets, size) : FAILED;
}
