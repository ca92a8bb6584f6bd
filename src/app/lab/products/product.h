/* product: the resolver programs that a rehearsal can take through a roll: how each is found, configured,
 * started, and what its own state says.
 *
 * A configuration is one of ours, or the user's (NAME:CONFIG): that is copied with everything that it
 * includes, and only these are changed in the copy: key material of the root's trust anchors (a twin for the
 * real key of the same tag), addresses to listen on, places that are written, hints of the root, forwarders
 * (to the lab's recursing address), user and chroot. No file of the user's is ever written. */
#ifndef APP_LAB_PRODUCT_H
#define APP_LAB_PRODUCT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/roll/evidence.h"
#include "core/roll/rfc5011.h"
#include "core/roll/rehearsal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lab_kind {
    LAB_SERVER,  /* a resolver that listens */
    LAB_ONESHOT, /* a validator that is run for each question: delv, unbound-host, drill */
};

struct lab_product {
    const char *name, *alias; /* "named", "bind"; alias may be NULL */
    const char *program;      /* searched in PATH and where systems keep their servers */
    enum lab_kind kind;
    bool follows;                              /* has RFC 5011 */
    const char *profile;                       /* of core/roll/rfc5011: "bind", "unbound", "knot", "static" */
    const char *package;                       /* of Debian, for who lacks it */
    const char *version_option;                /* makes it tell its version */
    const struct product_functions *functions; /* product_inside.h */
};

const struct lab_product *lab_product(const char *name_or_alias); /* NULL: there is none of that name */
size_t lab_product_count(void);
const struct lab_product *lab_product_at(size_t index);

/* A twin: RDATA in presentation form, "20326 8 2 HEX" and "257 3 8 BASE64". */
struct lab_anchor {
    const char *ds, *dnskey;
    uint16_t tag; /* without REVOKE */
};

struct lab_setup {
    const struct lab_product *product;
    const char *program;   /* the binary, or the root of an unpacked package tree (NAME=PATH) */
    const char *version;   /* as of lab_product_version(); NULL: not known, taken for a present one */
    const char *config;    /* the user's main file (NAME:CONFIG), or NULL: one of ours */
    const char *directory; /* ours, absolute: configuration, state, log */
    const char *address;   /* where it is to listen */
    uint16_t port;
    bool managed;                     /* our configuration follows RFC 5011; else static anchors */
    const struct lab_anchor *anchors; /* what our configuration trusts at first, and the user's where it
                                         relies on what is built in or made at installation */
    size_t anchor_count;
    const struct lab_anchor *twins; /* of every key that there is: stand in for real keys in the user's files.
                                       NULL: `anchors` */
    size_t twin_count;
    const char *const *roots; /* addresses of the root servers a, b, …: those of IPv4, those of IPv6, or both
                                 lists, NULL-terminated */
    const char *forward_to;   /* the recursing address */
};

struct lab_mount {
    const char *from, *to;
};

/* What it trusts of the root at first by a configuration of the user's. */
struct lab_trust {
    bool known;   /* false: it is one of ours, or it could not be found out */
    bool follows; /* those change by RFC 5011 */
    uint16_t tags[SCENARIO_MAX_ANCHORS];
    bool initial[SCENARIO_MAX_ANCHORS]; /* it counts only if it is in the first RRset that comes */
    size_t count;
};

/* A part of it that answers by a configuration of its own, and is asked for itself. */
enum { LAB_VIEWS = REHEARSAL_VIEWS };
struct lab_view {
    const char *name, *source; /* the address to ask from; NULL: any */
};

/* How it is started. All of it lives in the arena. */
struct lab_start {
    char **argv;           /* of a one-shot: without the name that is asked, see lab_product_question() */
    char **environment;    /* added to ours; NULL-terminated */
    const char *directory; /* where to run it */
    const char *state_directory, *log;
    char **bus_argv;     /* a message bus to be started before it, or NULL */
    bool needs_ethernet; /* listens and asks on a veth pair: it ignores loopback */
    bool needs_bus;
    const struct lab_mount *binds; /* files and directories laid over what is there, in the space */
    size_t bind_count;
    const struct lab_mount *overlays; /* directories merged with what is there (space_overlay()) */
    size_t overlay_count;
    const char *cannot;  /* why it cannot be rehearsed, or NULL */
    const char *limited; /* what of the user's configuration cannot be rehearsed, or NULL */
    const char *noted;   /* what else was changed in it and should be known, or NULL */
    struct lab_trust trust;
    struct lab_view views[LAB_VIEWS]; /* none: it is one whole */
    size_t view_count;
};

/* The program as it is installed here, or made runnable by tools/fetch_servers (then the tree), and its
 * version. ERR_UNAVAILABLE: not here; the note says which package has it. */
int lab_product_find(const struct lab_product *product, char *ret_path, size_t capacity, char *ret_version,
    size_t version_capacity, struct err_note *note);

/* The version that a binary or tree tells of itself: "9.18.49". ERR_UNAVAILABLE with its own words. */
int lab_product_version(const struct lab_product *product, const char *program, char *ret_version,
    size_t capacity, struct err_note *note);

/* Writes the files below setup->directory. ERR_NOINPUT, ERR_DATA, ERR_CONFIG with file and line of the
 * user's; ERR_IO, ERR_NOMEM. */
int lab_product_prepare(
    const struct lab_setup *setup, struct arena *arena, struct lab_start *ret_start, struct err_note *note);

/* The difference between the user's files and ours, in unified form; nothing is written. Errors as above. */
int lab_product_difference(const struct lab_setup *setup, struct text *ret_text, struct err_note *note);

/* What its state file says at a moment (of the clock that the program sees): named keeps no word for pending
 * and valid, only the time of the change. A key that has not been seen yet is valid if it is configured.
 * `tag`: without REVOKE. A program without state of its own: none. ERR_NOINPUT: there is no file (yet);
 * ERR_DATA; at most `capacity` are told. */
struct lab_key_state {
    uint16_t tag;
    enum rfc5011_state state;
};
int lab_product_state(const struct lab_setup *setup, int64_t now_us, struct lab_key_state *ret,
    size_t capacity, size_t *ret_count, struct err_note *note);

/* Of a one-shot: the whole argv that asks for the A record of a name; NULL when memory is short. */
char **lab_product_question(
    const struct lab_setup *setup, const struct lab_start *start, const char *name, struct arena *arena);
/* … and what its output and exit code mean. */
enum evidence_answer lab_product_answer(const struct lab_product *product, const char *output, int code);

#endif
