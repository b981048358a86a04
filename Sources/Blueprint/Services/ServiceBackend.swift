import Addresses
import KubeProxy
import Topology

/// What answers for one port of a service: an endpoint's address with its own port.
public struct ServiceBackend: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16
    /// The pod that has the address, or whose node has it; nil for what is no pod, such as the API server.
    public var pod: PodReference?
    /// The node that it is on.
    public var node: String
}

extension ClusterService {
    /// Whether packets may go to an endpoint.
    public func isReady(_ endpoint: ServiceEndpoint) -> Bool { endpoint.isReady || publishesNotReadyAddresses }

    /// The endpoints of all families that packets may go to.
    public var readyEndpoints: [ServiceEndpoint] { endpoints.filter(isReady) }

    /// What answers at a port in a family, on whichever node.
    ///
    /// - Parameter index: the port's place in `ports`.
    public func backends(ofPort index: Int, _ family: AddressFamily) -> [ServiceBackend] {
        endpoints.compactMap { endpoint in
            guard endpoint.address.family == family, isReady(endpoint), let port = endpoint.ports[index] else {
                return nil
            }
            return ServiceBackend(address: endpoint.address, port: port, pod: endpoint.pod, node: endpoint.node)
        }
    }

    /// What answers at a port for those whose packets come to a node: by hints, and what is about to end.
    ///
    /// - Parameter address: the service's own in the family.
    public func backends(ofPort index: Int, at address: IPAddress, from node: ProxiedNode) -> Backends {
        let reach = ReachableEndpoints(proxiedPort(index, at: address), on: node)
        // Of pods on one node's network each may have an address and port that all of them share.
        let pods = Dictionary(
            grouping: endpoints.filter { $0.address.family == address.family && (isReady($0) || $0.isTerminating) },
            by: \.address)
        func backends(_ endpoints: [ProxiedEndpoint]) -> [ServiceBackend] {
            endpoints.flatMap { endpoint in
                (pods[endpoint.address] ?? []).filter { $0.ports[index] == endpoint.port }.map {
                    ServiceBackend(address: endpoint.address, port: endpoint.port, pod: $0.pod, node: $0.node)
                }
            }
        }
        let (cluster, local) = (backends(reach.cluster), backends(reach.local))
        return Backends(
            cluster: cluster, local: local, reachable: isInternallyLocal ? local : cluster,
            isAnywhere: reach.isAnywhere)
    }

    /// What answers for a port on a node.
    public struct Backends: Hashable, Sendable {
        /// Those of packets that may go to any node.
        public var cluster: [ServiceBackend]
        /// Those of packets that stay on the node.
        public var local: [ServiceBackend]
        /// Those of packets for the service's own addresses (`internalTrafficPolicy`).
        public var reachable: [ServiceBackend]
        /// Whether there is one on any node: if not, packets are refused, and otherwise dropped where none is reachable.
        public var isAnywhere: Bool
    }
}

extension Blueprint {
    /// The ports that each pod's containers say they listen on, of pods on their node's network too.
    public var containerPorts: [PodReference: [Workload.ContainerPort]] {
        var ports: [PodReference: [Workload.ContainerPort]] = [:]
        for namespace in namespaces {
            if let pod = namespace.pod { ports[pod] = namespace.ports }
            for hosted in namespace.hostPods { ports[hosted.pod] = hosted.ports }
        }
        return ports
    }
}

extension Blueprint.Namespace {
    /// The node that it is, or that its pod runs on.
    public var nodeName: String? { kind == .node ? name : node }
}
