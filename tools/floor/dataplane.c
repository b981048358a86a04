// The floor: the dataplane of a dual-stack lab, made with the fewest system calls that we know of. A router with one VLAN, nodes with
// pods, VXLAN of both families between all nodes as Calico has it; no services, no rules, no state, no questions to the kernel. Whoever
// builds such a lab with today's interfaces of the kernel can hardly be faster. It prints the milliseconds that it took.
//
//   dataplane NODES PODS [THREADS [CYCLES]]
//
// PODS are a node's. With CYCLES it makes the lab and lets it go so often, one cycle right behind the other, and prints what one takes.
#include "floor.h"
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdatomic.h>

// Many requests go with one call, and with one acknowledgement, which is the last one's.
enum { batch_size = 64 << 10, batch_room = batch_size + 4096 };

struct space {
    int file, socket, length, last;
    unsigned sequence;
    char *bytes;
};

struct address {
    int family, length;
    unsigned char bytes[16];
};

static struct space router, *nodes, *pods;
static int node_count, pods_each, width;
static atomic_int next_space, next_node;
static pthread_barrier_t barrier;

// MARK: Requests

static void flush(struct space *space) {
    if (!space->length) return;
    ((struct nlmsghdr *)(space->bytes + space->last))->nlmsg_flags |= NLM_F_ACK;
    if (send(space->socket, space->bytes, space->length, 0) < 0) fail("send");
    read_answers(space->socket, 1);
    space->length = 0;
}

static struct nlmsghdr *begin(struct space *space, int type, int flags, const void *body, int size) {
    if (!space->bytes && !(space->bytes = malloc(batch_room))) fail("memory");
    if (space->length > batch_size) flush(space);
    struct nlmsghdr *message = (void *)(space->bytes + space->length);
    space->last = space->length;
    *message = (struct nlmsghdr){
        .nlmsg_len = NLMSG_LENGTH(NLMSG_ALIGN(size)),
        .nlmsg_type = type,
        .nlmsg_flags = NLM_F_REQUEST | flags,
        .nlmsg_seq = ++space->sequence,
    };
    memcpy(NLMSG_DATA(message), body, size);
    return message;
}

static void end(struct space *space, struct nlmsghdr *message) { space->length += NLMSG_ALIGN(message->nlmsg_len); }

