/* The plans that can be joined or looked at, each with its drawing. */
#include "app/web/inside.h"
#include "app/web/part.h"

#include "io/store/rolls.h"

#include <string.h>

size_t ask_plan_names(struct ask *ask, const char *const **ret_names)
{
    const char **offered = NULL, **names;
    size_t more = 0, count = 0, builtin = plan_builtin_count();
    if (rolls_offered(ask->web->store, ask->arena, &offered, &more, NULL) != 0)
        more = 0;
    names = arena_alloc(ask->arena, (builtin + more) * sizeof *names);
    for (size_t i = 0; names && i < builtin; i++)
        names[count++] = plan_builtin_name(i);
    for (size_t i = 0; names && i < more; i++) {
        bool known = false;
        for (size_t j = 0; j < builtin; j++)
            known = known || strcmp(offered[i], plan_builtin_name(j)) == 0;
        if (!known)
            names[count++] = offered[i];
    }
    *ret_names = names;
    return count;
}

struct plan *ask_plan(struct ask *ask, const char *name)
{
    struct plan *plan = NULL;
    return rolls_find(ask->web->store, name, &plan, NULL) == 0 ? plan : NULL;
}

void plans_get(struct ask *ask)
{
    struct text *out = ask_page(ask, 200);
    part_open(out, &(struct part_frame){"Plans", "/plans", 0, false});
    text_add(out, "<h1>Plans</h1>\n<p>A plan is a set of keys and dated steps for each: publish, sign, stop, "
                  "revoke, withdraw. Test "
                  "zones follow the relative ones; the others show what the root did and will do.</p>\n");
    const char *const *names;
    size_t count = ask_plan_names(ask, &names);
    for (size_t i = 0; i < count; i++) {
        struct plan *plan = ask_plan(ask, names[i]);
        if (!plan)
            continue;
        text_printf(out, "<section class=\"card\"><h2><a href=\"/plans/%s\">%s</a></h2>\n<p>", plan->name,
            plan->name);
        text_add_html(out, plan->title ? plan->title : "");
        text_printf(out, "</p>\n<p class=\"small\">Now: %s.</p></section>\n",
            plan->relative ? "begins on demand" : part_phase(plan_phase_at(plan, ask->request->now_us)));
        plan_free(plan);
    }
    part_close(out);
}

static void key_table(struct text *out, const struct plan *plan)
{
    text_add(out, "<table class=\"people\"><caption class=\"hidden\">Keys</caption><thead><tr><th "
                  "scope=\"col\">Key</th><th "
                  "scope=\"col\">Kind</th><th scope=\"col\">Algorithm</th><th scope=\"col\">Tag</th><th "
                  "scope=\"col\">Tag when "
                  "revoked</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < plan->key_count; i++) {
        const struct plan_key *key = &plan->keys[i];
        text_add(out, "<tr><th scope=\"row\" data-th=\"Key\">");
        text_add_html(out, key->id);
        text_printf(out, "</th><td data-th=\"Kind\">%s</td><td data-th=\"Algorithm\">%u",
            key->zsk ? "zone-signing" : "key-signing", key->algorithm);
        if (key->bits)
            text_printf(out, ", %u bits", key->bits);
        text_add(out, "</td><td data-th=\"Tag\">");
        text_printf(out, key->tag >= 0 ? "%d" : "each zone\xe2\x80\x99s own", key->tag);
        text_add(out, "</td><td data-th=\"Tag when revoked\">");
        text_printf(out, key->revoked_tag >= 0 ? "%d" : "each zone\xe2\x80\x99s own", key->revoked_tag);
        text_add(out, "</td></tr>\n");
    }
    text_add(out, "</tbody></table>\n");
}

void plan_get(struct ask *ask)
{
    struct plan *plan = ask_plan(ask, ask->part);
    if (!plan) {
        ask_fail(ask, 404, "There is no such plan.");
        return;
    }
    int64_t now_us = ask->request->now_us;
    struct plan_roll roll = plan_roll_at(plan, now_us);
    struct text *out = ask_page(ask, 200);
    part_open(out, &(struct part_frame){plan->name, "/plans", 0, false});
    text_printf(out, "<section class=\"card\"><h1>%s</h1>\n<p>", plan->name);
    text_add_html(out, plan->title ? plan->title : "");
    text_add(out, "</p>\n");
    if (!plan->relative)
        text_printf(out, "<p class=\"phase\">Now: %s.</p>\n", part_phase(plan_phase_at(plan, now_us)));
    part_notice(out, plan, &roll, part_seconds(plan));
    part_timeline(out, plan, now_us, "tl");
    key_table(out, plan);
    text_add(out, "</section>\n");
    part_close(out);
    plan_free(plan);
}
