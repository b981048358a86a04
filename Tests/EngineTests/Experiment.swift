/// What people do to a lab's kernel: commands as they are typed, and what `verify --strict` must say of each.
struct Experiment: Sendable {
    /// Where they are typed.
    var place: Place
    var commands: [String]
    /// What is in the differences that are told; without any, that there is one is enough.
    var told: [String]
    /// Whether there are kernels and tools that refuse them.
    var mayBeRefused: Bool

    enum Place: Sendable {
        case node, router, pod
    }

    /// Those that are done to one lab, one after the other.
    enum Group: String, Sendable, CaseIterable {
        case settings, linkSettings, links, bridges, drivers, filters, network
    }

    private init(_ place: Place, _ commands: [String], _ told: [String], mayBeRefused: Bool = false) {
        self.place = place
        self.commands = commands
        self.told = told
        self.mayBeRefused = mayBeRefused
    }

    /// The experiments of a group.
    static func all(_ group: Group) -> [Experiment] {
        switch group {
        case .settings: settings
        case .linkSettings: linkSettings
        case .links: links
        case .bridges: bridges
        case .drivers: drivers
        case .filters: filters
        case .network: network
        }
    }

    /// The experiment on a router whose bridge has this name.
    func naming(bridge: String) -> Experiment {
        var experiment = self
        experiment.commands = commands.map { $0.replacing("BRIDGE", with: bridge) }
        experiment.told = told.map { $0.replacing("BRIDGE", with: bridge) }
        return experiment
    }

