/* The idea: what the dynamic linker would say, without asking it: the headers of the ELF file. */
#include "io/vclock/inside.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LIBRARY "librollcall-clock.so"

/* From the running program: build/src/cmd/rollcall, build/name_test, /usr/bin/rollcall. */
static const char *const places[] = {
    "../io/vclock/" LIBRARY,
    "src/io/vclock/" LIBRARY,
    "../src/io/vclock/" LIBRARY,
    "../../src/io/vclock/" LIBRARY,
    "../" ROLLCALL_LIBDIR "/rollcall/" LIBRARY,
};

int vclock_library(char *ret_path, size_t capacity, struct err_note *note)
{
    char program[PATH_MAX], path[PATH_MAX + 64], real[PATH_MAX];
    const char *set = getenv("ROLLCALL_CLOCK_LIBRARY");
    if (set && *set) {
        if (!realpath(set, real) || access(real, R_OK) < 0 || strlen(real) >= capacity)
            return err_set(note, ERR_NOINPUT, "%s (ROLLCALL_CLOCK_LIBRARY): %s", set, strerror(errno));
        snprintf(ret_path, capacity, "%s", real);
        return 0;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    const char *directory = length > 0 ? dirname(program) : ".";
    for (size_t i = 0; i <= sizeof places / sizeof *places; i++) {
        if (i < sizeof places / sizeof *places)
            snprintf(path, sizeof path, "%s/%s", directory, places[i]);
        else
            snprintf(path, sizeof path, "%s", ROLLCALL_PREFIX "/" ROLLCALL_LIBDIR "/rollcall/" LIBRARY);
        if (realpath(path, real) && access(real, R_OK) == 0 && strlen(real) < capacity) {
            snprintf(ret_path, capacity, "%s", real);
            return 0;
        }
    }
    return err_set(note, ERR_NOINPUT, "%s is neither installed (%s) nor in a build tree beside this program",
        LIBRARY, ROLLCALL_PREFIX "/" ROLLCALL_LIBDIR "/rollcall");
}

/* Whether a program can be reached */

enum { MAX_HEADERS = 512, MAX_NOTES = 65536, MAX_SCRIPTS = 4 };

static bool no(struct err_note *note, const char *program, const char *why)
{
    err_set(note, ERR_UNAVAILABLE, "%s: the virtual clock does not reach it: %s", program, why);
    return false;
}

static bool read_at(int fd, uint64_t offset, void *ret, size_t size)
{
    return offset <= INT64_MAX && pread(fd, ret, size, (off_t)offset) == (ssize_t)size;
}

/* A note of "Go": the mark of its linker. */
static bool has_go_note(int fd, const Elf64_Phdr *header)
{
    struct {
        Elf64_Nhdr head;
        char name[4];
    } entry;
    uint64_t end = header->p_filesz < MAX_NOTES ? header->p_filesz : MAX_NOTES;
    for (uint64_t at = 0; at + sizeof entry <= end;) {
        if (!read_at(fd, header->p_offset + at, &entry, sizeof entry))
            return false;
        if (entry.head.n_namesz == 4 && memcmp(entry.name, "Go", 3) == 0)
            return true;
        at += sizeof entry.head + (((uint64_t)entry.head.n_namesz + 3) & ~UINT64_C(3)) +
              (((uint64_t)entry.head.n_descsz + 3) & ~UINT64_C(3));
    }
    return false;
}

/* The dynamic linker that it names, as far as it fits; false if there is none. */
static bool look_at_headers(int fd, const Elf64_Ehdr *elf, char *ret_linker, size_t capacity, bool *ret_go)
{
    bool linked = false;
    for (uint64_t i = 0; i < elf->e_phnum && i < MAX_HEADERS; i++) {
        Elf64_Phdr header;
        if (!read_at(fd, elf->e_phoff + i * sizeof header, &header, sizeof header))
            return false;
        if (header.p_type == PT_NOTE && has_go_note(fd, &header))
            *ret_go = true;
        if (header.p_type != PT_INTERP)
            continue;
        size_t size = header.p_filesz < capacity ? (size_t)header.p_filesz : capacity - 1;
        linked = read_at(fd, header.p_offset, ret_linker, size);
        ret_linker[linked ? size : 0] = '\0';
    }
    return linked;
}

static bool can_reach_elf(int fd, const char *program, struct err_note *note)
{
    Elf64_Ehdr elf, own;
    char linker[PATH_MAX] = "";
    bool go = false;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool known = self >= 0 && read_at(self, 0, &own, sizeof own);
    if (self >= 0)
        close(self);
    if (!read_at(fd, 0, &elf, sizeof elf))
        return no(note, program, "its file is cut off");
    if (elf.e_ident[EI_CLASS] != ELFCLASS64 || (known && elf.e_machine != own.e_machine) ||
        elf.e_phentsize != sizeof(Elf64_Phdr))
        return no(note, program, "it is built for another machine");
    bool linked = look_at_headers(fd, &elf, linker, sizeof linker, &go);
    if (go)
        return no(note, program, "a Go program asks the kernel itself, past the C library");
    if (!linked)
        return no(note, program, "it is linked statically");
    if (strstr(linker, "/ld-musl"))
        return no(note, program, "it is linked with another C library (musl)");
    return true;
}

/* The dynamic linker preloads nothing into programs that gain rights. */
static bool gains_rights(const char *program, const struct stat *status)
{
    return status->st_mode & S_ISUID || (status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
           getxattr(program, "security.capability", NULL, 0) > 0;
}

/* "#! /usr/bin/env name" is env, which executes another; what that is, only a run can tell. */
static bool interpreter_of(const char *line, char *ret_path, size_t capacity)
{
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t\n\r");
    if (line[0] != '/' || length >= capacity)
        return false;
    memcpy(ret_path, line, length);
    ret_path[length] = '\0';
    return true;
}

bool vclock_can_reach(const char *program, struct err_note *note)
{
    char path[PATH_MAX], head[PATH_MAX];
    snprintf(path, sizeof path, "%s", program);
    for (int depth = 0; depth < MAX_SCRIPTS; depth++) {
        struct stat status;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
            const char *why = fd < 0 ? strerror(errno) : "it is no file";
            if (fd >= 0)
                close(fd);
            return no(note, path, why);
        }
        ssize_t length = pread(fd, head, sizeof head - 1, 0);
        head[length > 0 ? length : 0] = '\0';
        bool script = length > 2 && memcmp(head, "#!", 2) == 0;
        bool elf = length > SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0;
        bool can =
            script ||
            (elf ? gains_rights(path, &status)
                        ? no(note, path, "it gains rights when it is executed (set-user-ID, capabilities)")
                        : can_reach_elf(fd, path, note)
                 : no(note, path, "it is no program"));
        close(fd);
        if (!can || !script)
            return can;
        if (!interpreter_of(head + 2, path, sizeof path))
            return no(note, program, "its first line names no interpreter");
    }
    return no(note, program, "its interpreter is a script, again and again");
}

/* What a process executes now has the page mapped; one that its ancestor registered and that has executed
 * another program since has not. */
static bool maps_page(const struct vclock *clock, pid_t pid)
{
    char name[64], line[PATH_MAX + 128];
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE *maps = clock->proc ? fopen(name, "re") : NULL;
    if (!maps)
        return true; /* it cannot be seen: the page says so, and nothing says otherwise */
    size_t path = strlen(clock->path);
    bool found = false;
    while (!found && fgets(line, sizeof line, maps)) {
        char *end = strchr(line, '\n');
        found = end && (size_t)(end - line) > path && memcmp(end - path, clock->path, path) == 0;
    }
    found |= ferror(maps) != 0;
    fclose(maps);
    return found;
}

bool vclock_reaches(const struct vclock *clock, pid_t pid)
{
    for (size_t i = 0, used = vclock_used(&clock->page->processes_used, PAGE_PROCESSES); i < used; i++) {
        struct page_process *entry = &clock->page->processes[i];
        if (atomic_load(&entry->life) == PAGE_LIVES && atomic_load(&entry->who) >> 32 == (uint32_t)pid)
            return maps_page(clock, clock->proc_is_ours ? pid : (pid_t)entry->seen_pid);
    }
    return false;
}
