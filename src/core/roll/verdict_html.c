#include "core/roll/verdict_html.h"

const char *verdict_sign(enum verdict verdict)
{
    static const char *const signs[] = {
        [VERDICT_READY] = "\xe2\x9c\x93",
        [VERDICT_AT_RISK] = "\xe2\x96\xb2",
        [VERDICT_NOT_READY] = "\xe2\x9c\x95",
        [VERDICT_UNKNOWN] = "?",
    };
    return signs[verdict];
}

void verdict_html(struct text *out, enum verdict verdict)
{
    const char *word = verdict_name(verdict);
    text_printf(out, "<span class=\"v v-%s\"><span class=\"sign\" aria-hidden=\"true\">%s</span>%s</span>",
        word, verdict_sign(verdict), word);
}
