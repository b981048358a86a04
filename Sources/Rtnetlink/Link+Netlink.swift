import Addresses
internal import CLinux
internal import Glibc
public import Netlink
import NetworkObjects

extension RouteBatch {
    /// Creates a bridge, VLAN, VXLAN or IPIP tunnel with all its attributes, as a port of its master and up if it shall be.
    ///
    /// A link with an alias takes two requests, because the kernel does not look at an alias while it creates.
    ///
    /// - Parameters:
    ///   - index: the number that the link gets; the kernel refuses one that is taken (EEXIST).
    ///   - table: knows the master and the link that this one is on.
    public mutating func create(
        _ link: Link, index: InterfaceIndex, in table: InterfaceTable
    ) throws(RequestError) {
        try requests.append(RTM_NEWLINK, ObjectChange.add.flags) { message throws(RequestError) in
            message.append(structure: header(index, isUp: link.isUp))
            message.putCommon(of: link, group: link.group != 0)
            try message.putMaster(of: link, in: table)
            if case .vlan(let vlan) = link.kind { message.put(IFLA_LINK, try table.index(of: vlan.parent)) }
            try message.nested(IFLA_LINKINFO) { info throws(RequestError) in
                try info.putInfo(of: link, in: table)
            }
        }
        addAlias(of: link, index)
    }

    /// Creates both ends of a veth: this end in the socket's namespace, the other in the one that a descriptor stands for.
    ///
    /// The other end gets its number, name, MAC, MTU and group. The rest is for `configure` in its own namespace, being up
    /// too: the kernel configures it before it has tied the two together, and an end without another cannot go up
    /// (ENOTCONN). This end is created as `create` does it; with an alias it takes two requests.
    ///
    /// - Parameters:
    ///   - peerNamespace: an open descriptor of the other end's namespace (`IFLA_NET_NS_FD`); it must be open until the
    ///     batch is executed.
    public mutating func createVeth(
        _ link: Link, index: InterfaceIndex, peer: Link, peerIndex: InterfaceIndex, peerNamespace: CInt,
        in table: InterfaceTable
    ) throws(RequestError) {
        try requests.append(RTM_NEWLINK, ObjectChange.add.flags) { message throws(RequestError) in
            message.append(structure: header(index, isUp: link.isUp))
            message.putCommon(of: link, group: link.group != 0)
            message.putOneQueue()
            try message.putMaster(of: link, in: table)
            message.nested(IFLA_LINKINFO) { info in
                info.put(IFLA_INFO_KIND, text: "veth")
                info.nested(IFLA_INFO_DATA) { data in
                    data.attribute(VETH_INFO_PEER) { end in
                        end.append(structure: ifinfomsg(index: peerIndex))
                        end.putCommon(of: peer, group: peer.group != 0)
                        end.putOneQueue()
                        end.put(IFLA_NET_NS_FD, peerNamespace)
                    }
                }
            }
        }
        addAlias(of: link, index)
    }

    /// Gives an existing link these attributes: up or down, MAC, MTU, master, group and alias, and a bridge its VLAN
    /// filtering. What is nil stays as it is.
    public mutating func configure(_ link: Link, in table: InterfaceTable) throws(RequestError) {
        let index = try table.index(of: link.name)
        try requests.append(RTM_NEWLINK) { message throws(RequestError) in
            message.append(structure: header(index, isUp: link.isUp))
            message.putCommon(of: link, named: false, group: true)
            try message.putMaster(of: link, in: table)
            if let token = link.token {
                message.nested(IFLA_AF_SPEC) { families in
                    families.nested(Int(AF_INET6)) { $0.put(IFLA_INET6_TOKEN, .v6(token)) }
                }
            }
            if let alias = link.alias { message.put(IFLA_IFALIAS, text: alias, terminated: false) }
            if case .bridge(let bridge) = link.kind, bridge.vlanFiltering || bridge.defaultPVID != nil {
                message.nested(IFLA_LINKINFO) { $0.putInfo(of: bridge, toggle: true) }
            }
        }
    }

    /// Sets an existing link up or down and leaves all else of it as it is.
    public mutating func set(
        _ device: InterfaceName, isUp: Bool, in table: InterfaceTable
    ) throws(RequestError) {
        let index = try table.index(of: device)
        requests.append(RTM_NEWLINK) { $0.append(structure: header(index, isUp: isUp)) }
    }

    /// Takes a link out of its bridge.
    public mutating func release(_ name: InterfaceName, in table: InterfaceTable) throws(RequestError) {
        let index = try table.index(of: name)
        requests.append(RTM_SETLINK) { message in
            message.append(structure: ifinfomsg(index: index))
            message.put(IFLA_MASTER, 0 as UInt32)
        }
    }

