import Addresses
import Blueprint
import Engine
import KubeProxy
import NetworkObjects
import Topology

/// A service of a lab, in the words of its JSON, which are kubectl's.
public struct ServiceReport: Encodable, Sendable {
    public var namespace: String
    public var name: String
    /// `ClusterIP`, `Headless`, `NodePort`, `LoadBalancer` or `ExternalName`.
    public var type: String
    public var clusterIPs: [String]
    public var externalIPs: [String]
    /// The name that an ExternalName service stands for.
    public var externalName: String?
    /// `80/TCP`, or with the nodes' port `80:30080/TCP`.
    public var ports: [String]
    public var endpoints: [EndpointReport]
    /// How the nodes of a running lab have it.
    public var state: State?

    /// How the nodes of a running lab have a service.
    public enum State: Hashable, Sendable, Encodable, CustomStringConvertible {
        case ok
        case noEndpoints
        /// The rules of these nodes say otherwise.
        case differs(nodes: [String])

        public var description: String {
            switch self {
            case .ok: "ok"
            case .noEndpoints: "no endpoints"
            case .differs(let nodes): "differs on " + nodes.joined(separator: ", ")
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }

    /// An address that answers for a service.
    public struct EndpointReport: Encodable, Sendable {
        public var address: String
        /// For each of the service's ports, the endpoint's.
        public var ports: [UInt16]
        /// `NAMESPACE/NAME`; absent for an endpoint that is no pod.
        public var pod: String?
        public var node: String
        /// Whether packets for the service may go there; for a running lab, whether every node's rules have it.
        public var ready: Bool

        /// `192.168.77.1:8080`, or with IPv6 `[fd00::1]:8080`; several ports with commas.
        public var text: String {
            let host = address.contains(":") ? "[\(address)]" : address
            return ports.isEmpty ? address : "\(host):" + ports.map { "\($0)" }.joined(separator: ",")
        }
    }

    /// A service as it should be.
    init(_ service: ClusterService) {
        namespace = service.namespace
        name = service.name
        (type, externalName) =
            switch service.kind {
            case .clusterIP: ("ClusterIP", nil)
            case .headless: ("Headless", nil)
            case .nodePort: ("NodePort", nil)
            case .loadBalancer: ("LoadBalancer", nil)
            case .externalName(let name): ("ExternalName", name)
            }
        clusterIPs = service.clusterAddresses.map(\.description)
        externalIPs = (service.ingress.map(\.address) + service.externalAddresses).map(\.description)
        ports = service.ports.map { port in
            "\(port.number)" + (port.nodePort.map { ":\($0)" } ?? "") + "/\(port.transport.rawValue)"
        }
        endpoints = service.endpoints.map { endpoint in
            EndpointReport(
                address: "\(endpoint.address)", ports: endpoint.ports.compactMap(\.self),
                pod: endpoint.pod.map(\.description), node: endpoint.node,
                ready: service.isReady(endpoint))
        }
    }

    /// A service as the nodes' kernels have it.
    ///
    /// - Parameter nodes: as kube-proxy sees them; empty where no kube-proxy runs.
    init(_ service: ClusterService, _ observed: [String: ObservedServices?], _ nodes: [String: ProxiedNode]) {
        self.init(service)
        guard !service.clusterAddresses.isEmpty, !nodes.isEmpty else { return }
        var differing: [String] = []
        var missing: Set<IPAddress> = []
        for (node, services) in observed.sorted(by: { $0.key < $1.key }) {
            guard let proxied = nodes[node] else { continue }
            let expected = ObservedServices.expected(of: service, on: proxied)
            let isSame = expected.allSatisfy { services?.targets[$0.key, default: []] == $0.value }
            if isSame { continue }
            differing.append(node)
            for (arrival, targets) in expected {
                let held = services?.targets[arrival] ?? []
                missing.formUnion(targets.subtracting(held).map(\.address))
            }
        }
        for (index, endpoint) in service.endpoints.enumerated() where missing.contains(endpoint.address) {
            endpoints[index].ready = false
        }
        let isServed = endpoints.contains(where: \.ready)
        state = !differing.isEmpty ? .differs(nodes: differing) : isServed ? .ok : .noEndpoints
    }
}

extension ObservedServices {
    /// Where a node should send packets for a service's own addresses.
    fileprivate static func expected(
        of service: ClusterService, on node: ProxiedNode
    ) -> [Arrival: Set<Rule.Destination>] {
        var expected: [Arrival: Set<Rule.Destination>] = [:]
        for address in service.clusterAddresses {
            for (index, port) in service.ports.enumerated() {
                let arrival = Arrival(
                    address: address, transport: port.transport, port: port.number)
                expected[arrival] = Set(
                    service.backends(ofPort: index, at: address, from: node).reachable.map {
                        Rule.Destination($0.address, $0.port)
                    })
            }
        }
        return expected
    }
}
