import Addresses
internal import CLinux
internal import Glibc
internal import Netlink

/// A link as the kernel has it: the value that a blueprint compares with, and what only a running link has.
public struct ObservedLink: Hashable, Sendable {
    /// The link's number.
    public let index: InterfaceIndex
    /// Its attributes; every one that the kernel reports is set. Of a veth the other end is not known.
    public let link: Link
    /// Whether it can carry traffic (`IFLA_OPERSTATE`).
    public let operationalState: OperationalState
    /// Whether something is at the other end (`IFLA_CARRIER`); a link that is down has none.
    public let hasCarrier: Bool
    /// The number of a veth's other end in its own namespace, or of the link that a VLAN stands on (`IFLA_LINK`).
    public let lowerIndex: InterfaceIndex?
    /// The IPv4 settings by their number less one (`IFLA_INET_CONF`); empty where the link has no IPv4.
    let ipv4Settings: [UInt32]

    /// A link as a kernel may have it.
    public init(
        index: InterfaceIndex, link: Link, operationalState: OperationalState, hasCarrier: Bool,
        lowerIndex: InterfaceIndex? = nil
    ) {
        self.init(
            index: index, link: link, operationalState: operationalState, hasCarrier: hasCarrier,
            lowerIndex: lowerIndex,
            ipv4Settings: [])
    }

    init(
        index: InterfaceIndex, link: Link, operationalState: OperationalState, hasCarrier: Bool,
        lowerIndex: InterfaceIndex?, ipv4Settings: [UInt32]
    ) {
        self.index = index
        self.link = link
        self.operationalState = operationalState
        self.hasCarrier = hasCarrier
        self.lowerIndex = lowerIndex
        self.ipv4Settings = ipv4Settings
    }

    /// The value of an IPv4 setting of this link; nil if the kernel does not know it.
    public subscript(setting: IPv4Setting) -> Int32? {
        let position = setting.number - 1
        return ipv4Settings.indices.contains(position) ? Int32(truncatingIfNeeded: ipv4Settings[position]) : nil
    }

    /// What a link can do at the moment (RFC 2863, linux/if.h).
    public enum OperationalState: UInt8, Hashable, Sendable {
        case unknown, notPresent, down, lowerLayerDown, testing, dormant, up
    }
}

extension InterfaceTable {
    /// The table of a namespace that holds these links.
    public init(_ links: [ObservedLink]) {
        self.init()
        for link in links { insert(link.link.name, link.index) }
    }
}

/// What one `RTM_NEWLINK` says, with other links still by number.
struct LinkMessage {
    var index: InterfaceIndex
    var name: InterfaceName
    private var isLoopback: Bool
    private var isUp: Bool
    private var mac: MACAddress?
    private var mtu: UInt32?
    var masterIndex: InterfaceIndex?
    private var lowerIndex: InterfaceIndex?
    private var lowerIsElsewhere = false
    private var group: UInt32 = 0
    private var alias: String?
    private var operationalState: UInt8 = 0
    private var hasCarrier = false
    private var kind = ""
    private var bridge = Bridge()
    private var vlanID: UInt16?
    private var vni: UInt32?
    private var port: UInt16 = 0
    private var local: IPAddress?
    private var learning = false
    private var vxlanDevice: InterfaceIndex?
    private var ipip = IPIP()
    private var ipv4Settings: [UInt32] = []

    /// Nil for a message that is not a link, or is one without a name that can be written.
    init?(_ message: Message) throws(MalformedMessage) {
        guard message.type == RTM_NEWLINK else { return nil }
        let header = try message.header(ifinfomsg.self)
        guard Int32(header.ifi_family) == AF_UNSPEC else { return nil }
        let attributes = try message.attributes(after: ifinfomsg.self)
        guard let name = attributes.first(where: { $0.type == IFLA_IFNAME }).flatMap({ InterfaceName($0.text) }) else {
            return nil
        }
        self.name = name
        index = header.ifi_index
        isLoopback = header.ifi_flags & UInt32(IFF_LOOPBACK) != 0
        isUp = header.ifi_flags & UInt32(IFF_UP) != 0
        for attribute in attributes {
            switch attribute.type {
            case IFLA_ADDRESS: mac = attribute.mac
            case IFLA_MTU: mtu = try attribute.integer()
            case IFLA_MASTER: masterIndex = try attribute.integer()
            case IFLA_LINK: lowerIndex = try attribute.integer()
            case IFLA_LINK_NETNSID: lowerIsElsewhere = true
            case IFLA_GROUP: group = try attribute.integer()
            case IFLA_IFALIAS: alias = attribute.text
            case IFLA_OPERSTATE: operationalState = try attribute.integer()
            case IFLA_CARRIER: hasCarrier = try attribute.integer(UInt8.self) != 0
            case IFLA_LINKINFO: try readInfo(attribute.nested())
            case IFLA_AF_SPEC: try readFamilies(attribute.nested())
            default: break
            }
        }
    }

