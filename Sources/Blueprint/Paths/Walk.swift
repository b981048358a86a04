import Addresses
import Rtnetlink

extension ForwardingPlane {
    /// The way of a packet that a namespace sends.
    ///
    /// - Parameter source: the address it is sent from; nil for the one the kernel would choose.
    public func path(from namespace: String, to destination: IPAddress, source: IPAddress? = nil) -> Path {
        guard let start = index(of: namespace) else {
            return Path(hops: [], end: .stopped(namespace: namespace, .noNamespace), source: source)
        }
        var walk = Walk(self, from: start, to: destination, source: source)
        walk.run()
        return walk.path
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
        var walk = Walk(self, from: far, to: seen, source: destination)
        walk.isReply = true
        for hop in request.hops {
            if let masquerade = hop.masquerade { walk.restorations.append((hop.namespace, masquerade)) }
        }
        walk.run()
        let reply = walk.path
        let arrives = reply.deliveredTo == namespace
        return RoundTrip(
            request: request, reply: reply,
            expectedReplyTTL: arrives ? RoundTrip.initialTTL - reply.forwardingCount : nil)
    }
}

/// One packet on its way.
private struct Walk {
    let plane: ForwardingPlane
    var namespace: Int
    var ingress: LinkID?
    var source: IPAddress?
    var destination: IPAddress
    /// Whether it answers a packet: connection tracking then leaves its source alone.
    var isReply = false
    /// What masquerades did to the packet that this one answers.
    var restorations: [(namespace: String, Path.Translation)] = []
    private(set) var path: Path
    /// Whether it is the outer packet of a tunnel, which may not enter another.
    private var isOuter = false

    init(_ plane: ForwardingPlane, from namespace: Int, to destination: IPAddress, source: IPAddress?) {
        self.plane = plane
        self.namespace = namespace
        self.source = source
        self.destination = destination
        path = Path(hops: [], end: .stopped(namespace: plane.tables[namespace].name, .loop), source: source)
    }

    /// Goes from namespace to namespace until the packet is delivered or stops.
    mutating func run() {
        for _ in 0..<RoundTrip.initialTTL {
            let tables = plane.tables[namespace]
            var hop = Path.Hop(tables.name, ingress: ingress.map { plane.segments.ports[$0].name })
            let result = step(&hop, tables)
            path.hops.append(hop)
            path.source = source
            switch result {
            case .moved(let next):
                ingress = next
                namespace = plane.segments.ports[next].namespace
            case .delivered:
                path.end = .delivered(namespace: tables.name)
                return
            case .stopped(let stop):
                path.end = .stopped(namespace: tables.name, stop)
                return
            }
        }
        path.end = .stopped(namespace: plane.tables[namespace].name, .loop)
    }

    private enum Step {
        case moved(LinkID)
        case delivered
        case stopped(Path.Stop)
    }

    /// What one namespace does with the packet, in the kernel's order: undo a masquerade, look up the route, masquerade,
    /// find the neighbour.
    private mutating func step(_ hop: inout Path.Hop, _ tables: NamespaceTables) -> Step {
        if ingress != nil,
            let undone = restorations.first(where: { $0.namespace == tables.name && $0.1.to == destination })
        {
            hop.restoration = Path.Translation(from: destination, to: undone.1.from)
            destination = undone.1.from
        }
        if tables.own.contains(destination) {
            hop.route = NamespaceTables.localRoute(destination)
            source = source ?? destination
            return .delivered
        }
        let family = destination.family
        if let device = hop.ingress, !tables.forwards(family, from: device) { return .stopped(.notForwarding(family)) }
        guard let route = tables.route(to: destination) else { return .stopped(.noRoute(to: destination)) }
        hop.route = route
        guard route.kind == .unicast, let device = route.device, let egress = tables.links[device] else {
            return .stopped(.dropped(by: route))
        }
        hop.egress = device
        let nextHop = route.gateway ?? destination
        hop.nextHop = nextHop
        guard let sender = source ?? tables.source(for: destination, by: route, device: device) else {
            return .stopped(.noSource(family))
        }
        source = sender
        if !isReply, tables.masquerades(sender, to: destination) {
            guard let own = tables.source(for: destination, by: route, device: device) else {
                return .stopped(.noSource(family))
            }
            hop.masquerade = Path.Translation(from: sender, to: own)
            source = own
        }
        return findNeighbour(&hop, tables, nextHop, device, egress)
    }

    private func findNeighbour(
        _ hop: inout Path.Hop, _ tables: NamespaceTables, _ nextHop: IPAddress, _ device: InterfaceName,
        _ egress: LinkID
    ) -> Step {
        hop.neighbour = tables.neighbour(nextHop, on: device)
        if case .vxlan(let vxlan) = plane.segments.ports[egress].kind {
            return enterTunnel(&hop, tables, vxlan, nextHop, device)
        }
        if let mac = hop.neighbour?.mac {
            return plane.end(with: mac, on: egress).map { .moved($0) } ?? .stopped(.nobodyHas(mac, on: device))
        }
        return plane.answer(for: nextHop, on: egress).map { .moved($0) }
            ?? .stopped(.nobodyAnswers(nextHop, on: device))
    }

    /// Nobody can be asked in a tunnel that does not learn: neighbour and forwarding entry have to be there.
    private func enterTunnel(
        _ hop: inout Path.Hop, _ tables: NamespaceTables, _ vxlan: VXLAN, _ nextHop: IPAddress, _ device: InterfaceName
    ) -> Step {
        guard let mac = hop.neighbour?.mac else { return .stopped(.noNeighbour(nextHop, on: device)) }
        guard let entry = tables.forwardingEntry(mac, on: device), let remote = entry.destination else {
            return .stopped(.noForwardingEntry(mac, on: device))
        }
        hop.forwardingEntry = entry
        guard !isOuter else { return .stopped(.loop) }
        var underlay = Walk(plane, from: namespace, to: remote, source: vxlan.local)
        underlay.isOuter = true
        underlay.run()
        hop.tunnel = Path.Tunnel(
            vni: vxlan.vni, source: vxlan.local, destination: remote, hops: underlay.path.hops)
        guard underlay.path.deliveredTo != nil else { return .stopped(.noUnderlay(to: remote)) }
        let end = plane.tunnelEnd(in: underlay.namespace, at: remote, like: vxlan)
        guard let end, plane.segments.ports[end].mac == mac else { return .stopped(.noTunnelEnd(at: remote, mac)) }
        return .moved(end)
    }
}
