/* The idea: one routine writes names, and remembers each with the number of octets that stand there
 * literally. A later name looks for its longest suffix among them. In a piece the place of the question's
 * name is not known, and a pointer to it becomes a patch. */
#include "core/zone/render.h"

/* In a piece, pointers reach less far: at most this much may stand before it in the message. */
enum { PIECE_AHEAD = 1024 };

static void reset(struct render *render)
{
    render->records[0] = render->records[1] = render->records[2] = 0;
    render->kept_length = render->kept_additional = UINT16_MAX;
    render->name_count = render->patch_count = 0;
    render->unowned = true;
}

static void remember(
    struct render *render, const uint8_t *wire, uint8_t length, size_t at, size_t literal, bool question)
{
    size_t reach = render->piece ? RENDER_REACH - PIECE_AHEAD : RENDER_REACH;
    if (render->name_count < RENDER_MAX_NAMES && literal > 1 && at < reach)
        render->name[render->name_count++] = (struct render_name){.wire = wire,
            .length = length,
            .at = (uint16_t)at,
            .literal = (uint8_t)literal,
            .question = question};
}

void render_piece(
    struct render *render, uint8_t *scratch, const uint8_t *known, uint8_t known_length, bool whole)
{
    reset(render);
    render->out = writer_over(scratch, RENDER_MAX);
    render->piece = true;
    render->whole = whole;
    remember(render, known, known_length, 0, known_length, true);
}

void render_message(
    struct render *render, uint8_t *message, size_t used, size_t capacity, const struct message_query *query)
{
    reset(render);
    render->out = writer_over(message, capacity);
    writer_room(&render->out, used);
    render->piece = render->whole = false;
    remember(render, query->name, query->length, MESSAGE_HEADER, query->length, true);
}

/* Where `suffix` of `length` octets stands within a remembered name, -1 if it does not. Labels must match as
 * labels: the walk goes from label to label. */
static int find_in(const struct render_name *name, const uint8_t *suffix, size_t length)
{
    size_t at = 0;
    while (at < name->literal && name->length - at > length)
        at += 1U + name->wire[at];
    if (at >= name->literal || name->length - at != length || memcmp(name->wire + at, suffix, length) != 0)
        return -1;
    return (int)at;
}

static void add_patch(struct render *render, uint16_t kind, size_t number)
{
    size_t at = writer_used(&render->out);
    if (render->patch_count == RENDER_MAX_PATCHES || at > RENDER_REACH) {
        render->out.full = true;
        return;
    }
    render->patch[render->patch_count++] = (uint16_t)(kind | at);
    writer_u16(&render->out, (uint16_t)number);
}

static void write_pointer(struct render *render, const struct render_name *name, size_t within)
{
    if (!render->piece)
        writer_u16(&render->out, (uint16_t)(RENDER_POINTER | (name->at + within)));
    else if (!name->question)
        add_patch(render, PATCH_WITHIN, name->at + within);
    else if (render->whole)
        writer_u16(&render->out, (uint16_t)(RENDER_POINTER | (MESSAGE_HEADER + within)));
    else
        add_patch(render, PATCH_SUFFIX, name->length - within);
}

/* Whether a pointer can still be written here: a patch must say where it is in 14 bits. */
static bool can_point(const struct render *render)
{
    return !render->piece || writer_used(&render->out) + NAME_MAX_WIRE <= RENDER_REACH;
}

static void write_name(struct render *render, const uint8_t *wire, uint8_t length)
{
    size_t start = writer_used(&render->out);
    for (size_t at = 0; wire[at] && can_point(render); at += 1U + wire[at]) {
        for (size_t i = 0; i < render->name_count; i++) {
            const struct render_name *name = &render->name[i];
            int within = find_in(name, wire + at, length - at);
            if (within < 0)
                continue;
            writer_bytes(&render->out, wire, at);
            write_pointer(render, name, (size_t)within);
            remember(render, wire, length, start, at, false);
            return;
        }
    }
    writer_bytes(&render->out, wire, length);
    remember(render, wire, length, start, length, false);
}

