import Addresses
import NetworkObjects
import Packets
import Rtnetlink

/// What keeps a frame from getting from one port of a bridge to another.
extension CauseFinder {
    /// The bridge that the other end of a link's cable is a port of.
    func bridge(
        behind device: InterfaceName, _ place: NamespaceTables
    ) throws -> (place: NamespaceTables, port: ObservedLink, bridge: ObservedLink)? {
        guard let end = otherEnd(place.name, "\(device)"), let far = try tables(end.namespace),
            let port = far.link(end.interface), let master = port.link.master, let bridge = far.links[master]
        else { return nil }
        return (far, port, bridge)
    }

    /// Whether two hosts are at ports of different bridges or VLANs.
    func separated(
        _ near: (place: NamespaceTables, port: ObservedLink, bridge: ObservedLink),
        _ owner: (namespace: String, interface: String)
    ) throws -> TraceCause? {
        // The owner is the bridge's own host, or at another of its ports.
        let (place, port) = (near.place, near.port.link.name)
        if let cause = try blocked(from: near.port, to: nil, near.bridge, place) { return cause }
        if let cause = try withoutVLAN(port, near.bridge, place) { return cause }
        if owner.namespace == place.name {
            guard let link = place.link(owner.interface), let other = place.bridge(owner.interface),
                other.link.name != near.bridge.link.name
            else { return nil }
            return TraceCause(
                .vlan, place.name, "link \(port) master \(near.bridge.link.name)",
                "\(place.name): port \(port) is at \(near.bridge.link.name), and \(link.link.name) is another network")
        }
        guard let end = otherEnd(owner.namespace, owner.interface) else { return nil }
        if end.namespace != place.name {
            // Behind another bridge; what is between the two is seen by the frames there.
            guard let name = InterfaceName(owner.interface), let host = try tables(owner.namespace),
                let beyond = try bridge(behind: name, host)
            else { return nil }
            return try withoutVLAN(beyond.port.link.name, beyond.bridge, beyond.place)
        }
        guard let far = place.link(end.interface) else { return nil }
        if far.link.master == near.bridge.link.name {
            if let cause = try blocked(from: near.port, to: far, near.bridge, place) { return cause }
            if let cause = try withoutVLAN(far.link.name, near.bridge, place) { return cause }
            guard try place.details()[far.link.name]?.isBroadcastTo == false else { return nil }
            return TraceCause(
                .bridgePort, place.name, "port \(far.link.name) bcast_flood off",
                "\(place.name): port \(far.link.name) of \(near.bridge.link.name) gets nothing that is for all (bcast_flood off), "
                    + "such as questions for an address")
        }
        return TraceCause(
            .vlan, place.name, "link \(port) master \(near.bridge.link.name)",
            "\(place.name): port \(port) is at \(near.bridge.link.name), and \(far.link.name), where the other one is, at "
                + "\(far.link.master.map { "\($0)" } ?? "none")")
    }

    /// A port where a host is, and that takes nothing without a tag.
    private func withoutVLAN(
        _ port: InterfaceName, _ bridge: ObservedLink, _ place: NamespaceTables
    ) throws -> TraceCause? {
        guard place.filtersVLANs("\(port)"), try !place.vlans().contains(where: { $0.device == port && $0.isPVID })
        else { return nil }
        return refused("frames without a tag", "\(port)", bridge, place)
    }

    private func refused(
        _ words: String, _ port: String, _ bridge: ObservedLink, _ place: NamespaceTables
    ) -> TraceCause {
        TraceCause(
            .vlan, place.name, "port \(port)", "\(place.name): port \(port) of \(bridge.link.name) takes no \(words)")
    }

