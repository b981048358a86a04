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
