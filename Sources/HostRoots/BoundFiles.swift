import CLinux
import Glibc
import System

/// The files and directories of the machine's that a root is to show at places of its host's choice.
struct BoundFiles: ~Copyable {
    /// One that is ready. A class, because an array holds no values that cannot be copied.
    private final class Ready {
        let mount: DetachedMount
        let isDirectory: Bool

        init(_ mount: consuming DetachedMount, isDirectory: Bool) {
            self.mount = mount
            self.isDirectory = isDirectory
        }
    }

    /// What was made of each, and the mount if it could be made ready.
    private var entries: [(record: BindRecord, ready: Ready?)] = []
    private var leftOut: [SystemCallError] = []

    /// Makes them ready, while the machine's paths lead to what they mean. One that cannot be had keeps no other.
    ///
    /// - Parameters:
    ///   - directory: where in the store what is written to them is kept.
    ///   - first: the first of the numbers there that are free.
    init(_ binds: [RootContent.Bind], directory: String, from first: Int = 0) {
        for (index, bind) in binds.enumerated() {
            var record = BindRecord(bind, number: first + index)
            do throws(SystemCallError) {
                let source = try Self.source(bind)
                record.source = try Self.state(of: source)
                entries.append((record, try Self.ready(bind, source, "\(directory)/\(record.number)")))
            } catch {
                if record.source.isEmpty { record.source = Self.state(error) }
                leftOut.append(error)
                entries.append((record, nil))
            }
        }
    }

    // MARK: Sources

    /// A hold on what a bind shows. Whatever somebody makes of the path meanwhile, it leads nowhere else.
    private static func source(_ bind: RootContent.Bind) throws(SystemCallError) -> FileDescriptor {
        let base = try FileDescriptor(holding: bind.directory, O_DIRECTORY, .withoutLinks)
        return try FileDescriptor(holding: bind.path.isEmpty ? "." : bind.path, below: base.number, 0, .beneath)
    }

    /// What tells whether a bind would show something else now: which directory it is; which file, and its last change.
    static func state(_ bind: RootContent.Bind) -> String {
        do throws(SystemCallError) { return try state(of: source(bind)) } catch { return state(error) }
    }

    private static func state(of source: borrowing FileDescriptor) throws(SystemCallError) -> String {
        var status = stat()
        try systemCall("fstat", "file") { fstat(source.number, &status) }
        let identity = "\(FileIdentity(status))"
        if status.st_mode & S_IFMT == S_IFDIR { return identity }
        return "\(identity):\(status.st_size):\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private static func state(_ error: SystemCallError) -> String { "\(error.errno)" }

    private static func ready(
        _ bind: RootContent.Bind, _ source: borrowing FileDescriptor, _ own: String
    ) throws(SystemCallError) -> Ready {
        let path = bind.path.isEmpty ? bind.directory : "\(bind.directory)/\(bind.path)"
        var status = stat()
        try systemCall("fstat", path) { fstat(source.number, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR where !bind.isReadOnly:
            return Ready(try DetachedMount(over: source, source.ownPath, layers: own), isDirectory: true)
        case S_IFREG where !bind.isReadOnly:
            return Ready(try copy(source, status, path, to: own), isDirectory: false)
        case S_IFDIR, S_IFREG:
            let view = try DetachedMount(of: source, path)
            try view.set(NSLAB_MOUNT_ATTR_RDONLY | NSLAB_MOUNT_ATTR_NODEV)
            return Ready(view, isDirectory: status.st_mode & S_IFMT == S_IFDIR)
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
        let file = try FileDescriptor(opening: source.ownPath, O_RDONLY | O_NONBLOCK)
        let bytes = try file.readAll(path, limit: mostBytes)
        let mode = status.st_mode & 0o7777
        let copy = try FileDescriptor(opening: own, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        try copy.write(bytes, own)
        try systemCall("fchown", own) { fchown(copy.number, status.st_uid, status.st_gid) }
        // The owner's change takes the bits of set-user-ID programs along.
        try systemCall("fchmod", own) { fchmod(copy.number, mode) }
        return try DetachedMount(of: own)
    }

    // MARK: In the root

    /// Shows them, and makes what they are shown on where it is missing.
    ///
    /// - Returns: what became of each, and why some are left out.
    consuming func attach() -> (records: [BindRecord], leftOut: [SystemCallError]) {
        var leftOut = leftOut
        var records: [BindRecord] = []
        for (record, ready) in entries {
            var record = record
            if let ready {
                do throws(SystemCallError) {
                    let target = record.bind.target
                    let place = try Self.mountPoint(target, isDirectory: ready.isDirectory)
                    try ready.mount.attach(at: "", below: place.number)
                    record.mount = try FileDescriptor(holding: target).mount(target)
                } catch {
                    leftOut.append(error)
                }
            }
            records.append(record)
        }
        return (records, leftOut)
    }

    /// Takes one away again, in the calling thread's mount namespace. What programs of the host have put in its place is let be.
    static func detach(_ record: BindRecord) throws(SystemCallError) {
        guard let mount = record.mount else { return }
        do throws(SystemCallError) {
            let place = try FileDescriptor(holding: record.bind.target)
            guard try place.mount(record.bind.target) == mount else { return }
            try systemCall("umount", record.bind.target) { umount2(place.ownPath, CInt(MNT_DETACH)) }
        } catch {
            if !error.isNoSuchFile { throw error }
        }
    }

    /// What a bind is shown on, which is made where it is missing: in the root, whatever links are in what other binds show.
    private static func mountPoint(_ path: String, isDirectory: Bool) throws(SystemCallError) -> FileDescriptor {
        let names = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        var place = try FileDescriptor(holding: "/", O_DIRECTORY)
        for (index, name) in names.enumerated() {
            let reached = "/" + names[...index].joined(separator: "/")
            let isDirectory = isDirectory || index < names.count - 1
            do throws(SystemCallError) {
                place = try FileDescriptor(holding: reached, isDirectory ? O_DIRECTORY : 0)
            } catch {
                guard error.isNoSuchFile else { throw error }
                try make(name, in: place, reached, isDirectory: isDirectory)
                place = try FileDescriptor(holding: reached, isDirectory ? O_DIRECTORY : 0)
            }
        }
        var filesystem = statfs()
        try systemCall("fstatfs", path) { fstatfs(place.number, &filesystem) }
        // The kernel's own files, which no bind stands in for.
        if filesystem.f_type == PROC_SUPER_MAGIC || filesystem.f_type == SYSFS_MAGIC {
            throw SystemCallError("mount", path, errno: EPERM)
        }
        return place
    }

    private static func make(
        _ name: String, in directory: borrowing FileDescriptor, _ path: String, isDirectory: Bool
    ) throws(SystemCallError) {
        let mode: mode_t = isDirectory ? 0o755 : 0o644
        try systemCall(isDirectory ? "mkdir" : "mknod", path) {
            isDirectory ? mkdirat(directory.number, name, mode) : mknodat(directory.number, name, S_IFREG | mode, 0)
        }
        // Whatever the umask(2).
        try systemCall("chmod", path) { fchmodat(directory.number, name, mode, 0) }
    }
}
