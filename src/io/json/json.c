/* A tree of our own: it carries the mark of a failed allocation, which jansson's values cannot. jansson reads
 * bytes into values and writes values as bytes; between the two stand convert_in() and convert_out(). */
#include "io/json/json.h"

#include "base/utc.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_NULL, KIND_BOOL, KIND_INT, KIND_REAL, KIND_STRING, KIND_ARRAY, KIND_OBJECT };

struct json {
    enum kind kind;
    bool boolean;
    int64_t integer;
    double real;
    char *name;   /* of a member, or NULL */
    char *string; /* KIND_STRING */
    struct json **children;
    size_t count, capacity;
    struct json *root;
    bool failed; /* of the root: an allocation failed somewhere below */
};

static struct json *new_value(struct json *root, enum kind kind)
{
    struct json *value = calloc(1, sizeof *value);
    if (!value)
        return NULL;
    value->kind = kind;
    value->root = root ? root : value;
    return value;
}

struct json *json_new_object(void)
{
    return new_value(NULL, KIND_OBJECT);
}

void json_free(struct json *value)
{
    if (!value)
        return;
    for (size_t i = 0; i < value->count; i++)
        json_free(value->children[i]);
    free(value->children);
    free(value->name);
    free(value->string);
    free(value);
}

void json_fail(struct json *value)
{
    if (value)
        value->root->failed = true;
}

static bool room_for_one(struct json *parent)
{
    if (parent->count < parent->capacity)
        return true;
    size_t capacity = parent->capacity ? parent->capacity * 2 : 8;
    struct json **grown = reallocarray(parent->children, capacity, sizeof *grown);
    if (!grown)
        return false;
    parent->children = grown;
    parent->capacity = capacity;
    return true;
}

/* The string with every byte that is not UTF-8 replaced, or NULL when memory is short. */
static char *clean(const char *string)
{
    struct text text;
    text_start(&text);
    for (size_t left = strlen(string); left;) {
        unsigned code_point;
        size_t length = text_utf8(string, left, &code_point);
        length ? text_add_bytes(&text, string, length) : text_add(&text, "\xEF\xBF\xBD");
        length += length == 0;
        string += length;
        left -= length;
    }
    char *copy = text.failed ? NULL : strdup(text.string);
    text_free(&text);
    return copy;
}

/* A new child, named in an object; NULL, with the root marked, when memory is short, and for a NULL parent.
 */
static struct json *add(struct json *parent, const char *name, enum kind kind)
{
    if (!parent)
        return NULL;
    struct json *value = new_value(parent->root, kind);
    if (value && name)
        value->name = clean(name);
    if (!value || (name && !value->name) || !room_for_one(parent)) {
        json_free(value);
        json_fail(parent);
        return NULL;
    }
    parent->children[parent->count++] = value;
    return value;
}

static void add_string(struct json *parent, const char *name, const char *string)
{
    struct json *value = add(parent, name, string ? KIND_STRING : KIND_NULL);
    if (value && string && !(value->string = clean(string))) {
        value->kind = KIND_NULL;
        json_fail(value);
    }
}

void json_set_string(struct json *object, const char *name, const char *string)
{
    add_string(object, name, string);
}

void json_set_int(struct json *object, const char *name, int64_t integer)
{
    struct json *value = add(object, name, KIND_INT);
    if (value)
        value->integer = integer;
}

void json_set_real(struct json *object, const char *name, double real)
{
    struct json *value = add(object, name, isfinite(real) ? KIND_REAL : KIND_NULL);
    if (value)
        value->real = real;
}

void json_set_bool(struct json *object, const char *name, bool boolean)
{
    struct json *value = add(object, name, KIND_BOOL);
    if (value)
        value->boolean = boolean;
}

void json_set_null(struct json *object, const char *name)
{
    add(object, name, KIND_NULL);
}

void json_set_time(struct json *object, const char *name, int64_t us)
{
    char text[UTC_TEXT];
    add_string(object, name, us == UTC_OPEN ? NULL : utc_format(us, text));
}

struct json *json_set_object(struct json *object, const char *name)
{
    return add(object, name, KIND_OBJECT);
}

struct json *json_set_array(struct json *object, const char *name)
{
    return add(object, name, KIND_ARRAY);
}

struct json *json_add_object(struct json *array)
{
    return add(array, NULL, KIND_OBJECT);
}

struct json *json_add_array(struct json *array)
{
    return add(array, NULL, KIND_ARRAY);
}

void json_add_string(struct json *array, const char *string)
{
    add_string(array, NULL, string);
}

void json_add_int(struct json *array, int64_t integer)
{
    struct json *value = add(array, NULL, KIND_INT);
    if (value)
        value->integer = integer;
}

static int convert_in(const json_t *from, struct json *parent, const char *name, unsigned depth);

static int convert_children(const json_t *from, struct json *value, unsigned depth)
{
    int rc = 0;
    if (value->kind == KIND_ARRAY)
        for (size_t i = 0; !rc && i < json_array_size(from); i++)
            rc = convert_in(json_array_get(from, i), value, NULL, depth);
    if (value->kind == KIND_OBJECT)
        for (void *at = json_object_iter((json_t *)from); !rc && at;
             at = json_object_iter_next((json_t *)from, at))
            rc = convert_in(json_object_iter_value(at), value, json_object_iter_key(at), depth);
    return rc;
}

