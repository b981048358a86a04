import Glibc
import System

/// The files of one of the kernel's own file systems, such as tracefs, by a mount that is in nobody's tree: nothing that others see
/// is changed, and it goes with the value.
public struct UnseenFiles: ~Copyable {
    private let mount: DetachedMount
    private let type: String

    /// - Parameter type: the file system's name (proc_filesystems(5)).
    public init(of type: String) throws(SystemCallError) {
        self.type = type
        mount = try DetachedMount(type, [])
    }

    /// Reads a file.
    ///
    /// - Parameter limit: the most that is read, in bytes.
    public func read(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        let whole = "\(type): \(path)"
        return try FileDescriptor(opening: path, in: mount.descriptor, O_RDONLY, path: whole)
            .readAll(whole, limit: limit)
    }
}
