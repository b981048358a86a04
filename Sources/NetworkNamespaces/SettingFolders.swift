import CLinux
import Glibc
import System

/// The folders of `/proc/sys/net` of one network namespace, each opened once.
///
/// The kernel keeps the folder `ipv4` of every network namespace in one hash chain of its file system, and compares with all of them on
/// the way (`proc_sys_compare` in fs/proc/proc_sysctl.c): with 1,100 namespaces that took more than reading the setting. So whoever goes
/// through many namespaces looks in a procfs of its own, which nobody else sees.
final class SettingFolders {
    private var folders: [Substring: Folder] = [:]
    private let instances: ProcInstances?
    private var root: ProcInstance?

    /// - Parameter instances: those of the thread; nil to look in the one that all see.
    init(_ instances: ProcInstances?) { self.instances = instances }

    private final class Folder {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    /// Opens a file or folder below `/proc/sys/net`.
    func open(_ path: String, _ flags: CInt) throws(SystemCallError) -> FileDescriptor {
        let full = "/proc/sys/net/\(path)"
        let first = path.prefix { $0 != "/" }
        let rest = path.dropFirst(first.count + 1)
        let folder: Folder
        if let known = folders[first] {
            folder = known
        } else {
            if folders.isEmpty { root = instances?.next() }
            let opened = try open(top: String(first), rest.isEmpty ? flags : O_RDONLY | O_DIRECTORY)
            if rest.isEmpty { return opened }
            folder = Folder(opened)
            folders[first] = folder
        }
        return try FileDescriptor(opening: rest.isEmpty ? "." : String(rest), in: folder.descriptor, flags, path: full)
    }

    private func open(top name: String, _ flags: CInt) throws(SystemCallError) -> FileDescriptor {
        let full = "/proc/sys/net/\(name)"
        guard let root else { return try FileDescriptor(opening: full, flags) }
        return try FileDescriptor(opening: "sys/net/\(name)", in: root.mount, flags, path: full)
    }
}

/// A procfs that is mounted nowhere (fsmount(2)), gone with the last descriptor of it.
///
/// A class, because several namespaces are looked at in one.
final class ProcInstance {
    let mount: FileDescriptor

    /// Since Linux 5.8 each is a file system of its own; before, they share what they know, and are no quicker. Nil where there can be none.
    fileprivate init?() {
        let context = nslab_fsopen("proc")
        guard context >= 0 else { return nil }
        defer { close(context) }
        guard nslab_fsconfig_create(context) == 0 else { return nil }
        let mount = nslab_fsmount(context, 0)
        guard mount >= 0 else { return nil }
        self.mount = FileDescriptor(owning: mount)
    }
}

/// Where one thread that goes from namespace to namespace looks for their settings.
final class ProcInstances {
    private var count = 0
    private var instance: ProcInstance?
    private var isRefused = false

    /// After so many namespaces another is made: one costs about as much as looking through a chain of that length.
    private static let length = 48

    /// The one to look at another namespace in; nil for the one that all see: the first namespaces are not worth another, and whoever may not
    /// mount has none.
    func next() -> ProcInstance? {
        count += 1
        if isRefused || count <= Self.length { return nil }
        if count % Self.length == 1 {
            instance = ProcInstance()
            isRefused = instance == nil
        }
        return instance
    }
}
