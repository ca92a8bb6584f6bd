/* render: records in wire form with compressed names, RFC 1035 §4.1.4.
 *
 * A *piece* is rendered ahead, when a view is made, and later copied into many answers. It does not know
 * where in the message it will stand nor how long the question's name is, so its pointers are patched when it
 * is copied. There are three kinds:
 *   - to a suffix of the question's name, of which the piece knows only how long the suffix is;
 *   - to its own records' owner, wherever the answer has written that name;
 *   - to a place within itself.
 * A *message* is rendered in place, with the question's name as the first thing that can be pointed to. */
#ifndef CORE_ZONE_RENDER_H
#define CORE_ZONE_RENDER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "core/dns/message.h"
#include "core/dns/rrset.h"

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

enum { PATCH_SUFFIX = 0x0000, PATCH_OWNER = 0x4000, PATCH_WITHIN = 0x8000, PATCH_KIND = 0xc000 };

struct piece {
    const uint8_t *bytes;  /* NULL: there is no such piece */
    const uint16_t *patch; /* kind and offset; at that offset stands the number that the kind needs */
    uint16_t patch_count;
    uint16_t length;
    uint16_t records[SECTIONS];
    uint16_t kept_length, kept_additional; /* without what may be left out when room is short (RFC 9471) */
};

enum {
    RENDER_MAX_NAMES = 64,
    RENDER_MAX_PATCHES = 2048,
    RENDER_MAX = 65535,
    RENDER_POINTER = 0xc000,
    RENDER_REACH = 0x3fff
};

struct render_name {
    const uint8_t *wire;
    uint16_t at; /* where it begins, in the message or in the piece */
    uint8_t length;
    uint8_t literal; /* octets of it that stand there; a pointer follows them if they are not all */
    bool question;   /* at the place of the question's name */
};

struct render {
    struct writer out;
    bool piece, whole;
    bool unowned; /* no OWNER_PATCH yet */
    uint16_t records[SECTIONS];
    uint16_t kept_length, kept_additional;
    uint16_t plain_length, plain_records[SECTIONS];
    size_t name_count, patch_count;
    struct render_name name[RENDER_MAX_NAMES];
    uint16_t patch[RENDER_MAX_PATCHES];
};

/* Begins a piece in `scratch` (RENDER_MAX octets). `known`: a name that every question it will answer ends
 * with; `whole`: that name is the question's, so that nothing about it is left to patch. */
void render_piece(
    struct render *render, uint8_t *scratch, const uint8_t *known, uint8_t known_length, bool whole);

/* Begins records in a message of which the question has been written. */
void render_message(
    struct render *render, uint8_t *message, size_t used, size_t capacity, const struct message_query *query);

/* Adds every record of a set. The names must stay where they are until the render ends. */
enum render_owner {
    OWNER_NAME,     /* `owner` */
    OWNER_QUESTION, /* the question's name, whatever it is */
    OWNER_PATCH,    /* PATCH_OWNER; the first one of the piece is left out altogether: the answer writes it */
};
struct render_set {
    enum render_owner by;
    const uint8_t *owner;
    uint8_t owner_length;
    uint16_t type;
    uint32_t ttl;
    const struct rdata *rdata;
    size_t count;
};
void render_set(struct render *render, enum section section, const struct render_set *set);

/* From here on what is added may be left out. */
void render_optional(struct render *render);

/* What has been added so far is the answer without DNSSEC records. */
void render_plain(struct render *render);

/* The piece, in the arena. ERR_DATA if it is larger than a message can be. */
int render_done(struct render *render, struct arena *arena, struct piece *ret_piece);
/* Two pieces over the same octets: up to render_plain(), and all. */
int render_done_both(struct render *render, struct arena *arena, struct piece ret_pieces[2]);

/* Copies a piece to `at` (the caller has seen to the room), which is `position` octets into the message, for
 * a question of that name length. `owner` is the pointer for PATCH_OWNER. */
static inline void piece_write(const struct piece *piece, size_t length, uint8_t *at, size_t position,
    size_t question_length, uint16_t owner)
{
    memcpy(at, piece->bytes, length);
    for (size_t i = 0; i < piece->patch_count; i++) {
        uint16_t offset = piece->patch[i] & (uint16_t)~PATCH_KIND;
        if (offset >= length)
            break; /* they are in order */
        uint16_t number = bytes_u16(at + offset);
        uint16_t kind = piece->patch[i] & PATCH_KIND;
        uint16_t pointer = owner;
        if (kind == PATCH_SUFFIX)
            pointer = (uint16_t)(RENDER_POINTER | (MESSAGE_HEADER + question_length - number));
        else if (kind == PATCH_WITHIN)
            pointer = (uint16_t)(RENDER_POINTER | (position + number));
        bytes_put_u16(at + offset, pointer);
    }
}

#endif
