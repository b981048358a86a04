import CLinux
import Glibc
import NetworkNamespaces
import System

/// Makes a host's root in a directory of the lab's store.
struct RootMaking: Sendable {
    /// The host's directory in the store.
    let directory: String
    let content: RootContent
    /// The path of the host's network namespace, which its `/sys` tells of.
    let namespace: String
    /// The pin of another root's mount namespace to begin from, whose table is short: the machine's, which is copied otherwise, has
    /// every lab's pins in it. Nil for the machine's.
    var seed: String?
    /// The processor to make it on; nil for any.
    var processor: Int?

    /// The namespaces of a root, as the kernel calls their files: the mount namespace last, so that where it is, all are.
    static let namespaces: [(name: String, flag: CInt)] = [
        ("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS), ("mnt", CLONE_NEWNS),
    ]

    /// What a making leads to.
    struct Made: Sendable {
        /// Descriptors of the namespaces, in their order, which the caller closes.
        var namespaces: [CInt]
        /// What became of the binds.
        var bound: [BindRecord]
        /// Why some of them are left out.
        var leftOut: [SystemCallError]
    }

    /// Makes it, on a thread that ends with it; the calling one stays where it is.
    func run() throws(SystemCallError) -> Made {
        do {
            return try Background {
                if let processor { try Processors.keepThread(on: processor) }
                return try make()
            }.value()
        } catch {
            throw error as? SystemCallError ?? SystemCallError("unshare", directory, errno: EINVAL)
        }
    }

    private func make() throws(SystemCallError) -> Made {
        try NetworkNamespace(at: namespace).enter()
        try makeDirectories()
        let etc = try EtcOverrides.open(directory)
        let mounts = PendingMounts()
        let root: DetachedMount
        // Now the machine's paths lead to what they mean.
        let layers = try RootPlan(MountTable(ofThread: ())).layers
        do throws(SystemCallError) {
            root = try overlay("/", 0)
            for (index, layer) in layers.enumerated().dropFirst() { add(layer, index, to: mounts) }
        } catch {
            // What is short now is there again later; a root is for the host's life.
            if error.isShortage || error.errno == ENOSPC { throw error }
            root = try readOnlyRoot(layers, mounts)
            try etc.noteReadOnlyRoot("there can be no overlay of / here (\(error.words))")
        }
        try addPrivateTrees(to: mounts)
        try etc.prepare(content.etc, mounts)
        let bound = BoundFiles(content.binds, directory: "\(directory)/binds")

        if let seed {
            let namespace = try FileDescriptor(opening: seed, O_RDONLY)
            try systemCall("unshare", "process") { unshare(CLONE_FS) }
            try systemCall("setns", "namespace of a root") { setns(namespace.number, CLONE_NEWNS) }
        }
        try systemCall("unshare", directory) { unshare(Self.namespaces.reduce(0) { $0 | $1.flag }) }
        // First, or what follows would be seen wherever the machine's mounts are shared.
        try systemCall("mount", "/") { mount("", "/", "none", UInt(MS_PRIVATE | MS_REC), nil) }
        try becomeRoot(root)
        try mounts.attach()
        try systemCall("sethostname", content.hostname) {
            sethostname(content.hostname, content.hostname.utf8.count)
        }
        Self.boundSharedMemory()
        try etc.install(content.etc)
        let (records, leftOut) = bound.attach()
        let namespaces = try Self.namespaces.map { namespace throws(SystemCallError) in
            try FileDescriptor(opening: "/proc/thread-self/ns/\(namespace.name)", O_RDONLY).release()
        }
        return Made(namespaces: namespaces, bound: records, leftOut: leftOut)
    }

    /// Bounds what programs may share by numbers (shmget(2)), in the new IPC namespace, as the store bounds files: it has no
    /// owner whose limits would. Where `/proc` cannot be written, as in some containers, the container's own limits hold.
    private static func boundSharedMemory() {
        let path = "/proc/sys/kernel/shmall"
        let pages = RootStore.size / max(1, sysconf(CInt(_SC_PAGESIZE)))
        try? FileDescriptor(opening: path, O_WRONLY).write(Array("\(pages)".utf8), path)
    }

    /// Makes a mount the root of the calling thread's mount namespace, and lets go of the one that was there: with it go the
    /// pins of other labs' namespaces, which would live on otherwise.
    private func becomeRoot(_ root: borrowing DetachedMount) throws(SystemCallError) {
        // Every root has this directory, and so has the machine.
        try root.attach(at: "/run")
        try systemCall("fchdir", "/") { fchdir(root.descriptor.number) }
        try systemCall("pivot_root", "/") { nslab_pivot_root(".", ".") }
        try systemCall("umount", "/") { umount2(".", CInt(MNT_DETACH)) }
        try systemCall("chdir", "/") { chdir("/") }
    }

    // MARK: The machine's files

    /// One of the machine's file systems, copy on write.
    ///
    /// - Parameter index: tells it from the host's other ones.
    private func overlay(_ path: String, _ index: Int) throws(SystemCallError) -> DetachedMount {
        let lower = try FileDescriptor(opening: path, NSLAB_O_PATH | O_DIRECTORY)
        return try DetachedMount(over: lower, path, layers: "\(directory)/layers/\(index)")
    }

    private func add(_ layer: RootPlan.Layer, _ index: Int, to mounts: PendingMounts) {
        do throws(SystemCallError) {
            if layer.view == .overlay { return mounts.add(try overlay(layer.path, index), at: layer.path, .optional) }
        } catch {
            // FAT and some network file systems cannot be the lower layer of one, and a single file neither.
        }
        guard let view = try? DetachedMount(of: layer.path), (try? view.set(NSLAB_MOUNT_ATTR_RDONLY)) != nil else {
            return
        }
        mounts.add(view, at: layer.path, .optional)
    }

    /// The machine's files as they are, and not to be written: where there can be no overlay.
    private func readOnlyRoot(
        _ layers: [RootPlan.Layer], _ mounts: PendingMounts
    ) throws(SystemCallError) -> DetachedMount {
        do throws(SystemCallError) {
            let root = try DetachedMount(of: "/")
            try root.set(NSLAB_MOUNT_ATTR_RDONLY)
            for layer in layers.dropFirst() {
                let view = try DetachedMount(of: layer.path)
                try view.set(NSLAB_MOUNT_ATTR_RDONLY)
                mounts.add(view, at: layer.path, .optional)
            }
            return root
        } catch {
            // In a user namespace, what it was given cannot be taken apart.
            let root = try DetachedMount(of: "/", withThoseBelow: true)
            try root.set(NSLAB_MOUNT_ATTR_RDONLY, withThoseBelow: true)
            return root
        }
    }

    // MARK: What is the host's own

    /// The directories of a root in the store, with their permissions.
    private static let directories: [(name: String, mode: mode_t)] = [
        ("", 0o755), ("layers", 0o755), ("binds", 0o755), ("etc", 0o755), ("run", 0o755), ("run/lock", 0o1777),
        ("shm", 0o1777),
        ("dev", 0o755), ("dev/pts", 0o755), ("dev/shm", 0o1777), ("dev/net", 0o755),
    ]

    /// The devices of a root: those that any program may count on, as in a container, and the one for tunnels.
    private static let devices = ["null", "zero", "full", "random", "urandom", "tty", "net/tun"]

    /// The links of a root's `/dev`.
    private static let links = [
        "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
        "ptmx": "pts/ptmx",
    ]

    private func makeDirectories() throws(SystemCallError) {
        for (name, mode) in Self.directories { try Directory.make("\(directory)/\(name)", mode: mode) }
        try ConfinedProcesses.prepare(directory)
        // The console is the terminal of whoever looks.
        for name in Self.devices + ["console"] {
            _ = try FileDescriptor(opening: "\(directory)/dev/\(name)", O_WRONLY | O_CREAT, mode: 0o666)
        }
        for (name, target) in Self.links {
            try systemCall("symlink", "/dev/\(name)") { symlink(target, "\(directory)/dev/\(name)") }
        }
    }

    private func addPrivateTrees(to mounts: PendingMounts) throws(SystemCallError) {
        mounts.add(try DetachedMount(of: "\(directory)/run"), at: "/run")
        mounts.add(try DetachedMount(of: "\(directory)/dev"), at: "/dev")
        for name in Self.devices {
            if let device = try? DetachedMount(of: "/dev/\(name)") { mounts.add(device, at: "/dev/\(name)") }
        }
        mounts.add(try DetachedMount(of: "\(directory)/shm"), at: "/dev/shm")
        if let terminals = try? DetachedMount("devpts", [("mode", "620"), ("ptmxmode", "666"), ("gid", "5")]) {
            mounts.add(terminals, at: "/dev/pts")
        }
        do throws(SystemCallError) {
            mounts.add(try DetachedMount("proc", []), at: "/proc")
        } catch {
            // In a container that sees a part of it there can be no whole one.
            mounts.add(try DetachedMount(of: "/proc", withThoseBelow: true), at: "/proc")
        }
        do throws(SystemCallError) {
            // Made inside the network namespace, so that /sys/class/net shows that one.
            mounts.add(try DetachedMount("sysfs", []), at: "/sys")
            // Not another mount of its type: that would set the machine's options anew (kernel/cgroup/cgroup.c).
            if let groups = try? DetachedMount(of: "/sys/fs/cgroup", withThoseBelow: true) {
                mounts.add(groups, at: "/sys/fs/cgroup")
            }
        } catch {
            let machines = try DetachedMount(of: "/sys", withThoseBelow: true)
            try machines.set(NSLAB_MOUNT_ATTR_RDONLY, withThoseBelow: true)
            mounts.add(machines, at: "/sys")
        }
    }
}

extension MountTable {
    /// The mounts of the calling thread's mount namespace.
    init(ofThread: ()) throws(SystemCallError) {
        let path = "/proc/thread-self/mountinfo"
        self.init(try FileDescriptor(opening: path, O_RDONLY).readAll(path, limit: 64 << 20))
    }
}
