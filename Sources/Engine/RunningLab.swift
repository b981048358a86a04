import Addresses
import Blueprint
import Glibc
import NetworkNamespaces
import NetworkObjects
import PodServer
import Rtnetlink
import Topology

/// A lab whose state folder is there: what it should be, and how to look at what it is.
public struct RunningLab: Sendable {
    /// What the lab consists of.
    public let journal: Journal
    /// What its namespaces should hold.
    public let blueprint: Blueprint
    /// The hosts whose commands have not all been run.
    let hostsToRun: Set<String>
    /// What tells the state that it was read from; nil where that is not known.
    private var stamp: StateStamp?

    /// The lab of this name, or, without one, the only one that is running.
    ///
    /// - Parameter blueprint: what the lab should hold, if that is known; otherwise it is worked out from the topology in
    ///   the lab's state.
    public init(named name: String? = nil, blueprint: Blueprint? = nil) throws(EngineError) {
        let state = try StateDirectory(typed: RunningLab.name(name))
        // Before it is read: what is written meanwhile makes it another.
        let stamp = blueprint == nil ? StateStamp(state) : nil
        try self.init(state, try Journal.read(state), blueprint)
        self.stamp = stamp
    }

    /// The lab as its state is now, for whoever holds its lock.
    func current() throws(EngineError) -> RunningLab {
        if let stamp, stamp == StateStamp(StateDirectory(lab: journal.lab)) { return self }
        return try RunningLab(named: journal.lab)
    }

    /// The lab of a journal, worked out from the topology and allocations in its state.
    ///
    /// - Parameters:
    ///   - topology: the topology, if it has been read.
    ///   - kept: the allocations, if they have been read.
    ///   - known: what was worked out of another blueprint of the lab.
    init(
        _ state: StateDirectory, _ journal: Journal, _ blueprint: Blueprint? = nil, of topology: Topology? = nil,
        keeping kept: Allocations? = nil, knowing known: KnownServices? = nil
    ) throws(EngineError) {
        self.journal = journal
        if let blueprint {
            self.blueprint = blueprint
            hostsToRun = []
            return
        }
        let topology = if let topology { topology } else { try Self.topology(in: state) }
        let stopped = try StoppedPods.read(state)
        let kept = if let kept { kept } else { try Allocations.read(state, journal) ?? .empty }
        var blueprint: Blueprint
        do {
            blueprint = try Blueprint(
                topology: topology, features: journal.kernelFeatures, stopped: stopped, keeping: kept, knowing: known)
        } catch {
            throw EngineError.damagedState(path: state.topology, reason: "\(error)")
        }
        hostsToRun = try journal.keepsCommands ? blueprint.take(CommandRecords.read(state)) : []
        self.blueprint = blueprint
    }

    /// How the lab's background process is.
    public var responders: PodServerProcess.State {
        get throws(EngineError) {
            try reportingRefusals(of: "lab \(journal.lab)") { try StateDirectory(lab: journal.lab).responders.state }
        }
    }

    /// The name of a namespace's pin, by the name that people use; nil for none of the lab's.
    public func netns(of name: String?) -> String? { journal.namespaces.first { $0.name == name }?.pin }

    /// The topology in a lab's state.
    static func topology(in state: StateDirectory) throws(EngineError) -> Topology {
        guard let text = try StateDirectory.read(state.topology) else {
            throw EngineError.damagedState(path: state.topology, reason: "it is missing")
        }
        return try topology(text, in: state)
    }

    /// The topology that a lab's state has the text of.
    ///
    /// - Parameter other: another one that most of it is like, if there is one.
    static func topology(
        _ text: [UInt8], in state: StateDirectory, like other: WrittenTopology? = nil
    ) throws(EngineError) -> Topology {
        do {
            var topology =
                try other?.read(text, file: state.topology) ?? Topology.read(text, file: state.topology)
            // That is no place that a user wrote a command at.
            topology.forgetPlaces(in: state.topology)
            return topology
        } catch {
            throw EngineError.damagedState(path: state.topology, reason: "\(error)")
        }
    }

    private static func name(_ name: String?) throws(EngineError) -> String {
        if let name {
            return try StateDirectory(typed: name).lab
        }
        let labs = StateDirectory.labs()
        guard labs.count == 1 else { throw .labNotNamed(running: labs) }
        return labs[0]
    }

