import CLinux
import Glibc

/// An open file descriptor, closed when its owner lets go of it.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number that system calls take. It is valid as long as this value lives.
    public let number: CInt

    /// Takes over a descriptor that nobody else closes.
    public init(owning number: CInt) { self.number = number }

    /// Opens a path with open(2); `O_CLOEXEC` is added.
    ///
    /// - Throws: `SystemCallError` that names the path.
    public init(opening path: String, _ flags: CInt, mode: mode_t = 0) throws(SystemCallError) {
        number = try systemCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
    }

    deinit { close(number) }
}