    /// The alias of a link that the request before creates.
    private mutating func addAlias(of link: Link, _ index: InterfaceIndex) {
        guard let alias = link.alias else { return }
        requests.append(RTM_SETLINK) { message in
            message.append(structure: ifinfomsg(index: index))
            message.put(IFLA_IFALIAS, text: alias, terminated: false)
        }
    }
}

extension Link: RouteObject {
    public static func all(_ socket: inout RouteSocket, in table: InterfaceTable) throws(NetlinkError) -> [Link] {
        try socket.links().map(\.link)
    }

    /// Of a veth, both ends are deleted. The kernel keeps its own `tunl0`, which is left down.
    public func append(
        _ change: ObjectChange, to batch: inout RouteBatch, in table: InterfaceTable
    ) throws(RequestError) {
        switch change {
        case .add: try batch.create(self, index: 0, in: table)
        case .replace: try batch.configure(self, in: table)
        case .delete:
            let index = try table.index(of: name)
            if case .ipip = kind { try batch.set(name, isUp: false, in: table) }
            batch.requests.append(RTM_DELLINK) { $0.append(structure: ifinfomsg(index: index)) }
        }
    }
}

/// The structure that a link's message starts with, saying nothing of the flags but up or down.
private func header(_ index: InterfaceIndex, isUp: Bool) -> ifinfomsg {
    var header = ifinfomsg(index: index)
    header.ifi_change = UInt32(IFF_UP)
    header.ifi_flags = isUp ? UInt32(IFF_UP) : 0
    return header
}

extension ifinfomsg {
    /// The structure that names a link and nothing else of it.
    init(family: Int32 = AF_UNSPEC, index: InterfaceIndex = 0) {
        self.init()
        ifi_family = UInt8(family)
        ifi_index = index
    }
}

extension MessageWriter {
    /// What every kind of link has and the kernel takes both when it creates and later.
    fileprivate mutating func putCommon(of link: Link, named: Bool = true, group: Bool) {
        if named { put(IFLA_IFNAME, link.name) }
        if let mac = link.mac { put(IFLA_ADDRESS, mac) }
        if let mtu = link.mtu { put(IFLA_MTU, mtu) }
        if group { put(IFLA_GROUP, link.group) }
    }

    /// Has a veth's end have one queue for each direction. It would use one in any case, and have as many as there are processors to
    /// spare; giving those back costs two waits for all processors (`veth_init_queues` in drivers/net/veth.c).
    fileprivate mutating func putOneQueue() {
        put(IFLA_NUM_TX_QUEUES, UInt32(1))
        put(IFLA_NUM_RX_QUEUES, UInt32(1))
    }

    fileprivate mutating func putMaster(of link: Link, in table: InterfaceTable) throws(RequestError) {
        if let master = link.master { put(IFLA_MASTER, try table.index(of: master)) }
    }

    /// What a link of this kind alone has (`IFLA_LINKINFO`).
    fileprivate mutating func putInfo(of link: Link, in table: InterfaceTable) throws(RequestError) {
        switch link.kind {
        case .loopback, .veth, .other: throw .notCreatable(link.name)
        case .bridge(let bridge): putInfo(of: bridge, toggle: bridge.vlanFiltering)
        case .vlan(let vlan):
            put(IFLA_INFO_KIND, text: "vlan")
            nested(IFLA_INFO_DATA) { $0.put(IFLA_VLAN_ID, vlan.id) }
        case .vxlan(let vxlan):
            let device = try table.index(of: vxlan.device)
            put(IFLA_INFO_KIND, text: "vxlan")
            nested(IFLA_INFO_DATA) { data in
                data.put(IFLA_VXLAN_ID, vxlan.vni)
                data.put(IFLA_VXLAN_LINK, device)
                data.put(vxlan.local.family == .ipv4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, vxlan.local)
                data.put(IFLA_VXLAN_LEARNING, vxlan.learning ? 1 : 0 as UInt8)
                data.putBigEndian(IFLA_VXLAN_PORT, vxlan.port)
            }
        case .ipip(let ipip):
            put(IFLA_INFO_KIND, text: "ipip")
            // With no attribute at all the tunnel is as the kernel's own tunl0: it takes packets of any size.
            guard ipip.local != nil || ipip.remote != nil else { return }
            nested(IFLA_INFO_DATA) { data in
                if let local = ipip.local { data.put(IFLA_IPTUN_LOCAL, IPAddress.v4(local)) }
                if let remote = ipip.remote { data.put(IFLA_IPTUN_REMOTE, IPAddress.v4(remote)) }
            }
        }
    }

