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

    /// What a command with confined rights has in its environment besides what every such command has.
    public var environment: [String: String] = [:]

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
        /// A file in `/etc` that is the host's own: it is not as it should be.
        case etcFile(SystemCallError)
        /// All of the host's processes with confined rights were ended, for this reason.
        case processes(String)
    }

    // MARK: In the host's root

    /// Becomes the command in a host's root; returns only by throwing.
    ///
    /// With full rights the working directory is the machine's own, and writable, unless it belongs to the system. With confined
    /// ones the command begins in `/`, without the caller's environment and terminal, as a child of this process, which passes
    /// signals on and ends as it does.
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
            if let lack = try enter(root, content) { warn(.etcFile(lack)) }
            if let lack = carried.attach() { warn(.workingDirectory(lack)) }
            try execute(environment: nil)
        case .confined:
            let status = try confined(in: root, content, warn)
            if let reason = ConfinedProcesses.takeEnding(root.directory) { warn(.processes(reason)) }
            endProcess(as: status)
        }
    }

    private func enter(
        _ root: borrowing HostRoot, _ content: RootContent
    ) throws(SystemCallError) -> SystemCallError? {
        try NetworkNamespace(at: NamedNamespaces.path(pin)).enter()
        return try root.enter(content.etc)
    }

    // MARK: With confined rights

    /// Runs the command in the host's namespace of process numbers, which only a process that begins there can be in.
    ///
    /// - Returns: how it ended.
    private func confined(
        in root: borrowing HostRoot, _ content: RootContent, _ warn: (Lack) -> Void
    ) throws(SystemCallError) -> WaitStatus {
        // Of whoever has it ignored, no child is waited for.
        signal(SIGCHLD, SIG_DFL)
        SupervisedCommand.blockSignals()
        let failure = try Pipe(arguments[0])
        let (child, first) = try begin(root, content, failure.writing.number, warn)
        defer { first?.part() }
        let reading = failure.takeReading()
        if let error = Failure.read(reading) {
            _ = try child.wait()
            throw error
        }
        return try SupervisedCommand(child).wait()
    }

    /// Starts it. What is held while it begins is let go of when this returns.
    private func begin(
        _ root: borrowing HostRoot, _ content: RootContent, _ failures: CInt, _ warn: (Lack) -> Void
    ) throws(SystemCallError) -> (ChildProcess, FirstProcess?) {
        let processes = try ConfinedProcesses(
            directory: root.directory, network: NetworkNamespace(at: NamedNamespaces.path(pin)))
        let first = try processes.enter(root)
        let own = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let desk = processes.desk()
        defer { if let desk { close(desk) } }
        let child = try ChildProcess.fork {
            do throws(SystemCallError) {
                // What ends the process that waits for it, ends it.
                try systemCall("prctl", "process") { nslab_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)) }
                SupervisedCommand.unblockSignals()
                if let lack = try enter(root, content) { warn(.etcFile(lack)) }
                try systemCall("chdir", "/") { chdir("/") }
                umask(0o022)
                try CommandConfinement.apply(desk)
                // What this process has open is the machine's.
                let report = Failure.keepWriting(failures)
                do throws(SystemCallError) {
                    try execute(environment: CommandConfinement.environment + own)
                } catch {
                    Failure.write(error, report)
                }
            } catch {
                Failure.write(error, failures)
            }
            _exit(1)
        }
        return (child, first)
    }

    /// Ends this process as the command has ended.
    private func endProcess(as status: WaitStatus) -> Never {
        if case .signalled(let number) = status {
            // Its memory is not what somebody wants to look into.
            var none = rlimit()
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            signal(number, SIG_DFL)
            SignalSet([number]).unblock()
            raise(number)
        }
        exit(status.shellStatus)
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

/// Why a command could not begin, from the process that was to become it to the one that waits.
private enum Failure {
    /// Keeps the descriptor that it is written to, and closes all others but the standard streams.
    ///
    /// - Returns: its number from now on.
    static func keepWriting(_ descriptor: CInt) -> CInt {
        let kept: CInt = 3
        if descriptor != kept {
            dup2(descriptor, kept)
            _ = fcntl(kept, F_SETFD, FD_CLOEXEC)
        }
        _ = nslab_close_range(UInt32(kept) + 1)
        return kept
    }

    static func write(_ error: SystemCallError, _ descriptor: CInt) {
        let text = "\(error.errno)\0\(error.call)\0\(error.object)"
        _ = text.withCString { Glibc.write(descriptor, $0, text.utf8.count) }
    }

    /// - Returns: nil if the command has begun.
    static func read(_ pipe: borrowing FileDescriptor) -> SystemCallError? {
        guard let bytes = try? pipe.readAll("pipe", limit: 1 << 16), !bytes.isEmpty else { return nil }
        let words = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3, let number = CInt(words[0]) else { return SystemCallError("execvp", "", errno: EIO) }
        return SystemCallError(words[1], words[2], errno: number)
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
        if let directory {
            do throws(SystemCallError) {
                let place = try FileDescriptor(holding: directory, O_DIRECTORY)
                try systemCall("chdir", directory) { fchdir(place.number) }
            } catch {
                lack = lack ?? error
            }
        }
        return lack
    }
}
