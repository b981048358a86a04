import Addresses
import Calico
import Topology

/// What a running lab has been given where its topology leaves the choice: it stays with who has it, whatever else is added or
/// removed. Who has nothing yet gets what a lab built again would give, as far as that is free.
public struct Allocations: Hashable, Sendable, Codable {
    /// The blocks of the IP pools with who has which address, in the order that nodes claimed them.
    public var blocks: [IPAMBlock] = []
    /// The pods, by the place that their workload has them for: `Deployment default/web 0`, `DaemonSet default/web node-1`.
    public var pods: [String: Pod] = [:]
    /// The services, as `NAMESPACE/NAME`.
    public var services: [String: Service] = [:]
    /// Whether its neighbours are permanent entries, because the kernel would not keep as many learned ones; absent for no.
    public var permanentNeighbours: Bool?

    /// Of a lab that is built again.
    public static let empty = Allocations()

    /// What a pod was given.
    public struct Pod: Hashable, Sendable, Codable {
        public var name: String
        public var node: String
        /// What its network namespace is called.
        public var networkNamespace: String
        /// The pools that it asked for; absent where it asked for none.
        public var pools: [String]?
    }

    /// What a service was given.
    public struct Service: Hashable, Sendable, Codable {
        /// Its own addresses.
        public var clusterIPs: [IPAddress]
        /// The nodes' ports, by its own: `80/TCP`; and that of its health check.
        public var nodePorts: [String: UInt16]
        /// The load balancers' addresses that Calico gave it; absent for none.
        public var loadBalancerIPs: [IPAddress]?
    }

    init() {}
}

extension Allocations.Service {
    init(_ service: ClusterService) {
        clusterIPs = service.clusterAddresses
        nodePorts = [:]
        for port in service.ports {
            if let nodePort = port.nodePort { nodePorts[Self.key(port.number, port.transport)] = nodePort }
        }
        if let port = service.healthCheckNodePort { nodePorts[Self.healthCheckKey] = port }
        if !service.ingress.isEmpty { loadBalancerIPs = service.ingress.map(\.address) }
    }

    /// What the port of a health check is kept by.
    static let healthCheckKey = "health-check"

    static func key(_ port: UInt16, _ transport: Transport) -> String { "\(port)/\(transport.rawValue)" }
}

extension Workload {
    /// The place that it has a pod for: by node for a DaemonSet, by number for others.
    func slot(replica: Int, node: String?) -> String {
        switch kind {
        case .daemonSet: "\(kind.name) \(namespace)/\(name) \(node ?? "")"
        case .deployment, .statefulSet, .replicaSet: "\(kind.name) \(namespace)/\(name) \(replica)"
        case .pod: "\(kind.name) \(namespace)/\(name)"
        }
    }
}
