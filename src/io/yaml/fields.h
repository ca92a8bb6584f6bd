/* fields: maps of a YAML document into structs, by tables: a field's name, how its value is read, where it
 * goes. What is not in the table is refused, with the names that are. Every error has file, line and column.
 */
#ifndef IO_YAML_FIELDS_H
#define IO_YAML_FIELDS_H

#include "io/yaml/yaml.h"

#include <stddef.h>
#include <stdint.h>

struct fields_source {
    const char *file;    /* for messages */
    struct arena *arena; /* of what is read */
    bool relative;       /* the caller's own */
    struct err_note *note;
};

struct field {
    const char *name;
    int (*read)(struct fields_source *source, const struct yaml_node *value, void *target);
    size_t offset; /* of the target in the struct */
    bool required;
};

#define FIELD(type, name, member, read, required)                                                            \
    {                                                                                                        \
        name, read, offsetof(type, member), required                                                         \
    }
#define FIELDS_COUNT(array) (sizeof(array) / sizeof *(array))

/* Reads a map; `what` names it in messages, with its article. */
int fields_map(struct fields_source *source, const struct yaml_node *map, const char *what,
    const struct field *fields, size_t count, void *target);

/* Zeroed room for the elements of a list, each to be read by the caller. */
int fields_list(struct fields_source *source, const struct yaml_node *list, const char *what, size_t size,
    void *ret_array);

/* One of the words of a table, by its index. */
int fields_word(struct fields_source *source, const struct yaml_node *value, const char *const *words,
    size_t count, size_t *ret_index);

/* Readers for tables. The target's type is in the name, or said. */
int fields_string(struct fields_source *source, const struct yaml_node *value, void *target); /* not empty */
int fields_bool(struct fields_source *source, const struct yaml_node *value, void *target);
int fields_u16(struct fields_source *source, const struct yaml_node *value, void *target);
int fields_span(struct fields_source *source, const struct yaml_node *value, void *target); /* int64_t, µs */
int fields_algorithm(struct fields_source *source, const struct yaml_node *value, void *target); /* uint8_t */

bool fields_number(const struct yaml_node *value, long most, long *ret); /* digits, at most `most` */
bool fields_is(const struct yaml_node *value, const char *word);
int fields_no_memory(struct fields_source *source);

#endif
