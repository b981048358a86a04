// The mount calls of Linux 5.2 and later (fsopen(2), open_tree(2), mount_setattr(2)): older C libraries have no wrapper for
// them, and the kernel's <linux/mount.h> cannot be included beside <sys/mount.h>. Numbers as in the kernel's header.
#ifndef NSLAB_MOUNTS_H
#define NSLAB_MOUNTS_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int nslab_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, 1U /* FSOPEN_CLOEXEC */); }

// FSCONFIG_SET_STRING
static inline int nslab_fsconfig_string(int context, const char *key, const char *value) {
    return (int)syscall(SYS_fsconfig, context, 1U, key, value, 0);
}

// FSCONFIG_CMD_CREATE
static inline int nslab_fsconfig_create(int context) { return (int)syscall(SYS_fsconfig, context, 6U, 0, 0, 0); }

static inline int nslab_fsmount(int context, unsigned attributes) {
    return (int)syscall(SYS_fsmount, context, 1U /* FSMOUNT_CLOEXEC */, attributes);
}

// A copy of the mount that a path or descriptor is in, from there on (OPEN_TREE_CLONE), with those below it or without.
static inline int nslab_clone_mount(int directory, const char *path, int with_those_below) {
    return (int)syscall(SYS_open_tree, directory, path,
                        1U | O_CLOEXEC | 0x1000U /* AT_EMPTY_PATH */ | (with_those_below ? 0x8000U /* AT_RECURSIVE */ : 0U));
}

// MOVE_MOUNT_F_EMPTY_PATH
static inline int nslab_attach_mount(int mount, int directory, const char *path) {
    return (int)syscall(SYS_move_mount, mount, "", directory, path, 0x4U | (*path ? 0U : 0x40U /* MOVE_MOUNT_T_EMPTY_PATH */));
}

struct nslab_mount_attr {
    uint64_t set, clear, propagation, user_namespace;
};

static inline int nslab_set_mount_attributes(int mount, uint64_t set, uint64_t clear, uint64_t propagation, int with_those_below) {
    struct nslab_mount_attr attributes = {set, clear, propagation, 0};
    return (int)syscall(SYS_mount_setattr, mount, "", 0x1000U | (with_those_below ? 0x8000U : 0U), &attributes, sizeof attributes);
}

static const uint64_t NSLAB_MOUNT_ATTR_RDONLY = 0x1, NSLAB_MOUNT_ATTR_NOSUID = 0x2, NSLAB_MOUNT_ATTR_NODEV = 0x4,
                      NSLAB_MOUNT_ATTR_NOEXEC = 0x8;

static inline int nslab_pivot_root(const char *new_root, const char *old_root) {
    return (int)syscall(SYS_pivot_root, new_root, old_root);
}

// O_PATH, which <fcntl.h> declares for _GNU_SOURCE alone (asm-generic/fcntl.h).
static const int NSLAB_O_PATH = 010000000;

// openat2(2), with what `resolve` forbids on the way.
static inline int nslab_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {flags, 0, resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static const uint64_t NSLAB_RESOLVE_NO_MAGICLINKS = 0x2, NSLAB_RESOLVE_NO_SYMLINKS = 0x4, NSLAB_RESOLVE_BENEATH = 0x8;

#endif
