import CLinux
import Glibc
import System

/// A command that takes this process's place inside a namespace, as `ip netns exec` runs it and with a host name besides.
public struct Command: Sendable {
    /// The pin of the network namespace.
    public var pin: String
    /// The host name the command sees; nil for the host's own.
    public var hostname: String?
    /// A folder whose files stand in for those of the same name in `/etc`; nil for none.
    public var etc: String?
    /// The program, looked up in PATH, and its arguments.
    public var arguments: [String]

    /// A command to run in a pinned namespace.
    public init(pin: String, hostname: String? = nil, etc: String? = nil, arguments: [String]) {
        self.pin = pin
        self.hostname = hostname
        self.etc = etc
        self.arguments = arguments
    }

    /// Moves this process into the namespace and becomes the command; returns only by throwing.
    ///
    /// The mount and UTS namespaces are new, so that the host sees nothing of what is mounted and named for the command.
    /// The terminal, the descriptors and the parent stay, so that signals and the exit status pass as if the command had
    /// been started directly.
    ///
    /// - Parameter warn: called with what cannot be had and the command can do without: a file of the host's that another would
    ///   stand in for and that is not there.
    /// - Throws: `SystemCallError`; from execvp(3) with `ENOENT` if there is no such program.
    public func replaceProcess(warn: (SystemCallError) -> Void) throws(SystemCallError) -> Never {
        try NetworkNamespace(at: NamedNamespaces.path(pin)).enter()
        try systemCall("unshare", pin) { unshare(CLONE_NEWNS | CLONE_NEWUTS) }
        try systemCall("mount", "/") { mount("", "/", "none", UInt(MS_SLAVE | MS_REC), nil) }
        // /sys/class/net shows the namespace that sysfs was mounted in. Where it cannot be mounted it stays the host's.
        if umount2("/sys", CInt(MNT_DETACH)) == 0 || errno == EINVAL {
            mount("nslab", "/sys", "sysfs", 0, nil)
            if access("/sys/fs/cgroup", F_OK) == 0 { mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, nil) }
        }
        if let hostname {
            try systemCall("sethostname", hostname) { sethostname(hostname, hostname.utf8.count) }
        }
        if let etc {
            for file in Directory.names(etc) {
                if mount("\(etc)/\(file)", "/etc/\(file)", "none", UInt(MS_BIND), nil) != 0 {
                    warn(SystemCallError("mount", "/etc/\(file)"))
                }
            }
        }
        var pointers = arguments.map { strdup($0) } + [nil]
        execvp(arguments[0], &pointers)
        throw SystemCallError("execvp", arguments[0])
    }
}
