import Addresses
internal import CLinux

/// One attribute of a link that no blueprint names: `txqlen`, `stp_state`, `promisc`.
public struct LinkAttribute: Codable, Hashable, Sendable {
    /// The link.
    public var device: InterfaceName
    /// Where the kernel's messages have it.
    public var place: Place
    /// Its number there; of a flag, its bit.
    public var number: Int
    /// The kind of link or port whose attributes it is among; empty where all links have it.
    public var kind: String
    /// Its bytes as the kernel writes them; of a flag, one that is 0 or 1. Nil where it is not there.
    public var bytes: [UInt8]?

    /// The parts of the kernel's message about a link.
    public enum Place: Int, Codable, Hashable, Sendable {
        /// `ifi_flags`
        case flags
        /// What all links have (`IFLA_*`).
        case common
        /// What the link's kind has (`IFLA_INFO_DATA`).
        case kind
        /// What a port has (`IFLA_INFO_SLAVE_DATA`).
        case port
        /// A name besides its own (`IFLA_PROP_LIST`).
        case otherName
        /// How many programs of BPF are attached to it at a place (`BPF_TCX_INGRESS` and `BPF_TCX_EGRESS`, linux/bpf.h).
        case programs
    }

    /// How many programs are attached to a link.
    ///
    /// - Parameter number: the number of the place.
    public init(_ device: InterfaceName, programs count: Int, at number: Int) {
        self.init(device, .programs, number, kind: "", count == 0 ? nil : [UInt8(clamping: count)])
    }

    /// An attribute of a link.
    public init(_ device: InterfaceName, _ place: Place, _ number: Int, kind: String, _ bytes: [UInt8]?) {
        self.device = device
        self.place = place
        self.number = number
        self.kind = kind
        self.bytes = bytes
    }

    package static let otherNameNumber = IFLA_ALT_IFNAME

    /// Whether it is the largest packet, which most blueprints say.
    public var isMTU: Bool { place == .common && number == IFLA_MTU }

    /// Whether it is the text that the kernel keeps with the link.
    public var isAlias: Bool { place == .common && number == IFLA_IFALIAS }

    /// Whether the kernel can change it on a link that is there; otherwise the link has to be made anew.
    public var isChangeable: Bool {
        switch place {
        case .flags, .otherName: return true
        case .port: return bytes != nil
        // Who attached one may hold it by a link of BPF's own.
        case .programs: return false
        case .common:
            return number == IFLA_IFALIAS || number == IFLA_OPERSTATE || bytes != nil && !Self.fixed.contains(number)
        case .kind:
            // `vxlan_nl2conf` and `vlan_changelink` say which they do not change; mappings of VLANs can be added alone.
            switch kind {
            case "vlan": return bytes != nil && number == IFLA_VLAN_FLAGS
            case "vxlan": return bytes != nil && ![IFLA_VXLAN_PORT_RANGE, IFLA_VXLAN_LIMIT].contains(number)
            default: return bytes != nil
            }
        }
    }

    private static let fixed: Set<Int> = [
        IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES, IFLA_MIN_MTU, IFLA_MAX_MTU, IFLA_TSO_MAX_SIZE, IFLA_TSO_MAX_SEGS,
    ]

    /// Whether a link's operational state is one in which somebody holds it back though it could send: a link that was dormant when it
    /// got its carrier stays so, whatever its mode is by then (`rfc2863_policy` in net/core/link_watch.c).
    package static func isHeldBack(_ state: UInt8?) -> Bool {
        state == ObservedLink.OperationalState.dormant.rawValue
            || state == ObservedLink.OperationalState.testing.rawValue
    }

    /// Whether the kernel tells an attribute that all links have and that only somebody changes. What a blueprint says is
    /// compared by `Link`.
    package static func isCompared(common number: Int) -> Bool { !moving.contains(number) }

    /// The same of an attribute of a kind of link.
    package static func isCompared(_ number: Int, kind: String) -> Bool {
        switch kind {
        case "bridge": !movingOfBridge.contains(number)
        case "vxlan": ![IFLA_VXLAN_ID, IFLA_VXLAN_LINK, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6].contains(number)
        case "vlan": number != IFLA_VLAN_ID
        case "ipip": ![IFLA_IPTUN_LINK, IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE].contains(number)
        default: true
        }
    }

    /// The same of an attribute of a port.
    package static func isCompared(_ number: Int, portOf kind: String) -> Bool {
        kind != "bridge" || !movingOfPort.contains(number)
    }

    /// What `Link` compares, what is made of other things, what the kernel counts, and what only requests have.
    private static let moving: Set<Int> = [
        IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINK, IFLA_QDISC, IFLA_STATS, IFLA_PRIORITY, IFLA_MASTER,
        IFLA_WIRELESS, IFLA_PROTINFO, IFLA_MAP, IFLA_OPERSTATE, IFLA_LINKINFO, IFLA_STATS64, IFLA_AF_SPEC, IFLA_GROUP,
        IFLA_EXT_MASK, IFLA_PROMISCUITY, IFLA_CARRIER, IFLA_CARRIER_CHANGES, IFLA_LINK_NETNSID, IFLA_PAD, IFLA_EVENT,
        IFLA_NEW_NETNSID, IFLA_IF_NETNSID, IFLA_CARRIER_UP_COUNT, IFLA_CARRIER_DOWN_COUNT, IFLA_NEW_IFINDEX,
        IFLA_PROP_LIST, IFLA_PERM_ADDRESS, IFLA_ALLMULTI,
        // IFLA_NETNS_IMMUTABLE, IFLA_HEADROOM and IFLA_TAILROOM, which older headers lack; those of a veth follow its peer's.
        67, 68, 69,
    ]

