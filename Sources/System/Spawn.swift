import CLinux
import Glibc

/// How a program is started as a child of this process (posix_spawn(3)).
///
/// The child has no signal blocked or ignored, no descriptors but those that are named here and those that this process was
/// started with, as all others are opened `O_CLOEXEC`, and the limit on open files that this process was started with (``OpenFiles``),
/// unless it is told to have this one's.
public struct Spawn {
    /// What one of the child's standard streams is.
    public enum Stream {
        /// This process's own.
        case inherited
        /// `/dev/null`.
        case null
        /// A descriptor of this process.
        case descriptor(CInt)
        /// A terminal, by its path: the one that controls the child, if it leads a session (credentials(7)).
        case terminal(String)
        /// The same as the child's standard error; for its standard output.
        case standardError
    }

    /// What the child leads.
    public enum Leadership {
        /// Nothing: it stays in this process's group.
        case none
        /// A process group, which can be sent signals as a whole.
        case group
        /// A session, which no terminal's signal reaches.
        case session
    }

    /// The program's words; the first is the name that it is called by.
    public var arguments: [String]
    /// The file to run; nil to look the first word up in PATH.
    public var executable: String?
    /// The child's environment, as `NAME=VALUE`.
    public var environment = Spawn.ownEnvironment
    public var standardInput = Stream.inherited
    public var standardOutput = Stream.inherited
    public var standardError = Stream.inherited
    /// Further descriptors of this process; the child has them in this order, from number 3 on.
    public var descriptors: [CInt] = []
    public var leadership = Leadership.none
    /// Whether the child goes without what this process was started with beyond the standard streams.
    public var isAlone = false
    /// Whether the child has the limit on open files that this process gave itself. To give it the former one, the limit of this whole
    /// process is that one for a moment, in which other threads may open too little.
    public var keepsRaisedLimit = false

    /// A program to start.
    public init(_ arguments: [String], executable: String? = nil) {
        self.arguments = arguments
        self.executable = executable
    }

    /// This process's environment, as `NAME=VALUE`.
    public static var ownEnvironment: [String] {
        var variables: [String] = []
        var next = environ
        while let text = next.pointee {
            variables.append(String(cString: text))
            next += 1
        }
        return variables
    }

    /// Sets variables of the child's environment.
    public mutating func set(_ variables: [String: String]) {
        environment.removeAll { variable in variables.keys.contains { variable.hasPrefix("\($0)=") } }
        environment += variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// Starts the program.
    ///
    /// - Throws: `SystemCallError`; from posix_spawn(3) with `ENOENT` if there is no such program.
    public func start() throws(SystemCallError) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Copies above all numbers that the child's descriptors get, so that none is overwritten before it is copied.
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        func copy(_ descriptor: CInt, to number: CInt) throws(SystemCallError) {
            let copy = try systemCall("fcntl", arguments[0]) {
                fcntl(descriptor, F_DUPFD_CLOEXEC, 3 + CInt(descriptors.count))
            }
            copies.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        // Standard output last, for it may be the same as standard error.
        for (stream, number): (Stream, CInt) in [(standardInput, 0), (standardError, 2), (standardOutput, 1)] {
            switch stream {
            case .inherited: break
            case .null:
                posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
            case .terminal(let path): posix_spawn_file_actions_addopen(&actions, number, path, O_RDWR, 0)
            case .descriptor(let descriptor): try copy(descriptor, to: number)
            case .standardError: posix_spawn_file_actions_adddup2(&actions, 2, number)
            }
        }
        for (index, descriptor) in descriptors.enumerated() { try copy(descriptor, to: 3 + CInt(index)) }

        if isAlone { _ = nslab_spawn_close_from(&actions, 3 + CInt(descriptors.count)) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        _ = SignalSet().withPointer { posix_spawnattr_setsigmask(&attributes, $0) }
        _ = SignalSet.all.withPointer { posix_spawnattr_setsigdefault(&attributes, $0) }
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        switch leadership {
        case .none: break
        case .group: flags |= POSIX_SPAWN_SETPGROUP
        // POSIX_SPAWN_SETSID (spawn.h), which is declared for _GNU_SOURCE alone.
        case .session: flags |= 0x80
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid = pid_t()
        let spawn = {
            executable.map { posix_spawn(&pid, $0, &actions, &attributes, words, variables) }
                ?? posix_spawnp(&pid, arguments[0], &actions, &attributes, words, variables)
        }
        let result = keepsRaisedLimit ? spawn() : OpenFiles.asStarted(spawn)
        if result != 0 { throw SystemCallError("posix_spawn", executable ?? arguments[0], errno: result) }
        return ChildProcess(pid: pid)
    }
}
