// Namespaces and processes: calls that glibc has no wrapper for, and ioctl numbers that are macros with arguments.
#ifndef NSLAB_NAMESPACES_H
#define NSLAB_NAMESPACES_H

#include <linux/nsfs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline unsigned long nslab_ns_get_nstype(void) { return NS_GET_NSTYPE; }

static inline long syscall_pidfd_open(pid_t pid) { return syscall(SYS_pidfd_open, pid, 0); }

static inline long syscall_pidfd_send_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, (siginfo_t *)0, 0);
}

#endif
