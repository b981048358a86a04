import CLinux
import Glibc
import System

/// Proof that the calling thread is inside a network namespace, and the key to what a thread does there: settings, sockets,
/// rule sets.
///
/// It is lent to a closure for as long as the thread stays. It can be neither copied nor kept nor taken to another thread: so
/// whatever asks for one works in that namespace and in no other.
public struct InsideNamespace: ~Copyable {
    private let settings: SettingFolders

    init(_ instances: ProcInstances? = nil) { settings = SettingFolders(instances) }

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

    /// A number that the kernel gives no other namespace before the machine's next start (`SO_NETNS_COOKIE`, socket(7)); nil before
    /// Linux 5.14, which tells none.
    public func cookie() throws(SystemCallError) -> UInt64? {
        let socket = try FileDescriptor(socket: AF_UNIX, SOCK_DGRAM, "socket")
        var cookie: UInt64 = 0
        var size = socklen_t(MemoryLayout<UInt64>.size)
        // Of <asm-generic/socket.h>, which older C libraries lack.
        let netnsCookie: CInt = 71
        return getsockopt(socket.number, SOL_SOCKET, netnsCookie, &cookie, &size) == 0 ? cookie : nil
    }

    // MARK: Settings

    /// The value of a setting below `/proc/sys/net` (sysctl(8)), without the closing line break.
    ///
    /// - Throws: `SystemCallError` that names the setting; `ENOENT` where the kernel has none of that name.
    public func sysctl(_ path: String) throws(SystemCallError) -> String {
        let full = "/proc/sys/net/\(path)"
        let bytes = try settings.open(path, O_RDONLY).read(full, atMost: 4096)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Opens a file or folder below `/proc/sys/net`.
    func openSettings(_ path: String, _ flags: CInt) throws(SystemCallError) -> FileDescriptor {
        try settings.open(path, flags)
    }

    /// Reads a setting below `/proc/sys/net` that a kernel or a link may have or not; nil where it cannot be read.
    ///
    /// - Throws: `SystemCallError` where there was no room to read it (see `SystemCallError.isShortage`).
    public func sysctlIfAny(_ path: String) throws(SystemCallError) -> String? {
        do throws(SystemCallError) { return try sysctl(path) } catch {
            if error.isShortage { throw error }
            return nil
        }
    }

    /// Gives a setting below `/proc/sys/net` a value.
    ///
    /// - Throws: `SystemCallError` that names the setting.
    public func setSysctl(_ path: String, to value: String) throws(SystemCallError) {
        // Nothing at all would not be written.
        let text = value.isEmpty ? "\n" : value
        try settings.open(path, O_WRONLY).write(Array(text.utf8), "/proc/sys/net/\(path)")
    }
}

@available(*, unavailable)
extension InsideNamespace: Sendable {}
