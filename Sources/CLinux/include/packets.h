// Packet sockets (packet(7), Documentation/networking/packet_mmap.rst), their filters, and what they can be asked about interfaces.
#ifndef NSLAB_PACKETS_H
#define NSLAB_PACKETS_H

#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// Where the address of a frame is behind its header in a ring of version 3.
static const size_t NSLAB_TPACKET3_ADDRESS = TPACKET_ALIGN(sizeof(struct tpacket3_hdr));

static inline unsigned nslab_tpacket3_vlan(const struct tpacket3_hdr *header) { return header->hv1.tp_vlan_tci; }

static inline unsigned nslab_tpacket3_vlan_type(const struct tpacket3_hdr *header) { return header->hv1.tp_vlan_tpid; }

// The status changes hands between kernel and program: what is read after it was written after it.
static inline unsigned nslab_block_status(const struct tpacket_block_desc *block) {
    return __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
}

static inline void nslab_release_block(struct tpacket_block_desc *block) {
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

// The name of an interface in the socket's namespace (netdevice(7)): IFNAMSIZ bytes. 0, or -1 with errno.
static inline int nslab_interface_name(int socket, int index, char *name) {
    struct ifreq request = {.ifr_ifindex = index};
    if (ioctl(socket, SIOCGIFNAME, &request)) return -1;
    memcpy(name, request.ifr_name, IFNAMSIZ);
    return 0;
}

// Its hardware type, such as ARPHRD_ETHER, and its address of six bytes. 0, or -1 with errno.
static inline int nslab_interface_hardware(int socket, const char *name, uint16_t *type, uint8_t *address) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, IFNAMSIZ);
    if (ioctl(socket, SIOCGIFHWADDR, &request)) return -1;
    *type = request.ifr_hwaddr.sa_family;
    memcpy(address, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

// Its speed in Mbit/s as the driver tells; 0 if it does not.
static inline uint32_t nslab_interface_speed(int socket, const char *name) {
    struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, IFNAMSIZ);
    request.ifr_data = (void *)&command;
    if (ioctl(socket, SIOCETHTOOL, &request)) return 0;
    uint32_t speed = ethtool_cmd_speed(&command);
    return speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed;
}

// What libpcap makes of a filter (pcap_compile(3PCAP)): its struct bpf_program. Its instructions are the kernel's own.
struct nslab_bpf_program {
    unsigned length;
    struct sock_filter *instructions;
};

#endif
