import Addresses
import NetworkObjects

extension PacketSimulator {
    /// The way of a packet that a namespace sends.
    ///
    /// - Parameter source: the address it is sent from; nil for the one the kernel would choose.
    public func path(from namespace: String, to destination: IPAddress, source: IPAddress? = nil) -> Path {
        guard let start = index(of: namespace) else {
            return Path(hops: [], end: .dropped(namespace: namespace, .noNamespace), source: source)
        }
        return trace(Packet(at: start, from: source, to: destination)).path
    }

    /// The way of a packet that a namespace sends, and of the answer to it.
    ///
    /// The answer comes from the address that was asked, to the source that the far end saw; where that source was put
    /// there by a masquerade, the namespace that did it puts the first one back.
    public func roundTrip(from namespace: String, to destination: IPAddress, source: IPAddress? = nil) -> RoundTrip {
        let request = path(from: namespace, to: destination, source: source)
        guard let far = request.deliveredTo.flatMap(index), let seen = request.source else {
            return RoundTrip(request: request, reply: nil, expectedReplyTTL: nil)
        }
        var answer = Packet(at: far, from: destination, to: seen)
        answer.isReply = true
        for hop in request.hops {
            if let masquerade = hop.masquerade { answer.restorations.append((hop.namespace, masquerade)) }
        }
        let reply = trace(answer).path
        let arrives = reply.deliveredTo == namespace
        return RoundTrip(
            request: request, reply: reply,
            expectedReplyTTL: arrives ? RoundTrip.initialTTL - reply.forwardingCount : nil)
    }

    /// One packet on its way.
    private struct Packet {
        var namespace: Int
        /// The link that it came in by.
        var ingress: LinkID?
        var source: IPAddress?
        var destination: IPAddress
        /// Whether it answers a packet: connection tracking then leaves its source alone.
        var isReply = false
        /// Whether it is the outer packet of a tunnel, which may not enter another.
        var isOuter = false
        /// What masquerades did to the packet that this one answers.
        var restorations: [(namespace: String, Path.Translation)] = []

        init(at namespace: Int, from source: IPAddress?, to destination: IPAddress) {
            self.namespace = namespace
            self.source = source
            self.destination = destination
        }
    }

    private enum Step {
        case moved(LinkID)
        case delivered
        case dropped(Path.DropReason)
    }

    /// Goes from namespace to namespace until the packet is delivered or stops.
    private func trace(_ packet: Packet) -> (path: Path, end: Int) {
        var packet = packet
        var hops: [Path.Hop] = []
        hops.reserveCapacity(4)
        for _ in 0..<RoundTrip.initialTTL {
            let tables = tables[packet.namespace]
            var hop = Path.Hop(tables.name, ingress: packet.ingress.map { domains.ports[$0].name })
            let step = step(&packet, &hop, tables)
            hops.append(hop)
            switch step {
            case .moved(let next):
                packet.ingress = next
                packet.namespace = domains.ports[next].namespace
            case .delivered:
                return (
                    Path(hops: hops, end: .delivered(namespace: tables.name), source: packet.source), packet.namespace
                )
            case .dropped(let stop):
                let end = Path.End.dropped(namespace: tables.name, stop)
                return (Path(hops: hops, end: end, source: packet.source), packet.namespace)
            }
        }
        let end = Path.End.dropped(namespace: tables[packet.namespace].name, .loop)
        return (Path(hops: hops, end: end, source: packet.source), packet.namespace)
    }