    private mutating func readInfo(_ info: Attributes) throws(MalformedMessage) {
        kind = info.first { $0.type == IFLA_INFO_KIND }?.text ?? ""
        guard let data = try info.first(where: { $0.type == IFLA_INFO_DATA })?.nested() else { return }
        switch kind {
        case "bridge": try readBridge(data)
        case "vlan":
            for attribute in data where attribute.type == IFLA_VLAN_ID { vlanID = try attribute.integer() }
        case "vxlan": try readVXLAN(data)
        case "ipip": try readIPIP(data)
        default: break
        }
    }

    private mutating func readBridge(_ data: Attributes) throws(MalformedMessage) {
        for attribute in data {
            switch attribute.type {
            case IFLA_BR_VLAN_FILTERING: bridge.vlanFiltering = try attribute.integer(UInt8.self) != 0
            case IFLA_BR_VLAN_DEFAULT_PVID: bridge.defaultPVID = try attribute.integer()
            default: break
            }
        }
    }

    private mutating func readVXLAN(_ data: Attributes) throws(MalformedMessage) {
        for attribute in data {
            switch attribute.type {
            case IFLA_VXLAN_ID: vni = try attribute.integer()
            case IFLA_VXLAN_LINK: vxlanDevice = try attribute.integer()
            case IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6: local = try attribute.address()
            case IFLA_VXLAN_LEARNING: learning = try attribute.integer(UInt8.self) != 0
            case IFLA_VXLAN_PORT: port = try attribute.bigEndian()
            default: break
            }
        }
    }

    /// An address that is nobody's stands for any.
    private mutating func readIPIP(_ data: Attributes) throws(MalformedMessage) {
        for attribute in data where attribute.type == IFLA_IPTUN_LOCAL || attribute.type == IFLA_IPTUN_REMOTE {
            guard case .v4(let address) = try attribute.address(), address.value != 0 else { continue }
            if attribute.type == IFLA_IPTUN_LOCAL { ipip.local = address } else { ipip.remote = address }
        }
    }

    private mutating func readFamilies(_ families: Attributes) throws(MalformedMessage) {
        for family in families where family.type == Int(AF_INET) {
            for attribute in try family.nested() where attribute.type == IFLA_INET_CONF {
                guard attribute.bytes.count % 4 == 0 else { throw attribute.wrongSize }
                ipv4Settings = attribute.bytes.withUnsafeBytes { bytes in
                    (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
                }
            }
        }
    }

    /// The numbers of the links that this one names.
    var namedIndices: [InterfaceIndex] {
        [masterIndex, kind == "vxlan" ? vxlanDevice : nil, kind == "vlan" && !lowerIsElsewhere ? lowerIndex : nil]
            .compactMap { $0 }
    }

    /// The link, with the names that a table has for the numbers.
    ///
    /// A VLAN or VXLAN on a link that is not in the table, or without what such a link here has, is of another kind.
    func observed(in table: InterfaceTable) -> ObservedLink {
        let link = Link(
            name, linkKind(in: table), mac: mac, mtu: mtu, master: masterIndex.flatMap { table[$0] }, group: group,
            isUp: isUp, alias: alias)
        return ObservedLink(
            index: index, link: link,
            operationalState: ObservedLink.OperationalState(rawValue: operationalState) ?? .unknown,
            hasCarrier: hasCarrier, lowerIndex: lowerIndex.flatMap { $0 > 0 ? $0 : nil }, ipv4Settings: ipv4Settings)
    }

    private func linkKind(in table: InterfaceTable) -> Link.Kind {
        switch kind {
        case "" where isLoopback: return .loopback
        case "veth": return .veth(peer: nil)
        case "bridge": return .bridge(bridge)
        case "vlan":
            if let vlanID, !lowerIsElsewhere, let parent = lowerIndex.flatMap({ table[$0] }) {
                return .vlan(VLAN(parent: parent, id: vlanID))
            }
        case "vxlan":
            if let vni, let local, let device = vxlanDevice.flatMap({ table[$0] }) {
                return .vxlan(VXLAN(vni: vni, port: port, local: local, device: device, learning: learning))
            }
        case "ipip": return .ipip(ipip)
        default: break
        }
        return .other(kind)
    }
}
