import Addresses
import Glibc
import HostRoots
import NetworkNamespaces
import NetworkObjects
import Rtnetlink
import System
import Topology

/// How a namespace says whose it is: the alias of its `lo`, written before the namespace is pinned.
///
/// So a pin is known as a lab's by what the kernel keeps, whatever became of the state folder, and a namespace that
/// somebody else gave the same name is never taken for ours. The alias names the `/run` that has the lab's state, too: a
/// container or a CI job beside has one of its own, and labs of its own there.
enum Ownership {
    /// The alias that a lab's namespaces carry: `nslab LAB DEVICE:INODE`.
    static func alias(lab: String) -> String { "\(earlierAlias(lab: lab)) \(run)" }

    /// The alias that they had up to version 2 of the state.
    private static func earlierAlias(lab: String) -> String { "nslab \(lab)" }

    /// Which `/run` this process sees.
    static let run = FileIdentity(at: "/run")?.description ?? "none"

    /// Whether an alias marks a namespace as the lab's.
    static func isAlias(_ alias: String?, of lab: String) -> Bool {
        alias == self.alias(lab: lab) || alias == earlierAlias(lab: lab)
    }

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

    /// The lab of this `/run` whose mark the namespace that the socket belongs to carries; nil if it carries none.
    ///
    /// - Parameter isPinned: whether it has a pin here, which tells whose it is where the mark does not.
    static func lab(of socket: inout RouteSocket, isPinned: Bool) throws -> String? {
        let words = try socket.link(named: "lo")?.link.alias?.split(separator: " ").map(String.init) ?? []
        guard words.count >= 2, Topology.isName(words[1]) else { return nil }
        switch words.count {
        case 2 where isPinned && words.joined(separator: " ") == earlierAlias(lab: words[1]): return words[1]
        case 3 where words.joined(separator: " ") == alias(lab: words[1]): return words[1]
        default: return nil
        }
    }

    /// The roots of labs of this `/run` that are mounted here, by the lab's name. Their mount's source is the lab's mark.
    static func roots() throws(SystemCallError) -> [String: [RootStore]] {
        Dictionary(grouping: try RootStore.mounted(markedBy: "nslab ")) { store in
            let words = store.mark.split(separator: " ").map(String.init)
            return words.count == 3 && store.mark == alias(lab: words[1]) ? words[1] : ""
        }.filter { Topology.isName($0.key) }
    }

    /// Whether the namespace that the socket belongs to carries the lab's mark.
    static func belongs(_ socket: inout RouteSocket, to lab: String) throws -> Bool {
        isAlias(try socket.link(named: "lo")?.link.alias, of: lab)
    }
}
