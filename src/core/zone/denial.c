/* The idea: what proves an absence is one or two NSEC records of names that are known when the view is made,
 * or found by one binary search. Their owner is written with as much of the question's name as they share;
 * the rest is a piece. */
#include "core/zone/answer.h"

#include "core/zone/late.h"

/* Writes an NSEC's owner; returns the pointer to it for the records that follow, 0 if there is no room. */
static uint16_t write_owner(
    struct answer *answer, const struct zone_view *view, const struct view_node *node, size_t need)
{
    const struct message_query *query = answer->query;
    uint8_t label[MESSAGE_MAX_LABELS + 1];
    unsigned labels = view_labels(node->name, label), shared = view->apex_labels;
    unsigned most = labels < query->labels ? labels : query->labels;
    while (shared < most) {
        const uint8_t *ours = node->name + label[labels - shared - 1];
        const uint8_t *theirs = query->name + query->label[query->labels - shared - 1];
        if (*ours != *theirs || memcmp(ours, theirs, 1U + *ours) != 0)
            break;
        shared++;
    }
    size_t literal = label[labels - shared];
    uint16_t pointer = (uint16_t)(RENDER_POINTER | (MESSAGE_HEADER + query->label[query->labels - shared]));
    if (answer->used + literal + 2 + need > answer->room) {
        answer->truncated = true;
        return 0;
    }
    uint8_t *at = answer->out + answer->used;
    uint16_t owner = literal ? (uint16_t)(RENDER_POINTER | answer->used) : pointer;
    memcpy(at, node->name, literal);
    at += literal;
    if (shared) {
        bytes_put_u16(at, pointer);
        at += 2;
    } else {
        *at++ = 0;
    }
    answer->used = (size_t)(at - answer->out);
    return owner;
}

static void add_nsec(struct answer *answer, const struct zone_view *view, const struct view_node *node)
{
    const struct piece *piece = &node->nsec.piece[SECURE];
    uint16_t owner = write_owner(answer, view, node, piece->length);
    if (owner)
        answer_piece(answer, piece, owner);
}

static const struct view_node *covering(const struct zone_view *view, const struct look *look)
{
    uint8_t key[VIEW_MAX_KEY + 8];
    return view_before(view, key, view_key(look->name, look->label, look->labels, view->apex_labels, key));
}

void deny_negative(struct answer *answer, const struct zone_view *view)
{
    answer_piece(answer, &view->negative[answer->secure], 0);
}

/* `encloser`: a name that the question's name, or that of a CNAME's target, ends with. */
static void deny_below(struct answer *answer, const struct zone_view *view, const struct view_node *encloser)
{
    const struct piece *negative = answer->records[SECTION_ANSWER] ? view->negative : encloser->negative;
    answer_piece(answer, &negative[answer->secure], 0);
}

void deny_type(struct answer *answer, const struct zone_view *view, const struct view_node *node)
{
    deny_below(answer, view, node);
    if (!answer->secure)
        return;
    if (node->before->flags & NODE_LATE)
        late_deny_type(answer, view, node);
    else
        add_nsec(answer, view, node->before);
}

void deny_name(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    deny_below(answer, view, found->encloser);
    if (!answer->secure)
        return;
    const struct view_node *cover = covering(view, look);
    if (cover->flags & NODE_LATE)
        late_deny_closer(answer, view, look, found->encloser);
    else
        add_nsec(answer, view, cover);
    if (found->encloser->before_wildcard != cover || cover->flags & NODE_LATE)
        deny_wildcard(answer, view, found->encloser);
}

void deny_wildcard(struct answer *answer, const struct zone_view *view, const struct view_node *encloser)
{
    const struct view_node *before = encloser->before_wildcard;
    if (before->flags & NODE_LATE)
        late_deny_wildcard(answer, view, encloser);
    else
        add_nsec(answer, view, before);
}

void deny_closer(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct view_node *encloser)
{
    if (!answer->secure)
        return;
    const struct view_node *cover = covering(view, look);
    if (cover->flags & NODE_LATE)
        late_deny_closer(answer, view, look, encloser);
    else
        add_nsec(answer, view, cover);
}

void deny_wildcard_type(
    struct answer *answer, const struct zone_view *view, struct look *look, const struct found *found)
{
    const struct view_node *wildcard = found->node, *encloser = found->encloser;
    deny_type(answer, view, wildcard);
    if (!answer->secure)
        return;
    const struct view_node *cover = covering(view, look);
    if (cover->flags & NODE_LATE)
        late_deny_closer(answer, view, look, encloser);
    else if (cover != wildcard->before)
        add_nsec(answer, view, cover);
}
