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

    /// - Parameter desk: where somebody waits for the calls that the filter asks about; nil for nobody.
    static func apply(_ desk: CInt?) throws(SystemCallError) {
        limitResources()
        try restrictInterfaces()
        try Capabilities.contain()
        if let desk, let listener = filter.installListening() {
            let word: [UInt8] = [1]
            let socket = FileDescriptor(owning: desk)
            return try socket.send(word.span, with: AncillaryItem(descriptors: [listener.number]), "process")
        }
        guard filter.install() else { throw SystemCallError("seccomp", "process", errno: ENOSYS) }
    }

    // MARK: What it sees

    private static func restrictInterfaces() throws(SystemCallError) {
        // Of the kernel's settings those of the network alone are the host's own. Of its processes it sees those that it may.
        let processes: DetachedMount
        do throws(SystemCallError) {
            processes = try DetachedMount("proc", [])
        } catch {
            // In a container that sees a part of it there can be no whole one.
            processes = try DetachedMount(of: "/proc", withThoseBelow: true)
        }
        let settings = try DetachedMount(of: "/proc/sys/net")
        try processes.set(NSLAB_MOUNT_ATTR_RDONLY, withThoseBelow: true)
        try processes.attach(at: "/proc")
        try settings.attach(at: "/proc/sys/net")
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

    // MARK: What it takes

    /// Bounds what one process may take. How many there may be, their first process sees to; what is written is bounded by the
    /// store.
    private static func limitResources() {
        for (resource, most) in [(RLIMIT_CORE, 0), (RLIMIT_DATA, max(256 << 20, MachineMemory.size / 4))] {
            var limit = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(most))
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
        // Where memory runs short this ends first, and not what the machine is for.
        try? FileDescriptor(opening: "/proc/self/oom_score_adj", O_WRONLY).write(Array("1000".utf8), "oom_score_adj")
    }

    // MARK: What it reaches

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
            // Files in memory that no limit counts; C libraries and programs that would like one take another.
            .init(CInt(SYS_memfd_create), errno: ENOSYS), .init(447 /* memfd_secret */, errno: ENOSYS),
            // To the kernel's ciphers, which all networks share (NETLINK_CRYPTO).
            .init(CInt(SYS_socket), .value(2, 21)),
            // To the hypervisor (AF_VSOCK).
            .init(CInt(SYS_socket), .value(0, 40)),
            // To all processes at once.
            .init(CInt(SYS_kill), .value(0, UInt32.max)),
        ]
        return SystemCallFilter(refusals, asking: [CInt(SYS_capset)])
    }
}
