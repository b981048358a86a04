import Addresses

/// A static route of a router or node.
public struct StaticRoute: Hashable, Sendable {
    /// Where it leads.
    public var destination: Prefix
    /// Which way.
    public var target: Target
    /// The priority; nil for the kernel's default.
    public var metric: UInt32?

    public init(_ destination: Prefix, _ target: Target, metric: UInt32? = nil) {
        self.destination = destination
        self.target = target
        self.metric = metric
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
        let suffix = metric.map { " metric \($0)" } ?? ""
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
