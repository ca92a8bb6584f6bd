/* json: documents built and read, with jansson behind. Keys keep the order in which they were set, so the
 * same data give the same bytes. Building is forgiving: a failed allocation marks the document, and
 * json_write() tells; setting anything in NULL does nothing. A name is set once. (json_object(), json_array()
 * and json_string() are jansson's own.) */
#ifndef IO_JSON_JSON_H
#define IO_JSON_JSON_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json; /* a value; whoever holds the root frees the tree */

struct json *json_new_object(void); /* NULL when memory is short */
void json_free(struct json *value); /* NULL is allowed */

/* Members of an object. Strings that are not UTF-8 have the bad bytes replaced by U+FFFD. A NULL string gives
 * null. */
void json_set_string(struct json *object, const char *name, const char *value);
void json_set_int(struct json *object, const char *name, int64_t value);
void json_set_real(struct json *object, const char *name, double value);
void json_set_bool(struct json *object, const char *name, bool value);
void json_set_null(struct json *object, const char *name);
void json_set_time(struct json *object, const char *name, int64_t us); /* RFC 3339; null for UTC_OPEN */
struct json *json_set_object(struct json *object, const char *name); /* makes, returns and keeps an object */
struct json *json_set_array(struct json *object, const char *name);

/* Marks the document as failed: what should be in it could not be had. */
void json_fail(struct json *value);

/* Elements of an array. */
struct json *json_add_object(struct json *array);
struct json *json_add_array(struct json *array);
void json_add_string(struct json *array, const char *value);
void json_add_int(struct json *array, int64_t value);

enum { JSON_MAX_DEPTH = 32, JSON_MAX_SIZE = 16 << 20 }; /* of what is read */

/* Reading. Duplicates of a name, NUL in a string, and what is not UTF-8 are refused; the note has line and
 * column. */
int json_read(const char *bytes, size_t length, struct json **ret_value, struct err_note *note);
const struct json *json_get(const struct json *object, const char *name); /* NULL if absent or no object */
const char *json_text(const struct json *value);                          /* NULL if no string */
bool json_int(const struct json *value, int64_t *ret);
bool json_number(const struct json *value, double *ret); /* an integer too */
bool json_none(const struct json *value);
bool json_bool(const struct json *value, bool *ret);
size_t json_count(const struct json *value); /* elements of an array, members of an object, else 0 */
const struct json *json_at(const struct json *array, size_t index);
/* The index-th member of an object: its name, and its value in *ret; NULL past the end. */
const char *json_member(const struct json *object, size_t index, const struct json **ret);

/* Writes the document, indented by two if `pretty`, with a final newline. */
int json_write(const struct json *value, bool pretty, struct text *ret_text);

#endif
