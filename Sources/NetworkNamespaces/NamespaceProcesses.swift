import Glibc
import System

/// The processes that live in given network namespaces.
public enum NamespaceProcesses {
    /// A process and the namespace it was found in.
    public struct Process: Hashable, Sendable {
        /// Its process ID.
        public let pid: pid_t
        /// Its network namespace.
        public let namespace: FileIdentity
    }

    /// All processes whose main thread is in one of these namespaces, this process left out.
    ///
    /// - Parameter devices: the device numbers of file systems; a process that has its `/run` there counts, whatever its namespace.
    /// - Throws: `SystemCallError` if `/proc` cannot be read.
    public static func find(
        in namespaces: Set<FileIdentity>, orSeeing devices: Set<UInt64> = []
    ) throws(SystemCallError) -> [Process] {
        var found: [Process] = []
        let own = getpid()
        for name in try Directory.list("/proc") {
            guard let pid = pid_t(name), pid != own else { continue }
            guard let identity = namespace(of: pid) else { continue }
            if namespaces.contains(identity) || sees(pid, devices) {
                found.append(Process(pid: pid, namespace: identity))
            }
        }
        return found
    }

    /// Ends all processes in these namespaces: SIGTERM, for those that stay SIGHUP, and in the end SIGKILL.
    ///
    /// A process is held by a pidfd while it is looked at, so that its number cannot pass to another meanwhile; where there are
    /// more than this process may have descriptors, as many at a time as it may.
    ///
    /// - Parameters:
    ///   - devices: the device numbers of file systems; a process that has its `/run` there is ended, too.
    ///   - grace: how long they may take to end by themselves, in milliseconds.
    /// - Returns: the processes that were there.
    /// - Throws: `SystemCallError` if not one can be held, or `/proc` cannot be read.
    @discardableResult
    public static func end(
        in namespaces: Set<FileIdentity>, orSeeing devices: Set<UInt64> = [], grace: Int32 = 300
    ) throws(SystemCallError) -> [pid_t] {
        var ended: [pid_t] = []
        // A process may start another while it is being ended: look again until none is found.
        var round = 0
        rounds: while round < 5 {
            let processes = try find(in: namespaces, orSeeing: devices)
            if processes.isEmpty { break }
            var held = HeldProcesses()
            var isShort = false
            for process in processes {
                do {
                    guard let handle = try ProcessHandle(process.pid),
                        find(process.pid, in: namespaces) || sees(process.pid, devices)
                    else { continue }
                    held.append(handle)
                    ended.append(process.pid)
                } catch {
                    if !error.isShortage { continue }
                    if held.isEmpty { throw error }
                    isShort = true
                    break
                }
            }
            // The others have their turn in the same way.
            defer { if !isShort { round += 1 } }
            if round == 0 {
                // An interactive shell ends at SIGHUP only; whoever takes leave at SIGTERM must not be cut short by it.
                for (signal, time) in [(SIGTERM, grace / 3), (SIGHUP, grace - grace / 3)] {
                    held.send([signal, SIGCONT])
                    if held.haveEnded(within: time) { continue rounds }
                }
            }
            held.send([SIGKILL])
            _ = held.haveEnded(within: 2000)
        }
        return Array(Set(ended)).sorted()
    }

    /// Whether a process has its `/run` on one of these file systems.
    private static func sees(_ pid: pid_t, _ devices: Set<UInt64>) -> Bool {
        guard !devices.isEmpty, let identity = FileIdentity(at: "/proc/\(pid)/root/run") else { return false }
        return devices.contains(identity.device)
    }

    private static func find(_ pid: pid_t, in namespaces: Set<FileIdentity>) -> Bool {
        namespace(of: pid).map(namespaces.contains) ?? false
    }

    /// Whether a process was started with a variable of this name in its environment; false where that cannot be seen.
    public static func hasVariable(_ name: String, _ pid: pid_t) -> Bool {
        let path = "/proc/\(pid)/environ"
        guard let file = try? FileDescriptor(opening: path, O_RDONLY),
            let bytes = try? file.readAll(path, limit: 4 << 20)
        else { return false }
        return bytes.split(separator: 0).contains { $0.starts(with: Array("\(name)=".utf8)) }
    }

    /// The network namespace of a process's main thread; nil if there is no such process, or it cannot be looked at.
    public static func namespace(of pid: pid_t) -> FileIdentity? {
        var status = stat()
        guard stat("/proc/\(pid)/ns/net", &status) == 0 else { return nil }
        return FileIdentity(status)
    }
}

/// Processes that are held while they are ended.
private struct HeldProcesses {
    private final class Held {
        let handle: ProcessHandle
        init(_ handle: consuming ProcessHandle) { self.handle = handle }
    }

    private var processes: [Held] = []

    var isEmpty: Bool { processes.isEmpty }

    mutating func append(_ handle: consuming ProcessHandle) { processes.append(Held(handle)) }

    func send(_ signals: [CInt]) {
        for process in processes { for signal in signals { process.handle.send(signal) } }
    }

    /// Waits until all have ended, for so many milliseconds; false if the time ran out before.
    func haveEnded(within milliseconds: Int32) -> Bool {
        let deadline = MonotonicClock.now + UInt64(max(0, milliseconds)) * 1_000_000
        return processes.allSatisfy { process in
            let now = MonotonicClock.now
            return process.handle.hasEnded(within: now < deadline ? CInt((deadline - now + 999_999) / 1_000_000) : 0)
        }
    }
}

extension NamespaceProcesses.Process {
    /// The name of its program, as the kernel keeps it (`comm`, proc(5)); empty if it has ended.
    public var command: String {
        guard let file = try? FileDescriptor(opening: "/proc/\(pid)/comm", O_RDONLY),
            let bytes = try? file.readAll("comm", limit: 4096)
        else { return "" }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
