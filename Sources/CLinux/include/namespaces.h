// Namespaces and processes: calls that glibc has no wrapper for, and ioctl numbers that are macros with arguments.
#ifndef NSLAB_NAMESPACES_H
#define NSLAB_NAMESPACES_H

#include <linux/magic.h>
#include <sys/vfs.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// As <sched.h> declares them for _GNU_SOURCE.
extern int setns(int descriptor, int kind);
extern int unshare(int flags);

// As <unistd.h> declares it for _GNU_SOURCE.
extern int pipe2(int ends[2], int flags);

static inline unsigned long nslab_ns_get_nstype(void) { return NS_GET_NSTYPE; }

static inline long syscall_pidfd_open(pid_t pid) { return syscall(SYS_pidfd_open, pid, 0); }

static inline long syscall_pidfd_send_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, (siginfo_t *)0, 0);
}

// Has a child begin without the descriptors from a number on (glibc 2.34). As <spawn.h> declares it for _GNU_SOURCE.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

static inline int nslab_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

// The other end of a terminal that /dev/ptmx gave: its number below /dev/pts, or -1 (ioctl_tty(2)).
static inline int nslab_unlock_terminal(int terminal) {
    int locked = 0, number = -1;
    if (ioctl(terminal, TIOCSPTLCK, &locked) != 0 || ioctl(terminal, TIOCGPTN, &number) != 0) return -1;
    return number;
}

// fork(2), which Swift keeps from programs with several threads.
static inline pid_t nslab_fork(void) { return fork(); }

static inline int syscall_sched_setaffinity(pid_t pid, size_t size, const void *mask) {
    return (int)syscall(SYS_sched_setaffinity, pid, size, mask);
}

static inline long syscall_sched_getaffinity(pid_t pid, size_t size, void *mask) {
    return syscall(SYS_sched_getaffinity, pid, size, mask);
}

#endif