    /// Looks into the namespaces of the lab, on as many threads as there are processors.
    ///
    /// - Parameter names: those to look into, by name; nil for all. Of the others no more is said than what they should be.
    public func survey(of names: Set<String>? = nil) throws(EngineError) -> [NamespaceStatus] {
        let surveys = Slots<NamespaceStatus>(count: blueprint.namespaces.count)
        let checked = blueprint.namespaces.indices.filter { names?.contains(blueprint.namespaces[$0].name) ?? true }
        try reportingRefusals(of: "lab \(journal.lab)") {
            try NamespaceThread.forEach(checked.count) { thread, index in
                let namespace = blueprint.namespaces[checked[index]]
                surveys[checked[index]] = try NamespaceStatus(
                    namespace, pin: blueprint.pin(of: namespace), &thread)
            }
        }
        return zip(surveys.all, blueprint.namespaces).map {
            $0 ?? NamespaceStatus(unchecked: $1, blueprint.pin(of: $1))
        }
    }

    /// Waits until the kernel has taken notice of every carrier: behind the request that sets a link up, a worker of the kernel
    /// lets it send, and what is sent before is dropped. It waits for a lock that the clearing of namespaces holds at times, so
    /// on a busy machine that takes up to seconds (net/core/link_watch.c).
    ///
    /// - Parameter surveys: what was seen of the namespaces last.
    public func waitForLinks(_ surveys: [NamespaceStatus]) throws(EngineError) {
        var surveys = surveys
        let start = ContinuousClock.now
        while case let settling = surveys.filter(\.isSettling).map(\.name), !settling.isEmpty,
            start.duration(to: .now) < .seconds(Self.longestSettling)
        {
            usleep(2000)
            surveys = try survey(of: Set(settling))
        }
    }

    /// How long that is waited for, in seconds; what is wrong by then, probes tell.
    private static let longestSettling = 5

    /// What one of the lab's namespaces holds now, read from the kernel.
    public func observe(_ name: String) throws -> NamespaceContent {
        let entry = try journal.namespace(named: name)
        let wanted = blueprint.namespaces.first { $0.name == entry.name }?.content ?? NamespaceContent()
        return try NamespaceThread.run { thread in
            try thread.open(entry.pin, of: entry.name) { try $0.observe(for: wanted, in: $1).content }
        }
    }
}

extension RunningLab {
    /// The lab at a glance.
    public var overview: LabStatus { LabStatus(journal) }

    /// A lab at a glance, whatever state it is in.
    public static func overview(_ lab: String) throws(EngineError) -> LabStatus {
        let state = StateDirectory(lab: lab)
        do {
            return LabStatus(try Journal.read(state))
        } catch .newerState {
            let pinned = try Journal.Core.read(state).pins.count { NamedNamespaces.identity($0) != nil }
            return LabStatus(lab: lab, source: "", state: .newer, namespaces: pinned)
        } catch .damagedState, .noSuchLab, .untrusted {
            return LabStatus(lab: lab, source: "", state: .damaged, namespaces: 0)
        }
    }
}

extension RunningLab {
    /// The router that a user means, in any form that `Journal.namespace(named:)` takes.
    ///
    /// - Throws: `EngineError.notARouter` for another namespace.
    public func router(named name: String) throws(EngineError) -> Journal.Entry {
        let entry = try journal.namespace(named: name)
        if entry.kind == Self.routerKind { return entry }
        let routers = journal.namespaces.filter { $0.kind == Self.routerKind }.map(\.name)
        throw .notARouter(entry.name, kind: entry.kind, routers: routers)
    }

    private static let routerKind = Blueprint.Kind.router.rawValue

    /// The topology as it was asked for.
    package var topology: Topology {
        get throws(EngineError) { try Self.topology(in: StateDirectory(lab: journal.lab)) }
    }

    /// Reads from one of the lab's namespaces, through a route socket that was opened inside.
    package func read<Value: Sendable>(
        _ entry: Journal.Entry, _ body: @escaping @Sendable (inout RouteSocket) throws -> Value
    ) throws(EngineError) -> Value {
        try reportingRefusals(of: entry.name) {
            try NamespaceThread.run { thread in
                try thread.open(entry.pin, of: entry.name) { session, _ in try session.withSocket(body) }
            }
        }
    }
}

extension Topology {
    /// Forgets where commands were written, if it is a file's own lines.
    fileprivate mutating func forgetPlaces(in file: String) {
        func forget(_ commands: inout [HostCommand]) {
            for index in commands.indices where commands[index].place?.hasPrefix("\(file):") == true {
                commands[index].place = nil
            }
        }
        for index in nodes.indices { forget(&nodes[index].commands) }
        for index in hosts.indices { forget(&hosts[index].commands) }
    }
}
