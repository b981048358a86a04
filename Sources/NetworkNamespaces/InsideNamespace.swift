import Glibc
import System

/// Proof that the calling thread is inside a network namespace, and the key to what a thread does there: settings, sockets,
/// rule sets.
///
/// It is lent to a closure for as long as the thread stays. It can be neither copied nor kept nor taken to another thread: so
/// whatever asks for one works in that namespace and in no other.
public struct InsideNamespace: ~Copyable {
    init() {}

    /// Lends the namespace that the calling thread is in anyway, such as the host's.
    public static func current<Value: ~Copyable, Failure: Error>(
        _ body: (borrowing InsideNamespace) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(InsideNamespace())
    }

    /// A hold on the namespace.
    public func namespace() throws(SystemCallError) -> NetworkNamespace {
        try NetworkNamespace(at: NetworkNamespace.threadPath)
    }

    // MARK: Settings

    /// The value of a setting below `/proc/sys/net` (sysctl(8)), without the closing line break.
    ///
    /// - Throws: `SystemCallError` that names the setting; `ENOENT` where the kernel has none of that name.
    public func sysctl(_ path: String) throws(SystemCallError) -> String {
        let full = "/proc/sys/net/\(path)"
        let bytes = try FileDescriptor(opening: full, O_RDONLY).read(full, atMost: 4096)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Gives a setting below `/proc/sys/net` a value.
    ///
    /// - Throws: `SystemCallError` that names the setting.
    public func setSysctl(_ path: String, to value: String) throws(SystemCallError) {
        let full = "/proc/sys/net/\(path)"
        try FileDescriptor(opening: full, O_WRONLY).write(Array(value.utf8), full)
    }
}

@available(*, unavailable)
extension InsideNamespace: Sendable {}
