import CLinux
import Glibc
import NetworkNamespaces
import System

/// The roots of a lab's hosts: one file system in memory of bounded size, on a directory of the lab's state. Below it each host
/// that has been used has a directory, with what was written in its root and the pins of its mount, UTS and IPC namespaces.
///
/// The file system's mount is private, as one must be that a mount namespace is pinned on, and open to root alone: a host may
/// make programs there that run as root.
public struct RootStore: Sendable {
    /// The directory of the lab's state.
    public let path: String
    /// What the file system's mount says about whose it is, as its source: so it is found wherever it is, and whatever became of
    /// the lab's state.
    public let mark: String

    /// The roots that are kept on a directory.
    public init(path: String, mark: String) {
        self.path = path
        self.mark = mark
    }

    /// All that are mounted here, wherever they are.
    ///
    /// - Parameter prefix: what the marks begin with.
    public static func mounted(markedBy prefix: String) throws(SystemCallError) -> [RootStore] {
        try MountTable(ofThread: ()).mounts
            .filter { $0.type == "tmpfs" && $0.source.hasPrefix(prefix) }
            .map { RootStore(path: $0.path, mark: $0.source) }
    }

    // MARK: The file system

    /// Whether the file system is there.
    var isMounted: Bool {
        var own = stat()
        var above = stat()
        return lstat(path, &own) == 0 && lstat("\(path)/..", &above) == 0 && own.st_dev != above.st_dev
    }

    /// The device number of the file system; nil if it is not there. What is in a host's root has its `/run` there, also where it
    /// has left the host's network namespace.
    public var device: UInt64? { isMounted ? FileIdentity(at: path)?.device : nil }

