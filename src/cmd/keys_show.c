/* Everything that is printed is computed from the key itself; what a file claims in comments is not believed.
 */
#include "cmd/keys_show.h"

#include "base/text.h"
#include "cmd/cmd.h"
#include "core/roll/known.h"
#include "io/json/json.h"

#include <string.h>

static const struct {
    const char *id, *text;
} halves[] = {
    [KEYS_HALF_ABSENT] = {"absent", "not here"},
    [KEYS_HALF_FITS] = {"present", "here, and the public half is its own"},
    [KEYS_HALF_BAD] = {"mismatch", "NOT of this key, or damaged"},
    [KEYS_HALF_HIDDEN] = {"unreadable", "here, and may not be read"},
};

uint16_t keys_show_tag(const struct dnskey *key, uint16_t flag)
{
    return dnskey_tag_with(key, key->flags | flag);
}

static uint16_t plain_tag(const struct dnskey *key)
{
    return dnskey_tag_with(key, (uint16_t)(key->flags & ~DNSKEY_REVOKE));
}

static const char *role(const struct dnskey *key)
{
    return !(key->flags & DNSKEY_ZONE) ? "no zone key" : key->flags & DNSKEY_SEP ? "KSK" : "ZSK";
}

/* "OWNER IN DS TAG ALGORITHM TYPE DIGEST" */
static void add_ds(struct text *text, const struct keys_shown *shown, uint8_t type)
{
    char name[NAME_MAX_TEXT], digest[DNSKEY_DIGEST_TEXT];
    if (dnskey_digest_text(shown->owner, shown->key, type, digest))
        text_printf(text, "%s IN DS %u %u %u %s\n", name_to_text(shown->owner, name), shown->key->tag,
            shown->key->algorithm, type, digest);
}

/* What a key of the root is, as against its real ones: a line, begun with `before`. */
static void add_known(struct text *text, const char *before, const struct keys_shown *shown)
{
    struct known known;
    switch (known_key(shown->owner, shown->key, &known)) {
    case KNOWN_REAL:
        text_printf(text, "%sthe real %s\n", before, known.id);
        break;
    case KNOWN_TWIN:
        text_printf(text, "%sa twin, NOT the real %s: its tag, but another key\n", before, known.id);
        break;
    case KNOWN_OTHER:
        if (shown->owner->length == 1)
            text_printf(text, "%snone of the real root's keys that rollcall knows\n", before);
        break;
    }
}

static void add_key(
    struct text *text, const struct keys_shown *shown, const uint8_t *digests, size_t digest_count)
{
    const struct dnskey *key = shown->key;
    const char *algorithm = dnskey_algorithm_name(key->algorithm);
    char name[NAME_MAX_TEXT];
    unsigned bits = dnskey_bits(key);
    text_add_safe(text, shown->base);
    text_printf(text, "\n  owner         %s\n", name_to_text(shown->owner, name));
    text_printf(text, "  role          %s (flags %u)\n", role(key), key->flags);
    text_printf(text, "  algorithm     %u %s", key->algorithm, algorithm ? algorithm : "(unknown)");
    if (bits)
        text_printf(text, ", %u bits", bits);
    if (key->protocol != DNSKEY_PROTOCOL)
        text_printf(text, "\n  protocol      %u, which must be 3: no resolver uses this key", key->protocol);
    text_printf(text, "\n  tag           %u\n", key->tag);
    if (key->flags & DNSKEY_REVOKE)
        text_printf(text, "  revoked       yes; its tag was %u\n", plain_tag(key));
    else
        text_printf(text, "  revoked       no; its tag will be %u\n", keys_show_tag(key, DNSKEY_REVOKE));
    add_known(text, "  root          ", shown);
    text_printf(text, "  private half  %s\n", halves[shown->half].text);
    for (size_t i = 0; i < digest_count; i++) {
        text_add(text, i ? "                " : "  DS            ");
        add_ds(text, shown, digests[i]);
    }
}

