/* build: the steps by which zone_view_make() fills a view; each needs those before it. */
#ifndef CORE_ZONE_BUILD_H
#define CORE_ZONE_BUILD_H

#include "core/zone/view.h"

struct build {
    const struct zone_spec *spec;
    struct zone_view *view;
    struct err_note *note;
    struct render render;
    uint8_t scratch[RENDER_MAX];
};

/* build.c: names and sets; their order; what lies below delegations; what each name's denial needs. */
int build_nodes(struct build *build);
int build_order(struct build *build);
int build_check(struct build *build);

/* chain.c: signatures and the NSEC chain. RFC 4035 §2.2, §2.3. */
int build_signatures(struct build *build);
int build_chain(struct build *build);

/* pieces.c: everything rendered. */
int build_pieces(struct build *build);

/* A set with its owner, for signing and printing. */
struct rrset build_rrset(const struct view_node *node, const struct view_set *set);

int build_fault(struct build *build, const struct view_node *node, const char *what);

#endif
