/* delv, unbound-host and drill: validators that are run for one question. Their anchors are what a file says
 * on the day. delv and drill ask a resolver, and check what it gives; unbound-host resolves by itself. */
#include "app/lab/products/product_inside.h"

#include <string.h>

/* What the output says, by the first text that is found in it. */
struct phrase {
    const char *text;
    enum evidence_answer answer;
};

static enum evidence_answer first_phrase(
    const char *output, const struct phrase *phrases, size_t count, enum evidence_answer other)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(output, phrases[i].text))
            return phrases[i].answer;
    return other;
}

static void add_file(struct draft *draft, struct product_words *words, const char *name, struct text *text)
{
    product_word(words, draft_add_text(draft, name, text));
}

/* ---- delv ---- */

static int delv_ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    struct text text;
    (void)start;
    (void)note;
    text_start(&text);
    product_anchors(draft->setup, false, &text);
    product_word(words, "-a");
    add_file(draft, words, "anchors", &text);
    product_word(words, "+root=.");
    product_word(words, draft_string(draft, "@%s", draft->setup->forward_to));
    product_word(words, "-t");
    product_word(words, "A");
    return 0;
}

static enum evidence_answer delv_answer(const char *output, int code)
{
    static const struct phrase phrases[] = {
        {"; fully validated", ANSWER_AD},
        {"; unsigned answer", ANSWER_NO_AD},
        {"timed out", ANSWER_TIMEOUT},
        {"connection refused", ANSWER_TIMEOUT},
        {"ncache", ANSWER_OTHER}, /* there is no such name, or no such record */
        {"resolution failed", ANSWER_SERVFAIL},
    };
    (void)code;
    return first_phrase(output, phrases, sizeof phrases / sizeof *phrases, ANSWER_OTHER);
}

const struct product_functions product_delv = {.ours = delv_ours, .answer = delv_answer};

/* ---- unbound-host ---- */

static int unbound_host_ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    const struct lab_setup *setup = draft->setup;
    struct text text;
    (void)start;
    (void)note;
    text_start(&text);
    text_printf(&text,
        "server:\n    do-ip6: no\n    do-not-query-localhost: no\n    module-config: \"validator iterator\"\n"
        "    root-hints: \"%s\"\n",
        product_hints(draft));
    for (size_t i = 0; i < setup->anchor_count; i++)
        text_printf(&text, "    trust-anchor: \". DS %s\"\n", setup->anchors[i].ds);
    product_word(words, "-v");
    product_word(words, "-t");
    product_word(words, "A");
    product_word(words, "-C");
    add_file(draft, words, "unbound.conf", &text);
    return 0;
}

static enum evidence_answer unbound_host_answer(const char *output, int code)
{
    static const struct phrase phrases[] = {
        {"(BOGUS", ANSWER_SERVFAIL},
        {"SERVFAIL", ANSWER_SERVFAIL},
        {"not found", ANSWER_OTHER},
        {"has no address", ANSWER_OTHER},
        {"(secure)", ANSWER_AD},
        {"(insecure)", ANSWER_NO_AD},
    };
    (void)code;
    return first_phrase(output, phrases, sizeof phrases / sizeof *phrases, ANSWER_OTHER);
}

const struct product_functions product_unbound_host = {
    .ours = unbound_host_ours, .answer = unbound_host_answer};

/* ---- drill ---- */

static int drill_ours(
    struct draft *draft, struct product_words *words, struct lab_start *start, struct err_note *note)
{
    struct text text;
    (void)start;
    (void)note;
    text_start(&text);
    for (size_t i = 0; i < draft->setup->anchor_count; i++)
        text_printf(&text, ". IN DNSKEY %s\n", draft->setup->anchors[i].dnskey);
    product_word(words, "-S");
    product_word(words, "-a"); /* by TCP where an answer is truncated, as the root's keys are during a roll */
    product_word(words, "-k");
    add_file(draft, words, "anchors", &text);
    product_word(words, draft_string(draft, "@%s", draft->setup->forward_to));
    product_word(words, "A");
    return 0;
}

static enum evidence_answer drill_answer(const char *output, int code)
{
    static const struct phrase phrases[] = {
        {";; Chase successful", ANSWER_AD}, {"<no data>", ANSWER_NO_AD}, /* nothing of it is signed */
    };
    (void)code;
    return first_phrase(output, phrases, sizeof phrases / sizeof *phrases, ANSWER_SERVFAIL);
}

const struct product_functions product_drill = {.ours = drill_ours, .answer = drill_answer};
