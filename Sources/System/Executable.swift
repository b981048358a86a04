import Glibc

/// Where programs are.
public enum Executable {
    /// The path of a program: of the one that runs, if that is its name; otherwise of one in the folder of the one that runs, or
    /// in PATH.
    public static func path(of name: String) -> String? {
        let own = "/proc/self/exe"
        let target = FileDescriptor.linkTarget(own)
        if let target, isPath(target, of: name) { return own }
        let beside = target.flatMap { $0.lastIndex(of: "/").map($0.prefix(upTo:)) }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return ([beside].compactMap(\.self) + path.split(separator: ":")).map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Whether a process whose `/proc/PID/exe` leads to this path runs the program, even if its file was replaced since.
    public static func isPath(_ path: String, of name: String) -> Bool {
        path.hasSuffix("/\(name)") || path.hasSuffix("/\(name) (deleted)")
    }
}
