import Addresses
import NetworkObjects

/// The way of one packet through a lab's namespaces, with the table entries that decided it.
public struct Path: Hashable, Sendable {
    /// The namespaces that the packet comes through, in order; the first one sends it.
    public var hops: [Hop]
    /// Where the way ends.
    public var end: End
    /// The source address that the packet has at its end; nil where none could be chosen.
    public var source: IPAddress?

    /// Where a way ends.
    public enum End: Hashable, Sendable {
        /// The namespace has the destination address.
        case delivered(namespace: String)
        /// The packet goes no further.
        case dropped(namespace: String, DropReason)
    }

    /// The namespace that the packet is delivered to; nil where it is not delivered.
    public var deliveredTo: String? {
        if case .delivered(let namespace) = end { namespace } else { nil }
    }

    /// How many namespaces forward the packet: each takes one from its TTL or hop limit.
    public var forwardingCount: Int { hops.count { $0.ingress != nil && $0.egress != nil } }

    /// The first tunnel on the way; nil where no part of it is in one.
    public var tunnel: Tunnel? { hops.lazy.compactMap(\.tunnel).first }

    /// One namespace on the way, and what it did with the packet.
    public struct Hop: Hashable, Sendable {
        public var namespace: String
        /// The link that the packet came in by; nil where it starts.
        public var ingress: InterfaceName?
        /// The route that decided. A namespace's own addresses and on-link prefixes appear as the routes that the kernel
        /// makes of them (`proto kernel`).
        public var route: Route?
        /// The link that the packet leaves by; nil where it ends.
        public var egress: InterfaceName?
        /// The address whose link-layer neighbour is looked for.
        public var nextHop: IPAddress?
        /// The permanent neighbour entry that was used; nil where the next hop answered for itself.
        public var neighbour: Neighbour?
        /// The forwarding entry that named the tunnel's other end.
        public var forwardingEntry: ForwardingEntry?
        /// The tunnel that the packet leaves in.
        public var tunnel: Tunnel?
        /// The change of source address on leaving (natOutgoing).
        public var masquerade: Translation?
        /// The change of destination address on arrival, where a reply's masquerade is undone.
        public var restoration: Translation?

        init(_ namespace: String, ingress: InterfaceName?) {
            self.namespace = namespace
            self.ingress = ingress
        }
    }

    /// The outer packet of a tunnel.
    public struct Tunnel: Hashable, Sendable {
        /// What the outer packet is.
        public var kind: Kind
        /// The outer source address.
        public var source: IPAddress
        /// The outer destination address.
        public var destination: IPAddress
        /// The way of the outer packet.
        public var hops: [Hop]

        /// Sorts of outer packets.
        public enum Kind: Hashable, Sendable {
            /// UDP, with the identifier of the VXLAN.
            case vxlan(vni: UInt32)
            /// IP itself (protocol 4).
            case ipip
        }
    }

    /// A change of one address of a packet.
    public struct Translation: Hashable, Sendable {
        public var from: IPAddress
        public var to: IPAddress

        /// A change of one address into another.
        public init(from: IPAddress, to: IPAddress) {
            self.from = from
            self.to = to
        }
    }

    /// Why a packet goes no further.
    public enum DropReason: Hashable, Sendable {
        /// There is no namespace of this name.
        case noNamespace
        /// No route matches.
        case noRoute(to: IPAddress)
        /// The route drops the packet.
        case dropped(by: Route)
        /// The namespace does not forward packets of this family.
        case notForwarding(AddressFamily)
        /// The namespace has no address to send from.
        case noSource(AddressFamily)
        /// Nobody on the link has the next hop's address, or answers for it.
        case nobodyAnswers(IPAddress, on: InterfaceName)
        /// The next hop's MAC address, by a permanent neighbour entry, belongs to no one on the link.
        case nobodyHas(MACAddress, on: InterfaceName)
        /// The VXLAN device has no neighbour entry for the next hop.
        case noNeighbour(IPAddress, on: InterfaceName)
        /// The VXLAN device has no forwarding entry for the MAC address.
        case noForwardingEntry(MACAddress, on: InterfaceName)
        /// The outer packet does not get to the tunnel's other end.
        case noUnderlay(to: IPAddress)
        /// The namespace at the tunnel's other end has no such VXLAN device, or one with another MAC address.
        case noTunnelEnd(at: IPAddress, MACAddress)
        /// The namespace at the tunnel's other end has no IPIP tunnel that is up.
        case noIPIPEnd(at: IPAddress)
        /// The packet goes round in circles.
        case loop
    }
}

/// The way of a packet and of its answer.
public struct RoundTrip: Hashable, Sendable {
    /// The way there.
    public var request: Path
    /// The way back; nil where the request is not delivered.
    public var reply: Path?
    /// The TTL or hop limit that the answer has on arrival; nil where it does not arrive.
    public var expectedReplyTTL: Int?

    /// The TTL and hop limit that Linux sends with (`net.ipv4.ip_default_ttl`, `net.ipv6.conf.*.hop_limit`).
    public static let initialTTL = 64

    /// The source address that the far end sees.
    public var sourceSeen: IPAddress? { request.deliveredTo == nil ? nil : request.source }

    /// Where it goes wrong; nil where the answer arrives.
    public var stop: (namespace: String, reason: Path.DropReason)? {
        for path in [request, reply].compactMap(\.self) {
            if case .dropped(let namespace, let reason) = path.end { return (namespace, reason) }
        }
        return nil
    }
}

extension Path.DropReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noNamespace: "there is no namespace of this name"
        case .noRoute(let address): "no route to \(address)"
        case .dropped(let route): "\(route.kind) route \(route.destination)"
        case .notForwarding(let family): "\(family) forwarding is off"
        case .noSource(let family): "no \(family) address to send from"
        case .nobodyAnswers(let address, let device): "nobody on \(device) answers for \(address)"
        case .nobodyHas(let mac, let device): "nobody on \(device) has the MAC address \(mac)"
        case .noNeighbour(let address, let device): "no neighbour entry for \(address) on \(device)"
        case .noForwardingEntry(let mac, let device): "no forwarding entry for \(mac) on \(device)"
        case .noUnderlay(let address): "the outer packet does not get to \(address)"
        case .noTunnelEnd(let address, let mac): "\(address) has no tunnel end with the MAC address \(mac)"
        case .noIPIPEnd(let address): "\(address) has no IPIP tunnel that is up"
        case .loop: "the packet goes round in circles"
        }
    }
}
