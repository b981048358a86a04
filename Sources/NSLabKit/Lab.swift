import Blueprint
import Engine
import HostRoots
import Probes
import System
import Topology

/// A running lab.
public struct Lab: Sendable {
    /// The lab's name.
    public var name: String { running.journal.lab }
    let running: RunningLab

    /// The lab of this name, or, without one, the only one that is running.
    public static func running(_ name: String? = nil) throws(NSLabError) -> Lab {
        Lab(running: try reportingErrors { try RunningLab(named: name) })
    }

    /// The names of the labs that are running, sorted; empty where they cannot be read.
    public static func runningNames() -> [String] { StateDirectory.labs() }

    /// What `up` is at.
    public enum Step: Sendable {
        /// Another command works on the lab; this one waits.
        case waiting(lab: String)
        /// What an earlier command left half-built is being removed.
        case removingRemains(lab: String)
        /// Namespaces are being made.
        case namespaces(count: Int)
        /// Links, addresses, routes and rules are being installed.
        case objects(count: Int)
        /// The commands of nodes and hosts are being run.
        case commands(count: Int)
        /// A lab that runs is being changed.
        case changing(operations: Int)
        /// Probes are being sent.
        case probing(count: Int)

        init(_ step: BringUp.Step) {
            self =
                switch step {
                case .waiting(let lab): .waiting(lab: lab)
                case .removingRemains(let lab): .removingRemains(lab: lab)
                case .namespaces(let count): .namespaces(count: count)
                case .objects(let count): .objects(count: count)
                case .commands(let count): .commands(count: count)
                case .changing(let operations): .changing(operations: operations)
                }
        }
    }

    /// Builds a lab, or changes the one of this name that runs into what is asked for, and probes it.
    ///
    /// - Parameters:
    ///   - source: what the topology was read from, as the user would name it.
    ///   - probing: whether to probe it once it is up.
    ///   - showingOutput: whether what the lab's own commands print is shown, on standard error.
    ///   - api: what the lab's Kubernetes API serves besides what the lab is; nil for no API.
    ///   - containers: what is kept for the commands of other tools; nil to leave what is.
    ///   - cancellation: what is done about a request to end that comes before the lab is up: one that is being built is
    ///     removed again, one that ran is left for the next `up` to go on with.
    ///   - progress: called with each step when it begins.
    /// - Returns: what the kernel then holds. Probes that failed are in it and are not thrown.
    /// - Throws: `NSLabError`, of category `.interrupted` where a request to end was followed.
    public static func up(
        _ topology: Topology, source: String, probing: Bool = true, showingOutput: Bool = false,
        api: ClusterAPIFiles? = nil, containers: ContainerRecord? = nil, cancellation: Cancellation = .none,
        progress: @escaping (Step) -> Void = { _ in }
    ) throws(NSLabError) -> UpReport {
        try reportingErrors {
            defer { cancellation.release() }
            let start = ContinuousClock.now
            let bringUp = BringUp(
                topology: topology, source: source, isShowingOutput: showingOutput, api: api, containers: containers,
                cancellation: cancellation
            ) {
                progress(Step($0))
            }
            let outcome = try bringUp.run()
            do {
                let lab = Lab(running: try RunningLab(named: topology.name, blueprint: outcome.blueprint))
                let built = ContinuousClock.now
                let surveys = try outcome.statuses ?? lab.running.survey(of: outcome.checked)
                var report = UpReport(
                    outcome, surveys,
                    total: start.duration(to: built) / .seconds(1))
                report.pendingPods = PendingPodReport.all(of: outcome.blueprint)
                report.commandFailures = outcome.commandFailures.isEmpty ? nil : outcome.commandFailures
                report.warnings += bringUp.serveAPI()
                cancellation.release()
                if probing {
                    try lab.running.waitForLinks(surveys)
                    report.probes = try lab.probe(isNew: true, progress: progress)
                }
                return report
            } catch {
                let isInterrupted = if case EngineError.interrupted = error { true } else { false }
                if isInterrupted { cancellation.acknowledge() }
                // A lab that was built and cannot be looked at is of no use to anybody.
                if outcome.isNew {
                    do throws(EngineError) {
                        _ = try TearDown.run(lab: topology.name) {}
                    } catch let second {
                        throw EngineError.removal(of: topology.name, after: error, failed: second)
                    }
                }
                throw isInterrupted ? EngineError.interrupted(lab: topology.name, isLeft: !outcome.isNew) : error
            }
        }
    }

    /// What `up` would do, in order; nothing is done.
    public static func plannedOperations(
        _ topology: Topology, source: String, progress: @escaping (Step) -> Void = { _ in }
    ) throws(NSLabError) -> DryRunReport {
        try reportingErrors {
            let outcome = try BringUp(topology: topology, source: source, isDryRun: true) { progress(Step($0)) }.run()
            return DryRunReport(outcome)
        }
    }

