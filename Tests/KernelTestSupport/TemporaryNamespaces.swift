import CLinux
import Glibc
import NetworkNamespaces
import Synchronization
import System

/// Network namespaces of one test. They carry names that no user would choose, and go when the test ends, however it ends.
public struct TemporaryNamespaces: Sendable {
    private let prefix: String

    private static let counter = Atomic<Int>(0)
    /// What all their names begin with.
    private static let family = "nslabtest-"

    /// The pin of the test's namespace that it calls by this short name.
    public subscript(_ name: String) -> String { prefix + name }

    /// Makes namespaces with `ip netns add`, has `body` use them, and removes them and what else the test pinned under
    /// its names.
    @discardableResult
    public static func with<Value>(_ names: String..., body: (TemporaryNamespaces) throws -> Value) throws -> Value {
        removeRemains()
        let number = counter.wrappingAdd(1, ordering: .relaxed).oldValue
        let namespaces = TemporaryNamespaces(prefix: "\(family)\(getpid())-\(number)-")
        defer { namespaces.remove() }
        for name in names { try Witness.ip("netns add \(namespaces[name])") }
        return try body(namespaces)
    }

    private func remove() {
        for name in Directory.names(NamedNamespaces.directory) where name.hasPrefix(prefix) { Self.remove(name) }
    }

    private static func remove(_ name: String) {
        // Not by our own code, which may be what the test is about.
        if let testimony = try? Witness.run(["ip", "netns", "delete", name]), testimony.status == 0 { return }
        umount2(NamedNamespaces.path(name), CInt(MNT_DETACH))
        unlink(NamedNamespaces.path(name))
    }

    /// Removes what earlier runs left that were killed.
    private static func removeRemains() {
        for name in Directory.names(NamedNamespaces.directory) where name.hasPrefix(family) {
            let parts = name.dropFirst(family.count).split(separator: "-")
            guard let pid = parts.first.flatMap({ pid_t($0) }), kill(pid, 0) != 0, errno == ESRCH else { continue }
            remove(name)
        }
    }
}
