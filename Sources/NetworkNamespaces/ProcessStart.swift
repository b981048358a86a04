import Glibc

/// How a program is started as a child of this process: signals as a shell leaves them, none blocked and none ignored.
struct ProcessStart {
    private let arguments: [String]
    private let searchesPath: Bool
    private let environment: [String: String]
    /// The descriptor that becomes the child's standard input; nil for this process's own.
    var standardInput: CInt?
    /// Whether the child's standard output and error lead nowhere.
    var isSilent = false
    /// Whether the child leads a session of its own, which no terminal's signal reaches.
    var ownSession = false

    /// - Parameters:
    ///   - searching: whether the program is looked up in PATH.
    ///   - environment: what is set besides this process's own environment.
    init(_ arguments: [String], searching: Bool, environment: [String: String] = [:]) {
        self.arguments = arguments
        searchesPath = searching
        self.environment = environment
    }

    /// Starts it.
    ///
    /// - Returns: its process ID.
    func run() throws(SystemCallError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let standardInput { posix_spawn_file_actions_adddup2(&actions, standardInput, 0) }
        if isSilent {
            for number: CInt in 1...2 {
                posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        // POSIX_SPAWN_SETSID (spawn.h), which is declared for _GNU_SOURCE alone.
        if ownSession { flags |= 0x80 }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = Self.merged(environment).map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid = pid_t()
        let result = OpenFiles.asStarted {
            searchesPath
                ? posix_spawnp(&pid, arguments[0], &actions, &attributes, words, variables)
                : posix_spawn(&pid, arguments[0], &actions, &attributes, words, variables)
        }
        if result != 0 { throw SystemCallError("posix_spawn", arguments[0], errno: result) }
        return pid
    }

    /// This process's environment with these variables set.
    private static func merged(_ additions: [String: String]) -> [String] {
        var variables: [String] = []
        var next = environ
        while let text = next.pointee {
            let variable = String(cString: text)
            if !additions.keys.contains(where: { variable.hasPrefix("\($0)=") }) { variables.append(variable) }
            next += 1
        }
        return variables + additions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}

/// A process that outlives this one by as much as it takes to do something when this one ends, however it ends.
///
/// The program is started in a session of its own and reads its standard input, which this process keeps open: an end of
/// file without a word before it says that this process is no more.
public struct Guardian: ~Copyable {
    private let pid: pid_t
    private let line: FileDescriptor

    /// What a guardian reads if there is nothing left to do.
    public static let dismissal = UInt8(ascii: "d")

    /// Starts a program as the guardian.
    public init(_ program: String, arguments: [String]) throws(SystemCallError) {
        var ends = [CInt](repeating: 0, count: 2)
        try systemCall("pipe", "guardian") { pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        var start = ProcessStart([program] + arguments, searching: false)
        start.standardInput = reading.number
        start.isSilent = true
        start.ownSession = true
        pid = try start.run()
        line = writing
    }

    /// Says that there is nothing left to do, and waits for the guardian's end.
    public consuming func dismiss() {
        var word = Self.dismissal
        _ = write(line.number, &word, 1)
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
    }

    /// In a guardian: waits until the process that started it has ended or has dismissed it.
    ///
    /// - Returns: whether it has ended without a word.
    public static func waitForOrphaning() -> Bool {
        while true {
            var word: UInt8 = 0
            let count = read(STDIN_FILENO, &word, 1)
            if count < 0, errno == EINTR { continue }
            return count <= 0
        }
    }
}
