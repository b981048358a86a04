import CLinux
import Glibc
import System

/// A mount that is in no mount namespace's tree yet (fsmount(2), open_tree(2)). It goes with the value unless it is attached.
struct DetachedMount: ~Copyable {
    let descriptor: FileDescriptor

    private init(owning number: CInt) { descriptor = FileDescriptor(owning: number) }

    /// A file system of its own.
    ///
    /// Paths among the options are those of the calling thread's mount namespace.
    init(
        _ type: String, _ options: [(key: String, value: String)], attributes: UInt64 = 0
    ) throws(SystemCallError) {
        let context = FileDescriptor(owning: try systemCall("fsopen", type) { nslab_fsopen(type) })
        for (key, value) in [("source", "nslab")] + options {
            try systemCall("fsconfig", "\(type): \(key)") { nslab_fsconfig_string(context.number, key, value) }
        }
        try systemCall("fsconfig", type) { nslab_fsconfig_create(context.number) }
        self.init(owning: try systemCall("fsmount", type) { nslab_fsmount(context.number, UInt32(attributes)) })
    }

    /// A directory, copy on write. Devices in it are none.
    ///
    /// - Parameters:
    ///   - lower: the directory.
    ///   - path: its path, as mount tables are to show it.
    ///   - layers: the directory that is made for what is written.
    init(over lower: borrowing FileDescriptor, _ path: String, layers: String) throws(SystemCallError) {
        var status = stat()
        try systemCall("fstat", path) { fstat(lower.number, &status) }
        try Directory.make(layers, mode: 0o755)
        try Directory.make("\(layers)/work", mode: 0o755)
        // What the upper directory is, the merged one is, too.
        try Directory.make("\(layers)/upper", mode: status.st_mode & 0o7777)
        try systemCall("chown", path) { chown("\(layers)/upper", status.st_uid, status.st_gid) }
        // A path in an option cannot have these (fs/overlayfs/params.c; before Linux 6.5, fs/fs_context.c).
        let name = path.contains { ":,\\".contains($0) } ? "/proc/thread-self/fd/\(lower.number)" : path
        try self.init(
            "overlay", [("lowerdir", name), ("upperdir", "\(layers)/upper"), ("workdir", "\(layers)/work")],
            attributes: NSLAB_MOUNT_ATTR_NODEV)
    }

    /// A second view of an open file or directory.
    init(of file: borrowing FileDescriptor, _ path: String) throws(SystemCallError) {
        self.init(owning: try systemCall("open_tree", path) { nslab_clone_mount(file.number, "", 0) })
    }

    /// A second view of what is at a path, without what is mounted below it unless that is asked for.
    init(
        of path: String, below directory: CInt = AT_FDCWD, withThoseBelow: Bool = false
    ) throws(SystemCallError) {
        self.init(
            owning: try systemCall("open_tree", path) {
                nslab_clone_mount(directory, path, withThoseBelow ? 1 : 0)
            })
    }

    /// Sets and clears attributes of the mount (mount_setattr(2)).
    func set(_ attributes: UInt64, clear: UInt64 = 0, withThoseBelow: Bool = false) throws(SystemCallError) {
        try systemCall("mount_setattr", "mount") {
            nslab_set_mount_attributes(descriptor.number, attributes, clear, 0, withThoseBelow ? 1 : 0)
        }
    }

    /// Puts the mount into the calling thread's mount namespace.
    ///
    /// - Parameter directory: what a path that is not absolute begins at; the mount point itself where the path is empty.
    borrowing func attach(at path: String, below directory: CInt = AT_FDCWD) throws(SystemCallError) {
        if path.isEmpty { return try move(to: directory, path) }
        let mountPoint = try FileDescriptor(holding: path, below: directory)
        try move(to: mountPoint.number, path)
    }

    private borrowing func move(to mountPoint: CInt, _ path: String) throws(SystemCallError) {
        try systemCall("move_mount", path) { nslab_attach_mount(descriptor.number, mountPoint, "") }
    }
}

/// Mounts that are ready, in the order in which they are attached.
final class PendingMounts {
    private final class Entry {
        let mount: DetachedMount
        let path: String
        let mountPoint: MountPoint

        init(_ mount: consuming DetachedMount, _ path: String, _ mountPoint: MountPoint) {
            self.mount = mount
            self.path = path
            self.mountPoint = mountPoint
        }
    }

    /// What is at a path before something is mounted on it.
    enum MountPoint {
        /// A file or directory that has to be there.
        case present
        /// One that may be missing: then the mount is left out.
        case optional
    }

    private var entries: [Entry] = []

    func add(_ mount: consuming DetachedMount, at path: String, _ mountPoint: MountPoint = .present) {
        entries.append(Entry(mount, path, mountPoint))
    }

    /// Attaches all to the calling thread's mount namespace.
    func attach() throws(SystemCallError) {
        for entry in entries {
            do throws(SystemCallError) {
                try entry.mount.attach(at: entry.path)
            } catch {
                guard entry.mountPoint == .optional, error.errno == ENOENT || error.errno == ENOTDIR else {
                    throw error
                }
            }
        }
        entries = []
    }
}
