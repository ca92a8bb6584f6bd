/* The idea: every owner name and its ancestors go into the hash table first, counting their sets; then the
 * sets are laid out, then the names are sorted. In canonical order everything below a name follows it
 * directly, so that one walk finds what a delegation hides. */
#include "core/zone/build.h"

#include <stdio.h>
#include <stdlib.h>

struct rrset build_rrset(const struct view_node *node, const struct view_set *set)
{
    struct rrset records = {.type = set->type,
        .class = RR_CLASS_IN,
        .ttl = set->ttl,
        .count = set->count,
        .rdata = (struct rdata *)set->rdata};
    records.owner.length = node->length;
    memcpy(records.owner.wire, node->name, node->length);
    return records;
}

int build_fault(struct build *build, const struct view_node *node, const char *what)
{
    struct name name = {.length = node->length};
    char text[NAME_MAX_TEXT];
    memcpy(name.wire, node->name, node->length);
    return err_set(build->note, ERR_DATA, "%.200s: %s", name_to_text(&name, text), what);
}

static int record_fault(struct build *build, const struct rrset *set, const char *what)
{
    char text[NAME_MAX_TEXT], type[16];
    return err_set(build->note, ERR_DATA, "%.200s %s: %s", name_to_text(&set->owner, text),
        rr_type_name(set->type, type), what);
}

/* What a zone's records may not hold: what the view makes itself, and what is no data (RFC 6895 §3.1). */
static int check_record(struct build *build, const struct rrset *set)
{
    if (!set->count)
        return record_fault(build, set, "the set is empty");
    if (set->class != RR_CLASS_IN)
        return record_fault(build, set, "class IN is wanted");
    if (!name_is_below(&set->owner, &build->spec->apex))
        return record_fault(build, set, "the name is outside the zone");
    bool made = set->type == RR_RRSIG || set->type == RR_NSEC || set->type == RR_DNSKEY;
    bool meta = !set->type || set->type == RR_OPT || (set->type >= 128 && set->type <= 255);
    if (made || meta)
        return record_fault(build, set, made ? "the view makes this type itself" : "no zone holds this type");
    return 0;
}

static struct view_node *new_node(struct zone_view *view, const uint8_t *name, size_t length, unsigned labels)
{
    struct view_node *node = arena_alloc(view->arena, sizeof *node);
    uint8_t *copy = arena_alloc(view->arena, length + HASH_ROOM);
    if (!node || !copy)
        return NULL;
    memcpy(copy, name, length);
    node->name = copy;
    node->length = (uint8_t)length;
    node->labels = (uint8_t)labels;
    if (copy[0] == 1 && copy[1] == '*')
        node->flags |= NODE_WILDCARD;
    return node;
}

static void insert(struct zone_view *view, uint64_t hash, struct view_node *node)
{
    uint64_t at = hash & view->slot_mask;
    while (view->slots[at].node)
        at = (at + 1) & view->slot_mask;
    view->slots[at] = (struct view_slot){.hash = hash, .node = node};
    view->nodes[view->node_count++] = node;
}

/* The node of a name; it and its ancestors up to the apex are made if they are not there. NULL when memory is
 * short. */
static struct view_node *get_node(struct zone_view *view, const struct name *owner)
{
    uint8_t label[MESSAGE_MAX_LABELS + 1], wire[NAME_MAX_WIRE + HASH_ROOM] = {0};
    struct name lower = *owner;
    name_lower(&lower);
    memcpy(wire, lower.wire, lower.length);
    unsigned labels = view_labels(wire, label);
    struct view_node *node = NULL;
    uint64_t hash = HASH_ROOT;
    for (unsigned depth = 0; depth <= labels; depth++) {
        size_t from = label[labels - depth];
        if (depth)
            hash = hash_label(hash, wire + from);
        if (depth < view->apex_labels)
            continue;
        node = view_find(view, hash, wire + from, lower.length - from);
        if (node)
            continue;
        node = new_node(view, wire + from, lower.length - from, depth);
        if (!node)
            return NULL;
        insert(view, hash, node);
    }
    return node;
}

static int make_slots(struct build *build)
{
    struct zone_view *view = build->view;
    size_t most = 1;
    for (size_t i = 0; i < build->spec->record_count; i++)
        most += name_labels(&build->spec->records[i].owner) - view->apex_labels;
    size_t slots = 4;
    while (slots < 2 * most)
        slots *= 2;
    view->slots = arena_alloc(view->arena, slots * sizeof *view->slots);
    view->nodes = arena_alloc(view->arena, most * sizeof(struct view_node *));
    view->slot_mask = slots - 1;
    return view->slots && view->nodes ? 0 : ERR_NOMEM;
}

/* The records of a set in canonical order, copied. */
static int copy_rdata(struct zone_view *view, const struct rrset *from, struct view_set *to)
{
    struct rdata *rdata = arena_copy(view->arena, from->rdata, from->count * sizeof *rdata);
    if (!rdata)
        return ERR_NOMEM;
    for (size_t i = 0; i < from->count; i++) {
        rdata[i].bytes = arena_copy(view->arena, from->rdata[i].bytes, from->rdata[i].length);
        if (!rdata[i].bytes)
            return ERR_NOMEM;
    }
    struct rrset sorted = {.count = from->count, .rdata = rdata};
    rrset_sort(&sorted);
    *to = (struct view_set){
        .type = from->type, .ttl = from->ttl, .count = (uint16_t)sorted.count, .rdata = rdata};
    return sorted.count > UINT16_MAX ? ERR_DATA : 0;
}

