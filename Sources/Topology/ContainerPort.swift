import Addresses

extension Workload {
    /// A port that a container says it listens on, and what answers there.
    public struct ContainerPort: Hashable, Sendable {
        /// Its name, which services may use.
        public var name: String?
        public var number: UInt16
        /// The transport protocol.
        public var transport: Transport
        public var answer: Answer
        /// The families that the answering socket is bound to.
        public var listen: Listen
        /// What the answer consists of, if it is always the same; nil for an answer that says who asked whom.
        public var body: String?
        /// The port of the node that leads to it (`hostPort`); nil for none.
        public var hostPort: UInt16?
        /// The address of the node that `hostPort` is at (`hostIP`); nil for all of them.
        public var hostAddress: IPAddress?

        /// A port. Without a word on what answers there, it is HTTP on TCP and echo on UDP.
        public init(
            name: String? = nil, _ number: UInt16, _ transport: Transport = .tcp, answer: Answer? = nil,
            listen: Listen = .dual, body: String? = nil
        ) {
            self.name = name
            self.number = number
            self.transport = transport
            self.answer = answer ?? .usual(for: transport)
            self.listen = listen
            self.body = body
        }

        /// What answers at a port.
        public enum Answer: String, Hashable, Sendable, CaseIterable {
            /// An HTTP/1.1 server.
            case http
            /// Whatever is sent comes back.
            case echo
            /// The cluster's DNS.
            case dns
            /// Nothing: the port is only said to be there.
            case none

            /// What answers where nothing else is said.
            public static func usual(for transport: Transport) -> Answer {
                switch transport {
                case .tcp: .http
                case .udp: .echo
                case .sctp: .none
                }
            }
        }

        /// The families that a socket is bound to.
        public enum Listen: String, Hashable, Sendable, CaseIterable, Codable {
            /// Both.
            case dual
            /// IPv4 alone: an IPv6 client is refused.
            case ipv4
            /// IPv6 alone: an IPv4 client is refused.
            case ipv6
        }
    }
}
