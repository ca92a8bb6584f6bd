/* libyaml's events become a tree. It takes far more than a configuration needs; what could surprise (anchors,
 * aliases, tags, several documents, NUL in a string, a key twice) is refused where it stands. Each node is
 * built by the event that begins it; a list or map then takes nodes until the event that ends it. */
#include "io/yaml/yaml.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct builder {
    yaml_parser_t parser;
    yaml_event_t event;
    const char *file;
    struct arena *arena;
    struct err_note *note;
    unsigned nodes;
};

int yaml_error(struct err_note *note, const char *file, const struct yaml_node *at, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return err_set(note, ERR_DATA, "%s:%u:%u: %s", file, at->line, at->column, message);
}

static int out_of_memory(struct builder *b)
{
    return err_set(b->note, ERR_NOMEM, "%s: out of memory", b->file);
}

static struct yaml_node place(yaml_mark_t mark)
{
    return (struct yaml_node){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

static int refuse(struct builder *b, const char *why)
{
    struct yaml_node at = place(b->event.start_mark);
    return yaml_error(b->note, b->file, &at, "%s", why);
}

/* Next event; libyaml's own errors become ours. */
static int next(struct builder *b)
{
    yaml_event_delete(&b->event);
    if (yaml_parser_parse(&b->parser, &b->event))
        return 0;
    memset(&b->event, 0, sizeof b->event);
    if (b->parser.error == YAML_MEMORY_ERROR)
        return out_of_memory(b);
    const char *problem = b->parser.problem ? b->parser.problem : "cannot be read";
    if (b->parser.error == YAML_READER_ERROR) /* no place but an offset */
        return err_set(b->note, ERR_DATA, "%s: at octet %zu: %s", b->file, b->parser.problem_offset, problem);
    struct yaml_node at = place(b->parser.problem_mark);
    return yaml_error(b->note, b->file, &at, "%s", problem);
}

static int make_node(struct builder *b, enum yaml_kind kind, struct yaml_node **ret_node)
{
    if (++b->nodes > YAML_MAX_NODES)
        return refuse(b, "too many values");
    struct yaml_node *node = arena_alloc(b->arena, sizeof *node);
    if (!node)
        return out_of_memory(b);
    *node = place(b->event.start_mark);
    node->kind = kind;
    node->end_line = (unsigned)b->event.end_mark.line + 1;
    node->end_column = (unsigned)b->event.end_mark.column + 1;
    *ret_node = node;
    return 0;
}

static int scalar(struct builder *b, struct yaml_node **ret_node)
{
    if (b->event.data.scalar.anchor)
        return refuse(b, "anchors are not taken");
    if (b->event.data.scalar.tag)
        return refuse(b, "tags are not taken");
    size_t length = b->event.data.scalar.length;
    if (memchr(b->event.data.scalar.value, '\0', length))
        return refuse(b, "a NUL character");
    struct yaml_node *node = NULL;
    int rc = make_node(b, YAML_SCALAR, &node);
    if (rc)
        return rc;
    node->scalar = arena_copy(b->arena, b->event.data.scalar.value, length + 1);
    node->quoted = b->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!node->scalar)
        return out_of_memory(b);
    *ret_node = node;
    return next(b);
}

/* Doubles an array that lives in the arena. */
static bool grow(struct builder *b, struct yaml_node ***array, size_t count)
{
    if (count & (count - 1) && count)
        return true;
    size_t capacity = count ? 2 * count : 1;
    struct yaml_node **grown = arena_alloc(b->arena, capacity * sizeof *grown);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *array, count * sizeof *grown);
    *array = grown;
    return true;
}

static int value(struct builder *b, unsigned depth, struct yaml_node **ret_node);

static int key(struct builder *b, struct yaml_node *map, struct yaml_node **ret_key)
{
    if (b->event.type != YAML_SCALAR_EVENT)
        return refuse(b, b->event.type == YAML_ALIAS_EVENT ? "aliases are not taken" : "a key is plain text");
    int rc = scalar(b, ret_key);
    if (rc)
        return rc;
    if (map->count == YAML_MAX_KEYS)
        return yaml_error(b->note, b->file, *ret_key, "more than %d keys", YAML_MAX_KEYS);
    const struct yaml_node *twice = yaml_get(map, (*ret_key)->scalar);
    return twice ? yaml_error(
                       b->note, b->file, *ret_key, "'%.80s' stands here a second time", (*ret_key)->scalar)
                 : 0;
}

