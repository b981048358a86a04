import Addresses

/// An address for which the host answers in somebody else's place, in the words of `ip neigh show proxy`.
public struct ProxyNeighbour: Codable, Hashable, Sendable {
    public var address: IPAddress
    /// The link where it answers; nil for all.
    public var device: InterfaceName?

    /// An address that is answered for.
    public init(_ device: InterfaceName?, _ address: IPAddress) {
        self.device = device
        self.address = address
    }
}

extension ProxyNeighbour: NetworkObject {
    public typealias Identity = Self
    public var link: InterfaceName? { device }
    public static var kindName: String { "proxy neighbour" }
}

extension ProxyNeighbour: CustomStringConvertible {
    public var description: String { "\(address)" + (device.map { " dev \($0)" } ?? "") + " proxy" }
}
