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
        public let pid: pid_t
        private let output: FileDescriptor

        /// Starts a tool in the calling thread's namespaces, or in a pinned network namespace.
        public init(_ arguments: [String], in pin: String? = nil, input: String = "") throws {
            var arguments = arguments
            if let pin { arguments = ["nsenter", "--net=\(Pins.path(pin))", "--"] + arguments }
            var (reading, writing) = ([CInt](repeating: 0, count: 2), [CInt](repeating: 0, count: 2))
            try check("pipe", pipe2Closing(&reading))
            try check("pipe", pipe2Closing(&writing))
            output = FileDescriptor(owning: reading[0])
            let standardOutput = FileDescriptor(owning: reading[1])
            let standardInput = FileDescriptor(owning: writing[0])
            let toInput = FileDescriptor(owning: writing[1])

            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, standardInput.number, 0)
            posix_spawn_file_actions_adddup2(&actions, standardOutput.number, 1)
            posix_spawn_file_actions_adddup2(&actions, standardOutput.number, 2)

            // Tests may be started without the folders that iproute2 is in.
            let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
            let environment: [UnsafeMutablePointer<CChar>?] =
                ["PATH=\(path):/usr/sbin:/sbin", "LC_ALL=C"].map { (text: String) in strdup(text) } + [nil]
            let words: [UnsafeMutablePointer<CChar>?] =
                (["env"] + arguments).map { (text: String) in strdup(text) } + [nil]
            defer { for text in environment + words { free(text) } }
            // Tests run on threads that hold signals back; a tool is to have them as from a shell.
            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            defer { posix_spawnattr_destroy(&attributes) }
            var none = sigset_t()
            sigemptyset(&none)
            posix_spawnattr_setsigmask(&attributes, &none)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
            var pid = pid_t()
            let result = posix_spawnp(&pid, "env", &actions, &attributes, words, environment)
            if result != 0 { throw SystemCallError("posix_spawn", arguments[0], errno: result) }
            self.pid = pid
            // What is written here is far less than a pipe holds.
            let bytes = Array(input.utf8)
            if !bytes.isEmpty, Glibc.write(toInput.number, bytes, bytes.count) != bytes.count {
                throw SystemCallError("write", arguments[0])
            }
        }

        /// Sends it a signal.
        public func send(_ signal: CInt) { kill(pid, signal) }

        /// Reads what it prints up to its end.
        public func wait() throws -> Testimony {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(output.number, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0 { if errno != EINTR { throw SystemCallError("waitpid", "\(pid)") } }
            let signal = status & 0x7f
            return Testimony(
                output: String(decoding: bytes, as: UTF8.self), status: signal == 0 ? status >> 8 & 0xff : 128 + signal)
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

private func pipe2Closing(_ ends: inout [CInt]) -> CInt {
    let result = pipe(&ends)
    if result == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
    return result
}

private func check(_ call: String, _ result: CInt) throws {
    if result != 0 { throw SystemCallError(call, "test") }
}
