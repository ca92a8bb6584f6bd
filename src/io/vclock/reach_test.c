#include "io/vclock/vclock.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* A file of ELF: a header, an interpreter and a note, and their text. */
struct image {
    Elf64_Ehdr elf;
    Elf64_Phdr headers[2];
    char linker[32];
    struct {
        Elf64_Nhdr head;
        char name[4], text[4];
    } note;
};

static struct image image(const char *linker, const char *note)
{
    struct image is = {.elf = {.e_machine = EM_X86_64, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2}};
    Elf64_Ehdr own;
    FILE *self = fopen("/proc/self/exe", "re");
    if (self && fread(&own, sizeof own, 1, self) == 1)
        is.elf.e_machine = own.e_machine;
    if (self)
        fclose(self);
    memcpy(is.elf.e_ident, ELFMAG, SELFMAG);
    is.elf.e_ident[EI_CLASS] = ELFCLASS64;
    is.elf.e_phoff = offsetof(struct image, headers);
    if (linker)
        is.headers[0] = (Elf64_Phdr){
            .p_type = PT_INTERP, .p_offset = offsetof(struct image, linker), .p_filesz = strlen(linker) + 1};
    is.headers[1] =
        (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = offsetof(struct image, note), .p_filesz = sizeof is.note};
    snprintf(is.linker, sizeof is.linker, "%s", linker ? linker : "");
    is.note.head = (Elf64_Nhdr){.n_namesz = 4, .n_descsz = 4, .n_type = 4};
    snprintf(is.note.name, sizeof is.note.name, "%s", note);
    return is;
}

struct place {
    char directory[40], path[64];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->directory, "/tmp/rollcall-reach-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/program", place->directory);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    unlink(place->path);
    rmdir(place->directory);
    free(place);
    return 0;
}

static void put(const struct place *place, const void *octets, size_t size, mode_t mode)
{
    unlink(place->path);
    int fd = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_int_equal(write(fd, octets, size), size);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* NULL: it can be reached. */
static void judge(const struct place *place, const char *why)
{
    struct err_note note = {""};
    bool can = vclock_can_reach(place->path, &note);
    if (can != !why || (why && !strstr(note.text, why)))
        fail_msg("not \"%s\" but \"%s\"", why ? why : "can", note.text);
}

static void elf_files(void **state)
{
    const struct place *place = *state;
    struct image is = image("/lib64/ld-linux-x86-64.so.2", "GNU");
    put(place, &is, sizeof is, 0700);
    judge(place, NULL);
    put(place, &is, sizeof is, 04755);
    judge(place, "gains rights");
    put(place, &is, sizeof is, 02755);
    judge(place, "gains rights");
    put(place, &is, sizeof is.elf - 1, 0700);
    judge(place, "cut off");
    put(place, &is, sizeof is.elf + 10, 0700);
    judge(place, "statically");

    is = image(NULL, "GNU");
    put(place, &is, sizeof is, 0700);
    judge(place, "statically");
    is = image("/lib64/ld-linux-x86-64.so.2", "Go");
    put(place, &is, sizeof is, 0700);
    judge(place, "Go");
    is = image(NULL, "Go");
    put(place, &is, sizeof is, 0700);
    judge(place, "Go");
    is = image("/lib/ld-musl-x86_64.so.1", "GNU");
    put(place, &is, sizeof is, 0700);
    judge(place, "musl");
    is = image("/lib/ld-linux.so.2", "GNU");
    is.elf.e_ident[EI_CLASS] = ELFCLASS32;
    put(place, &is, sizeof is, 0700);
    judge(place, "another machine");
    is = image("/lib/ld-linux.so.2", "GNU");
    is.elf.e_machine ^= 1;
    put(place, &is, sizeof is, 0700);
    judge(place, "another machine");
    is = image("/lib/ld-linux.so.2", "GNU");
    is.headers[1].p_offset = UINT64_MAX - 4; /* a note beyond all files */
    put(place, &is, sizeof is, 0700);
    judge(place, NULL);
}

static void scripts_and_others(void **state)
{
    const struct place *place = *state;
    char own[PATH_MAX + 8];
    struct err_note note = {""};
    put(place, "#! /bin/sh\nexit\n", 16, 0700);
    judge(place, NULL);
    put(place, "#!/nowhere/sh -x\n", 17, 0700);
    judge(place, "/nowhere/sh");
    put(place, "#!sh\n", 5, 0700);
    judge(place, "no interpreter");
    snprintf(own, sizeof own, "#!%s\n", place->path); /* itself */
    put(place, own, strlen(own), 0700);
    judge(place, "again and again");
    put(place, "hello, world\n", 13, 0700);
    judge(place, "no program");
    put(place, "", 0, 0700);
    judge(place, "no program");
    assert_false(vclock_can_reach(place->directory, &note));
    assert_non_null(strstr(note.text, "no file"));
    assert_false(vclock_can_reach("/nowhere/named", &note));
    assert_non_null(strstr(note.text, "/nowhere/named"));
    assert_true(vclock_can_reach("/proc/self/exe", &note));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elf_files, setup, teardown),
        cmocka_unit_test_setup_teardown(scripts_and_others, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
