/* Views of named. The idea: a view is chosen by who asks, so each is asked from a loopback address of its
 * own, which its match-clients hold before all others, and no other view's. */
#include "app/lab/products/named_user.h"

#include <string.h>

/* In text that a person reads. */
static const char *safe_name(struct draft *draft, const char *name)
{
    struct text text;
    text_start(&text);
    text_add_safe(&text, name);
    const char *copy = draft_string(draft, "%.60s", text.string);
    text_free(&text);
    return copy;
}

static void let_in(struct draft *draft, const struct named_scope *view, const char *who)
{
    if (view->clients)
        draft_replace(draft, view->clients_file, view->clients, view->clients, who);
    else
        draft_replace(
            draft, view->file, view->at, view->at, draft_string(draft, "\n\tmatch-clients {%s any; };", who));
}

/* What a view trusts: its own statements and those of the whole; with "auto" bind.keys, with "no" nothing. */
static struct lab_trust trust_of(struct draft *draft, const struct named_scope *global,
    const struct named_scope *view, const struct lab_trust *bindkeys)
{
    const char *says = view->validation ? view->validation : global->validation;
    const struct lab_trust *parts[] = {&global->trust, &view->trust, bindkeys};
    struct lab_trust kept = draft->trust;
    draft->trust = (struct lab_trust){.known = true};
    for (size_t i = 0; i < 3 && (!says || strcmp(says, "no") != 0); i++) {
        if (i == 2 && says && strcmp(says, "auto") != 0)
            break;
        draft->trust.follows |= parts[i]->follows;
        for (size_t k = 0; k < parts[i]->count; k++)
            draft_trust(draft, parts[i]->tags[k], parts[i]->initial[k]);
    }
    struct lab_trust trust = draft->trust;
    draft->trust = kept;
    return trust.follows && view->state.count ? view->state : trust; /* what was learned counts */
}

/* Of two that are trusted in views, the one with which the view is worse off. */
static struct lab_trust worse(struct lab_trust a, struct lab_trust b)
{
    if (!a.count || !b.count)
        return a.count ? a : b;
    if (a.follows != b.follows)
        return a.follows ? b : a;
    return b.count < a.count ? b : a;
}

/* Why a view is not asked, or NULL. */
static const char *why_not(struct draft *draft, const struct named_scope *global,
    const struct named_scope *view, const struct lab_trust *trust, size_t asked)
{
    const char *recursion = view->recursion ? view->recursion : global->recursion;
    if (recursion && strcmp(recursion, "no") == 0)
        return "it does not recurse";
    if (!trust->count)
        return "it has no anchor of the root, or validates nothing";
    return asked == LAB_VIEWS || (product_six(draft->setup) && asked) ? "there are too many" : NULL;
}

void named_views(struct draft *draft, const struct named_scope *global, const struct named_scope *views,
    size_t count, const struct lab_trust *bindkeys, struct lab_start *start)
{
    struct lab_trust worst =
        count ? (struct lab_trust){.known = true} : trust_of(draft, global, global, bindkeys);
    bool any = false;
    for (size_t i = 0; i < count && !any; i++) {
        struct lab_trust trust = trust_of(draft, global, &views[i], bindkeys);
        any = !why_not(draft, global, &views[i], &trust, 0);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = safe_name(draft, views[i].name);
        struct lab_trust trust = trust_of(draft, global, &views[i], bindkeys);
        const char *why = why_not(draft, global, &views[i], &trust, start->view_count);
        if (why && (any || i > 0)) {
            draft_note(draft, "its view %s is not asked: %s", name, why);
            let_in(draft, &views[i], " !127.0.1.0/24;");
            continue;
        }
        struct lab_view *view = &start->views[start->view_count++];
        view->name = name;
        view->source =
            product_six(draft->setup) ? NULL : draft_string(draft, "127.0.1.%zu", start->view_count);
        worst = worse(worst, trust);
        let_in(draft, &views[i],
            draft_string(draft, " %s; !127.0.1.0/24; 127.0.0.0/8;",
                view->source ? view->source : draft->setup->address));
    }
    draft->trust = worst;
}
