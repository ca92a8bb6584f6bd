/* A fresh directory for a test of the store, and rows to put in. */
#ifndef IO_STORE_STORE_TEST_DIR_H
#define IO_STORE_STORE_TEST_DIR_H

#include "io/store/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline char *test_dir(char path[64])
{
    strcpy(path, "/tmp/rollcall-store-XXXXXX");
    return mkdtemp(path);
}

static inline void test_dir_remove(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    char name[400];
    while (directory && (entry = readdir(directory))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (directory)
        closedir(directory);
    rmdir(path);
}

static inline struct store_participant test_participant(int64_t roll, const char *token, const char *zone)
{
    return (struct store_participant){.roll_id = roll,
        .token = token,
        .zone = zone,
        .label = "A resolver",
        .contact = "ops@example.net",
        .country = "NL",
        .users = 12,
        .ttl_s = 60,
        .joined_us = 1000};
}

#define TOKEN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#endif
