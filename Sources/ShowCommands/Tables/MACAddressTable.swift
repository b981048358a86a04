import Addresses
import NetworkObjects

/// What `show mac address-table` answers.
public struct MACAddressTable: Encodable, RouterAnswer {
    /// The entries by VLAN, then address.
    public var entries: [Entry]

    /// Behind which port an address is.
    public struct Entry: Encodable, Sendable {
        public var vlan: UInt16
        /// `aa:c1:ab:00:00:01`
        public var macAddress: String
        /// `dynamic` for one that was learned, `static` for one that stays.
        public var type: String
        /// `Ethernet1`
        public var port: String
        /// Seconds since a frame last came from there; absent for one that stays.
        public var age: Double?
    }

    /// When the table was read, in Unix seconds.
    private let now: Double

    enum CodingKeys: CodingKey { case entries }

    init(_ tables: RouterTables, _ filter: ShowCommand.MACFilter) {
        now = tables.now
        entries = Self.all(tables).filter { filter.matches($0) }
            .sorted { ($0.vlan, $0.macAddress) < ($1.vlan, $1.macAddress) }
    }

    /// The entries of the bridges' tables for other devices: neither the bridge's own addresses nor groups.
    private static func all(_ tables: RouterTables) -> [Entry] {
        let switching = SwitchPorts(tables)
        return tables.forwarding.compactMap { aged in
            let entry = aged.entry
            guard !entry.isSelf, !entry.isLocal, entry.mac.octets[0] & 1 == 0,
                let port = switching.port(of: entry.device),
                let vlan = entry.vlan ?? switching.vlan(of: entry.device)
            else { return nil }
            return Entry(
                vlan: vlan, macAddress: "\(entry.mac)", type: entry.isPermanent ? "static" : "dynamic",
                port: "\(PortName(kernel: port))", age: entry.isPermanent ? nil : aged.times?.updated)
        }
    }

    /// The port behind which an address is in a VLAN.
    static func port(of mac: MACAddress, vlan: UInt16, _ tables: RouterTables) -> String? {
        all(tables).first { $0.vlan == vlan && $0.macAddress == "\(mac)" }?.port
    }

    var json: JSONValue? {
        let values = entries.map { entry -> JSONValue in
            let port = PortName(entry.port)
            return .object([
                "vlanId": .integer(Int(entry.vlan)), "macAddress": .string(entry.macAddress),
                "entryType": .string(entry.type), "interface": .string("\(port)"),
                "moves": entry.age.map { _ in 1 }, "lastMove": entry.age.map { .number(now - $0) },
            ])
        }
        return .object([
            "unicastTable": .object(["tableEntries": .array(values)]),
            "multicastTable": .object(["tableEntries": []]), "disabledMacLearningVlans": [],
        ])
    }

    var text: String {
        var columns = Columns(
            .init("Vlan", width: 6), .init(" Mac Address", width: 18),
            .init("Type", width: 11), .init("Ports", width: 10), .init("Moves", width: 7), .init("Last Move"),
            rule: .heads)
        // The kernel counts no moves, and tells when an address was last seen: one that is there was learned once at least.
        for entry in entries {
            columns.add(
                String(repeating: " ", count: 4 - "\(entry.vlan)".count) + "\(entry.vlan)",
                " " + dotted(entry.macAddress), entry.type.uppercased(), PortName(entry.port).short,
                entry.age == nil ? "" : "1", entry.age.map { "\(ageText($0)) ago" } ?? "")
        }
        // A bridge keeps groups in a table of its own, the multicast database.
        let groups = Columns(
            .init("Vlan", width: 6), .init(" Mac Address", width: 18), .init("Type", width: 11), .init("Ports"),
            rule: .heads)
        return Self.text(of: columns, under: "          Mac Address Table", count: entries.count) + "\n"
            + Self.text(of: groups, under: "          Multicast Mac Address Table", count: 0)
    }

    private static func text(of columns: Columns, under title: String, count: Int) -> String {
        "\(title)\n\(String(repeating: "-", count: 66))\n\n" + columns.text
            + "Total Mac Addresses for this criterion: \(count)\n"
    }
}

/// A MAC address as switches write it: `aac1.ab00.0001`.
func dotted(_ mac: String) -> String {
    let digits = Array(mac.filter { $0 != ":" })
    return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<min($0 + 4, digits.count)]) }
        .joined(separator: ".")
}

extension ShowCommand.MACFilter {
    fileprivate func matches(_ entry: MACAddressTable.Entry) -> Bool {
        if let vlans, !vlans.contains(entry.vlan) { return false }
        if let isDynamic, isDynamic != (entry.type == "dynamic") { return false }
        if let address, "\(address)" != entry.macAddress { return false }
        return interfaces?.contains(PortName(entry.port)) ?? true
    }
}
