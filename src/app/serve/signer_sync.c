/* What changed in the store: participants that came or went, plans that an operation changed. What is known
 * is not read again. */
#include "app/serve/ordered.h"
#include "app/serve/signer_inside.h"
#include "base/log.h"
#include "io/store/rolls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t entry_id(const void *thing)
{
    return ((const struct entry *)thing)->served.tag;
}

static int64_t roll_id(const void *thing)
{
    return ((const struct signer_roll *)thing)->id;
}

struct entry *signer_find(const struct signer *signer, int64_t id)
{
    size_t at = ordered_place(signer->entries, signer->count, entry_id, id);
    return at < signer->count && signer->entries[at]->served.tag == id ? signer->entries[at] : NULL;
}

static int roll_of(struct signer *signer, int64_t id, struct signer_roll **ret_roll, struct err_note *note)
{
    size_t at = ordered_place(signer->rolls, signer->roll_count, roll_id, id);
    if (at < signer->roll_count && signer->rolls[at]->id == id) {
        *ret_roll = signer->rolls[at];
        return 0;
    }
    struct signer_roll **rolls = ordered_grow(signer->rolls, signer->roll_count, &signer->roll_room);
    struct signer_roll *roll = calloc(1, sizeof *roll);
    if (rolls)
        signer->rolls = rolls;
    int rc = rolls && roll ? rolls_read(signer->store, id, &roll->plan, &roll->changed_us, note)
                           : err_set(note, ERR_NOMEM, "out of memory");
    if (rc) {
        free(roll);
        return rc;
    }
    roll->id = id;
    memmove(&signer->rolls[at + 1], &signer->rolls[at], (signer->roll_count - at) * sizeof *signer->rolls);
    signer->rolls[at] = *ret_roll = roll;
    signer->roll_count++;
    return 0;
}

/* --- participants --- */

static uint16_t tag_of(const struct served *served, const struct plan_key *key)
{
    const struct dnskey *found = key ? served_key(served, key->id) : NULL;
    return found ? found->tag : 0;
}

int signer_tell(const struct signer *signer, const struct entry *entry, struct err_note *note)
{
    if (!signer->take)
        return 0;
    const struct plan *plan = entry->served.plan;
    struct plan_roll roll = plan_roll_at(plan, plan->start_us);
    struct signer_participant participant = {.id = entry->served.tag,
        .joined_us = entry->joined_us,
        .left_us = entry->left_us,
        .roll_id = entry->roll->id,
        .roll_changed_us = entry->roll->changed_us,
        .plan = plan,
        .old_tag = tag_of(&entry->served, roll.old_key),
        .new_tag = tag_of(&entry->served, roll.new_key)};
    return signer->take(signer->take_context, &participant, note);
}

int signer_load(struct signer *signer, struct entry *entry, struct err_note *note)
{
    struct served *served = &entry->served;
    int rc =
        served->zone_keys.count ? 0 : served_load(served, signer->store, entry->roll->plan, false, 0, note);
    if (rc == 0 && !served->signatures && !(served->signatures = zone_signatures_new()))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = signer_tell(signer, entry, note);
    entry->loaded = rc == 0;
    return rc;
}

/* From now on its zone is there, though not ready. */
static int add(struct signer *signer, const struct store_participant *row, struct err_note *note)
{
    struct zone_view *unready = NULL;
    struct entry **entries = ordered_grow(signer->entries, signer->count, &signer->room),
                 *entry = calloc(1, sizeof *entry);
    if (entries)
        signer->entries = entries;
    if (!entries || !entry) {
        free(entry);
        return err_set(note, ERR_NOMEM, "out of memory");
    }
    entry->served.tag = row->id;
    entry->joined_us = row->joined_us;
    int rc = name_from_text(row->zone, &entry->served.apex, note);
    if (rc == 0)
        rc = roll_of(signer, row->roll_id, &entry->roll, note);
    if (rc == 0 && zone_view_unready(&entry->served.apex, &unready))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = signer_install(signer, &entry->served, unready, note);
    if (rc) {
        free(entry);
        return rc;
    }
    signer->entries[signer->count++] = entry;
    signer->parent.until_us = 0;
    return 0;
}

