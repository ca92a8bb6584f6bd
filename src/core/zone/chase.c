/* The idea: the answer section of a chain of CNAMEs is written in place, step by step, and what must be
 * proved about each step is remembered for the authority section behind it. A chain ends where a name has the
 * type, is absent, leaves the zone, comes back to itself or grows too long. */
#include "core/zone/answer.h"

enum { CHASE_MOST = 8 };

struct step {
    struct look look;
    struct found found;
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM];
    uint8_t label[MESSAGE_MAX_LABELS + 1];
};

static void write_step(
    const struct answer *answer, struct render *render, const struct look *look, const struct view_set *set)
{
    struct render_set records = {.by = OWNER_NAME,
        .owner = look->name,
        .owner_length = look->length,
        .type = set->type,
        .ttl = set->ttl,
        .rdata = set->rdata,
        .count = set->count};
    render_set(render, SECTION_ANSWER, &records);
    if (!answer->secure)
        return;
    records.type = RR_RRSIG;
    records.rdata = set->signature;
    records.count = set->signature_count;
    render_set(render, SECTION_ANSWER, &records);
}

/* Prepares the step to a CNAME's target. False if it leads out of the zone. */
static bool step_to(
    const struct zone_view *view, const struct rdata *target, uint16_t type, struct step *step)
{
    size_t apex = view->apex_length;
    memset(step->name + target->length, 0, HASH_ROOM);
    memcpy(step->name, target->bytes, target->length);
    unsigned labels = view_labels(step->name, step->label);
    if (labels < view->apex_labels ||
        memcmp(step->name + step->label[labels - view->apex_labels], view->apex->name, apex) != 0)
        return false;
    look_start(&step->look, step->name, (uint8_t)target->length, step->label, labels);
    answer_find(view, &step->look, type, &step->found);
    return true;
}

/* Whether an earlier step had this name: RFC 1034 §3.6.2 wants loops noticed. */
static bool seen(const struct look *first, const struct step *steps, size_t count)
{
    const struct look *last = &steps[count - 1].look;
    if (last->length == first->length && !memcmp(last->name, first->name, first->length))
        return true;
    for (size_t i = 0; i + 1 < count; i++)
        if (steps[i].look.length == last->length && !memcmp(steps[i].name, last->name, last->length))
            return true;
    return false;
}

/* The proofs of one step, behind the answer section. */
static void finish_step(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    bool authoritative = answer->authoritative; /* AA is about the first name (RFC 1035 §4.1.1) */
    if (found->what == FOUND_SET || found->what == FOUND_CNAME) {
        if (found->expanded)
            deny_closer(answer, view, look, found->encloser);
    } else if (found->what == FOUND_REFERRAL) { /* its piece is for questions below it */
        struct render render;
        answer_render_start(answer, &render);
        referral_render(&render, view, found->node, answer->secure);
        answer_render(answer, &render);
    } else {
        answer_found(answer, view, look, found);
    }
    answer->authoritative = authoritative;
}

void answer_chase(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    struct step steps[CHASE_MOST];
    struct render render;
    size_t count = 0;
    answer_render_start(answer, &render);
    write_step(answer, &render, look, found->set);
    const struct view_set *cname = found->set;
    while (count < CHASE_MOST && step_to(view, &cname->rdata[0], answer->query->type, &steps[count])) {
        struct step *step = &steps[count++];
        bool more = step->found.what == FOUND_SET || step->found.what == FOUND_CNAME;
        if (seen(look, steps, count)) {
            count--;
            break;
        }
        if (more)
            write_step(answer, &render, &step->look, step->found.set);
        if (step->found.what != FOUND_CNAME)
            break;
        cname = step->found.set;
    }
    answer_render(answer, &render);
    finish_step(answer, view, look, found);
    for (size_t i = 0; i < count; i++)
        finish_step(answer, view, &steps[i].look, &steps[i].found);
}
