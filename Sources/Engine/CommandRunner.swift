import Blueprint
import Glibc
import HostRoots
import NetworkNamespaces
import NetworkObjects
import System
import Topology

/// Running the commands of a lab's hosts, and finding out what they made. The caller holds the lab's lock.
struct CommandRunner {
    private let blueprint: Blueprint
    private let hosts: [Blueprint.Namespace]
    private let state: StateDirectory
    private let isShowing: Bool
    private let cancellation: Cancellation

    /// How many commands run at once.
    private static let width = 32

    /// - Parameters:
    ///   - blueprint: the lab as it is when the commands begin.
    ///   - names: the hosts whose commands are run.
    ///   - showing: whether what they print is shown, on standard error.
    ///   - cancellation: a request to end ends the commands that run and keeps others from being started.
    init(
        _ blueprint: Blueprint, of names: Set<String>, _ state: StateDirectory, showing: Bool,
        _ cancellation: Cancellation
    ) {
        self.blueprint = blueprint
        hosts = blueprint.namespaces.filter { names.contains($0.name) && !$0.commands.isEmpty }
        self.state = state
        isShowing = showing
        self.cancellation = cancellation
    }

    /// What the commands did.
    struct Outcome {
        /// What the hosts' roots have to do without, a sentence each.
        var warnings: [String] = []
        /// By host, what they made.
        var made: [String: MadeByCommands] = [:]
        /// A sentence for each command that failed.
        var failures: [String] = []
    }

    /// Runs them; one that fails keeps no other from running.
    ///
    /// - Throws: `EngineError.interrupted`.
    func run() throws -> Outcome {
        if hosts.isEmpty { return Outcome() }
        let (warnings, areMade) = try makeRoots()
        // Without them nothing may run, and the next `up` tries again.
        if !areMade { return Outcome(warnings: warnings) }
        var effects = try observeAll().enumerated().map { CommandEffects(hosts[$0].commands, $1) }
        var settings: [Int: SettingSnapshot] = [:]
        var schedule = CommandSchedule(hosts.map { ($0.name, $0.commands) })
        var failures: [CommandSchedule.Item: String] = [:]
        var running: [CommandProcess] = []
        defer { for process in running { process.kill() } }
        while !schedule.isOver {
            try cancellation.check(state.lab)
            for item in schedule.begin(atMost: Self.width - running.count) {
                let command = hosts[item.host].commands[item.command]
                if command.mayChangeSettings { settings[item.host] = try readSettings(of: item.host) }
                do throws(SystemCallError) {
                    running.append(try start(command, item))
                } catch {
                    failures[item] = error.isNoSuchFile ? "there is no nslab in PATH to run it with" : "\(error)"
                    schedule.end(of: item.host)
                }
            }
            var rest: [CommandProcess] = []
            for (index, process) in running.enumerated() {
                guard let end = try process.end(within: index == 0 ? 5 : 0, cancellation) else {
                    rest.append(process)
                    continue
                }
                let (item, command) = (process.item, hosts[process.item.host].commands[process.item.command])
                failures[item] = end.sentence
                if isShowing { for text in [end.output, end.words] { FileDescriptor.show(text) } }
                schedule.end(of: item.host)
                effects[item.host].take(try observe(item.host, since: effects[item.host].last), after: item.command)
                if command.mayChangeSettings, let before = settings[item.host] {
                    effects[item.host].take(before, try readSettings(of: item.host), of: item.command)
                }
            }
            running = rest
        }
        try cancellation.check(state.lab)
        // What a program did that goes on in the background is its command's, too.
        for (index, seen) in try observeAll(since: effects.map(\.last)).enumerated() {
            effects[index].take(seen, after: hosts[index].commands.count - 1)
        }
        return Outcome(
            warnings: warnings,
            made: Dictionary(uniqueKeysWithValues: zip(hosts.map(\.name), effects.map(\.made))),
            failures: failures.sorted { ($0.key.host, $0.key.command) < ($1.key.host, $1.key.command) }.map {
                sentence($0.value, of: $0.key)
            })
    }

    /// Makes the roots of the hosts that have none, in a process of its own: this one has given up rights that they take.
    ///
    /// - Returns: what they have to do without, a sentence each, and whether they are made.
    private func makeRoots() throws -> (warnings: [String], areMade: Bool) {
        let names = try hosts.map(\.name).filter { try state.roots.root(of: $0) == nil }
        if names.isEmpty { return ([], true) }
        guard let program = Executable.path(of: "nslab") else {
            let all = names.joined(separator: ", ")
            return (["the commands of \(all) are not run: there is no nslab in PATH to run them with"], false)
        }
        let output = try OutputFile(at: "\(state.path)/.output")
        var spawn = Spawn(["nslab", RunningLab.rootsCommand, state.lab] + names, executable: program)
        spawn.standardInput = .null
        spawn.standardOutput = .descriptor(output.writing.number)
        spawn.standardError = .descriptor(output.writing.number)
        spawn.leadership = .session
        let status = try spawn.start().wait()
        let lines = String(decoding: output.end, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        guard status == .exited(0) else {
            let reason = lines.suffix(3).joined(separator: "; ")
            return (["the commands of the lab's hosts are not run, for their roots cannot be made: \(reason)"], false)
        }
        return (lines, true)
    }

    private func sentence(_ failure: String, of item: CommandSchedule.Item) -> String {
        let (host, command) = (hosts[item.host], hosts[item.host].commands[item.command])
        return (command.place.map { "\($0): " } ?? "") + "\(host.name): \(command.text): \(failure)"
    }

    private func start(_ command: HostCommand, _ item: CommandSchedule.Item) throws(SystemCallError) -> CommandProcess {
        let host = hosts[item.host]
        return try CommandProcess(
            command, item, of: host.name, pin: blueprint.pin(of: host), lab: state.lab,
            outputPath: "\(state.roots.path)/.output-\(host.name)", showing: isShowing)
    }

    // MARK: Looking

    private func observe(_ index: Int, since former: HostObservation) throws -> HostObservation {
        let (host, pin) = (hosts[index], blueprint.pin(of: hosts[index]))
        return try NamespaceThread.run { thread in
            try thread.open(pin, of: host.name) { session, inside in
                try HostObservation(session, for: host.content, since: former, in: inside)
            }
        }
    }

    private func observeAll(since former: [HostObservation]? = nil) throws -> [HostObservation] {
        let seen = Slots<HostObservation>(count: hosts.count)
        try NamespaceThread.forEach(hosts.count) { thread, index in
            let host = hosts[index]
            seen[index] = try thread.open(blueprint.pin(of: host), of: host.name) { session, inside in
                try HostObservation(session, for: host.content, since: former?[index], in: inside)
            }
        }
        return seen.all.compactMap(\.self)
    }

    private func readSettings(of index: Int) throws -> SettingSnapshot {
        let (host, pin) = (hosts[index], blueprint.pin(of: hosts[index]))
        return try NamespaceThread.run { thread in
            try thread.enter(pin, of: host.name) { try SettingSnapshot(in: $0) }
        }
    }
}

extension HostCommand {
    /// Whether it may write settings: to read all of them takes a few milliseconds, which most lines are spared.
    fileprivate var mayChangeSettings: Bool {
        let program = words.first?.split(separator: "/").last
        return program != "ip" && program != "ping"
            || words.contains { ["exec", "vrf"].contains($0) || $0.hasPrefix("-") }
    }
}

extension FileDescriptor {
    /// Shows bytes on standard error, which may be one that nobody reads.
    fileprivate static func show(_ bytes: [UInt8]) { _ = Glibc.write(STDERR_FILENO, bytes, bytes.count) }
}
