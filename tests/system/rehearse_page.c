/* rehearse_page FILE [all]: for tests/system/rehearse_page: the page of made rehearsals, one of each kind
 * with hostile names; `all`: every built-in scenario for nine resolvers. */
#include "app/lab/forms/forms_fixture.h"
#include "io/file/file.h"

enum { RESOLVERS = 9, MOST = 1024 };

static size_t every_kind(struct arena *arena, struct forms_run *runs)
{
    static const char *const scenarios[FIXTURE_KINDS] = {
        "full", "static", "early-roll", "offline", "state-turns-read-only", "full"};
    for (int kind = 0; kind < FIXTURE_KINDS; kind++) {
        runs[kind] = fixture_run(arena, kind == FIXTURE_UNKNOWN ? "unbound=" FIXTURE_EVIL : "unbound",
            scenarios[kind], (enum fixture_kind)kind);
        for (size_t i = 0; i < runs[kind].evidence->event_count; i++)
            snprintf(runs[kind].evidence->events[i].text, REHEARSAL_TEXT, "%s", FIXTURE_EVIL);
    }
    return FIXTURE_KINDS;
}

static size_t all(struct arena *arena, struct forms_run *runs)
{
    static const char *const resolvers[RESOLVERS] = {"named", "unbound", "kresd", "pdns_recursor", "dnsmasq",
        "systemd-resolved", "delv", "unbound-host", "drill"};
    size_t count = 0;
    for (size_t r = 0; r < RESOLVERS; r++)
        for (size_t s = 0; s < scenario_count() && count < MOST; s++) {
            runs[count] = fixture_run(
                arena, resolvers[r], scenario_name(s), (enum fixture_kind)((r + s) % FIXTURE_KINDS));
            runs[count++].product = resolvers[r];
        }
    return count;
}

int main(int argc, char **argv)
{
    static struct forms_run runs[MOST];
    struct arena *arena = arena_new();
    struct err_note note = {"out of memory"};
    struct text text;
    if (argc < 2 || !arena)
        return 64;
    text_start(&text);
    struct forms_report report = {runs, argc > 2 ? all(arena, runs) : every_kind(arena, runs)};
    int err = forms_html(&report, &text);
    err = err ? err : file_replace(argv[1], text.string, text.length, &note);
    if (err)
        fprintf(stderr, "%s\n", note.text);
    text_free(&text);
    arena_free(arena);
    return err_exit(err);
}