static uint8_t wire_length(const uint8_t *wire)
{
    size_t at = 0;
    while (wire[at])
        at += 1U + wire[at];
    return (uint8_t)(at + 1);
}

/* RFC 3597 §4: only the types of RFC 1035 may have names compressed in their data. */
static void write_rdata(struct render *render, uint16_t type, const struct rdata *rdata)
{
    size_t fixed = type == RR_MX ? 2 : 0, names = type == RR_SOA ? 2 : 1, at = fixed;
    bool plain = type != RR_NS && type != RR_CNAME && type != RR_PTR && type != RR_MX && type != RR_SOA;
    if (plain) {
        writer_u16(&render->out, rdata->length);
        writer_bytes(&render->out, rdata->bytes, rdata->length);
        return;
    }
    uint8_t *length = writer_room(&render->out, 2);
    size_t start = writer_used(&render->out);
    writer_bytes(&render->out, rdata->bytes, fixed);
    for (size_t i = 0; i < names; i++) {
        uint8_t name_length = wire_length(rdata->bytes + at);
        write_name(render, rdata->bytes + at, name_length);
        at += name_length;
    }
    writer_bytes(&render->out, rdata->bytes + at, rdata->length - at);
    if (length)
        bytes_put_u16(length, (uint16_t)(writer_used(&render->out) - start));
}

static void write_owner(struct render *render, const struct render_set *set)
{
    if (set->by == OWNER_NAME)
        write_name(render, set->owner, set->owner_length);
    else if (set->by == OWNER_QUESTION)
        writer_u16(&render->out, RENDER_POINTER | MESSAGE_HEADER);
    else if (!render->unowned && set->owner_length == 1)
        writer_u8(&render->out, 0); /* the root is shorter than a pointer */
    else if (!render->unowned)
        add_patch(render, PATCH_OWNER, 0);
    render->unowned = false;
}

void render_set(struct render *render, enum section section, const struct render_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        write_owner(render, set);
        writer_u16(&render->out, set->type);
        writer_u16(&render->out, RR_CLASS_IN);
        writer_u32(&render->out, set->ttl);
        write_rdata(render, set->type, &set->rdata[i]);
    }
    render->records[section] = (uint16_t)(render->records[section] + set->count);
}

void render_optional(struct render *render)
{
    if (render->kept_length != UINT16_MAX)
        return;
    render->kept_length = (uint16_t)writer_used(&render->out);
    render->kept_additional = render->records[SECTION_ADDITIONAL];
}

void render_plain(struct render *render)
{
    render->plain_length = (uint16_t)writer_used(&render->out);
    memcpy(render->plain_records, render->records, sizeof render->plain_records);
}

int render_done(struct render *render, struct arena *arena, struct piece *ret_piece)
{
    size_t length = writer_used(&render->out);
    if (render->out.full || length > RENDER_MAX - PIECE_AHEAD)
        return ERR_DATA;
    render_optional(render);
    struct piece piece = {
        .bytes = arena_copy(arena, render->out.start, length),
        .patch = arena_copy(arena, render->patch, render->patch_count * sizeof *render->patch),
        .patch_count = (uint16_t)render->patch_count,
        .length = (uint16_t)length,
        .records = {render->records[0], render->records[1], render->records[2]},
        .kept_length = render->kept_length,
        .kept_additional = render->kept_additional,
    };
    if (!piece.bytes || !piece.patch)
        return ERR_NOMEM;
    *ret_piece = piece;
    return 0;
}

/* Patches behind the end of the shorter piece are passed over when it is written. */
int render_done_both(struct render *render, struct arena *arena, struct piece ret_pieces[2])
{
    struct piece whole;
    int rc = render_done(render, arena, &whole);
    if (rc)
        return rc;
    ret_pieces[0] = ret_pieces[1] = whole;
    ret_pieces[0].length = ret_pieces[0].kept_length = render->plain_length;
    ret_pieces[0].kept_additional = render->plain_records[SECTION_ADDITIONAL];
    memcpy(ret_pieces[0].records, render->plain_records, sizeof render->plain_records);
    return 0;
}
