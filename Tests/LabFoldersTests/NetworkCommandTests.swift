import Addresses
import Testing

@testable import LabFolders

@Suite("Commands of iproute2 and sysctl")
struct NetworkCommandTests {
    private func command(_ line: String) throws -> NetworkCommand { try NetworkCommand(CommandWords(line)) }

    private func refusal(_ line: String) -> CommandRefusal? {
        do {
            _ = try NetworkCommand(CommandWords(line))
            return nil
        } catch { return error as? CommandRefusal }
    }

    @Test(
        "an address, however it is written",
        arguments: [
            "ip addr add 10.10.10.11/24 dev eth1", "ip address add dev eth1 10.10.10.11/24",
            "ip a a 10.10.10.11/24 dev eth1",
            "ip -4 addr add 10.10.10.11/255.255.255.0 dev eth1",
            "/sbin/ip -br a add local 10.10.10.11/24 brd + dev eth1",
            "ip -family inet addr add 10.10.10.11/24 scope global dev eth1 label eth1:1",
            "ip 'addr' \"add\" dev eth1 10.10.10.11/24 nodad",
            "ip addr add 10.10.10.11/24 broadcast 10.10.10.255 dev eth1 valid_lft forever preferred_lft forever",
        ])
    func addresses(line: String) throws {
        guard case .address(let change) = try command(line) else {
            Issue.record("\(line) is no address change")
            return
        }
        #expect(change.action == .add(replacing: false))
        #expect(change.device == "eth1")
        #expect(change.address == InterfaceAddress("10.10.10.11/24"))
    }

    @Test("addresses that are replaced, removed and flushed")
    func addressActions() throws {
        guard case .address(let replaced) = try command("ip -6 addr replace fd00::1 dev eth1"),
            case .address(let removed) = try command("ip a d 10.0.0.1/8 dev eth1"),
            case .address(let flushed) = try command("ip -6 addr flush dev eth1 scope global")
        else {
            Issue.record("not all are address changes")
            return
        }
        #expect(replaced.action == .add(replacing: true) && replaced.address == InterfaceAddress("fd00::1/128"))
        #expect(removed.action == .delete && removed.address == InterfaceAddress("10.0.0.1/8"))
        #expect(flushed.action == .flush && flushed.family == .ipv6 && flushed.device == "eth1")
    }

    @Test(
        "a route, however it is written",
        arguments: [
            ("ip route add 1.1.1.1/32 via 10.10.10.1 dev eth1", "1.1.1.1/32", "10.10.10.1", "eth1"),
            ("ip r a 1.1.1.1 dev eth1 via 10.10.10.1", "1.1.1.1/32", "10.10.10.1", "eth1"),
            ("ip ro repl default via 10.10.10.1", "0.0.0.0/0", "10.10.10.1", nil),
            ("ip route add via fd00::1 default", "::/0", "fd00::1", nil),
            ("ip -6 route add default via fd00::1 dev eth1 proto static", "::/0", "fd00::1", "eth1"),
            ("ip route add to unicast 10/8 via inet 10.10.10.1 table main", "10.0.0.0/8", "10.10.10.1", nil),
            ("ip -6 r add default dev eth2", "::/0", nil, "eth2"),
        ] as [(String, String, String?, String?)])
    func routes(line: String, destination: String, gateway: String?, device: String?) throws {
        guard case .route(let change) = try command(line) else {
            Issue.record("\(line) is no route change")
            return
        }
        #expect(change.destination == Prefix(destination))
        #expect(change.hops.map { $0.gateway?.description } == [gateway])
        #expect(change.hops.map(\.device) == [device])
    }

    @Test("metrics, several next hops, blackholes and removals")
    func routeOptions() throws {
        guard case .route(let metric) = try command("ip route add 10.0.0.0/8 via 10.1.1.1 metric 50"),
            case .route(let several) = try command(
                "ip route add 10.0.0.0/8 nexthop via 10.1.1.1 dev eth1 nexthop via 10.2.2.1 weight 1"),
            case .route(let blackhole) = try command("ip route add blackhole 10.9.0.0/16"),
            case .route(let removed) = try command("ip route del default")
        else {
            Issue.record("not all are route changes")
            return
        }
        #expect(metric.metric == 50)
        #expect(several.hops.map(\.gateway) == [IPAddress("10.1.1.1"), IPAddress("10.2.2.1")])
        #expect(blackhole.isBlackhole && blackhole.hops.isEmpty)
        #expect(removed.action == .delete && removed.destination == Prefix("0.0.0.0/0"))
    }

