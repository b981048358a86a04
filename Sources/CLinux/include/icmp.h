// Raw ICMP sockets (raw(7), icmp(7)): filters, and the ancillary data that carries the hop limit.
#ifndef NSLAB_ICMP_H
#define NSLAB_ICMP_H

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

static inline size_t nslab_cmsg_space(size_t size) { return CMSG_SPACE(size); }

static inline struct cmsghdr *nslab_cmsg_first(struct msghdr *message) { return CMSG_FIRSTHDR(message); }

static inline struct cmsghdr *nslab_cmsg_next(struct msghdr *message, struct cmsghdr *header) {
    return CMSG_NXTHDR(message, header);
}

static inline size_t nslab_cmsg_length(size_t size) { return CMSG_LEN(size); }

static inline const void *nslab_cmsg_data(const struct cmsghdr *header) { return CMSG_DATA(header); }

#endif
