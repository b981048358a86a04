import Addresses
import NetworkObjects
import Packets
import Rtnetlink

/// What keeps a packet from leaving by a link, from one port of a bridge to another, and from going through a tunnel.
extension CauseFinder {
    /// A packet that has a route and was not seen leaving.
    func leaving(_ query: RouteQuery, _ hop: TracedHop?, _ place: NamespaceTables) throws -> TraceCause? {
        guard let way = try place.hop(for: query), let link = place.links[way.device] else { return nil }
        if let cause = try unusable(link, place) { return cause }
        if let hop, let mtu = link.link.mtu, hop.packet.networkLength > Int(mtu), link.link.kind != .loopback {
            return tooBig(hop, place, link)
        }
        let next = way.gateway ?? query.destination
        let entry = try place.neighbour(next, on: way.device)
        if let entry, !entry.state.isDisjoint(with: [.failed, .incomplete]) {
            return try unanswered(entry, way.device, place)
        }
        switch link.link.kind {
        case .vxlan(let vxlan):
            if let mac = entry?.mac, let cause = try tunnelling(mac, link, vxlan, place) { return cause }
        case .ipip(let ipip):
            if let end = ipip.remote.map({ IPAddress.v4($0) }) ?? way.gateway,
                let cause = try sending(place, RouteQuery(to: end))
            {
                return cause
            }
        default: break
        }
        return try loss(on: link, hop, place)
    }

    /// A packet that was seen leaving by a link and did not come by another.
    func lost(_ hop: TracedHop, _ place: NamespaceTables) throws -> TraceCause? {
        guard let link = place.link(hop.interface) else {
            return TraceCause(
                .linkMissing, place.name, "link \(hop.interface)", "\(place.name): link \(hop.interface) is gone")
        }
        if let cause = try unusable(link, place) { return cause }
        if case .vxlan(let vxlan) = link.link.kind, let mac = hop.packet.layers.first?.link?.destination {
            return try tunnelling(mac, link, vxlan, place)
        }
        if case .ipip(let ipip) = link.link.kind, let layer = hop.packet.layers.first,
            let end = try ipip.remote.map({ IPAddress.v4($0) })
                ?? place.hop(for: RouteQuery(to: layer.destination))?.gateway
        {
            return try sending(place, RouteQuery(to: end))
        }
        if case .bridge = link.link.kind, let layer = hop.packet.layers.first {
            return try bridged(hop, layer, link, place)
        }
        if let loss = try loss(on: link, hop, place) { return loss }
        guard let end = otherEnd(hop.namespace, hop.interface), let far = try tables(end.namespace),
            let other = far.link(end.interface)
        else { return nil }
        if !other.link.isUp { return down(other, far) }
        // A veth takes nothing in that it could not send itself, and nobody is told (`is_skb_forwardable`, net/core/dev.c).
        guard let mtu = other.link.mtu, hop.packet.networkLength > Int(mtu) else { return nil }
        return TraceCause(
            .tooBig, far.name, "link \(other.link.name) mtu \(mtu)",
            "\(far.name): link \(other.link.name) has MTU \(mtu) and drops packets of \(hop.packet.networkLength) bytes that "
                + "\(place.name) sends it, without an ICMP error")
    }

    // MARK: Links

    /// Why nothing leaves by a link.
    private func unusable(_ link: ObservedLink, _ place: NamespaceTables) throws -> TraceCause? {
        if !link.link.isUp { return down(link, place) }
        guard !link.hasCarrier, link.link.kind != .loopback else { return nil }
        if let end = otherEnd(place.name, "\(link.link.name)"), let far = try tables(end.namespace) {
            guard let other = far.link(end.interface) else {
                return TraceCause(
                    .linkMissing, end.namespace, "link \(end.interface)",
                    "\(end.namespace): link \(end.interface) is missing, the other end of \(place.name):\(link.link.name)"
                )
            }
            if !other.link.isUp { return down(other, far) }
        }
        return TraceCause(
            .noCarrier, place.name, "link \(link.link.name)",
            "\(place.name): link \(link.link.name) has no carrier")
    }