    private static let settings: [Experiment] = [
        Experiment(.node, ["sysctl -w net.ipv4.ip_default_ttl=32"], ["net.ipv4.ip_default_ttl: want 64, found 32"]),
        Experiment(.node, ["sysctl -w net.ipv4.tcp_ecn=1"], ["net.ipv4.tcp_ecn: want 2, found 1"]),
        Experiment(
            .node, ["sysctl -w net.ipv4.tcp_congestion_control=reno"], ["net.ipv4.tcp_congestion_control: want"],
            mayBeRefused: true),
        Experiment(
            .node, ["sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=100"],
            ["net.netfilter.nf_conntrack_tcp_timeout_established: want 432000, found 100"], mayBeRefused: true),
        Experiment(
            .node, ["sysctl -w net.netfilter.nf_conntrack_udp_timeout=5"], ["net.netfilter.nf_conntrack_udp_timeout"],
            mayBeRefused: true),
        Experiment(.node, ["sysctl -w \"net.ipv4.ip_local_port_range=40000 41000\""], ["net.ipv4.ip_local_port_range"]),
        Experiment(.node, ["sysctl -w net.ipv4.icmp_ratelimit=0"], ["net.ipv4.icmp_ratelimit: want 1000, found 0"]),
        Experiment(
            .node, ["sysctl -w net.ipv6.conf.default.stable_secret=2001:db8::1"],
            ["net.ipv6.conf.default.stable_secret"], mayBeRefused: true),
        Experiment(.node, ["sysctl -w net.ipv6.conf.all.disable_ipv6=1"], ["disable_ipv6"]),
        Experiment(.node, ["sysctl -w net.ipv4.conf.all.forwarding=0"], ["net.ipv4.ip_forward"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.all.forwarding=0"], ["net.ipv6.conf.all.forwarding"]),
        Experiment(
            .node, ["sysctl -w net.ipv4.conf.default.rp_filter=2"], ["net.ipv4.conf.default.rp_filter: want 0, found 2"]
        ),
        Experiment(.node, ["sysctl -w net.ipv4.conf.all.log_martians=1"], ["net.ipv4.conf.all.log_martians"]),
        Experiment(
            .node, ["sysctl -w net.ipv4.ip_local_reserved_ports=8080"],
            ["net.ipv4.ip_local_reserved_ports: want , found 8080"]),
        Experiment(.node, ["sysctl -w \"net.ipv4.ping_group_range=0 100\""], ["net.ipv4.ping_group_range"]),
        Experiment(.node, ["sysctl -w net.core.somaxconn=16"], ["net.core.somaxconn"]),
        Experiment(.node, ["sysctl -w net.unix.max_dgram_qlen=5"], ["net.unix.max_dgram_qlen"]),
        Experiment(
            .node, ["sysctl -w net.bridge.bridge-nf-call-iptables=0"], ["bridge-nf-call-iptables"], mayBeRefused: true),
        Experiment(.node, ["sysctl -w net.mptcp.enabled=0"], ["net.mptcp.enabled"], mayBeRefused: true),
        Experiment(.node, ["sysctl -w net.ipv4.fib_multipath_hash_policy=1"], ["fib_multipath_hash_policy"]),
        Experiment(
            .node, ["sysctl -w net.ipv4.tcp_fastopen_key=11111111-22222222-33333333-44444444"], ["tcp_fastopen_key"]),
        Experiment(.node, ["sysctl -w net.ipv4.ip_unprivileged_port_start=80"], ["ip_unprivileged_port_start"]),
        Experiment(.node, ["sysctl -w net.netfilter.nf_log.2=nfnetlink_log"], ["nf_log"], mayBeRefused: true),
        Experiment(.pod, ["sysctl -w net.ipv4.ip_default_ttl=3"], ["net.ipv4.ip_default_ttl"]),
        Experiment(.node, ["sysctl -w \"net.ipv4.tcp_rmem=4096 65536 1048576\""], ["net.ipv4.tcp_rmem"]),
        Experiment(.node, ["sysctl -w net.ipv4.igmp_max_memberships=5"], ["igmp_max_memberships: want 20, found 5"]),
        Experiment(.node, ["sysctl -w net.ipv6.bindv6only=1"], ["net.ipv6.bindv6only: want 0, found 1"]),
        Experiment(.node, ["sysctl -w net.ipv6.route.min_adv_mss=1000"], ["net.ipv6.route.min_adv_mss"]),
        Experiment(
            .router, ["sysctl -w net.netfilter.nf_conntrack_acct=1"], ["nf_conntrack_acct: want 0, found 1"],
            mayBeRefused: true),
        Experiment(.pod, ["sysctl -w net.ipv4.tcp_keepalive_time=60"], ["tcp_keepalive_time: want 7200, found 60"]),
    ]

    private static let linkSettings: [Experiment] = [
        Experiment(.node, ["sysctl -w net.ipv4.conf.eth1.rp_filter=1"], ["eth1: rp_filter: want 0, found 1"]),
        Experiment(.node, ["sysctl -w net.ipv4.conf.eth1.arp_ignore=1"], ["eth1: arp_ignore: want 0, found 1"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.accept_ra=2"], ["eth1: accept_ra: want"]),
        Experiment(
            .node, ["sysctl -w net.ipv6.conf.eth1.stable_secret=2001:db8::1"], ["eth1: stable_secret"],
            mayBeRefused: true),
        Experiment(
            .node, ["sysctl -w net.ipv4.neigh.eth1.gc_stale_time=10"],
            ["eth1: gc_stale_time (ipv4 neigh): want 60, found 10"]),
        Experiment(
            .node, ["sysctl -w net.ipv4.neigh.eth1.base_reachable_time_ms=1000"], ["eth1: base_reachable_time_ms"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.hop_limit=3"], ["eth1: hop_limit"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.mtu=1300"], ["eth1: mtu"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.dad_transmits=5"], ["eth1: dad_transmits"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.disable_ipv6=1"], ["eth1: disable_ipv6: want 0, found 1"]),
        Experiment(.node, ["sysctl -w net.ipv4.conf.lo.rp_filter=1"], ["lo: rp_filter"]),
        Experiment(.pod, ["sysctl -w net.ipv4.conf.eth0.proxy_arp=1"], ["eth0: proxy_arp"]),
        Experiment(.node, ["sysctl -w net.ipv6.conf.eth1.use_tempaddr=2"], ["eth1: use_tempaddr: want"]),
        Experiment(.node, ["sysctl -w net.ipv6.neigh.eth1.proxy_qlen=3"], ["eth1: proxy_qlen"]),
        Experiment(
            .pod, ["sysctl -w net.ipv6.conf.eth0.ra_honor_pio_life=1"], ["ra_honor_pio_life"], mayBeRefused: true),
    ]

    private static let links: [Experiment] = [
        Experiment(.node, ["ip link set eth1 promisc on"], ["eth1: promisc: want off, found on"]),
        Experiment(.node, ["ip link set eth1 txqueuelen 500"], ["eth1: txqueuelen: want 1000, found 500"]),
        Experiment(.node, ["ip link set eth1 alias foo"], ["eth1: alias: want none, found foo"]),
        Experiment(
            .node, ["ip link property add dev eth1 altname uplink0"], ["eth1: altname: want none, found uplink0"],
            mayBeRefused: true),
        Experiment(.node, ["ip link set eth1 arp off"], ["eth1: arp: want on, found off"]),
        Experiment(.node, ["ip link set eth1 multicast off"], ["eth1: multicast: want on, found off"]),
        Experiment(.node, ["ip link set eth1 allmulticast on"], ["eth1: allmulticast: want off, found on"]),
        Experiment(
            .node, ["ip link set eth1 gso_max_size 30000"], ["eth1: gso_max_size: want 65536, found 30000"],
            mayBeRefused: true),
        Experiment(.node, ["ip link set eth1 gso_max_segs 10"], ["eth1: gso_max_segs"], mayBeRefused: true),
        Experiment(.node, ["ip link set eth1 address 02:00:00:00:00:99"], ["eth1"]),
        Experiment(
            .node, ["ip link set vxlan.calico type vxlan ageing 77"], ["vxlan.calico: ageing: want 300, found 77"]),
        Experiment(.node, ["ip link set eth1 group 7"], ["group"]),
        Experiment(.node, ["ip link set eth1 gro_max_size 30000"], ["gro_max_size"], mayBeRefused: true),
        Experiment(.node, ["ip link set eth1 mode dormant"], ["eth1: mode: want default, found dormant"]),
        Experiment(
            .pod,
            [
                "ip link set eth0 mode dormant", "ip link set eth0 down", "ip link set eth0 up",
                "timeout 10 sh -c 'until ip link show eth0 | grep -q DORMANT; do :; done'",
                "ip link set eth0 mode default",
            ], ["eth0: operstate: want none, found dormant"]),
        Experiment(.node, ["ip link set eth1 broadcast ff:ff:ff:ff:ff:00"], ["eth1: broadcast"]),
        Experiment(.node, ["ip link set lo txqueuelen 7"], ["lo: txqueuelen"]),
        Experiment(.node, ["ip link set lo promisc on"], ["lo: promisc"]),
        Experiment(.node, ["ip link set lo mtu 1400"], ["lo"]),
        Experiment(.node, ["ip link set eth1 mtu 1400"], ["mtu: want 1500, found 1400"]),
        Experiment(.node, ["ip link set eth1 down"], ["state"]),
        Experiment(.node, ["ip link set eth1 addrgenmode none"], ["addr_gen_mode"]),
        Experiment(.node, ["ip link set vxlan.calico type vxlan ttl 9"], ["ttl"]),
        Experiment(.node, ["ip link set vxlan.calico type vxlan learning"], ["learning"]),
        Experiment(.node, ["ip link add dum0 type veth peer dum1"], ["link dum0"]),
        Experiment(.pod, ["ip link set eth0 txqueuelen 3"], ["eth0: txqueuelen"]),
        Experiment(.pod, ["ip link set eth0 address 02:00:00:00:00:99"], ["eth0"]),
        Experiment(.pod, ["ip link property add dev lo altname loop7"], ["altname"], mayBeRefused: true),
        Experiment(.node, ["ip link add link eth1 name mv0 type macvlan"], ["link mv0"], mayBeRefused: true),
        Experiment(.node, ["ip link set lo down"], ["state: want up, found down"]),
        Experiment(
            .node, ["ip link set eth1 down", "ip link set eth1 name up0", "ip link set up0 up"],
            ["link eth1 ", "link up0 "]),
        Experiment(.pod, ["ip link delete eth0"], ["link cali"]),
        Experiment(
            .node, ["ip link set vxlan.calico protodown on"], ["vxlan.calico: protodown: want off, found on"],
            mayBeRefused: true),
        Experiment(
            .node, ["ip link set vxlan.calico type vxlan remote 10.10.10.99 dev eth1"], ["vxlan.calico: remote"]),
        Experiment(.node, ["ip token set ::7 dev eth1"], ["token"], mayBeRefused: true),
        Experiment(.pod, ["ip tuntap add dev tap9 mode tap"], ["link tap9"], mayBeRefused: true),
        Experiment(.node, ["ip link set eth1 gso_ipv4_max_size 30000"], ["gso_ipv4_max_size"], mayBeRefused: true),
    ]

    /// `BRIDGE` stands for the router's: a kernel without VLAN filtering has one for each VLAN.
    private static let bridges: [Experiment] = [
        Experiment(.router, ["ip link set BRIDGE type bridge stp_state 1"], ["BRIDGE: stp_state: want 0, found 1"]),
        Experiment(.router, ["ip link set BRIDGE type bridge ageing_time 1000"], ["BRIDGE: ageing_time"]),
        Experiment(
            .router, ["bridge link set dev eth1 isolated on"], ["eth1: isolated: want 0, found 1"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 learning off"], ["eth1: learning"]),
        Experiment(.router, ["ip link set BRIDGE type bridge priority 100"], ["BRIDGE: priority"]),
        Experiment(.router, ["ip link set BRIDGE type bridge forward_delay 400"], ["BRIDGE: forward_delay"]),
        Experiment(
            .router, ["ip link set BRIDGE type bridge mcast_snooping 0"], ["mcast_snooping"], mayBeRefused: true),
        Experiment(.router, ["ip link set BRIDGE type bridge mcast_querier 1"], ["mcast_querier"], mayBeRefused: true),
        Experiment(.router, ["ip link set BRIDGE type bridge group_fwd_mask 8"], ["group_fwd_mask"]),
        Experiment(
            .router, ["ip link set BRIDGE type bridge nf_call_iptables 1"], ["nf_call_iptables"], mayBeRefused: true),
        Experiment(.router, ["ip link set BRIDGE type bridge no_linklocal_learn 1"], ["boolopt"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 hairpin on"], ["hairpin"]),
        Experiment(.router, ["bridge link set dev eth1 flood off"], ["flood"]),
        Experiment(.router, ["bridge link set dev eth1 mcast_flood off"], ["mcast_flood"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 bcast_flood off"], ["bcast_flood"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 neigh_suppress on"], ["neigh_suppress"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 guard on"], ["guard"]),
        Experiment(.router, ["bridge link set dev eth1 root_block on"], ["root_block"]),
        Experiment(.router, ["bridge link set dev eth1 cost 50"], ["cost"]),
        Experiment(.router, ["bridge link set dev eth1 priority 5"], ["priority"]),
        Experiment(.router, ["bridge link set dev eth1 locked on"], ["locked"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 fastleave on"], ["fastleave"]),
        Experiment(.router, ["bridge link set dev eth1 state 0"], []),
        Experiment(.router, ["ip link set eth1 nomaster"], ["master"]),
        Experiment(.node, ["ip link add br7 type bridge"], ["link br7"]),
        Experiment(
            .router, ["bridge fdb add 02:00:00:00:00:55 dev eth1 master static"], ["fdb 02:00:00:00:00:55 dev eth1"]),
        Experiment(
            .router, ["bridge mdb add dev BRIDGE port eth1 grp 239.1.1.1 permanent"], ["mdb"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 mcast_router 2"], ["mcast_router"], mayBeRefused: true),
        Experiment(.router, ["bridge link set dev eth1 mcast_to_unicast on"], ["mcast_to_unicast"], mayBeRefused: true),
        Experiment(.router, ["ip link set eth1 type bridge_slave group_fwd_mask 8"], ["group_fwd_mask"]),
        Experiment(.router, ["ip link set BRIDGE type bridge nf_call_arptables 1"], ["arptables"], mayBeRefused: true),
        Experiment(
            .router, ["ip link set BRIDGE type bridge mcast_query_interval 500"], ["mcast_query_interval"],
            mayBeRefused: true),
        Experiment(.router, ["ip link set BRIDGE address 02:00:00:00:00:55"], ["found 02:00:00:00:00:55"]),
        Experiment(.router, ["ip link delete BRIDGE"], ["link BRIDGE ", "type bridge: missing"]),
    ]

    private static let drivers: [Experiment] = [
        Experiment(.node, ["ethtool -K eth1 tso off"], ["eth1: tx-tcp-segmentation: want on, found off"]),
        Experiment(.node, ["ethtool -K eth1 tx off"], ["eth1: tx-checksum"]),
        Experiment(.node, ["ethtool -L eth1 rx 2 tx 2"], ["eth1: rx channels: want"], mayBeRefused: true),
        Experiment(.pod, ["ethtool -K eth0 gro on"], ["eth0"]),
        Experiment(.node, ["ethtool -K eth1 sg off"], ["eth1: tx-scatter-gather"]),
        Experiment(.node, ["ethtool -K eth1 rx-gro-list on"], ["eth1: rx-gro-list: want off, found on"]),
        Experiment(.node, ["ethtool -K vxlan.calico tx off"], ["vxlan.calico: tx-checksum"]),
        Experiment(.router, ["ethtool -K BRIDGE tso off"], ["BRIDGE: tx-tcp-segmentation"]),
    ]

    /// Attaches a program that lets all pass where links have such a place (`BPF_PROG_LOAD`, `BPF_PROG_ATTACH`, bpf(2)).
    private static let attachingProgram = """
        python3 -c '
        import ctypes, struct, socket
        libc = ctypes.CDLL(None, use_errno=True)
        code = ctypes.create_string_buffer(bytes([0xb7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x95, 0, 0, 0, 0, 0, 0, 0]))
        licence = ctypes.create_string_buffer(b"GPL")
        def bpf(command, words):
            request = ctypes.create_string_buffer(words, 128)
            result = libc.syscall(321 if struct.calcsize("P") == 8 and __import__("os").uname().machine == "x86_64" else 280,
                command, request, 128)
            if result < 0: raise OSError(ctypes.get_errno())
            return result
        program = bpf(5, struct.pack("IIQQ", 3, 2, ctypes.addressof(code), ctypes.addressof(licence)))
        bpf(8, struct.pack("IIII", socket.if_nametoindex("eth1"), program, 46, 0))'
        """

    private static let filters: [Experiment] = [
        Experiment(.node, [attachingProgram], ["eth1: tcx ingress: want none, found 1"], mayBeRefused: true),
        Experiment(
            .node, ["tc qdisc add dev eth1 clsact"], ["qdisc dev eth1 ingress clsact: added"], mayBeRefused: true),
        Experiment(
            .node, ["ip xfrm policy add src 10.0.0.0/24 dst 10.1.0.0/24 dir out action block"], ["xfrm policy"],
            mayBeRefused: true),
        Experiment(.node, ["iptables-legacy -A INPUT -p tcp --dport 9 -j DROP"], ["iptables"], mayBeRefused: true),
        Experiment(.node, ["iptables-legacy -P FORWARD DROP"], ["iptables"], mayBeRefused: true),
        Experiment(.node, ["ip6tables-legacy -t mangle -A PREROUTING -j ACCEPT"], ["ip6tables"], mayBeRefused: true),
        Experiment(
            .node, ["tc qdisc add dev eth1 root tbf rate 1mbit burst 4k latency 5ms"], ["qdisc"], mayBeRefused: true),
        Experiment(.node, ["nft add table inet mine"], ["table inet mine"]),
        Experiment(.node, ["iptables-nft -A INPUT -j ACCEPT"], ["table ip filter"]),
        Experiment(.node, ["ipset create mine hash:ip"], ["ipset"], mayBeRefused: true),
        Experiment(
            .node,
            [
                "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1 mode tunnel enc \"cbc(aes)\" 0x00112233445566778899aabbccddeeff auth \"hmac(sha1)\" 0x00112233445566778899aabbccddeeff00112233"
            ], ["xfrm state"], mayBeRefused: true),
        Experiment(
            .node,
            [
                "tc qdisc add dev eth1 ingress",
                "tc filter add dev eth1 ingress pref 7 protocol ip u32 match u32 0 0 classid 1:1",
            ], ["filter"], mayBeRefused: true),
        Experiment(
            .node,
            [
                "tc qdisc add dev eth1 root handle 1: htb default 10",
                "tc class add dev eth1 parent 1: classid 1:10 htb rate 1mbit",
            ], ["htb"], mayBeRefused: true),
        Experiment(
            .node, ["tc actions add action mirred egress redirect dev eth1 index 9"], ["action"], mayBeRefused: true),
        Experiment(
            .node, ["tc qdisc replace dev eth1 root pfifo limit 5"], ["qdisc dev eth1 root pfifo"], mayBeRefused: true),
        Experiment(.node, ["ip xfrm policy setdefault in block"], ["xfrm default in block"], mayBeRefused: true),
        Experiment(.node, ["ip xfrm policy set hthresh4 24 24"], ["xfrm threshold hthresh4 24 24"], mayBeRefused: true),
        Experiment(.node, ["iptables-legacy -t raw -A PREROUTING -p udp -j CT --notrack"], ["raw"], mayBeRefused: true),
        Experiment(.node, ["iptables-legacy -N mine"], ["iptables"], mayBeRefused: true),
        Experiment(.node, ["nft flush ruleset"], ["table ip kube-proxy: missing"]),
        Experiment(
            .node, ["nft add rule ip kube-proxy filter-forward counter drop"], ["table ip kube-proxy"],
            mayBeRefused: true),
        Experiment(
            .node,
            [
                "nft add table netdev mine",
                "nft add chain netdev mine in '{ type filter hook ingress device eth1 priority 0; }'",
            ], ["table netdev mine"], mayBeRefused: true),
        Experiment(
            .node, ["ipset create nets hash:net family inet6", "ipset add nets fd00:7::/64"], ["ipset nets"],
            mayBeRefused: true),
    ]

    private static let network: [Experiment] = [
        Experiment(.node, ["ip addr change 10.10.10.11/24 dev eth1 preferred_lft 0"], ["deprecated"]),
        Experiment(.node, ["ip neigh add proxy 10.10.10.50 dev eth1"], ["proxy neighbour"]),
        Experiment(.node, ["bridge fdb add 02:00:00:00:00:77 dev eth1 self"], ["fdb"]),
        Experiment(
            .node, ["ip ntable change name ndisc_cache dev eth1 retrans 2000"], ["eth1: retrans_time_ms (ipv6 neigh)"]),
        Experiment(.node, ["ip route change 1.1.1.1 via 10.10.10.1 dev eth1 mtu lock 1200"], ["mtu"]),
        Experiment(.node, ["ip route change 1.1.1.1 via 10.10.10.1 dev eth1 initcwnd 3"], ["initcwnd"]),
        Experiment(.node, ["ip route add 9.9.9.0/24 via 10.10.10.1"], ["9.9.9.0/24"]),
        Experiment(.node, ["ip -6 route add fd09:3::/32 via fd00:10:10::1 metric 5"], ["fd09:3::/32"]),
        Experiment(.node, ["ip rule add pref 50 fwmark 1 lookup 100"], ["rule pref 50"]),
        Experiment(.node, ["ip rule del pref 32767"], ["rule"]),
        Experiment(.node, ["ip nexthop add id 5 via 10.10.10.1 dev eth1"], ["nexthop id 5"], mayBeRefused: true),
        Experiment(.node, ["ip addrlabel add prefix 2001:db8::/32 label 99"], ["addrlabel"]),
        Experiment(.node, ["ip addr add 10.55.0.1/24 dev eth1"], ["10.55.0.1"]),
        Experiment(.node, ["ip addr change 10.10.10.11/24 dev eth1 valid_lft 1000 preferred_lft 500"], ["dynamic"]),
        Experiment(.node, ["ip addr change 10.10.10.11/24 dev eth1 metric 77"], []),
        Experiment(
            .node, ["ip neigh add 10.10.10.60 lladdr 02:00:00:00:00:60 nud permanent dev eth1"], ["10.10.10.60"]),
        Experiment(.node, ["ip mptcp endpoint add 10.10.10.11 dev eth1 id 4 signal"], ["mptcp"], mayBeRefused: true),
        Experiment(.node, ["ip mptcp limits set subflows 4 add_addr_accepted 2"], ["mptcp"], mayBeRefused: true),
        Experiment(.node, ["ip sr tunsrc set 2001:db8::1"], ["sr tunsrc"], mayBeRefused: true),
        Experiment(.node, ["ip ioam namespace add 7"], ["ioam"], mayBeRefused: true),
        Experiment(.node, ["ip maddress add 33:33:00:00:00:99 dev eth1"], ["fdb 33:33:00:00:00:99 dev eth1 self"]),
        Experiment(.node, ["bridge fdb add 01:00:5e:00:00:99 dev eth1 self"], ["fdb 01:00:5e:00:00:99 dev eth1 self"]),
        Experiment(.node, ["ip addr add 239.9.9.9/32 dev eth1 autojoin"], ["239.9.9.9"]),
        Experiment(.node, ["ip addr add 10.66.0.1 peer 10.66.0.2 dev eth1"], ["10.66.0.1"]),
        Experiment(.node, ["ip -6 addr add fd00:77::1/64 dev eth1 nodad noprefixroute"], ["fd00:77::1"]),
        Experiment(.node, ["ip -6 addr flush dev eth1 scope link"], ["eth1"]),
        Experiment(.node, ["ip addr flush dev lo"], ["lo"]),
        Experiment(.node, ["ip rule add pref 5 lookup main", "ip rule delete pref 0"], ["rule pref 0"]),
        Experiment(.node, ["ip route add prohibit 9.9.8.0/24 table 100"], ["9.9.8.0/24"]),
        Experiment(
            .node, ["ip nexthop add id 5 via 10.10.10.1 dev eth1", "ip nexthop add id 6 group 5"], ["nexthop id 6"],
            mayBeRefused: true),
        Experiment(.node, ["ip -6 route replace default via fd00:10:10::1 dev eth1 pref high metric 9"], ["default"]),
        Experiment(
            .node, ["ip -6 neigh replace fd00:10:10::77 lladdr 02:00:00:00:00:77 router nud permanent dev eth1"],
            ["fd00:10:10::77"]),
        Experiment(.node, ["ip -6 route del local fd00:10:10::11 table local"], ["fd00:10:10::11"]),
    ]
}
