/// Why a packet was not answered: one thing of one namespace, and what is to be looked at or mended there.
public struct TraceCause: Hashable, Sendable {
    public var kind: Kind
    public var namespace: String
    /// The object that decided: a route, a neighbour, a link, a rule, a setting, as the tools print it.
    public var object: String
    /// What happened, as a sentence that names both.
    public var sentence: String

    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// No route leads to the destination.
        case noRoute = "no route"
        /// A route or rule sends packets nowhere: blackhole, unreachable, prohibit, throw.
        case rejectingRoute = "rejecting route"
        /// Packets go round until their time is over.
        case loop = "routing loop"
        /// The time to live was over.
        case expired = "TTL exceeded"
        /// A source that does not come by the link that leads back to it (`rp_filter`).
        case reversePath = "reverse path"
        /// A packet from a host's own address that came from elsewhere.
        case ownSource = "martian source"
        /// The namespace does not send packets on.
        case forwardingOff = "forwarding off"
        /// Nobody has the address.
        case noAddress = "no address"
        /// Two have the address.
        case duplicateAddress = "duplicate address"
        /// Nobody answers for the next hop.
        case neighbour
        /// The frame was for another MAC address than that of whom it reached.
        case wrongMAC = "wrong MAC address"
        /// A tunnel or bridge does not know where a MAC address is.
        case noForwardingEntry = "no FDB entry"
        case linkMissing = "link missing"
        case linkDown = "link down"
        case noCarrier = "no carrier"
        /// The packet is larger than a link takes.
        case tooBig = "MTU"
        /// A queueing discipline loses frames.
        case loss
        /// A bridge does not let the frame through: another VLAN.
        case vlan = "VLAN"
        /// A port of a bridge does not pass it on: its state, isolation, flooding that is off.
        case bridgePort = "bridge port"
        /// The link has no IPv6 (`disable_ipv6`).
        case protocolOff = "IPv6 off"
        /// A rule of nf_tables.
        case rule
        /// Something filters packets there, and does not say which: traffic control, IPsec, tables that cannot be followed.
        case filter
        /// Nobody listens at the port.
        case closedPort = "port closed"
        /// Somebody listens at the port, over the other family alone.
        case otherFamily = "other family"
        /// The host does not answer echo requests.
        case echoIgnored = "echo ignored"
        /// The kernel has counted a packet that it dropped.
        case dropped
        /// The connection table has no room.
        case connectionTable = "conntrack full"
    }

    init(_ kind: Kind, _ namespace: String, _ object: String, _ sentence: String) {
        self.kind = kind
        self.namespace = namespace
        self.object = object
        self.sentence = sentence
    }
}
