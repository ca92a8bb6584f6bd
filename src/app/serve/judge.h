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

/* Takes in a participant, with the evidence that the store has of it; or what changed of one that is known. A
 * signer_take. */
int judge_take(void *judge, const struct signer_participant *participant, struct err_note *note);

/* For recorder_options.events. From the recorder's thread. */
void judge_events(void *judge, const struct zone_event *events, size_t count);

/* Judges those who are due, for a while, and stores what changed. A store that fails is logged once and tried
 * again. Returns the moment at which somebody is due: now_us, if not all were judged. */
int64_t judge_run(struct judge *judge, int64_t now_us);

#endif
