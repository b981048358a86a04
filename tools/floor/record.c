// Keeps what a program asks of the kernel for its network namespaces, for replay.c: LD_PRELOAD of this library appends to the file
// FLOOR_RECORD each namespace made and pinned, each setting, each batch that is sent to rtnetlink and each transaction of nf_tables, and
// what is laid in /etc/netns. Requests that only read are left out, and so are a program's other files.
#define _GNU_SOURCE
#include "record.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define next(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
enum { most_holes = 4096 };

static int record = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// What the program starts is another program, with a record of its own if any.
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FLOOR_RECORD");
    if (path) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    unsetenv("LD_PRELOAD");
    unsetenv("FLOOR_RECORD");
}

static void keep(int kind, uint32_t space, const void *bytes, size_t length, const struct hole *holes, size_t count) {
    struct step step = {.kind = kind, .space = space, .holes = count, .length = length};
    struct iovec parts[] = {{&step, sizeof step}, {(void *)holes, count * sizeof *holes}, {(void *)bytes, length}};
    size_t whole = sizeof step + parts[1].iov_len + length;
    pthread_mutex_lock(&lock);
    if (writev(record, parts, 3) != (ssize_t)whole) abort();
    pthread_mutex_unlock(&lock);
}

static uint32_t number(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

// The namespace in which the calling thread is.
static uint32_t here(void) {
    struct stat status;
    return stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

// The namespace in which a socket was opened, wherever its user is.
static uint32_t home(int socket) {
    int space = ioctl(socket, SIOCGSKNS);
    if (space < 0) return 0;
    uint32_t found = number(space);
    close(space);
    return found;
}

// Looks for descriptors of namespaces in the attributes of a request about a link, and in those inside them.
static size_t find_holes(const char *bytes, const char *from, size_t length, int parent, struct hole *holes, size_t count) {
    for (struct rtattr *each = (void *)from; RTA_OK(each, length); each = RTA_NEXT(each, length)) {
        int type = each->rta_type & NLA_TYPE_MASK, room = RTA_PAYLOAD(each);
        const char *inside = RTA_DATA(each);
        if (parent == 0 && type == IFLA_NET_NS_FD) {
            if (count == most_holes) abort();
            int descriptor;
            memcpy(&descriptor, inside, sizeof descriptor);
            holes[count++] = (struct hole){.offset = inside - bytes, .space = number(descriptor)};
        } else if (parent == 0 && type == IFLA_LINKINFO) {
            count = find_holes(bytes, inside, room, IFLA_LINKINFO, holes, count);
        } else if (parent == IFLA_LINKINFO && type == IFLA_INFO_DATA) {
            count = find_holes(bytes, inside, room, IFLA_INFO_DATA, holes, count);
        } else if (parent == IFLA_INFO_DATA && type == VETH_INFO_PEER && room > (int)sizeof(struct ifinfomsg)) {
            // Only a veth's first attribute is as large as this; it has a link's attributes itself.
            count = find_holes(
                bytes, inside + sizeof(struct ifinfomsg), room - sizeof(struct ifinfomsg), 0, holes, count);
        }
    }
    return count;
}

// The kernel has carried out what was sent by the time that it has taken it.
static void sent(int socket, const void *bytes, size_t length) {
    const struct nlmsghdr *first = bytes;
    int protocol = -1, saved = errno;
    socklen_t room = sizeof protocol;
    if (record < 0 || length < sizeof *first || getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &room) != 0)
        return;
    int domain = -1;
    room = sizeof domain;
    getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &room);
    if (domain == AF_NETLINK && protocol == NETLINK_NETFILTER && first->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
        keep(step_tables, home(socket), bytes, length, 0, 0);
    // Of four numbers of rtnetlink's requests that belong together the third is the one that reads.
    if (domain == AF_NETLINK && protocol == NETLINK_ROUTE && (first->nlmsg_type & 3) != (RTM_GETLINK & 3)) {
        struct hole *holes = malloc(most_holes * sizeof *holes);
        size_t count = 0, rest = length;
        for (const struct nlmsghdr *each = bytes; NLMSG_OK(each, rest); each = NLMSG_NEXT(each, rest))
            if (each->nlmsg_type == RTM_NEWLINK)
                count = find_holes(
                    bytes, (char *)NLMSG_DATA(each) + NLMSG_ALIGN(sizeof(struct ifinfomsg)),
                    NLMSG_PAYLOAD(each, sizeof(struct ifinfomsg)), 0, holes, count);
        keep(step_route, home(socket), bytes, length, holes, count);
        free(holes);
    }
    errno = saved;
}

ssize_t sendto(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    ssize_t result = next(sendto)(fd, buffer, length, flags, to, size);
    if (result == (ssize_t)length) sent(fd, buffer, length);
    return result;
}

ssize_t send(int fd, const void *buffer, size_t length, int flags) { return sendto(fd, buffer, length, flags, 0, 0); }

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    ssize_t result = next(sendmsg)(fd, message, flags);
    if (result <= 0 || record < 0) return result;
    char *bytes = malloc(result), *end = bytes;
    for (size_t part = 0; part < message->msg_iovlen && end < bytes + result; part++)
        end = mempcpy(end, message->msg_iov[part].iov_base, message->msg_iov[part].iov_len);
    sent(fd, bytes, result);
    free(bytes);
    return result;
}