    private func down(_ link: ObservedLink, _ place: NamespaceTables) -> TraceCause {
        TraceCause(
            .linkDown, place.name, "link \(link.link.name)", "\(place.name): link \(link.link.name) is down")
    }

    /// A queueing discipline that may have dropped a frame, where all else lets it through.
    private func loss(on link: ObservedLink, _ hop: TracedHop?, _ place: NamespaceTables) throws -> TraceCause? {
        for qdisc in try place.qdiscs() where qdisc.device == link.link.name && qdisc.parent == .root {
            let how: String
            switch qdisc.kind {
            case .netem(let netem) where netem.loss != .never: how = "loses frames"
            case .tokenBucket(let bucket):
                // With the header of Ethernet.
                guard let size = hop?.packet.networkLength, size + 14 > Int(bucket.burst) else { continue }
                how = "drops frames larger than \(bucket.burst) bytes"
            case .other: how = "may drop frames"
            case .netem: continue
            }
            return TraceCause(
                .loss, place.name, "qdisc \(qdisc)",
                "\(place.name): qdisc \(qdisc) \(how), and this one left by \(link.link.name)")
        }
        return nil
    }

    func tooBig(_ hop: TracedHop, _ place: NamespaceTables, _ link: ObservedLink?) -> TraceCause {
        let size = hop.packet.networkLength
        guard let link, let mtu = link.link.mtu else {
            return TraceCause(
                .tooBig, place.name, "MTU", "\(place.name): the packet of \(size) bytes is larger than the way on takes"
            )
        }
        return TraceCause(
            .tooBig, place.name, "link \(link.link.name) mtu \(mtu)",
            "\(place.name): link \(link.link.name) has MTU \(mtu), the packet has \(size) bytes and may not be cut")
    }

    /// A neighbour that nobody answered for.
    private func unanswered(
        _ entry: Neighbour, _ device: InterfaceName, _ place: NamespaceTables
    ) throws -> TraceCause {
        let words = "neighbour \(entry)"
        let owners = try owners(entry.address).filter { $0.namespace != place.name }
        var reason = "nobody in the lab has that address"
        if let owner = owners.first, let far = try tables(owner.namespace), let link = far.link(owner.interface) {
            if !link.link.isUp { return down(link, far) }
            reason = "\(owner.namespace):\(owner.interface) has that address and is not reached by \(device)"
            if let bridge = try bridge(behind: device, place), let cause = try separated(bridge, owner) { return cause }
            // A bridge of its own, which the owner should be at a port of.
            if let end = otherEnd(owner.namespace, owner.interface), end.namespace == place.name,
                let port = place.link(end.interface), let own = place.links[device], case .bridge = own.link.kind,
                port.link.master != device
            {
                let other = port.link.master.map { "\($0)" } ?? "no bridge"
                return TraceCause(
                    .vlan, place.name, "link \(port.link.name) master \(other)",
                    "\(place.name): port \(port.link.name), where \(owner.namespace) is, is at \(other) and not at \(device)"
                )
            }
        }
        return TraceCause(.neighbour, place.name, words, "\(place.name): \(words) does not answer: \(reason)")
    }

    // MARK: Bridges

    /// The bridge that the other end of a link's cable is a port of.
    private func bridge(
        behind device: InterfaceName, _ place: NamespaceTables
    ) throws -> (place: NamespaceTables, port: ObservedLink, bridge: ObservedLink)? {
        guard let end = otherEnd(place.name, "\(device)"), let far = try tables(end.namespace),
            let port = far.link(end.interface), let master = port.link.master, let bridge = far.links[master]
        else { return nil }
        return (far, port, bridge)
    }