    /// What one namespace does with the packet, in the kernel's order: undo a masquerade, look up the route, masquerade,
    /// find the neighbour.
    private func step(_ packet: inout Packet, _ hop: inout Path.Hop, _ tables: NamespaceTables) -> Step {
        if packet.ingress != nil { restore(&packet, &hop, tables) }
        let destination = packet.destination
        if tables.own.contains(destination) {
            hop.route = NamespaceTables.localRoute(destination)
            packet.source = packet.source ?? destination
            return .delivered
        }
        let family = destination.family
        if let device = hop.ingress, !tables.forwards(family, from: device) { return .dropped(.notForwarding(family)) }
        guard let route = tables.route(to: destination) else { return .dropped(.noRoute(to: destination)) }
        hop.route = route
        let way = route.firstWay
        guard route.kind == .unicast, let device = way.device, let egress = tables.links[device] else {
            return .dropped(.dropped(by: route))
        }
        hop.egress = device
        let nextHop = way.gateway ?? destination
        hop.nextHop = nextHop
        guard let sender = packet.source ?? tables.source(for: destination, by: route, device: device) else {
            return .dropped(.noSource(family))
        }
        packet.source = sender
        if !packet.isReply, tables.masquerades(sender, to: destination) {
            guard let own = tables.source(for: destination, by: route, device: device) else {
                return .dropped(.noSource(family))
            }
            hop.masquerade = Path.Translation(from: sender, to: own)
            packet.source = own
        }
        hop.neighbour = tables.neighbour(nextHop, on: device)
        if case .vxlan(let vxlan) = domains.ports[egress].kind {
            return enterVXLAN(packet, &hop, tables, vxlan, nextHop, device)
        }
        if case .ipip(let ipip) = domains.ports[egress].kind { return enterIPIP(packet, &hop, ipip, nextHop) }
        if let mac = hop.neighbour?.mac {
            return end(with: mac, on: egress).map { .moved($0) } ?? .dropped(.nobodyHas(mac, on: device))
        }
        return answer(for: nextHop, on: egress).map { .moved($0) } ?? .dropped(.nobodyAnswers(nextHop, on: device))
    }

    /// Puts back the destination of a reply in the namespace that changed the request's source.
    private func restore(_ packet: inout Packet, _ hop: inout Path.Hop, _ tables: NamespaceTables) {
        for (namespace, masquerade) in packet.restorations
        where namespace == tables.name && masquerade.to == packet.destination {
            hop.restoration = Path.Translation(from: masquerade.to, to: masquerade.from)
            packet.destination = masquerade.from
            return
        }
    }

    /// Nobody can be asked in a tunnel that does not learn: neighbour and forwarding entry have to be there.
    private func enterVXLAN(
        _ packet: Packet, _ hop: inout Path.Hop, _ tables: NamespaceTables, _ vxlan: VXLAN, _ nextHop: IPAddress,
        _ device: InterfaceName
    ) -> Step {
        guard let mac = hop.neighbour?.mac else { return .dropped(.noNeighbour(nextHop, on: device)) }
        guard let entry = tables.forwardingEntry(mac, on: device), let remote = entry.destination else {
            return .dropped(.noForwardingEntry(mac, on: device))
        }
        hop.forwardingEntry = entry
        guard !packet.isOuter else { return .dropped(.loop) }
        var outer = Packet(at: packet.namespace, from: vxlan.local, to: remote)
        outer.isOuter = true
        let underlay = trace(outer)
        hop.tunnel = Path.Tunnel(
            kind: .vxlan(vni: vxlan.vni), source: vxlan.local, destination: remote, hops: underlay.path.hops)
        guard underlay.path.deliveredTo != nil else { return .dropped(.noUnderlay(to: remote)) }
        let end = tunnelEnd(in: underlay.end, at: remote, like: vxlan)
        guard let end, domains.ports[end].mac == mac else { return .dropped(.noTunnelEnd(at: remote, mac)) }
        return .moved(end)
    }
    /// What a tunnel without a far end of its own sends, goes to the route's next hop.
    private func enterIPIP(_ packet: Packet, _ hop: inout Path.Hop, _ ipip: IPIP, _ nextHop: IPAddress) -> Step {
        guard !packet.isOuter else { return .dropped(.loop) }
        let remote = ipip.remote.map { IPAddress.v4($0) } ?? nextHop
        var outer = Packet(at: packet.namespace, from: ipip.local.map { .v4($0) }, to: remote)
        outer.isOuter = true
        let underlay = trace(outer)
        guard let source = underlay.path.source, underlay.path.deliveredTo != nil else {
            return .dropped(.noUnderlay(to: remote))
        }
        hop.tunnel = Path.Tunnel(kind: .ipip, source: source, destination: remote, hops: underlay.path.hops)
        guard let end = ipipEnd(in: underlay.end, from: source, to: remote) else {
            return .dropped(.noIPIPEnd(at: remote))
        }
        return .moved(end)
    }
}
