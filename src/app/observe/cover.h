/* cover: which records of an input its collector has counted already, from other inputs.
 *
 * Record by record where the store holds all fingerprints; else by time, once a sample has shown that the
 * other input carried the same packets. Two inputs that merely cover the same time (two interfaces, say) are
 * both counted. */
#ifndef APP_OBSERVE_COVER_H
#define APP_OBSERVE_COVER_H

#include "io/capture/capture.h"
#include "io/store/sightings.h"

struct cover;

/* Of an input of this collector; `collector` must outlive it. NULL when memory is short. */
struct cover *cover_new(struct sightings *store, const char *collector, const uint8_t input_id[SIGHTINGS_ID]);

/* Whether the store has records of other inputs between these times, of a batch. */
int cover_meets(
    struct cover *cover, int64_t least_us, int64_t most_us, bool *ret_meets, struct err_note *note);

/* Judges the batch whose times were asked about: sets ret_covered[i] for each record that was counted
 * already. `prints`: prints_of() each. */
void cover_judge(struct cover *cover, const struct capture_record *records, const uint64_t *prints,
    size_t count, bool *ret_covered);

void cover_free(struct cover *cover); /* NULL is allowed */

#endif
