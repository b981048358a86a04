import Addresses
import Blueprint
import CLinux
import Glibc
import HostRoots
import NetworkNamespaces
import NetworkObjects
import Nftables
import Rtnetlink

/// Trying what the kernel can do, as the lab itself would ask for it, in a namespace that is thrown away. The kernel loads its
/// modules on the way, if it has them.
public struct FeatureTrial: ~Copyable {
    private let namespace: NetworkNamespace
    private var socket: RouteSocket
    private var table = InterfaceTable()

    /// Trials in a namespace that is thrown away.
    public init(in inside: borrowing InsideNamespace) throws {
        let namespace = try inside.namespace()
        socket = try RouteSocket(in: inside)
        self.namespace = namespace
    }

    /// Tries a feature.
    ///
    /// - Parameter inside: the namespace that the trials are made in.
    /// - Returns: nil if the kernel has it, or else its own words.
    public mutating func refusal(of feature: KernelFeature, in inside: borrowing InsideNamespace) throws -> String? {
        switch feature {
        case .namespaces: nil
        case .ipv6: access("/proc/sys/net/ipv6/conf", F_OK) == 0 ? nil : "there is no /proc/sys/net/ipv6/conf"
        case .veth: try veth()
        case .bridge: try make(Link("br0", .bridge(Bridge())))
        case .vlanFiltering: try make(Link("br1", .bridge(Bridge(vlanFiltering: true, defaultPVID: 0))))
        case .vlanLinks: try make(Link("vlan10", .vlan(VLAN(parent: try underlay(), id: 10))))
        case .vxlanIPv4: try vxlan("vxlan4", "192.0.2.1/24")
        case .vxlanIPv6: try vxlan("vxlan6", "2001:db8::1/64")
        case .nftables: rules(inside, "ip", "chain c { type filter hook forward priority 0; counter; }")
        case .natIPv4, .natIPv6:
            rules(
                inside, feature == .natIPv4 ? "ip" : "ip6",
                "chain p { type nat hook postrouting priority 100; masquerade fully-random; }\n"
                    + "chain d { type nat hook prerouting priority -100; meta l4proto tcp dnat to "
                    + (feature == .natIPv4 ? "192.0.2.1:80" : "[2001:db8::1]:80") + "; }")
        case .conntrack: rules(inside, "ip", "chain c { type filter hook forward priority 0; ct state new counter; }")
        case .serviceRules:
            rules(
                inside, "ip",
                "set s { type inet_proto . inet_service; elements = { tcp . 80 }; }\nchain a { counter; }\nchain b { reject; }\n"
                    + "chain c { meta l4proto . th dport @s numgen random mod 2 vmap { 0 : goto a, 1 : goto b }; }")
        case .netem: try qdisc(.netem(Netem(delay: 1_000_000)))
        case .tokenBucket: try qdisc(.tokenBucket(TokenBucket(rate: 125_000, mtu: 1500)))
        case .overlay: RootStore.overlayRefusal().map { "\($0.words) (\($0.call))" }
        case .dummy, .ipip: KernelModule(feature.rawValue.lowercased()).isInstalled ? nil : "no such module"
        }
    }

    // MARK: Links

    private mutating func make(_ link: Link) throws -> String? {
        var batch = RouteBatch(capacity: 512)
        try batch.create(link, index: table.assign(link.name), in: table)
        return try refusal(of: &batch)
    }

    private mutating func veth() throws -> String? {
        var batch = RouteBatch(capacity: 512)
        try batch.createVeth(
            Link("a", .veth(peer: nil)), index: table.assign("a"), peer: Link("b", .veth(peer: nil), isUp: false),
            peerIndex: table.assign("b"), peerNamespace: namespace.descriptor.number, in: table)
        return try refusal(of: &batch)
    }

    /// A link that others can stand on, made if there is none yet: `lo` takes no VLAN.
    private mutating func underlay() throws -> InterfaceName {
        for name: InterfaceName in ["br0", "a"] where table[name] != nil {
            if try socket.link(named: name) != nil { return name }
        }
        if try make(Link("br0", .bridge(Bridge()))) == nil { return "br0" }
        return try veth() == nil ? "a" : "lo"
    }

    private mutating func vxlan(_ name: InterfaceName, _ address: String) throws -> String? {
        guard let address = InterfaceAddress(address) else { return nil }
        let device = try underlay()
        var batch = RouteBatch(capacity: 512)
        try batch.add(DeviceAddress(device, address, noDAD: true), in: table)
        let vxlan = VXLAN(vni: 4096, local: address.address, device: device)
        try batch.create(Link(name, .vxlan(vxlan)), index: table.assign(name), in: table)
        return try refusal(of: &batch)
    }

    private mutating func qdisc(_ kind: Qdisc.Kind) throws -> String? {
        var batch = RouteBatch(capacity: 512)
        try batch.replace(Qdisc("lo", kind), in: table)
        return try refusal(of: &batch)
    }

    private mutating func refusal(of batch: inout RouteBatch) throws -> String? {
        do throws(NetlinkError) {
            try socket.execute(&batch)
        } catch {
            guard case .refused(let failures) = error, let failure = failures.first else { throw error }
            return "\(failure)"
        }
        return nil
    }

    // MARK: Rules

    /// Installs a table, as a blueprint's would be.
    private func rules(_ inside: borrowing InsideNamespace, _ family: String, _ body: String) -> String? {
        let table = "table \(family) nslab-trial"
        do throws(NftablesError) {
            try Nftables.run("add \(table)\ndelete \(table)\n\(table) {\n\(body)\n}\n", in: inside)
            return nil
        } catch {
            // The first line has the kernel's words, the others show the place in the text above.
            return error.message.split(separator: "\n").first.map(String.init) ?? "refused"
        }
    }
}
