import CLinux
import Glibc
import System

/// A hold on the root of a host: the files that its processes see, and its host name.
public struct HostRoot: ~Copyable {
    private let namespaces: NamespaceFiles
    private let etc: EtcOverrides
    /// The host's directory in the store.
    let directory: String

    /// Why the root is read-only; nil if what is written is kept in it.
    public let readOnlyReason: String?

    private init(_ directory: String, _ namespaces: NamespaceFiles, etc: consuming EtcOverrides) {
        self.directory = directory
        self.namespaces = namespaces
        readOnlyReason = etc.readOnlyReason
        self.etc = etc
    }

    /// The root with this directory in the store.
    static func open(_ directory: String) throws(SystemCallError) -> HostRoot {
        HostRoot(directory, try NamespaceFiles(directory), etc: try EtcOverrides.open(directory))
    }

    /// Moves the process into the root, with a mount namespace of its own that begins as the root's: what it mounts is its own,
    /// and what it writes is the host's. The process must have one thread.
    ///
    /// - Parameter files: what the host's own files in `/etc` should hold.
    /// - Returns: why one of them could not be written: the host has no room left, or no such directory.
    func enter(_ files: [String: [UInt8]]) throws(SystemCallError) -> SystemCallError? {
        try enter()
        try forgetLookups()
        do throws(SystemCallError) { try etc.install(files) } catch { return error }
        return nil
    }

    /// Moves the process into the root, in the same way, as it is.
    func enter() throws(SystemCallError) {
        // A mount namespace can be entered with a root directory that is shared with nobody.
        try systemCall("unshare", "process") { unshare(CLONE_FS) }
        try namespaces.enter()
        try systemCall("unshare", "mount namespace") { unshare(CLONE_NEWNS) }
    }

    /// Moves the calling thread into the mount namespace that a root is kept by, where what is mounted is there for all later
    /// commands.
    static func enterMounts(_ directory: String) throws(SystemCallError) {
        let namespace = try FileDescriptor(opening: "\(directory)/mnt", O_RDONLY)
        try systemCall("unshare", "process") { unshare(CLONE_FS) }
        try systemCall("setns", "namespace of a root") { setns(namespace.number, CLONE_NEWNS) }
    }

    /// Has the overlays look names up again: of a file of the machine's that was replaced they would go on to show the one
    /// that was there, and would not see one that was made after it was first asked for.
    private func forgetLookups() throws(SystemCallError) {
        for mount in try MountTable(ofThread: ()).mounts where mount.type == "overlay" && mount.source == "nslab" {
            // A change of options drops the entries that nobody uses (reconfigure_super in fs/super.c), and this one changes none
            // (those of the mount are given anew).
            try systemCall("mount", mount.path) {
                Glibc.mount("", mount.path, "none", UInt(MS_REMOUNT | MS_NODEV), nil)
            }
        }
    }
}

/// The pins of a root's namespaces, open.
private final class NamespaceFiles {
    private var numbers: [(number: CInt, flag: CInt)] = []

    /// - Parameter directory: the host's directory in the store.
    init(_ directory: String) throws(SystemCallError) {
        for (name, flag) in RootMaking.namespaces {
            numbers.append((try FileDescriptor(opening: "\(directory)/\(name)", O_RDONLY).release(), flag))
        }
    }

    deinit { for (number, _) in numbers { close(number) } }

    /// Moves the calling thread into all of them.
    func enter() throws(SystemCallError) {
        for (number, flag) in numbers { try systemCall("setns", "namespace of a root") { setns(number, flag) } }
    }
}
