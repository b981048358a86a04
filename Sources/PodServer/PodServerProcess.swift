import FoundationEssentials
import Glibc
import NetworkNamespaces
import System

/// The background process of a lab that answers for its pods, from the side of the command that starts, changes and ends it.
///
/// The process never may enter a namespace: the command opens the sockets where they belong and hands them over, at the
/// start and whenever the plan changes. So the process can give up all privileges before it looks at anything.
///
/// The command sends `socket` messages with the listening sockets that the process lacks, then `follow` with the file of the plan; the
/// process answers `ready` or `error`. `plan` asks what tells the plan that it follows, `sockets` for the names of those that it
/// has. `log` has it write a pod's log to a pipe.
///
/// One command at a time uses it, but for logs: the caller holds the lab's lock.
public struct PodServerProcess: Sendable {
    /// The lab's name.
    public let lab: String
    /// The lab's state folder, in which it keeps its files.
    private let folder: String

    /// The process of the lab whose state is in this folder.
    public init(lab: String, folder: String) {
        self.lab = lab
        self.folder = folder
    }

    private var lock: String { "\(folder)/responders.lock" }
    private var process: LockedProcess { LockedProcess(lock: lock) }
    private var socket: String { "\(folder)/responders.sock" }
    private var log: String { "\(folder)/responders.log" }
    /// What the process follows; there while the lab needs a process.
    private var plan: String { "\(folder)/responders.plan" }

    /// How the process is.
    public enum State: Hashable, Sendable {
        /// The lab needs none.
        case notNeeded
        /// It runs under this number.
        case running(pid_t)
        /// It should run and does not.
        case ended

        /// The state in a word.
        public var name: String {
            switch self {
            case .notNeeded: "notNeeded"
            case .running: "running"
            case .ended: "ended"
            }
        }

        /// The number that it runs under.
        public var pid: pid_t? { if case .running(let pid) = self { pid } else { nil } }
    }

    /// How the process is now.
    public var state: State {
        get throws(PodServerError) {
            if let pid = try holder() { return .running(pid) }
            return access(plan, F_OK) == 0 ? .ended : .notNeeded
        }
    }

    /// Has the process follow a plan: starts it, gives it what changed, or ends it if the plan is empty.
    ///
    /// When this returns every socket takes connections.
    ///
    /// - Parameter program: the nslab program; nil for the one that runs, or the one in PATH if that is another.
    public func follow(_ plan: PodServerPlan, program: String? = nil) throws(PodServerError) {
        guard !plan.isEmpty else { return try stop() }
        let bytes = try bytes(of: plan)
        if try isFollowed(bytes) { return }
        if let channel = try connect() {
            do throws(PodServerError) {
                return try tell(channel, bytes, lacking: missing(plan, channel))
            } catch {
                // One that does not answer is replaced.
                guard case .noAnswer = error else { throw error }
                try end()
            }
        } else {
            try end()
        }
        let launch = try launch(program: program)
        do throws(PodServerError) {
            try complete(launch, plan)
        } catch {
            launch.abandon()
            throw error
        }
    }

    /// Asks the process to end, if there is one, and waits for nothing.
    public func ask() throws(PodServerError) {
        do throws(SystemCallError) {
            try process.ask()
        } catch {
            throw .refused(object: "lab \(lab): background process", error)
        }
    }

    /// Ends the process, if there is one, and removes its files. Its sockets are closed when this returns.
    public func stop() throws(PodServerError) {
        try end()
        for path in [plan, socket, lock, log] { unlink(path) }
    }

    /// A process that was started and waits for its plan.
    ///
    /// A class, because the one who starts it and the thread that completes it share it.
    public final class Launch: Sendable {
        let channel: ControlChannel
        private let process: ChildProcess

        init(channel: consuming ControlChannel, process: ChildProcess) {
            self.channel = channel
            self.process = process
        }

        /// Ends the process, which may not have come to its lock yet, and waits for its end.
        ///
        /// It is this process's child: so its number is its own until somebody has waited for its end.
        public func abandon() {
            process.send(SIGKILL)
            _ = try? process.wait()
        }
    }

    /// Starts the process without a plan, so that its start and the caller's work go on at once. It ends if no plan comes.
    public func launch(program: String? = nil) throws(PodServerError) -> Launch {
        do throws(SystemCallError) {
            let pair = try ControlChannel.Pair()
            let listener = try ControlChannel.named(socket)
            let lock = try self.process.open()
            let log = try FileDescriptor(
                opening: log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600)
            guard let program = program ?? Executable.path(of: "nslab") else { throw SystemCallError("", "") }
            var spawn = Spawn(["nslab", PodServerService.command, lab], executable: program)
            (spawn.standardInput, spawn.standardOutput, spawn.standardError) = (.null, .null, .null)
            spawn.descriptors = [pair.far.number, lock.number, log.number, listener.number]
            // It outlives the command, and with few descriptors allowed one more can be the one that it lacks to begin.
            spawn.isAlone = true
            // A crash is to end the process and not to start a program that looks at it.
            spawn.environment = ["LC_ALL=C", "SWIFT_BACKTRACE=enable=no"]
            let process = try spawn.start()
            return Launch(channel: pair.channel(), process: process)
        } catch {
            if error.call.isEmpty { throw .noProgram }
            throw .refused(object: "lab \(lab): background process", error)
        }
    }

