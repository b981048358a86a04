// Waits until the kernel has cleared all network namespaces that nobody holds any more, which it does in the background, and while which
// it makes whoever builds new ones wait.
//
// It clears them in the order in which they were let go, and counts each to its user's limit until the last of it is gone. So a process
// of its own, which may have two and no more (in a user namespace, where the limit can be set), lets one go and tries to make
// another until it is allowed to: then all those have gone that were let go before. What it has then is there to be let go next time,
// so that nothing is left to clear.
#pragma once
#include "floor.h"

// As long as a thousand namespaces may take on a slow machine.
enum { clearing_seconds = 300 };

static int clearing = -1;

static void clear_once(int *held) {
    int next = own_space();
    close(*held);
    *held = next;
    double end = milliseconds() + clearing_seconds * 1e3;
    while (unshare(CLONE_NEWNET) != 0) {
        if (errno != ENOSPC) fail("waiting for the kernel to clear namespaces");
        if (milliseconds() > end) errno = ETIMEDOUT, fail("the kernel clears namespaces for minutes");
        nanosleep(&(struct timespec){.tv_nsec = 500000}, 0);
    }
}

__attribute__((noreturn)) static void serve_clearing(int socket) {
    if (unshare(CLONE_NEWUSER) != 0) fail("a user namespace");
    int limit = open("/proc/sys/user/max_net_namespaces", O_WRONLY | O_CLOEXEC);
    if (limit < 0 || write(limit, "2", 1) != 1) fail("/proc/sys/user/max_net_namespaces");
    close(limit);
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    int held = own_space();
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    for (char byte; read(socket, &byte, 1) == 1;) {
        // A netlink socket lets its namespace go some time after it was closed (RCU). The first time round takes longer than that.
        clear_once(&held);
        clear_once(&held);
        if (write(socket, &byte, 1) != 1) break;
    }
    _exit(0);
}

static inline void wait_until_cleared(void) {
    if (clearing < 0) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("socketpair");
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (child == 0) {
            // Where this process ends, the other end of the socket is closed, and so does the child.
            close(pair[0]);
            serve_clearing(pair[1]);
        }
        close(pair[1]);
        clearing = pair[0];
    }
    char byte = 0;
    if (write(clearing, &byte, 1) != 1 || read(clearing, &byte, 1) != 1) {
        fprintf(stderr, "%s: cannot see when the kernel has cleared namespaces\n", program_invocation_short_name);
        exit(1);
    }
}
