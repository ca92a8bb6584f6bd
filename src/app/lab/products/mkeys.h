/* mkeys: the keys that named manages by RFC 5011: a zone of KEYDATA records (type 65533, private to BIND) in
 * managed-keys.bind or VIEW.mkeys, and what happened since in the journal beside it (.jnl). */
#ifndef APP_LAB_MKEYS_H
#define APP_LAB_MKEYS_H

#include "app/lab/products/product_inside.h"

/* A function of struct product_functions. Reads every such zone of the state directory. ERR_NOINPUT: none is
 * there (yet). */
int mkeys_state(
    const struct lab_setup *setup, int64_t now_us, struct product_states *states, struct err_note *note);

/* The same from the octets of a zone file (or NULL) and of its journal (or NULL). ERR_DATA with the reason.
 */
struct mkeys_source {
    const char *name; /* for messages */
    const char *zone;
    size_t zone_length;
    const uint8_t *journal;
    size_t journal_length;
};
int mkeys_read(
    const struct mkeys_source *source, int64_t now_us, struct product_states *states, struct err_note *note);

/* The same of a zone's file, of its journal, or of both. ERR_NOINPUT: neither is there. */
int mkeys_file(const char *path, int64_t now_us, struct product_states *states, struct err_note *note);

/* For `now_us`: the moment of the refresh that is next by the file itself. */
#define MKEYS_AS_WRITTEN INT64_MIN

#endif
