import Addresses
import NetworkObjects

/// What `show arp` and `show ipv6 neighbors` answer.
public struct NeighbourTable: Encodable, RouterAnswer {
    /// The neighbours by address.
    public var neighbors: [Entry]

    /// Which hardware address a neighbour has.
    public struct Entry: Encodable, Sendable {
        public var address: String
        /// `aa:c1:ab:00:00:01`; absent while it is not known.
        public var macAddress: String?
        /// `REACH`, `STALE`, `DELAY`, `PROBE`, `INCMP`, `FAIL` or `PERM`.
        public var state: String
        /// `Vlan10`
        public var interface: String
        /// For an SVI: the port behind which the hardware address was learned.
        public var port: String?
        /// Seconds since the neighbour was last heard of; absent for an entry that stays.
        public var age: Double?
    }

    private let family: AddressFamily
    private let isByVRF: Bool

    enum CodingKeys: CodingKey { case neighbors }

    init(_ tables: RouterTables, _ family: AddressFamily, _ filter: ShowCommand.NeighbourFilter = .init()) {
        self.family = family
        isByVRF = filter.isByVRF
        let switching = SwitchPorts(tables)
        neighbors = tables.neighbours
            .filter { $0.entry.address.family == family && !$0.entry.state.contains(.noARP) }
            .sorted { $0.entry.address < $1.entry.address }
            .compactMap { aged in
                let neighbour = aged.entry
                // ARP tables list what was resolved.
                if family == .ipv4, neighbour.mac == nil { return nil }
                let vlan = switching.vlan(of: neighbour.device) ?? Self.vlan(of: neighbour.device, tables)
                let isStatic = neighbour.state.contains(.permanent)
                return Entry(
                    address: "\(neighbour.address)", macAddress: neighbour.mac.map { "\($0)" },
                    state: Self.word(neighbour.state), interface: "\(tables.portName(neighbour.device))",
                    port: vlan.flatMap { vlan in
                        neighbour.mac.flatMap { MACAddressTable.port(of: $0, vlan: vlan, tables) }
                    }, age: isStatic ? nil : aged.times.map { min($0.confirmed, $0.updated) })
            }
            .filter { entry in
                if let address = filter.address, "\(address)" != entry.address { return false }
                return filter.interfaces?.contains(PortName(entry.interface)) ?? true
            }
    }

    /// The VLAN of an SVI on a VLAN-aware bridge.
    private static func vlan(of device: InterfaceName, _ tables: RouterTables) -> UInt16? {
        guard case .vlan(let vlan) = tables.link(device)?.link.kind else { return nil }
        return vlan.id
    }

    private static func word(_ state: Neighbour.State) -> String {
        let words: [(Neighbour.State, String)] = [
            (.permanent, "PERM"), (.reachable, "REACH"), (.stale, "STALE"), (.delay, "DELAY"), (.probe, "PROBE"),
            (.incomplete, "INCMP"), (.failed, "FAIL"),
        ]
        return words.first { state.contains($0.0) }?.1 ?? "NONE"
    }

    var text: String { family == .ipv4 ? arpText : ipv6Text }

    var json: JSONValue? {
        let known = neighbors.filter { $0.macAddress != nil }
        let values = known.map { entry -> JSONValue in
            .object([
                "address": .string(entry.address), "hwAddress": entry.macAddress.map { .string(dotted($0)) },
                "interface": .string(entry.interface + (entry.port.map { ", \($0)" } ?? "")),
                "age": entry.age.map { .integer(Int($0)) },
            ])
        }
        let aged = known.count { $0.age != nil }
        let table = JSONValue.object([
            family == .ipv4 ? "ipV4Neighbors" : "ipV6Neighbors": .array(values), "totalEntries": .integer(known.count),
            "dynamicEntries": .integer(aged), "staticEntries": .integer(known.count - aged), "notLearnedEntries": 0,
        ])
        return isByVRF ? .object(["vrfs": .object(["default": table])]) : table
    }

    private var arpText: String {
        var columns = Columns(
            .init("Address", width: 15), .init("Age (sec)", width: 9, alignsRight: true, gap: 2),
            .init("Hardware Addr", width: 14, gap: 2),
            .init("Interface"), rule: .none)
        for entry in neighbors {
            columns.add(
                entry.address, ageText(entry.age), entry.macAddress.map(dotted) ?? "",
                ([entry.interface] + [entry.port].compactMap { $0 }).joined(separator: ", "))
        }
        return columns.text
    }

    private var ipv6Text: String {
        var columns = Columns(
            .init("IPv6 Address", width: 39), .init("Age", width: 9, alignsRight: true),
            .init("Hardware Addr", width: 14, gap: 2), .init("Interface"), rule: .none)
        // As with ARP, what was not resolved is no neighbour.
        for entry in neighbors where entry.macAddress != nil {
            columns.add(
                entry.address, ageText(entry.age), entry.macAddress.map(dotted) ?? "",
                ([PortName(entry.interface).short] + [entry.port].compactMap { $0 }).joined(separator: ", "))
        }
        return columns.text
    }
}
