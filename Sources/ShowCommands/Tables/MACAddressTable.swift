import Addresses
import NetworkObjects

/// What `show mac address-table` answers.
public struct MACAddressTable: Encodable, Sendable {
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

    init(_ tables: RouterTables, only wanted: UInt16?) {
        entries = Self.all(tables).filter { wanted == nil || $0.vlan == wanted }
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
