/* What agents report. Either the platform takes it (config.observe), or it is stored here. */
#include "app/web/inside.h"
#include "app/web/route.h"
#include "app/web/wish.h"
#include "io/json/json.h"

#include <string.h>
#include <strings.h>

static int store_all(struct ask *ask, int64_t participant_id, const struct observation *list, size_t count,
    struct err_note *note)
{
    const struct web_config *config = &ask->web->config;
    for (size_t i = 0; config->observe && i < count; i++)
        config->observe(config->context, participant_id, &list[i].event);
    if (config->observe)
        return 0;
    struct store_query *rows = arena_alloc(ask->arena, count * sizeof *rows);
    if (!rows)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct store_query){
            .participant_id = participant_id, .qname = list[i].name, .event = list[i].event};
    return store_observations_add(ask->web->store, rows, count, note);
}

void observe_post(struct ask *ask)
{
    const struct http_request *request = ask->request;
    struct store_participant participant;
    struct observation *list;
    size_t count;
    struct err_note note = {""};
    if (strncasecmp(request->type, "application/json", 16) != 0) {
        ask_fail(ask, 415, "Send application/json.");
        return;
    }
    if (!route_is_token(ask->part)) {
        ask_fail(ask, 404, "There is no such participant.");
        return;
    }
    int err = store_participant_find(ask->web->store, ask->part, ask->arena, &participant, &note);
    if (!err && participant.left_us)
        err = err_set(&note, ERR_USAGE, "this participant has left");
    if (!err)
        err = wish_observations(request->body, request->body_length, participant.joined_us, request->now_us,
            ask->arena, &list, &count, &note);
    if (!err)
        err = store_all(ask, participant.id, list, count, &note);
    if (err) {
        ask_fail_store(ask, err, &note);
        return;
    }
    struct json *root = json_new_object();
    json_set_string(root, "schema", "rollcall.observations/1");
    json_set_int(root, "accepted", (int64_t)count);
    ask_json(ask, 202, root);
}
