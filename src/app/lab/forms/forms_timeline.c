/* Lanes over one calendar, a column for a day or several: in each column the worst of its days. Below them in
 * words what has no room in a column. */
#include "app/lab/forms/forms_days.h"
#include "app/lab/forms/forms_inside.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL = 10,
    LEAST_BAR = 20,
    MOST_BAR = 120,
    INDENT = 2,
    MOST_SIGNALS = 6,
    MOST_EVENTS = 8,
    LEVELS = 9
};

struct lanes {
    const struct forms_run *run;
    const struct forms_days *days;
    struct forms_screen screen;
    size_t bar;
    struct text *text;
};

struct sign {
    const char *utf8, *ascii, *color, *meaning;
};

static const struct sign answers[REHEARSAL_ANSWERS + 1] = {
    [REHEARSAL_AD] = {"A", "A", "33", "AD"},
    [REHEARSAL_PLAIN] = {"o", "o", "33", "no AD"},
    [REHEARSAL_ODD] = {"?", "?", "33", "another answer"},
    [REHEARSAL_SERVFAIL] = {"X", "X", "31", "SERVFAIL"},
    [REHEARSAL_NOTHING] = {"_", "_", "31", "no answer"},
    [FORMS_NO_LOOK] = {" ", " ", "0", NULL},
};
static const struct sign good = {"─", "-", "32", "they should (AD; SERVFAIL for a bogus name)"};
static const struct sign states[RFC5011_STATES] = {
    [RFC5011_START] = {"·", ".", "2", "key not known"},
    [RFC5011_ADD_PEND] = {"p", "p", "36", "AddPend"},
    [RFC5011_VALID] = {"V", "V", "32", "Valid"},
    [RFC5011_MISSING] = {"m", "m", "33", "Missing"},
    [RFC5011_REVOKED] = {"R", "R", "31", "Revoked"},
    [RFC5011_REMOVED] = {"·", ".", "2", NULL},
};

static void add_sign(struct forms_screen screen, const struct sign *sign, struct text *text)
{
    const char *letter = screen.utf8 ? sign->utf8 : sign->ascii;
    if (screen.color)
        text_printf(text, "\x1b[%sm%s\x1b[0m", sign->color, letter);
    else
        text_add(text, letter);
}

/* ---- columns ---- */

static size_t first_day(const struct lanes *l, size_t column)
{
    return column * l->days->count / l->bar;
}

static int64_t end_of(const struct lanes *l, size_t column)
{
    return l->days->first_us + (int64_t)first_day(l, column + 1) * UTC_DAY;
}

static void add_label(const struct lanes *l, const char *label)
{
    text_printf(l->text, "%*s%-*s", INDENT, "", LABEL, label);
}

static void add_answers(const struct lanes *l, const char *label, enum forms_name name)
{
    add_label(l, label);
    for (size_t c = 0; c < l->bar; c++) {
        uint8_t worst = FORMS_NO_LOOK;
        for (size_t day = first_day(l, c); day < first_day(l, c + 1); day++)
            worst = forms_days_worse(name, worst, l->days->days[day].worst[name]);
        bool well = worst != FORMS_NO_LOOK && forms_days_good(name, worst);
        add_sign(l->screen, well ? &good : &answers[worst], l->text);
    }
    text_add(l->text, "\n");
}

static void add_states(const struct lanes *l, uint16_t tag)
{
    char label[LABEL];
    snprintf(label, sizeof label, "%u", tag);
    add_label(l, label);
    for (size_t c = 0; c < l->bar; c++)
        add_sign(l->screen, &states[forms_state_at(l->run, tag, end_of(l, c) - 1)], l->text);
    text_add(l->text, "\n");
}

/* Powers of two: a storm and what was before it can both be seen. */
static void add_fetches(const struct lanes *l)
{
    static const char *const utf8[LEVELS] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[LEVELS] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    add_label(l, "DNSKEY/d");
    for (size_t c = 0; c < l->bar; c++) {
        uint32_t most = 0;
        for (size_t day = first_day(l, c); day < first_day(l, c + 1); day++)
            most = l->days->days[day].fetches > most ? l->days->days[day].fetches : most;
        size_t level = 0;
        for (; most && level + 1 < LEVELS; most /= 2)
            level++;
        text_add(l->text, l->screen.utf8 ? utf8[level] : ascii[level]);
    }
    text_printf(l->text, "\n");
}