    private static let movingOfBridge: Set<Int> = [
        IFLA_BR_VLAN_FILTERING, IFLA_BR_VLAN_DEFAULT_PVID, IFLA_BR_ROOT_ID, IFLA_BR_BRIDGE_ID, IFLA_BR_ROOT_PORT,
        IFLA_BR_ROOT_PATH_COST, IFLA_BR_TOPOLOGY_CHANGE, IFLA_BR_TOPOLOGY_CHANGE_DETECTED, IFLA_BR_HELLO_TIMER,
        IFLA_BR_TCN_TIMER, IFLA_BR_TOPOLOGY_CHANGE_TIMER, IFLA_BR_GC_TIMER, IFLA_BR_PAD, IFLA_BR_MCAST_QUERIER_STATE,
        // IFLA_BR_FDB_N_LEARNED
        48,
    ]

    private static let movingOfPort: Set<Int> = [
        IFLA_BRPORT_ROOT_ID, IFLA_BRPORT_BRIDGE_ID, IFLA_BRPORT_DESIGNATED_PORT,
        IFLA_BRPORT_DESIGNATED_COST, IFLA_BRPORT_ID, IFLA_BRPORT_NO, IFLA_BRPORT_TOPOLOGY_CHANGE_ACK,
        IFLA_BRPORT_CONFIG_PENDING, IFLA_BRPORT_MESSAGE_AGE_TIMER, IFLA_BRPORT_FORWARD_DELAY_TIMER,
        IFLA_BRPORT_HOLD_TIMER, IFLA_BRPORT_PAD, IFLA_BRPORT_MCAST_EHT_HOSTS_CNT,
        // IFLA_BRPORT_MCAST_N_GROUPS
        41,
    ]

    /// The flags that are somebody's wish. The others say what the link does (`IFF_RUNNING`), are a kind's for good, or are
    /// compared by `Link`.
    package static let wishes = UInt32(
        IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST | IFF_DYNAMIC | IFF_NOTRAILERS | IFF_DEBUG)
}

extension LinkAttribute: NetworkObject {
    public static var kindName: String { "link" }

    public struct Identity: Hashable, Sendable {
        var device: InterfaceName
        var place: Place
        var number: Int
        /// What tells several names apart.
        var name: [UInt8]?
    }

    public var identity: Identity {
        Identity(device: device, place: place, number: number, name: place == .otherName ? bytes : nil)
    }

    public var link: InterfaceName? { device }

    public func differences(from found: LinkAttribute) -> [AttributeDifference] {
        [AttributeDifference(AttributeName(name), words, found.words)].compactMap { $0 }
    }

    /// The attribute's name, in the words of the kernel and of `ip -d link`.
    public var name: String {
        switch place {
        case .flags: Self.flagNames[number] ?? "flag 0x\(String(number, radix: 16))"
        case .common: Self.commonNames[number] ?? "attribute \(number)"
        case .kind: Self.kindNames[kind]?[number] ?? "\(kind) attribute \(number)"
        case .port: Self.portNames[number] ?? "port attribute \(number)"
        case .otherName: "altname"
        case .programs: Self.programNames[number] ?? "programs at \(number)"
        }
    }

    /// The value in words; nil where it is not there.
    public var words: String? {
        guard let bytes else { return nil }
        switch place {
        case .flags:
            // "arp off" is a flag that is set.
            let isOn = (bytes.first == 1) != (number == IFF_NOARP || number == IFF_NOTRAILERS)
            return isOn ? "on" : "off"
        case .otherName: return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case .common where number == IFLA_IFALIAS: return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        // `IF_LINK_MODE_DEFAULT` and its likes.
        case .common where number == IFLA_LINKMODE && bytes.first.map { $0 < 3 } == true:
            return ["default", "dormant", "testing"][Int(bytes[0])]
        case .common where number == IFLA_OPERSTATE:
            return bytes.first.flatMap(ObservedLink.OperationalState.init).map { "\($0)" }
        case .common where number == IFLA_PROTO_DOWN: return bytes.first == 0 ? "off" : "on"
        case .kind where kind == "vxlan" && (number == IFLA_VXLAN_GROUP || number == IFLA_VXLAN_GROUP6):
            return bytes.count == 16
                ? "\(IPv6Address(bytes.reduce(0) { $0 << 8 | UInt128($1) }))"
                : "\(IPv4Address(bytes.reduce(0) { $0 << 8 | UInt32($1) }))"
        // A program is told by the way that it is attached (`XDP_ATTACHED_*`).
        case .common where number == IFLA_XDP:
            let mode = bytes.count > 4 ? Int(bytes[4]) : 0
            return mode == 0 ? nil : ["xdp", "xdpgeneric", "xdpoffload", "several"][min(mode, 4) - 1]
        case .kind where kind == "bridge" && number == IFLA_BR_MULTI_BOOLOPT:
            // A bit for each, and a bit for each that there is.
            return "0x\(String(bytes.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }, radix: 16))"
        default:
            if bytes.count == 6, let mac = MACAddress(octets: bytes[...]) { return "\(mac)" }
            return OtherAttributes.words(bytes)
        }
    }
}

extension LinkAttribute: CustomStringConvertible {
    public var description: String { "\(device) \(name)" + (words.map { " \($0)" } ?? "") }
}
