import Glibc
import System

/// Proof that the calling thread is inside a network namespace, and the key to what a thread does there: settings, sockets,
/// rule sets.
///
/// It is lent to a closure for as long as the thread stays. It can be neither copied nor kept nor taken to another thread: so
/// whatever asks for one works in that namespace and in no other.
public struct InsideNamespace: ~Copyable {
    private let settings = SettingFolders()

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

/// The folders of `/proc/sys/net`, each opened once.
///
/// The kernel keeps the folder `ipv4` of every network namespace in one hash chain, and compares with all of them on the way
/// (`proc_sys_compare` in fs/proc/proc_sysctl.c): with 1,100 namespaces that took more than reading the setting.
private final class SettingFolders {
    private var folders: [Substring: Folder] = [:]

    private final class Folder {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    func open(_ path: String, _ flags: CInt) throws(SystemCallError) -> FileDescriptor {
        let full = "/proc/sys/net/\(path)"
        let first = path.prefix { $0 != "/" }
        let rest = path.dropFirst(first.count + 1)
        if rest.isEmpty, folders[first] == nil { return try FileDescriptor(opening: full, flags) }
        let folder: Folder
        if let known = folders[first] {
            folder = known
        } else {
            folder = Folder(try FileDescriptor(opening: "/proc/sys/net/\(first)", O_RDONLY | O_DIRECTORY))
            folders[first] = folder
        }
        return try FileDescriptor(opening: rest.isEmpty ? "." : String(rest), in: folder.descriptor, flags, path: full)
    }
}