    /// A bridge's attributes. The kernel without VLAN filtering refuses even the value 0, so a bridge
    /// that shall not filter says nothing unless it has to.
    fileprivate mutating func putInfo(of bridge: Bridge, toggle: Bool) {
        put(IFLA_INFO_KIND, text: "bridge")
        nested(IFLA_INFO_DATA) { data in
            if toggle { data.put(IFLA_BR_VLAN_FILTERING, bridge.vlanFiltering ? 1 : 0 as UInt8) }
            if let pvid = bridge.defaultPVID { data.put(IFLA_BR_VLAN_DEFAULT_PVID, pvid) }
        }
    }
}

extension InterfaceTable {
    /// The table of a namespace that holds these links.
    public init(_ links: [ObservedLink]) {
        self.init()
        for link in links { insert(link.link.name, link.index) }
    }
}

extension NetlinkSocket {
    /// Asks for all links, without what they have counted: that is the longest part of the answer, and is not needed.
    mutating func linkDump<Object>(
        decode: (Message) throws(MalformedMessage) -> Object?
    ) throws(NetlinkError) -> [Object] {
        try dump(
            RTM_GETLINK,
            { request in
                request.append(structure: ifinfomsg())
                request.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
            }, decode: decode)
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
    private var token: IPv6Address?
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
    private var forwardsIPv6: Bool?

    /// Nil for a message that is not a link.
    init?(_ message: Message) throws(MalformedMessage) {
        guard message.type == RTM_NEWLINK else { return nil }
        let header = try message.header(ifinfomsg.self)
        guard Int32(header.ifi_family) == AF_UNSPEC else { return nil }
        let attributes = try message.attributes(after: ifinfomsg.self)
        guard let name = attributes.first(where: { $0.type == IFLA_IFNAME }).flatMap({ InterfaceName(bytes: $0.bytes) })
        else {
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

    /// An address of all zeros stands for any.
    private mutating func readIPIP(_ data: Attributes) throws(MalformedMessage) {
        for attribute in data where attribute.type == IFLA_IPTUN_LOCAL || attribute.type == IFLA_IPTUN_REMOTE {
            guard case .v4(let address) = try attribute.address(), address.value != 0 else { continue }
            if attribute.type == IFLA_IPTUN_LOCAL { ipip.local = address } else { ipip.remote = address }
        }
    }

    private mutating func readFamilies(_ families: Attributes) throws(MalformedMessage) {
        for family in families {
            switch family.type {
            case Int(AF_INET):
                for attribute in try family.nested() where attribute.type == IFLA_INET_CONF {
                    guard attribute.bytes.count % 4 == 0 else { throw attribute.wrongSize }
                    ipv4Settings = attribute.bytes.withUnsafeBytes { bytes in
                        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
                    }
                }
            case Int(AF_INET6):
                for attribute in try family.nested() {
                    switch attribute.type {
                    case IFLA_INET6_TOKEN:
                        guard case .v6(let address) = try attribute.address() else { throw attribute.wrongSize }
                        token = address.value == 0 ? nil : address
                    case IFLA_INET6_CONF where attribute.bytes.count >= 4:
                        // DEVCONF_FORWARDING (linux/ipv6.h)
                        forwardsIPv6 = attribute.bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) != 0 }
                    default: break
                    }
                }
            default: break
            }
        }
    }

    /// The numbers of the links that this one names.
    var namedIndices: [InterfaceIndex] {
        [masterIndex, kind == "vxlan" ? vxlanDevice : nil, kind == "vlan" && !lowerIsElsewhere ? lowerIndex : nil]
            .compactMap { $0 }
    }

    /// The links that a dump tells of.
    static func observed(_ messages: [LinkMessage]) -> [ObservedLink] {
        var table = InterfaceTable()
        for message in messages { table.insert(message.name, message.index) }
        return messages.map { $0.observed(in: table) }
    }

    /// The link, with the names that a table has for the numbers.
    ///
    /// A VLAN or VXLAN on a link that is not in the table, or without what such a link here has, is of another kind.
    func observed(in table: InterfaceTable) -> ObservedLink {
        let link = Link(
            name, linkKind(in: table), mac: mac, mtu: mtu, master: masterIndex.flatMap { table[$0] }, group: group,
            isUp: isUp, alias: alias, token: token)
        var observed = ObservedLink(
            index: index, link: link,
            operationalState: ObservedLink.OperationalState(rawValue: operationalState) ?? .unknown,
            hasCarrier: hasCarrier, lowerIndex: lowerIndex.flatMap { $0 > 0 ? $0 : nil }, ipv4Settings: ipv4Settings)
        observed.forwardsIPv6 = forwardsIPv6
        return observed
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
