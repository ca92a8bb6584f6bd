/* A few shelves, each with one page. Who asks marks a shelf as wanted; the thread makes the page that has
 * been wanted longest, without holding the lock, and puts it in its place. Why one cannot be made names
 * files: that goes to the log, and not to whoever asks. */
#include "app/report/live.h"

#include "app/report/page/page.h"
#include "app/report/platform.h"
#include "base/log.h"
#include "io/proc/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELVES = 64, KEEP_S = 5, TIMES = 4, DAYS = 30, STUCK_S = 60 };

struct shelf {
    int64_t id;
    bool used;         /* holds an id */
    bool made;         /* the page, or an error */
    int64_t asked_us;  /* last, by the monotonic clock */
    int64_t wanted_us; /* since when it is wanted anew; 0: it is not */
    int64_t made_us, took_us;
    int err;
    struct text forms[LIVE_FORMS];
};

struct live {
    struct live_config config;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool thread_runs, stopping;
    int64_t busy_us; /* since when a page is being made; 0: none is */
    int64_t busy_id;
    struct shelf shelves[SHELVES];
    struct platform *platform;                          /* of the thread, as is what follows */
    char complaint[sizeof((struct err_note *)0)->text]; /* as it was logged last */
};

static void start_forms(struct text forms[LIVE_FORMS])
{
    for (int i = 0; i < LIVE_FORMS; i++)
        text_start(&forms[i]);
}

static void free_forms(struct text forms[LIVE_FORMS])
{
    for (int i = 0; i < LIVE_FORMS; i++)
        text_free(&forms[i]);
}

/* ---- making a page, in the thread ---- */

/* Names of collectors are often those of hosts, and which server of a store does not answer is nobody's
 * business either: what tells of the operator's machines becomes a number. ERR_NOMEM. */
static int hide_names(struct readiness *readiness, struct trend *trend, struct arena *arena)
{
    readiness->missing = NULL;
    for (size_t i = 0; i < readiness->coverage_count; i++) {
        const char *name = readiness->coverage[i].collector;
        const char *number = arena_printf(arena, "collector %zu", i + 1);
        if (!number)
            return ERR_NOMEM;
        for (size_t j = 0; trend && j < trend->feed_count; j++)
            if (strcmp(trend->feeds[j].collector, name) == 0)
                trend->feeds[j].collector = number;
        readiness->coverage[i].collector = number;
    }
    return 0;
}

static int write_forms(struct page *page, struct readiness *readiness, struct trend *trend,
    struct arena *arena, struct text forms[LIVE_FORMS])
{
    page->readiness = readiness;
    page->live = true;
    int err = hide_names(readiness, trend, arena);
    err = err ? err : page_write(page, arena, &forms[LIVE_HTML]);
    return err ? err : readiness_write(readiness, READINESS_JSON, 0, &forms[LIVE_JSON]);
}

static int make_roll(struct live *live, int64_t id, int64_t now_us, struct arena *arena,
    struct text forms[LIVE_FORMS], struct err_note *note)
{
    struct platform_judged judged;
    int err = live->platform ? 0 : platform_open(live->config.state, &live->platform, note);
    if (!err)
        err = platform_judge(
            live->platform, id, now_us, live->config.sightings, live->config.networks, arena, &judged, note);
    if (err)
        return err;
    struct page page = {.plan_name = judged.roll->plan->name, .now_us = now_us};
    err = write_forms(&page, &judged.readiness, NULL, arena, forms);
    platform_judged_free(&judged);
    return err ? err_set(note, err, "out of memory") : 0;
}

