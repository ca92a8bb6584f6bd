/* record: records of a text in the form of zones (RFC 1035 §5.1), each with its place and the comment behind
 * it: for trust anchors in the files of resolvers, whose states stand in comments, and named's managed keys.
 * Only what trust anchors need: no $INCLUDE, no escapes but those in quotes. */
#ifndef APP_LAB_RECORD_H
#define APP_LAB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_WORDS = 96, RECORD_MAX_KEY = 2604 };

struct record_word {
    const char *at;
    size_t length;
};

struct record {
    struct record_word owner; /* of the line, or of the one before; empty: none yet */
    size_t from, to;          /* octets of the text: first word to behind the last word or parenthesis */
    unsigned line;
    size_t word_count; /* after the owner; words beyond RECORD_WORDS are not kept */
    struct record_word word[RECORD_WORDS];
    struct record_word comment; /* behind it on its last line, with the semicolon; empty: none */
};

struct record_reader {
    const char *text;
    size_t length, at;
    unsigned line;
    struct record_word owner, origin;
};

/* The next record; lines that begin with $ and lines of comment alone are passed over. False at the end. */
bool record_next(struct record_reader *reader, struct record *ret_record);

/* What a record says, if it is of a kind that trust anchors come in. */
enum record_kind { RECORD_OTHER, RECORD_SOA, RECORD_DS, RECORD_DNSKEY, RECORD_KEYDATA };

struct record_anchor {
    enum record_kind kind;
    bool root;    /* its owner is the root */
    uint16_t tag; /* without REVOKE */
    uint16_t flags;
    uint8_t algorithm;
    size_t rdata;                  /* index of the first word of RDATA */
    uint32_t serial;               /* SOA */
    uint32_t refresh, add, remove; /* KEYDATA: POSIX seconds, 0: none */
};
struct record_anchor record_anchor(const struct record *record);

/* The octets of base64 in words; 0: they are none, or do not fit. */
size_t record_key(const struct record_word *words, size_t count, uint8_t *out, size_t capacity);

/* The key tag, without REVOKE, of a key in presentation: words of base64 from `word` on. False if they are
 * none. */
bool record_key_tag(uint16_t flags, uint8_t protocol, uint8_t algorithm, const struct record_word *words,
    size_t count, uint16_t *ret_tag);

/* A whole decimal number of at most `most`; false for anything else. */
bool record_number(struct record_word word, uint32_t most, uint32_t *ret);
bool record_is(struct record_word word, const char *string); /* without regard to case */

#endif
