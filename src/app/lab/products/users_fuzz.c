/* The user's configurations: the first octet says of which program. What they include are real paths: what is
 * not there is an error, and what is is only read. */
#include "app/lab/products/user.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_config(
    struct draft *draft, const char *product, const char *text, size_t size, struct err_note *note)
{
    struct draft_file *file;
    struct lab_start start = {.argv = NULL};
    struct product_words words = {.count = 0};
    int rc = draft_give(draft, draft->setup->config, text, size, &file, note);
    return rc ? rc : lab_product(product)->functions->users(draft, &words, &start, note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const products[] = {"named", "unbound", "kresd", "pdns_recursor", "dnsmasq"};
    static const char letters[] = "nukpd";
    static const struct lab_anchor anchors[] = {
        {"1 8 2 AA", "257 3 8 AwEAAQ==", 20326}, {"2 8 2 BB", "257 3 8 AwEAAg==", 38696}};
    static const char *const roots[] = {"198.41.0.4", NULL};
    const char *letter = size ? strchr(letters, data[0]) : NULL;
    if (!letter || !*letter)
        return 0;
    const struct lab_setup setup = {.config = "/nonexistent/main",
        .directory = "/nonexistent/lab",
        .program = "/nonexistent/program",
        .address = "127.0.0.1",
        .port = 53,
        .anchors = anchors,
        .anchor_count = 2,
        .roots = roots,
        .forward_to = "198.18.0.53"};
    struct draft draft = {.setup = &setup, .arena = arena_new()};
    struct err_note note = {""};
    struct text text;
    if (!draft.arena)
        return 0;
    text_start(&text);
    int rc = read_config(&draft, products[letter - letters], (const char *)data + 1, size - 1, &note);
    if (rc && !note.text[0])
        __builtin_trap(); /* an error without a reason */
    if (rc == 0 && draft_difference(&draft, &text, &note))
        __builtin_trap();
    for (const char *c = text.string; *c; c++)
        if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t')
            __builtin_trap(); /* would reach a terminal */
    text_free(&text);
    arena_free(draft.arena);
    return 0;
}