/* One that cannot be added is logged; memory that is short is not the row's fault, and it is tried again. */
static int sync_new(struct signer *signer, struct arena *arena, struct err_note *note)
{
    struct store_participant *rows;
    size_t count;
    int rc = store_participants_after(signer->store, signer->last_id, arena, &rows, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct err_note why;
        int failed = rows[i].left_us ? 0 : add(signer, &rows[i], &why);
        if (failed == ERR_NOMEM || failed == ERR_UNAVAILABLE || failed == ERR_IO)
            return err_set(note, failed, "%s", why.text);
        if (failed)
            log_error("zone %s cannot be served: %s", rows[i].zone, why.text);
        signer->last_id = rows[i].id;
    }
    return rc;
}

static int sync_left(struct signer *signer, struct arena *arena, struct err_note *note)
{
    struct store_change *rows;
    size_t count;
    int rc = store_participants_left(signer->store, arena, &rows, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct entry *entry = signer_find(signer, rows[i].id);
        if (!entry || entry->left_us)
            continue;
        entry->left_us = rows[i].at_us;
        signer->parent.until_us = 0;
        signer_withdraw(signer, &entry->served);
        if (entry->loaded)
            rc = signer_tell(signer, entry, note);
    }
    return rc;
}

/* --- rolls --- */

static int replan(struct signer *signer, struct signer_roll *roll, struct err_note *note)
{
    struct plan *plan, *old = roll->plan;
    int64_t changed_us;
    int rc = rolls_read(signer->store, roll->id, &plan, &changed_us, note);
    if (rc)
        return rc;
    roll->changed_us = changed_us; /* also if it is of no use: it is not read again until it changes */
    if (!served_same_keys(old, plan)) {
        log_error("plan %s has other keys now than the zones that follow it: they stay with the old one",
            old->name);
        plan_free(plan);
        return 0;
    }
    roll->plan = plan;
    for (size_t i = 0; i < signer->count; i++) {
        struct entry *entry = signer->entries[i];
        if (entry->roll != roll || !entry->served.plan)
            continue;
        served_replan(&entry->served, plan);
        if (entry->loaded && rc == 0)
            rc = signer_tell(signer, entry, note);
    }
    plan_free(old);
    if (rc)
        roll->changed_us--; /* once more */
    return rc;
}

static int sync_rolls(struct signer *signer, struct arena *arena, struct err_note *note)
{
    struct store_change *rows;
    size_t count;
    int rc = store_roll_changes(signer->store, arena, &rows, &count, note);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        size_t at = ordered_place(signer->rolls, signer->roll_count, roll_id, rows[i].id);
        struct signer_roll *roll = at < signer->roll_count ? signer->rolls[at] : NULL;
        struct err_note why;
        if (roll && roll->id == rows[i].id && roll->changed_us != rows[i].at_us && replan(signer, roll, &why))
            log_error("plan %s stays as it was: %s", roll->plan->name, why.text);
    }
    return rc;
}

size_t signer_crowd(const struct signer *signer, int64_t roll_id)
{
    size_t crowd = 0;
    for (size_t i = 0; i < signer->count; i++)
        crowd += signer->entries[i]->roll->id == roll_id;
    return crowd;
}

int signer_sync(struct signer *signer, struct err_note *note)
{
    struct arena *arena = arena_new();
    int rc = arena ? 0 : err_set(note, ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = sync_new(signer, arena, note);
    if (rc == 0)
        rc = sync_left(signer, arena, note);
    if (rc == 0)
        rc = sync_rolls(signer, arena, note);
    arena_free(arena);
    return rc;
}
