/* named_user: the text of named.conf as words with places, for its reader. Only named_*.c include it. */
#ifndef APP_LAB_NAMED_USER_H
#define APP_LAB_NAMED_USER_H

#include "app/lab/products/user.h"

enum { NAMED_WORDS = 24, NAMED_VIEWS = 64 };

enum named_sort { NAMED_WORD, NAMED_STRING, NAMED_OPEN, NAMED_CLOSE, NAMED_SEMICOLON, NAMED_END };

struct named_token {
    enum named_sort sort;
    size_t from, to;         /* quotes included */
    struct record_word word; /* quotes left out */
};

/* What holds for the whole, or within a view. */
struct named_scope {
    const char *name;        /* of the view */
    const char *validation;  /* "auto", "yes", "no"; NULL: not said */
    const char *recursion;   /* the same */
    struct lab_trust state;  /* what its managed keys say that it trusts; none: there are no such */
    struct lab_trust trust;  /* its statements of anchors */
    struct draft_file *file; /* of a view: where its block is, */
    size_t at, clients;      /* behind its "{", and behind that of match-clients, or 0, in */
    struct draft_file *clients_file;
};

/* What the user's named has learned, from its directory of managed keys (NULL: not said): ours begins with
 * that, with twins of the keys that it trusts. */
void named_states(struct draft *draft, const char *directory, struct named_scope *global,
    struct named_scope *views, size_t count);

/* Each view that validates and recurses is asked from an address of its own: match-clients are made so, and
 * the others are said. The anchors of the whole are those of the view that is worst off. */
void named_views(struct draft *draft, const struct named_scope *global, const struct named_scope *views,
    size_t count, const struct lab_trust *bindkeys, struct lab_start *start);

/* ERR_CONFIG: a string or remark does not end. */
int named_token(
    const struct draft_file *file, size_t *at, struct named_token *ret_token, struct err_note *note);

/* From behind a "{" to behind its "}"; `ret_close`: the place of that. ERR_CONFIG: there is none. */
int named_skip(const struct draft_file *file, size_t *at, size_t *ret_close, struct err_note *note);

/* From behind the "{" of a list of anchors to behind its "}". */
int named_anchor_list(struct draft *draft, struct draft_file *file, size_t *at, struct err_note *note);

bool named_is_anchors(struct record_word word); /* "trust-anchors", … */

#endif
