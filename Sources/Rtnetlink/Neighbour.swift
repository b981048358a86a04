import Addresses

/// An entry of the neighbour table: which MAC address an IP address has on a link, in the words of `ip neigh`.
public struct Neighbour: Hashable, Sendable {
    /// The link the neighbour is on.
    public var device: InterfaceName
    /// The neighbour's IP address.
    public var address: IPAddress
    /// The neighbour's MAC address; nil while it is not known, and for a proxy entry.
    public var mac: MACAddress?
    /// Where the entry comes from and how sure it is.
    public var state: State

    /// An entry that stays until it is deleted, unless said otherwise.
    public init(_ device: InterfaceName, _ address: IPAddress, mac: MACAddress?, state: State = .permanent) {
        self.device = device
        self.address = address
        self.mac = mac
        self.state = state
    }

    /// The kernel's view of an entry (`NUD_*`, rtnetlink(7)).
    public struct State: OptionSet, Hashable, Sendable {
        /// The bits of `ndm_state`.
        public let rawValue: UInt16

        /// The state with these bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static let incomplete = State(rawValue: 0x01)
        public static let reachable = State(rawValue: 0x02)
        public static let stale = State(rawValue: 0x04)
        public static let delay = State(rawValue: 0x08)
        public static let probe = State(rawValue: 0x10)
        public static let failed = State(rawValue: 0x20)
        public static let noARP = State(rawValue: 0x40)
        public static let permanent = State(rawValue: 0x80)
    }
}