    /// Gives a process that was started its plan and its sockets.
    public func complete(_ launch: Launch, _ plan: PodServerPlan) throws(PodServerError) {
        try tell(launch.channel, bytes(of: plan), lacking: plan.sockets)
    }

    /// What a pod has logged, and with `follows` what it will: lines of `LogLine`, from a pipe.
    ///
    /// - Returns: nil where no process answers for the lab's pods.
    public func log(namespace: String, pod: String, follows: Bool) throws(PodServerError) -> FileDescriptor? {
        guard let channel = try connect() else { return nil }
        do throws(SystemCallError) {
            let pipe = try Pipe("log")
            channel.limitWaiting(seconds: 10)
            try channel.send(
                "log\n\(namespace)\n\(pod)\n\(follows ? "follow" : "all")", [pipe.writing.number])
            return pipe.takeReading()
        } catch {
            throw hasVanished(error) ? noAnswer : .refused(object: "lab \(lab): background process", error)
        }
    }

    /// A plan as it is handed over, one as the other the same.
    private func bytes(of plan: PodServerPlan) throws(PodServerError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        do { return Array(try encoder.encode(plan)) } catch { throw .failed("\(error)") }
    }

    /// Whether the process runs and says that it follows this plan. One of an earlier nslab does not say.
    private func isFollowed(_ bytes: [UInt8]) throws(PodServerError) -> Bool {
        guard let channel = try connect() else { return false }
        channel.limitWaiting(seconds: 5)
        do throws(SystemCallError) {
            try channel.send("plan")
            return try channel.receive()?.text == String(fingerprint(bytes), radix: 16)
        } catch {
            return false
        }
    }

    /// Opens the sockets that the process lacks, and has it follow the plan.
    private func tell(
        _ channel: borrowing ControlChannel, _ bytes: [UInt8], lacking names: [SocketName]
    ) throws(PodServerError) {
        let sockets: [ListeningSocket]
        do {
            sockets = try NamespaceThread.run { try ListeningSocket.open(names, &$0) }
        } catch let error as PodServerError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
        do throws(SystemCallError) {
            channel.limitWaiting(seconds: 30)
            var rest = sockets[...]
            while !rest.isEmpty {
                let part = rest.prefix(ControlChannel.mostDescriptors)
                rest = rest.dropFirst(part.count)
                try channel.send(
                    "socket\n" + part.map(\.name.text).joined(separator: "\n"), part.map { $0.descriptor.number })
            }
            let file = try FileDescriptor.replace(self.plan, with: bytes, mode: 0o600)
            try channel.send("follow", [file.number])
        } catch {
            throw hasVanished(error) ? noAnswer : .refused(object: "lab \(lab): background process", error)
        }
        let answer = try receive(channel)
        guard answer == "ready" else {
            throw .failed(answer.hasPrefix("error ") ? String(answer.dropFirst(6)) : answer)
        }
    }

    /// The sockets of a plan that the process does not have.
    private func missing(
        _ plan: PodServerPlan, _ channel: borrowing ControlChannel
    ) throws(PodServerError) -> [SocketName] {
        channel.limitWaiting(seconds: 5)
        do throws(SystemCallError) { try channel.send("sockets") } catch { throw noAnswer }
        var held: Set<Substring> = []
        while true {
            let answer = try receive(channel)
            if answer == "end" { break }
            held.formUnion(answer.split(separator: "\n").dropFirst())
        }
        return plan.sockets.filter { !held.contains($0.text[...]) }
    }

    private func receive(_ channel: borrowing ControlChannel) throws(PodServerError) -> String {
        do throws(SystemCallError) {
            if let message = try channel.receive() { return message.text }
        } catch {}
        throw noAnswer
    }

    private var noAnswer: PodServerError {
        let text = try? FileDescriptor(opening: log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).readAll(log, limit: 1 << 20)
        let line = text?.split(separator: UInt8(ascii: "\n")).last
        // Without the time before it.
        let words = line?.split(separator: UInt8(ascii: " "), maxSplits: 1).last
        return .noAnswer(lastWords: words.map { String(decoding: $0, as: UTF8.self) })
    }

    private func hasVanished(_ error: SystemCallError) -> Bool {
        error.errno == EPIPE || error.errno == ECONNRESET || error.errno == EAGAIN
    }

    private func connect() throws(PodServerError) -> ControlChannel? {
        guard try holder() != nil else { return nil }
        do throws(SystemCallError) {
            return try ControlChannel.connected(to: socket)
        } catch {
            throw .refused(object: socket, error)
        }
    }

    /// The process that holds the lock.
    private func holder() throws(PodServerError) -> pid_t? {
        do throws(SystemCallError) {
            return try process.holder
        } catch {
            throw .refused(object: "lab \(lab): background process", error)
        }
    }

    /// Ends the process and waits for its end, that of one which has only begun as well.
    private func end() throws(PodServerError) {
        do throws(SystemCallError) {
            try process.end()
        } catch {
            throw .refused(object: "lab \(lab): background process", error)
        }
    }
}
