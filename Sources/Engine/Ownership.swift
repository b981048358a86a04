import Addresses
import NetworkNamespaces
import Rtnetlink

/// How a namespace says whose it is: the alias of its `lo`, written before the namespace is pinned.
///
/// So a pin is known as a lab's by what the kernel keeps, whatever became of the state folder, and a namespace that
/// somebody else gave the same name is never taken for ours.
enum Ownership {
    /// The alias that a lab's namespaces carry.
    static func alias(lab: String) -> String { "nslab \(lab)" }

    /// Whether the namespace that the socket belongs to carries the lab's mark.
    static func belongs(_ socket: inout RouteSocket, to lab: String) throws -> Bool {
        try socket.link(named: "lo")?.alias == alias(lab: lab)
    }
}
