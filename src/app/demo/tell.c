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
