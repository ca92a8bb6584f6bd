/* The idea: whatever an answer can consist of is rendered here once, without DNSSEC records and with them:
 * the set of each name and type, the SOA of negative answers, the NSEC of each name, the referral of each
 * delegation with its glue. */
#include "core/zone/build.h"

static void add_set(struct render *render, enum section section, enum render_owner by,
    const struct view_node *owner, const struct view_set *set, uint32_t ttl)
{
    struct render_set records = {.by = by,
        .owner = owner->name,
        .owner_length = owner->length,
        .type = set->type,
        .ttl = ttl,
        .rdata = set->rdata,
        .count = set->count};
    render_set(render, section, &records);
}

static void add_signatures(struct render *render, enum section section, enum render_owner by,
    const struct view_node *owner, const struct view_set *set, uint32_t ttl)
{
    struct render_set records = {.by = by,
        .owner = owner->name,
        .owner_length = owner->length,
        .type = RR_RRSIG,
        .ttl = ttl,
        .rdata = set->signature,
        .count = set->signature_count};
    render_set(render, section, &records);
}

static struct view_node *target_node(const struct zone_view *view, const struct rdata *target)
{
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM] = {0}, label[MESSAGE_MAX_LABELS + 1];
    memcpy(name, target->bytes, target->length);
    unsigned labels = view_labels(name, label);
    return view_find(view, hash_name(name, label, labels), name, target->length);
}

static bool within(const struct view_node *node, const struct view_node *above)
{
    return node->length >= above->length &&
           !memcmp(node->name + node->length - above->length, above->name, above->length);
}

/* Addresses of name servers. RFC 9471 §3: those below the delegation itself must be there, or TC says that
 * they are not; others may go. */
static void add_addresses(struct render *render, const struct zone_view *view, const struct view_node *owner,
    const struct view_set *ns, bool in_domain)
{
    static const uint16_t types[] = {RR_A, RR_AAAA};
    bool delegation = owner->flags & NODE_DELEGATION;
    for (size_t i = 0; i < ns->count; i++) {
        struct view_node *node = target_node(view, &ns->rdata[i]);
        if (!node || (delegation && within(node, owner)) != in_domain)
            continue;
        for (size_t j = 0; j < 2; j++) {
            const struct view_set *set = node_set(node, types[j]);
            if (set)
                add_set(render, SECTION_ADDITIONAL, OWNER_NAME, node, set, set->ttl);
        }
    }
}

/* Where addresses follow the signatures, the shorter piece is no part of the longer one. */
static int name_servers(struct build *build, struct view_node *node, struct view_set *set)
{
    int rc = 0;
    for (unsigned secure = PLAIN; !rc && secure <= SECURE; secure++) {
        render_piece(&build->render, build->scratch, node->name, node->length, true);
        add_set(&build->render, SECTION_ANSWER, OWNER_NAME, node, set, set->ttl);
        if (secure)
            add_signatures(&build->render, SECTION_ANSWER, OWNER_NAME, node, set, set->ttl);
        render_optional(&build->render);
        add_addresses(&build->render, build->view, node, set, false);
        rc = render_done(&build->render, build->view->arena, &set->piece[secure]);
    }
    return rc;
}

static int positive(struct build *build, struct view_node *node, struct view_set *set)
{
    bool wildcard = node->flags & NODE_WILDCARD;
    enum render_owner by = wildcard ? OWNER_QUESTION : OWNER_NAME;
    const uint8_t skip = wildcard ? 2 : 0;
    int rc;
    if (set->type == RR_NS) {
        rc = name_servers(build, node, set);
    } else {
        render_piece(
            &build->render, build->scratch, node->name + skip, (uint8_t)(node->length - skip), !wildcard);
        add_set(&build->render, SECTION_ANSWER, by, node, set, set->ttl);
        render_plain(&build->render);
        add_signatures(&build->render, SECTION_ANSWER, by, node, set, set->ttl);
        rc = render_done_both(&build->render, build->view->arena, set->piece);
    }
    return rc == ERR_DATA ? build_fault(build, node, "a set does not fit into a message") : rc;
}

