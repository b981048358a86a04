import Blueprint
import CLinux
import ClusterObjects
import ControlPlane
import Engine
import Glibc
import System

/// What clients of the API have run in pods: `nslab exec --confined`, whose standard streams the process that hears the clients is
/// given.
///
/// A class, because what runs is not copied.
final class PodProcesses {
    private let lab: String
    private var running: [Int: ChildProcess] = [:]

    /// The most at once.
    private static let most = 64

    init(lab: String) { self.lab = lab }

    /// Starts a program in a pod, and answers.
    ///
    /// - Parameter host: what nslab calls the host that the pod lives in; nil for a pod that does not run.
    func start(_ start: ProcessStart, in host: String?, _ requests: PodRequests) throws(SystemCallError) {
        guard running[start.id] == nil, running.count < Self.most else {
            return try requests.send(.refused(id: start.id, "more than \(Self.most) commands run in the lab's pods"))
        }
        guard let host else {
            let pod = PodReference(namespace: start.pod.namespace, name: start.pod.name)
            return try requests.send(.refused(id: start.id, "pod \(pod) does not run"))
        }
        do throws(SystemCallError) {
            try run(start, in: host, requests)
        } catch {
            running[start.id] = nil
            try requests.send(.refused(id: start.id, "\(error)"))
        }
    }

    /// Ends a program that nobody waits for any more.
    func end(_ id: Int) { if let process = running[id] { process.sendToGroup(SIGKILL) } }

    private func run(
        _ start: ProcessStart, in host: String, _ requests: PodRequests
    ) throws(SystemCallError) {
        guard let program = Executable.path(of: "nslab") else {
            throw SystemCallError("posix_spawn", "nslab", errno: ENOENT)
        }
        let words = ["nslab", "exec", "--lab", lab, "--confined", host, "--"] + start.command
        var spawn = Spawn(words, executable: program)
        spawn.isAlone = true
        spawn.leadership = .session
        let path = Spawn.ownEnvironment.filter { $0.hasPrefix("PATH=") }
        spawn.environment = path + ["LC_ALL=C", start.isTerminal ? "TERM=xterm" : "TERM=dumb"]
        if start.isTerminal {
            let terminal = try Terminal()
            (spawn.standardInput, spawn.standardOutput) = (.terminal(terminal.path), .standardError)
            spawn.standardError = .terminal(terminal.path)
            running[start.id] = try spawn.start()
            return try requests.send(.started(id: start.id), [terminal.near.number])
        }
        let output = try Pipe("standard output")
        let error = try Pipe("standard error")
        spawn.standardOutput = .descriptor(output.writing.number)
        spawn.standardError = .descriptor(error.writing.number)
        guard start.hasInput else {
            spawn.standardInput = .null
            running[start.id] = try spawn.start()
            return try requests.send(.started(id: start.id), [output.reading.number, error.reading.number])
        }
        let input = try Pipe("standard input")
        spawn.standardInput = .descriptor(input.reading.number)
        running[start.id] = try spawn.start()
        try requests.send(
            .started(id: start.id), [input.writing.number, output.reading.number, error.reading.number])
    }

    /// Tells of those that have ended.
    func reap(_ requests: PodRequests) throws(SystemCallError) {
        for (id, process) in running {
            guard let status = try process.status() else { continue }
            running[id] = nil
            try requests.send(.ended(id: id, status: Int(status.shellStatus)))
        }
    }

    /// Ends all of them: nobody is there any more to whom they could be told.
    func endAll() {
        for process in running.values {
            process.sendToGroup(SIGKILL)
            // It is ended either way.
            _ = try? process.wait()
        }
        running = [:]
    }
}

/// A new terminal (pty(7)): this process has the one end, a program that it starts has the other.
private struct Terminal: ~Copyable {
    let near: FileDescriptor
    /// The other end.
    let path: String

    private init(_ near: consuming FileDescriptor, _ path: String) {
        self.near = near
        self.path = path
    }

    init() throws(SystemCallError) {
        let near = try FileDescriptor(opening: "/dev/ptmx", O_RDWR | O_NOCTTY)
        let number = near.number
        let place = try systemCall("ioctl", "terminal") { nslab_unlock_terminal(number) }
        self.init(near, "/dev/pts/\(place)")
    }
}
