/// An interface of a router, network, node or host, written `device:interface`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The router's, network's, node's or host's name.
    public var device: String
    /// The interface's name there.
    public var interface: String

    public init(_ device: String, _ interface: String) {
        self.device = device
        self.interface = interface
    }

    public var description: String { "\(device):\(interface)" }
}
