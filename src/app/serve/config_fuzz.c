#include "app/serve/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct serve_config config;
    struct err_note note = {""};
    if (arena && config_parse("fuzz", (const char *)data, size, arena, &config, &note) && !note.text[0])
        __builtin_trap(); /* an error without a reason */
    arena_free(arena);
    return 0;
}
