#include "app/lab/kept.h"

#include "base/text.h"
#include "io/file/file.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64, MOST = 4 << 20, MOST_FILE = 1 << 30 }; /* entries of an array; octets */

/* The arrays, so that they are written and read in one way. */
struct array {
    void **entries;
    size_t *count, size;
};
enum { ARRAYS = 5 };

static void arrays_of(struct rehearsal_evidence *evidence, struct array ret[ARRAYS])
{
    ret[0] = (struct array){(void **)&evidence->looks, &evidence->look_count, sizeof *evidence->looks};
    ret[1] = (struct array){(void **)&evidence->states, &evidence->state_count, sizeof *evidence->states};
    ret[2] = (struct array){(void **)&evidence->signals, &evidence->signal_count, sizeof *evidence->signals};
    ret[3] = (struct array){(void **)&evidence->fetches, &evidence->fetch_count, sizeof *evidence->fetches};
    ret[4] = (struct array){(void **)&evidence->events, &evidence->event_count, sizeof *evidence->events};
}

static void add(struct kept *kept, size_t which, size_t *room, const void *entry)
{
    struct array arrays[ARRAYS], *array = &arrays[which];
    arrays_of(&kept->evidence, arrays);
    if (*array->count == *room) {
        size_t wider = *room ? *room * 2 : FIRST_ROOM;
        void *moved = wider <= MOST ? realloc(*array->entries, wider * array->size) : NULL;
        if (!moved) {
            kept->failed = true;
            return;
        }
        *array->entries = moved;
        *room = wider;
    }
    memcpy((char *)*array->entries + *array->count * array->size, entry, array->size);
    ++*array->count;
}

void kept_look(struct kept *kept, struct rehearsal_look look)
{
    add(kept, 0, &kept->looks, &look);
}

void kept_state(struct kept *kept, struct rehearsal_state state)
{
    add(kept, 1, &kept->states, &state);
}

void kept_signal(struct kept *kept, struct rehearsal_signal signal)
{
    add(kept, 2, &kept->signals, &signal);
}

void kept_fetch(struct kept *kept, struct rehearsal_fetch fetch)
{
    add(kept, 3, &kept->fetches, &fetch);
}

void kept_event(struct kept *kept, int64_t at_us, enum rehearsal_what what, int32_t code, const char *text)
{
    struct rehearsal_event event = {.at_us = at_us, .what = (uint8_t)what, .code = code};
    if (text)
        memcpy(event.text, text, strnlen(text, sizeof event.text - 1));
    add(kept, 4, &kept->events, &event);
}

void kept_free(struct kept *kept)
{
    struct array arrays[ARRAYS];
    arrays_of(&kept->evidence, arrays);
    for (size_t i = 0; i < ARRAYS; i++)
        free(*arrays[i].entries);
    *kept = (struct kept){0};
}

/* ---- the file ---- */

struct head {
    struct rehearsal_evidence evidence; /* the pointers mean nothing */
    struct lab_cost cost;
};

int kept_save(const struct kept *kept, const struct lab_cost *cost, const char *path, struct err_note *note)
{
    struct head head = {kept->evidence, *cost};
    struct array arrays[ARRAYS];
    struct text text;
    if (kept->failed)
        return err_set(note, ERR_NOMEM, "no memory for what a rehearsal showed");
    text_start(&text);
    text_add_bytes(&text, (const char *)&head, sizeof head);
    arrays_of(&head.evidence, arrays);
    for (size_t i = 0; i < ARRAYS; i++)
        if (*arrays[i].count)
            text_add_bytes(&text, *arrays[i].entries, *arrays[i].count * arrays[i].size);
    int rc = text.failed ? err_set(note, ERR_NOMEM, "no memory for what a rehearsal showed")
                         : file_replace(path, text.string, text.length, note);
    text_free(&text);
    return rc;
}

int kept_load(const char *path, struct arena *arena, struct rehearsal_evidence *ret_evidence,
    struct lab_cost *ret_cost, struct err_note *note)
{
    struct array arrays[ARRAYS];
    struct head head;
    char *bytes;
    size_t length, at = sizeof head;
    int rc = file_read_all(path, MOST_FILE, &bytes, &length, note);
    if (rc)
        return rc;
    if (length < sizeof head) {
        free(bytes);
        return err_set(note, ERR_DATA, "%s: cut off", path);
    }
    memcpy(&head, bytes, sizeof head);
    arrays_of(&head.evidence, arrays);
    for (size_t i = 0; i < ARRAYS && !rc; i++) {
        if (*arrays[i].count > (length - at) / arrays[i].size) {
            rc = err_set(note, ERR_DATA, "%s: cut off", path);
            break;
        }
        size_t size = *arrays[i].count * arrays[i].size;
        *arrays[i].entries = arena_copy(arena, bytes + at, size);
        at += size;
        if (size && !*arrays[i].entries)
            rc = err_set(note, ERR_NOMEM, "no memory for what a rehearsal showed");
    }
    free(bytes);
    if (rc)
        return rc;
    *ret_evidence = head.evidence;
    *ret_cost = head.cost;
    return 0;
}
