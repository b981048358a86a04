import CLinux
import Glibc
import NetworkNamespaces
import System

/// Tools that are not ours, as witnesses of what the kernel holds and does.
public enum Witness {
    /// What a tool printed, and how it ended.
    public struct Testimony: Sendable {
        /// Its standard output and standard error, as they came.
        public var output: String
        /// Its exit status; 128 and the signal's number if a signal ended it.
        public var status: Int32
    }

    /// Runs a tool in the calling thread's namespaces, or in a pinned network namespace, and waits for it.
    ///
    /// - Parameter input: what it reads from its standard input.
    public static func run(_ arguments: [String], in pin: String? = nil, input: String = "") throws -> Testimony {
        let process = try Process(arguments, in: pin, input: input)
        return try process.wait()
    }

    /// As `run`, for a tool that must succeed.
    ///
    /// - Returns: what it printed.
    /// - Throws: `Failure` if its exit status is not 0.
    @discardableResult
    public static func output(_ arguments: [String], in pin: String? = nil, input: String = "") throws -> String {
        let testimony = try run(arguments, in: pin, input: input)
        if testimony.status != 0 { throw Failure(arguments: arguments, testimony: testimony) }
        return testimony.output
    }

    /// Runs ip(8) with arguments that are written as one would type them.
    @discardableResult
    public static func ip(_ arguments: String, in pin: String? = nil) throws -> String {
        try output(["ip"] + arguments.split(separator: " ").map(String.init), in: pin)
    }

    /// Sets a kernel setting in a pinned namespace.
    public static func sysctl(_ assignment: String, in pin: String) throws {
        try output(["sysctl", "-q", "-w", assignment], in: pin)
    }

    /// A tool that a test cannot do without did not succeed.
    public struct Failure: Error, CustomStringConvertible {
        public var arguments: [String]
        public var testimony: Testimony

        public var description: String {
            "\(arguments.joined(separator: " ")) ended with \(testimony.status): \(testimony.output)"
        }
    }

    /// A tool that runs while the test goes on. It is ended when the value goes.
    public final class Process: Sendable {
        /// Its process ID.
        public var pid: pid_t { child.pid }
        private let child: ChildProcess
        private let output: FileDescriptor

        /// Starts a tool in the calling thread's namespaces, or in a pinned network namespace.
        public init(_ arguments: [String], in pin: String? = nil, input: String = "") throws {
            let namespace = pin.map { ["nsenter", "--net=\(NamedNamespaces.path($0))", "--"] } ?? []
            let toTool = try Pipe("test")
            let fromTool = try Pipe("test")
            // Tests may be started without the folders that iproute2 is in.
            let path = (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
            let words = namespace + arguments
            let files = path.split(separator: ":").map { folder in "\(folder)/\(words[0])" }
            let found = words[0].contains("/") ? nil : files.first { file in access(file, X_OK) == 0 }
            // Variables before a tool are for env(1), which also tells of what is not there, as of a tool that fails.
            var spawn = found == nil ? Spawn(["env"] + words) : Spawn(words, executable: found)
            spawn.environment = ["PATH=\(path)", "LC_ALL=C"]
            spawn.standardInput = .descriptor(toTool.reading.number)
            spawn.standardError = .descriptor(fromTool.writing.number)
            spawn.standardOutput = .standardError
            child = try spawn.start()
            output = fromTool.takeReading()
            // What is written here is far less than a pipe holds.
            if !input.isEmpty { try toTool.writing.write(Array(input.utf8), arguments[0]) }
        }

        /// Sends it a signal.
        public func send(_ signal: CInt) { child.send(signal) }

        /// Reads what it prints up to its end.
        public func wait() throws -> Testimony {
            let bytes = try output.readAll("output", limit: 1 << 30)
            return Testimony(
                output: String(decoding: bytes, as: UTF8.self), status: try child.wait().shellStatus)
        }

        deinit {
            // The number is still ours if nobody has waited for it; a signal to one that was waited for finds none.
            var information = siginfo_t()
            if waitid(P_PID, id_t(pid), &information, CInt(WEXITED | WNOHANG | WNOWAIT)) == 0 {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
        }
    }
}
