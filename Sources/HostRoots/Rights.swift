import CLinux
import Glibc
import NetworkNamespaces
import System

/// What a command in a host's root may do.
public enum Rights: Sendable {
    /// What the one who runs it may do: it sees the machine's processes and may attach programs to its kernel.
    case full
    /// What a program in a container may do that has its network to itself: for what a lab's files bring.
    case confined
}

/// What a command with `Rights.confined` gives up for good before it begins. It is in its host's root already, in a mount
/// namespace of its own.
enum CommandConfinement {
    /// What of `/proc` is the machine's, and not to be written (those that Docker and containerd have so).
    private static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"]
    /// What of `/proc` and `/sys` is not even to be read.
    private static let hidden = [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/sys/devices/virtual/powercap", "/sys/firmware",
    ]

    /// The environment of a program that knows nothing of who started it.
    static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8",
    ]

    static func apply() throws(SystemCallError) {
        try restrictInterfaces()
        limitResources()
        try keepToItself()
        try Capabilities.contain()
        guard filter.install() else { throw SystemCallError("seccomp", "process", errno: ENOSYS) }
    }

    // MARK: What it sees

    private static func restrictInterfaces() throws(SystemCallError) {
        // Of the settings those of the network alone are the host's own.
        try remount("/proc/sys", set: NSLAB_MOUNT_ATTR_RDONLY)
        try remount("/proc/sys/net", clear: NSLAB_MOUNT_ATTR_RDONLY)
        for path in readOnly where access(path, F_OK) == 0 { try remount(path, set: NSLAB_MOUNT_ATTR_RDONLY) }
        for path in hidden {
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            let cover =
                status.st_mode & S_IFMT == S_IFDIR
                ? try DetachedMount("tmpfs", [("size", "0"), ("mode", "555")], attributes: NSLAB_MOUNT_ATTR_RDONLY)
                : try DetachedMount(of: "/dev/null")
            try cover.attach(at: path)
        }
        let interfaces = try DetachedMount(of: "/sys", withThoseBelow: true)
        try interfaces.set(NSLAB_MOUNT_ATTR_RDONLY, withThoseBelow: true)
        try interfaces.attach(at: "/sys")
    }

    private static func remount(_ path: String, set: UInt64 = 0, clear: UInt64 = 0) throws(SystemCallError) {
        let view = try DetachedMount(of: path)
        try view.set(set, clear: clear)
        try view.attach(at: path)
    }

    // MARK: What it takes

    /// Bounds what one process may take. What is written is bounded by the store.
    private static func limitResources() {
        let memory = max(0, sysconf(CInt(_SC_PHYS_PAGES))) * max(0, sysconf(CInt(_SC_PAGESIZE)))
        for (resource, most) in [(RLIMIT_CORE, 0), (RLIMIT_DATA, max(256 << 20, memory / 4)), (__RLIMIT_NPROC, 4096)] {
            var limit = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(most))
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
        // Where memory runs short this ends first, and not what the machine is for.
        try? FileDescriptor(opening: "/proc/self/oom_score_adj", O_WRONLY).write(Array("1000".utf8), "oom_score_adj")
    }

    // MARK: What it reaches

    /// Keeps it from looking into processes that are not its own, and from sending them signals, where the kernel can (Linux 5.19;
    /// signals 6.12).
    private static func keepToItself() throws(SystemCallError) {
        try systemCall("prctl", "process") { nslab_prctl(PR_SET_NO_NEW_PRIVS, 1) }
        let version = nslab_landlock_version()
        guard version >= 2 else { return }
        let canScope = version >= 6
        let ruleset = FileDescriptor(
            owning: try systemCall("landlock_create_ruleset", "process") {
                canScope
                    ? nslab_landlock_ruleset(0, NSLAB_LANDLOCK_SCOPE_SIGNAL)
                    : nslab_landlock_ruleset(NSLAB_LANDLOCK_ACCESS_FS_REFER, 0)
            })
        if !canScope {
            // An older one is about files: all of them may be moved as ever.
            let root = try FileDescriptor(opening: "/", NSLAB_O_PATH | O_DIRECTORY)
            try systemCall("landlock_add_rule", "process") {
                nslab_landlock_allow(ruleset.number, NSLAB_LANDLOCK_ACCESS_FS_REFER, root.number)
            }
        }
        try systemCall("landlock_restrict_self", "process") { nslab_landlock_restrict(ruleset.number) }
    }

    private static var filter: SystemCallFilter {
        let calls = withUnsafeBytes(of: nslab_machine_calls) { Array($0.bindMemory(to: CInt.self)) }
            .prefix(nslab_machine_call_count)
        var refusals = calls.map { SystemCallFilter.Refusal($0) }
        refusals += [
            .init(CInt(SYS_clone), .bits(0, nslab_namespace_flags)),
            // Its flags are in memory, where a filter cannot look; the C library takes the older call then.
            .init(CInt(SYS_clone3), errno: ENOSYS),
            // Typing on a terminal that it shares with the one who started it (TIOCSTI, TIOCLINUX).
            .init(CInt(SYS_ioctl), .value(1, 0x5412)), .init(CInt(SYS_ioctl), .value(1, 0x541C)),
            // To the hypervisor (AF_VSOCK).
            .init(CInt(SYS_socket), .value(0, 40)),
            // To all processes at once.
            .init(CInt(SYS_kill), .value(0, UInt32.max)),
        ]
        return SystemCallFilter(refusals)
    }
}