    /// A frame that a bridge did not pass on.
    func bridged(
        _ hop: TracedHop, _ layer: PacketLayer, _ bridge: ObservedLink, _ place: NamespaceTables
    ) throws -> TraceCause? {
        if !bridge.link.isUp { return down(bridge, place) }
        guard let mac = layer.link?.destination else { return nil }
        let entries = try place.forwarding().filter { $0.mac == mac && !$0.isSelf }
        if let ingress = place.link(hop.interface), ingress.link.name != bridge.link.name {
            let known = entries.first.flatMap { place.links[$0.device] }
            let exit = try known ?? port(to: mac, of: bridge, place)
            if let cause = try blocked(from: ingress, to: exit, bridge, place) { return cause }
            if known == nil, let exit, try place.details()[exit.link.name]?.isFlooded == false {
                return TraceCause(
                    .bridgePort, place.name, "port \(exit.link.name) flood off",
                    "\(place.name): \(bridge.link.name) does not know where \(mac) is, and port \(exit.link.name), where it is, gets "
                        + "nothing that is for an unknown address (flood off)")
            }
        }
        if place.filtersVLANs(hop.interface) {
            let vlans = try place.vlans()
            let id = layer.vlans.first ?? vlans.first { "\($0.device)" == hop.interface && $0.isPVID }?.id
            guard let id, vlans.contains(where: { "\($0.device)" == hop.interface && $0.id == id }) else {
                let words = id.map { "VLAN \($0)" } ?? "frames without a tag"
                return refused(words, hop.interface, bridge, place)
            }
            if let exit = entries.first?.device, !vlans.contains(where: { $0.device == exit && $0.id == id }) {
                return TraceCause(
                    .vlan, place.name, "port \(exit)",
                    "\(place.name): port \(exit) of \(bridge.link.name) is not in VLAN \(id), which the frame is in")
            }
        }
        guard let exit = entries.first.flatMap({ place.links[$0.device] }), exit.link.name != bridge.link.name else {
            return nil
        }
        // The address of another bridge's port is that of a host in another network.
        if exit.link.master != bridge.link.name {
            return TraceCause(
                .vlan, place.name, "link \(hop.interface) master \(bridge.link.name)",
                "\(place.name): port \(hop.interface) is at \(bridge.link.name), and \(mac) is at another bridge")
        }
        return try unusable(exit, place) ?? loss(on: exit, hop, place)
    }

    /// The port that a MAC address is behind, as the cables say.
    private func port(to mac: MACAddress, of bridge: ObservedLink, _ place: NamespaceTables) throws -> ObservedLink? {
        for owner in try owners(mac) {
            guard let end = otherEnd(owner.namespace, owner.interface), end.namespace == place.name,
                let port = place.link(end.interface), port.link.master == bridge.link.name
            else { continue }
            return port
        }
        return nil
    }

    /// Why frames do not get from one port to another, or to the bridge itself.
    private func blocked(
        from entry: ObservedLink, to exit: ObservedLink?, _ bridge: ObservedLink, _ place: NamespaceTables
    ) throws -> TraceCause? {
        if !bridge.link.isUp { return down(bridge, place) }
        let details = try place.details()
        // `BR_STATE_*`, linux/if_bridge.h; by the names that `bridge link` prints.
        let states = ["disabled", "listening", "learning", "forwarding", "blocking"]
        for port in [entry, exit].compactMap({ $0 }) where port.link.name != bridge.link.name {
            guard let state = details[port.link.name]?.portState, state != .forwarding, port.link.isUp, port.hasCarrier
            else { continue }
            let word = states.indices.contains(Int(state.rawValue)) ? states[Int(state.rawValue)] : "\(state.rawValue)"
            return TraceCause(
                .bridgePort, place.name, "port \(port.link.name) state \(word)",
                "\(place.name): port \(port.link.name) of \(bridge.link.name) is \(word) and passes no frames")
        }
        guard let exit, [entry, exit].allSatisfy({ details[$0.link.name]?.isIsolated == true }) else { return nil }
        return TraceCause(
            .bridgePort, place.name, "port \(entry.link.name) isolated on",
            "\(place.name): ports \(entry.link.name) and \(exit.link.name) of \(bridge.link.name) are isolated from each other"
        )
    }

    /// A port that is at no bridge, where who is meant is behind one.
    func unattached(
        _ port: ObservedLink, _ place: NamespaceTables, from owner: (namespace: String, interface: String)
    ) -> TraceCause? {
        guard port.link.master == nil else { return nil }
        var bridge: InterfaceName?
        if owner.namespace == place.name {
            switch place.link(owner.interface)?.link.kind {
            case .bridge?: bridge = InterfaceName(owner.interface)
            case .vlan(let vlan)?: bridge = vlan.parent
            default: break
            }
        } else if let end = otherEnd(owner.namespace, owner.interface), end.namespace == place.name {
            bridge = place.link(end.interface)?.link.master
        }
        guard let bridge, bridge != port.link.name else { return nil }
        let whose = owner.namespace == place.name ? "" : ", where \(owner.namespace) is"
        return TraceCause(
            .vlan, place.name, "link \(port.link.name) master none",
            "\(place.name): port \(port.link.name) is at no bridge, and not at \(bridge)\(whose)")
    }
}
