// Descriptors passed over a UNIX socket (unix(7), SCM_RIGHTS), and where a TCP option is not in Glibc's module.
#ifndef NSLAB_RIGHTS_H
#define NSLAB_RIGHTS_H

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline void nslab_cmsg_put(struct cmsghdr *header, const void *data, size_t size) {
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), data, size);
}

#endif
