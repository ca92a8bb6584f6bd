/* user: what reading the user's configuration has in common for all products: twins in the place of real
 * keys, paths, files that one names with a pattern, lines that are left out. */
#ifndef APP_LAB_USER_H
#define APP_LAB_USER_H

#include "app/lab/products/product_inside.h"

enum { USER_DEPTH = 32, USER_MATCHES = 256 }; /* files that include each other; files that a pattern names */

/* The twin of a key of the root, or NULL. */
const struct lab_anchor *user_twin(const struct lab_setup *setup, uint16_t tag);

/* Records of the root's keys in a file become those of twins, without the states in comments; a key that is
 * not trusted (pending, revoked) is left out, so that the file is what it would be if it were made today. */
void user_records(struct draft *draft, struct draft_file *file, bool initial);

/* An anchor of the root is in it. */
bool user_has_root(const struct draft_file *file);

/* "KSK …" of the setup in words: "20326 and 38696". */
const char *user_installed(struct draft *draft);

/* Records ". IN DS …" or DNSKEY of the root: the twins'; NULL: they are none, or there is no twin. */
const char *user_record(struct draft *draft, const char *string);

/* The twins of the root's keys that are compiled into the program, by the digests of the real ones in its
 * file; if none is found, those of the setup, and that is said. Each is trusted from now on. NULL-terminated
 * by its `ds`. */
const struct lab_anchor *user_built_in(struct draft *draft);

/* A path made absolute: by a directory, or, without one, by that of the main configuration file. An absolute
 * one is looked for first in the copy of a system, if the configuration is in the /etc of one. */
const char *user_path(struct draft *draft, const char *directory, const char *path);

/* A path as user_path() has it; one that is not there is looked for in the package tree that the program is
 * of. */
const char *user_find(struct draft *draft, const char *path);

/* Where a relative path is looked for that may mean several places: the first of the directories
 * (NULL-terminated) in which it is, else NULL. */
const char *user_look(struct draft *draft, const char *const *directories, const char *path);

/* The files that a path with wildcards names, sorted; a path without is itself, also if it is not there.
 * ERR_CONFIG: too many. */
int user_glob(struct draft *draft, const char *pattern, const char **ret_paths, size_t *ret_count,
    struct err_note *note);

/* Leaves octets out, and the line if nothing else is on it. */
void user_remove(struct draft *draft, struct draft_file *file, size_t from, size_t to);

/* An error of the user's file: "FILE:LINE: …". Returns ERR_CONFIG. */
int user_error(const struct draft_file *file, size_t at, struct err_note *note, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ERR_CONFIG with those words if a line is "name:", of YAML: no line of Lua or of name=value is. */
int user_refuse_yaml(const struct draft_file *file, struct err_note *note, const char *words);

/* Says that names are forwarded to addresses outside, which the lab's stands for; of several the first is
 * named. */
void user_forwards(struct draft *draft, const char *to);

/* A copy of part of a file, terminated. */
const char *user_word(struct draft *draft, const struct draft_file *file, size_t from, size_t to);

/* In text as BIND has it: keys of the root in trust-anchors, managed-keys, trusted-keys, dnssec-keys become
 * twins. Errors with file and line. */
int named_anchors(struct draft *draft, struct draft_file *file, struct err_note *note);

/* The command line of named, but for the program. */
void named_words(const struct lab_setup *setup, const char *config, struct product_words *words);

/* The readers of configurations: functions of struct product_functions. */
int named_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
int unbound_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
const char *kresd_log_words(const struct lab_setup *setup); /* before 5.4 it logs there anyway */
int kresd_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
int pdns_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
int dnsmasq_users(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);

#endif
