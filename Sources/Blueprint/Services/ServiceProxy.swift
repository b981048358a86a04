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
        self.services = services.map { service in
            if let same = before[service.key], same.service == service { return same }
            return (service, service.proxiedPorts)
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
    public var datagramEndpoints: DatagramEndpoints { DatagramEndpoints(flatMap(\.proxiedPorts)) }
}

extension ClusterService {
    /// Its ports as kube-proxy sees them: in each family that it has an address of its own in.
    var proxiedPorts: [ProxiedPort] {
        clusterAddresses.flatMap { address in ports.indices.map { proxiedPort($0, at: address) } }
    }

    /// One of its ports at one of its own addresses.
    func proxiedPort(_ index: Int, at address: IPAddress) -> ProxiedPort {
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
        proxied.answer(
            by: endpoints.compactMap { endpoint in
                guard endpoint.address.family == family, let number = endpoint.ports[index] else { return nil }
                return ProxiedEndpoint(
                    endpoint.address, number, node: endpoint.node.isEmpty ? nil : endpoint.node,
                    isReady: isReady(endpoint), isServing: endpoint.isServing, isTerminating: endpoint.isTerminating,
                    zones: endpoint.zoneHints, nodes: endpoint.nodeHints)
            })
        return proxied
    }
}
