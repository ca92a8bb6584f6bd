/* space_inside: what the files of `space` share. Nobody else includes it. */
#ifndef IO_PROC_SPACE_INSIDE_H
#define IO_PROC_SPACE_INSIDE_H

#include "io/proc/space.h"

/* Brings loopback up and gives it, and the pair, their addresses. 0, or the errno of what failed; then
 * *ret_what says what that was: a static word or one of the spec's addresses. */
int space_link(const struct space_spec *spec, const char **ret_what);

#endif
