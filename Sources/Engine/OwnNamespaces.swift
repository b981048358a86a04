import Glibc
import NetworkNamespaces
import Rtnetlink
import System

/// The pins of a lab's names, told by what is pinned there: the lab's own from what is somebody else's.
struct OwnNamespaces: Sendable {
    /// A pin of the lab's own.
    struct Pinned: Sendable {
        var pin: String
        /// The namespace that it holds; nil for a bare file: a creation that was cut short.
        var identity: FileIdentity?
    }

    private(set) var own: [Pinned] = []
    /// Those that hold somebody else's.
    private(set) var foreign: [String] = []

    /// The namespaces of the lab's own.
    var identities: Set<FileIdentity> { Set(own.compactMap(\.identity)) }

    /// Looks at pins, on as many threads as there are processors. One that is not there is none of either.
    ///
    /// - Parameter cookies: by pin, the number of the namespace that the lab has there, as far as it is known. Of one with another, or
    ///   without, the mark tells, which the kernel is asked for under the lock that it holds while it clears namespaces.
    init(_ pins: [String], _ cookies: [String: UInt64], of lab: String) throws {
        let found = Slots<Finding>(count: pins.count)
        try NamespaceThread.forEach(pins.count) { thread, index in
            found[index] = try Self.find(pins[index], cookies[pins[index]], of: lab, &thread)
        }
        for (pin, finding) in zip(pins, found.all) {
            switch finding {
            case .own(let identity): own.append(Pinned(pin: pin, identity: identity))
            case .foreign: foreign.append(pin)
            case .absent, nil: break
            }
        }
    }

    private enum Finding {
        case own(FileIdentity?)
        case foreign
        case absent
    }

    private static func find(
        _ pin: String, _ cookie: UInt64?, of lab: String, _ thread: inout NamespaceThread
    ) throws -> Finding {
        let path = NamedNamespaces.path(pin)
        guard access(path, F_OK) == 0 else { return .absent }
        do {
            let namespace = try NetworkNamespace(at: path)
            let identity = try namespace.identity()
            return try thread.enter(namespace) { inside in
                if let cookie, try inside.cookie() == cookie { return .own(identity) }
                var socket = try RouteSocket(in: inside)
                return try Ownership.belongs(&socket, to: lab) ? .own(identity) : .foreign
            }
        } catch let error as SystemCallError where error.errno == EINVAL || error.errno == ENOTTY {
            return NamedNamespaces.isBare(pin) ? .own(nil) : .foreign
        } catch let error as SystemCallError where error.isNoSuchFile {
            return .absent
        }
    }

    /// These and those.
    func joined(_ others: OwnNamespaces) -> OwnNamespaces {
        var all = self
        all.own += others.own
        all.foreign += others.foreign
        return all
    }

    /// Removes the lab's own pins. One that stays keeps no other: what can go goes.
    ///
    /// Each removal waits until no processor can see the mount any more, and those that wait at once wait for the same: so more threads are
    /// at it than there are processors.
    func unpin() throws {
        let failures = Slots<SystemCallError>(count: own.count)
        try NamespaceThread.forEach(own.count, width: Self.width) { _, index in
            do throws(SystemCallError) { try NamedNamespaces.unpin(own[index].pin) } catch { failures[index] = error }
        }
        if let failure = failures.all.lazy.compactMap(\.self).first { throw failure }
    }

    private static let width = 8
}
