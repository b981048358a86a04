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

    /// Starts the program with these descriptors, numbered from 3 on, and the standard ones leading nowhere.
    static func start(
        _ path: String, arguments: [String], descriptors: [CInt]
    ) throws(SystemCallError) -> ChildProcess {
        var spawn = Spawn(arguments, executable: path)
        (spawn.standardInput, spawn.standardOutput, spawn.standardError) = (.null, .null, .null)
        spawn.descriptors = descriptors
        // A crash is to end the process and not to start a program that looks at it.
        spawn.environment = ["LC_ALL=C", "SWIFT_BACKTRACE=enable=no"]
        return try spawn.start()
    }
}
