/* The idea: walk from the apex towards the name, one hash look-up for each label, until a name is missing, a
 * delegation is met or the name is reached. What then has to be said lies ready as a piece (pieces.c); it is
 * copied behind the question. */
#include "core/zone/answer.h"

#include "core/zone/late.h"

void answer_piece(struct answer *answer, const struct piece *piece, uint16_t owner)
{
    size_t length = piece->length;
    uint16_t additional = piece->records[SECTION_ADDITIONAL];
    if (answer->used + length > answer->room) {
        length = piece->kept_length;
        additional = piece->kept_additional;
    }
    if (answer->used + length > answer->room) {
        answer->truncated = true;
        return;
    }
    piece_write(piece, length, answer->out + answer->used, answer->used, answer->query->length, owner);
    answer->used += length;
    answer->records[SECTION_ANSWER] =
        (uint16_t)(answer->records[SECTION_ANSWER] + piece->records[SECTION_ANSWER]);
    answer->records[SECTION_AUTHORITY] =
        (uint16_t)(answer->records[SECTION_AUTHORITY] + piece->records[SECTION_AUTHORITY]);
    answer->records[SECTION_ADDITIONAL] = (uint16_t)(answer->records[SECTION_ADDITIONAL] + additional);
}

void answer_render_start(const struct answer *answer, struct render *render)
{
    render_message(render, answer->out, answer->used, answer->room, answer->query);
}

void answer_render(struct answer *answer, const struct render *render)
{
    if (render->out.full) {
        answer->truncated = true;
        return;
    }
    answer->used = writer_used(&render->out);
    for (size_t i = 0; i < SECTIONS; i++)
        answer->records[i] = (uint16_t)(answer->records[i] + render->records[i]);
}

/* What a name that is there, or the wildcard that stands for it, has of the type. */
static void find_type(const struct view_node *node, uint16_t type, struct found *found)
{
    found->node = node;
    found->what = FOUND_SET;
    if (type == RR_ANY && node->set_count) {
        found->set = &node->sets[0]; /* RFC 8482 §4.1: one set is enough of an answer */
        return;
    }
    if (type == RR_NSEC && node->nsec.count && !(found->expanded && node->flags & NODE_LATE)) {
        found->set = &node->nsec;
        return;
    }
    found->set = node_set(node, type);
    if (found->set)
        return;
    found->set = type == RR_RRSIG ? NULL : node_set(node, RR_CNAME);
    found->what = found->set ? FOUND_CNAME : FOUND_NODATA;
    if (type == RR_RRSIG && node->set_count && node->sets[0].signature_count) {
        found->set = &node->sets[0];
        found->what = FOUND_SET;
    }
}

void answer_find(const struct zone_view *view, struct look *look, uint16_t type, struct found *found)
{
    const struct view_node *node = view->apex;
    unsigned depth = view->apex_labels;
    *found = (struct found){0};
    while (depth < look->labels) {
        size_t from = look_suffix(look, depth + 1);
        const struct view_node *child =
            view_find(view, look_hash(look, depth + 1), look->name + from, look->length - from);
        if (!child)
            break;
        node = child;
        depth++;
        if (node->flags & NODE_DELEGATION && !(depth == look->labels && type == RR_DS)) {
            found->what = FOUND_REFERRAL;
            found->node = node;
            return;
        }
    }
    found->encloser = node;
    if (depth == look->labels) {
        find_type(node, type, found);
        return;
    }
    if (!node->wildcard || node->flags & NODE_DELEGATION) {
        found->what = FOUND_NXDOMAIN;
        return;
    }
    found->expanded = true;
    find_type(node->wildcard, type, found);
}

/* RRSIG or NSEC asked for directly: no piece is kept for that. */
static void add_direct(struct answer *answer, const struct zone_view *view, const struct found *found)
{
    bool signatures = answer->query->type == RR_RRSIG;
    struct render render;
    answer_render_start(answer, &render);
    struct render_set set = {.by = OWNER_QUESTION,
        .type = RR_NSEC,
        .ttl = found->set->ttl,
        .rdata = found->set->rdata,
        .count = 1};
    if (!signatures)
        render_set(&render, SECTION_ANSWER, &set);
    set.type = RR_RRSIG;
    set.rdata = found->set->signature;
    set.count = found->set->signature_count;
    if (signatures || answer->secure)
        render_set(&render, SECTION_ANSWER, &set);
    answer_render(answer, &render);
}

static void add_set(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    uint16_t type = answer->query->type;
    if (found->set == &found->node->nsec && found->node->flags & NODE_LATE)
        late_give_nsec(answer, view, found->node);
    else if (type == RR_RRSIG || type == RR_NSEC)
        add_direct(answer, view, found);
    else
        answer_piece(answer, &found->set->piece[answer->secure], 0);
    if (found->expanded)
        deny_closer(answer, view, look, found->encloser);
}

void answer_found(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    answer->authoritative = true;
    switch (found->what) {
    case FOUND_SET:
        add_set(answer, view, look, found);
        break;
    case FOUND_CNAME:
        answer_chase(answer, view, look, found);
        break;
    case FOUND_NODATA:
        if (found->expanded)
            deny_wildcard_type(answer, view, look, found);
        else
            deny_type(answer, view, found->node);
        break;
    case FOUND_NXDOMAIN:
        answer->rcode = RCODE_NXDOMAIN;
        deny_name(answer, view, look, found);
        break;
    case FOUND_REFERRAL:
        answer->authoritative = false;
        answer_piece(answer, &found->node->referral[answer->secure], 0);
        break;
    }
}

void answer_view(struct answer *answer, const struct zone_view *view, struct look *look)
{
    struct found found;
    answer->secure = answer->query->dnssec_ok && view->secure;
    answer_find(view, look, answer->query->type, &found);
    answer_found(answer, view, look, &found);
}
