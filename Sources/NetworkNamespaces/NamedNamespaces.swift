import CLinux
import Glibc
import System

/// The folder of namespace pins that iproute2 reads (ip-netns(8)): a file there with a namespace mounted on it keeps the
/// namespace, and gives it a name for `ip -n` and `ip netns exec`.
public enum NamedNamespaces {
    /// iproute2's folder.
    public static let directory = "/run/netns"

    /// The path of the pin with this name.
    public static func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Whether the folder is there and is a mount of its own that is shared, as iproute2 wants it, so that a pin that goes
    /// is gone in every mount namespace. If it is a mount and not shared, it becomes so.
    public static func directoryIsReady() throws(SystemCallError) -> Bool {
        if mount("", directory, "none", UInt(MS_SHARED | MS_REC), nil) == 0 { return true }
        // EINVAL: a folder that is no mount.
        guard errno == EINVAL || errno == ENOENT else { throw SystemCallError("mount", directory) }
        return false
    }

    /// Makes the folder and its mount, if another program has not just done so.
    ///
    /// - Returns: whether the mount is this call's doing.
    public static func prepareDirectory() throws(SystemCallError) -> Bool {
        _ = try Directory.make(directory)
        // iproute2 holds the same lock while it does the same (`netns_add` in ip/ipnetns.c).
        let lock = try FileDescriptor(opening: directory, O_RDONLY | O_DIRECTORY)
        try systemCall("flock", directory) { flock(lock.number, LOCK_EX) }
        if try directoryIsReady() { return false }
        try systemCall("mount", directory) { mount(directory, directory, "none", UInt(MS_BIND | MS_REC), nil) }
        try systemCall("mount", directory) { mount("", directory, "none", UInt(MS_SHARED | MS_REC), nil) }
        return true
    }

    /// Ends the folder's mount and removes it, if nothing is pinned there any more and nobody is in it.
    ///
    /// - Returns: whether the mount is gone.
    public static func releaseDirectory() throws(SystemCallError) -> Bool {
        guard try names().isEmpty, try unmountDirectory() else { return false }
        // Of a pin that was begun meanwhile the file is there, or the namespace on it, or iproute2's mount of the folder.
        if rmdir(directory) != 0, ![ENOENT, ENOTEMPTY, EBUSY].contains(errno) {
            throw SystemCallError("rmdir", directory)
        }
        return true
    }

    /// Ends the folder's mount, unless there is one on it or somebody in it: it must not take along a namespace that was pinned a
    /// moment ago, as a detached mount does with all that is mounted on it.
    ///
    /// - Returns: whether it is gone.
    static func unmountDirectory() throws(SystemCallError) -> Bool {
        // A child that this process is just starting has what this process has open, until it executes its program.
        for _ in 0..<20 {
            if umount2(directory, 0) == 0 || errno == EINVAL || errno == ENOENT { return true }
            if errno != EBUSY { throw SystemCallError("umount", directory) }
            if try !names().isEmpty { return false }
            usleep(2000)
        }
        return false
    }

    /// Gives the namespace that the thread is inside a pin of this name.
    ///
    /// - Throws: `SystemCallError`; with `EEXIST` if the name is taken.
    public static func pin(_ inside: borrowing InsideNamespace, as name: String) throws(SystemCallError) {
        let path = path(name)
        do {
            _ = try FileDescriptor(opening: path, O_RDONLY | O_CREAT | O_EXCL)
        }
        do {
            try systemCall("mount", path) {
                mount(NetworkNamespace.threadPath, path, "none", UInt(MS_BIND), nil)
            }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Removes a pin. One that is not there is no error.
    public static func unpin(_ name: String) throws(SystemCallError) {
        let path = path(name)
        // EINVAL: not a mount; a creation that was cut short leaves the bare file.
        if umount2(path, CInt(MNT_DETACH | UMOUNT_NOFOLLOW)) != 0, errno != EINVAL, errno != ENOENT {
            throw SystemCallError("umount", path)
        }
        if unlink(path) != 0, errno != ENOENT { throw SystemCallError("unlink", path) }
    }

    /// Whether a pin is an empty file on which nothing is mounted, as a creation leaves it that was cut short.
    public static func isBare(_ name: String) -> Bool {
        var status = stat()
        guard lstat(path(name), &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_size == 0 && identity(name) == nil
    }

    /// The names of all pins, nslab's and others', sorted.
    public static func names() throws(SystemCallError) -> [String] {
        try Directory.list(directory)
    }

    /// The namespace a pin holds; nil if there is no such file, or nothing is mounted on it.
    ///
    /// Told without a descriptor: a process that has none left must not take a namespace for gone.
    public static func identity(_ name: String) -> FileIdentity? {
        let path = path(name)
        var filesystem = statfs()
        var status = stat()
        guard statfs(path, &filesystem) == 0, filesystem.f_type == NSFS_MAGIC, stat(path, &status) == 0 else {
            return nil
        }
        do throws(SystemCallError) {
            _ = try NetworkNamespace(at: path)
        } catch {
            // Another kind of namespace, or gone meanwhile.
            if !error.isShortage { return nil }
        }
        return FileIdentity(status)
    }
}
