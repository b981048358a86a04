/// What `show vlan` answers.
public struct VLANList: Encodable, RouterAnswer {
    /// The VLANs by number.
    public var vlans: [VLAN]

    /// A VLAN that the router switches.
    public struct VLAN: Encodable, Sendable {
        /// 1 to 4094.
        public var id: UInt16
        /// What people call it.
        public var name: String
        /// Always `active`: the kernel has no VLAN that does not switch.
        public var status: String
        /// The ports that carry it.
        public var ports: [Port]
        /// Whether the router itself has an interface in it.
        public var isRouted: Bool
    }

    /// A port and how it carries a VLAN.
    public struct Port: Encodable, Sendable {
        /// `Ethernet1`
        public var port: String
        /// Whether frames have a tag.
        public var isTagged: Bool

        /// The name in the list of those that are up: the port's, or that of the port channel that it is in; nil for one that
        /// is not up.
        fileprivate let listed: PortName?

        enum CodingKeys: CodingKey { case port, isTagged }
    }

    /// Whether VLAN 1 was asked for, among others or with all.
    private let isWhole: Bool
    /// Whether the ports that are down were, too.
    private let isConfigured: Bool

    enum CodingKeys: CodingKey { case vlans }

    init(_ tables: RouterTables, only wanted: VLANNumbers?, isConfigured: Bool = false) {
        let switching = SwitchPorts(tables)
        isWhole = wanted?.contains(1) ?? true
        self.isConfigured = isConfigured
        vlans = switching.vlans.filter { wanted?.contains($0) ?? true }.sorted().map { id in
            let members = Set(switching.memberships.filter { $0.vlan == id })
                .map { (name: PortName(kernel: $0.port), member: $0) }.sorted { $0.name < $1.name }
            return VLAN(
                id: id, name: tables.vlanNames[id] ?? (id == 1 ? "default" : "VLAN\(Self.padded(id))"),
                status: "active",
                ports: members.map { name, member in
                    let isUp = isConfigured || tables.carries(member.port) && tables.carries(member.link)
                    return Port(
                        port: "\(name)", isTagged: member.isTagged,
                        listed: isUp ? tables.bundles[member.port]?.name ?? name : nil)
                },
                isRouted: switching.ownVLANs.contains(id))
        }
    }

    /// As EOS names a VLAN that has no name: `VLAN0010`.
    private static func padded(_ id: UInt16) -> String { String(repeating: "0", count: 4 - "\(id)".count) + "\(id)" }

    var json: JSONValue? {
        func value(_ name: String, _ ports: [String]) -> JSONValue {
            .object([
                "name": .string(name), "status": "active", "dynamic": false,
                "interfaces": .named(ports.map { ($0, .object(["privatePromoted": false])) }),
            ])
        }
        var values = vlans.map { vlan in
            let ports = Set(vlan.ports.compactMap(\.listed)).sorted().map(\.description)
            return ("\(vlan.id)", value(vlan.name, (vlan.isRouted && !isConfigured ? ["Cpu"] : []) + ports))
        }
        if isWhole, vlans.first?.id != 1 { values.insert(("1", value("default", [])), at: 0) }
        return .object(["sourceDetail": "", "vlans": .named(values)])
    }

    var text: String {
        var columns = Columns(
            .init("VLAN", width: 5), .init("Name", width: 32), .init("Status", width: 9), .init("Ports", width: 31))
        // EOS has VLAN 1 always.
        if isWhole, vlans.first?.id != 1 { columns.add("1", "default", "active", "") }
        for vlan in vlans {
            let ports = Set(vlan.ports.compactMap(\.listed)).sorted()
            let names = (vlan.isRouted && !isConfigured ? ["Cpu"] : []) + ports.map(\.short)
            for (index, line) in Self.lines(names).enumerated() {
                if index == 0 {
                    columns.add("\(vlan.id)", vlan.name, vlan.status, line)
                } else {
                    columns.add("", "", "", line)
                }
            }
        }
        return columns.text
    }

    /// Names with commas between, broken into lines that fit the column; one empty line for none.
    private static func lines(_ names: [String]) -> [String] {
        var lines = [""]
        for name in names {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = name
            } else if last.count + 2 + name.count <= 31 {
                lines[lines.count - 1] += ", \(name)"
            } else {
                lines.append(name)
            }
        }
        return lines
    }
}