void referral_render(
    struct render *render, const struct zone_view *view, const struct view_node *node, bool secure)
{
    const struct view_set *ns = node_set(node, RR_NS), *ds = node_set(node, RR_DS),
                          *proof = ds ? ds : &node->nsec;
    add_set(render, SECTION_AUTHORITY, OWNER_NAME, node, ns, ns->ttl);
    if (secure) {
        add_set(render, SECTION_AUTHORITY, OWNER_NAME, node, proof, proof->ttl);
        add_signatures(render, SECTION_AUTHORITY, OWNER_NAME, node, proof, proof->ttl);
    }
    add_addresses(render, view, node, ns, true);
}

static int referral(struct build *build, struct view_node *node)
{
    int rc = 0;
    for (unsigned secure = PLAIN; !rc && secure <= SECURE; secure++) {
        render_piece(&build->render, build->scratch, node->name, node->length, false);
        referral_render(&build->render, build->view, node, secure && build->view->secure);
        render_optional(&build->render);
        add_addresses(&build->render, build->view, node, node_set(node, RR_NS), false);
        rc = render_done(&build->render, build->view->arena, &node->referral[secure]);
    }
    return rc == ERR_DATA ? build_fault(build, node, "the delegation does not fit into a message") : rc;
}

static int denial(struct build *build, struct view_node *node)
{
    render_piece(&build->render, build->scratch, build->view->apex->name, build->view->apex_length, false);
    add_set(&build->render, SECTION_AUTHORITY, OWNER_PATCH, node, &node->nsec, node->nsec.ttl);
    render_plain(&build->render);
    add_signatures(&build->render, SECTION_AUTHORITY, OWNER_PATCH, node, &node->nsec, node->nsec.ttl);
    return render_done_both(&build->render, build->view->arena, node->nsec.piece);
}

/* RFC 2308 §3: the SOA of a negative answer; its TTL is how long the answer may be kept. */
static int negative(struct build *build, const struct view_node *known, struct piece pieces[2])
{
    struct zone_view *view = build->view;
    render_piece(&build->render, build->scratch, known->name, known->length, false);
    add_set(&build->render, SECTION_AUTHORITY, OWNER_NAME, view->apex, view->soa, view->negative_ttl);
    render_plain(&build->render);
    add_signatures(&build->render, SECTION_AUTHORITY, OWNER_NAME, view->apex, view->soa, view->negative_ttl);
    return render_done_both(&build->render, view->arena, pieces);
}

/* Whether a name in the SOA shares more with the node than the apex: whether the label above the apex is the
 * same. */
static bool shares(const struct zone_view *view, const struct view_node *node, const uint8_t *name)
{
    uint8_t ours[MESSAGE_MAX_LABELS + 1], theirs[MESSAGE_MAX_LABELS + 1];
    unsigned labels = view_labels(node->name, ours), other = view_labels(name, theirs),
             apex = view->apex_labels;
    if (labels <= apex || other <= apex)
        return false;
    const uint8_t *a = node->name + ours[labels - apex - 1], *b = name + theirs[other - apex - 1];
    size_t length = view->apex_length + 1U + *a;
    return *a == *b && !memcmp(a, b, length);
}

static int negatives(struct build *build)
{
    struct zone_view *view = build->view;
    const uint8_t *mname = view->soa->rdata->bytes, *rname = mname;
    while (*rname)
        rname += 1 + *rname;
    rname++;
    int rc = negative(build, view->apex, view->negative);
    for (size_t i = 0; !rc && i < view->node_count; i++) {
        struct view_node *node = view->nodes[i];
        node->negative = view->negative;
        if (node->flags & (NODE_BELOW | NODE_WILDCARD) ||
            (!shares(view, node, mname) && !shares(view, node, rname)))
            continue;
        struct piece *pieces = arena_alloc(view->arena, 2 * sizeof *pieces);
        if (!pieces)
            return ERR_NOMEM;
        node->negative = pieces;
        rc = negative(build, node, pieces);
    }
    return rc;
}

int build_pieces(struct build *build)
{
    struct zone_view *view = build->view;
    int rc = negatives(build);
    for (size_t i = 0; !rc && i < view->node_count; i++) {
        struct view_node *node = view->nodes[i];
        if (node->nsec.count)
            rc = denial(build, node);
        if (!rc && node->flags & NODE_DELEGATION)
            rc = referral(build, node);
        for (size_t j = 0; !rc && j < node->set_count; j++)
            if (!(node->flags & NODE_BELOW) &&
                (!(node->flags & NODE_DELEGATION) || node->sets[j].type == RR_DS))
                rc = positive(build, node, &node->sets[j]);
    }
    return rc;
}
