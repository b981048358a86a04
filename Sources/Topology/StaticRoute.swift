import Addresses

/// A static route of a router or node.
public struct StaticRoute: Hashable, Sendable {
    /// Where it leads.
    public var destination: Prefix
    /// Which way.
    public var target: Target
    /// The priority; nil for the kernel's default.
    public var metric: UInt32?
    /// What brings it.
    public var source = Source.written

    public init(_ destination: Prefix, _ target: Target, metric: UInt32? = nil) {
        self.destination = destination
        self.target = target
        self.metric = metric
    }

    /// What brings a route to a router or node: whoever wrote it down, or a protocol, which is not run but worked out.
    public enum Source: Hashable, Sendable {
        case written
        /// BGP, from a neighbour in another autonomous system, or in the same one.
        case externalBGP, internalBGP
        /// OSPF, at this cost.
        case ospf(cost: UInt32)
    }

    /// Which way a static route leads.
    public enum Target: Hashable, Sendable {
        /// To a next hop; the interface is worked out from its address where none is given.
        case gateway(IPAddress, interface: String?)
        /// Out of an interface, to neighbours on it.
        case interface(String)
        /// Nowhere: packets are dropped (`Null0`, `blackhole`).
        case blackhole
    }
}

extension StaticRoute {
    /// The route as `init(parsing:)` reads it.
    package var text: String {
        let suffix = (metric.map { " metric \($0)" } ?? "") + source.suffix
        switch target {
        case .gateway(let gateway, let interface):
            let isDefault = destination == .all(gateway.family)
            return (isDefault ? "default" : destination.description) + " via \(gateway)"
                + (interface.map { " dev \($0)" } ?? "") + suffix
        case .interface(let interface): return "\(destination) dev \(interface)\(suffix)"
        case .blackhole: return "\(destination) blackhole\(suffix)"
        }
    }
}

extension StaticRoute.Source {
    /// What a route's text says of it.
    fileprivate var suffix: String {
        switch self {
        case .written: ""
        case .externalBGP: " proto ebgp"
        case .internalBGP: " proto ibgp"
        case .ospf(let cost): " proto ospf cost \(cost)"
        }
    }
}
