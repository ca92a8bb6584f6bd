/* Replays a corpus through a fuzz target that was built without libFuzzer: every file of each directory
 * named, in the order of their names, and for each file its first half and its bytes with one flipped, so
 * that a replay also meets input that no one has written down. A missing or empty corpus is a failure: a
 * target that is never fed proves nothing. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { LARGEST_INPUT = 4 * 1024 * 1024, FLIPS = 16 };

/* A block of exactly `length` bytes, so that AddressSanitizer sees a read past its end. */
static void feed(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        abort();
    if (length)
        memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

static void feed_variants(uint8_t *bytes, size_t length)
{
    feed(bytes, length);
    feed(bytes, length / 2);
    for (size_t i = 0; i < FLIPS && length > 0; i++) {
        size_t at = i * (length - 1) / (FLIPS - 1);
        uint8_t kept = bytes[at];
        bytes[at] = (uint8_t)(kept ^ (1U << i % 8));
        feed(bytes, length);
        bytes[at] = kept;
    }
}

static int replay_file(const char *directory, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return -1;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(LARGEST_INPUT);
    if (!file || !bytes) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(bytes);
        if (file)
            fclose(file);
        return -1;
    }
    size_t length = fread(bytes, 1, LARGEST_INPUT, file);
    fclose(file);

    feed_variants(bytes, length);
    free(bytes);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns the number of files replayed, or -1. */
static int replay_directory(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_input, alphasort), failed = 0;
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", directory, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        failed |= replay_file(directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return failed ? -1 : count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_directory(argv[i]);
        if (count < 0)
            return 1;
        if (count == 0) {
            fprintf(stderr, "%s: no corpus there\n", argv[i]);
            return 1;
        }
        total += count;
    }
    if (total == 0) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY…\n", argv[0]);
        return 1;
    }
    printf("%d inputs, each in %d forms\n", total, 2 + FLIPS);
    return 0;
}
