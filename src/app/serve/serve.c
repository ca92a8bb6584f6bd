/* Start: lock, store, sockets, zones, recorder, then answers. Stop: the other way round. */
#include "app/serve/serve.h"

#include "app/serve/collector.h"
#include "app/serve/judge.h"
#include "app/serve/plans.h"
#include "app/serve/recorder.h"
#include "app/serve/signer.h"
#include "base/log.h"
#include "io/net/net.h"
#include "io/proc/clock.h"
#include "io/proc/loop.h"
#include "io/store/sightings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAIN_MS = 2000, NEWS_MS = 200, MOST_WAIT_MS = 60000, JUMP_S = 2, LAST_WORDS_US = 500000 };
struct serve {
    struct loop *loop;
    struct serve_config config;
    int lock; /* descriptor of the lock file */
    struct store *store;
    struct net_server *net;
    bool answering;
    struct signer *signer;
    struct recorder *recorder;
    struct collector *collector;
    char observations[600], host[SIGHTINGS_MAX_COLLECTOR + 1];
    struct judge *judge;
    struct loop_timer *news, *renew, *judging;
    int64_t seen;     /* store_news(): verdicts are our own, and no news to us */
    int64_t ahead_us; /* of the clock before the monotonic one */
    bool sync_failing;
};

/* --- worker threads --- */

static void on_begin(void *context)
{
    signer_begin(((struct serve *)context)->signer);
}

static void on_end(void *context)
{
    signer_end(((struct serve *)context)->signer);
}

static void on_glance(void *context, const struct net_message *messages, size_t count)
{
    struct zone_glance glances[ZONE_GLANCES];
    for (size_t i = 0; i < count && i < ZONE_GLANCES; i++)
        glances[i] = (struct zone_glance){.message = messages[i].bytes, .length = messages[i].length};
    signer_glance(((struct serve *)context)->signer, glances, count);
}

static size_t on_message(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
    uint8_t *out, size_t capacity)
{
    struct serve *serve = context;
    struct zone_client client = {.port = peer->port, .tcp = peer->tcp, .now_us = peer->now_us};
    struct zone_event event;
    memcpy(client.address, peer->address, sizeof client.address);
    size_t answered = signer_answer(serve->signer, &client, message, length, out, capacity, &event);
    if (event.record)
        recorder_push(serve->recorder, &event);
    else if (event.unready)
        signer_want(serve->signer, event.tag);
    return answered;
}

/* --- the loop's thread --- */

static void plan_renewal(struct serve *serve, int64_t next_us);
static void plan_judging(struct serve *serve, int64_t next_us);

static void on_renew(void *context)
{
    struct serve *serve = context;
    serve->renew = NULL;
    plan_renewal(serve, signer_renew(serve->signer, clock_now_us()));
}

static void on_judge(void *context)
{
    struct serve *serve = context;
    serve->judging = NULL;
    plan_judging(serve, judge_run(serve->judge, clock_now_us()));
}

/* Timers are set anew each time; the clock may be set, so none waits longer than a minute. */
static struct loop_timer *set_timer(
    struct serve *serve, struct loop_timer *old, int64_t next_us, void (*function)(void *))
{
    int64_t wait_us = next_us == UTC_OPEN ? MOST_WAIT_MS * 1000 : next_us - clock_now_us();
    uint64_t wait_ms = wait_us <= 0 ? 0 : (uint64_t)(wait_us + 999) / 1000;
    struct loop_timer *timer = NULL;
    loop_timer_cancel(old);
    if (loop_timer(serve->loop, wait_ms < MOST_WAIT_MS ? wait_ms : MOST_WAIT_MS, 0, function, serve, &timer))
        log_error("out of memory: a timer cannot be set");
    return timer;
}

static void plan_renewal(struct serve *serve, int64_t next_us)
{
    serve->renew = set_timer(serve, serve->renew, next_us, on_renew);
}

static void plan_judging(struct serve *serve, int64_t next_us)
{
    serve->judging = set_timer(serve, serve->judging, next_us, on_judge);
}

