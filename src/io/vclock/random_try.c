/* A program for random_test: says what it draws, a line for each way in which one can; with an argument, not
 * in threads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 16 };

static void say(const char *how, const unsigned char *octets)
{
    printf("%s ", how);
    for (int i = 0; i < SIZE; i++)
        printf("%02x", octets[i]);
    printf("\n");
    fflush(stdout);
}

static void *in_thread(void *how)
{
    unsigned char octets[SIZE];
    if (getrandom(octets, SIZE, 0) == SIZE)
        say(how, octets);
    return NULL;
}

static void in_child(const char *how)
{
    pid_t pid = fork();
    if (pid == 0) {
        in_thread((void *)how);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    unsigned char octets[SIZE];
    pthread_t thread;
    (void)argv;
    in_thread("getrandom");
    if (getentropy(octets, SIZE) == 0)
        say("getentropy", octets);
    if (syscall(SYS_getrandom, octets, SIZE, 0) == SIZE)
        say("syscall", octets);
    int fd = open("/dev/urandom", O_RDONLY);
    if (fd >= 0 && read(fd, octets, SIZE) == SIZE)
        say("urandom", octets);
    memcpy(octets, (const void *)getauxval(AT_RANDOM), SIZE); // NOLINT: the kernel's pointer
    say("gift", octets);
#if __GLIBC_PREREQ(2, 36)
    arc4random_buf(octets, SIZE);
    say("arc4random_buf", octets);
    for (int i = 0; i < 1000; i++)
        if (arc4random_uniform(7) >= 7)
            return 1;
    for (size_t i = 0; i < SIZE / sizeof(uint32_t); i++)
        memcpy(octets + i * sizeof(uint32_t), &(uint32_t){arc4random()}, sizeof(uint32_t));
    say("arc4random", octets);
#endif
    for (int i = 0; i < 2; i++) {
        if (argc == 1 && pthread_create(&thread, NULL, in_thread, i ? "thread_2" : "thread_1") == 0)
            pthread_join(thread, NULL);
        in_child(i ? "child_2" : "child_1");
    }
    printf("ok\n");
    return 0;
}
