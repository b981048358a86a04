import CLinux
import Glibc
import System

/// Starting the nslab program as a process of its own.
public enum Program {
    /// The program that runs, if it is nslab; otherwise the one that a library's user has beside their own, or in PATH.
    public static var path: String? {
        let own = "/proc/self/exe"
        let target = FileDescriptor.linkTarget(own)
        if let target, isNSLab(target) { return own }
        let beside = target.flatMap { $0.lastIndex(of: "/").map($0.prefix(upTo:)) }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return ([beside].compactMap(\.self) + path.split(separator: ":")).map { "\($0)/nslab" }
            .first { access($0, X_OK) == 0 }
    }

    /// A file that was replaced since is the program all the same.
    static func isNSLab(_ path: String) -> Bool {
        path.hasSuffix("/nslab") || path.hasSuffix("/nslab (deleted)")
    }

    /// Starts a program with these descriptors, numbered from `first`, and the standard ones leading nowhere.
    ///
    /// - Returns: its process ID.
    static func start(
        _ path: String, arguments: [String], descriptors: [CInt], from first: CInt
    ) throws(SystemCallError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for number: CInt in 0...2 {
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
        }
        // Numbers out of the way first, so that none is overwritten before it is copied.
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        for (index, descriptor) in descriptors.enumerated() {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, first + CInt(descriptors.count))
            guard copy >= 0 else { throw SystemCallError("fcntl", path) }
            copies.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, first + CInt(index))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // No signal is blocked or ignored because it was so for the command.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        // A crash is to end the process and not to start a program that looks at it.
        let environment: [UnsafeMutablePointer<CChar>?] = [
            strdup("LC_ALL=C"), strdup("SWIFT_BACKTRACE=enable=no"), nil,
        ]
        defer { for text in words + environment { free(text) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, path, &actions, &attributes, words, environment)
        if result != 0 { throw SystemCallError("posix_spawn", path, errno: result) }
        return pid
    }
}
