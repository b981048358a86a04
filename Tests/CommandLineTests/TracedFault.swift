import Foundation
import KernelTestSupport
import Testing

/// Something that is broken in a lab on purpose, between two pods of two nodes, and what a trace has to say of it.
struct TracedFault: Sendable, CustomTestStringConvertible {
    var name: String
    /// What is run, each in a namespace.
    var commands: @Sendable (TracedPods) throws -> [(namespace: String, command: String)]
    /// What is traced: `-6`, `--tcp 81`; and to whom, if not to the far pod.
    var options: [String]
    var target: @Sendable (TracedPods) -> String
    /// The cause's kind and namespace, and what its object, sentence or the lab's difference names.
    var kind: String
    var place: @Sendable (TracedPods) -> String
    var mentions: @Sendable (TracedPods) -> String

    var testDescription: String { name }

    init(
        _ name: String, _ kind: String, at place: @escaping @Sendable (TracedPods) -> String,
        naming mentions: @escaping @Sendable (TracedPods) -> String, _ options: [String] = ["-4"],
        to target: @escaping @Sendable (TracedPods) -> String = { $0.far.name },
        _ commands: @escaping @Sendable (TracedPods) throws -> [(String, String)]
    ) {
        (self.name, self.kind, self.place, self.mentions) = (name, kind, place, mentions)
        (self.options, self.target, self.commands) = (options, target, commands)
    }
}

/// A pod as traces between nodes need it.
struct TracedPod: Sendable {
    var name, node, ipv4, ipv6: String
    /// The node's end of its cable.
    var cable: String
    /// The node's addresses.
    var node4, node6: String
}

/// A lab with two pods on two nodes.
struct TracedPods: Sendable {
    var lab: String
    var near, far: TracedPod
    /// A third node, on the link of the near one.
    var third: String
    var third6: String
    var router: String
    /// The router's port that the near node is at, and the far one.
    var nearPort, farPort: String

    func pin(_ name: String) -> String { "\(lab)-\(name)" }

    /// What the near node's route says of an address: its link, and the next hop.
    func way(_ node: String, _ address: String) throws -> (device: String, gateway: String?) {
        let route = try #require(Witness.json("ip -j route get \(address)", in: pin(node)).first)
        return (try #require(route["dev"] as? String), route["gateway"] as? String)
    }

    /// The route that leads from a node to an address, as `ip route` takes it.
    func route(_ node: String, _ address: String) throws -> String {
        let output = try Witness.output(["ip", "route", "get", "fibmatch", address], in: pin(node))
        return String(output.prefix { $0 != "\n" })
    }

    func mac(_ node: String, _ link: String) throws -> String {
        let found = try #require(Witness.json("ip -j link show \(link)", in: pin(node)).first)
        return try #require(found["address"] as? String)
    }

    /// A running lab's pods of the workload `multitool`.
    init(_ nslab: Program, near: String, far: String, third: String, router: String, ports: (String, String)) throws {
        let namespaces = try #require(nslab.json("inspect", nslab.lab)["namespaces"] as? [[String: Any]])
        func addresses(_ name: String) -> [String] {
            namespaces.first { $0["name"] as? String == name }?["addresses"] as? [String] ?? []
        }
        func pod(_ node: String) throws -> TracedPod {
            let pod = try #require(
                namespaces.first {
                    $0["node"] as? String == node && ($0["name"] as? String ?? "").hasPrefix("multitool")
                })
            let name = try #require(pod["name"] as? String)
            let all = try #require(pod["addresses"] as? [String])
            let ipv4 = try #require(all.first { $0.contains(".") })
            let route = try #require(
                Witness.json("ip -j route get \(ipv4)", in: nslab.pin(node)).first?["dev"] as? String)
            return TracedPod(
                name: name, node: node, ipv4: ipv4, ipv6: try #require(all.first { $0.contains(":") }), cable: route,
                node4: try #require(addresses(node).first { $0.contains(".") }),
                node6: try #require(addresses(node).first { $0.contains(":") }))
        }
        lab = nslab.lab
        (self.near, self.far) = (try pod(near), try pod(far))
        (self.third, self.router, nearPort, farPort) = (third, router, ports.0, ports.1)
        third6 = try #require(addresses(third).first { $0.contains(":") })
    }
}

