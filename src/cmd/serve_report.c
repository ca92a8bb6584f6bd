/* Where the platform meets the reports on it. */
#include "cmd/serve_parts.h"

#include "app/report/live.h"
#include "app/report/platform.h"
#include "base/address.h"
#include "cmd/cmd.h"
#include "io/proc/clock.h"
#include "io/yaml/plan_yaml.h"

#include <string.h>

static const int64_t FLUSH_US = 5 * UTC_SECOND;

static void set_words(const struct readiness *readiness, struct demo_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t source[16];
        size_t at;
        if (address_parse(words[i].address, strlen(words[i].address), source) &&
            classify_find(readiness->classify, source, &at))
            words[i].class = classify_name(classify_class_of(readiness->classify, at));
    }
}

int serve_report_demo(struct serve *serve, const char *state, int64_t roll_id, struct demo_word *words,
    size_t count, struct text *text, struct err_note *note)
{
    struct platform *platform = NULL;
    struct networks *networks = NULL;
    struct platform_judged judged;
    struct arena *arena = arena_new();
    int err = serve_flush(serve, FLUSH_US, note);
    if (!err && (!arena || networks_new(&networks)))
        err = err_set(note, ERR_NOMEM, "out of memory");
    err = err ? err : platform_open(state, &platform, note);
    err = err ? err
              : platform_judge(platform, roll_id, clock_now_us(), serve_observations(serve), networks, arena,
                    &judged, note);
    if (!err) {
        err = readiness_write(&judged.readiness, READINESS_TABLE, cmd_screen().columns, text)
                  ? err_set(note, ERR_NOMEM, "out of memory")
                  : 0;
        set_words(&judged.readiness, words, count);
        platform_judged_free(&judged);
    }
    platform_close(platform);
    networks_free(networks);
    arena_free(arena);
    return err;
}

/* ---- the readiness pages ---- */

static int read_networks(const struct serve_config *config, struct networks *networks, struct err_note *note)
{
    static int (*const readers[CONFIG_NETWORKS])(struct networks *, const char *, struct err_note *) = {
        [CONFIG_PFX2AS] = networks_read_pfx2as,
        [CONFIG_DELEGATED] = networks_read_delegated,
        [CONFIG_MMDB] = networks_read_mmdb,
        [CONFIG_USERS] = networks_read_users};
    for (size_t i = 0; i < config->network_count; i++) {
        int err = readers[config->networks[i].kind](networks, config->networks[i].path, note);
        if (err)
            return err;
    }
    return 0;
}

/* A plan that signals can be held against. */
static int read_plan(const char *name, struct plan **ret_plan, struct err_note *note)
{
    struct classify_roll roll;
    int err = plan_yaml_find(name, ret_plan, note);
    if (err)
        return err;
    err = classify_roll_of(*ret_plan, clock_now_us(), &roll, note);
    if (err) {
        plan_free(*ret_plan);
        *ret_plan = NULL;
    }
    return err;
}

int serve_pages_read(const struct serve_config *config, struct serve_pages *ret_pages, struct err_note *note)
{
    struct serve_pages pages = {.networks = NULL};
    int err = networks_new(&pages.networks) ? err_set(note, ERR_NOMEM, "out of memory") : 0;
    err = err ? err : read_networks(config, pages.networks, note);
    if (!err && config->readiness_plan)
        err = read_plan(config->readiness_plan, &pages.plan, note);
    if (err)
        serve_pages_stop(&pages);
    else
        *ret_pages = pages;
    return err == ERR_DATA || err == ERR_USAGE ? ERR_CONFIG : err;
}

int serve_pages_start(struct serve_pages *pages, const struct serve_config *config, const char *observations,
    struct err_note *note)
{
    if (!observations)
        return 0;
    const struct live_config live = {
        .state = config->state, .sightings = observations, .networks = pages->networks, .plan = pages->plan};
    return live_start(&live, &pages->live, note);
}

void serve_pages_stop(struct serve_pages *pages)
{
    live_stop(pages->live);
    networks_free(pages->networks);
    plan_free(pages->plan);
    *pages = (struct serve_pages){.networks = NULL};
}
