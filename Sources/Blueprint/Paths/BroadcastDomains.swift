import Addresses
import NetworkObjects

/// The Ethernet segments of a lab: who hears what a link sends, through veths, bridges and VLANs.
struct BroadcastDomains {
    /// A link with what it takes to follow a frame.
    struct Port {
        let namespace: Int
        let name: InterfaceName
        let kind: Kind
        let mac: MACAddress?
        let isUp: Bool
        /// The bridge it is a port of.
        var master: LinkID?
        /// The other end of a veth, or the parent of a VLAN link.
        var beyond: LinkID?
    }

    /// What a link does with frames.
    enum Kind {
        case veth
        case bridge(isVLANAware: Bool)
        case vlan(UInt16)
        case vxlan(VXLAN)
        case ipip(IPIP)
        case other

        init(_ kind: Link.Kind) {
            switch kind {
            case .veth: self = .veth
            case .bridge(let bridge): self = .bridge(isVLANAware: bridge.vlanFiltering)
            case .vlan(let vlan): self = .vlan(vlan.id)
            case .vxlan(let vxlan): self = .vxlan(vxlan)
            case .ipip(let ipip): self = .ipip(ipip)
            case .loopback, .other: self = .other
            }
        }
    }

    /// Who hears what a link sends.
    enum Reach {
        /// Nobody.
        case nobody
        /// The other end of a veth.
        case one(LinkID)
        /// All ends of a segment, by its number in `segments`.
        case segment(Int)
    }

    /// The links that take part in one segment as a host.
    struct Segment {
        /// Who has an address: for IPv4 any address of an end's namespace, for IPv6 the end's own.
        var ends: [IPAddress: LinkID] = [:]
        /// The ends by their MAC address, where it is known.
        var endsByMAC: [MACAddress: LinkID] = [:]
        /// All ends.
        var all: [LinkID] = []
    }

    /// A VLAN of a bridge; 0 is a plain bridge, or what has no tag.
    private struct Domain: Hashable {
        let bridge: LinkID
        let vlan: UInt16
    }

    /// One VLAN of a port.
    private struct Membership {
        let id: UInt16
        let isPVID: Bool
        let isUntagged: Bool
    }

    /// Where a frame is, one step on.
    private enum Arrival {
        case host(LinkID)
        case bridge(Domain)
        case dropped
    }

    let ports: [Port]
    private(set) var segments: [Segment] = []
    private(set) var reach: [Reach] = []
    private var vlanLinks: [LinkID: [UInt16: LinkID]] = [:]
    private var bridgePorts: [LinkID: [LinkID]] = [:]
    private var memberships: [LinkID: [Membership]] = [:]
    private var segmentByDomain: [Domain: Int] = [:]

    /// - Parameter addresses: what each link and namespace has, to find the end that has an address.
    init(_ ports: [Port], _ vlans: [(LinkID, BridgeVLAN)], ownAddresses: [Set<IPAddress>], linkAddresses: [[IPAddress]])
    {
        self.ports = ports
        for (id, port) in ports.enumerated() {
            if case .vlan(let vlan) = port.kind, let parent = port.beyond {
                vlanLinks[parent, default: [:]][vlan] = id
            }
            if let master = port.master { bridgePorts[master, default: []].append(id) }
        }
        for (id, vlan) in vlans {
            memberships[id, default: []].append(
                Membership(id: vlan.id, isPVID: vlan.isPVID, isUntagged: vlan.isUntagged))
        }
        reach = ports.indices.map { id in
            switch send(id, tag: 0) {
            case .dropped: .nobody
            case .host(let end): .one(end)
            case .bridge(let domain): .segment(segment(of: domain, ownAddresses, linkAddresses))
            }
        }
    }

    /// The frame leaves by a link, as its host sends it or as a bridge passes it on.
    private func send(_ id: LinkID, tag: UInt16) -> Arrival {
        let port = ports[id]
        guard port.isUp else { return .dropped }
        switch port.kind {
        case .veth: return port.beyond.map { arrive($0, tag: tag) } ?? .dropped
        case .vlan(let vlan): return tag == 0 ? port.beyond.map { send($0, tag: vlan) } ?? .dropped : .dropped
        case .bridge: return enter(id, from: id, tag: tag)
        case .vxlan, .ipip, .other: return .dropped
        }
    }

    /// The frame comes in by a link: its VLAN link takes it, or the bridge it is a port of, or the host.
    private func arrive(_ id: LinkID, tag: UInt16) -> Arrival {
        let port = ports[id]
        guard port.isUp else { return .dropped }
        if tag != 0, let child = vlanLinks[id]?[tag] { return arrive(child, tag: 0) }
        if let master = port.master { return enter(master, from: id, tag: tag) }
        return tag == 0 ? .host(id) : .dropped
    }

    /// The frame comes into a bridge by a port, or from the bridge's own host.
    private func enter(_ bridge: LinkID, from port: LinkID, tag: UInt16) -> Arrival {
        guard ports[bridge].isUp else { return .dropped }
        guard isVLANAware(bridge) else { return .bridge(Domain(bridge: bridge, vlan: tag)) }
        let own = memberships[port] ?? []
        guard let member = own.first(where: { tag == 0 ? $0.isPVID : $0.id == tag }) else { return .dropped }
        return .bridge(Domain(bridge: bridge, vlan: member.id))
    }

    private func isVLANAware(_ bridge: LinkID) -> Bool {
        if case .bridge(let isVLANAware) = ports[bridge].kind { isVLANAware } else { false }
    }

    /// The tag that a VLAN's frames have behind a port; nil where they do not go there.
    private func egressTag(_ port: LinkID, _ domain: Domain) -> UInt16? {
        guard isVLANAware(domain.bridge) else { return domain.vlan }
        return memberships[port]?.first { $0.id == domain.vlan }.map { $0.isUntagged ? 0 : $0.id }
    }

    /// All hosts that a frame in a bridge's VLAN is flooded to.
    private mutating func segment(
        of domain: Domain, _ ownAddresses: [Set<IPAddress>], _ linkAddresses: [[IPAddress]]
    ) -> Int {
        if let known = segmentByDomain[domain] { return known }
        var segment = Segment()
        var (seen, waiting): (Set<Domain>, [Domain]) = ([domain], [domain])
        while let next = waiting.popLast() {
            var arrivals = (bridgePorts[next.bridge] ?? []).map { port in
                egressTag(port, next).map { send(port, tag: $0) } ?? .dropped
            }
            if let tag = egressTag(next.bridge, next) { arrivals.append(arriveAtHost(of: next.bridge, tag: tag)) }
            for arrival in arrivals {
                switch arrival {
                case .dropped: break
                case .host(let end): segment.all.append(end)
                case .bridge(let other): if seen.insert(other).inserted { waiting.append(other) }
                }
            }
        }
        for end in segment.all {
            let port = ports[end]
            if let mac = port.mac { segment.endsByMAC[mac] = segment.endsByMAC[mac] ?? end }
            for address in ownAddresses[port.namespace] where address.family == .ipv4 {
                segment.ends[address] = segment.ends[address] ?? end
            }
            for address in linkAddresses[end] where address.family == .ipv6 {
                segment.ends[address] = segment.ends[address] ?? end
            }
        }
        segments.append(segment)
        segmentByDomain[domain] = segments.count - 1
        return segments.count - 1
    }

    /// A bridge passes the frame to its own host.
    private func arriveAtHost(of bridge: LinkID, tag: UInt16) -> Arrival {
        guard tag != 0 else { return .host(bridge) }
        return vlanLinks[bridge]?[tag].map { arrive($0, tag: 0) } ?? .dropped
    }
}
