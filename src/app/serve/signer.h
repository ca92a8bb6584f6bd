/* signer: the zones that the platform serves, as views that are always current.
 *
 * One thread (the loop's) makes views; worker threads answer from them. A batch of answers holds the read
 * lock, putting a view in its place takes the write lock for an instant; signing happens outside. Keys come
 * from the store, and are made and stored when they are missing. */
#ifndef APP_SERVE_SIGNER_H
#define APP_SERVE_SIGNER_H

#include "app/serve/config.h"
#include "core/zone/zone.h"
#include "io/store/store.h"

struct signer;

/* Signs the parent zone and the probe zones, and every participant's zone. The store must outlive the signer.
 */
int signer_new(const struct serve_config *config, struct store *store, int64_t now_us,
    struct signer **ret_signer, struct err_note *note);
void signer_free(struct signer *signer); /* NULL is allowed; no worker may answer any more */

/* Takes over what changed in the store: new participants, plans that an operation changed. A participant that
 * cannot be served (a key is missing) is logged and left out, the others go on. */
int signer_sync(struct signer *signer, struct err_note *note);

/* Makes the views that are due. Returns the moment of the next one. */
int64_t signer_renew(struct signer *signer, int64_t now_us);

/* A participant as the signer knows it; `plan` is dated and lives until the next signer_sync(). */
struct signer_participant {
    int64_t id, joined_us, left_us;
    const char *zone;
    const struct plan *plan;
    uint16_t old_tag, new_tag; /* of the keys of the roll; 0 if there is none */
};
size_t signer_count(const struct signer *signer);
struct signer_participant signer_at(const struct signer *signer, size_t index);

/* The present view of a zone, or NULL; valid until the next signer_sync() or signer_renew(). */
const struct zone_view *signer_view(const struct signer *signer, const struct name *apex);

/* For worker threads: around a batch, and one message within it. */
void signer_begin(struct signer *signer);
void signer_end(struct signer *signer);
void signer_glance(struct signer *signer, const struct zone_glance *messages, size_t count);
size_t signer_zones(const struct signer *signer);
size_t signer_answer(struct signer *signer, const struct zone_client *client, const uint8_t *message,
    size_t length, uint8_t *out, size_t capacity, struct zone_event *ret_event);

#endif