    @Test("interfaces that are made and changed")
    func links() throws {
        guard
            case .link(.add(let vlan)) = try command("ip link add link eth1 name eth1.20 mtu 1400 type vlan id 20"),
            case .link(.add(let bridge)) = try command("ip l a br0 type bridge"),
            case .link(.set(let device, let up)) = try command("ip link set eth1 up mtu 9000 address 02:00:00:00:00:01"),
            case .link(.set(let port, let enslaved)) = try command("ip link set dev eth2 master br0"),
            case .link(.delete(let gone)) = try command("ip link del dev dummy0")
        else {
            Issue.record("not all are link changes")
            return
        }
        #expect(vlan.name == "eth1.20" && vlan.kind == .vlan(parent: "eth1", id: 20) && vlan.attributes.mtu == 1400)
        #expect(bridge.name == "br0" && bridge.kind == .bridge)
        #expect(device == "eth1" && up.isUp == true && up.mtu == 9000)
        #expect(up.hardwareAddress == MACAddress("02:00:00:00:00:01"))
        #expect(port == "eth2" && enslaved.master == .some("br0"))
        #expect(gone == "dummy0")
    }

    @Test("kernel settings, dotted and slashed")
    func settings() throws {
        #expect(
            try command("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
                == .settings([
                    .init(path: "ipv4/ip_forward", value: "1"), .init(path: "ipv6/conf/all/forwarding", value: "1"),
                ]))
        #expect(
            try command("sysctl -qw net/ipv4/conf/eth1.10/rp_filter=0")
                == .settings([.init(path: "ipv4/conf/eth1.10/rp_filter", value: "0")]))
        #expect(
            try command("sysctl net.ipv4.conf.eth1/10.rp_filter=0")
                == .settings([.init(path: "ipv4/conf/eth1.10/rp_filter", value: "0")]))
    }

    @Test("the whole machine's settings are left alone")
    func machineSettings() {
        for key in ["vm.max_map_count", "kernel.hostname", "fs.file-max"] {
            guard case .notNetwork = refusal("sysctl -w \(key)=1") else {
                Issue.record("\(key) is taken for a network's")
                continue
            }
        }
        for key in ["net.ipv4/../../kernel.x", "net/../kernel/x", "net..x", "net"] {
            guard case .wrong = refusal("sysctl -w \(key)=1") else {
                Issue.record("\(key) is taken for a setting")
                continue
            }
        }
    }

    @Test(
        "commands that only print",
        arguments: ["ip a", "ip addr show dev eth1", "ip -6 route", "ip r get 1.1.1.1", "ip link", "ip -d l sh"])
    func printing(line: String) throws { #expect(try command(line) == .nothing) }

    @Test(
        "what a topology cannot say runs as it is",
        arguments: [
            "ping -c 1 10.0.0.1", "ip rule add from 10.0.0.0/8 table 100",
            "ip route add 10.0.0.0/8 via 10.1.1.1 table 100",
            "ip link add bond0 type bond", "ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth1",
            "ip addr add 10.0.0.1 peer 10.0.0.2 dev eth1", "ip link set eth1 name data0",
            "bridge vlan add dev eth1 vid 10",
            "ip route add 10.0.0.0/8 via 10.1.1.1 onlink dev eth1", "sysctl -p", "sysctl -w net.core.somaxconn=1024",
            "ip -n other addr add 10.0.0.1/8 dev eth1",
        ])
    func others(line: String) {
        guard case .other = refusal(line) else {
            Issue.record("\(line) is not left as it is but \(String(describing: refusal(line)))")
            return
        }
    }

    @Test(
        "what iproute2 would refuse is told",
        arguments: [
            "ip addr add 10.0.0.300/24 dev eth1", "ip addr add 10.0.0.1/33 dev eth1", "ip addr add 10.0.0.1/24",
            "ip route add 10.0.0.0/8", "ip route add 10.0.0.1/8 via 10.1.1.1", "ip frobnicate", "ip addr frob",
            "ip addr add 10.0.0.1/24 dev", "ip -6 addr add 10.0.0.1/24 dev eth1", "ip link add eth9",
            "ip addr add 10.0.0.1/24 10.0.0.2/24 dev eth1", "ip", "sysctl -w a = 1",
        ])
    func wrong(line: String) {
        guard case .wrong = refusal(line) else {
            Issue.record("\(line) is \(String(describing: refusal(line)))")
            return
        }
    }
}
