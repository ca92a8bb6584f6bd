/* The order matters: supplementary groups, then the group, then the user, since each needs the rights that
 * the next gives away. Then nothing is believed: what was dropped is asked for again, and getting it back is
 * an error. */
#include "io/proc/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct identity {
    uid_t uid;
    gid_t gid;
};

static bool parse_number(const char *string, unsigned *ret_number)
{
    char *end;
    if (string[0] < '0' || string[0] > '9')
        return false;
    errno = 0;
    unsigned long number = strtoul(string, &end, 10);
    if (errno || *end || number >= UINT32_MAX) /* the last number means "unchanged" to setresuid(2) */
        return false;
    *ret_number = (unsigned)number;
    return true;
}

static int find_user(const char *user, struct identity *ret, struct err_note *note)
{
    char buffer[16384];
    struct passwd entry, *found = NULL;
    unsigned number;
    if (parse_number(user, &number)) {
        getpwuid_r(number, &entry, buffer, sizeof buffer, &found);
        *ret = (struct identity){.uid = number, .gid = found ? found->pw_gid : number};
        return 0;
    }
    getpwnam_r(user, &entry, buffer, sizeof buffer, &found);
    if (!found)
        return err_set(note, ERR_CONFIG, "user %s does not exist", user);
    *ret = (struct identity){.uid = found->pw_uid, .gid = found->pw_gid};
    return 0;
}

static int find_group(const char *group, gid_t *ret_gid, struct err_note *note)
{
    char buffer[16384];
    struct group entry, *found = NULL;
    unsigned number;
    if (parse_number(group, &number)) {
        *ret_gid = number;
        return 0;
    }
    getgrnam_r(group, &entry, buffer, sizeof buffer, &found);
    if (!found)
        return err_set(note, ERR_CONFIG, "group %s does not exist", group);
    *ret_gid = found->gr_gid;
    return 0;
}

/* Whoever we are now, no capability stays: one may have come as an ambient one from the service manager. */
static int drop_capabilities(struct err_note *note)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) < 0)
        return err_set(note, ERR_PERM, "cannot drop capabilities: %s", strerror(errno));
    return 0;
}

static int become(struct identity to, struct err_note *note)
{
    if (setgroups(0, NULL) < 0 || setresgid(to.gid, to.gid, to.gid) < 0 ||
        setresuid(to.uid, to.uid, to.uid) < 0)
        return err_set(
            note, ERR_PERM, "cannot become user %u, group %u: %s", to.uid, to.gid, strerror(errno));
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;
    if (getresuid(&ruid, &euid, &suid) < 0 || ruid != to.uid || euid != to.uid || suid != to.uid ||
        getresgid(&rgid, &egid, &sgid) < 0 || rgid != to.gid || egid != to.gid || sgid != to.gid ||
        getgroups(0, NULL) != 0)
        return err_set(note, ERR_PERM, "became another user than %u, group %u", to.uid, to.gid);
    return 0;
}

static int verify_no_way_back(struct identity to, struct err_note *note)
{
    if (setresuid(0, 0, 0) == 0 || setuid(0) == 0 || (to.gid != 0 && setresgid(0, 0, 0) == 0))
        return err_set(note, ERR_PERM, "privileges dropped could be had again");
    return 0;
}

int privilege_drop(const char *user, const char *group, struct err_note *note)
{
    if (user && *user) {
        struct identity to;
        int rc = find_user(user, &to, note);
        if (!rc && group && *group)
            rc = find_group(group, &to.gid, note);
        if (!rc && to.uid == 0)
            rc = err_set(note, ERR_CONFIG, "user %s is root: name one without privileges", user);
        if (!rc && geteuid() != 0 && geteuid() != to.uid)
            rc = err_set(note, ERR_PERM, "only root can become user %s", user);
        if (!rc && geteuid() == 0)
            rc = become(to, note);
        if (!rc)
            rc = drop_capabilities(note);
        if (!rc)
            rc = verify_no_way_back(to, note);
        if (rc)
            return rc;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_set(note, ERR_PERM, "cannot forbid new privileges: %s", strerror(errno));
    return 0;
}

int privilege_give(const char *user, const char *path, struct err_note *note)
{
    struct identity to;
    if (!user || !*user || geteuid() != 0)
        return 0;
    int rc = find_user(user, &to, note);
    if (!rc && lchown(path, to.uid, to.gid) < 0)
        rc = err_set(note, ERR_IO, "%s: cannot be given to user %s: %s", path, user, strerror(errno));
    return rc;
}
