// What a process gives up for good: seccomp(2) filters, prctl(2), descriptors it was started with.
#ifndef NSLAB_CONFINEMENT_H
#define NSLAB_CONFINEMENT_H

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static inline int nslab_prctl(int option, unsigned long first) { return prctl(option, first, 0, 0, 0); }

static inline int nslab_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline int nslab_clear_ambient(void) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); }

static inline long nslab_close_range(unsigned first) { return syscall(SYS_close_range, first, ~0U, 0); }

// The same in the calling thread alone, whose descriptors are its own from then on (CLOSE_RANGE_UNSHARE).
static inline long nslab_close_own_range(unsigned first) { return syscall(SYS_close_range, first, ~0U, 1U << 1); }

// The filter holds for all threads of the process.
static inline long nslab_seccomp(const struct sock_fprog *program) {
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program);
}

// The same for the calling thread and what it starts; gives the descriptor that the calls are told on which the filter asks about.
static inline int nslab_seccomp_listening(const struct sock_fprog *program) {
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
}

// A call that a filter asks about (seccomp_unotify(2)). The kernel's structure may be larger than the header's.
struct nslab_asked_call {
    uint64_t id;
    pid_t pid;
    uint64_t arguments[2];
};

static inline int nslab_seccomp_receive(int listener, struct nslab_asked_call *call) {
    union {
        struct seccomp_notif known;
        char room[512];
    } notification = {.room = {0}};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification)) return -1;
    *call = (struct nslab_asked_call){notification.known.id, (pid_t)notification.known.pid,
                                      {notification.known.data.args[0], notification.known.data.args[1]}};
    return 0;
}

static inline int nslab_seccomp_waits(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

// Has the kernel do the call as if it had not been asked about.
static inline int nslab_seccomp_continue(int listener, uint64_t id) {
    union {
        struct seccomp_notif_resp known;
        char room[512];
    } answer = {.room = {0}};
    answer.known.id = id;
    answer.known.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

// process_vm_readv(2) and process_vm_writev(2), all or nothing. The last argument stands on the stack, where an int leaves half a long.
static inline int nslab_read_memory(pid_t pid, uint64_t from, void *to, size_t size) {
    struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
    return syscall(SYS_process_vm_readv, pid, &here, 1UL, &there, 1UL, 0UL) == (long)size ? 0 : -1;
}

static inline int nslab_write_memory(pid_t pid, uint64_t to, void *from, size_t size) {
    struct iovec here = {from, size}, there = {(void *)(uintptr_t)to, size};
    return syscall(SYS_process_vm_writev, pid, &here, 1UL, &there, 1UL, 0UL) == (long)size ? 0 : -1;
}

static inline unsigned nslab_audit_architecture(void) {
#if defined(__x86_64__)
    return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    return AUDIT_ARCH_AARCH64;
#else
    return 0;
#endif
}

// Calls that start programs and processes, make or connect sockets, change what the process sees, look into others, or
// load code into the kernel. Their numbers, and which there are, differ by architecture.
static const int nslab_denied_calls[] = {
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
    SYS_openat, SYS_openat2, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_socket, SYS_socketpair, SYS_bind, SYS_connect, SYS_ptrace,
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_open, SYS_pidfd_getfd, SYS_kill, SYS_tkill, SYS_mount,
    SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsmount, SYS_move_mount, SYS_open_tree, SYS_setns,
    SYS_unshare, SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_userfaultfd,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_open_by_handle_at, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_memfd_create, SYS_mkdirat, SYS_unlinkat, SYS_linkat,
    SYS_symlinkat, SYS_renameat2, SYS_fchmodat, SYS_fchownat,
#ifdef SYS_open
    SYS_open, SYS_creat, SYS_mkdir, SYS_unlink, SYS_rename, SYS_link, SYS_symlink, SYS_chmod, SYS_chown,
#endif
};

static const size_t nslab_denied_call_count = sizeof(nslab_denied_calls) / sizeof(nslab_denied_calls[0]);

// Calls by which a program with root's user number could change or look into the machine that it shares: mounts and namespaces,
// other processes' memory, files by handle, the kernel's code, clock, keys, swap and power.
static const int nslab_machine_calls[] = {
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_move_mount, SYS_open_tree,
    SYS_setns, SYS_unshare, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp,
    SYS_open_by_handle_at, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon,
    SYS_swapoff, SYS_acct, SYS_quotactl, SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
    SYS_sethostname, SYS_setdomainname, SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_userfaultfd,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_fanotify_init, SYS_vhangup,
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
};

static const size_t nslab_machine_call_count = sizeof(nslab_machine_calls) / sizeof(nslab_machine_calls[0]);

// The flags of clone(2) that make namespaces; glibc declares some of them for _GNU_SOURCE alone.
static const unsigned nslab_namespace_flags = 0x7E020000U | 0x00000080U;

#endif
