/* Names of members stand once, below; addresses are text, IPv4 without its mapping. */
#include "io/json/verdict_json.h"

#include "base/text.h"
#include "base/utc.h"
#include "io/json/json.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static const char *address_text(const uint8_t source[EVIDENCE_SOURCE], char out[INET6_ADDRSTRLEN])
{
    bool four = memcmp(source, mapped, sizeof mapped) == 0;
    return inet_ntop(four ? AF_INET : AF_INET6, source + (four ? 12 : 0), out, INET6_ADDRSTRLEN);
}

static void address_read(const char *text, uint8_t ret_source[EVIDENCE_SOURCE])
{
    struct in_addr four;
    if (text && inet_pton(AF_INET, text, &four) == 1) {
        memcpy(ret_source, mapped, sizeof mapped);
        memcpy(ret_source + 12, &four, 4);
    } else if (!text || inet_pton(AF_INET6, text, ret_source) != 1) {
        memset(ret_source, 0, EVIDENCE_SOURCE);
    }
}

void verdict_json_set_finding(struct json *object, const struct verdict_finding *finding)
{
    json_set_string(object, "rule", finding->rule);
    json_set_string(object, "text", finding->text);
    json_set_string(object, "means", finding->means);
    json_set_string(object, "mend", finding->mend);
    json_set_int(object, "count", (int64_t)finding->count);
    json_set_time(object, "first", finding->count ? finding->first_us : UTC_OPEN);
    json_set_time(object, "last", finding->count ? finding->last_us : UTC_OPEN);
    json_set_bool(object, "harmful", finding->harmful);
}

static void set_source(struct json *object, const struct verdict_source *source)
{
    char text[INET6_ADDRSTRLEN];
    json_set_string(object, "address", address_text(source->source, text));
    json_set_string(object, "verdict", verdict_name(source->verdict));
    json_set_string(object, "state", verdict_state_name(source->state));
    json_set_string(object, "summary", source->summary);
    json_set_int(object, "queries", (int64_t)source->queries);
    json_set_time(object, "first", source->queries ? source->first_us : UTC_OPEN);
    json_set_time(object, "last", source->queries ? source->last_us : UTC_OPEN);
}

void verdict_json_set(struct json *object, const struct verdict_result *result)
{
    json_set_string(object, "verdict", verdict_name(result->verdict));
    json_set_string(object, "state", verdict_state_name(result->state));
    json_set_string(object, "summary", result->summary);
    json_set_string(object, "would_change", result->would_change);
    json_set_time(object, "trust", result->trust_us);
    json_set_time(object, "breaks", result->break_us);
    json_set_time(object, "broke", result->broke_us);
    struct json *findings = json_set_array(object, "findings");
    for (size_t i = 0; i < result->finding_count; i++)
        verdict_json_set_finding(json_add_object(findings), &result->findings[i]);
    struct json *sources = json_set_array(object, "sources");
    for (size_t i = 0; i < result->source_count; i++)
        set_source(json_add_object(sources), &result->sources[i]);
    json_set_int(object, "sources_not_ready", (int64_t)result->sources_not_ready);
}

int verdict_json_write(const struct verdict_result *result, struct text *ret_text)
{
    struct json *object = json_new_object();
    json_set_string(object, "schema", "rollcall.verdict/1");
    verdict_json_set(object, result);
    int err = json_write(object, false, ret_text);
    json_free(object);
    return err;
}

/* --- reading --- */

static const char *string(const struct json *object, const char *name, struct arena *arena)
{
    const char *text = json_text(json_get(object, name));
    return text ? arena_string(arena, text) : NULL;
}

static int64_t moment(const struct json *object, const char *name)
{
    int64_t us;
    const char *text = json_text(json_get(object, name));
    return text && utc_parse(text, &us) == 0 ? us : UTC_OPEN;
}

static int64_t number(const struct json *object, const char *name)
{
    int64_t value = 0;
    json_int(json_get(object, name), &value);
    return value < 0 ? 0 : value;
}

static enum verdict verdict_of(const struct json *object)
{
    const char *name = json_text(json_get(object, "verdict"));
    for (int v = VERDICT_READY; name && v < VERDICT_UNKNOWN; v++)
        if (strcmp(name, verdict_name((enum verdict)v)) == 0)
            return (enum verdict)v;
    return VERDICT_UNKNOWN;
}

static enum verdict_state state_of(const struct json *object)
{
    const char *name = json_text(json_get(object, "state"));
    for (int s = STATE_WAITING; name && s <= STATE_FAILED; s++)
        if (strcmp(name, verdict_state_name((enum verdict_state)s)) == 0)
            return (enum verdict_state)s;
    return STATE_WAITING;
}

static int read_findings(const struct json *array, struct arena *arena, struct verdict_result *result)
{
    size_t count = json_count(array);
    result->findings = arena_alloc(arena, (count + 1) * sizeof *result->findings);
    if (!result->findings)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct json *one = json_at(array, i);
        struct verdict_finding *finding = &result->findings[result->finding_count++];
        *finding = (struct verdict_finding){.rule = string(one, "rule", arena),
            .text = string(one, "text", arena),
            .means = string(one, "means", arena),
            .mend = string(one, "mend", arena),
            .count = (unsigned long)number(one, "count"),
            .first_us = moment(one, "first"),
            .last_us = moment(one, "last")};
        json_bool(json_get(one, "harmful"), &finding->harmful);
    }
    return 0;
}

static int read_sources(const struct json *array, struct arena *arena, struct verdict_result *result)
{
    size_t count = json_count(array);
    result->sources = arena_alloc(arena, (count + 1) * sizeof *result->sources);
    if (!result->sources)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct json *one = json_at(array, i);
        struct verdict_source *source = &result->sources[result->source_count++];
        *source = (struct verdict_source){.verdict = verdict_of(one),
            .state = state_of(one),
            .summary = string(one, "summary", arena),
            .queries = (unsigned long)number(one, "queries"),
            .first_us = moment(one, "first"),
            .last_us = moment(one, "last")};
        address_read(json_text(json_get(one, "address")), source->source);
    }
    return 0;
}

int verdict_json_read(
    const char *document, struct arena *arena, struct verdict_result *ret, struct err_note *note)
{
    struct json *root;
    int err = json_read(document, strlen(document), &root, note);
    if (err)
        return err;
    struct verdict_result result = {.verdict = verdict_of(root),
        .state = state_of(root),
        .summary = string(root, "summary", arena),
        .would_change = string(root, "would_change", arena),
        .trust_us = moment(root, "trust"),
        .break_us = moment(root, "breaks"),
        .broke_us = moment(root, "broke"),
        .sources_not_ready = (size_t)number(root, "sources_not_ready")};
    if (!json_text(json_get(root, "verdict")))
        err = err_set(note, ERR_DATA, "the document is no verdict");
    if (!err)
        err = read_findings(json_get(root, "findings"), arena, &result);
    if (!err)
        err = read_sources(json_get(root, "sources"), arena, &result);
    json_free(root);
    if (!err)
        *ret = result;
    return err;
}
