import Blueprint
import Glibc
import NetworkNamespaces
import System
import Topology

/// A command of a host that runs, as `nslab exec --confined` runs it, without input.
///
/// A class, because several are waited for at once and what it holds cannot be copied.
final class CommandProcess {
    let item: CommandSchedule.Item
    private let child: ChildProcess
    private let handle: ProcessHandle?
    private let output: OutputFile?
    private let words: OutputFile?
    private let host: FileIdentity?
    private let deadline = ContinuousClock.now + patience
    /// How many processes and threads the machine had before.
    private let tasks = CommandProcess.taskCount

    /// The variable of the environment by which what a command leaves running is known.
    static let variable = "NSLAB_COMMAND"

    /// The longest that a command may take: a lab that waits for a server to end would never be up.
    private static let patience = Duration.seconds(30)

    /// The most processes of a host while one of its commands runs. A limit of the processes' own would not bind them, for they are
    /// root's (`copy_process` in kernel/fork.c).
    private static let mostProcesses = 2000

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - pin: the pin of the host's namespace.
    ///   - outputPath: where a file for what it says may be made.
    ///   - showing: whether what it prints is wanted, too.
    /// - Throws: `SystemCallError`; from posix_spawn(3) with `ENOENT` if there is no nslab to run it with.
    init(
        _ command: HostCommand, _ item: CommandSchedule.Item, of host: String, pin: String, lab: String,
        outputPath: String, showing: Bool
    ) throws(SystemCallError) {
        self.item = item
        self.host = NamedNamespaces.identity(pin)
        guard let program = Executable.path(of: "nslab") else {
            throw SystemCallError("posix_spawn", "nslab", errno: ENOENT)
        }
        var spawn = Spawn(
            ["nslab", "exec", "--confined", "--lab", lab, host, "--"] + command.words, executable: program)
        spawn.set([Self.variable: host])
        spawn.standardInput = .null
        // Not this process's own: what runs on in the background would keep them open. Where there is no room for a file, as the host's
        // programs may have filled the store, the command runs all the same, and its words are lost.
        output = showing ? try? OutputFile(at: outputPath) : nil
        spawn.standardOutput = output.map { .descriptor($0.writing.number) } ?? .null
        words = try? OutputFile(at: outputPath)
        spawn.standardError = words.map { .descriptor($0.writing.number) } ?? .null
        // It leads a group, too, and has no terminal.
        spawn.leadership = .session
        child = try spawn.start()
        do {
            handle = try ProcessHandle(child.pid)
        } catch {
            child.sendToGroup(SIGKILL)
            try child.wait()
            throw error
        }
    }

    /// How a command ended.
    struct End {
        /// Why it failed; nil if it did not.
        var failure: String?
        /// What it wrote to standard error last.
        var words: [UInt8]
        /// What it wrote to standard output last, where that is shown.
        var output: [UInt8]
    }

    /// How it ended; nil as long as it runs.
    ///
    /// - Parameter milliseconds: the longest to wait for that.
    func end(within milliseconds: CInt, _ cancellation: Cancellation) throws(SystemCallError) -> End? {
        for file in [output, words] { file?.bound() }
        if handle?.hasEnded(within: milliseconds) == false {
            guard let reason = try reasonToEnd(cancellation) else { return nil }
            child.sendToGroup(SIGKILL)
            try child.wait()
            return End(failure: reason, words: words?.end ?? [], output: output?.end ?? [])
        }
        let failure: String? =
            switch try child.wait() {
            case .exited(0): nil
            case .exited(let status): "it failed with exit status \(status)"
            case .signalled(let signal): "it was ended by signal \(signal)"
            }
        return End(failure: failure, words: words?.end ?? [], output: output?.end ?? [])
    }

    /// Ends it at once.
    func kill() {
        child.sendToGroup(SIGKILL)
        // It fails only where somebody has waited for it already.
        _ = try? child.wait()
    }

    private func reasonToEnd(_ cancellation: Cancellation) throws(SystemCallError) -> String? {
        if cancellation.isRequested() { return "it was ended with nslab" }
        if ContinuousClock.now > deadline {
            return "it did not end within \(Self.patience.components.seconds) seconds and was ended"
        }
        // To look at every process takes long, so only where there are many new ones.
        if let host, Self.taskCount - tasks > Self.mostProcesses,
            try NamespaceProcesses.find(in: [host]).count > Self.mostProcesses
        {
            child.sendToGroup(SIGKILL)
            try NamespaceProcesses.end(in: [host], grace: 0)
            return "it was ended, for the host had more than \(Self.mostProcesses) processes"
        }
        return nil
    }

    /// How many processes and threads the machine has (proc_loadavg(5)); 0 where it cannot be read: the next look, milliseconds later,
    /// counts then.
    private static var taskCount: Int {
        let path = "/proc/loadavg"
        guard let bytes = try? FileDescriptor(opening: path, O_RDONLY).read(path, atMost: 256) else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return fields.dropFirst(3).first?.split(separator: "/").last.flatMap { Int($0) } ?? 0
    }
}

extension CommandProcess.End {
    /// The failure in one line, with what the command said; nil if it did not fail.
    var sentence: String? {
        guard let failure else { return nil }
        let lines = String(decoding: words, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap(Self.said)
        if lines.isEmpty { return failure }
        let said = lines.suffix(Self.mostLines).joined(separator: "; ")
        return "\(failure): " + (said.count > Self.mostCharacters ? said.prefix(Self.mostCharacters) + "…" : said)
    }

    /// A line as it is told; nil for one that is not. What files all commands see is told once, and not of each.
    private static func said(_ line: Substring) -> String? {
        let text = String(line.unicodeScalars.filter { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) })
        if text.allSatisfy({ $0 == " " }) { return nil }
        let warning = "nslab: warning: "
        if text.hasPrefix(warning) {
            return text.contains("the command sees ") ? nil : String(text.dropFirst(warning.count))
        }
        return text.hasPrefix("nslab: ") ? String(text.dropFirst("nslab: ".count)) : text
    }

    private static let mostLines = 4
    private static let mostCharacters = 400
}
