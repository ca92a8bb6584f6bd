/* The idea: every authoritative set is signed; then each name that has one points to the next in an NSEC
 * record, which is signed too. */
#include "core/zone/build.h"

#include "core/zone/nsec.h"

static int sign(struct build *build, const struct view_node *node, struct view_set *set)
{
    struct rdata signature[SIGNERS_MAX];
    size_t count;
    struct rrset records = build_rrset(node, set);
    int rc = signers_sign(build->view->signers, &records, build->spec->signatures, build->view->arena,
        signature, &count, build->note);
    if (rc)
        return rc;
    set->signature = arena_copy(build->view->arena, signature, count * sizeof *signature);
    set->signature_count = (uint16_t)count;
    return set->signature ? 0 : ERR_NOMEM;
}

/* RFC 4035 §2.2: neither glue nor the NS of a delegation is signed. */
static bool is_signed(const struct view_node *node, const struct view_set *set)
{
    if (node->flags & NODE_BELOW)
        return false;
    return !(node->flags & NODE_DELEGATION) || set->type == RR_DS;
}

int build_signatures(struct build *build)
{
    struct zone_view *view = build->view;
    int rc = 0;
    for (size_t i = 0; !rc && view->secure && i < view->node_count; i++) {
        struct view_node *node = view->nodes[i];
        for (size_t j = 0; !rc && j < node->set_count; j++)
            if (is_signed(node, &node->sets[j]))
                rc = sign(build, node, &node->sets[j]);
    }
    return rc;
}

size_t nsec_rdata(
    const uint8_t *next, size_t next_length, const uint16_t *types, size_t type_count, uint8_t *out)
{
    memcpy(out, next, next_length);
    size_t at = next_length, window_at = 0;
    int window = -1;
    for (size_t i = 0; i < type_count; i++) {
        if (types[i] >> 8 != window) { /* RFC 4034 §4.1.2: window, length, bits */
            window = types[i] >> 8;
            window_at = at;
            out[at++] = (uint8_t)window;
            out[at++] = 0;
        }
        size_t octet = (types[i] & 0xff) / 8U;
        while (out[window_at + 1] <= octet) {
            out[at++] = 0;
            out[window_at + 1]++;
        }
        out[window_at + 2 + octet] |= (uint8_t)(0x80 >> types[i] % 8);
    }
    return at;
}

size_t node_types(const struct view_node *node, uint16_t types[NODE_MAX_TYPES])
{
    size_t count = 0;
    for (size_t i = 0; i < node->set_count && count < NODE_MAX_TYPES; i++) {
        uint16_t type = node->sets[i].type;
        if (!(node->flags & NODE_DELEGATION) || type == RR_NS || type == RR_DS)
            types[count++] = type;
    }
    return count;
}

size_t nsec_types(uint16_t *types, size_t count)
{
    static const uint16_t always[] = {RR_RRSIG, RR_NSEC};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        size_t at = count++;
        for (; at > 0 && types[at - 1] > always[i]; at--)
            types[at] = types[at - 1];
        types[at] = always[i];
    }
    return count;
}

int build_chain(struct build *build)
{
    struct zone_view *view = build->view;
    for (size_t i = 0; view->secure && i < view->order.count; i++) {
        struct view_node *node = view->order.node[i];
        uint16_t types[NSEC_MAX_TYPES];
        uint8_t rdata[NSEC_MAX_RDATA];
        size_t count = nsec_types(types, node_types(node, types));
        size_t length = nsec_rdata(node->next->name, node->next->length, types, count, rdata);
        struct rdata *record = arena_alloc(view->arena, sizeof *record);
        if (!record)
            return ERR_NOMEM;
        *record = (struct rdata){.bytes = arena_copy(view->arena, rdata, length), .length = (uint16_t)length};
        if (!record->bytes)
            return ERR_NOMEM;
        /* RFC 9077 §3: the NSEC's TTL is that of the negative answers that it stands in. */
        node->nsec =
            (struct view_set){.type = RR_NSEC, .ttl = view->negative_ttl, .count = 1, .rdata = record};
        int rc = sign(build, node, &node->nsec);
        if (rc)
            return rc;
    }
    return 0;
}
