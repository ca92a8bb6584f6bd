/* Lines for the terminal: the second since the start, who, what. Plain text, one line each, so that they can
 * be kept in a log. */
#include "app/demo/inside.h"

#include "base/text.h"
#include "io/proc/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(const char *string)
{
    fputs(string, stdout);
    fflush(stdout);
}

static double seconds(const struct demo *demo, int64_t t_us)
{
    return (double)(t_us - demo->start_us) / (double)UTC_SECOND;
}

void tell(const struct demo *demo, const char *who, const char *format, ...)
{
    struct text line;
    va_list args;
    text_start(&line);
    text_printf(&line, "%7.1f s  %-22s ", seconds(demo, clock_now_us()), who);
    va_start(args, format);
    text_add_safe_format(&line, format, args);
    va_end(args);
    text_add(&line, "\n");
    say(line.string);
    text_free(&line);
}

void tell_begin(const struct demo *demo)
{
    char span[UTC_TEXT];
    const struct plan_key *keys = demo->plan->keys;
    int64_t last = 0;
    for (size_t i = 0; i < demo->plan->key_count; i++)
        for (size_t j = 0; j < keys[i].step_count; j++)
            if (keys[i].steps[j].at_us != UTC_OPEN && keys[i].steps[j].at_us > last)
                last = keys[i].steps[j].at_us;
    printf("The demonstration: plan %s, a whole KSK roll in %s.\n", demo->plan->name,
        utc_format_words(last - demo->plan->start_us, span));
    if (demo->config.story == DEMO_POSTPONED)
        puts("The story of the autumn of 2017: the roll is postponed in time, the resolver mended, the roll "
             "resumed.");
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++) {
        const struct participant *p = &demo->participants[i];
        if (p->missing)
            continue;
        printf("  %-22s 127.0.0.1 port %-5u  zone %s  for %" PRId64 " users (made up)\n", p->label, p->port,
            p->zone, p->users);
        if (demo->config.web)
            printf("  %-22s http://%s/p/%s\n", "", demo->config.web, p->token);
    }
    say("\n");
}

static const char *step_words(enum plan_do what)
{
    switch (what) {
    case PLAN_PUBLISH:
        return "is published: who follows RFC 5011 starts the hold-down";
    case PLAN_SIGN:
        return "signs the DNSKEY RRset";
    case PLAN_STOP:
        return "stops signing";
    case PLAN_REVOKE:
        return "is revoked";
    case PLAN_WITHDRAW:
        return "is withdrawn";
    }
    return "changes";
}

void tell_steps(struct demo *demo, int64_t now_us)
{
    for (size_t i = 0; i < demo->plan->key_count; i++) {
        const struct plan_key *key = &demo->plan->keys[i];
        for (size_t j = 0; j < key->step_count; j++)
            if (key->steps[j].at_us > demo->told_us && key->steps[j].at_us <= now_us)
                tell(demo, "the zones' plan", "%s %s", key->id, step_words(key->steps[j].what));
    }
    demo->told_us = now_us;
}

static void cell_second(const struct demo *demo, int64_t t_us, char out[16])
{
    if (t_us)
        snprintf(out, 16, "%.1f s", seconds(demo, t_us));
    else
        strcpy(out, "-");
}

void tell_end(const struct demo *demo)
{
    printf("\n%-22s %-10s %-10s %-9s %s\n", "participant", "verdict", "foretold", "broke", "why");
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++) {
        const struct participant *p = &demo->participants[i];
        char foretold[16], broke[16];
        cell_second(demo, p->foretold_us, foretold);
        cell_second(demo, p->broke_us, broke);
        struct text line;
        text_start(&line);
        if (p->missing)
            text_printf(&line, "%-22s %-10s %-10s %-9s %s is not to be had on this machine", p->label,
                "missing", "-", "-", resolver_program(p->product));
        else
            text_printf(
                &line, "%-22s %-10s %-10s %-9s ", p->label, verdict_name(p->verdict), foretold, broke);
        if (!p->missing)
            text_add_safe(&line, p->summary ? p->summary : "");
        text_add(&line, "\n");
        say(line.string);
        text_free(&line);
    }
}

/* ---- signals alone ---- */

/* One that took part, with what both sides say of it. */
struct said {
    const struct participant *participant;
    struct demo_word *word;
};

/* Whether the signals tell what the platform found; a class that leaves it open does not. */
static bool is_settled(const struct said *said)
{
    const char *class = said->word->class;
    enum verdict verdict = said->participant->verdict;
    return class && ((strcmp(class, "ready") == 0 && verdict == VERDICT_READY) ||
                        (strcmp(class, "old-only") == 0 && verdict == VERDICT_NOT_READY));
}

static void add_said(struct text *text, const struct said *said)
{
    const struct participant *p = said->participant;
    text_printf(text, "%-22s %-10s %-14s %s: ", p->label, said->word->address,
        said->word->class ? said->word->class : "not seen", verdict_name(p->verdict));
    text_add_safe(text, p->summary ? p->summary : "");
    text_add(text, "\n");
}

static void add_lesson(struct text *text, const struct said *all, size_t count)
{
    size_t open = 0, ready = 0, broke = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_open = !is_settled(&all[i]);
        open += is_open;
        ready += is_open && all[i].participant->verdict == VERDICT_READY;
        broke += is_open && all[i].participant->broke_us != 0;
    }
    text_printf(text, "Signals alone settle %zu of %zu", count - open, count);
    if (open)
        text_printf(text, "; of the other %zu, which they cannot tell apart, %zu followed and %zu broke",
            open, ready, broke);
    text_add(text,
        ".\nBIND signals once a day, so never within a roll of minutes; Unbound whenever it fetches the "
        "zone's "
        "keys.\nThe verdicts rest on what each resolver did in a zone of its own: when it refreshed, and "
        "whether proofs went through.\n");
}

/* Each with the address that it asks from; those that are missing, or have none of their own, are left out.
 */
static size_t who_took_part(
    const struct demo *demo, struct said said[DEMO_PARTICIPANTS], struct demo_word words[DEMO_PARTICIPANTS])
{
    size_t count = 0;
    for (size_t i = 0; i < DEMO_PARTICIPANTS; i++)
        if (!demo->participants[i].missing && *demo->participants[i].source) {
            words[count] = (struct demo_word){.address = demo->participants[i].source};
            said[count] = (struct said){&demo->participants[i], &words[count]};
            count++;
        }
    return count;
}

void tell_report(const struct demo *demo)
{
    struct said said[DEMO_PARTICIPANTS];
    struct demo_word words[DEMO_PARTICIPANTS];
    struct err_note note = {""};
    struct text text;
    size_t count = who_took_part(demo, said, words);
    text_start(&text);
    text_add(&text, "\nBy signals alone (RFC 8145), all that the owner of a key has of those who did not "
                    "enrol:\n\n");
    int rc = demo->config.report(demo->config.context, demo->roll_id, words, count, &text, &note);
    if (rc) {
        tell(demo, "report", "cannot be made: %s", note.text);
    } else {
        text_printf(
            &text, "\n%-22s %-10s %-14s %s\n", "participant", "asks from", "by signals", "proved here");
        for (size_t i = 0; i < count; i++)
            add_said(&text, &said[i]);
        text_add(&text, "\n");
        add_lesson(&text, said, count);
        say(text.string);
    }
    text_free(&text);
}
