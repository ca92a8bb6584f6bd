/* lab_space COMMAND ARGUMENT…: runs a command in a space whose whole DNS is that of a rehearsal
 * (app/lab), in real time, with the plan root-2024. The command finds LAB_DS and LAB_DNSKEY, RDATA of the
 * newest root key, and LAB_ROOTS, addresses of the root servers, in its environment; its exit code is ours.
 * When it ends, all in the space has ended. What was asked about trust anchors is printed at the end. */
#include "app/lab/world/server.h"
#include "app/lab/world/world_try.h"
#include "base/text.h"
#include "io/proc/clock.h"
#include "io/proc/launch.h"
#include "io/proc/space.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAULT = 70, POLL_MS = 20 };

struct job {
    struct world_try try;
    const char *const *command;
};

static void set_anchor(const struct job *job)
{
    const struct dnskey *key = job->try.key[job->try.key_count - 1];
    struct name root = {.length = 1};
    char text[4 * DNSKEY_MAX_RDATA], digest[DNSKEY_DIGEST_TEXT];
    dnskey_digest_text(&root, key, 2, digest);
    snprintf(text, sizeof text, "%u %u 2 %s", key->tag, key->algorithm, digest);
    setenv("LAB_DS", text, 1);
    struct text dnskey;
    text_start(&dnskey);
    dnskey_public_text(&root, key, &dnskey);
    const char *rdata = strstr(dnskey.string, "257");
    setenv("LAB_DNSKEY", rdata ? rdata : "", 1);
    text_free(&dnskey);
    size_t count;
    const char *const *roots = lab_server_roots(&count);
    text_start(&dnskey);
    for (size_t i = 0; i < count; i++)
        text_printf(&dnskey, "%s%s", i ? " " : "", roots[i]);
    setenv("LAB_ROOTS", dnskey.string, 1);
    text_free(&dnskey);
}

static void print_log(const struct lab_server *server)
{
    size_t count;
    const struct lab_query *log = lab_server_log(server, &count);
    for (size_t i = 0; i < count; i++)
        printf("log server %u qtype %u %s %s size %u\n", log[i].server, log[i].qtype,
            log[i].tcp ? "tcp" : "udp", log[i].qname, log[i].answer_size);
}

/* Process 1 is everybody's parent in the end. */
static int serve(struct lab_server *server, pid_t command)
{
    for (;;) {
        unsigned answered;
        int status, rc = lab_server_poll(server, POLL_MS, 0, &answered);
        if (rc) {
            fprintf(stderr, "lab_space: the server: %s\n", err_str(rc));
            return FAULT;
        }
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == command)
                return WIFEXITED(status) ? WEXITSTATUS(status) : FAULT;
    }
}

static int run(void *context)
{
    struct job *job = context;
    struct lab_world *world = NULL;
    struct lab_server *server = NULL;
    struct err_note note = {""};
    pid_t pid;
    set_anchor(job);
    int rc = lab_world_new(&job->try.spec, &world, &note);
    rc = rc ? rc : lab_server_new(world, NULL, &server, &note);
    rc = rc ? rc : launch_program(&(struct proc_spec){.argv = job->command}, &pid, &note);
    int code = FAULT;
    if (rc)
        fprintf(stderr, "lab_space: %s\n", note.text);
    else
        code = serve(server, pid);
    if (server)
        print_log(server);
    lab_server_free(server);
    lab_world_free(world);
    return code;
}

int main(int argc, char **argv)
{
    struct job job;
    struct space_spec spec = {.ethernet = false};
    struct err_note note = {""};
    char now[UTC_TEXT];
    pid_t pid;
    int status = FAULT << 8;
    if (argc < 2) {
        fprintf(stderr, "usage: lab_space COMMAND ARGUMENT...\n");
        return 64;
    }
    job.command = (const char *const *)argv + 1;
    utc_format(clock_now_us(), now);
    int rc = world_try_make(&job.try, "root-2024", now, now, &note);
    spec.addresses = lab_server_addresses(&spec.address_count);
    rc = rc ? rc : space_start(&spec, run, &job, &pid, &note);
    if (rc)
        fprintf(stderr, "lab_space: %s\n", note.text);
    while (!rc && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    world_try_free(&job.try);
    return rc ? err_exit(rc) : WIFEXITED(status) ? WEXITSTATUS(status) : FAULT;
}
