import Addresses

/// What a command of iproute2 or `sysctl` changes in a network namespace, as far as a topology can say it.
public enum NetworkCommand: Hashable, Sendable {
    case address(AddressChange)
    case route(RouteChange)
    case link(LinkChange)
    /// `sysctl`: paths below `/proc/sys/net` and their values, in order.
    case settings([Setting])
    /// A command that only prints, such as `ip route show`.
    case nothing

    /// What happens to an address or a route.
    public enum Action: Hashable, Sendable {
        /// It is added; in place of one that is there, if it may replace.
        case add(replacing: Bool)
        case delete
        /// All are removed.
        case flush
    }

    /// A change of an interface's addresses (ip-address(8)).
    public struct AddressChange: Hashable, Sendable {
        public var action: Action
        /// The interface.
        public var device: String
        /// The address; nil for `flush`.
        public var address: InterfaceAddress?
        /// The family that `flush` is limited to.
        public var family: AddressFamily?
    }

    /// A change of the main routing table (ip-route(8)).
    public struct RouteChange: Hashable, Sendable {
        public var action: Action
        /// Where it leads; nil for a `flush` of everything.
        public var destination: Prefix?
        /// The ways that are used; none for a blackhole and where `del` does not say.
        public var hops: [Hop] = []
        /// Whether it is added beside a route to the same destination (`append`, `prepend`).
        public var isFurther = false
        /// Whether packets are dropped.
        public var isBlackhole = false
        /// `metric`; nil for the kernel's own.
        public var metric: UInt32?
    }

    /// One way of a route.
    public struct Hop: Hashable, Sendable {
        public var gateway: IPAddress?
        /// The interface.
        public var device: String?
    }

    /// A change of an interface (ip-link(8)).
    public enum LinkChange: Hashable, Sendable {
        /// It is made.
        case add(NewLink)
        case delete(String)
        /// It is changed.
        case set(device: String, LinkAttributes)
    }

    /// An interface to be made.
    public struct NewLink: Hashable, Sendable {
        public var name: String
        public var kind: Kind
        public var attributes: LinkAttributes

        /// The kinds of links that a topology can say.
        public enum Kind: Hashable, Sendable {
            case vlan(parent: String, id: UInt16)
            case bridge
            case dummy
        }
    }

    /// What can be said about an interface; nil where nothing is said.
    public struct LinkAttributes: Hashable, Sendable {
        public var isUp: Bool?
        /// In bytes.
        public var mtu: UInt32?
        public var hardwareAddress: MACAddress?
        /// The bridge that it becomes a port of; nil inside for `nomaster`.
        public var master: String??

        /// Nothing is said.
        public init() {}
    }

    /// A kernel setting.
    public struct Setting: Hashable, Sendable {
        /// The path below `/proc/sys/net`, such as `ipv4/ip_forward`.
        public var path: String
        public var value: String
    }
}

/// Why a command has no `NetworkCommand`.
public enum CommandRefusal: Error, Hashable, Sendable {
    /// It is another program, or asks for something that a topology cannot say: it runs as it is. The sentence says
    /// what that is, for programs that are known.
    case other(String?)
    /// The program would refuse it too: the sentence says why.
    case wrong(String)
    /// It would change the whole machine and not the network namespace, so it is not run: the sentence says what.
    case notNetwork(String)
}
