import CLinux
import Glibc
import System

/// The files and directories of the machine's that a root shows at places of its host's choice.
struct BoundFiles: ~Copyable {
    /// One that is ready. A class, because an array holds no values that cannot be copied.
    private final class Ready {
        let mount: DetachedMount
        let target: String
        let isDirectory: Bool

        init(_ mount: consuming DetachedMount, _ target: String, isDirectory: Bool) {
            self.mount = mount
            self.target = target
            self.isDirectory = isDirectory
        }
    }

    private var ready: [Ready] = []
    private var leftOut: [SystemCallError] = []

    /// Makes them ready, while the machine's paths lead to what they mean. One that cannot be had keeps no other.
    ///
    /// - Parameter directory: where in the store what is written to them is kept.
    init(_ binds: [RootContent.Bind], directory: String) {
        for (index, bind) in binds.enumerated() {
            do throws(SystemCallError) {
                ready.append(try Self.ready(bind, "\(directory)/\(index)"))
            } catch {
                leftOut.append(error)
            }
        }
    }

    private static func ready(_ bind: RootContent.Bind, _ own: String) throws(SystemCallError) -> Ready {
        let path = bind.path.isEmpty ? bind.directory : "\(bind.directory)/\(bind.path)"
        let base = try FileDescriptor(opening: bind.directory, NSLAB_O_PATH | O_DIRECTORY)
        // Whatever somebody makes of the path meanwhile, it leads nowhere else.
        let source = FileDescriptor(
            owning: try systemCall("openat2", path) {
                nslab_openat2(
                    base.number, bind.path.isEmpty ? "." : bind.path, UInt64(NSLAB_O_PATH | O_CLOEXEC),
                    NSLAB_RESOLVE_BENEATH | NSLAB_RESOLVE_NO_MAGICLINKS)
            })
        var status = stat()
        try systemCall("fstat", path) { fstat(source.number, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR where !bind.isReadOnly:
            return Ready(try DetachedMount(over: source, path, layers: own), bind.target, isDirectory: true)
        case S_IFREG where !bind.isReadOnly:
            return Ready(try copy(source, status, path, to: own), bind.target, isDirectory: false)
        case S_IFDIR, S_IFREG:
            let view = try DetachedMount(of: source, path)
            try view.set(NSLAB_MOUNT_ATTR_RDONLY | NSLAB_MOUNT_ATTR_NODEV)
            return Ready(view, bind.target, isDirectory: status.st_mode & S_IFMT == S_IFDIR)
        // A device, or a socket that somebody on the machine listens at.
        default: throw SystemCallError("open", path, errno: EACCES)
        }
    }

    /// The most bytes of a file that is copied.
    private static let mostBytes = 256 << 20

    /// A copy of a file, which the host may write to.
    private static func copy(
        _ source: borrowing FileDescriptor, _ status: stat, _ path: String, to own: String
    ) throws(SystemCallError) -> DetachedMount {
        let file = try FileDescriptor(opening: "/proc/thread-self/fd/\(source.number)", O_RDONLY | O_NONBLOCK)
        let bytes = try file.readAll(path, limit: mostBytes)
        let mode = status.st_mode & 0o7777
        let copy = try FileDescriptor(opening: own, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        try copy.write(bytes, own)
        try systemCall("fchown", own) { fchown(copy.number, status.st_uid, status.st_gid) }
        // The owner's change takes the bits of set-user-ID programs along.
        try systemCall("fchmod", own) { fchmod(copy.number, mode) }
        return try DetachedMount(of: own)
    }

    /// In the root: shows them, and makes what they are shown on where it is missing.
    ///
    /// - Returns: why some are left out.
    consuming func attach() -> [SystemCallError] {
        var leftOut = leftOut
        for bind in ready {
            do throws(SystemCallError) {
                try Self.makeMountPoint(bind.target, isDirectory: bind.isDirectory)
                try bind.mount.attach(at: bind.target)
            } catch {
                leftOut.append(error)
            }
        }
        return leftOut
    }

    private static func makeMountPoint(_ path: String, isDirectory: Bool) throws(SystemCallError) {
        for end in path.indices.dropFirst() where path[end] == "/" { _ = try Directory.make(String(path[..<end])) }
        if isDirectory {
            _ = try Directory.make(path)
        } else if access(path, F_OK) != 0 {
            _ = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_NONBLOCK, mode: 0o644)
        }
    }
}
