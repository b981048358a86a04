extension Topology {
    /// All that cannot work in this topology, wherever it was read from: names, cables, VLANs, addresses, routes, pools
    /// and workloads that contradict each other. Empty for a topology that can be built.
    ///
    /// Pure, and in proportion to the topology's size but for a sort.
    public func problems() -> [Problem] { checked().problems }

    /// What does not work in this topology and is taken all the same, because a real network or cluster would take it;
    /// none unless it `allowsPendingPods`.
    public func tolerated() -> [Problem] { allowsPendingPods ? checked().tolerated : [] }

    /// The cables that close a loop of switches, by position.
    package func loops() -> [Int] {
        var check = TopologyCheck(self)
        check.broadcastDomains()
        return check.loops
    }

    private func checked() -> TopologyCheck {
        var check = TopologyCheck(self)
        check.names()
        check.labels()
        check.links()
        check.cables()
        check.broadcastDomains()
        check.mtus()
        check.addresses()
        check.subnets()
        check.routes()
        check.pools()
        check.prefixes()
        check.workloads()
        check.poolSizes()
        check.containerPorts()
        check.services()
        check.commands()
        return check
    }
}

/// Looks a topology through. Each rule is a function in a file of its subject, and adds what it finds to `problems`.
struct TopologyCheck {
    let topology: Topology
    var problems: [Problem] = []
    /// What a topology may have that `allowsPendingPods`.
    private(set) var tolerated: [Problem] = []
    /// The cables that close a loop, by position, once `broadcastDomains()` has run.
    var loops: [Int] = []
    /// Routers, networks, nodes and hosts by name; of two with one name, the first.
    let devices: [String: Device]
    /// Every interface that can have addresses.
    let interfaces: [AddressedInterface]
    /// For each such interface, the broadcast domain that it is in, once `broadcastDomains()` has run.
    var domainOfInterface: [Int] = []

    init(_ topology: Topology) {
        self.topology = topology
        var devices: [String: Device] = [:]
        for (index, router) in topology.routers.enumerated() where devices[router.name] == nil {
            devices[router.name] = .router(index)
        }
        for (index, network) in topology.networks.enumerated() where devices[network.name] == nil {
            devices[network.name] = .network(index)
        }
        for machine in topology.machines where devices[machine.name] == nil {
            devices[machine.name] = .machine(machine.number)
        }
        self.devices = devices
        interfaces = AddressedInterface.all(of: topology)
    }

    mutating func report(_ path: FieldPath, _ sentence: String) { problems.append(Problem(path, sentence)) }

    /// Notes what Kubernetes' API server refuses (pkg/apis/core/validation).
    mutating func refuse(_ path: FieldPath, _ sentence: String) {
        problems.append(Problem(path, sentence, isRefusedByAPIServer: true))
    }

    /// Notes what a real network or cluster would take, though it does not work.
    mutating func reportTolerable(_ path: FieldPath, _ sentence: String) {
        if topology.allowsPendingPods {
            tolerated.append(Problem(path, sentence))
        } else {
            report(path, sentence)
        }
    }

    /// `; did you mean "…"?`, or nothing. Comparing words is slow, and who has a hundred problems needs no more hints.
    func hint(_ word: String, among candidates: @autoclosure () -> [String]) -> String {
        problems.count < 100 ? didYouMean(word, among: candidates().prefix(1000)) : ""
    }

    // Where the paths begin.
    static let routers = FieldPath()["routers"]
    static let networks = FieldPath()["networks"]
    static let nodes = FieldPath()["nodes"]
    static let hosts = FieldPath()["hosts"]
    static let cables = FieldPath()["cables"]
    static let cluster = FieldPath()["cluster"]

    /// A workload's path: its name; with its Kubernetes namespace in front unless that is the default one.
    static func path(of workload: Workload) -> FieldPath {
        FieldPath()["workloads"][workload.key]
    }

    /// A service's path, named in the same way.
    static func path(of service: Service) -> FieldPath { FieldPath()["services"][service.key] }
}

/// A router, network, node or host by its position in the topology.
enum Device: Hashable {
    case router(Int)
    case network(Int)
    case machine(Machine.Number)

    var kind: String {
        switch self {
        case .router: "router"
        case .network: "network"
        case .machine(.node): "node"
        case .machine(.host): "host"
        }
    }
}

extension Workload {
    /// What it is called where names of all Kubernetes namespaces meet: `multitool`, `kube-system/coredns`.
    package var key: String { namespace == "default" ? name : "\(namespace)/\(name)" }
}
