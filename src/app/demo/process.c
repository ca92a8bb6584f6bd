/* The child of a participant: its directory, its configuration, its program. */
#include "app/demo/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GRACE_MS = 3000 };

/* A port that is free for UDP and TCP just now. (Between here and the program's own bind somebody may take
 * it; then the program ends and says so.) */
static uint16_t free_port(void)
{
    for (int attempt = 0; attempt < 32; attempt++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;
        int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
            udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool found = tcp >= 0 && udp >= 0 && bind(udp, (struct sockaddr *)&address, length) == 0 &&
                     getsockname(udp, (struct sockaddr *)&address, &length) == 0 &&
                     bind(tcp, (struct sockaddr *)&address, length) == 0;
        if (tcp >= 0)
            close(tcp);
        if (udp >= 0)
            close(udp);
        if (found)
            return ntohs(address.sin_port);
    }
    return 0;
}

static int write_file(const char *path, const char *string, struct err_note *note)
{
    FILE *file = fopen(path, "we");
    bool written = file && fputs(string, file) >= 0;
    if (file && fclose(file))
        written = false;
    return written ? 0 : err_set(note, ERR_IO, "%s: %s", path, strerror(errno));
}

static int write_anchor(const struct participant *p, struct err_note *note)
{
    char path[DEMO_PATH + 16];
    struct text line;
    text_start(&line);
    text_printf(&line, "%s DS %s\n", p->zone, p->ds);
    snprintf(path, sizeof path, "%s/anchor.key", p->directory);
    int rc = line.failed ? err_set(note, ERR_NOMEM, "out of memory") : write_file(path, line.string, note);
    text_free(&line);
    return rc;
}

static void ended(void *context, struct proc *proc, struct proc_end end)
{
    struct participant *p = context;
    (void)proc;
    p->proc = NULL;
    struct err_note note;
    if (p->restarting) {
        p->restarting = false;
        if (process_start(p, &note) == 0)
            return;
        tell(p->demo, p->label, "cannot be started again: %s", note.text);
    } else if (p->demo->stage != STAGE_OVER) {
        tell(p->demo, p->label, "ended by itself (%s %d); its own words are in %s/log",
            end.by_signal ? "signal" : "exit code", end.code, p->directory);
    }
}

static int launch(struct participant *p, const struct resolver_setup *setup, struct err_note *note)
{
    char path[DEMO_PATH + 32], log[DEMO_PATH + 8];
    struct text config;
    text_start(&config);
    resolver_config(setup, &config);
    snprintf(path, sizeof path, "%s/%s", p->directory, resolver_config_name(p->product));
    snprintf(log, sizeof log, "%s/log", p->directory);
    int rc =
        config.failed ? err_set(note, ERR_NOMEM, "out of memory") : write_file(path, config.string, note);
    text_free(&config);
    if (rc)
        return rc;
    char **argv = resolver_argv(setup, p->program, path, p->demo->arena);
    if (!argv)
        return err_set(note, ERR_NOMEM, "out of memory");
    struct proc_spec spec = {.argv = (const char *const *)argv, .directory = p->directory, .output = log};
    return proc_start(p->demo->loop, &spec, ended, p, &p->proc, note);
}

int process_start(struct participant *p, struct err_note *note)
{
    if (p->proc) { /* end it first; ended() comes back here */
        p->restarting = true;
        proc_stop(p->proc, GRACE_MS);
        return 0;
    }
    const struct demo_config *c = &p->demo->config;
    if (mkdir(p->directory, 0700) && errno != EEXIST)
        return err_set(note, ERR_IO, "%s: %s", p->directory, strerror(errno));
    if (!p->port && !(p->port = free_port()))
        return err_set(note, ERR_UNAVAILABLE, "no free port on 127.0.0.1");
    const struct plan *plan = p->demo->plan;
    struct resolver_setup setup = {.product = p->product,
        .managed = p->managed,
        .directory = p->directory,
        .port = p->port,
        .zone = p->zone,
        .forward = c->parent,
        .platform_address = c->platform_address,
        .platform_port = c->platform_port,
        .source = *p->source ? p->source : NULL,
        .dnskey = p->dnskey,
        .ds = p->ds,
        .hold_down_s = plan->add_hold_us / UTC_SECOND,
        .ttl_s = plan->dnskey_ttl_s};
    int rc = p->product == RESOLVER_UNBOUND ? write_anchor(p, note) : 0;
    return rc ? rc : launch(p, &setup, note);
}
