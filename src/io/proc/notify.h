/* notify: tells the service manager how we are (sd_notify(3), Type=notify-reload). Without $NOTIFY_SOCKET
 * nothing happens. */
#ifndef IO_PROC_NOTIFY_H
#define IO_PROC_NOTIFY_H

enum notify_state { NOTIFY_READY, NOTIFY_RELOADING, NOTIFY_STOPPING };

/* `status`: one line for `systemctl status`, or NULL. Returns 1 if told, 0 if nobody wants to know, or
 * ERR_IO. */
int notify_send(enum notify_state state, const char *status);

#endif
