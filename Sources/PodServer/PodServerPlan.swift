import Addresses
import DNS
import HTTP
import Topology

/// What the background process of a lab serves: who answers on which port of which namespace, and what DNS answers. The
/// command that changes the lab hands it over as JSON.
public struct PodServerPlan: Codable, Hashable, Sendable {
    /// The lab's name.
    public var lab: String
    /// The pods that answer, and those that do not for the time being.
    public var pods: [Pod]
    /// What its name servers know.
    public var zone: ClusterZone

    public init(lab: String, pods: [Pod] = [], zone: ClusterZone = ClusterZone()) {
        self.lab = lab
        self.pods = pods
        self.zone = zone
    }

    /// Whether there is nothing to serve, so that no process is needed.
    public var isEmpty: Bool { pods.allSatisfy(\.listeners.isEmpty) }

    /// A pod, or anything else that answers in a namespace.
    public struct Pod: Codable, Hashable, Sendable {
        /// The name of the pin of its network namespace, which no other pod of the plan with the same ports has.
        public var pin: String
        /// What it says of itself; without a client.
        public var page: PodPage
        /// Where it answers.
        public var listeners: [Listener]

        public init(pin: String, page: PodPage, listeners: [Listener]) {
            self.pin = pin
            self.page = page
            self.listeners = listeners
        }
    }

    /// A port and what answers there.
    public struct Listener: Codable, Hashable, Sendable {
        /// The transport protocol: TCP or UDP.
        public var transport: Transport
        public var port: UInt16
        /// The families that its socket is bound to.
        public var families: Families
        public var answer: Answer

        public init(_ transport: Transport, _ port: UInt16, families: Families = .dual, answer: Answer) {
            self.transport = transport
            self.port = port
            self.families = families
            self.answer = answer
        }
    }

    /// The families that a socket is bound to: one IPv6 socket that takes IPv4 too, or a socket of one family.
    public typealias Families = Workload.ContainerPort.Listen

    /// What answers at a port.
    public enum Answer: Codable, Hashable, Sendable {
        /// HTTP/1.1: this body, or who answered whom. On TCP alone.
        case http(body: String?)
        /// What is sent comes back.
        case echo
        /// The cluster's name server.
        case dns
        /// Whether a node has endpoints of a service, for load balancers (`healthCheckNodePort`). On TCP alone.
        case health(ServiceHealth)
    }
}
