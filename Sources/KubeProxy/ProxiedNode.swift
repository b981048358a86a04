import Addresses

/// A node on which kube-proxy runs.
public struct ProxiedNode: Hashable, Sendable {
    public var name: String
    /// The addresses that it is known by, at most one a family.
    public var addresses: [IPAddress]
    /// Its label `topology.kubernetes.io/zone`.
    public var zone: String?

    /// A node with these addresses.
    public init(_ name: String, addresses: [IPAddress], zone: String? = nil) {
        self.name = name
        self.addresses = addresses
        self.zone = zone
    }

    /// Its address in a family; nil where it has none.
    func address(_ family: AddressFamily) -> IPAddress? { addresses.first { $0.family == family } }
}