static void add_calendar(const struct lanes *l)
{
    struct text from, to;
    text_start(&from);
    text_start(&to);
    forms_add_date(&from, l->run->schedule->from_us);
    forms_add_date(&to, l->run->schedule->to_us);
    size_t gap = l->bar > from.length + to.length ? l->bar - from.length - to.length : 1;
    add_label(l, "");
    text_printf(l->text, "%s%*s%s\n", from.string, (int)gap, "", to.string);
    text_free(&from);
    text_free(&to);
}

/* ---- marks ---- */

static char mark_of(size_t number)
{
    static const char marks[] = "123456789abcdefghijklmnopqrstuvwxyz";
    return number < sizeof marks - 1 ? marks[number] : '*';
}

static void add_marks(const struct lanes *l, const struct forms_mark *marks, size_t count)
{
    size_t at = 0;
    add_label(l, "steps");
    for (size_t i = 0; i < count; i++) {
        size_t column = (size_t)(forms_share(l->run, marks[i].at_us) * (double)l->bar);
        column = column < at ? at : column; /* one behind the other where there is no room */
        if (column >= l->bar)
            break;
        text_printf(l->text, "%*s%c", (int)(column - at), "", mark_of(i));
        at = column + 1;
    }
    text_add(l->text, "\n");
}

/* A line of words with its label, wrapped. */
static void add_line(const struct lanes *l, const char *label, struct text *words)
{
    add_label(l, label);
    size_t columns = l->screen.columns > INDENT + LABEL + 20 ? l->screen.columns - INDENT - LABEL : 20;
    struct text wrapped;
    text_start(&wrapped);
    text_add_wrapped(&wrapped, words, 0, columns);
    for (const char *at = wrapped.string, *end; *at; at = end) { /* later lines stand below the first */
        end = strchr(at, '\n') + 1;
        if (at != wrapped.string)
            text_printf(l->text, "%*s", INDENT + LABEL, "");
        text_add_bytes(l->text, at, (size_t)(end - at));
    }
    l->text->failed |= wrapped.failed;
    text_free(&wrapped);
}

static void add_steps(const struct lanes *l, const struct forms_mark *marks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text words, safe;
        text_start(&words);
        text_start(&safe);
        text_printf(&words, "%c ", mark_of(i));
        forms_add_date(&words, marks[i].at_us);
        text_add(&words, " ");
        forms_add_mark(&words, l->run, &marks[i]);
        text_add_safe(&safe, words.string);
        text_free(&words);
        add_line(l, "", &safe);
    }
}

/* ---- in words ---- */

static void add_signals(const struct lanes *l)
{
    struct forms_signals signals;
    size_t at = 0, told = 0, more = 0;
    while (forms_next_signals(l->run->evidence, &at, &signals)) {
        struct text words;
        if (told == MOST_SIGNALS) {
            more++;
            continue;
        }
        text_start(&words);
        forms_add_signals(&words, &signals);
        add_line(l, told++ ? "" : "signals", &words);
    }
    if (more)
        text_printf(l->text, "%*sand %zu more\n", INDENT + LABEL, "", more);
    if (!told) {
        add_label(l, "signals");
        text_add(l->text, "none\n");
    }
}

static bool is_told(const struct rehearsal_event *event)
{
    return event->what != REHEARSAL_STARTED && event->what != REHEARSAL_STOPPED &&
           event->what != REHEARSAL_STEP;
}

static void add_events(const struct lanes *l)
{
    const struct rehearsal_evidence *evidence = l->run->evidence;
    size_t told = 0, more = 0;
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct rehearsal_event *event = &evidence->events[i];
        struct text words;
        char when[UTC_TEXT];
        if (!is_told(event) || told == MOST_EVENTS) {
            more += is_told(event);
            continue;
        }
        text_start(&words);
        text_printf(&words, "%s %s", utc_format(event->at_us - event->at_us % UTC_SECOND, when),
            rehearsal_what_name((enum rehearsal_what)event->what));
        if (event->text[0]) {
            text_add(&words, ": ");
            text_add_safe(&words, event->text);
        }
        add_line(l, told++ ? "" : "program", &words);
    }
    if (more)
        text_printf(l->text, "%*sand %zu more\n", INDENT + LABEL, "", more);
}

