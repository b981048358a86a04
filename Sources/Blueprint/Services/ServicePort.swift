import Addresses
import Topology

/// A port of a service, with what its manifest leaves out filled in (core/v1 `ServicePort`).
public struct ServicePort: Hashable, Sendable {
    /// Its name; nil where it has none.
    public var name: String?
    /// The transport protocol.
    public var transport: Transport
    /// The port of the service's own addresses.
    public var number: UInt16
    /// The pods' port as the service names it.
    public var target: Service.Target
    /// The port of every node; nil if the service has none.
    public var nodePort: UInt16?

    /// A port that leads to the same number on the pods unless said otherwise.
    public init(
        name: String? = nil, transport: Transport = .tcp, number: UInt16, target: Service.Target? = nil,
        nodePort: UInt16? = nil
    ) {
        self.name = name
        self.transport = transport
        self.number = number
        self.target = target ?? .number(number)
        self.nodePort = nodePort
    }
}
