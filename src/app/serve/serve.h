/* serve: the testing platform as one thing: sockets, signer, recorder, verdicts, on one store.
 *
 *   datagram -> zones_answer() -> datagram;   what was asked -> ring -> writer -> store -> evidence ->
 * verdict -> store
 *
 * The web side and the demonstration are features of their own: they meet this one in the store. */
#ifndef APP_SERVE_SERVE_H
#define APP_SERVE_SERVE_H

#include "app/serve/config.h"
#include "app/serve/recorder.h"
#include "base/err.h"
#include "core/roll/evidence.h"
#include "io/net/net.h"

#include <stdint.h>

struct loop;
struct serve;

/* Binds the DNS sockets, and does nothing else, so that privileges may be dropped after it. The
 * configuration's strings must live as long as `serve`. Errors: ERR_UNAVAILABLE (in use), ERR_PERM,
 * ERR_USAGE; the note names address and option. */
int serve_bind(const struct serve_config *config, struct serve **ret_serve, struct err_note *note);

/* Opens the store in the state directory, makes missing keys, signs the zones, and answers. Errors:
 * ERR_UNAVAILABLE (another rollcall on the same state), ERR_PERM, ERR_DATA (damaged state), ERR_IO, …; then
 * only serve_stop() may follow. */
int serve_start(struct serve *serve, struct loop *loop, struct err_note *note);

/* Reads the plan files of a configuration (at start, and again at SIGHUP): each dated one is a roll in the
 * store, and takes the place of the roll of that name if it is there and differs, so that zones go on by the
 * new plan at once. Everything else of a configuration is taken at start only. On error nothing is changed.
 */
int serve_reload(struct serve *serve, const struct serve_config *config, struct err_note *note);

/* Records what an agent says that a participant's resolver answered. From any thread. */
void serve_observe(struct serve *serve, int64_t participant_id, const struct evidence_event *event);

/* The store of sightings that it fills, as of sightings_open(); NULL: none. */
const char *serve_observations(const struct serve *serve);

/* What was asked up to now is in the store of sightings when this returns; waits for it, at most wait_us.
 * ERR_UNAVAILABLE: it is not; ERR_NOINPUT: this platform keeps none. From any thread. */
int serve_flush(struct serve *serve, int64_t wait_us, struct err_note *note);

struct serve_figures {
    struct net_counters net;
    struct recorder_counters recorder;
    size_t zones;
};
/* From any thread. */
struct serve_figures serve_count(struct serve *serve);

/* The index-th DNS address really bound ("127.0.0.1:5300"). */
const char *serve_address(const struct serve *serve, size_t index);

/* Answers what is under way, writes what is recorded, closes. NULL is allowed. */
void serve_stop(struct serve *serve);

#endif