static void add_findings(const struct lanes *l)
{
    const struct rehearsal_result *result = l->run->result;
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct verdict_finding *finding = &result->findings[i];
        const char *parts[] = {finding->text, finding->means, finding->mend ? "To do:" : NULL, finding->mend};
        struct text words;
        text_start(&words);
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            if (!parts[p])
                continue;
            text_add(&words, p ? " " : "");
            text_add_safe(&words, parts[p]);
        }
        add_line(l, finding->rule, &words);
    }
}

/* ---- all of it ---- */

static void add_head(const struct lanes *l)
{
    static const char *const colors[] = {[VERDICT_READY] = "32",
        [VERDICT_AT_RISK] = "33",
        [VERDICT_NOT_READY] = "31",
        [VERDICT_UNKNOWN] = "35"};
    const struct forms_run *run = l->run;
    struct text label;
    const char *verdict = verdict_name(run->result->verdict);
    text_start(&label);
    forms_add_label(&label, run);
    text_add_safe(l->text, label.string);
    text_add(l->text, ", ");
    text_add_safe(l->text, run->schedule->scenario->name);
    if (l->screen.color)
        text_printf(l->text, ": \x1b[%sm%s\x1b[0m\n", colors[run->result->verdict], verdict);
    else
        text_printf(l->text, ": %s\n", verdict);
    l->text->failed |= label.failed;
    text_free(&label);
}

static void add_lanes(const struct lanes *l)
{
    struct forms_mark marks[FORMS_MOST_MARKS];
    uint16_t tags[FORMS_MOST_TAGS];
    size_t mark_count = forms_marks(l->run, marks), tag_count = forms_tags(l->run, tags);
    add_calendar(l);
    add_marks(l, marks, mark_count);
    add_answers(l, "signed", FORMS_SIGNED);
    if (l->days->bad[FORMS_BOGUS])
        add_answers(l, "bogus", FORMS_BOGUS);
    if (l->days->bad[FORMS_UNSIGNED])
        add_answers(l, "unsigned", FORMS_UNSIGNED);
    for (size_t i = 0; i < tag_count; i++)
        add_states(l, tags[i]);
    add_fetches(l);
    add_steps(l, marks, mark_count);
}

int forms_timeline(
    const struct forms_run *run, struct forms_screen screen, struct arena *arena, struct text *text)
{
    struct forms_days days;
    int err = forms_days_make(run->evidence, run->schedule->from_us, run->schedule->to_us, arena, &days);
    if (err)
        return err;
    size_t room = screen.columns > INDENT + LABEL ? screen.columns - INDENT - LABEL : 0;
    size_t bar = room < LEAST_BAR ? LEAST_BAR : room > MOST_BAR ? MOST_BAR : room;
    const struct lanes lanes = {run, &days, screen, bar < days.count ? bar : days.count, text};
    add_head(&lanes);
    if (run->evidence->look_count || run->evidence->fetch_count) {
        add_lanes(&lanes);
        add_signals(&lanes);
    }
    add_events(&lanes);
    add_findings(&lanes);
    return 0;
}

void forms_timeline_legend(struct forms_screen screen, struct text *text)
{
    struct text words;
    text_start(&words);
    text_add(&words, "Each column shows the worst of its days. Users got ");
    add_sign(screen, &good, &words);
    text_printf(&words, " what %s, ", good.meaning);
    for (int i = REHEARSAL_PLAIN; i < REHEARSAL_ANSWERS; i++) {
        add_sign(screen, &answers[i], &words);
        text_printf(&words, " %s%s", answers[i].meaning, i + 1 < REHEARSAL_ANSWERS ? ", " : ";");
    }
    text_add(&words, " its own state said ");
    for (int i = 0; i < RFC5011_REMOVED; i++) {
        add_sign(screen, &states[i], &words);
        text_printf(&words, " %s%s", states[i].meaning, i + 1 < RFC5011_REMOVED ? ", " : ".");
    }
    text_add(&words, " DNSKEY/d: queries a day, each step twice as many.");
    text_add_wrapped(text, &words, INDENT, screen.columns);
}
