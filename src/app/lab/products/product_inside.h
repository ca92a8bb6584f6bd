/* product_inside: what the products share. Only product*.c and its neighbours include it. */
#ifndef APP_LAB_PRODUCT_INSIDE_H
#define APP_LAB_PRODUCT_INSIDE_H

#include "app/lab/products/draft.h"
#include "app/lab/products/record.h"
#include "app/lab/products/tree.h"

/* Room for the words of a command line. */
enum { PRODUCT_WORDS = 32 };
struct product_words {
    const char *word[PRODUCT_WORDS];
    size_t count;
};

/* Keys of one trust point, by tag; of several views the one that is worst off counts. */
struct product_states {
    struct lab_key_state *keys;
    size_t count, capacity;
};
void product_tell(struct product_states *states, uint16_t tag, enum rfc5011_state state);

struct product_functions {
    /* Puts the files into the draft, ours or the user's, and the words behind the program's own into
     * `words`; fills in what is particular in `start`. */
    int (*ours)(
        struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
    /* NULL: it takes no configuration of the user's. */
    int (*users)(
        struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note);
    /* NULL: it keeps no state. Tells keys through product_tell(). */
    int (*state)(
        const struct lab_setup *setup, int64_t now_us, struct product_states *states, struct err_note *note);
    const char *environment; /* "NAME=value", or NULL */
    /* Of one-shots. */
    enum evidence_answer (*answer)(const char *output, int code);
};

extern const struct product_functions product_named, product_unbound, product_kresd, product_pdns,
    product_dnsmasq, product_resolved, product_delv, product_unbound_host, product_drill;

void product_word(struct product_words *words, const char *word);

/* The address is one of IPv6. */
bool product_six(const struct lab_setup *setup);

/* The program is older than that version, as far as it is known; words of its configuration differ. */
bool product_before(const struct lab_setup *setup, unsigned major, unsigned minor);

/* "root.hints": the lab's root servers. Returns its path. */
const char *product_hints(struct draft *draft);

/* "state/NAME": the anchors as DS records, as a package would bring them. Returns its path. */
const char *product_seed(struct draft *draft, const char *name);

/* BIND's statement of trust anchors: such as follow RFC 5011, or static ones. */
void product_anchors(const struct lab_setup *setup, bool follow, struct text *text);

/* Reads "state/NAME" of the setup. */
typedef void product_reader(const char *text, size_t length, struct product_states *states);
int product_state_file(const struct lab_setup *setup, const char *name, product_reader *read,
    struct product_states *states, struct err_note *note);

#endif
