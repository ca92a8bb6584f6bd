/* view: what the store holds, arranged as pages and API show it. Read in one go for each request. */
#ifndef APP_WEB_VIEW_H
#define APP_WEB_VIEW_H

#include "core/roll/plan.h"
#include "core/roll/verdict.h"
#include "io/store/store.h"

enum { VIEW_VERDICTS = VERDICT_UNKNOWN + 1, VIEW_PAGE = 100, VIEW_CHANGES = 20 };

struct view_participant {
    struct store_participant row;
    enum verdict verdict; /* unknown and waiting until judged */
    enum verdict_state state;
    const char *summary;
    const char *document; /* the whole verdict as JSON, or NULL */
    int64_t trust_us, break_us, broke_us;
};

struct view_total {
    size_t participants;
    int64_t users; /* of those who told */
};

struct view_roll {
    struct store_roll row;
    struct plan *plan; /* NULL: the document cannot be read, which is logged */
    struct plan_roll roll;
    const char *phase;
    struct view_participant *participants; /* who left is not there; the worst first, then by users */
    size_t count;
    struct view_total totals[VIEW_VERDICTS];
    size_t users_untold; /* participants */
    enum verdict worst;  /* unknown if there are none */
};

struct view_change {
    const struct view_participant *participant;
    struct store_verdict verdict;
};

struct view {
    int64_t now_us;
    struct view_roll *rolls; /* the newest first */
    size_t roll_count;
    struct view_change *changes; /* of verdicts, the newest first */
    size_t change_count;
};

/* Numbers of the store as verdict and state; unknown and waiting for what is none. */
enum verdict view_verdict(int stored);
enum verdict_state view_state(int stored);

/* Everything lives in the arena but the plans, which view_free() frees. Errors of the store. */
int view_load(
    struct store *store, int64_t now_us, struct arena *arena, struct view *ret_view, struct err_note *note);
void view_free(struct view *view);

/* Fills in the dates of a participant from its verdict's document. */
void view_dates(struct view_participant *participant, struct arena *arena);

/* One participant, by token. `history`: its verdicts, oldest first. */
struct view_one {
    struct view_participant participant;
    bool judged;
    struct verdict_result result;
    struct store_verdict *history;
    size_t history_count;
    struct plan *plan; /* of its roll, NULL if unreadable; freed by view_one_free() */
    struct plan_roll roll;
    struct view_key {
        const char *id;
        uint16_t flags, tag;
        char *dnskey; /* "257 3 13 BASE64" */
        char *ds;     /* "TAG 13 2 HEX" */
    } * keys;
    size_t key_count;
    const struct view_key *anchor; /* the key that signs now: what to configure; or NULL */
    int64_t now_us;
};
int view_one_load(struct store *store, const char *token, int64_t now_us, struct arena *arena,
    struct view_one *ret_one, struct err_note *note);
void view_one_free(struct view_one *one);

#endif
