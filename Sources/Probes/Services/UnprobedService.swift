import Addresses

/// A service, or the names of all, that no probe can say anything of: it is no check that passed.
public struct UnprobedService: Hashable, Sendable, Encodable {
    /// The service, as `NAMESPACE/NAME`; absent for the names of all services.
    public var service: String?
    /// The port, as `53/UDP`; absent for names.
    public var port: String?
    /// The address at which it would be asked; for names, the name server's.
    public var address: String
    /// Why it is not probed.
    public var reason: String

    /// Why something is not probed.
    enum Reason: Error, Hashable, CustomStringConvertible {
        /// Nothing in a lab answers on the transport.
        case transport(Transport)
        /// No pod that asks has an address of the family.
        case nobodyAsks(AddressFamily)
        /// Not all endpoints are pods: a lab has no API server.
        case noPod
        /// The endpoints' containers do not say that they listen there.
        case nothingAnswers
        /// The endpoints answer in different ways, so that no answer is wrong.
        case differentAnswers
        /// `internalTrafficPolicy: Local`, and the node has no endpoint of its own: its packets are dropped.
        case dropped(node: String)
        /// Its load balancer is no part of a lab (`ipMode: Proxy`).
        case balancedElsewhere
        /// The service has no address of its own of the family, so that nodes take no packets for it.
        case otherFamily(AddressFamily)
        /// Equal ways lead to nodes that answer and to nodes that do not.
        case differentWays
        /// The packets are dropped, as those of so many others that it is not waited for.
        case manyDropped
        /// No kube-proxy is there to send packets on.
        case noProxy
        /// Pods that do not answer are among its endpoints, which somebody has written by hand.
        case stoppedByHand
        /// No pod that answers DNS is behind the name server's address.
        case noNameServer

        var description: String {
            switch self {
            case .transport(let transport): "nothing in a lab answers \(transport.rawValue)"
            case .nobodyAsks(let family): "no pod that could ask has an \(family) address"
            case .noPod: "its endpoint is no pod, and nothing in the lab answers for it"
            case .nothingAnswers: "no container says that it listens on the endpoint's port"
            case .differentAnswers: "its endpoints answer in different ways"
            case .dropped(let node):
                "\(node) has no endpoint of its own and drops its packets (internalTrafficPolicy: Local)"
            case .balancedElsewhere: "its load balancer is no part of the lab (ipMode: Proxy)"
            case .otherFamily(let family):
                "the service has no \(family) address of its own, so nodes take no packets for it"
            case .differentWays: "equal ways lead to nodes that answer and to nodes that do not"
            case .manyDropped: "its packets are dropped, and enough others are waited for that are as well"
            case .noProxy: "no kube-proxy sends packets for services on (kubeProxyMode: none)"
            case .stoppedByHand: "a pod that is stopped is among its endpoints, which are written by hand"
            case .noNameServer: "no pod that answers DNS is behind this address"
            }
        }
    }

    init(service: String? = nil, port: String? = nil, address: IPAddress, _ reason: Reason) {
        self.service = service
        self.port = port
        self.address = "\(address)"
        self.reason = "\(reason)"
    }

    /// What it is, in the words of a report: `default/web 80/TCP (10.96.0.7)`.
    public var title: String { (service.map { "\($0) \(port ?? "")" } ?? "names") + " (\(address))" }
}
