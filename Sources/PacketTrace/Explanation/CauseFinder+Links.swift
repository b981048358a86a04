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
        if let hop, case .route(let route)? = try place.route(for: query), let mtu = route.mtu,
            hop.packet.networkLength > Int(mtu)
        {
            return TraceCause(
                .tooBig, place.name, "route \(route)",
                "\(place.name): route \(route) has MTU \(mtu), the packet has \(hop.packet.networkLength) bytes and may not be cut"
            )
        }
        let next = way.gateway ?? query.destination
        let entry = try place.neighbour(next, on: way.device)
        if let entry, !entry.state.isDisjoint(with: [.failed, .incomplete]) {
            return try unanswered(entry, way.device, isGateway: next != query.destination, place)
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
    func unusable(_ link: ObservedLink, _ place: NamespaceTables) throws -> TraceCause? {
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

    func down(_ link: ObservedLink, _ place: NamespaceTables) -> TraceCause {
        TraceCause(
            .linkDown, place.name, "link \(link.link.name)", "\(place.name): link \(link.link.name) is down")
    }

    /// A queueing discipline that may have dropped a frame, where all else lets it through.
    func loss(on link: ObservedLink, _ hop: TracedHop?, _ place: NamespaceTables) throws -> TraceCause? {
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
        guard let destination = entry.destination else { return nil }
        return try otherPort(vxlan, link, destination, place) ?? sending(place, RouteQuery(to: destination))
    }

    /// A tunnel whose other end takes its packets at another UDP port.
    private func otherPort(
        _ vxlan: VXLAN, _ link: ObservedLink, _ destination: IPAddress, _ place: NamespaceTables
    ) throws -> TraceCause? {
        for owner in try owners(destination) where owner.namespace != place.name {
            for other in try tables(owner.namespace)?.links.values.map({ $0 }) ?? [] {
                guard case .vxlan(let far) = other.link.kind, far.vni == vxlan.vni, far.port != vxlan.port,
                    far.local.family == vxlan.local.family
                else { continue }
                return TraceCause(
                    .linkMissing, place.name, "link \(link.link.name) dstport \(vxlan.port)",
                    "\(place.name): link \(link.link.name) sends to UDP port \(vxlan.port), and \(owner.namespace):"
                        + "\(other.link.name) takes VXLAN \(vxlan.vni) at port \(far.port)")
            }
        }
        return nil
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
            case .vxlan(let vxlan):
                layer.vni == vxlan.vni && vxlan.local.family == layer.destination.family
                    && vxlan.port == layer.ports?.destination
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