extension TracedFault {
    /// A table with one rule in it.
    private static func table(_ hook: String, _ rule: String, policy: String = "accept") -> String {
        "nft add table inet mine; nft add chain inet mine fault '{ type filter hook \(hook) priority 0; policy \(policy); }'; "
            + (rule.isEmpty ? "" : "nft add rule inet mine fault \(rule)")
    }

    /// All of them.
    static let all: [TracedFault] = [
        // Routes.
        TracedFault(
            "no route", "no route", at: { _ in "" }, naming: { _ in "192.168.250.9" }, to: { _ in "192.168.250.9" }
        ) {
            _ in []
        },
        TracedFault("the pod has no route", "no route", at: \.near.name, naming: \.far.ipv4) {
            [($0.near.name, "ip route del default")]
        },
        TracedFault("the answer has no route", "no route", at: \.far.name, naming: \.near.ipv4) {
            [($0.far.name, "ip route del default")]
        },
        TracedFault("a block's route is gone", "rejecting route", at: \.near.node, naming: { _ in "prohibit" }) {
            [
                (
                    $0.near.node,
                    "ip route del \(try $0.route($0.near.node, $0.far.ipv4)); ip route add prohibit \($0.far.ipv4)"
                )
            ]
        },
        TracedFault("blackhole", "rejecting route", at: \.near.node, naming: { "blackhole \($0.far.ipv4)" }) {
            [($0.near.node, "ip route add blackhole \($0.far.ipv4)")]
        },
        TracedFault(
            "blackhole of IPv6", "rejecting route", at: \.near.node, naming: { "blackhole \($0.far.ipv6)" }, ["-6"]
        ) {
            [($0.near.node, "ip route add blackhole \($0.far.ipv6)")]
        },
        TracedFault("unreachable", "rejecting route", at: \.near.node, naming: { "unreachable \($0.far.ipv4)" }) {
            [($0.near.node, "ip route add unreachable \($0.far.ipv4)")]
        },
        TracedFault("throw", "rejecting route", at: \.near.node, naming: { "throw \($0.far.ipv4)" }) {
            [($0.near.node, "ip route add throw \($0.far.ipv4)")]
        },
        TracedFault(
            "blackhole on the way back", "rejecting route", at: \.far.node, naming: { "blackhole \($0.near.ipv4)" }
        ) {
            [($0.far.node, "ip route add blackhole \($0.near.ipv4)")]
        },
        TracedFault(
            "routing loop", "routing loop", at: { _ in "" }, naming: { _ in "192.168.250.9" },
            to: { _ in "192.168.250.9" }
        ) {
            let gateway = try #require(try $0.way($0.near.node, "1.1.1.1").gateway)
            return [
                ($0.near.node, "ip route add 192.168.250.9 via \(gateway)"),
                ($0.router, "ip route add 192.168.250.9 via \($0.near.node4)"),
            ]
        },
        TracedFault("reverse path", "reverse path", at: \.far.node, naming: { _ in "rp_filter" }) {
            let device = try $0.way($0.far.node, $0.near.ipv4).device
            return [
                (
                    $0.far.node,
                    "ip route add \($0.near.ipv4) dev \($0.far.cable); sysctl -qw net/ipv4/conf/\(device)/rp_filter=1"
                )
            ]
        },
        TracedFault("ip_forward is 0", "forwarding off", at: \.far.node, naming: { _ in "net.ipv4.ip_forward" }) {
            [($0.far.node, "sysctl -qw net.ipv4.ip_forward=0")]
        },
        TracedFault(
            "forwarding of IPv6 is 0", "forwarding off", at: \.far.node,
            naming: { _ in "net.ipv6.conf.all.forwarding" }, ["-6"]
        ) {
            [($0.far.node, "sysctl -qw net.ipv6.conf.all.forwarding=0")]
        },
        TracedFault(
            "a rule refuses", "rejecting route", at: \.near.node, naming: { "to \($0.far.ipv4)/32 unreachable" }
        ) {
            [($0.near.node, "ip rule add pref 100 to \($0.far.ipv4) unreachable")]
        },
        TracedFault(
            "a rule refuses a connection of IPv6", "rejecting route", at: \.near.node,
            naming: { "to \($0.far.ipv6)/128 prohibit" }, ["-6", "--tcp", "8080"]
        ) {
            [($0.near.node, "ip -6 rule add pref 100 to \($0.far.ipv6) prohibit")]
        },
        TracedFault(
            "a table of its own refuses", "rejecting route", at: \.near.node,
            naming: { _ in "prohibit default table 100" }, ["-4", "--udp", "8080"]
        ) {
            [
                (
                    $0.near.node,
                    "ip route add prohibit default table 100; ip rule add pref 100 to \($0.far.ipv4) lookup 100"
                )
            ]
        },
        TracedFault(
            "the sender's TTL", "TTL exceeded", at: \.near.name, naming: { _ in "net.ipv4.ip_default_ttl" },
            ["-4", "--udp", "8080"]
        ) {
            [($0.near.name, "sysctl -qw net.ipv4.ip_default_ttl=1")]
        },
        TracedFault(
            "the sender's hop limit", "TTL exceeded", at: \.near.name, naming: { _ in "net.ipv6.conf.eth0.hop_limit" },
            ["-6"]
        ) {
            [($0.near.name, "sysctl -qw net.ipv6.conf.eth0.hop_limit=2")]
        },
        TracedFault(
            "the node does not answer for a gateway that it has no route to", "rejecting route", at: \.near.node,
            naming: { _ in "prohibit default table 100" }
        ) {
            [
                (
                    $0.near.node,
                    "ip route add prohibit default table 100; ip rule add pref 100 from \($0.near.ipv4) lookup 100"
                ), ($0.near.name, "ip neigh flush all"),
            ]
        },
        TracedFault(
            "a rule shortens the hop limit", "TTL exceeded", at: \.near.node, naming: { _ in "hoplimit set 1" }, ["-6"]
        ) {
            [($0.near.node, table("forward", "ip6 daddr \($0.far.ipv6) ip6 hoplimit set 1"))]
        },
        TracedFault("a next hop object drops", "rejecting route", at: \.near.node, naming: { _ in "nhid 77" }) {
            [($0.near.node, "ip nexthop add id 77 blackhole; ip route add \($0.far.ipv4) nhid 77")]
        },
        TracedFault(
            "a route with several ways, none of which is there", "neighbour", at: \.near.node,
            naming: { _ in "nobody in the lab" }, ["-4", "--tcp", "8080"]
        ) {
            let device = try $0.way($0.near.node, "1.1.1.1").device
            let ways = [".98", ".99"].map { "nexthop via 10.10.10\($0) dev \(device) onlink" }.joined(separator: " ")
            return [($0.near.node, "ip route add \($0.far.ipv4) \(ways)")]
        },
        TracedFault("the source is the receiver's own", "martian source", at: \.far.node, naming: \.near.ipv4) {
            [($0.far.node, "ip addr add \($0.near.ipv4)/32 dev lo")]
        },
        TracedFault("a route's MTU", "MTU", at: \.near.node, naming: { _ in "mtu 1300" }, ["-4", "--size", "1350"]) {
            let way = try $0.way($0.near.node, $0.far.ipv4)
            let gateway = way.gateway.map { "via \($0) " } ?? ""
            return [
                ($0.near.node, "ip route add \($0.far.ipv4) \(gateway)dev \(way.device) onlink mtu lock 1300")
            ]
        },
        // Neighbours and addresses.
        TracedFault(
            "a pod answers for no address", "neighbour", at: \.far.name, naming: { _ in "arp_ignore is 8" },
            ["-4", "--tcp", "8080"]
        ) {
            [($0.far.name, "sysctl -qw net.ipv4.conf.all.arp_ignore=8"), ($0.far.node, "ip neigh flush all")]
        },
        TracedFault("a pod has no ARP", "neighbour", at: \.far.name, naming: { _ in "link eth0 arp off" }) {
            [($0.far.name, "ip link set eth0 arp off"), ($0.far.node, "ip neigh flush all")]
        },
        TracedFault("nobody answers for the gateway", "neighbour", at: \.near.node, naming: { _ in "proxy_arp is 0" }) {
            [
                ($0.near.node, "sysctl -qw net/ipv4/conf/\($0.near.cable)/proxy_arp=0"),
                ($0.near.name, "ip neigh flush all"),
            ]
        },
        TracedFault(
            "the far pod has no IPv6", "IPv6 off", at: \.far.name, naming: { _ in "net.ipv6.conf.eth0.disable_ipv6" },
            ["-6"]
        ) {
            [($0.far.name, "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")]
        },
        TracedFault(
            "the near pod has no IPv6", "IPv6 off", at: \.near.name, naming: { _ in "net.ipv6.conf.eth0.disable_ipv6" },
            ["-6", "--tcp", "8080"]
        ) {
            [($0.near.name, "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")]
        },
        TracedFault("a node's address is gone", "neighbour", at: { _ in "" }, naming: \.far.node6, ["-6"]) {
            [($0.far.node, "ip addr del \($0.far.node6)/64 dev eth1")]
        },
        TracedFault("a pod's address is gone", "neighbour", at: \.far.node, naming: { _ in "nobody in the lab" }) {
            [($0.far.name, "ip addr del \($0.far.ipv4)/32 dev eth0"), ($0.far.node, "ip neigh flush all")]
        },
        TracedFault(
            "a pod's address is gone, its neighbour's entry is not", "no address", at: \.far.name, naming: \.far.ipv4
        ) {
            [
                ($0.far.name, "ip addr del \($0.far.ipv4)/32 dev eth0"),
                (
                    $0.far.node,
                    "ip neigh replace \($0.far.ipv4) lladdr \(try $0.mac($0.far.name, "eth0")) dev \($0.far.cable) nud permanent"
                ),
            ]
        },
        TracedFault("a wrong neighbour", "wrong MAC address", at: \.far.node, naming: { _ in "02:00:00:00:00:99" }) {
            [
                (
                    $0.far.node,
                    "ip neigh replace \($0.far.ipv4) lladdr 02:00:00:00:00:99 dev \($0.far.cable) nud permanent"
                )
            ]
        },
        TracedFault(
            "duplicate address", "duplicate address", at: { _ in "" }, naming: \.third, to: { _ in "1.1.1.1" }
        ) {
            let port = try $0.way($0.router, $0.near.node4).device
            return [
                ($0.third, "ip addr add \($0.near.node4)/32 dev eth1"),
                (
                    $0.router,
                    "ip neigh replace \($0.near.node4) lladdr \(try $0.mac($0.third, "eth1")) dev \(port) nud permanent"
                ),
            ]
        },
        // Tunnels.
        TracedFault(
            "an FDB entry is gone", "no FDB entry", at: \.near.node, naming: { _ in "dev vxlan-v6.calico" }, ["-6"]
        ) {
            let mac = try $0.mac($0.far.node, "vxlan-v6.calico")
            return [($0.near.node, "bridge fdb del \(mac) dev vxlan-v6.calico")]
        },
        TracedFault(
            "an FDB entry leads elsewhere", "wrong MAC address", at: \.near.node, naming: { "dst \($0.third6)" }, ["-6"]
        ) {
            let mac = try $0.mac($0.far.node, "vxlan-v6.calico")
            return [
                (
                    $0.near.node,
                    "bridge fdb del \(mac) dev vxlan-v6.calico; bridge fdb add \(mac) dev vxlan-v6.calico dst \($0.third6)"
                )
            ]
        },
        TracedFault("the far tunnel is down", "link down", at: \.far.node, naming: { _ in "vxlan-v6.calico" }, ["-6"]) {
            [($0.far.node, "ip link set vxlan-v6.calico down")]
        },
        // Links.
        TracedFault("a pod's link is down", "link down", at: \.far.name, naming: { _ in "eth0" }) {
            [($0.far.name, "ip link set eth0 down")]
        },
        TracedFault("a pod's cable is down", "rejecting route", at: \.far.node, naming: { "\($0.far.cable) is down" }) {
            [($0.far.node, "ip link set \($0.far.cable) down")]
        },
        TracedFault("a router's port is down", "link down", at: \.router, naming: \.nearPort) {
            [($0.router, "ip link set \($0.nearPort) down")]
        },
        TracedFault("MTU", "MTU", at: \.near.node, naming: { _ in "mtu 1300" }, ["-4", "--size", "1350"]) {
            [($0.near.node, "ip link set \(try $0.way($0.near.node, $0.far.ipv4).device) mtu 1300")]
        },
        TracedFault(
            "MTU without an error", "MTU", at: \.far.name, naming: { _ in "mtu 1300" }, ["-4", "--size", "1350"]
        ) {
            [($0.far.name, "ip link set eth0 mtu 1300")]
        },
        TracedFault("loss", "loss", at: \.far.node, naming: { _ in "qdisc" }) {
            [
                (
                    $0.far.node,
                    "tc qdisc add dev \($0.far.cable) root netem loss 100% 2>/dev/null || "
                        + "tc qdisc add dev \($0.far.cable) root tbf rate 1mbit burst 60 latency 10ms"
                )
            ]
        },
        TracedFault("another network", "VLAN", at: \.router, naming: \.nearPort) {
            [
                (
                    $0.router,
                    "ip link add elsewhere type bridge; ip link set elsewhere up; ip link set \($0.nearPort) master elsewhere"
                )
            ]
        },
        TracedFault("a port is at no bridge", "VLAN", at: \.router, naming: { "link \($0.nearPort) master none" }) {
            [($0.router, "ip link set \($0.nearPort) nomaster")]
        },
        TracedFault("a bridge is down", "link down", at: \.router, naming: { _ in "is down" }) {
            [($0.router, "ip link set \(try $0.way($0.router, $0.near.node4).device) down")]
        },
        TracedFault(
            "a port's state", "bridge port", at: \.router, naming: { "port \($0.nearPort) state disabled" }, ["-6"]
        ) {
            [($0.router, "bridge link set dev \($0.nearPort) state 0")]
        },
        TracedFault(
            "ports are isolated", "bridge port", at: \.router, naming: { "port \($0.nearPort) isolated on" }, ["-4"],
            to: \.third
        ) {
            [
                (
                    $0.router,
                    "for port in $(ip -br link show type veth | sed 's/@.*//'); do bridge link set dev $port isolated on; done"
                )
            ]
        },
        // Services.
        TracedFault(
            "the rules of services are gone", "no service rule", at: { _ in "" },
            naming: { _ in "service kube-system/kube-dns" }, to: { _ in "service/kube-system/kube-dns" }
        ) {
            [($0.near.node, "nft delete table ip kube-proxy")]
        },
        // Rules.
        TracedFault("a rule drops", "rule", at: \.far.node, naming: { "ip daddr \($0.far.ipv4) drop" }) {
            [($0.far.node, table("forward", "ip daddr \($0.far.ipv4) drop"))]
        },
        TracedFault("a rule rejects", "rule", at: \.near.node, naming: { _ in "reject" }) {
            [($0.near.node, table("forward", "ip daddr \($0.far.ipv4) reject"))]
        },
        TracedFault("a policy drops", "rule", at: \.far.node, naming: { _ in "policy drop" }) {
            [($0.far.node, table("forward", "", policy: "drop"))]
        },
        TracedFault("a rule drops the answer", "rule", at: \.far.node, naming: { "ip saddr \($0.far.ipv4) drop" }) {
            [($0.far.node, table("forward", "ip saddr \($0.far.ipv4) drop"))]
        },
        TracedFault(
            "a rule drops a connection", "rule", at: \.far.node, naming: { _ in "dport 8080 drop" },
            ["-6", "--tcp", "8080"]
        ) {
            [($0.far.node, table("forward", "tcp dport 8080 drop"))]
        },
        TracedFault("a table of netdev drops", "filter", at: \.near.node, naming: { _ in "netdev mine chain fault" }) {
            [
                (
                    $0.near.node,
                    "nft add table netdev mine; nft add chain netdev mine fault "
                        + "'{ type filter hook ingress device \"\($0.near.cable)\" priority 0; policy drop; }'"
                )
            ]
        },
        TracedFault(
            "a table of bridge drops", "filter", at: \.router, naming: { _ in "bridge mine chain fault" }, ["-6"]
        ) {
            [
                (
                    $0.router,
                    "nft add table bridge mine; nft add chain bridge mine fault '{ type filter hook prerouting priority 0; }'; "
                        + "nft add rule bridge mine fault ether type ip6 drop"
                )
            ]
        },
        TracedFault(
            "a table of arp drops", "filter", at: \.far.name, naming: { _ in "arp mine chain fault" },
            ["-4", "--tcp", "8080"]
        ) {
            [
                (
                    $0.far.name,
                    "nft add table arp mine; nft add chain arp mine fault '{ type filter hook input priority 0; policy drop; }'"
                ), ($0.far.node, "ip neigh flush all"),
            ]
        },
        TracedFault("a policy of IPsec blocks", "filter", at: \.near.node, naming: { _ in "xfrm policy" }) {
            [
                (
                    $0.near.node,
                    "ip xfrm policy add src \($0.near.ipv4) dst \($0.far.ipv4) dir fwd action block"
                )
            ]
        },
        // Ports.
        TracedFault(
            "TCP port closed", "port closed", at: \.far.name, naming: { _ in "tcp port 81" }, ["-4", "--tcp", "81"]
        ) {
            _ in []
        },
        TracedFault(
            "UDP port closed", "port closed", at: \.far.name, naming: { _ in "udp port 99" }, ["-6", "--udp", "99"]
        ) {
            _ in []
        },
        TracedFault(
            "one family", "other family", at: \.far.name, naming: { _ in "IPv4 alone" }, ["-6", "--tcp", "7777"]
        ) {
            let script = "import socket, time; s = socket.create_server(('0.0.0.0', 7777)); time.sleep(600)"
            return [
                (
                    $0.far.name,
                    "python3 -c \"\(script)\" >/dev/null 2>&1 & timeout 30 sh -c 'until ss -Hltn sport = 7777 | grep -q .; do sleep 0.05; done'"
                )
            ]
        },
        TracedFault(
            "echo of IPv6 ignored", "echo ignored", at: \.far.name, naming: { _ in "net.ipv6.icmp.echo_ignore_all" },
            ["-6"]
        ) {
            [($0.far.name, "sysctl -qw net.ipv6.icmp.echo_ignore_all=1")]
        },
        TracedFault(
            "the listener's queue is full", "dropped", at: \.far.name, naming: { _ in "TcpExtListenOverflows" },
            ["-4", "--tcp", "7777"]
        ) {
            let script =
                "import socket, time; s = socket.socket(); s.bind(('0.0.0.0', 7777)); s.listen(0); "
                + "c = [socket.socket() for _ in range(2)]; [x.setblocking(False) for x in c]; "
                + "[x.connect_ex(('127.0.0.1', 7777)) for x in c]; time.sleep(600)"
            return [
                (
                    $0.far.name,
                    "python3 -c \"\(script)\" >/dev/null 2>&1 & timeout 30 sh -c 'until ss -Htn sport = 7777 | grep -q .; do sleep 0.05; done'"
                )
            ]
        },
        TracedFault(
            "a receive buffer is full", "dropped", at: \.far.name, naming: { _ in "UdpRcvbufErrors" },
            ["-4", "--udp", "7777"]
        ) {
            let script =
                "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                + "s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1); s.bind(('0.0.0.0', 7777)); "
                + "c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [c.sendto(bytes(1000), ('127.0.0.1', 7777)) for _ in range(50)]; "
                + "time.sleep(600)"
            return [
                (
                    $0.far.name,
                    "python3 -c \"\(script)\" >/dev/null 2>&1 & timeout 30 sh -c 'until nstat -as UdpRcvbufErrors | grep -q Rcvbuf; do sleep 0.05; done'"
                )
            ]
        },
        TracedFault("echo ignored", "echo ignored", at: \.far.name, naming: { _ in "icmp_echo_ignore_all" }) {
            [($0.far.name, "sysctl -qw net.ipv4.icmp_echo_ignore_all=1")]
        },
    ]
}