/* SOA with the serial of the moment and, if given, the negative TTL as its minimum. RFC 1035 §3.3.13, RFC
 * 2308 §4. */
static int finish_soa(struct build *build, struct view_set *soa)
{
    enum { NUMBERS = 20, MINIMUM = 4 };
    uint8_t *rdata = (uint8_t *)soa->rdata[0].bytes; /* ours, copied above */
    size_t length = soa->rdata[0].length;
    if (soa->count != 1 || length < NUMBERS + 2)
        return build_fault(build, build->view->apex, "one well-formed SOA record is wanted");
    uint32_t serial = build->spec->soa_serial ? build->spec->soa_serial : utc_second32(build->view->t_us);
    struct writer at = writer_over(rdata + length - NUMBERS, sizeof serial);
    writer_u32(&at, serial);
    if (build->spec->negative_ttl) {
        at = writer_over(rdata + length - MINIMUM, MINIMUM);
        writer_u32(&at, build->spec->negative_ttl);
    }
    struct reader minimum = reader_over(rdata + length - MINIMUM, MINIMUM);
    build->view->negative_ttl = reader_u32(&minimum);
    if (soa->ttl < build->view->negative_ttl)
        build->view->negative_ttl = soa->ttl; /* RFC 2308 §5 */
    return 0;
}

static int dnskey_set(struct build *build, struct rrset *ret_set, struct rdata *rdata)
{
    const struct signers *signers = build->view->signers;
    *ret_set = (struct rrset){.type = RR_DNSKEY,
        .class = RR_CLASS_IN,
        .ttl = build->spec->plan->dnskey_ttl_s,
        .count = signers->key_count,
        .rdata = rdata};
    for (size_t i = 0; i < signers->key_count; i++) {
        uint8_t *bytes = arena_alloc(build->view->arena, DNSKEY_MAX_RDATA);
        size_t length = bytes ? dnskey_rdata(signers->key[i], bytes, DNSKEY_MAX_RDATA) : 0;
        if (!length)
            return bytes ? ERR_CONFIG : ERR_NOMEM;
        rdata[i] = (struct rdata){.bytes = bytes, .length = (uint16_t)length};
    }
    return 0;
}

static int put_set(struct build *build, struct view_node *node, const struct rrset *set)
{
    struct view_set *sets = node->sets;
    if (!sets) { /* set_count holds how many there will be */
        node->sets = sets = arena_alloc(build->view->arena, node->set_count * sizeof *sets);
        if (!sets)
            return ERR_NOMEM;
        node->set_count = 0;
    }
    if (node_set(node, set->type))
        return record_fault(build, set, "there are two sets of this type");
    size_t at = node->set_count++;
    for (; at > 0 && sets[at - 1].type > set->type; at--)
        sets[at] = sets[at - 1];
    return copy_rdata(build->view, set, &sets[at]);
}

static int put_sets(struct build *build)
{
    struct zone_view *view = build->view;
    int rc = 0;
    for (size_t i = 0; !rc && i < build->spec->record_count; i++) {
        struct view_node *node = get_node(view, &build->spec->records[i].owner);
        rc = put_set(build, node, &build->spec->records[i]);
    }
    if (rc || !view->secure)
        return rc;
    struct rdata rdata[SIGNERS_MAX_KEYS];
    struct rrset set;
    rc = dnskey_set(build, &set, rdata);
    set.owner = build->spec->apex;
    return rc ? rc : put_set(build, view->apex, &set);
}

int build_nodes(struct build *build)
{
    struct zone_view *view = build->view;
    view->apex_length = build->spec->apex.length;
    view->apex_labels = (uint8_t)name_labels(&build->spec->apex);
    int rc = 0;
    for (size_t i = 0; !rc && i < build->spec->record_count; i++)
        rc = check_record(build, &build->spec->records[i]);
    if (!rc)
        rc = make_slots(build);
    if (rc)
        return rc;
    view->apex = get_node(view, &build->spec->apex);
    if (!view->apex)
        return ERR_NOMEM;
    view->apex->set_count = view->secure; /* DNSKEY */
    for (size_t i = 0; i < build->spec->record_count; i++) {
        struct view_node *node = get_node(view, &build->spec->records[i].owner);
        if (!node)
            return ERR_NOMEM;
        node->set_count++;
    }
    rc = put_sets(build);
    view->soa = node_set(view->apex, RR_SOA);
    view->ns = node_set(view->apex, RR_NS);
    if (!rc && (!view->soa || !view->ns))
        rc = build_fault(build, view->apex, "a zone needs SOA and NS at its apex");
    return rc ? rc : finish_soa(build, (struct view_set *)view->soa);
}

struct sorted {
    struct view_key key;
    struct view_node *node;
};

