/* The idea: SIGURG is the lab's, and the program does not notice. It may ask for it and gets it when the
 * kernel sends it (urgent data); it cannot block, ignore or fetch it. */
#include "io/vclock/preload.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_MASK = 8 };

PRELOAD_EXPORT int sigaction(
    int number, const struct sigaction *restrict action, struct sigaction *restrict ret_before)
{
    preload_page();
    if (number != PAGE_SIGNAL || !preload.shared) {
        int result = preload.libc.sigaction(number, action, ret_before);
        if (result == 0 && action && number == preload.like)
            preload_interrupt_like(number);
        return result;
    }
    struct sigaction before = preload.theirs;
    if (action)
        preload.theirs = *action;
    if (ret_before)
        *ret_before = before;
    return 0;
}

PRELOAD_EXPORT __sighandler_t signal(int number, __sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;
    sigaddset(&action.sa_mask, number);
    return sigaction(number, &action, &before) < 0 ? SIG_ERR : before.sa_handler;
}

PRELOAD_EXPORT int pthread_sigmask(int how, const sigset_t *restrict mask, sigset_t *restrict ret_before)
{
    sigset_t copy;
    preload_page();
    if (preload.shared && how != SIG_UNBLOCK)
        mask = preload_mask(mask, &copy);
    return preload.libc.pthread_sigmask(how, mask, ret_before);
}

PRELOAD_EXPORT int sigprocmask(int how, const sigset_t *restrict mask, sigset_t *restrict ret_before)
{
    int error = pthread_sigmask(how, mask, ret_before);
    if (error)
        errno = error;
    return error ? -1 : 0;
}

PRELOAD_EXPORT int sigsuspend(const sigset_t *mask)
{
    sigset_t copy;
    return (int)preload_call(SYS_rt_sigsuspend, (long)preload_mask(mask, &copy), KERNEL_MASK, 0, 0, 0, 0);
}

PRELOAD_EXPORT int signalfd(int fd, const sigset_t *mask, int flags)
{
    sigset_t copy;
    return (int)syscall(SYS_signalfd4, fd, preload_mask(mask, &copy), KERNEL_MASK, flags);
}

static int wait_signal(const sigset_t *mask, siginfo_t *ret_info, int64_t until_ns)
{
    sigset_t copy;
    struct preload_wait *wait = preload_begin(PAGE_MONOTONIC, until_ns);
    mask = preload_mask(mask, &copy);
    long result;
    do
        result = preload_call(
            SYS_rt_sigtimedwait, (long)mask, (long)ret_info, (long)preload_left(wait), KERNEL_MASK, 0, 0);
    while (preload_again(wait, result < 0 && errno == EAGAIN, result < 0 && errno == EINTR));
    preload_end(wait);
    if (result > 0 && ret_info && ret_info->si_code == SI_TKILL)
        ret_info->si_code = SI_USER; /* as libc has it */
    return (int)result;
}

PRELOAD_EXPORT int sigtimedwait(
    const sigset_t *restrict mask, siginfo_t *restrict ret_info, const struct timespec *restrict timeout)
{
    if (timeout && !preload_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    return wait_signal(
        mask, ret_info, timeout ? preload_add(preload_now(PAGE_MONOTONIC), preload_ns(timeout)) : PAGE_NEVER);
}

PRELOAD_EXPORT int sigwaitinfo(const sigset_t *restrict mask, siginfo_t *restrict ret_info)
{
    return wait_signal(mask, ret_info, PAGE_NEVER);
}

PRELOAD_EXPORT int sigwait(const sigset_t *restrict mask, int *restrict ret_number)
{
    int number;
    do
        number = wait_signal(mask, NULL, PAGE_NEVER);
    while (number < 0 && errno == EINTR);
    if (number < 0)
        return errno;
    *ret_number = number;
    return 0;
}
