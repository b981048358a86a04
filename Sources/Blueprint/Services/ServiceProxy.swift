import Addresses
import KubeProxy
import NetworkObjects
import Synchronization
import Topology

/// kube-proxy on the nodes of a cluster: what it makes of the cluster's services.
public struct ServiceProxy: Sendable {
    /// Nil where there is none, or nothing for it to do.
    private let rules: ProxyRules?
    private let zones: [String: String]
    /// The services, and the ports of each as kube-proxy sees them.
    private let services: [(service: ClusterService, ports: [ProxiedPort])]

    /// - Parameters:
    ///   - services: with the endpoints that answer now.
    ///   - known: what was worked out before: what has not changed is taken from there.
    public init(_ services: [ClusterService], _ topology: Topology, known: ServiceProxy? = nil) {
        zones = topology.zones
        let cluster = topology.cluster
        guard cluster.kubeProxyMode != .none, !services.isEmpty else {
            rules = nil
            self.services = []
            return
        }
        let before = Dictionary(
            (known?.services ?? []).map { ($0.service.key, $0) }, uniquingKeysWith: { first, _ in first })
        var shared = SharedEndpoints()
        self.services = services.map { service in
            if let same = before[service.key], same.service == service { return same }
            return (service, service.proxiedPorts(&shared))
        }
        rules = ProxyRules(
            self.services.flatMap(\.ports), serviceSubnets: cluster.serviceSubnets,
            clusterPrefixes: cluster.clusterPrefixes, known: known?.rules)
    }

    /// The tables of a node, IPv4's before IPv6's; none where no kube-proxy runs.
    public func tables(on node: Placement.Node) -> [RuleTable] {
        rules?.tables(
            on: ProxiedNode(node.name, addresses: node.addresses.map(\.address.address), zone: zones[node.name])) ?? []
    }
}

/// What was worked out last for the services of a lab. Given to one blueprint after the other, what has not changed is worked
/// out once, and shared: so two of them are soon compared.
public final class KnownServices: Sendable {
    private let last = Mutex<ServiceProxy?>(nil)

    public init() {}

    /// kube-proxy on the nodes of the cluster with these services.
    func proxy(_ services: [ClusterService], _ topology: Topology) -> ServiceProxy {
        let proxy = ServiceProxy(services, topology, known: last.withLock(\.self))
        last.withLock { $0 = proxy }
        return proxy
    }
}

extension Cluster {
    /// Where packets of pods come from, as kube-proxy is told: `clusterCIDR`, or where that is not said, the pods' pools.
    public var clusterPrefixes: [Prefix] {
        podSubnets.isEmpty ? pools.filter { $0.allowedUses.contains(.workload) }.map(\.prefix) : podSubnets
    }
}

extension Topology {
    /// The nodes' zones, by node.
    var zones: [String: String] {
        Dictionary(
            nodes.compactMap { node in node.labels["topology.kubernetes.io/zone"].map { (node.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}

extension [ClusterService] {
    /// Where UDP flows to the services may go.
    public var datagramEndpoints: DatagramEndpoints {
        var shared = SharedEndpoints()
        let services = filter { $0.ports.contains { $0.transport == .udp } }
        return DatagramEndpoints(services.flatMap { $0.proxiedPorts(&shared) })
    }
}

/// What answers for services' ports, worked out once for all that lead to the same pods.
private struct SharedEndpoints {
    private var ports: [Key: [(source: Source, port: ProxiedPort)]] = [:]

    /// What is soon told of endpoints.
    private struct Key: Hashable {
        var first: IPAddress?
        var count: Int
        var family: AddressFamily
        var index: Int
    }

    /// What endpoints are worked out of.
    private struct Source: Equatable {
        var endpoints: [ServiceEndpoint]
        var publishesNotReadyAddresses: Bool
    }

    /// A port with what answers for it.
    mutating func answered(_ port: ProxiedPort, _ index: Int, of service: ClusterService) -> ProxiedPort {
        let key = Key(
            first: service.endpoints.first?.address, count: service.endpoints.count, family: port.family, index: index)
        let source = Source(
            endpoints: service.endpoints, publishesNotReadyAddresses: service.publishesNotReadyAddresses)
        var port = port
        if let known = ports[key]?.first(where: { $0.source == source }) {
            port.answer(like: known.port)
        } else {
            port.answer(by: service.proxiedEndpoints(index, port.family))
            ports[key, default: []].append((source, port))
        }
        return port
    }
}

extension ClusterService {
    /// Its ports as kube-proxy sees them: in each family that it has an address of its own in.
    fileprivate func proxiedPorts(_ shared: inout SharedEndpoints) -> [ProxiedPort] {
        clusterAddresses.flatMap { address in
            ports.indices.map { shared.answered(portWithoutEndpoints($0, at: address), $0, of: self) }
        }
    }

    /// One of its ports at one of its own addresses.
    func proxiedPort(_ index: Int, at address: IPAddress) -> ProxiedPort {
        var port = portWithoutEndpoints(index, at: address)
        port.answer(by: proxiedEndpoints(index, address.family))
        return port
    }

    private func portWithoutEndpoints(_ index: Int, at address: IPAddress) -> ProxiedPort {
        let port = ports[index]
        let family = address.family
        var proxied = ProxiedPort(
            namespace: namespace, service: name, name: port.name ?? "", port.transport, port.number, at: address)
        proxied.externalAddresses = externalAddresses.filter { $0.family == family }
        proxied.loadBalancerAddresses = loadBalancerAddresses.filter { $0.family == family }
        proxied.sourceRanges = sourceRanges.filter { $0.family == family }
        proxied.nodePort = port.nodePort
        proxied.sessionAffinity = sessionAffinity
        proxied.isInternallyLocal = isInternallyLocal
        proxied.isExternallyLocal = isExternallyLocal
        return proxied
    }

    /// What answers for one of its ports in a family.
    fileprivate func proxiedEndpoints(_ index: Int, _ family: AddressFamily) -> [ProxiedEndpoint] {
        endpoints.compactMap { endpoint in
            guard endpoint.address.family == family, let number = endpoint.ports[index] else { return nil }
            return ProxiedEndpoint(
                endpoint.address, number, node: endpoint.node.isEmpty ? nil : endpoint.node,
                isReady: isReady(endpoint), isServing: endpoint.isServing, isTerminating: endpoint.isTerminating,
                zones: endpoint.zoneHints, nodes: endpoint.nodeHints)
        }
    }
}