static void json_key(
    struct json *object, const struct keys_shown *shown, const uint8_t *digests, size_t digest_count)
{
    const struct dnskey *key = shown->key;
    char name[NAME_MAX_TEXT], digest[DNSKEY_DIGEST_TEXT];
    struct text record;
    struct known known = {0};
    enum known_kind kind = known_key(shown->owner, key, &known);
    json_set_string(object, "base", shown->base);
    json_set_string(object, "owner", name_to_text(shown->owner, name));
    json_set_int(object, "flags", key->flags);
    json_set_string(object, "role",
        !(key->flags & DNSKEY_ZONE) ? "none"
        : key->flags & DNSKEY_SEP   ? "ksk"
                                    : "zsk");
    json_set_int(object, "protocol", key->protocol);
    json_set_int(object, "algorithm", key->algorithm);
    json_set_string(object, "algorithm_name", dnskey_algorithm_name(key->algorithm));
    json_set_int(object, "bits", dnskey_bits(key));
    json_set_int(object, "tag", key->tag);
    json_set_int(object, "unrevoked_tag", plain_tag(key));
    json_set_int(object, "revoked_tag", keys_show_tag(key, DNSKEY_REVOKE));
    json_set_bool(object, "revoked", key->flags & DNSKEY_REVOKE);
    json_set_string(object, "known", known_kind_name(kind));
    json_set_string(object, "known_as", known.id);
    json_set_string(object, "private", halves[shown->half].id);
    struct json *list = json_set_array(object, "ds");
    for (size_t i = 0; i < digest_count; i++) {
        if (!dnskey_digest_text(shown->owner, shown->key, digests[i], digest))
            continue;
        struct json *ds = json_add_object(list);
        json_set_int(ds, "tag", key->tag);
        json_set_int(ds, "algorithm", key->algorithm);
        json_set_int(ds, "digest_type", digests[i]);
        json_set_string(ds, "digest", digest);
    }
    text_start(&record);
    dnskey_public_text(shown->owner, key, &record);
    if (record.length > 0 && record.string[record.length - 1] == '\n')
        record.string[record.length - 1] = '\0';
    json_set_string(object, "dnskey", record.string);
    text_free(&record);
}

static int print_text(const char *command, struct text *text)
{
    int code = text->failed ? cmd_fail(command, ERR_NOMEM, "out of memory")
                            : cmd_print(command, text->string, text->length);
    text_free(text);
    return code;
}

static int print_json(const char *command, struct json *root)
{
    struct text text;
    text_start(&text);
    int rc = json_write(root, true, &text);
    json_free(root);
    if (rc == 0)
        return print_text(command, &text);
    text_free(&text);
    return cmd_fail(command, rc, "%s", err_str(rc));
}

static int show_json(const char *command, const struct keys_shown *shown, size_t count,
    const uint8_t *digests, size_t digest_count, const struct dnskey *old)
{
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.keys/1");
    struct json *list = json_set_array(root, "keys");
    for (size_t i = 0; i < count; i++) {
        struct json *object = json_add_object(list);
        json_key(object, &shown[i], digests, digest_count);
        if (old)
            json_set_int(object, "previous_tag", old->tag);
    }
    return print_json(command, root);
}

int keys_show(const char *command, const struct keys_shown *shown, size_t count, const uint8_t *digests,
    size_t digest_count, bool json)
{
    struct text text;
    if (json)
        return show_json(command, shown, count, digests, digest_count, NULL);
    text_start(&text);
    for (size_t i = 0; i < count; i++)
        add_key(&text, &shown[i], digests, digest_count);
    return print_text(command, &text);
}

int keys_show_ds(const char *command, const struct keys_shown *shown, size_t count, const uint8_t *digests,
    size_t digest_count, bool json)
{
    struct text text;
    if (json)
        return show_json(command, shown, count, digests, digest_count, NULL);
    text_start(&text);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < digest_count; j++)
            add_ds(&text, &shown[i], digests[j]);
    return print_text(command, &text);
}

int keys_show_made(const char *command, const struct keys_shown *shown, const struct dnskey *old, bool json)
{
    static const uint8_t digests[] = {2, 4};
    struct text text;
    if (json)
        return show_json(command, shown, 1, digests, sizeof digests, old);
    text_start(&text);
    text_printf(&text, "%s\n", shown->base);
    if (old)
        text_printf(&text, "tag %u, was %u (+%u)\n", shown->key->tag, old->tag,
            (uint16_t)(shown->key->tag - old->tag));
    else
        text_printf(
            &text, "tag %u, once revoked %u\n", shown->key->tag, keys_show_tag(shown->key, DNSKEY_REVOKE));
    if (known_key(shown->owner, shown->key, NULL) == KNOWN_TWIN)
        add_known(&text, "", shown);
    return print_text(command, &text);
}

int keys_show_base(const char *command, const struct keys_shown *shown)
{
    struct text text;
    text_start(&text);
    text_printf(&text, "%s\n", shown->base);
    return print_text(command, &text);
}