/* What stands between the event that began a list or map and the one that ends it. */
static int children(struct builder *b, struct yaml_node *node, yaml_event_type_t end, unsigned depth)
{
    int rc = next(b);
    while (!rc && b->event.type != end) {
        if (!grow(b, &node->values, node->count) ||
            (node->kind == YAML_MAP && !grow(b, &node->keys, node->count)))
            return out_of_memory(b);
        if (node->kind == YAML_MAP)
            rc = key(b, node, &node->keys[node->count]);
        rc = rc ? rc : value(b, depth + 1, &node->values[node->count]);
        node->count += rc == 0;
    }
    if (rc)
        return rc;
    node->end_line = (unsigned)b->event.end_mark.line + 1;
    node->end_column = (unsigned)b->event.end_mark.column + 1;
    return next(b);
}

static int list_or_map(struct builder *b, unsigned depth, struct yaml_node **ret_node)
{
    bool is_map = b->event.type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *anchor =
        is_map ? b->event.data.mapping_start.anchor : b->event.data.sequence_start.anchor;
    const yaml_char_t *tag = is_map ? b->event.data.mapping_start.tag : b->event.data.sequence_start.tag;
    if (anchor)
        return refuse(b, "anchors are not taken");
    if (tag)
        return refuse(b, "tags are not taken");
    if (depth >= YAML_MAX_DEPTH)
        return refuse(b, "nested too deep");
    struct yaml_node *node = NULL;
    int rc = make_node(b, is_map ? YAML_MAP : YAML_LIST, &node);
    if (rc)
        return rc;
    node->flow = is_map ? b->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                        : b->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    *ret_node = node;
    return children(b, node, is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth);
}

static int value(struct builder *b, unsigned depth, struct yaml_node **ret_node)
{
    switch (b->event.type) {
    case YAML_SCALAR_EVENT:
        return scalar(b, ret_node);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return list_or_map(b, depth, ret_node);
    case YAML_ALIAS_EVENT:
        return refuse(b, "aliases are not taken");
    default:
        return refuse(b, "a value is missing");
    }
}

static int document(struct builder *b, struct yaml_node **ret_root)
{
    int rc = next(b); /* the stream begins */
    rc = rc ? rc : next(b);
    if (!rc && b->event.type != YAML_DOCUMENT_START_EVENT)
        return err_set(b->note, ERR_DATA, "%s:1:1: the file is empty", b->file);
    rc = rc ? rc : next(b);
    rc = rc ? rc : value(b, 0, ret_root);
    rc = rc ? rc : next(b); /* the document ended */
    if (!rc && b->event.type != YAML_STREAM_END_EVENT)
        return refuse(b, "a second document");
    return rc;
}

int yaml_read(const char *file, const char *bytes, size_t length, struct arena *arena,
    struct yaml_node **ret_root, struct err_note *note)
{
    struct builder b = {.file = file, .arena = arena, .note = note};
    if (length > YAML_MAX_SIZE)
        return err_set(note, ERR_DATA, "%s: larger than 1 MiB", file);
    if (!yaml_parser_initialize(&b.parser))
        return out_of_memory(&b);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, length);
    struct yaml_node *root;
    int rc = document(&b, &root);
    yaml_event_delete(&b.event);
    yaml_parser_delete(&b.parser);
    if (!rc)
        *ret_root = root;
    return rc;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *name)
{
    for (size_t i = 0; map && map->kind == YAML_MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->scalar, name) == 0)
            return map->values[i];
    return NULL;
}

static bool is_reserved(const char *string)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(string, words[i]) == 0)
            return true;
    return false;
}

/* A letter first, nothing that could begin a comment, a pair or a flow, and no other reading in any YAML
 * version. */
static bool is_plain(const char *string)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./+-()%;=";
    size_t length = strlen(string);
    return length && ((*string | 32) >= 'a' && (*string | 32) <= 'z') && string[length - 1] != ' ' &&
           strspn(string, allowed) == length && !is_reserved(string);
}

void yaml_add_scalar(struct text *text, const char *string)
{
    if (is_plain(string)) {
        text_add(text, string);
        return;
    }
    text_add(text, "\"");
    for (size_t left = strlen(string), length; left; string += length, left -= length) {
        unsigned c;
        length = text_utf8(string, left, &c);
        if (!length) {
            length = 1;
            text_add(text, "\xEF\xBF\xBD");
        } else if (c == '"' || c == '\\') {
            text_printf(text, "\\%c", (char)c);
        } else if (c == '\n') {
            text_add(text, "\\n");
        } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
            text_printf(text, "\\x%02X", c);
        } else if (c == 0x2028 || c == 0x2029 || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE) {
            text_printf(text, c > 0xFFFF ? "\\U%08X" : "\\u%04X", c);
        } else {
            text_add_bytes(text, string, length);
        }
    }
    text_add(text, "\"");
}
