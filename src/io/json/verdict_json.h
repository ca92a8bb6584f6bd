/* verdict_json: a verdict as JSON and back: what the store keeps of it, what the API tells.
 *
 *   { "verdict": "not-ready", "state": "learning", "summary": …, "would_change": …, "trust": TIME or null,
 *     "breaks": TIME or null, "broke": TIME or null,
 *     "findings": [ { "rule", "text", "means", "mend", "count", "first", "last", "harmful" } ],
 *     "sources": [ { "address", "verdict", "state", "summary", "queries", "first", "last" } ],
 *     "sources_not_ready": N }
 *
 * The same result gives the same bytes. */
#ifndef IO_JSON_VERDICT_JSON_H
#define IO_JSON_VERDICT_JSON_H

#include "core/roll/verdict.h"

struct json;
struct text;

/* Sets the members above in an object. */
void verdict_json_set(struct json *object, const struct verdict_result *result);

/* One finding: the members of an element of "findings". */
void verdict_json_set_finding(struct json *object, const struct verdict_finding *finding);

/* The whole as a document, with "schema": "rollcall.verdict/1" before the members above. */
int verdict_json_write(const struct verdict_result *result, struct text *ret_text);

/* Reads a document; everything in *ret lives in the arena. What is missing is empty, a time that is missing
 * is UTC_OPEN. ERR_DATA if it is no such object, ERR_NOMEM. */
int verdict_json_read(
    const char *document, struct arena *arena, struct verdict_result *ret, struct err_note *note);

#endif
