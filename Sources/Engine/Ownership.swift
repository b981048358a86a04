import Addresses
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import Topology

/// How a namespace says whose it is: the alias of its `lo`, written before the namespace is pinned.
///
/// So a pin is known as a lab's by what the kernel keeps, whatever became of the state folder, and a namespace that
/// somebody else gave the same name is never taken for ours.
enum Ownership {
    /// The alias that a lab's namespaces carry.
    static func alias(lab: String) -> String { prefix + lab }

    private static let prefix = "nslab "

    /// Marks the namespace that a session is of as the lab's.
    static func mark(_ session: Session, lab: String) throws(EngineError) {
        var batch = RouteBatch(capacity: 256)
        do {
            try batch.configure(Link("lo", .loopback, alias: alias(lab: lab)), in: session.interfaces)
            try session.withSocket { socket throws(NetlinkError) in try socket.execute(&batch) }
        } catch let error as NetlinkError {
            throw EngineError(error, object: session.name)
        } catch {
            throw .refused(object: session.name, reason: "\(error)", advice: nil)
        }
    }

    /// The lab whose mark the namespace that the socket belongs to carries; nil if it carries none.
    static func lab(of socket: inout RouteSocket) throws -> String? {
        guard let alias = try socket.link(named: "lo")?.link.alias, alias.hasPrefix(prefix) else { return nil }
        let lab = String(alias.dropFirst(prefix.count))
        return Topology.isName(lab) ? lab : nil
    }

    /// Whether the namespace that the socket belongs to carries the lab's mark.
    static func belongs(_ socket: inout RouteSocket, to lab: String) throws -> Bool {
        try socket.link(named: "lo")?.link.alias == alias(lab: lab)
    }
}
