/* web: the pages and the API of the platform. Everything shown comes from the store; the signer and the
 * recorder are not known here.
 *
 * What is public: labels, countries, users, verdicts and their reasons. What only the holder of a token sees:
 * zone, contact, addresses, evidence. A zone's name is kept back although it is no secret in DNS: whoever
 * knows it could ask questions in it, and so blur another's verdict. Tokens appear on no page but their own.
 */
#ifndef APP_WEB_WEB_H
#define APP_WEB_WEB_H

#include "base/err.h"
#include "base/text.h"
#include "core/roll/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web_metric {   /* a figure that somebody else counts, for /metrics */
    const char *name; /* "rollcall_queries_recorded_total" */
    const char *help;
    bool gauge; /* else a counter */
    int64_t value;
};

/* Strings need only live during web_bind(), except what the callbacks use. */
struct web_config {
    const char *listen;     /* "127.0.0.1:8053" */
    const char *proxy;      /* address of a reverse proxy in front, or NULL */
    const char *state;      /* directory of the store */
    const char *parent;     /* zone below which participants' zones lie, presentation form */
    const char *const *dns; /* "127.0.0.1:5300": where the platform answers, for the snippets */
    size_t dns_count;
    size_t max_participants; /* 0: 10,000 */
    unsigned rate, burst;    /* requests a second of one address, and at once; 0: 20 and 200 */
    unsigned enrol_each_s,
        enrol_burst; /* one enrolment of an address in so many seconds, and at once; 0: 30 and 10 */
    unsigned connections, address_connections; /* 0: 1,000 and 64 */
    unsigned streams;                          /* pages kept live at once; 0: 500 */

    /* Takes what an agent reports, and stores it. NULL: the web side stores it itself. From the web's thread.
     */
    void (*observe)(void *context, int64_t participant_id, const struct evidence_event *event);
    /* Fills in figures; returns how many. NULL: none. From the web's thread. */
    size_t (*metrics)(void *context, struct web_metric *out, size_t capacity);
    /* Adds the readiness page of a roll (its id; 0: the one that comes first), a whole document (HTML or
     * JSON), as it was made last; must not wait. ERR_UNAVAILABLE: it is being made; ERR_NOINPUT: there is
     * nothing to report; other errors: it cannot be made. NULL: there are no such pages. From the web's
     * thread. */
    int (*readiness)(void *context, int64_t roll_id, bool json, struct text *out);
    void *context;
};

struct web;

/* Binds, and does nothing else: privileges may be dropped after it. Errors as of http_bind(). */
int web_bind(const struct web_config *config, struct web **ret_web, struct err_note *note);

/* The address really bound, "127.0.0.1:8053". */
const char *web_address(const struct web *web);

/* Opens the store, which must exist, and starts to serve. Errors as of store_open(). */
int web_start(struct web *web, struct err_note *note);

/* Ends what is under way and frees. NULL is allowed. */
void web_stop(struct web *web);

#endif
