/* signer: the zones that the platform serves, as views that are always current.
 *
 * One thread (the loop's) makes views; worker threads answer from them. A batch of answers holds the read
 * lock, putting a view in its place takes the write lock for an instant; signing happens outside. Keys come
 * from the store, and are made and stored when they are missing.
 *
 * However many participants there are, everything is done in slices of a few hundredths of a second. A zone
 * whose turn has not come yet answers SERVFAIL ("not ready"), and whoever asks for it moves it to the front.
 */
#ifndef APP_SERVE_SIGNER_H
#define APP_SERVE_SIGNER_H

#include "app/serve/config.h"
#include "core/zone/zone.h"
#include "io/store/store.h"

struct signer;

/* Signs the parent zone and the probe zones. The store must outlive the signer. */
int signer_new(const struct serve_config *config, struct store *store, int64_t now_us,
    struct signer **ret_signer, struct err_note *note);
void signer_free(struct signer *signer); /* NULL is allowed; no worker may answer any more */

/* A participant as the signer knows it. */
struct signer_participant {
    int64_t id, joined_us, left_us;
    int64_t roll_id, roll_changed_us;
    const struct plan *plan;   /* dated; the same for all of a roll; lives until the next signer_sync() */
    uint16_t old_tag, new_tag; /* of the keys of the roll; 0 if there is none */
};

/* Called by signer_renew() before a participant's zone answers for the first time, and by signer_sync() when
 * its plan changed or it has left. An error puts the zone off. */
typedef int signer_take(void *context, const struct signer_participant *participant, struct err_note *note);
void signer_watch(struct signer *signer, signer_take *take, void *context);

/* Takes over what changed in the store: new participants, those who left, plans that an operation changed. A
 * participant that cannot be served (a key is missing) is logged and tried again now and then; the others go
 * on. */
int signer_sync(struct signer *signer, struct err_note *note);

/* Makes views that are due, for a while. Returns the moment at which there is more to do: now_us, if not all
 * were made. */
int64_t signer_renew(struct signer *signer, int64_t now_us);

/* Someone asked for the zone of this participant, which is not ready. From any thread. */
void signer_want(struct signer *signer, int64_t participant_id);

/* How many have ever taken part in a roll. */
size_t signer_crowd(const struct signer *signer, int64_t roll_id);

/* The view of a zone at a moment, made now if it is a participant's; or NULL, with a note. Valid until the
 * next call that makes views. */
const struct zone_view *signer_view(
    struct signer *signer, const struct name *apex, int64_t now_us, struct err_note *note);

/* For worker threads: around a batch, and one message within it. */
void signer_begin(struct signer *signer);
void signer_end(struct signer *signer);
void signer_glance(struct signer *signer, const struct zone_glance *messages, size_t count);
size_t signer_zones(const struct signer *signer);
size_t signer_answer(struct signer *signer, const struct zone_client *client, const uint8_t *message,
    size_t length, uint8_t *out, size_t capacity, struct zone_event *ret_event);

#endif
