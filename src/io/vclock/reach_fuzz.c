/* Any file as the program that a user names. */
#include "io/vclock/vclock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    char path[64];
    struct err_note note = {""};
    int fd = memfd_create("program", MFD_CLOEXEC);
    if (fd < 0 || write(fd, octets, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!vclock_can_reach(path, &note) && !note.text[0])
        abort();
    close(fd);
    return 0;
}