static enum kind kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return KIND_OBJECT;
    case JSON_ARRAY:
        return KIND_ARRAY;
    case JSON_STRING:
        return KIND_STRING;
    case JSON_INTEGER:
        return KIND_INT;
    case JSON_REAL:
        return KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return KIND_BOOL;
    default:
        return KIND_NULL;
    }
}

static int fill(const json_t *from, struct json *value, unsigned depth)
{
    if (depth > JSON_MAX_DEPTH)
        return ERR_DATA;
    value->kind = kind_of(from);
    value->boolean = json_is_true(from);
    value->integer = json_integer_value(from);
    value->real = json_number_value(from);
    if (value->kind == KIND_STRING && !(value->string = strdup(json_string_value(from))))
        return ERR_NOMEM;
    return convert_children(from, value, depth + 1);
}

static int convert_in(const json_t *from, struct json *parent, const char *name, unsigned depth)
{
    struct json *value = add(parent, name, KIND_NULL);
    return value ? fill(from, value, depth) : ERR_NOMEM;
}

int json_read(const char *bytes, size_t length, struct json **ret_value, struct err_note *note)
{
    if (length > JSON_MAX_SIZE)
        return err_set(note, ERR_DATA, "a JSON document of more than %d octets", JSON_MAX_SIZE);
    json_error_t error;
    json_t *from = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!from)
        return json_error_code(&error) == json_error_out_of_memory
                   ? err_set(note, ERR_NOMEM, "out of memory")
                   : err_set(note, ERR_DATA, "%d:%d: %s", error.line, error.column, error.text);
    struct json *value = new_value(NULL, KIND_NULL);
    int rc = value ? fill(from, value, 0) : ERR_NOMEM;
    json_decref(from);
    if (rc) {
        json_free(value);
        return err_set(note, rc,
            rc == ERR_DATA ? "nested deeper than %d levels" : "out of memory (at most %d levels)",
            JSON_MAX_DEPTH);
    }
    *ret_value = value;
    return 0;
}

const struct json *json_get(const struct json *object, const char *name)
{
    for (size_t i = 0; object && object->kind == KIND_OBJECT && i < object->count; i++)
        if (strcmp(object->children[i]->name, name) == 0)
            return object->children[i];
    return NULL;
}

const char *json_text(const struct json *value)
{
    return value && value->kind == KIND_STRING ? value->string : NULL;
}

bool json_int(const struct json *value, int64_t *ret)
{
    bool is = value && value->kind == KIND_INT;
    if (is)
        *ret = value->integer;
    return is;
}

bool json_number(const struct json *value, double *ret)
{
    bool is = value && (value->kind == KIND_INT || value->kind == KIND_REAL);
    if (is)
        *ret = value->kind == KIND_INT ? (double)value->integer : value->real;
    return is;
}

bool json_none(const struct json *value)
{
    return value && value->kind == KIND_NULL;
}

bool json_bool(const struct json *value, bool *ret)
{
    bool is = value && value->kind == KIND_BOOL;
    if (is)
        *ret = value->boolean;
    return is;
}

size_t json_count(const struct json *value)
{
    return value ? value->count : 0;
}

const struct json *json_at(const struct json *array, size_t index)
{
    return array && array->kind == KIND_ARRAY && index < array->count ? array->children[index] : NULL;
}

const char *json_member(const struct json *object, size_t index, const struct json **ret)
{
    if (!object || object->kind != KIND_OBJECT || index >= object->count)
        return NULL;
    if (ret)
        *ret = object->children[index];
    return object->children[index]->name;
}

/* A new reference, or NULL when memory is short. */
static json_t *convert_out(const struct json *value)
{
    json_t *out;
    switch (value->kind) {
    case KIND_NULL:
        return json_null();
    case KIND_BOOL:
        return json_boolean(value->boolean);
    case KIND_INT:
        return json_integer(value->integer);
    case KIND_REAL:
        return json_real(value->real);
    case KIND_STRING:
        return json_string_nocheck(value->string);
    case KIND_ARRAY:
    case KIND_OBJECT:
        break;
    }
    out = value->kind == KIND_ARRAY ? json_array() : json_object();
    for (size_t i = 0; out && i < value->count; i++) {
        const struct json *child = value->children[i];
        json_t *made = convert_out(child);
        if (!made || (value->kind == KIND_ARRAY ? json_array_append_new(out, made)
                                                : json_object_set_new_nocheck(out, child->name, made))) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static int append(const char *bytes, size_t length, void *text)
{
    text_add_bytes(text, bytes, length);
    return 0;
}

int json_write(const struct json *value, bool pretty, struct text *ret_text)
{
    if (!value || value->root->failed)
        return ERR_NOMEM;
    json_t *out = convert_out(value);
    if (!out)
        return ERR_NOMEM;
    size_t form = pretty ? JSON_INDENT(2) : JSON_COMPACT;
    int rc = json_dump_callback(out, append, ret_text, form | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    json_decref(out);
    text_add(ret_text, "\n");
    return rc || ret_text->failed ? ERR_NOMEM : 0;
}
