/* The idea: what is made at the moment is written in place and signed with the keys of the view, in the
 * view's own window. Which of the view's NSEC records must stay in the drawer is decided when it is made:
 *   - a participant's zone has fences: the names "k-" and "k0" (and likewise gap, proof) stand around the
 * names made at the moment, so that only the NSEC from one fence to the other covers any, and all other
 * denials come from the chain;
 *   - in the probe zone anything directly below the apex may be a nonce, so that only an NSEC between two
 * names below one other name is handed out. */
#include "core/zone/late.h"

#include "core/zone/nsec.h"

struct late_signer late_signer_of(const struct zone_view *view)
{
    return (struct late_signer){.name = view->signers->apex,
        .key = view->signers->zone,
        .count = view->signers->zone_count,
        .window = view->signers->windows.rest};
}

static bool is_fence(const struct view_node *node)
{
    static const char *const fences[] = {"gap-", "k-", "proof-"};
    for (size_t i = 0; i < sizeof fences / sizeof *fences; i++)
        if (node->name[0] == strlen(fences[i]) && !memcmp(node->name + 1, fences[i], node->name[0]))
            return true;
    return false;
}

/* Whether both names are directly below one other name that is not the apex. */
static bool same_parent(const struct zone_view *view, const struct view_node *a, const struct view_node *b)
{
    if (a->labels != b->labels || a->labels < view->apex_labels + 2U)
        return false;
    const uint8_t *x = a->name + 1 + a->name[0], *y = b->name + 1 + b->name[0];
    size_t length = (size_t)(a->name + a->length - x);
    return length == (size_t)(b->name + b->length - y) && !memcmp(x, y, length);
}

int late_prepare(struct zone_view *view, struct err_note *note)
{
    if (view->kind == ZONE_PLAIN)
        return 0;
    if (!view->secure || !view->extras->child_key || !view->extras->child_key->private_key)
        return err_set(
            note, ERR_CONFIG, "a zone with names made at the moment needs a plan and a key for its children");
    for (size_t i = 0; i < view->order.count; i++) {
        struct view_node *node = view->order.node[i];
        bool late = view->kind == ZONE_PARTICIPANT ? node->labels == view->apex_labels + 1U && is_fence(node)
                                                   : !same_parent(view, node, node->next);
        if (late)
            node->flags |= NODE_LATE;
    }
    return 0;
}

bool late_answer(struct answer *answer, const struct zone_view *view, struct look *look)
{
    if (look->labels == view->apex_labels)
        return false;
    answer->secure = answer->query->dnssec_ok;
    return view->kind == ZONE_PARTICIPANT ? participant_answer(answer, view, look)
                                          : probe_answer(answer, view, look);
}

void late_suffix(const struct look *look, unsigned depth, struct name *ret_name)
{
    size_t from = look_suffix(look, depth);
    ret_name->length = (uint8_t)(look->length - from);
    memcpy(ret_name->wire, look->name + from, ret_name->length);
}

