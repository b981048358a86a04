import Addresses
import NetworkObjects

/// Which ports switch frames of which VLANs: according to a VLAN-aware bridge, or, where each VLAN is a bridge of its own, by
/// the ports of each.
struct SwitchPorts {
    /// A port's part in one VLAN.
    struct Membership: Hashable {
        var vlan: UInt16
        var port: InterfaceName
        /// Whether its frames of that VLAN have a tag.
        var isTagged: Bool
        /// The link that its frames of the VLAN pass: the port, or the port's link for that VLAN.
        var link: InterfaceName
    }

    /// All memberships.
    private(set) var memberships: [Membership] = []
    /// The VLANs that the router itself has a way into.
    private(set) var ownVLANs: Set<UInt16> = []
    /// The VLANs, with or without ports.
    private(set) var vlans: Set<UInt16> = []
    /// The bridges that tell VLANs apart, which are no interface of the router's.
    private(set) var bridges: Set<InterfaceName> = []
    /// The VLAN of each bridge that is one, and of each link that carries a VLAN's frames to it.
    private var vlanOfLink: [InterfaceName: UInt16] = [:]
    private var portOfLink: [InterfaceName: InterfaceName] = [:]

    init(_ tables: RouterTables) {
        for link in tables.links {
            guard case .bridge(let bridge) = link.link.kind else { continue }
            if bridge.vlanFiltering {
                bridges.insert(link.link.name)
            } else if let vlan = Self.number(link.link.name) {
                vlans.insert(vlan)
                vlanOfLink[link.link.name] = vlan
                let isInterface = tables.addresses.contains {
                    $0.address.device == link.link.name && $0.address.scope != .link
                }
                if isInterface { ownVLANs.insert(vlan) }
            }
        }
        for link in tables.links {
            if case .vlan(let vlan) = link.link.kind, bridges.contains(vlan.parent) { ownVLANs.insert(vlan.id) }
        }
        for vlan in tables.vlans {
            if !bridges.contains(vlan.device) {
                guard let master = tables.link(vlan.device)?.link.master, bridges.contains(master) else { continue }
                memberships.append(
                    Membership(vlan: vlan.id, port: vlan.device, isTagged: !vlan.isUntagged, link: vlan.device))
                portOfLink[vlan.device] = vlan.device
            }
            vlans.insert(vlan.id)
        }
        ownVLANs.formUnion(tables.routedVLANs.intersection(vlans))
        for link in tables.links {
            guard let vlan = link.link.master.flatMap({ vlanOfLink[$0] }) else { continue }
            // `eth1.10` takes the tagged frames of VLAN 10 that come by eth1.
            let text = "\(link.link.name)"
            let port = text.firstIndex(of: ".").flatMap { InterfaceName(text[..<$0]) }
            memberships.append(
                Membership(vlan: vlan, port: port ?? link.link.name, isTagged: port != nil, link: link.link.name))
            vlanOfLink[link.link.name] = vlan
            portOfLink[link.link.name] = port ?? link.link.name
        }
        // A port of the VLAN-aware bridge that has no VLAN switches nothing, and is a port all the same.
        for link in tables.links {
            if let master = link.link.master, bridges.contains(master) { portOfLink[link.link.name] = link.link.name }
        }
    }

    /// The number in `vlan10`.
    private static func number(_ name: InterfaceName) -> UInt16? {
        let text = "\(name)"
        return text.hasPrefix("vlan") ? UInt16(text.dropFirst(4)) : nil
    }

    /// The port that a link is, or takes its frames from; nil for one that does not switch.
    func port(of link: InterfaceName) -> InterfaceName? { portOfLink[link] }

    /// The VLAN that a link of a plain bridge switches, or that a plain bridge is.
    func vlan(of link: InterfaceName) -> UInt16? { vlanOfLink[link] }

    /// What a port does, in EOS's word: the number of its VLAN, `trunk` or `routed`.
    func mode(of port: InterfaceName) -> String {
        let own = memberships.filter { $0.port == port }
        if own.contains(where: \.isTagged) { return "trunk" }
        if let access = own.first { return "\(access.vlan)" }
        return portOfLink[port] == nil ? "routed" : "none"
    }
}
