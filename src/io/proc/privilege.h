/* privilege: root until the sockets are bound, nobody in particular afterwards. */
#ifndef IO_PROC_PRIVILEGE_H
#define IO_PROC_PRIVILEGE_H

#include "base/err.h"

/* Becomes `user` (a name or a number) and its group, or `group` if that is not NULL, for good: supplementary
 * groups and all capabilities are dropped, and it is verified that there is no way back. In any case, also
 * without a user (NULL or ""), forbids this process and its children to gain privileges
 * (PR_SET_NO_NEW_PRIVS). Call it before there are other threads: capabilities and that prohibition are a
 * thread's own. Not being root is no error if `user` is who we are already. ERR_CONFIG: no such user or
 * group, or root; ERR_PERM. */
int privilege_drop(const char *user, const char *group, struct err_note *note);

/* Gives what has just been made, and only root can have opened, to the user that privilege_drop() will
 * become. Does nothing without a user, or without being root. Errors as above, and ERR_IO. */
int privilege_give(const char *user, const char *path, struct err_note *note);

#endif