    /// Makes the file system, if it is not there. The caller holds the lab's lock.
    func prepare() throws(SystemCallError) {
        _ = try Directory.make(path)
        if !isMounted {
            try systemCall("mount", path) {
                mount(mark, path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), "mode=0700,\(Self.bounds)")
            }
        }
        // One that was just made where mounts are shared is shared, too.
        try systemCall("mount", path) { mount("", path, "none", UInt(MS_PRIVATE), nil) }
    }

    /// How many bytes there is room for: a quarter of the machine's memory, a GiB at most.
    static var size: Int {
        max(64 << 20, min(1 << 30, MachineMemory.size / 4))
    }

    /// The file system's bounds. What the kernel keeps of each file is about a KiB.
    private static var bounds: String { "size=\(size),nr_inodes=\(size >> 12)" }

    /// Removes all roots and what was written in them. What still runs in one keeps it until it ends. None is no error.
    public func remove() throws(SystemCallError) {
        // The pins go with what they are mounted on. More than one is there if somebody mounted on it.
        while isMounted {
            try systemCall("umount", path) { umount2(path, CInt(MNT_DETACH | UMOUNT_NOFOLLOW)) }
        }
        if rmdir(path) != 0, errno != ENOENT { throw SystemCallError("rmdir", path) }
    }

    // MARK: Roots

    func directory(of name: String) -> String { "\(path)/\(name)" }

    /// The root of a host that has been used; nil if it has none yet.
    public func root(of name: String) throws(SystemCallError) -> HostRoot? {
        let directory = directory(of: name)
        // The mount namespace is pinned last: where it is, all is.
        guard Self.isNamespace("\(directory)/mnt") else { return nil }
        return try HostRoot.open(directory)
    }

    /// Makes the root of a host that has none. The caller holds the lab's lock.
    ///
    /// - Parameters:
    ///   - namespace: the path of the host's network namespace.
    /// - Returns: why binds are left out that cannot be had.
    @discardableResult
    public func make(
        _ name: String, _ content: RootContent, namespace: String
    ) throws(SystemCallError) -> [SystemCallError] {
        do throws(SystemCallError) {
            try prepare()
        } catch {
            // Only where it is not mounted.
            rmdir(path)
            throw error
        }
        // The kernel pins a mount namespace only within one of a lower number (`mnt_ns_loop` in fs/namespace.c), and Linux 6.18
        // gives numbers out by processor: on the one that the own namespace was made on, that of a new one is higher.
        var refusal: SystemCallError?
        for processor in [nil] + Processors.allowed.map(Optional.some) {
            do throws(SystemCallError) {
                return try make(name, content, namespace: namespace, on: processor)
            } catch {
                let isLast = error.call != "mount" || error.errno != EINVAL || processor == Processors.allowed.last
                removeUnused(name, withStore: isLast)
                if isLast { throw error }
                refusal = error
            }
        }
        throw refusal ?? SystemCallError("mount", path, errno: EINVAL)
    }

    /// Removes what there is of a root that could not be made. What cannot be removed is in nobody's way.
    ///
    /// - Parameter withStore: whether the file system goes, too, if it is there for no other root.
    private func removeUnused(_ name: String, withStore: Bool) {
        let before = Set(Directory.names(path))
        do throws(SystemCallError) {
            try discard(name)
            for new in Set(Directory.names(path)).subtracting(before) { Self.removeTree("\(path)/\(new)") }
            if withStore, Directory.names(path).isEmpty { try remove() }
        } catch {
            // The reason why it could not be made says more than this one.
        }
    }

    /// Removes a directory in which no program of the host's was.
    private static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in Directory.names(path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }

    private func make(
        _ name: String, _ content: RootContent, namespace: String, on processor: Int?
    ) throws(SystemCallError) -> [SystemCallError] {
        try discard(name)
        let directory = directory(of: name)
        let made = try RootMaking(
            directory: directory, content: content, namespace: namespace, seed: seed, processor: processor
        ).run()
        defer { for number in made.namespaces { close(number) } }
        try BindRecord.write(made.bound, directory)
        for (number, namespace) in zip(made.namespaces, RootMaking.namespaces) {
            let pin = "\(directory)/\(namespace.name)"
            do { _ = try FileDescriptor(opening: pin, O_WRONLY | O_CREAT | O_EXCL) }
            try systemCall("mount", pin) { mount("/proc/self/fd/\(number)", pin, "none", UInt(MS_BIND), nil) }
        }
        return made.leftOut
    }

    /// The pin of the mount namespace of any root that is there.
    private var seed: String? {
        Directory.names(path).lazy.map { "\(path)/\($0)/mnt" }.first { Self.isNamespace($0) }
    }

    /// Gives up a host's root, so that its next use begins with a new one. What was written in it takes memory until ``remove()``.
    public func discard(_ name: String) throws(SystemCallError) {
        let directory = directory(of: name)
        for pin in RootMaking.namespaces.reversed().map({ "\(directory)/\($0.name)" }) where Self.isNamespace(pin) {
            try systemCall("umount", pin) { umount2(pin, CInt(MNT_DETACH)) }
        }
        var number = 0
        while rename(directory, "\(path)/.\(number)") != 0 {
            if errno == ENOENT { return }
            guard errno == EEXIST || errno == ENOTEMPTY else { throw SystemCallError("rename", directory) }
            number += 1
        }
    }

    private static func isNamespace(_ path: String) -> Bool {
        var filesystem = statfs()
        return statfs(path, &filesystem) == 0 && filesystem.f_type == NSFS_MAGIC
    }
}

extension RootStore {
    /// Tries, in a mount namespace that is thrown away, to make an overlay of the machine's root.
    ///
    /// - Returns: why there can be none; nil if there can.
    public static func overlayRefusal() -> SystemCallError? {
        do {
            try Background {
                try systemCall("unshare", "/") { unshare(CLONE_NEWNS) }
                try systemCall("mount", "/") { mount("", "/", "none", UInt(MS_PRIVATE | MS_REC), nil) }
                try systemCall("mount", "/run") { mount("nslab", "/run", "tmpfs", 0, nil) }
                let root = try FileDescriptor(opening: "/", NSLAB_O_PATH | O_DIRECTORY)
                _ = try DetachedMount(over: root, "/", layers: "/run/trial")
            }.value()
            return nil
        } catch {
            return error as? SystemCallError ?? SystemCallError("mount", "/", errno: EINVAL)
        }
    }
}