static struct rtattr *put(struct nlmsghdr *message, int type, const void *bytes, int length) {
    struct rtattr *attribute = (void *)((char *)message + NLMSG_ALIGN(message->nlmsg_len));
    *attribute = (struct rtattr){.rta_type = type, .rta_len = RTA_LENGTH(length)};
    if (length) memcpy(RTA_DATA(attribute), bytes, length);
    message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static void put_number(struct nlmsghdr *message, int type, unsigned value) { put(message, type, &value, sizeof value); }

static void put_address(struct nlmsghdr *message, int type, const struct address *address) {
    put(message, type, address->bytes, address->family == AF_INET ? 4 : 16);
}

static struct rtattr *nest(struct nlmsghdr *message, int type) { return put(message, type, 0, 0); }

static void close_nest(struct nlmsghdr *message, struct rtattr *attribute) {
    attribute->rta_len = (char *)message + message->nlmsg_len - (char *)attribute;
}

static struct nlmsghdr *begin_link(struct space *space, int index, const char *name) {
    struct ifinfomsg head = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct nlmsghdr *message = begin(space, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
    put(message, IFLA_IFNAME, name, strlen(name) + 1);
    return message;
}

static void set_up(struct space *space, int index) {
    struct ifinfomsg head = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    end(space, begin(space, RTM_NEWLINK, 0, &head, sizeof head));
}

static void add_bridge(struct space *space, int index, const char *name) {
    struct nlmsghdr *message = begin_link(space, index, name);
    struct rtattr *info = nest(message, IFLA_LINKINFO);
    put(message, IFLA_INFO_KIND, "bridge", 6);
    close_nest(message, info);
    end(space, message);
}

// A cable whose other end is in another namespace, where it is not up yet.
static void add_cable(
    struct space *space, int index, const char *name, const unsigned char *mac, int bridge, int mtu,
    const struct space *other, int other_index, const char *other_name) {
    struct nlmsghdr *message = begin_link(space, index, name);
    if (mac) put(message, IFLA_ADDRESS, mac, 6);
    if (mtu) put_number(message, IFLA_MTU, mtu);
    if (bridge) put_number(message, IFLA_MASTER, bridge);
    struct rtattr *info = nest(message, IFLA_LINKINFO);
    put(message, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = nest(message, IFLA_INFO_DATA);
    struct ifinfomsg head = {.ifi_index = other_index};
    struct rtattr *peer = put(message, VETH_INFO_PEER, &head, sizeof head);
    put(message, IFLA_IFNAME, other_name, strlen(other_name) + 1);
    if (mtu) put_number(message, IFLA_MTU, mtu);
    put_number(message, IFLA_NET_NS_FD, other->file);
    close_nest(message, peer);
    close_nest(message, data);
    close_nest(message, info);
    end(space, message);
}

static void add_vxlan(
    struct space *space, int index, const char *name, const unsigned char *mac, int mtu, int lower,
    const struct address *local) {
    struct nlmsghdr *message = begin_link(space, index, name);
    put(message, IFLA_ADDRESS, mac, 6);
    put_number(message, IFLA_MTU, mtu);
    struct rtattr *info = nest(message, IFLA_LINKINFO);
    put(message, IFLA_INFO_KIND, "vxlan", 5);
    struct rtattr *data = nest(message, IFLA_INFO_DATA);
    put_number(message, IFLA_VXLAN_ID, 4096);
    put_number(message, IFLA_VXLAN_LINK, lower);
    put_address(message, local->family == AF_INET ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local);
    put(message, IFLA_VXLAN_LEARNING, "", 1);
    put(message, IFLA_VXLAN_PORT, (unsigned short[]){htons(4789)}, 2);
    close_nest(message, data);
    close_nest(message, info);
    end(space, message);
}

static void add_address(struct space *space, int index, struct address address) {
    struct ifaddrmsg head = {
        .ifa_family = address.family,
        .ifa_prefixlen = address.length,
        .ifa_index = index,
        .ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0,
    };
    struct nlmsghdr *message = begin(space, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
    put_address(message, IFA_LOCAL, &address);
    put_address(message, IFA_ADDRESS, &address);
    end(space, message);
}

static void add_route(
    struct space *space, struct address to, int type, int index, const struct address *gateway, int flags) {
    _Bool is_direct = to.family == AF_INET && !gateway && type == RTN_UNICAST;
    struct rtmsg head = {
        .rtm_family = to.family,
        .rtm_dst_len = to.length,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = 80,
        .rtm_scope = is_direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
        .rtm_type = type,
        .rtm_flags = flags,
    };
    struct nlmsghdr *message = begin(space, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
    if (to.length) put_address(message, RTA_DST, &to);
    if (gateway) put_address(message, RTA_GATEWAY, gateway);
    if (index) put_number(message, RTA_OIF, index);
    end(space, message);
}

// A neighbour, or where a bridge's or tunnel's frames go.
static void add_entry(
    struct space *space, int index, const struct address *address, const unsigned char *mac, _Bool is_forwarding) {
    struct ndmsg head = {
        .ndm_family = is_forwarding ? AF_BRIDGE : address->family,
        .ndm_ifindex = index,
        .ndm_state = is_forwarding ? NUD_PERMANENT | NUD_NOARP : NUD_PERMANENT,
        .ndm_flags = is_forwarding ? NTF_SELF : 0,
    };
    struct nlmsghdr *message = begin(space, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
    put_address(message, NDA_DST, address);
    put(message, NDA_LLADDR, mac, 6);
    end(space, message);
}

// MARK: The lab

static struct address v4(unsigned value, int length) {
    struct address address = {.family = AF_INET, .length = length};
    value = htonl(value);
    memcpy(address.bytes, &value, sizeof value);
    return address;
}

static struct address v6(const char *prefix, unsigned value, int length) {
    struct address address = {.family = AF_INET6, .length = length};
    inet_pton(AF_INET6, prefix, address.bytes);
    value = htonl(value);
    memcpy(address.bytes + 12, &value, sizeof value);
    return address;
}

static struct address node_v4(int node) { return v4(0x0a14000b + node, 16); }
static struct address node_v6(int node) { return v6("fd00:20::", 11 + node, 64); }
static struct address pod_v4(int node, int pod, int length) { return v4(0xc0a80000 + node * 64 + pod, length); }
static struct address pod_v6(int node, int pod, int length) { return v6("fd00:10:244::", node * 64 + pod, length); }

struct mac {
    unsigned char bytes[6];
};

static struct mac tunnel_mac(int node, int family) {
    return (struct mac){{0x66, family, 0, node >> 16, node >> 8, node}};
}

// Interfaces' numbers. Those of a node's pods follow.
enum { vlan = 1000, uplink = 10, tunnel4, tunnel6, eth0 = 3, first_pod = 100 };
static const unsigned char calico[6] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee};

static void fill_router(void) {
    set_up(&router, 1);
    add_address(&router, 1, v4(0x01010101, 32));
    add_address(&router, 1, v6("2001:db8::", 1, 128));
    add_bridge(&router, vlan, "vlan10");
    add_address(&router, vlan, v4(0x0a140001, 16));
    add_address(&router, vlan, v6("fd00:20::", 1, 64));
    for (int node = 0; node < node_count; node++) {
        char name[32];
        snprintf(name, sizeof name, "eth%d", node + 1);
        add_cable(&router, vlan + 1 + node, name, 0, vlan, 0, &nodes[node], uplink, "eth1");
    }
    flush(&router);
}

static void fill_node(int number) {
    struct space *node = &nodes[number];
    struct address own4 = node_v4(number), own6 = node_v6(number);
    struct address router4 = v4(0x0a140001, 16), router6 = v6("fd00:20::", 1, 64);
    set_up(node, 1);
    set_up(node, uplink);
    add_address(node, uplink, own4);
    add_address(node, uplink, own6);
    add_route(node, v4(0x01010101, 32), RTN_UNICAST, uplink, &router4, 0);
    add_route(node, v6("2001:db8::", 0, 32), RTN_UNICAST, uplink, &router6, 0);
    add_vxlan(node, tunnel4, "vxlan.calico", tunnel_mac(number, 4).bytes, 1450, uplink, &own4);
    add_address(node, tunnel4, pod_v4(number, 0, 32));
    add_vxlan(node, tunnel6, "vxlan-v6.calico", tunnel_mac(number, 6).bytes, 1430, uplink, &own6);
    add_address(node, tunnel6, pod_v6(number, 0, 128));
    add_route(node, pod_v4(number, 0, 26), RTN_BLACKHOLE, 0, 0, 0);
    add_route(node, pod_v6(number, 0, 122), RTN_BLACKHOLE, 0, 0, 0);
    for (int other = 0; other < node_count; other++) {
        if (other == number) continue;
        struct address other4 = node_v4(other), other6 = node_v6(other);
        struct address tunnel_end4 = pod_v4(other, 0, 32), tunnel_end6 = pod_v6(other, 0, 128);
        struct mac mac4 = tunnel_mac(other, 4), mac6 = tunnel_mac(other, 6);
        // All nodes are in one subnet: IPv4 crosses it without a tunnel (VXLANCrossSubnet), which stands ready all the same.
        add_route(node, pod_v4(other, 0, 26), RTN_UNICAST, uplink, &other4, RTNH_F_ONLINK);
        add_entry(node, tunnel4, &tunnel_end4, mac4.bytes, 0);
        add_entry(node, tunnel4, &other4, mac4.bytes, 1);
        add_entry(node, tunnel6, &tunnel_end6, mac6.bytes, 0);
        add_entry(node, tunnel6, &other6, mac6.bytes, 1);
        add_route(node, tunnel_end6, RTN_UNICAST, tunnel6, 0, 0);
        add_route(node, pod_v6(other, 0, 122), RTN_UNICAST, tunnel6, &tunnel_end6, RTNH_F_ONLINK);
    }
    for (int pod = 0; pod < pods_each; pod++) {
        char name[32];
        snprintf(name, sizeof name, "cali%d-%d", number, pod);
        int index = first_pod + pod;
        add_cable(node, index, name, calico, 0, 1430, &pods[number * pods_each + pod], eth0, "eth0");
        add_route(node, pod_v4(number, 1 + pod, 32), RTN_UNICAST, index, 0, 0);
        add_route(node, pod_v6(number, 1 + pod, 128), RTN_UNICAST, index, 0, 0);
    }
    flush(node);
}

static void fill_pod(int node, int number) {
    struct space *pod = &pods[node * pods_each + number];
    struct address gateway4 = v4(0xa9fe0101, 32), gateway6 = v6("fe80::ecee:eeff:0:0", 0xfeeeeeee, 128);
    set_up(pod, 1);
    set_up(pod, eth0);
    add_address(pod, eth0, pod_v4(node, 1 + number, 32));
    add_address(pod, eth0, pod_v6(node, 1 + number, 128));
    add_route(pod, gateway4, RTN_UNICAST, eth0, 0, 0);
    add_route(pod, v4(0, 0), RTN_UNICAST, eth0, &gateway4, 0);
    add_route(pod, gateway6, RTN_UNICAST, eth0, 0, 0);
    add_route(pod, v6("::", 0, 0), RTN_UNICAST, eth0, &gateway6, 0);
    add_entry(pod, eth0, &gateway4, calico, 0);
    add_entry(pod, eth0, &gateway6, calico, 0);
    flush(pod);
}

static void set(const char *path, char value) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, &value, 1) != 1) fail(path);
    close(file);
}

static void make(int index) {
    struct space *space = index == 0 ? &router : index <= node_count ? &nodes[index - 1] : &pods[index - 1 - node_count];
    char name[32];
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    if (index <= node_count) {
        set("/proc/sys/net/ipv4/ip_forward", '1');
        set("/proc/sys/net/ipv6/conf/all/forwarding", '1');
        set("/proc/sys/net/ipv6/conf/default/accept_dad", '0');
    }
    snprintf(name, sizeof name, "floor-%d", index);
    pin(name);
    *space = (struct space){.file = own_space(), .socket = netlink_socket(NETLINK_ROUTE), .bytes = space->bytes};
}

static void *work(void *number) {
    int count = 1 + node_count + node_count * pods_each;
    for (int index; (index = next_space++) < count;) make(index);
    pthread_barrier_wait(&barrier);
    // The router makes the nodes' cables, and a node its pods'.
    if (number == 0) fill_router();
    pthread_barrier_wait(&barrier);
    for (int node; (node = next_node++) < node_count;) {
        fill_node(node);
        for (int pod = 0; pod < pods_each; pod++) fill_pod(node, pod);
    }
    return 0;
}

static double build(void) {
    own_pins();
    next_space = next_node = 0;
    double from = milliseconds();
    in_parallel(width, work);
    return milliseconds() - from;
}

static void let_go(struct space *space) {
    close(space->file);
    close(space->socket);
}

static void take_down(void) {
    let_go(&router);
    for (int index = 0; index < node_count; index++) let_go(&nodes[index]);
    for (int index = 0; index < node_count * pods_each; index++) let_go(&pods[index]);
    drop_pins();
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: dataplane NODES PODS [THREADS [CYCLES]]\n"), 2;
    node_count = atoi(argv[1]), pods_each = atoi(argv[2]), width = argc > 3 ? atoi(argv[3]) : 1;
    int cycles = argc > 4 ? atoi(argv[4]) : 0;
    // Each node has a block of 64 addresses of 192.168.0.0/16, of which the first is its own.
    if (node_count < 1 || node_count > 1024 || pods_each < 0 || pods_each > 63 || width < 1 || width > most_threads)
        return fprintf(stderr, "dataplane: up to 1024 nodes, 63 pods a node, %d threads\n", most_threads), 2;
    nodes = calloc(node_count, sizeof *nodes);
    pods = calloc(node_count * pods_each + 1, sizeof *pods);
    pthread_barrier_init(&barrier, 0, width);
    raise_limit();
    own_mounts();
    if (!cycles) return printf("%.2f\n", build()), 0;
    double from = milliseconds();
    for (int cycle = 0; cycle < cycles; cycle++) {
        build();
        take_down();
    }
    printf("%.2f\n", (milliseconds() - from) / cycles);
    return 0;
}
