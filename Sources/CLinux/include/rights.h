// Descriptors passed over a UNIX socket (unix(7), SCM_RIGHTS), and where a TCP option is not in Glibc's module.
#ifndef NSLAB_RIGHTS_H
#define NSLAB_RIGHTS_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static inline void nslab_cmsg_put(struct cmsghdr *header, int level, int type, const void *data, size_t size) {
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), data, size);
}

// struct in6_pktinfo (ipv6(7)), which the C library shows with _GNU_SOURCE alone.
struct nslab_in6_pktinfo {
    struct in6_addr ipi6_addr;
    unsigned int ipi6_ifindex;
};

// accept4(2) with SOCK_CLOEXEC, likewise.
static inline int nslab_accept(int listener) { return (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC); }

#endif