/* The configured plan, by whatever its store of sightings has of its zone. */
static int make_plan(struct live *live, int64_t now_us, struct arena *arena, struct text forms[LIVE_FORMS],
    struct err_note *note)
{
    const struct plan *plan = live->config.plan;
    int64_t to_us = now_us - now_us % UTC_SECOND;
    struct classify_roll roll;
    struct classify_limits limits;
    struct sightings_question question = {
        .from_us = to_us - DAYS * UTC_DAY, .to_us = to_us, .zone = plan->zone};
    struct readiness_wish wish = {
        .roll = &roll, .limits = &limits, .question = &question, .networks = live->config.networks};
    struct trend_wish over = {.plan = plan,
        .limits = &limits,
        .networks = live->config.networks,
        .zone = plan->zone,
        .from_us = INT64_MIN,
        .to_us = to_us};
    struct page page = {.plan_name = plan->name, .zone = plan->zone, .now_us = now_us};
    struct sightings *store = NULL;
    struct readiness readiness = {.wish = NULL};
    struct trend trend = {.feed_count = 0};
    classify_limits_usual(&limits);
    int err = classify_roll_of(plan, to_us, &roll, note);
    err = err ? err : sightings_open(live->config.sightings, true, &store, note);
    err = err ? err : readiness_make(store, &wish, arena, &readiness, note);
    err = err ? err : page_add_trend(&page, store, &over, arena, &trend, note);
    sightings_close(store);
    if (!err && write_forms(&page, &readiness, page.trend ? &trend : NULL, arena, forms))
        err = err_set(note, ERR_NOMEM, "out of memory");
    readiness_free(&readiness);
    return err;
}

/* The same fault is logged once. */
static void complain(struct live *live, int err, const struct err_note *note)
{
    bool is_fault = err && err != ERR_NOINPUT;
    if (is_fault && strcmp(live->complaint, note->text) != 0)
        log_error("the readiness page cannot be made: %s", note->text);
    snprintf(live->complaint, sizeof live->complaint, "%s", is_fault ? note->text : "");
}

static int make(struct live *live, int64_t id, struct text forms[LIVE_FORMS])
{
    struct err_note note = {"out of memory"};
    struct arena *arena = arena_new();
    int64_t now_us = clock_now_us();
    int err = !arena                         ? ERR_NOMEM
              : id == 0 && live->config.plan ? make_plan(live, now_us, arena, forms, &note)
                                             : make_roll(live, id, now_us, arena, forms, &note);
    arena_free(arena);
    complain(live, err, &note);
    if (err) { /* opened anew the next time: it may have been mended */
        platform_close(live->platform);
        live->platform = NULL;
    }
    return err && err != ERR_NOINPUT ? ERR_IO : err;
}

/* ---- the thread ---- */

static struct shelf *longest_wanted(struct live *live)
{
    struct shelf *found = NULL;
    for (size_t i = 0; i < SHELVES; i++) {
        struct shelf *shelf = &live->shelves[i];
        if (shelf->wanted_us && (!found || shelf->wanted_us < found->wanted_us))
            found = shelf;
    }
    return found;
}

static struct shelf *shelf_of(struct live *live, int64_t id)
{
    for (size_t i = 0; i < SHELVES; i++)
        if (live->shelves[i].used && live->shelves[i].id == id)
            return &live->shelves[i];
    return NULL;
}

/* Under the mutex, which is let go meanwhile; nobody takes the shelf away by then. */
static void serve_one(struct live *live, struct shelf *shelf)
{
    struct text forms[LIVE_FORMS];
    int64_t begin_us = clock_mono_us();
    live->busy_us = begin_us;
    int64_t id = live->busy_id = shelf->id;
    pthread_mutex_unlock(&live->mutex);
    start_forms(forms);
    int err = make(live, id, forms);
    pthread_mutex_lock(&live->mutex);
    live->busy_us = 0;
    free_forms(shelf->forms);
    memcpy(shelf->forms, forms, sizeof forms);
    shelf->err = err;
    shelf->made = true;
    shelf->made_us = clock_mono_us();
    shelf->took_us = shelf->made_us - begin_us;
}

static void *run(void *context)
{
    struct live *live = context;
    pthread_mutex_lock(&live->mutex);
    while (!live->stopping) {
        struct shelf *shelf = longest_wanted(live);
        if (shelf) {
            shelf->wanted_us = 0;
            serve_one(live, shelf);
        } else {
            pthread_cond_wait(&live->changed, &live->mutex);
        }
    }
    pthread_mutex_unlock(&live->mutex);
    platform_close(live->platform);
    live->platform = NULL;
    return NULL;
}