ssize_t write(int fd, const void *buffer, size_t length) {
    ssize_t result = next(write)(fd, buffer, length);
    struct statfs system;
    if (record < 0 || result < 0 || fstatfs(fd, &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return result;
    char link[64], bytes[4096];
    snprintf(link, sizeof link, "/proc/thread-self/fd/%d", fd);
    // Of a procfs that is mounted nowhere the path begins behind `/proc`.
    char *path = bytes + 5;
    ssize_t size = readlink(link, path, 1024);
    if (size > 0 && strncmp(path, "/sys/net/", 9) == 0) {
        path = memcpy(bytes, "/proc", 5);
        size += 5;
    }
    if (size > 0 && strncmp(path, "/proc/sys/net/", 14) == 0 && length < sizeof bytes - 1280) {
        path[size] = 0;
        memcpy(path + size + 1, buffer, length);
        keep(step_setting, here(), path, size + 1 + length, 0, 0);
    }
    return result;
}

int unshare(int flags) {
    int result = next(unshare)(flags);
    if (result == 0 && flags & CLONE_NEWNET && record >= 0) keep(step_made, here(), 0, 0, 0, 0);
    return result;
}

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
    int result = next(mount)(source, target, type, flags, data);
    struct statfs system;
    struct stat status;
    if (record >= 0 && result == 0 && flags & MS_BIND && statfs(target, &system) == 0 && system.f_type == NSFS_MAGIC &&
        stat(target, &status) == 0) {
        const char *name = strrchr(target, '/') + 1;
        keep(step_pin, status.st_ino, name, strlen(name) + 1, 0, 0);
    }
    return result;
}

static _Bool is_laid(const char *path) { return strncmp(path, "/etc/netns", 10) == 0; }

int symlink(const char *target, const char *path) {
    int result = next(symlink)(target, path);
    if (record >= 0 && result == 0 && is_laid(path)) {
        char bytes[8192];
        int length = snprintf(bytes, sizeof bytes, "%s%c%s", target, 0, path);
        if (length < (int)sizeof bytes) keep(step_link, 0, bytes, length + 1, 0, 0);
    }
    return result;
}

int mkdir(const char *path, mode_t mode) {
    int result = next(mkdir)(path, mode);
    if (record >= 0 && result == 0 && is_laid(path)) keep(step_folder, 0, path, strlen(path) + 1, 0, 0);
    return result;
}