    /// Whether two hosts are at ports of different bridges or VLANs.
    private func separated(
        _ near: (place: NamespaceTables, port: ObservedLink, bridge: ObservedLink),
        _ owner: (namespace: String, interface: String)
    ) throws -> TraceCause? {
        // The owner is the bridge's own host, or at another of its ports.
        let (place, port) = (near.place, near.port.link.name)
        if owner.namespace == place.name {
            guard let link = place.link(owner.interface), let other = place.bridge(owner.interface),
                other.link.name != near.bridge.link.name
            else { return nil }
            return TraceCause(
                .vlan, place.name, "link \(port) master \(near.bridge.link.name)",
                "\(place.name): port \(port) is at \(near.bridge.link.name), and \(link.link.name) is another network")
        }
        guard let end = otherEnd(owner.namespace, owner.interface), end.namespace == place.name,
            let far = place.link(end.interface), far.link.master != near.bridge.link.name
        else { return nil }
        return TraceCause(
            .vlan, place.name, "link \(port) master \(near.bridge.link.name)",
            "\(place.name): port \(port) is at \(near.bridge.link.name), and \(far.link.name), where the other one is, at "
                + "\(far.link.master.map { "\($0)" } ?? "none")")
    }

    /// A frame that a bridge did not pass on.
    func bridged(
        _ hop: TracedHop, _ layer: PacketLayer, _ bridge: ObservedLink, _ place: NamespaceTables
    ) throws -> TraceCause? {
        if !bridge.link.isUp { return down(bridge, place) }
        guard let mac = layer.link?.destination else { return nil }
        let entries = try place.forwarding().filter { $0.mac == mac && !$0.isSelf }
        if place.filtersVLANs(hop.interface) {
            let vlans = try place.vlans()
            let id = layer.vlans.first ?? vlans.first { "\($0.device)" == hop.interface && $0.isPVID }?.id
            guard let id, vlans.contains(where: { "\($0.device)" == hop.interface && $0.id == id }) else {
                let words = id.map { "VLAN \($0)" } ?? "frames without a tag"
                return TraceCause(
                    .vlan, place.name, "port \(hop.interface)",
                    "\(place.name): port \(hop.interface) of \(bridge.link.name) takes no \(words)")
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

    // MARK: Tunnels

    /// A frame that a VXLAN device was given.
    private func tunnelling(
        _ mac: MACAddress, _ link: ObservedLink, _ vxlan: VXLAN, _ place: NamespaceTables
    ) throws -> TraceCause? {
        let device = link.link.name
        let entries = try place.forwarding().filter { $0.device == device && $0.isSelf && $0.destination != nil }
        guard let entry = entries.first(where: { $0.mac == mac }) ?? entries.first(where: { $0.mac.value == 0 }) else {
            return TraceCause(
                .noForwardingEntry, place.name, "fdb \(mac) dev \(device)",
                "\(place.name): no FDB entry of \(device) says where \(mac) is")
        }
        return try entry.destination.flatMap { try sending(place, RouteQuery(to: $0)) }
    }

    /// A tunnel's packet that nothing came out of.
    func tunnelled(_ hop: TracedHop, _ layer: PacketLayer, _ place: NamespaceTables) throws -> TraceCause? {
        let ingress = InterfaceName(hop.interface)
        guard
            case .route(let route)? = try place.route(
                for: RouteQuery(to: layer.destination, from: layer.source, ingress: ingress)), route.kind == .local
        else { return nil }
        let devices = place.links.values.filter { link in
            switch link.link.kind {
            case .vxlan(let vxlan): layer.vni == vxlan.vni && vxlan.local.family == layer.destination.family
            case .ipip: layer.vni == nil
            default: false
            }
        }
        if devices.contains(where: \.link.isUp) { return nil }
        if let device = devices.first { return down(device, place) }
        let words = layer.vni.map { "VXLAN \($0)" } ?? "IP in IP"
        return TraceCause(
            .linkMissing, place.name, "link of \(words)", "\(place.name): no link takes the packets of \(words)")
    }
}

extension Packet {
    /// The length of the outermost IP packet in bytes.
    var networkLength: Int {
        for header in headers {
            switch header {
            case .ipv4(let ip): return ip.totalLength
            case .ipv6(let ip): return ip.payloadLength + 40
            default: continue
            }
        }
        return 0
    }
}