static int compare(const void *a, const void *b)
{
    const struct view_key *x = &((const struct sorted *)a)->key, *y = &((const struct sorted *)b)->key;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int sort_nodes(struct zone_view *view, struct sorted *sorted)
{
    for (size_t i = 0; i < view->node_count; i++) {
        struct view_node *node = view->nodes[i];
        uint8_t label[MESSAGE_MAX_LABELS + 1], key[VIEW_MAX_KEY + 8];
        unsigned labels = view_labels(node->name, label);
        size_t length = view_key(node->name, label, labels, view->apex_labels, key);
        sorted[i] = (struct sorted){
            .node = node, .key = {.bytes = arena_copy(view->arena, key, length), .length = (uint16_t)length}};
        if (!sorted[i].key.bytes)
            return ERR_NOMEM;
    }
    qsort(sorted, view->node_count, sizeof *sorted, compare);
    for (size_t i = 0; i < view->node_count; i++)
        view->nodes[i] = sorted[i].node;
    return 0;
}

static bool below(const struct view_node *node, const struct view_node *above)
{
    return node->length > above->length && node->labels > above->labels &&
           !memcmp(node->name + node->length - above->length, above->name, above->length);
}

/* What lies below a delegation is not the zone's any more; and which names own an NSEC record (RFC 4035
 * §2.3). */
static int mark(struct zone_view *view, const struct sorted *sorted)
{
    struct view_order *order = &view->order;
    order->prefix = arena_alloc(view->arena, view->node_count * sizeof *order->prefix);
    order->key = arena_alloc(view->arena, view->node_count * sizeof *order->key);
    order->node = arena_alloc(view->arena, view->node_count * sizeof(struct view_node *));
    if (!order->prefix || !order->key || !order->node)
        return ERR_NOMEM;
    const struct view_node *cut = NULL;
    for (size_t i = 0; i < view->node_count; i++) {
        struct view_node *node = sorted[i].node;
        if (cut && below(node, cut))
            node->flags |= NODE_BELOW;
        else if (node != view->apex && node_set(node, RR_NS)) {
            node->flags |= NODE_DELEGATION;
            cut = node;
        }
        if (node->set_count && !(node->flags & NODE_BELOW)) {
            size_t at = order->count++;
            order->key[at] = sorted[i].key;
            order->node[at] = node;
            for (size_t j = 0; j < sizeof *order->prefix; j++)
                order->prefix[at] =
                    order->prefix[at] << 8 | (j < sorted[i].key.length ? sorted[i].key.bytes[j] : 0);
        }
        node->before = order->count ? order->node[order->count - 1] : NULL;
    }
    return 0;
}

/* For each name the wildcard below it or, where there is none, what denies it. */
static void find_wildcards(struct zone_view *view)
{
    for (size_t i = 0; i < view->node_count; i++) {
        struct view_node *node = view->nodes[i];
        uint8_t name[NAME_MAX_WIRE + 2 + HASH_ROOM] = {1, '*'}, label[MESSAGE_MAX_LABELS + 1],
                                         key[VIEW_MAX_KEY + 8];
        if (node->length + 2 > NAME_MAX_WIRE || node->flags & (NODE_BELOW | NODE_DELEGATION))
            continue;
        memcpy(name + 2, node->name, node->length);
        unsigned labels = view_labels(name, label);
        node->wildcard = view_find(view, hash_name(name, label, labels), name, node->length + 2U);
        if (node->wildcard && node->wildcard->flags & NODE_BELOW)
            node->wildcard = NULL;
        if (!node->wildcard)
            node->before_wildcard =
                view_before(view, key, view_key(name, label, labels, view->apex_labels, key));
    }
}

int build_order(struct build *build)
{
    struct zone_view *view = build->view;
    struct sorted *sorted = calloc(view->node_count, sizeof *sorted);
    if (!sorted)
        return ERR_NOMEM;
    int rc = sort_nodes(view, sorted);
    if (!rc)
        rc = mark(view, sorted);
    free(sorted);
    if (rc)
        return rc;
    for (size_t i = 0; i < view->order.count; i++)
        view->order.node[i]->next = view->order.node[(i + 1) % view->order.count];
    find_wildcards(view);
    return 0;
}

int build_check(struct build *build)
{
    struct zone_view *view = build->view;
    for (size_t i = 0; i < view->node_count; i++) {
        const struct view_node *node = view->nodes[i];
        const struct view_set *cname = node_set(node, RR_CNAME);
        if (cname && (cname->count > 1 || node->set_count > 1)) /* RFC 2181 §10.1 */
            return build_fault(build, node, "a CNAME stands alone");
        if (node != view->apex && node_set(node, RR_SOA))
            return build_fault(build, node, "SOA below the apex");
        if (node_set(node, RR_DS) && !(node->flags & NODE_DELEGATION))
            return build_fault(build, node, "DS without a delegation");
        if (node->flags & NODE_DELEGATION &&
            node->flags & NODE_WILDCARD) /* RFC 4592 §4.2 leaves it undefined */
            return build_fault(build, node, "NS at a wildcard");
    }
    return 0;
}
