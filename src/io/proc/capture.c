/* The idea: read its output through a pipe until the end or the time is over,
 * then kill the group, so that nothing that it started is left. */
#include "io/proc/capture.h"

#include "io/proc/clock.h"
#include "io/proc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* True: it closed its output in time. */
static bool read_output(int fd, int64_t deadline_us, struct text *output)
{
    char bytes[4096];
    size_t kept = 0;
    for (;;) {
        int64_t left_us = deadline_us - clock_mono_us();
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        int ready = left_us > 0 ? poll(&poller, 1, (int)(left_us / 1000 + 1)) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t length = ready > 0 ? read(fd, bytes, sizeof bytes) : 0;
        if (ready <= 0 || length <= 0)
            return ready > 0;
        size_t room = CAPTURE_MAX - kept, taken = (size_t)length < room ? (size_t)length : room;
        text_add_bytes(output, bytes, taken);
        kept += taken;
    }
}

/* Waits until it ends, and leaves it a zombie, so that its group's number is not given away. */
static bool wait_end(pid_t pid, int64_t deadline_us)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == pid)
            return true;
        if (clock_mono_us() >= deadline_us)
            return false;
        nanosleep(&pause, NULL);
    }
}

int capture_run(
    const struct capture_spec *spec, struct text *ret_output, int *ret_code, struct err_note *note)
{
    int ends[2], status = 0;
    pid_t pid;
    struct proc_spec launch = {.argv = spec->argv, .environment = spec->environment};
    if (pipe2(ends, O_CLOEXEC))
        return err_set(note, ERR_IO, "a pipe: %s", strerror(errno));
    launch.output_fd = ends[1];
    int rc = launch_program(&launch, &pid, note);
    close(ends[1]);
    if (rc) {
        close(ends[0]);
        return rc;
    }
    int64_t deadline_us = clock_mono_us() + (int64_t)spec->timeout_ms * 1000;
    bool ended = read_output(ends[0], deadline_us, ret_output) && wait_end(pid, deadline_us);
    close(ends[0]);
    kill(-pid, SIGKILL); /* it, or what it left behind */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        return err_set(note, ERR_UNAVAILABLE, "%s did not end within %u ms", spec->argv[0], spec->timeout_ms);
    if (ret_code)
        *ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ret_output->failed ? err_set(note, ERR_NOMEM, "out of memory") : 0;
}