bool late_nonce(const uint8_t *label, const char *prefix, char ret[LATE_NONCE + 1])
{
    size_t length = label[0], skip = strlen(prefix);
    if (length <= skip || length > skip + LATE_NONCE || memcmp(label + 1, prefix, skip) != 0)
        return false;
    for (size_t i = 0; i < length - skip; i++) {
        uint8_t c = label[1 + skip + i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return false;
        ret[i] = (char)c;
    }
    ret[length - skip] = '\0';
    return true;
}

char late_gap(const uint8_t *label, char ret[LATE_NONCE + 1])
{
    uint8_t shorter[64];
    size_t length = label[0];
    if (length < 3 || label[length - 1] != '-' || label[length] < '0' || label[length] > '3')
        return 0;
    memcpy(shorter, label, length + 1);
    shorter[0] = (uint8_t)(length - 2);
    return late_nonce(shorter, "gap-", ret) ? (char)label[length] : 0;
}

void late_signatures(struct answer *answer, struct render *render, enum section section,
    const struct rrset *set, const struct name *shown, const struct late_signer *signer)
{
    const struct name *owner = shown ? shown : &set->owner;
    for (size_t i = 0; i < signer->count; i++) {
        uint8_t bytes[RRSIG_MAX_RDATA];
        size_t length;
        if (rrset_sign(set, signer->key[i], &signer->name, signer->window, bytes, &length, NULL)) {
            answer->rcode = RCODE_SERVFAIL;
            return;
        }
        struct rdata signature = {.bytes = bytes, .length = (uint16_t)length};
        struct render_set records = {.by = OWNER_NAME,
            .owner = owner->wire,
            .owner_length = owner->length,
            .type = RR_RRSIG,
            .ttl = set->ttl,
            .rdata = &signature,
            .count = 1};
        render_set(render, section, &records);
    }
}

void late_set(struct answer *answer, struct render *render, enum section section, const struct rrset *set,
    const struct name *shown, const struct late_signer *signer)
{
    const struct name *owner = shown ? shown : &set->owner;
    struct render_set records = {.by = OWNER_NAME,
        .owner = owner->wire,
        .owner_length = owner->length,
        .type = set->type,
        .ttl = set->ttl,
        .rdata = set->rdata,
        .count = set->count};
    render_set(render, section, &records);
    if (answer->secure)
        late_signatures(answer, render, section, set, shown, signer);
}

void late_nsec(struct answer *answer, enum section section, const struct late_nsec *nsec, uint32_t ttl,
    const struct late_signer *signer)
{
    uint16_t types[NODE_MAX_TYPES + 2];
    uint8_t bytes[NSEC_MAX_RDATA];
    memcpy(types, nsec->types, nsec->type_count * sizeof *types);
    size_t count = nsec_types(types, nsec->type_count);
    struct rdata rdata = {.bytes = bytes,
        .length = (uint16_t)nsec_rdata(nsec->next.wire, nsec->next.length, types, count, bytes)};
    struct rrset set = {
        .owner = nsec->owner, .type = RR_NSEC, .class = RR_CLASS_IN, .ttl = ttl, .count = 1, .rdata = &rdata};
    struct render render;
    answer_render_start(answer, &render);
    late_set(answer, &render, section, &set, NULL, signer);
    answer_render(answer, &render);
}

static void add_nsec(
    struct answer *answer, const struct zone_view *view, enum section section, const struct late_nsec *nsec)
{
    struct late_signer signer = late_signer_of(view);
    late_nsec(answer, section, nsec, view->extras->ttl_s, &signer);
}

void late_only(struct answer *answer, const struct zone_view *view, const struct rrset *set)
{
    uint16_t type = answer->query->type;
    struct late_signer signer = late_signer_of(view);
    struct render render;
    struct late_nsec nsec;
    narrow_match(&set->owner, &set->type, 1, &nsec);
    answer->authoritative = true;
    if (type == RR_NSEC) {
        add_nsec(answer, view, SECTION_ANSWER, &nsec);
    } else if (type == RR_RRSIG) {
        answer_render_start(answer, &render);
        late_signatures(answer, &render, SECTION_ANSWER, set, NULL, &signer);
        answer_render(answer, &render);
    } else if (type == set->type || type == RR_ANY || set->type == RR_CNAME) {
        answer_render_start(answer, &render);
        late_set(answer, &render, SECTION_ANSWER, set, NULL, &signer);
        answer_render(answer, &render);
    } else {
        deny_negative(answer, view);
        if (answer->secure)
            add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
    }
}

void late_nothing_below(
    struct answer *answer, const struct zone_view *view, const struct look *look, unsigned depth)
{
    struct late_nsec nsec;
    struct name above, wildcard, closer;
    answer->authoritative = true;
    answer->rcode = RCODE_NXDOMAIN;
    deny_negative(answer, view);
    if (!answer->secure)
        return;
    late_suffix(look, depth + 1, &closer);
    narrow_cover(&closer, &nsec);
    add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
    late_suffix(look, depth, &above);
    if (name_prepend("*", 1, &above, &wildcard)) {
        narrow_cover(&wildcard, &nsec);
        add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
    }
}

static void match_node(const struct view_node *node, struct late_nsec *ret_nsec)
{
    struct name name = {.length = node->length};
    uint16_t types[NODE_MAX_TYPES];
    memcpy(name.wire, node->name, node->length);
    narrow_match(&name, types, node_types(node, types), ret_nsec);
}

void late_deny_type(struct answer *answer, const struct zone_view *view, const struct view_node *node)
{
    struct late_nsec nsec;
    match_node(node, &nsec);
    add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
}

void late_give_nsec(struct answer *answer, const struct zone_view *view, const struct view_node *node)
{
    struct late_nsec nsec;
    match_node(node, &nsec);
    add_nsec(answer, view, SECTION_ANSWER, &nsec);
}

void late_deny_closer(struct answer *answer, const struct zone_view *view, const struct look *look,
    const struct view_node *encloser)
{
    struct late_nsec nsec;
    struct name closer;
    late_suffix(look, encloser->labels + 1U, &closer);
    narrow_cover(&closer, &nsec);
    if (name_labels(&nsec.owner) ==
        encloser->labels) /* \000.encloser: what stands before it is the encloser, which has types */
        nsec.type_count = node_types(encloser, nsec.types);
    add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
}

void late_deny_wildcard(struct answer *answer, const struct zone_view *view, const struct view_node *encloser)
{
    struct late_nsec nsec;
    struct name parent = {.length = encloser->length}, wildcard;
    memcpy(parent.wire, encloser->name, encloser->length);
    name_prepend("*", 1, &parent, &wildcard);
    narrow_cover(&wildcard, &nsec);
    add_nsec(answer, view, SECTION_AUTHORITY, &nsec);
}
