/* judge: evidence and verdict of each participant, kept current.
 *
 * Events come from the recorder's thread; judging is done in the loop's thread, which also owns the store.
 * After a restart the evidence is folded again from the stored queries, so that nothing depends on how long
 * the process has lived. */
#ifndef APP_SERVE_JUDGE_H
#define APP_SERVE_JUDGE_H

#include "app/serve/signer.h"
#include "io/store/store.h"

struct judge;

int judge_new(struct store *store, struct judge **ret_judge, struct err_note *note);
void judge_free(struct judge *judge); /* NULL is allowed; no event may come any more */

/* Takes over the participants and plans that the signer has; evidence of new ones is read from the store. */
int judge_sync(struct judge *judge, const struct signer *signer, struct err_note *note);

/* For recorder_options.events. From the recorder's thread. */
void judge_events(void *judge, const struct zone_event *events, size_t count);

/* Judges who is due and stores what changed. A store that fails is logged once and tried again. Returns the
 * moment at which somebody is due again. */
int64_t judge_run(struct judge *judge, int64_t now_us);

#endif
