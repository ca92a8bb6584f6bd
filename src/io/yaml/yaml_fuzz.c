/* Any bytes: a tree or an error, and every scalar of the tree can be written and read again. */
#include "io/yaml/yaml.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_scalar(const char *scalar)
{
    struct text text;
    struct yaml_node *again;
    struct err_note note;
    struct arena *arena = arena_new();
    text_start(&text);
    yaml_add_scalar(&text, scalar);
    text_add(&text, "\n");
    if (!arena || text.failed || yaml_read("again", text.string, text.length, arena, &again, &note) ||
        again->kind != YAML_SCALAR || strcmp(again->scalar, scalar) != 0)
        abort();
    text_free(&text);
    arena_free(arena);
}

static void walk(const struct yaml_node *node, unsigned *left)
{
    if (*left == 0)
        return;
    --*left;
    if (node->kind == YAML_SCALAR)
        check_scalar(node->scalar);
    for (size_t i = 0; i < node->count; i++)
        walk(node->values[i], left);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct yaml_node *root;
    struct err_note note;
    struct arena *arena = arena_new();
    unsigned left = 50;
    if (arena && yaml_read("fuzz", (const char *)bytes, length, arena, &root, &note) == 0)
        walk(root, &left);
    arena_free(arena);
    return 0;
}
