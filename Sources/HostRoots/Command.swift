import CLinux
import Glibc
import NetworkNamespaces
import System

/// A command that takes this process's place inside a network namespace.
///
/// The terminal, the descriptors and the parent stay, so that signals and the exit status pass as if the command had been
/// started directly.
public struct Command: Sendable {
    /// The pin of the network namespace.
    public var pin: String
    /// The program, looked up in PATH, and its arguments.
    public var arguments: [String]

    /// A command to run in a pinned namespace.
    public init(pin: String, arguments: [String]) {
        self.pin = pin
        self.arguments = arguments
    }

    /// What a command has to do without.
    public enum Lack: Sendable {
        /// The host's root is read-only, for this reason.
        case writing(String)
        /// The working directory cannot be the machine's own.
        case workingDirectory(SystemCallError)
        /// A file or directory of the machine's that was to be seen in the root.
        case bind(SystemCallError)
        /// A file of the machine's that another would be seen in place of.
        case etcFile(SystemCallError)
    }

    // MARK: In the host's root

    /// Becomes the command in a host's root; returns only by throwing.
    ///
    /// With full rights the working directory is the machine's own, and writable, unless it belongs to the system. With confined
    /// ones the command begins in `/`, without the caller's environment and terminal.
    ///
    /// - Parameters:
    ///   - content: what the root should have now.
    ///   - warn: called with what the command has to do without.
    /// - Throws: `SystemCallError`; from execvp(3) with `ENOENT` if there is no such program.
    public func replaceProcess(
        in root: consuming HostRoot, _ content: RootContent, rights: Rights, warn: (Lack) -> Void
    ) throws(SystemCallError) -> Never {
        if let reason = root.readOnlyReason { warn(.writing(reason)) }
        switch rights {
        case .full:
            let place = WorkingDirectory.path
            let carried = CarriedMounts(place)
            try enter(root, content)
            if let lack = carried.attach() { warn(.workingDirectory(lack)) }
            try execute(environment: nil)
        case .confined:
            try enter(root, content)
            try systemCall("chdir", "/") { chdir("/") }
            umask(0o022)
            try CommandConfinement.apply()
            // What this process has open is the machine's.
            _ = nslab_close_range(3)
            try execute(environment: CommandConfinement.environment)
        }
    }

    private func enter(_ root: consuming HostRoot, _ content: RootContent) throws(SystemCallError) {
        try NetworkNamespace(at: NamedNamespaces.path(pin)).enter()
        try root.enter(content.etc)
    }

    // MARK: On the machine's files

    /// Becomes the command on the machine's own files, as `ip netns exec` runs it and with a host name besides; returns only
    /// by throwing.
    ///
    /// The mount and UTS namespaces are new, so that the machine sees nothing of what is mounted and named for the command.
    ///
    /// - Parameters:
    ///   - etc: a directory whose files stand in for those of the same name in `/etc`; nil for none.
    ///   - warn: called with what the command has to do without.
    /// - Throws: `SystemCallError`; from execvp(3) with `ENOENT` if there is no such program.
    public func replaceProcess(
        hostname: String, etc: String?, warn: (Lack) -> Void
    ) throws(SystemCallError) -> Never {
        try NetworkNamespace(at: NamedNamespaces.path(pin)).enter()
        try systemCall("unshare", pin) { unshare(CLONE_NEWNS | CLONE_NEWUTS) }
        try systemCall("mount", "/") { mount("", "/", "none", UInt(MS_SLAVE | MS_REC), nil) }
        // /sys/class/net shows the namespace that sysfs was mounted in. Where it cannot be mounted it stays the machine's.
        let groups = PendingMounts()
        if let machines = try? DetachedMount(of: "/sys/fs/cgroup", withThoseBelow: true) {
            groups.add(machines, at: "/sys/fs/cgroup", .optional)
        }
        if umount2("/sys", CInt(MNT_DETACH)) == 0 || errno == EINVAL {
            mount("nslab", "/sys", "sysfs", 0, nil)
            try groups.attach()
        }
        try systemCall("sethostname", hostname) { sethostname(hostname, hostname.utf8.count) }
        if let etc {
            for file in Directory.names(etc) {
                if mount("\(etc)/\(file)", "/etc/\(file)", "none", UInt(MS_BIND), nil) != 0 {
                    warn(.etcFile(SystemCallError("mount", "/etc/\(file)")))
                }
            }
        }
        try execute(environment: nil)
    }

    /// - Parameter variables: the command's environment, as `NAME=VALUE`; nil for this process's own.
    private func execute(environment variables: [String]?) throws(SystemCallError) -> Never {
        var pointers = arguments.map { strdup($0) } + [nil]
        if let variables {
            clearenv()
            for variable in variables { putenv(strdup(variable)) }
        }
        execvp(arguments[0], &pointers)
        throw SystemCallError("execvp", arguments[0])
    }
}

/// What a command takes along into a host's root: its working directory and its terminal.
private struct CarriedMounts {
    private let mounts = PendingMounts()
    private let directory: String?
    private var lack: SystemCallError?

    /// - Parameter directory: the working directory.
    init(_ directory: String?) {
        self.directory = directory
        if let terminal = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].first(where: { isatty($0) == 1 }),
            let console = try? DetachedMount(of: "/proc/self/fd/\(terminal)")
        {
            // Otherwise it would have no name there (ttyname(3)).
            mounts.add(console, at: "/dev/console", .optional)
        }
        guard let directory, !WorkingDirectory.isSystem(directory) else { return }
        do throws(SystemCallError) {
            mounts.add(try DetachedMount(of: ".", withThoseBelow: true), at: directory)
        } catch {
            lack = error
        }
    }

    /// Puts them there.
    ///
    /// - Returns: why the working directory is not the machine's own; nil if it is, or is not to be.
    func attach() -> SystemCallError? {
        var lack = lack
        do throws(SystemCallError) { try mounts.attach() } catch { lack = error }
        if let directory, chdir(directory) != 0 { lack = lack ?? SystemCallError("chdir", directory) }
        return lack
    }
}
