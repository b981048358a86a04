// System headers that Glibc's module map leaves out, and shims for macros Swift cannot import. No logic here.
#ifndef NSLAB_CLINUX_H
#define NSLAB_CLINUX_H

// No _GNU_SOURCE: it changes the fields of fd_set and others, and Swift's own Glibc module is compiled without it. Types that
// differ between modules are an error whenever the compiler happens to compare them. What only _GNU_SOURCE declares is
// declared in the headers below.

// First, so that the kernel's headers leave out what libc defines as well (linux/libc-compat.h).
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool_netlink.h>
#include <linux/fib_rules.h>
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_addrlabel.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/inet_diag.h>
#include <linux/ip_vs.h>
#include <linux/mptcp.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/veth.h>
#include <linux/xfrm.h>
#include <pty.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confinement.h"
#include "filters.h"
#include "icmp.h"
#include "mounts.h"
#include "namespaces.h"
#include "packets.h"
#include "programs.h"
#include "rights.h"
#include "tracepoints.h"

#endif
