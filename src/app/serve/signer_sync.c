/* What changed in the store: participants that came or went, plans that an operation changed. */
#include "app/serve/signer_inside.h"
#include "base/log.h"
#include "io/store/rolls.h"

#include <stdio.h>
#include <stdlib.h>

static struct entry *find(struct signer *signer, int64_t id)
{
    size_t low = 0, high = signer->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (signer->entries[middle].served.tag < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < signer->count && signer->entries[low].served.tag == id ? &signer->entries[low] : NULL;
}

static int add(struct signer *signer, const struct store_participant *row, struct err_note *note)
{
    if (signer->count == signer->capacity) {
        size_t capacity = signer->capacity ? 2 * signer->capacity : 64;
        struct entry *grown = realloc(signer->entries, capacity * sizeof *grown);
        if (!grown)
            return err_set(note, ERR_NOMEM, "out of memory");
        signer->entries = grown;
        signer->capacity = capacity;
        for (size_t i = 0; i < signer->count; i++) /* zone_keys points into its own entry */
            grown[i].served.zone_keys.entry = grown[i].served.entries;
    }
    struct entry *entry = &signer->entries[signer->count];
    *entry = (struct entry){
        .roll_id = row->roll_id, .joined_us = row->joined_us, .left_us = row->left_us, .served.tag = row->id};
    snprintf(entry->zone, sizeof entry->zone, "%s", row->zone);
    int rc = name_from_text(row->zone, &entry->served.apex, note);
    if (rc)
        return rc;
    struct plan *plan;
    rc = rolls_read(signer->store, row->roll_id, &plan, &entry->roll_changed_us, note);
    if (rc)
        return rc;
    rc = served_load(&entry->served, signer->store, plan, false, 0, note);
    if (rc) {
        plan_free(plan);
        return rc;
    }
    entry->served.signatures = zone_signatures_new();
    signer->count++;
    signer->parent.until_us = 0;
    return 0;
}

static int replan(
    struct signer *signer, struct entry *entry, const struct store_roll *roll, struct err_note *note)
{
    struct plan *plan;
    int64_t changed_us;
    int rc = rolls_read(signer->store, roll->id, &plan, &changed_us, note);
    if (rc)
        return rc;
    rc = served_replan(&entry->served, plan, note);
    if (rc)
        plan_free(plan);
    else
        entry->roll_changed_us = changed_us;
    return rc;
}

static void leave(struct signer *signer, struct entry *entry, int64_t left_us)
{
    entry->left_us = left_us;
    signer->parent.until_us = 0;
    pthread_rwlock_wrlock(&signer->lock);
    struct zone_view *view = zone_set_remove(signer->set, &entry->served.apex);
    pthread_rwlock_unlock(&signer->lock);
    zone_view_free(view);
}

/* Rolls come by growing id. */
static const struct store_roll *find_roll(const struct store_roll *rolls, size_t count, int64_t id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rolls[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && rolls[low].id == id ? &rolls[low] : NULL;
}

static int sync_rolls(struct signer *signer, struct arena *arena, struct err_note *note)
{
    struct store_roll *rolls;
    size_t count;
    int rc = store_rolls(signer->store, arena, &rolls, &count, note);
    for (size_t i = 0; rc == 0 && i < signer->count; i++) {
        struct entry *entry = &signer->entries[i];
        const struct store_roll *roll = find_roll(rolls, count, entry->roll_id);
        struct err_note why;
        if (roll && entry->roll_changed_us != roll->changed_us && replan(signer, entry, roll, &why))
            log_error("zone %s stays with its old plan: %s", entry->zone, why.text);
    }
    return rc;
}

int signer_sync(struct signer *signer, struct err_note *note)
{
    struct arena *arena = arena_new();
    struct store_participant *rows;
    size_t count;
    int rc = arena ? store_participants(signer->store, arena, &rows, &count, note)
                   : err_set(note, ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct entry *entry = find(signer, rows[i].id);
        struct err_note why;
        if (!entry && !rows[i].left_us && add(signer, &rows[i], &why))
            log_error("zone %s cannot be served: %s", rows[i].zone, why.text);
        else if (entry && rows[i].left_us && !entry->left_us)
            leave(signer, entry, rows[i].left_us);
    }
    if (rc == 0)
        rc = sync_rolls(signer, arena, note);
    arena_free(arena);
    return rc;
}
