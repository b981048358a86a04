// What the programs here share: failing, time, mounts of their own, namespaces made and pinned, netlink's answers.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { most_threads = 64 };

__attribute__((noreturn)) static void fail(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

static inline double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

// Runs `body` on some threads, each with its number, and waits for all. The calling thread enters no namespace, and does nothing itself.
static inline void in_parallel(int width, void *(*body)(void *)) {
    pthread_t threads[most_threads];
    for (long index = 0; index < width; index++)
        if ((errno = pthread_create(&threads[index], 0, body, (void *)index)) != 0) fail("pthread_create");
    for (long index = 0; index < width; index++) pthread_join(threads[index], 0);
}

// Many namespaces are many descriptors.
static inline void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Sees the machine's files from here on through mounts that nobody else has and that go with the process.
static inline void own_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) != 0) fail("a mount namespace");
}

// An empty folder for pins, in memory, where ip(8) looks for them. It hides the machine's /run from this process alone.
static inline void own_pins(void) {
    if (mount("none", "/run", "tmpfs", 0, "mode=755") != 0 || mkdir("/run/netns", 0755) != 0) fail("/run");
}

static inline void drop_pins(void) {
    if (umount2("/run", MNT_DETACH) != 0) fail("umount /run");
}

// Gives the calling thread's namespace a name.
static inline void pin(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    if (file < 0) fail(path);
    close(file);
    if (mount("/proc/thread-self/ns/net", path, "none", MS_BIND, 0) != 0) fail(path);
}

static inline int own_space(void) {
    int file = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (file < 0) fail("/proc/thread-self/ns/net");
    return file;
}

static inline int netlink_socket(int protocol) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) fail("socket");
    return descriptor;
}

// Reads what the kernel has answered to what it has just been sent: so many acknowledgements, and no refusal. It answers before it
// returns from the call that sends.
static inline void read_answers(int descriptor, int wanted) {
    char reply[1 << 15];
    _Bool is_over = 0;
    while (!is_over) {
        ssize_t got = recv(descriptor, reply, sizeof reply, MSG_DONTWAIT);
        if (got < 0 && (errno != EAGAIN || wanted > 0)) fail("the kernel's answer");
        if (got < 0) return;
        for (struct nlmsghdr *message = (void *)reply; NLMSG_OK(message, got); message = NLMSG_NEXT(message, got)) {
            struct nlmsgerr *error = NLMSG_DATA(message);
            if (message->nlmsg_type != NLMSG_ERROR) continue;
            if (error->error) {
                char what[64];
                snprintf(
                    what, sizeof what, "the kernel refuses request %u of type %u", error->msg.nlmsg_seq,
                    error->msg.nlmsg_type);
                errno = -error->error;
                fail(what);
            }
            is_over |= --wanted == 0;
        }
    }
}
