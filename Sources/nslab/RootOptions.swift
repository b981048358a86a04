import ArgumentParser
import NSLabKit

/// Which files a command inside a host sees.
struct RootOptions: ParsableArguments {
    @Flag(name: .customLong("host-files"), help: "Work on the machine's own files.")
    var hostFiles = false

    @Flag(help: "Run it with the rights of a lab's own commands alone, as in a container, and in /.")
    var confined = false

    func validate() throws {
        if hostFiles, confined { throw ValidationError("give --host-files or --confined, but not both") }
    }

    static let discussion = """
        It sees the machine's files, and what it writes is the host's own and gone with the lab (`nslab reset` empties it). \
        The working directory alone is the machine's own, unless it belongs to the system. With --host-files all are.
        """

    /// Becomes a command inside a host; returns only by throwing.
    ///
    /// - Parameter name: what was asked for, as a user types it.
    func become(
        _ arguments: [String], in host: String, of lab: LabOption, for name: String
    ) throws -> Never {
        try Privilege.require(for: name, keepingAll: true)
        try Lab.running(lab.lab).become(
            arguments, in: host, usingHostFiles: hostFiles, confined: confined,
            waiting: { Console.diagnose("another nslab command works on lab \($0); waiting for it\n") },
            warn: Console.warn)
    }
}
