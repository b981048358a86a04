// Filters that the kernel has besides nf_tables: the tables of the older iptables, and programs of BPF on links.
#ifndef NSLAB_FILTERS_H
#define NSLAB_FILTERS_H

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// The options of a socket by which tables are read and replaced: IPT_SO_* in <linux/netfilter_ipv4/ip_tables.h>, IP6T_SO_* and
// ARPT_SO_* in their likes, which cannot be included beside <net/if.h>. IPv4 and IPv6 have the same numbers.
static const int NSLAB_IPT_SO_GET_INFO = 64, NSLAB_IPT_SO_GET_ENTRIES = 65, NSLAB_IPT_SO_SET_REPLACE = 64;
static const int NSLAB_ARPT_SO_GET_INFO = 96, NSLAB_ARPT_SO_GET_ENTRIES = 97, NSLAB_ARPT_SO_SET_REPLACE = 96;

// struct ipt_getinfo, and the same of the other families but for the number of hooks.
struct nslab_xt_info {
    char name[32];
    uint32_t valid_hooks;
    uint32_t hook_entry[5];
    uint32_t underflow[5];
    uint32_t count;
    uint32_t size;
};

// struct arpt_getinfo
struct nslab_arpt_info {
    char name[32];
    uint32_t valid_hooks;
    uint32_t hook_entry[3];
    uint32_t underflow[3];
    uint32_t count;
    uint32_t size;
};

static const unsigned NSLAB_BPF_TCX_INGRESS = 46, NSLAB_BPF_TCX_EGRESS = 47;

#endif
