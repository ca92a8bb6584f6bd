#include "app/web/wish.h"

#include "base/utc.h"
#include "io/http/form.h"
#include "io/json/json.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const struct wish nothing = {
    .label = "", .contact = "", .country = "", .plan = "testzone", .users = -1};

static int keep(struct arena *arena, const char *text, const char **ret)
{
    *ret = arena_string(arena, text);
    return *ret ? 0 : ERR_NOMEM;
}

/* Digits only; "" leaves *ret as it is. */
static int read_number(const char *name, const char *text, int64_t *ret, struct err_note *note)
{
    size_t length = strnlen(text, 20);
    if (length == 0)
        return 0;
    if (length > 15 || strspn(text, "0123456789") != length)
        return err_set(note, ERR_USAGE, "%s is not a whole number of at most 15 digits", name);
    *ret = strtoll(text, NULL, 10);
    return 0;
}

static int set_ttl(struct wish *wish, int64_t ttl_s, struct err_note *note)
{
    if (ttl_s < 0 || ttl_s > UINT32_MAX)
        return err_set(note, ERR_USAGE, "ttl is 60 or 172800 seconds, or 0 for the plan's own");
    wish->ttl_s = (uint32_t)ttl_s;
    return 0;
}

int wish_from_form(
    const char *bytes, size_t length, struct arena *arena, struct wish *ret, struct err_note *note)
{
    struct form form;
    struct wish wish = nothing;
    int err = form_read(bytes, length, arena, &form);
    if (err)
        return err_set(note, err == ERR_DATA ? ERR_USAGE : err, "the form is malformed");
    const struct {
        const char *name, **place;
    } texts[] = {
        {"label", &wish.label}, {"contact", &wish.contact}, {"country", &wish.country}, {"plan", &wish.plan}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = form_get(&form, texts[i].name);
        if (value && *value)
            *texts[i].place = value;
    }
    const char *users = form_get(&form, "users"), *ttl = form_get(&form, "ttl");
    int64_t ttl_s = 0;
    err = users ? read_number("users", users, &wish.users, note) : 0;
    if (!err && ttl)
        err = read_number("ttl", ttl, &ttl_s, note);
    if (!err)
        err = set_ttl(&wish, ttl_s, note);
    if (!err)
        *ret = wish;
    return err;
}

static int wish_number(const char *name, const struct json *value, struct wish *wish, struct err_note *note)
{
    int64_t number;
    if (json_none(value))
        return 0;
    if (!json_int(value, &number) || number < 0)
        return err_set(note, ERR_USAGE, "%s is not a whole number", name);
    if (strcmp(name, "ttl") == 0)
        return set_ttl(wish, number, note);
    wish->users = number;
    return 0;
}

/* A member's name as a stranger wrote it, short enough for a note. */
static int unknown(const char *name, struct err_note *note)
{
    return err_set(note, ERR_USAGE, "\"%.40s\" is no member that is known here", name);
}

int wish_from_json(
    const char *bytes, size_t length, struct arena *arena, struct wish *ret, struct err_note *note)
{
    struct json *root = NULL;
    struct wish wish = nothing;
    int err = json_read(bytes, length, &root, note);
    if (err)
        return err == ERR_DATA ? ERR_USAGE : err;
    const struct {
        const char *name, **place;
    } texts[] = {
        {"label", &wish.label}, {"contact", &wish.contact}, {"country", &wish.country}, {"plan", &wish.plan}};
    const struct json *value;
    const char *name;
    if (!(name = json_member(root, 0, &value)))
        err = err_set(note, ERR_USAGE, "the body is not a JSON object with at least a label");
    for (size_t i = 0; !err && (name = json_member(root, i, &value)); i++) {
        size_t t = 0;
        while (t < sizeof texts / sizeof *texts && strcmp(texts[t].name, name) != 0)
            t++;
        if (t == sizeof texts / sizeof *texts)
            err = strcmp(name, "users") == 0 || strcmp(name, "ttl") == 0
                      ? wish_number(name, value, &wish, note)
                      : unknown(name, note);
        else if (json_text(value))
            err = *json_text(value) ? keep(arena, json_text(value), texts[t].place) : 0;
        else if (!json_none(value))
            err = err_set(note, ERR_USAGE, "%s is not a string", name);
    }
    json_free(root);
    if (!err)
        *ret = wish;
    return err;
}

/* --- observations --- */

