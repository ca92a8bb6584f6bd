/* Where the platform meets the reports on it. */
#include "cmd/serve_parts.h"

#include "app/report/platform.h"
#include "base/address.h"
#include "cmd/cmd.h"
#include "io/proc/clock.h"

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