/* Takes over what changed in the store. */
static int sync_store(struct serve *serve, struct err_note *note)
{
    int rc = signer_sync(serve->signer, note);
    int64_t now_us = clock_now_us();
    plan_renewal(serve, signer_renew(serve->signer, now_us));
    plan_judging(serve, now_us);
    return rc;
}

/* A clock that was set is seen by the other one, which never is. Signatures must fit the new time, and so
 * must every timer. */
static void watch_clock(struct serve *serve)
{
    int64_t ahead_us = clock_now_us() - clock_mono_us(), jump_us = ahead_us - serve->ahead_us;
    if (jump_us > -JUMP_S * UTC_SECOND && jump_us < JUMP_S * UTC_SECOND)
        return;
    char span[UTC_TEXT];
    serve->ahead_us = ahead_us;
    log_warning("the clock was set %s by %s", jump_us < 0 ? "back" : "forward",
        utc_format_words(jump_us < 0 ? -jump_us : jump_us, span));
    plan_renewal(serve, 0);
    plan_judging(serve, 0);
}

static void on_news(void *context)
{
    struct serve *serve = context;
    struct err_note note = {""};
    watch_clock(serve);
    int64_t news = store_news(serve->store);
    if (news == serve->seen && !serve->sync_failing)
        return;
    int rc = sync_store(serve, &note);
    if (rc == 0)
        serve->seen = news;
    else if (!serve->sync_failing)
        log_error("new participants and plans cannot be read: %s; the zones that are there go on", note.text);
    serve->sync_failing = rc != 0;
}

/* --- start --- */

int serve_reload(struct serve *serve, const struct serve_config *config, struct err_note *note)
{
    int rc = plans_take(serve->store, config, serve->signer, serve->answering, clock_now_us(), note);
    serve->seen = -1; /* what was taken is ours, and news all the same */
    return rc;
}

static int lock_state(struct serve *serve, struct err_note *note)
{
    char path[600];
    snprintf(path, sizeof path, "%s/serve.lock", serve->config.state);
    serve->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (serve->lock < 0)
        return err_set(note,
            errno == EACCES || errno == EPERM ? ERR_PERM
            : errno == ENOENT                 ? ERR_NOINPUT
                                              : ERR_IO,
            "%s: %s; the user that rollcall runs as must be able to write there (--state DIR)", path,
            strerror(errno));
    if (flock(serve->lock, LOCK_EX | LOCK_NB))
        return err_set(note, ERR_UNAVAILABLE, "%s: another rollcall serves this state (--state DIR)",
            serve->config.state);
    return 0;
}

static void take_all(void *context, const struct zone_event *events, size_t count, uint64_t dropped)
{
    collector_take(context, events, count, dropped);
}

const char *serve_observations(const struct serve *serve)
{
    const char *told = serve->config.observations;
    return !told ? serve->observations : strcmp(told, "none") == 0 ? NULL : told;
}

static int start_collector(struct serve *serve, struct err_note *note)
{
    const struct serve_config *c = &serve->config;
    snprintf(serve->observations, sizeof serve->observations, "%s/observed.db", c->state);
    if (!serve_observations(serve))
        return 0;
    struct collector_options options = {.store = serve_observations(serve),
        .name = c->collector ? c->collector : sightings_host_name(serve->host),
        .every_us = c->observations_s * UTC_SECOND};
    return collector_start(&options, &serve->collector, note);
}