    /// Which labs to remove.
    public enum Selection: Sendable {
        /// The only one that is running.
        case only
        /// All.
        case all
        /// Those of these names.
        case named([String])
    }

    /// Removes labs wholly. One that is not there is no error.
    ///
    /// - Parameters:
    ///   - cancellation: what is done about a request to end: the lab that is being removed is removed wholly before.
    ///   - waiting: called with the lab's name if another command works on it.
    public static func down(
        _ selection: Selection, cancellation: Cancellation = .none, waiting: (String) -> Void = { _ in }
    ) throws(NSLabError) -> DownReport {
        try reportingErrors {
            let labs: [String]
            switch selection {
            case .all: labs = try TearDown.labs()
            case .named(let names): labs = names
            case .only:
                labs = StateDirectory.labs()
                if labs.count > 1 { throw EngineError.labNotNamed(running: labs) }
            }
            var entries: [DownReport.Entry] = []
            var failure: (any Error)?
            // One that cannot be removed does not keep the others.
            for lab in labs {
                do {
                    entries.append(
                        DownReport.Entry(try TearDown.run(lab: lab, cancellation: cancellation) { waiting(lab) }))
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return DownReport(labs: entries)
        }
    }

    /// The labs that are there.
    public static func list() throws(NSLabError) -> [LabReport] {
        try reportingErrors { try StateDirectory.labs().map { LabReport(try RunningLab.overview($0)) } }
    }

    /// The lab's namespaces, as the kernel has them.
    private func surveyed() throws -> [NamespaceReport] {
        NamespaceReport.all(try running.survey(), running.blueprint)
    }

    /// The lab's namespaces and services, and what the kernel says of them.
    public func inspect() throws(NSLabError) -> InspectReport {
        try reportingErrors {
            let responders = try running.responders
            return InspectReport(
                lab: name, source: running.journal.source, state: running.overview.state.rawValue,
                namespaces: try surveyed(), pendingPods: PendingPodReport.all(of: running.blueprint),
                services: try services(),
                ipamBlocks: running.blueprint.allocations.blocks.map(IPAMBlockReport.init),
                conditions: try running.conditions().map(ConditionReport.init),
                responders: responders.name,
                respondersPID: responders.pid, notes: running.blueprint.notes)
        }
    }

    /// Becomes a command inside one of the lab's hosts; returns only by throwing.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in PATH, and its arguments.
    ///   - name: the host, in any form that `nslab exec` takes.
    ///   - usingHostFiles: whether it works on the machine's own files; otherwise it has the host's root, where what it
    ///     writes is gone with the lab.
    ///   - confined: whether it has the rights of a lab's own commands alone: those of a container, and no more.
    ///   - waiting: told the lab's name if another command works on it.
    ///   - warn: called with a sentence about what the command has to do without.
    public func become(
        _ arguments: [String], in name: String, usingHostFiles: Bool = false, confined: Bool = false,
        waiting: (String) -> Void = { _ in },
        warn: (String) -> Void = { _ in }
    ) throws(NSLabError) -> Never {
        try reportingErrors {
            do {
                try running.become(
                    arguments, in: name, files: usingHostFiles ? .machine : .host,
                    rights: confined ? .confined : .full, waiting: { waiting(self.name) }
                ) { lack in
                    warn(lack.sentence)
                }
            } catch let error as SystemCallError where error.call == "execvp" {
                throw NSLabError(command: arguments[0], error)
            }
        }
    }
}

extension Lab {
    /// The word that has the program make roots, for `nslab up` and `nslab reset`.
    public static let rootsCommand = RunningLab.rootsCommand

    /// Makes the roots of hosts, for whoever holds the lab's lock.
    ///
    /// - Parameter warn: called with a sentence about what they have to do without, each once.
    public func makeRoots(of names: [String], warn: (String) -> Void) throws(NSLabError) {
        try reportingErrors {
            var told: Set<String> = []
            try running.makeRoots(of: names) { host, lack in
                let sentence: String
                if case .writing(let reason) = lack {
                    sentence = "\(reason); commands of the lab's hosts see the machine's files and can write to none"
                } else {
                    sentence = "\(host): \(lack.sentence)"
                }
                if told.insert(sentence).inserted { warn(sentence) }
            }
        }
    }
}

extension Command.Lack {
    /// What the user should know.
    fileprivate var sentence: String {
        switch self {
        case .writing(let reason):
            "\(reason); the command sees the machine's files and can write to none but those below its working directory"
        case .workingDirectory(let error):
            "\(error.object): \(error.words): the working directory is not the machine's own"
        case .bind(let error):
            "\(error.object): \(error.words) (\(error.call)): the bind is left out of the host's root"
        case .etcFile(let error):
            "\(error.object): \(error.words) (\(error.call)): the command sees the file that was there, if any"
        case .processes(let reason): "the processes that the lab's files had started in this host were ended: \(reason)"
        }
    }
}
