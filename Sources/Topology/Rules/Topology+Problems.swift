extension Topology {
    /// All that cannot work in this topology, wherever it was read from: names, cables, VLANs, addresses, routes, pools
    /// and workloads that contradict each other. Empty for a topology that can be built.
    ///
    /// Pure, and in proportion to the topology's size but for a sort.
    public func problems() -> [Problem] {
        var check = TopologyCheck(self)
        check.names()
        check.labels()
        check.links()
        check.cables()
        check.segments()
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
        return check.problems
    }
}

/// Looks a topology through. Each rule is a function in a file of its subject, and adds what it finds to `problems`.
struct TopologyCheck {
    let topology: Topology
    var problems: [Problem] = []
    /// Routers, networks and nodes by name; of two with one name, the first.
    let devices: [String: Device]
    /// Every interface that can have addresses.
    let interfaces: [AddressedInterface]
    /// For each such interface, the Ethernet segment it is on, once `segments()` has run.
    var segmentOfInterface: [Int] = []

    init(_ topology: Topology) {
        self.topology = topology
        var devices: [String: Device] = [:]
        for (index, router) in topology.routers.enumerated() where devices[router.name] == nil {
            devices[router.name] = .router(index)
        }
        for (index, network) in topology.networks.enumerated() where devices[network.name] == nil {
            devices[network.name] = .network(index)
        }
        for (index, node) in topology.nodes.enumerated() where devices[node.name] == nil {
            devices[node.name] = .node(index)
        }
        self.devices = devices
        interfaces = AddressedInterface.all(of: topology)
    }

    mutating func report(_ path: FieldPath, _ sentence: String) { problems.append(Problem(path, sentence)) }

    /// `; did you mean "…"?`, or nothing. Comparing words is slow, and who has a hundred problems needs no more hints.
    func hint(_ word: String, among candidates: @autoclosure () -> [String]) -> String {
        problems.count < 100 ? didYouMean(word, among: candidates().prefix(1000)) : ""
    }

    // Where the paths begin.
    static let routers = FieldPath()["routers"]
    static let networks = FieldPath()["networks"]
    static let nodes = FieldPath()["nodes"]
    static let cables = FieldPath()["cables"]
    static let cluster = FieldPath()["cluster"]

    /// A workload's path: its name; with its Kubernetes namespace in front unless that is the default one.
    static func path(of workload: Workload) -> FieldPath {
        FieldPath()["workloads"][workload.key]
    }

    /// A service's path, named in the same way.
    static func path(of service: Service) -> FieldPath { FieldPath()["services"][service.key] }
}

/// A router, network or node by its position in the topology.
enum Device: Hashable {
    case router(Int)
    case network(Int)
    case node(Int)
}

extension Workload {
    /// What it is called where names of all Kubernetes namespaces meet: `multitool`, `kube-system/coredns`.
    var key: String { namespace == "default" ? name : "\(namespace)/\(name)" }
}
