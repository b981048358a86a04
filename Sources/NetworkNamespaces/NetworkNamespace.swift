import CLinux
import Glibc
import System

/// A hold on one network namespace (network_namespaces(7)).
///
/// The kernel clears a namespace when the last hold goes: descriptors, pins, sockets opened inside, and processes.
public struct NetworkNamespace: ~Copyable, Sendable {
    /// The descriptor of its file in `nsfs`.
    public let descriptor: FileDescriptor

    /// The namespace that a path names: a pin, or `/proc/PID/ns/net`.
    ///
    /// - Throws: `SystemCallError`; with `EINVAL` if the path is there but is no network namespace.
    public init(at path: String) throws(SystemCallError) {
        descriptor = try NetworkNamespace.checked(FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK), path)
    }

    private static func checked(
        _ file: consuming FileDescriptor, _ path: String
    ) throws(SystemCallError) -> FileDescriptor {
        guard ioctl(file.number, nslab_ns_get_nstype()) == CLONE_NEWNET else {
            throw SystemCallError("ioctl", path, errno: EINVAL)
        }
        return file
    }

    /// What tells this namespace from all others that exist now.
    public func identity() throws(SystemCallError) -> FileIdentity {
        var status = stat()
        try systemCall("fstat", "network namespace") { fstat(descriptor.number, &status) }
        return FileIdentity(status)
    }

    /// Moves the calling thread into the namespace. Other threads stay where they are.
    package func enter() throws(SystemCallError) {
        try systemCall("setns", "network namespace") { setns(descriptor.number, CLONE_NEWNET) }
    }

    /// Moves the calling thread into a network namespace that is new and that it alone holds so far.
    static func unshareThread() throws(SystemCallError) {
        try systemCall("unshare", "network namespace") { unshare(CLONE_NEWNET) }
    }

    /// Where the calling thread's own namespace is found.
    static let threadPath = "/proc/thread-self/ns/net"
}