static int read_answer(const struct json *value, uint8_t *ret, struct err_note *note)
{
    static const struct {
        const char *word;
        enum evidence_answer answer;
    } words[] = {{"ad", ANSWER_AD}, {"no-ad", ANSWER_NO_AD}, {"servfail", ANSWER_SERVFAIL},
        {"timeout", ANSWER_TIMEOUT}, {"other", ANSWER_OTHER}};
    const char *text = json_text(value);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].word) == 0) {
            *ret = (uint8_t)words[i].answer;
            return 0;
        }
    return err_set(note, ERR_USAGE, "answer is one of ad, no-ad, servfail, timeout, other");
}

static int read_source(const struct json *value, uint8_t ret[EVIDENCE_SOURCE], struct err_note *note)
{
    const char *text = json_text(value);
    struct in_addr four;
    if (json_none(value))
        return 0;
    if (text && inet_pton(AF_INET, text, &four) == 1) {
        ret[10] = ret[11] = 0xff;
        memcpy(ret + 12, &four, 4);
        return 0;
    }
    if (text && inet_pton(AF_INET6, text, ret) == 1)
        return 0;
    return err_set(note, ERR_USAGE, "source is no IP address");
}

static int read_at(
    const struct json *value, int64_t from_us, int64_t now_us, int64_t *ret, struct err_note *note)
{
    const char *text = json_text(value);
    int64_t at_us;
    if (json_none(value))
        return 0;
    if (!text || utc_parse(text, &at_us) != 0)
        return err_set(note, ERR_USAGE, "at is no RFC 3339 time with a zone");
    if (at_us < from_us)
        return err_set(note, ERR_USAGE, "at lies before the enrolment");
    if (at_us > now_us + 5 * UTC_MINUTE)
        return err_set(note, ERR_USAGE, "at lies in the future: mind the clock");
    *ret = at_us < now_us ? at_us : now_us;
    return 0;
}

static int read_name(const struct json *value, struct arena *arena, const char **ret, struct err_note *note)
{
    const char *text = json_text(value);
    if (json_none(value))
        return 0;
    if (!text || strlen(text) > 1000)
        return err_set(note, ERR_USAGE, "name is no domain name");
    return keep(arena, text, ret);
}

static int read_observation(const struct json *object, int64_t from_us, int64_t now_us, struct arena *arena,
    struct observation *ret, struct err_note *note)
{
    const struct json *value;
    const char *name;
    int err = 0;
    *ret = (struct observation){.event = {.at_us = now_us, .kind = EVIDENCE_ANSWER}, .name = ""};
    for (size_t i = 0; !err && (name = json_member(object, i, &value)); i++) {
        if (strcmp(name, "answer") == 0)
            err = read_answer(value, &ret->event.answer, note);
        else if (strcmp(name, "source") == 0)
            err = read_source(value, ret->event.source, note);
        else if (strcmp(name, "at") == 0)
            err = read_at(value, from_us, now_us, &ret->event.at_us, note);
        else if (strcmp(name, "name") == 0)
            err = read_name(value, arena, &ret->name, note);
        else
            err = unknown(name, note);
    }
    return !err && ret->event.answer == 0 ? err_set(note, ERR_USAGE, "an observation needs an answer") : err;
}

int wish_observations(const char *bytes, size_t length, int64_t from_us, int64_t now_us, struct arena *arena,
    struct observation **ret, size_t *ret_count, struct err_note *note)
{
    struct json *root = NULL;
    const struct json *member;
    int err = json_read(bytes, length, &root, note);
    if (err)
        return err == ERR_DATA ? ERR_USAGE : err;
    bool one = json_member(root, 0, &member) != NULL;
    size_t count = one ? 1 : json_count(root);
    struct observation *list = arena_alloc(arena, (count + 1) * sizeof *list);
    if (count == 0)
        err = err_set(note, ERR_USAGE, "the body is neither an observation nor an array of some");
    else if (count > WISH_MAX_OBSERVATIONS)
        err = err_set(note, ERR_USAGE, "more than %d observations at once", WISH_MAX_OBSERVATIONS);
    else if (!list)
        err = ERR_NOMEM;
    for (size_t i = 0; !err && i < count; i++)
        err = read_observation(one ? root : json_at(root, i), from_us, now_us, arena, &list[i], note);
    json_free(root);
    if (err)
        return err;
    *ret = list;
    *ret_count = count;
    return 0;
}