/* ---- asking ---- */

static bool is_old(const struct shelf *shelf, int64_t now_us)
{
    int64_t age_us = now_us - shelf->made_us;
    return !shelf->made || (age_us >= KEEP_S * UTC_SECOND && age_us >= TIMES * shelf->took_us);
}

/* Whether it waits for its page: whoever asked for it shall get it, however many others are asked for. */
static bool is_waiting(const struct live *live, const struct shelf *shelf)
{
    return shelf->used && (shelf->wanted_us || (live->busy_us && live->busy_id == shelf->id));
}

/* The page's shelf; if it has none, that which nobody has asked for the longest. NULL: all are waiting. */
static struct shelf *take_shelf(struct live *live, int64_t id)
{
    struct shelf *shelf = shelf_of(live, id), *oldest = NULL;
    if (shelf)
        return shelf;
    for (size_t i = 0; i < SHELVES && (!oldest || oldest->used); i++) {
        shelf = &live->shelves[i];
        if (!is_waiting(live, shelf) && (!oldest || !shelf->used || shelf->asked_us < oldest->asked_us))
            oldest = shelf;
    }
    if (!oldest)
        return NULL;
    free_forms(oldest->forms);
    *oldest = (struct shelf){.id = id, .used = true};
    start_forms(oldest->forms);
    return oldest;
}

static int hand_out(const struct live *live, const struct shelf *shelf, enum live_form form, int64_t now_us,
    struct text *text)
{
    bool is_stuck = live->busy_us && now_us - live->busy_us >= STUCK_S * UTC_SECOND;
    if (is_stuck && is_old(shelf, now_us))
        return ERR_IO;
    if (!shelf->made || (shelf->err == ERR_NOINPUT && is_old(shelf, now_us)))
        return ERR_UNAVAILABLE;
    if (!shelf->err)
        text_add_bytes(text, shelf->forms[form].string, shelf->forms[form].length);
    return shelf->err;
}

int live_page(struct live *live, int64_t id, enum live_form form, struct text *text)
{
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&live->mutex);
    struct shelf *shelf = take_shelf(live, id);
    if (shelf) {
        shelf->asked_us = now_us;
        if (!is_waiting(live, shelf) && is_old(shelf, now_us)) {
            shelf->wanted_us = now_us;
            pthread_cond_signal(&live->changed);
        }
    }
    int err = shelf ? hand_out(live, shelf, form, now_us, text) : ERR_UNAVAILABLE;
    pthread_mutex_unlock(&live->mutex);
    return err;
}

/* ---- beginning and end ---- */

static int start_thread(struct live *live, struct err_note *note)
{
    sigset_t all, before; /* signals are for the main thread */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&live->thread, NULL, run, live);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    live->thread_runs = number == 0;
    return number
               ? err_set(note, ERR_INTERNAL, "cannot start the thread of the reports: %s", strerror(number))
               : 0;
}

int live_start(const struct live_config *config, struct live **ret_live, struct err_note *note)
{
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        return err_set(note, ERR_NOMEM, "out of memory");
    live->config = *config;
    for (size_t i = 0; i < SHELVES; i++)
        start_forms(live->shelves[i].forms);
    pthread_mutex_init(&live->mutex, NULL);
    pthread_cond_init(&live->changed, NULL);
    int err = start_thread(live, note);
    if (err)
        live_stop(live);
    else
        *ret_live = live;
    return err;
}

void live_stop(struct live *live)
{
    if (!live)
        return;
    if (live->thread_runs) {
        pthread_mutex_lock(&live->mutex);
        live->stopping = true;
        pthread_cond_signal(&live->changed);
        pthread_mutex_unlock(&live->mutex);
        pthread_join(live->thread, NULL);
    }
    pthread_cond_destroy(&live->changed);
    pthread_mutex_destroy(&live->mutex);
    for (size_t i = 0; i < SHELVES; i++)
        free_forms(live->shelves[i].forms);
    free(live);
}
