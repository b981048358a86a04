import Blueprint
import ClusterObjects
import ControlPlane
import Engine
import Glibc
import Netlink
import NetworkNamespaces
import System
import Topology

/// What a cluster's controllers and kubelets are to a lab: they look at what it is, and tell its API.
struct LabControllers {
    private let api: ClusterAPIProcess
    private let log: BoundedLog
    private let signals: SignalSet
    private var record: ClusterAPIProcess.Record
    private var feed: ObjectFeed
    private var server: APIServerProcess
    /// What the server was told that it begins with; nil for one that knows nothing yet.
    private var beginning: ObjectUpdate.Beginning?
    /// When servers were started lately.
    private var starts: [ContinuousClock.Instant]

    /// What clients have run in pods.
    private let processes: PodProcesses
    private let connections: PodConnections
    /// Where running pods live.
    private var places: [PodReference: PodPlace] = [:]

    private var known: Known?
    private var observation: ClusterObservation?

    /// The lab as its state has it.
    private struct Known {
        var lab: ClusterLab
        var observer: LabObserver
    }

    /// What is waited for, by number.
    private enum Source {
        static let signals = 0
        static let folders = 1
        static let responders = 2
        static let requests = 3
        /// The sockets in the nodes' namespaces, from here on.
        static let nodes = 4
    }

    /// How long more changes are waited for before all is looked at again, in milliseconds: a command makes many.
    private static let settling = 30
    /// After how long all is looked at again whatever comes.
    private static let longestSettling = Duration.milliseconds(300)
    /// The files of the lab's state that say what it is.
    private static let stateFiles: Set = [
        "journal.json", "allocations.json", "stopped-pods.json", "cluster.yaml", "topology.yaml",
    ]

    init(lab: String, _ signals: SignalSet, _ log: BoundedLog) throws {
        api = StateDirectory(lab: lab).api
        self.log = log
        self.signals = signals
        guard var record = try api.readRecord() else { throw EngineError.noSuchLab(lab) }
        feed = ObjectFeed(version: record.version)
        // Versions are not given twice, whichever process gives them.
        record.version += 1 << 24
        try api.write(record)
        self.record = record
        server = try APIServerProcess(api)
        processes = PodProcesses(lab: lab)
        connections = PodConnections(lab: lab)
        starts = [.now]
    }

    /// Tells the API what the lab is until it is asked to end.
    mutating func run() throws {
        let pending = try signals.descriptor()
        // Once: what is written while it is not watched for would never be heard of.
        let folders = try FolderWatch([NamedNamespaces.directory, StateDirectory(lab: api.lab).path])
        var reads = true
        while true {
            // Anew each time, as what is waited for hangs on what the lab is; and first, so that no change comes between.
            let poller = try Poller()
            try poller.add(pending, number: Source.signals, .receiving)
            try folders.add(to: poller, number: Source.folders)
            let answering = try StateDirectory(lab: api.lab).responders.state
            let responders = try Self.handle(answering.pid)
            try responders?.add(to: poller, number: Source.responders)
            try server.requests.add(to: poller, number: Source.requests)
            if reads { read() }
            let subscriptions = try subscribe(poller)
            try look(answers: answering != .ended)
            guard let again = try wait(poller, pending, folders, subscriptions) else {
                processes.endAll()
                // Whoever asked waits for the lock that it holds.
                return server.kill()
            }
            reads = again
        }
    }

    private static func handle(_ pid: pid_t?) throws(SystemCallError) -> ProcessHandle? {
        guard let pid else { return nil }
        return try ProcessHandle(pid)
    }

    // MARK: What the lab is

