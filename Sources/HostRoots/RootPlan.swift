/// How a machine's mounts are to be seen in a host's root.
public struct RootPlan: Hashable, Sendable {
    /// One of the machine's mounts in a host's root.
    public struct Layer: Hashable, Sendable {
        /// Where it is, on the machine and in the root.
        public var path: String
        /// How it is seen there.
        public var view: View
    }

    /// How one of the machine's file systems is seen.
    public enum View: Hashable, Sendable {
        /// Copy on write (overlayfs).
        case overlay
        /// As it is, and not to be written.
        case readOnly
    }

    /// The mounts to make, each after the one that it is on; the first is the root itself.
    public var layers: [Layer]

    /// What every root has for itself, so that nothing of the machine's is seen there.
    public static let privateTrees = ["/dev", "/proc", "/run", "/sys"]

    /// The files that every root has for itself.
    public static let privateFiles = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]

    /// Where container runtimes mount what belongs to their containers alone.
    private static let containerTrees = [
        "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet", "/var/lib/lxc",
        "/var/lib/machines",
    ]

    /// File systems that hold no files but are interfaces of the kernel's, or mount others when they are looked at.
    private static let interfaces: Set = [
        "autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
        "efivarfs",
        "fusectl", "hugetlbfs", "mqueue", "nfsd", "proc", "pstore", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs",
        "smackfs", "sysfs", "tracefs",
    ]

    /// How the mounts of a table are seen.
    ///
    /// Each real file system is an overlay of its own, for an overlay of `/` leaves out what is mounted below it. What the
    /// machine itself has read-only stays so, but for `/etc`, where every host has files of its own.
    public init(_ table: MountTable) {
        layers = table.reachable.compactMap { mount in
            if mount.path == "/" { return Layer(path: "/", view: .overlay) }
            if Self.interfaces.contains(mount.type) || Self.privateFiles.contains(mount.path)
                || Self.privateTrees.contains(where: { mount.path == $0 || mount.path.hasPrefix($0 + "/") })
                || Self.containerTrees.contains(where: { mount.path.hasPrefix($0 + "/") })
            {
                return nil
            }
            return Layer(path: mount.path, view: mount.isReadOnly && mount.path != "/etc" ? .readOnly : .overlay)
        }
    }
}
