import Addresses
internal import CLinux

/// An entry of the neighbour table: which MAC address an IP address has on a link, in the words of `ip neigh`.
public struct Neighbour: Codable, Hashable, Sendable {
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
    public struct State: OptionSet, Codable, Hashable, Sendable {
        /// The bits of `ndm_state`.
        public let rawValue: UInt16

        /// The state with these bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        private init(_ bit: Int32) { rawValue = UInt16(bit) }

        public static let incomplete = State(NUD_INCOMPLETE)
        public static let reachable = State(NUD_REACHABLE)
        public static let stale = State(NUD_STALE)
        public static let delay = State(NUD_DELAY)
        public static let probe = State(NUD_PROBE)
        public static let failed = State(NUD_FAILED)
        public static let noARP = State(NUD_NOARP)
        public static let permanent = State(NUD_PERMANENT)
    }
}

extension Neighbour: NetworkObject {
    public static var kindName: String { "neighbour" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var address: IPAddress
    }

    public var identity: Identity { Identity(device: device, address: address) }

    public var link: InterfaceName? { device }

    public func differences(from found: Neighbour) -> [AttributeDifference] {
        [
            AttributeDifference(.linkAddress, mac, found.mac), AttributeDifference(.state, state, found.state),
        ].compactMap { $0 }
    }
}

extension Neighbour: CustomStringConvertible {
    public var description: String {
        "\(address) dev \(device)" + (mac.map { " lladdr \($0)" } ?? "") + " \(state)"
    }
}

extension Neighbour.State: CustomStringConvertible {
    public var description: String {
        let names: [(Self, String)] = [
            (.incomplete, "INCOMPLETE"), (.reachable, "REACHABLE"), (.stale, "STALE"), (.delay, "DELAY"),
            (.probe, "PROBE"),
            (.failed, "FAILED"), (.noARP, "NOARP"), (.permanent, "PERMANENT"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}
