import Addresses
import NetworkObjects

/// What `show ip interface brief` and `show ipv6 interface brief` answer: the interfaces that route.
public struct InterfaceBrief: Encodable, RouterAnswer {
    /// The interfaces by name.
    public var interfaces: [Interface]

    /// An interface and its addresses of one family.
    public struct Interface: Encodable, Sendable {
        /// `Vlan10`
        public var name: String
        /// `up`, `down`, or `admin down` for one that somebody shut.
        public var status: String
        /// Whether it can carry packets: `up` or `down`.
        public var lineProtocol: String
        /// In bytes.
        public var mtu: UInt32?
        /// Its addresses, those for the link alone first.
        public var addresses: [Address]
    }

    /// An address of an interface, and whether it can be used.
    public struct Address: Encodable, Sendable {
        /// With the prefix length: `10.10.10.1/24`.
        public var address: String
        /// `up`, or `down` with its interface; of IPv6 also `tentative` and `duplicate` (RFC 4862).
        public var state: String
        /// `config`, or `link local` for the one that the kernel makes.
        public var source: String
    }

    private let family: AddressFamily

    enum CodingKeys: CodingKey { case interfaces }

    init(_ tables: RouterTables, _ family: AddressFamily, _ names: InterfaceNames? = nil) {
        self.family = family
        let switching = SwitchPorts(tables)
        var found: [(name: PortName, interface: Interface)] = []
        for link in tables.links where Self.routes(link.link, switching) {
            var byName: [PortName: [ObservedAddress]] = [:]
            if link.link.kind != .loopback { byName[tables.portName(link.link.name)] = [] }
            for address in tables.addresses
            where address.address.device == link.link.name && address.address.address.family == family {
                // The host's own 127.0.0.1 and ::1 are no loopback interface's.
                if link.link.kind == .loopback, address.address.scope == .host { continue }
                byName[tables.portName(link.link.name, address.address.address.address), default: []].append(address)
            }
            let carries = link.carries
            for (name, addresses) in byName where family == .ipv4 || !addresses.isEmpty {
                found.append(
                    (
                        name,
                        Interface(
                            name: "\(name)", status: link.link.isUp ? (carries ? "up" : "down") : "admin down",
                            lineProtocol: carries ? "up" : "down", mtu: link.link.mtu,
                            addresses: addresses.map { Address($0, isUp: carries) }
                                .sorted { $0.source > $1.source })
                    ))
            }
        }
        interfaces = found.filter { names?.contains($0.name) ?? true }.sorted { $0.name < $1.name }.map(\.interface)
    }

    /// Whether a link is an interface that routes: no port of a bridge, and no bridge that has VLANs.
    static func routes(_ link: Link, _ switching: SwitchPorts) -> Bool {
        if link.master != nil || switching.bridges.contains(link.name) { return false }
        // A trunk port of plain bridges, which has no native VLAN.
        if switching.memberships.contains(where: { $0.port == link.name }) { return false }
        // What the kernel puts into every namespace where a tunnel's module is loaded.
        if case .other = link.kind { return link.isUp }
        return true
    }

    var text: String { family == .ipv4 ? ipv4Text : ipv6Text }

    private var ipv4Text: String {
        var columns = Columns(
            .init("Interface", width: 16), .init("IP Address", width: 20), .init("Status", width: 10),
            .init("Protocol", width: 12), .init("MTU", width: 9, alignsRight: true),
            .init("Address", "Owner", width: 7))
        for interface in interfaces {
            // EOS shows the primary address.
            columns.add(
                interface.name, interface.addresses.first?.address ?? "unassigned", interface.status,
                interface.lineProtocol, interface.mtu.map { "\(interface.shownMTU($0))" } ?? "", "")
        }
        return columns.text + "\n"
    }

    var json: JSONValue? {
        .object([
            "interfaces": .named(
                interfaces.map { ($0.name, family == .ipv4 ? $0.ipv4 : $0.ipv6) })
        ])
    }

    private var ipv6Text: String {
        var columns = Columns(
            .init("Interface", width: 9), .init("Status", width: 10), .init("MTU", width: 7, alignsRight: true),
            .init("IPv6 Address", width: 28), .init("Addr State", width: 13), .init("Addr Source", width: 11))
        for interface in interfaces {
            for (index, address) in interface.addresses.enumerated() {
                columns.add(
                    index == 0 ? PortName(interface.name).short : "", index == 0 ? interface.status : "",
                    index == 0 ? interface.mtu.map { "\(interface.shownMTU($0))" } ?? "" : "", address.address,
                    address.state,
                    address.source)
            }
        }
        return columns.text
    }
}

extension InterfaceBrief.Address {
    init(_ observed: ObservedAddress, isUp: Bool) {
        address = "\(observed.address.address)"
        state = observed.isDuplicate ? "duplicate" : observed.isTentative ? "tentative" : isUp ? "up" : "down"
        source = observed.address.scope == .link ? "link local" : "config"
    }
}

extension InterfaceBrief.Interface {
    /// EOS' words for whether it is up.
    private var statuses: (interface: JSONValue, lineProtocol: JSONValue) {
        (
            status == "admin down" ? "disabled" : status == "up" ? "connected" : "notconnect", .string(lineProtocol)
        )
    }

    fileprivate var ipv4: JSONValue {
        let parts = addresses.first?.address.split(separator: "/").map(String.init) ?? ["0.0.0.0", "0"]
        return .object([
            "name": .string(name), "interfaceStatus": statuses.interface, "lineProtocolStatus": statuses.lineProtocol,
            "mtu": mtu.map { .integer(Int(shownMTU($0))) }, "ipv4Routable240": false, "ipv4Routable0": false,
            "interfaceAddress": .object([
                "ipAddr": .object(["address": .string(parts[0]), "maskLen": .integer(Int(parts[1]) ?? 0)])
            ]),
        ])
    }

    fileprivate var ipv6: JSONValue {
        func value(_ address: InterfaceBrief.Address) -> JSONValue {
            let subnet = InterfaceAddress(address.address)
            return .object([
                "address": subnet.map { .string("\($0.address)") }, "subnet": subnet.map { .string("\($0.prefix)") },
                "active": .boolean(address.state == "up"), "dadfailed": .boolean(address.state == "duplicate"),
                "leastpref": false,
            ])
        }
        return .object([
            "name": .string(name), "interfaceStatus": statuses.interface, "lineProtocolStatus": statuses.lineProtocol,
            "mtu": mtu.map { .integer(Int(shownMTU($0))) }, "state": "enabled", "vrf": "default",
            "addrSource": "manual", "addresses": .array(addresses.filter { $0.source == "config" }.map(value)),
            "linkLocal": addresses.first { $0.source != "config" }.map(value),
        ])
    }

    /// The MTU as EOS has it: of a loopback 65535, one byte less than the kernel's.
    func shownMTU(_ mtu: UInt32) -> UInt32 { name.hasPrefix("Loopback") ? min(mtu, 65535) : mtu }
}
