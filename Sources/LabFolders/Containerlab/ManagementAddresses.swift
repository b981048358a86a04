import Addresses

/// A node's addresses on containerlab's management network, and the gateway's there.
struct ManagementAddresses: Hashable, Sendable {
    var ipv4: InterfaceAddress?
    var ipv6: InterfaceAddress?
    var ipv4Gateway: IPAddress?
    var ipv6Gateway: IPAddress?

    /// Of a node without an interface there.
    static let none = ManagementAddresses()
}
