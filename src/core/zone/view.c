/* The idea: a view is made in steps (build.h) into one arena and never changed again, so that any number of
 * threads may answer from it. */
#include "core/zone/build.h"

#include "base/text.h"
#include "core/zone/late.h"

#include <stdlib.h>

unsigned view_labels(const uint8_t *name, uint8_t label[MESSAGE_MAX_LABELS + 1])
{
    unsigned labels = 0;
    uint8_t at = 0;
    for (; name[at]; at = (uint8_t)(at + 1 + name[at]))
        label[labels++] = at;
    label[labels] = at;
    return labels;
}

size_t view_key(const uint8_t *name, const uint8_t *label, unsigned labels, unsigned apex_labels,
    uint8_t out[VIEW_MAX_KEY + 8])
{
    size_t at = 0;
    for (unsigned i = labels - apex_labels; i-- > 0;) {
        const uint8_t *octet = name + label[i] + 1, *end = octet + name[label[i]];
        for (; octet < end; octet++) {
            if (*octet > 1) {
                out[at++] = *octet;
                continue;
            }
            out[at++] = 1;
            out[at++] = (uint8_t)(*octet + 1);
        }
        out[at++] = 0;
    }
    return at;
}

static uint64_t key_prefix(const uint8_t *key, size_t length)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < length ? key[i] : 0);
    return prefix;
}

static int key_compare(const struct view_key *have, const uint8_t *key, size_t length)
{
    size_t shorter = have->length < length ? have->length : length;
    int order = memcmp(have->bytes, key, shorter);
    return order ? order : (have->length > length) - (have->length < length);
}

const struct view_node *view_before(const struct zone_view *view, const uint8_t *key, size_t length)
{
    const struct view_order *order = &view->order;
    uint64_t prefix = key_prefix(key, length);
    size_t low = 0, high = order->count; /* the answer is the last one in [low, high) that is not after the
                                            key; the apex always is */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        bool after = order->prefix[middle] > prefix;
        if (order->prefix[middle] == prefix)
            after = key_compare(&order->key[middle], key, length) > 0;
        if (after)
            high = middle;
        else
            low = middle;
    }
    return order->node[low];
}

static int copy_extras(struct zone_view *view, const struct zone_spec *spec)
{
    struct zone_extras none = {.ttl_s = 1};
    view->extras = arena_copy(view->arena, spec->extras ? spec->extras : &none, sizeof none);
    return view->extras ? 0 : ERR_NOMEM;
}

static int fill(struct build *build)
{
    const struct zone_spec *spec = build->spec;
    struct zone_view *view = build->view;
    int rc = copy_extras(view, spec);
    if (!rc && spec->plan)
        rc = signers_at(spec, view->t_us, &view->signers, build->note);
    view->secure = view->signers != NULL;
    view->until_us = view->signers ? view->signers->until_us : UTC_OPEN;
    if (!rc)
        rc = build_nodes(build);
    if (!rc)
        rc = build_order(build);
    if (!rc)
        rc = build_check(build);
    if (!rc)
        rc = build_signatures(build);
    if (!rc)
        rc = build_chain(build);
    if (!rc)
        rc = build_pieces(build);
    if (!rc)
        rc = late_prepare(view, build->note);
    return rc;
}

int zone_view_make(
    const struct zone_spec *spec, int64_t t_us, struct zone_view **ret_view, struct err_note *note)
{
    struct zone_view *view = calloc(1, sizeof *view);
    struct build *build = calloc(1, sizeof *build);
    struct arena *arena = arena_new();
    int rc = ERR_NOMEM;
    if (!view || !build || !arena)
        goto out;
    view->arena = arena;
    view->kind = spec->kind;
    view->t_us = t_us;
    build->spec = spec;
    build->view = view;
    build->note = note;
    rc = fill(build);
    if (!rc) {
        *ret_view = view;
        free(build);
        return 0;
    }
out:
    if (rc == ERR_NOMEM)
        err_set(note, rc, "no memory for a zone");
    if (view)
        signers_free(view->signers);
    arena_free(arena);
    free(build);
    free(view);
    return rc;
}

/* Everything that is read of it before its kind is. */
struct unready {
    struct zone_view view; /* first: freed as one */
    struct view_node apex;
    struct view_slot slot;
    struct zone_extras extras;
    uint8_t name[NAME_MAX_WIRE + HASH_ROOM];
};

int zone_view_unready(const struct name *apex, struct zone_view **ret_view)
{
    struct unready *unready = calloc(1, sizeof *unready);
    uint8_t label[MESSAGE_MAX_LABELS + 1];
    if (!unready)
        return ERR_NOMEM;
    struct name lower = *apex;
    name_lower(&lower);
    memcpy(unready->name, lower.wire, lower.length);
    unready->apex = (struct view_node){.name = unready->name, .length = lower.length};
    unready->view = (struct zone_view){.slots = &unready->slot,
        .apex = &unready->apex,
        .apex_length = lower.length,
        .apex_labels = (uint8_t)view_labels(unready->name, label),
        .kind = ZONE_UNREADY,
        .until_us = INT64_MIN,
        .extras = &unready->extras};
    *ret_view = &unready->view;
    return 0;
}

void zone_view_free(struct zone_view *view)
{
    if (!view)
        return;
    signers_free(view->signers);
    arena_free(view->arena);
    free(view);
}

int64_t zone_view_until(const struct zone_view *view)
{
    return view->until_us;
}

static int print_set(const struct view_node *node, const struct view_set *set, struct text *text)
{
    struct rrset records = build_rrset(node, set);
    int rc = rrset_to_text(&records, text);
    if (rc || !set->signature_count)
        return rc;
    records.type = RR_RRSIG;
    records.rdata = (struct rdata *)set->signature;
    records.count = set->signature_count;
    return rrset_to_text(&records, text);
}

int zone_view_print(const struct zone_view *view, struct text *ret_text)
{
    int rc = print_set(view->apex, view->soa, ret_text);
    for (size_t i = 0; !rc && i < view->node_count; i++) {
        const struct view_node *node = view->nodes[i];
        for (size_t j = 0; !rc && j < node->set_count; j++)
            if (&node->sets[j] != view->soa)
                rc = print_set(node, &node->sets[j], ret_text);
        if (!rc && node->nsec.count)
            rc = print_set(node, &node->nsec, ret_text);
    }
    return rc ? rc : ret_text->failed ? ERR_NOMEM : 0;
}