static int start_parts(struct serve *serve, struct err_note *note)
{
    const struct serve_config *c = &serve->config;
    struct recorder_options recorder = {
        .directory = c->state, .keep_us = c->retention_days * UTC_DAY, .events = judge_events};
    int rc = store_open(c->state, false, &serve->store, note);
    if (rc == 0)
        rc = signer_new(c, serve->store, clock_now_us(), &serve->signer, note);
    if (rc == 0)
        rc = judge_new(serve->store, &serve->judge, note);
    if (rc == 0) {
        signer_watch(serve->signer, judge_take, serve->judge);
        recorder.context = serve->judge;
        rc = start_collector(serve, note);
    }
    if (rc == 0) {
        recorder.all_events = serve->collector ? take_all : NULL;
        recorder.all_context = serve->collector;
        rc = recorder_start(&recorder, &serve->recorder, note);
    }
    if (rc == 0)
        rc = signer_sync(serve->signer, note); /* who takes part decides what may change in a plan */
    if (rc == 0)
        rc = serve_reload(serve, c, note);
    if (rc == 0) {
        serve->ahead_us = clock_now_us() - clock_mono_us();
        serve->seen = store_news(serve->store);
        rc = sync_store(serve, note);
    }
    if (rc == 0 && loop_timer(serve->loop, NEWS_MS, NEWS_MS, on_news, serve, &serve->news))
        rc = err_set(note, ERR_NOMEM, "out of memory");
    return rc;
}

int serve_bind(const struct serve_config *config, struct serve **ret_serve, struct err_note *note)
{
    struct serve *serve = calloc(1, sizeof *serve);
    if (!serve)
        return err_set(note, ERR_NOMEM, "out of memory");
    serve->lock = -1;
    serve->config = *config;
    int rc = net_bind(config->dns, config->dns_count, config->udp_workers, &serve->net, note);
    if (rc) {
        size_t used = strlen(note->text);
        snprintf(note->text + used, sizeof note->text - used, " (--dns ADDR:PORT)");
        free(serve);
        return rc;
    }
    *ret_serve = serve;
    return 0;
}

int serve_start(struct serve *serve, struct loop *loop, struct err_note *note)
{
    serve->loop = loop;
    int rc = lock_state(serve, note);
    if (rc == 0)
        rc = start_parts(serve, note);
    if (rc)
        return rc;
    struct net_handler handler = {
        .answer = on_message, .begin = on_begin, .end = on_end, .glance = on_glance, .context = serve};
    struct net_limits limits = {
        .tcp_connections = serve->config.tcp_connections, .tcp_idle_ms = serve->config.tcp_idle_s * 1000};
    rc = net_start(serve->net, handler, limits, note);
    serve->answering = rc == 0;
    return rc;
}

void serve_observe(struct serve *serve, int64_t participant_id, const struct evidence_event *event)
{
    struct zone_event whole = {.record = true, .tag = participant_id, .event = *event};
    whole.qname = (struct name){.length = 1};
    recorder_push(serve->recorder, &whole);
}

int serve_flush(struct serve *serve, int64_t wait_us, struct err_note *note)
{
    if (!serve->collector)
        return err_set(note, ERR_NOINPUT, "what is asked is not kept (observations: none)");
    recorder_flush(serve->recorder);
    return collector_flush(serve->collector, wait_us, note);
}

struct serve_figures serve_count(struct serve *serve)
{
    signer_begin(serve->signer);
    size_t zones = signer_zones(serve->signer);
    signer_end(serve->signer);
    return (struct serve_figures){
        .net = net_count(serve->net), .recorder = recorder_counters(serve->recorder), .zones = zones};
}

const char *serve_address(const struct serve *serve, size_t index)
{
    return net_address(serve->net, index);
}

void serve_stop(struct serve *serve)
{
    if (!serve)
        return;
    net_stop(serve->net, DRAIN_MS);
    loop_timer_cancel(serve->news);
    loop_timer_cancel(serve->renew);
    loop_timer_cancel(serve->judging);
    recorder_stop(serve->recorder);
    collector_stop(serve->collector);
    int64_t end_us = clock_mono_us() + LAST_WORDS_US, now_us = clock_now_us();
    while (serve->judge && serve->recorder && judge_run(serve->judge, now_us) == now_us &&
           clock_mono_us() < end_us)
        ;
    judge_free(serve->judge);
    signer_free(serve->signer);
    store_close(serve->store);
    if (serve->lock >= 0)
        close(serve->lock);
    free(serve);
}
