import Foundation
import KernelTestSupport
import NSLabKit
import Testing

/// Hundreds of changes that nobody has thought of together, undone by one `reset`.
@Suite("A random walk through a lab", .needsRoot, .timeLimit(.minutes(20)))
struct RandomWalkTests {
    /// `NSLAB_SEED` walks another way; a failure tells which.
    private static let seed = ProcessInfo.processInfo.environment["NSLAB_SEED"].flatMap(UInt64.init) ?? 16

    @Test(
        "500 changes by ip, sysctl, tc, bridge, ethtool, nft and iptables-legacy are undone, by the eyes of the same tools"
    )
    func walk() throws {
        try TestLab.with("dual-stack") { lab in
            let pins = lab.blueprint.namespaces.map { lab.pin($0.name) }
            for pin in pins { try Witness.waitForCarriers(in: pin) }
            let before = try pins.map { try ToolDump($0) }
            var walk = RandomWalk(seed: Self.seed)
            var done: [String] = []
            while done.count < 500 {
                let pin = walk.choose(pins)
                guard let command = try walk.change(in: pin) else { continue }
                // Some make no sense where they are tried, and the kernel says so.
                if try Witness.run(["sh", "-c", command], in: pin).status == 0 { done.append("\(pin): \(command)") }
            }
            let seed = "seed \(Self.seed)"
            #expect(try lab.differences(strict: true).count > 20, "\(seed)")
            _ = try Lab.running(lab.name).reset()
            let left = try lab.differences(strict: true)
            #expect(left.isEmpty, "\(seed): \(left.joined(separator: "\n"))")
            for (pin, dump) in zip(pins, before) {
                try Witness.waitForCarriers(in: pin)
                let differences = dump.differences(from: try ToolDump(pin))
                #expect(differences.isEmpty, "\(seed): \(pin): \(differences.joined(separator: "\n"))")
            }
            #expect(try Lab.running(lab.name).probe().failed == 0, "\(seed)")
        }
    }
}

/// Changes drawn from what a namespace has at the moment.
private struct RandomWalk {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    private mutating func number(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

    mutating func choose<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }

    /// A command; nil where there was nothing to draw from.
    mutating func change(in pin: String) throws -> String? {
        let links = try Witness.json("ip -j -d link", in: pin)
        let names = links.compactMap { $0["ifname"] as? String }
        let link = choose(names)
        let others = names.filter { $0 != "lo" }
        if others.isEmpty { return nil }
        let other = choose(others)
        let octet = 1 + number(below: 250)
        switch number(below: 12) {
        case 0, 1, 2: return try setting(in: pin)
        case 3:
            return "ip link set \(link) "
                + choose([
                    "txqueuelen \(octet)", "promisc on", "allmulticast on", "gso_max_size \(20000 + octet)",
                    "gso_max_segs \(octet)", "gro_max_size \(20000 + octet)", "group \(octet)", "mtu \(1300 + octet)",
                ])
        case 4:
            return "ip link set \(other) "
                + choose([
                    "arp off", "multicast off", "alias walk\(octet)",
                    "address 02:00:00:00:00:\(String(format: "%02x", octet))",
                    "addrgenmode none", "mode dormant", "down", "broadcast ff:ff:ff:ff:ff:f0",
                ])
        case 5: return "ip link property add dev \(link) altname walk\(octet)"
        case 6:
            let features = try Witness.run(["ethtool", "-k", other], in: pin).output.split(separator: "\n").filter {
                !$0.contains("fixed") && $0.contains(": o")
            }
            if features.isEmpty { return nil }
            let words = choose(features).split(separator: ":")
            let name = words[0].trimmingCharacters(in: .whitespaces)
            return "ethtool -K \(other) \(name) \(words[1].contains("on") ? "off" : "on")"
        case 7:
            let ports = links.filter { $0["master"] != nil }.compactMap { $0["ifname"] as? String }
            let bridges = links.filter {
                ($0["linkinfo"] as? [String: Any])?["info_kind"] as? String == "bridge"
            }.compactMap { $0["ifname"] as? String }
            if ports.isEmpty || bridges.isEmpty { return nil }
            return choose([
                "bridge link set dev \(choose(ports)) "
                    + choose([
                        "isolated on", "learning off", "flood off", "mcast_flood off", "hairpin on", "guard on",
                        "cost \(octet)", "priority \(octet % 60)", "neigh_suppress on", "fastleave on",
                    ]),
                "ip link set \(choose(bridges)) type bridge "
                    + choose([
                        "stp_state 1", "ageing_time \(octet)", "forward_delay \(200 + octet)", "priority \(octet)",
                        "mcast_snooping 0", "mcast_querier 1", "group_fwd_mask 8", "max_age \(600 + octet)",
                    ]),
            ])
        case 8:
            return choose([
                "nft add table inet walk\(octet)", "iptables-legacy -A INPUT -s 9.9.9.\(octet) -j DROP",
                "ip6tables-legacy -t mangle -A PREROUTING -s fd09::\(octet) -j ACCEPT",
                "iptables-legacy -P FORWARD DROP", "iptables -A FORWARD -s 9.9.8.\(octet) -j DROP",
                "ip xfrm policy add src 10.\(octet).0.0/16 dst 10.1.0.0/24 dir out action block",
            ])
        case 9:
            return choose([
                "tc qdisc replace dev \(other) root tbf rate \(octet)mbit burst 64k latency 5ms",
                "tc qdisc add dev \(other) clsact", "tc qdisc replace dev \(other) root handle 1: htb default 1",
            ])
        case 10:
            return choose([
                "ip addr add 10.99.\(octet).1/24 dev \(link)", "ip addr add fd99::\(octet)/64 dev \(link)",
                "ip route add 9.9.\(octet).0/24 dev \(link)", "ip -6 route add fd98:\(octet)::/32 dev \(other)",
                "ip rule add pref \(1000 + octet) from 9.9.9.\(octet) lookup 77",
                "ip neigh add proxy 9.9.7.\(octet) dev \(other)",
                "ip neigh replace 9.9.6.\(octet) lladdr 02:00:00:00:00:01 nud permanent dev \(other)",
                "ip addrlabel add prefix fd97:\(octet)::/32 label \(octet)",
            ])
        default:
            return choose([
                "ip link add walk\(octet) type bridge", "ip link add walk\(octet) type veth peer klaw\(octet)",
                "ip ntable change name arp_cache dev \(other) retrans \(1000 + octet)",
                "bridge fdb add 02:00:00:00:01:\(String(format: "%02x", octet)) dev \(other) self",
                "ip route flush table local", "ip route del default", "ip link del \(other)",
            ])
        }
    }

    /// A setting of the namespace or of one of its links, with another number than it has.
    private mutating func setting(in pin: String) throws -> String? {
        let list = "cd /proc/sys && find net -type f -perm -u+w ! -name flush | sort"
        let paths = try Witness.run(["sh", "-c", list], in: pin).output.split(separator: "\n").map(String.init)
        if paths.isEmpty { return nil }
        let path = choose(paths)
        let value = try Witness.run(["cat", "/proc/sys/\(path)"], in: pin).output.trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard let number = Int(value) else { return nil }
        let new = choose([0, 1, 2, number + 1, number * 2].filter { $0 != number })
        return "echo \(new) > /proc/sys/\(path)"
    }
}