    /// Reads the lab's state. Where that is being written, what was read before stays, until it is written.
    private mutating func read() {
        do {
            // One that is being built is told of once it is there.
            if try RunningLab.overview(api.lab).state == .incomplete { return }
            let running = try RunningLab(named: api.lab)
            let placement = try Placement(try running.topology, keeping: running.blueprint.allocations)
            if let read = try api.readRecord() { record.kubernetesVersion = read.kubernetesVersion }
            note(births: placement)
            let lab = try ClusterLab(
                running, running.blueprint.withoutContent, placement, record, documents: try api.readDocuments(),
                created: record.created)
            known = Known(lab: lab, observer: LabObserver(running.blueprint, placement))
        } catch {
            log.write("reading the lab's state: \(error)")
        }
    }

    /// Keeps when pods came to be that are younger than the lab.
    private mutating func note(births placement: Placement) {
        guard let known else { return }
        let before = Set(known.lab.placement.pods.map(\.reference.description))
        let now = Set(placement.pods.map(\.reference.description))
        if before == now { return }
        record.births = record.births.filter { now.contains($0.key) }
        for pod in now.subtracting(before) { record.births[pod] = time(nil) }
        do { try api.write(record) } catch { log.write("keeping pods' ages: \(error)") }
    }

    /// Looks at the kernel, and tells the API what is not as it was.
    private mutating func look(answers: Bool) throws {
        guard let known else { return }
        let now = Timestamp(seconds: time(nil))
        let observed = try known.observer.observe(answers: answers).continuing(observation, at: now)
        observation = observed
        let objects = ClusterState(known.lab, observed).objects
        places = PodPlace.all(of: objects, known.lab.blueprint)
        let changes = feed.changes(to: objects)
        try restartIfEnded()
        let beginning = ObjectUpdate.Beginning(
            lab: api.lab, version: feed.version, kubernetesVersion: known.lab.kubernetesVersion,
            hasCalico: known.lab.hasCalico, hasCalicoAPI: known.lab.hasCalicoAPI)
        if let begun = self.beginning,
            begun.hasCalico != beginning.hasCalico || begun.hasCalicoAPI != beginning.hasCalicoAPI
        {
            try restart()
        }
        do throws(SystemCallError) {
            if self.beginning == nil {
                try server.tell(.begin(beginning))
                for update in feed.all(objects) { try server.tell(update) }
                try server.tell(.ready)
                self.beginning = beginning
            } else {
                for update in changes { try server.tell(update) }
            }
        } catch {
            // Its end is heard of, and the next one is told all of it.
            log.write("telling the API: \(error)")
        }
    }

    // MARK: The server

    private mutating func restartIfEnded() throws { if server.hasEnded { try restart() } }

    private mutating func restart() throws {
        starts = starts.filter { $0.duration(to: .now) < .seconds(10) }
        guard starts.count < 5 else {
            throw SystemCallError("posix_spawn", "nslab-api, which ends again at once", errno: EAGAIN)
        }
        starts.append(.now)
        processes.endAll()
        let next = try APIServerProcess(api)
        let last = server
        server = next
        last.end()
        beginning = nil
    }

    /// Does what the server asks for.
    ///
    /// - Returns: false where it asks nothing any more: it has ended, or is to be ended.
    private func answer() throws -> Bool {
        do throws(SystemCallError) {
            switch try server.requests.receive() {
            case .end: return false
            case .nonsense:
                log.write("the API asked for what makes no sense")
                server.end()
                return false
            case .request(let request): try obey(request)
            }
            return true
        } catch {
            log.write("asked by the API: \(error)")
            return !server.hasEnded
        }
    }

    private func obey(_ request: PodRequest) throws(SystemCallError) {
        func place(_ pod: ObjectStore.Name) -> PodPlace? {
            places[PodReference(namespace: pod.namespace, name: pod.name)]
        }
        switch request {
        case .start(let start): try processes.start(start, in: place(start.pod)?.host, server.requests)
        case .end(let id): processes.end(id)
        case .connect(let id, let pod, let port):
            connections.connect(id, pod, port: port, pin: place(pod)?.pin, server.requests)
        case .log(let id, let pod, let follows):
            connections.log(id, pod, follows: follows, isRunning: place(pod) != nil, server.requests)
        }
    }

    // MARK: Waiting

