/* product_try WHAT NAME=VALUE…: app/lab/products/product from outside, for tests/system/rehearse_products.
 * WHAT: find, prepare, difference, state, question, answer. Values: product, program, config, directory,
 * address, port, managed (0, 1), forward, now (seconds), name, code; anchor and twin (TAG:DS:DNSKEY), root
 * (an address), each as often as wanted. Prints words and values, one a line; the exit code is that of the
 * error. */
#include "app/lab/products/product.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32 };

struct wish {
    struct lab_setup setup;
    struct lab_anchor anchors[MOST], twins[MOST];
    const char *roots[MOST + 1], *name;
    size_t root_count;
    int64_t now_us;
    int code;
};

static struct lab_anchor read_anchor(char *value)
{
    struct lab_anchor anchor = {.tag = (uint16_t)strtoul(value, NULL, 10)};
    char *ds = strchr(value, ':'), *key = ds ? strchr(ds + 1, ':') : NULL;
    if (!key)
        exit(64);
    *key = '\0';
    anchor.ds = ds + 1;
    anchor.dnskey = key + 1;
    return anchor;
}

static bool is(const char *name, const char *wanted, size_t count)
{
    return strcmp(name, wanted) == 0 && count < MOST;
}

static void take(struct wish *wish, const char *name, char *value)
{
    struct lab_setup *setup = &wish->setup;
    if (strcmp(name, "product") == 0)
        setup->product = lab_product(value);
    else if (strcmp(name, "program") == 0)
        setup->program = value;
    else if (strcmp(name, "config") == 0)
        setup->config = value;
    else if (strcmp(name, "directory") == 0)
        setup->directory = value;
    else if (strcmp(name, "address") == 0)
        setup->address = value;
    else if (strcmp(name, "port") == 0)
        setup->port = (uint16_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "managed") == 0)
        setup->managed = *value == '1';
    else if (strcmp(name, "forward") == 0)
        setup->forward_to = value;
    else if (strcmp(name, "now") == 0)
        wish->now_us = strtoll(value, NULL, 10) * UTC_SECOND;
    else if (strcmp(name, "version") == 0)
        setup->version = value;
    else if (strcmp(name, "name") == 0)
        wish->name = value;
    else if (strcmp(name, "code") == 0)
        wish->code = atoi(value);
    else if (is(name, "anchor", setup->anchor_count))
        wish->anchors[setup->anchor_count++] = read_anchor(value);
    else if (is(name, "twin", setup->twin_count))
        wish->twins[setup->twin_count++] = read_anchor(value);
    else if (is(name, "root", wish->root_count))
        wish->roots[wish->root_count++] = value;
    else
        exit(64);
}

static int fail(int rc, const struct err_note *note)
{
    fprintf(stderr, "%s\n", note->text);
    return err_exit(rc);
}

static void show_list(const char *word, char *const *list)
{
    for (; list && *list; list++)
        printf("%s %s\n", word, *list);
}

static int prepare(const struct wish *wish, struct arena *arena, bool question)
{
    struct lab_start start;
    struct err_note note = {""};
    int rc = lab_product_prepare(&wish->setup, arena, &start, &note);
    if (rc)
        return fail(rc, &note);
    show_list("argv", question ? lab_product_question(&wish->setup, &start, wish->name, arena) : start.argv);
    show_list("environment", start.environment);
    show_list("bus", start.bus_argv);
    for (size_t i = 0; i < start.bind_count; i++)
        printf("bind %s %s\n", start.binds[i].from, start.binds[i].to);
    for (size_t i = 0; i < start.overlay_count; i++)
        printf("overlay %s %s\n", start.overlays[i].from, start.overlays[i].to);
    printf("directory %s\nlog %s\nstate %s\nethernet %d\n", start.directory, start.log, start.state_directory,
        start.needs_ethernet);
    if (start.cannot)
        printf("cannot %s\n", start.cannot);
    if (start.limited)
        printf("limited %s\n", start.limited);
    if (start.noted)
        printf("noted %s\n", start.noted);
    return 0;
}

static int difference(const struct wish *wish)
{
    struct err_note note = {""};
    struct text text;
    text_start(&text);
    int rc = lab_product_difference(&wish->setup, &text, &note);
    if (rc == 0)
        fputs(text.string, stdout);
    text_free(&text);
    return rc ? fail(rc, &note) : 0;
}

static int state(const struct wish *wish)
{
    struct lab_key_state states[MOST];
    struct err_note note = {""};
    size_t count;
    int rc = lab_product_state(&wish->setup, wish->now_us, states, MOST, &count, &note);
    if (rc)
        return fail(rc, &note);
    for (size_t i = 0; i < count; i++)
        printf("%u %s\n", states[i].tag, rfc5011_state_name(states[i].state));
    return 0;
}

static int find(const struct wish *wish)
{
    char path[4096], version[64];
    struct err_note note = {""};
    int rc =
        wish->setup.program
            ? lab_product_version(wish->setup.product, wish->setup.program, version, sizeof version, &note)
            : lab_product_find(wish->setup.product, path, sizeof path, version, sizeof version, &note);
    if (rc)
        return fail(rc, &note);
    printf("%s %s\n", version, wish->setup.program ? wish->setup.program : path);
    return 0;
}

static int answer(const struct wish *wish)
{
    char output[65536];
    size_t length = fread(output, 1, sizeof output - 1, stdin);
    output[length] = '\0';
    printf("%d\n", (int)lab_product_answer(wish->setup.product, output, wish->code));
    return 0;
}

int main(int argc, char **argv)
{
    struct wish wish = {.setup = {.address = "127.0.0.1", .port = 53}};
    for (int i = 2; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return 64;
        *equals = '\0';
        take(&wish, argv[i], equals + 1);
    }
    if (argc < 2 || !wish.setup.product)
        return 64;
    wish.setup.anchors = wish.anchors;
    wish.setup.twins = wish.setup.twin_count ? wish.twins : NULL;
    wish.setup.roots = wish.roots;
    struct arena *arena = arena_new();
    int code = strcmp(argv[1], "find") == 0         ? find(&wish)
               : strcmp(argv[1], "prepare") == 0    ? prepare(&wish, arena, false)
               : strcmp(argv[1], "question") == 0   ? prepare(&wish, arena, true)
               : strcmp(argv[1], "difference") == 0 ? difference(&wish)
               : strcmp(argv[1], "state") == 0      ? state(&wish)
               : strcmp(argv[1], "answer") == 0     ? answer(&wish)
                                                    : 64;
    arena_free(arena);
    return code;
}