    /// Sockets that hear of changes in the nodes' namespaces and of the pods whose cables lead there.
    private func subscribe(_ poller: borrowing Poller) throws -> [NodeSubscription] {
        var subscriptions: [NodeSubscription] = []
        for node in known?.observer.nodePins ?? [] where NamedNamespaces.identity(node.pin) != nil {
            do {
                let subscription = try NodeSubscription(pin: node.pin)
                try subscription.add(to: poller, number: Source.nodes + subscriptions.count)
                subscriptions.append(subscription)
            } catch {
                log.write("node \(node.name): \(error)")
            }
        }
        return subscriptions
    }

    /// Waits until something has changed, and until nothing has for a moment.
    ///
    /// - Returns: whether the lab's state has to be read again; nil where the process is asked to end.
    private func wait(
        _ poller: borrowing Poller, _ pending: borrowing FileDescriptor, _ folders: borrowing FolderWatch,
        _ subscriptions: [NodeSubscription]
    ) throws -> Bool? {
        var events = Poller.Events()
        var (reads, isChange) = (false, false)
        var first: ContinuousClock.Instant?
        while true {
            let isLate = first.map { $0.duration(to: .now) > Self.longestSettling } ?? false
            if isLate { return reads }
            poller.wait(milliseconds: isChange ? Self.settling : nil, &events)
            let numbers = Array(events.numbers)
            if numbers.isEmpty, isChange { return reads }
            for number in numbers {
                switch number {
                case Source.signals:
                    let information = try pending.read("signals", atMost: 128 * 8)
                    // struct signalfd_siginfo, of 128 bytes, begins with the signal's number.
                    if stride(from: 0, to: information.count, by: 128).contains(where: {
                        information[$0] == UInt8(SIGTERM)
                    }) {
                        return nil
                    }
                    try processes.reap(server.requests)
                    if server.hasEnded { isChange = true }
                case Source.requests: if try !answer() { isChange = true }
                case Source.folders:
                    guard let names = folders.names() else {
                        (reads, isChange) = (true, true)
                        continue
                    }
                    if !names.isDisjoint(with: Self.stateFiles) { (reads, isChange) = (true, true) }
                    if names.contains(where: { $0.hasPrefix(api.lab + "-") }) || names.contains("responders.plan") {
                        isChange = true
                    }
                case Source.responders: return reads
                default:
                    subscriptions[number - Source.nodes].drain()
                    isChange = true
                }
            }
            if isChange, first == nil { first = .now }
        }
    }
}

/// A socket in a node's namespace that hears of changes there.
///
/// A class, because many of them are held in an array and a socket cannot be copied.
private final class NodeSubscription {
    private let subscription: NetlinkSubscription

    init(pin: String) throws {
        let made = try NamespaceThread.run { thread in
            try thread.enter(NetworkNamespace(at: NamedNamespaces.path(pin))) { inside in
                Handover(try NetlinkSubscription(to: [.links, .addresses], in: inside))
            }
        }
        subscription = made.take()
    }

    /// Carries a socket from the thread that made it.
    private final class Handover: @unchecked Sendable {
        // Unchecked because it is taken once, by the one thread that waited for the other.
        private var subscription: NetlinkSubscription?
        init(_ subscription: consuming NetlinkSubscription) { self.subscription = consume subscription }
        func take() -> NetlinkSubscription { subscription.take()! }
    }

    func add(to poller: borrowing Poller, number: Int) throws(SystemCallError) {
        try poller.add(descriptor: subscription.descriptor, number: number, .receiving)
    }

    func drain() { subscription.drain() }
}

extension Blueprint {
    /// The blueprint without what namespaces must hold, which is most of it and means nothing to a cluster's objects.
    fileprivate var withoutContent: Blueprint {
        var blueprint = self
        for index in blueprint.namespaces.indices {
            blueprint.namespaces[index].content = NamespaceContent()
            blueprint.namespaces[index].contentBeforeCommands = nil
            blueprint.namespaces[index].origins = [:]
        }
        return blueprint
    }
}
