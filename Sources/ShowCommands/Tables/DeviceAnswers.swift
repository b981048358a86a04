import Addresses
import NetworkObjects

/// What `show version` answers: the machine's kernel and memory under EOS' names.
struct Version: RouterAnswer {
    private let machine: RouterTables.Machine
    /// The lowest of the router's own hardware addresses.
    private let address: MACAddress?
    private let now: Double

    /// The release of EOS whose layout and words the answers have.
    static let release = "4.34.1F"

    init(_ tables: RouterTables) {
        machine =
            tables.machine
            ?? .init(kernel: "", architecture: "", uptime: 0, totalMemory: 0, freeMemory: 0, software: "")
        address = tables.links.filter { $0.link.kind != .loopback }.compactMap(\.link.mac)
            .min { $0.octets.lexicographicallyPrecedes($1.octets) }
        now = tables.now
    }

    private var build: String { "\(Self.release)-nslab.\(machine.software)" }

    var text: String {
        let mac = address.map { dotted("\($0)") } ?? "0000.0000.0000"
        return """
            Arista cEOSLab
            Hardware version:
            Serial number: \(serialNumber)
            Hardware MAC address: \(mac)
            System MAC address: \(mac)

            Software image version: \(build) (network namespace)
            Architecture: \(machine.architecture)
            Internal build version: \(build)
            Internal build ID: \(machine.software)
            Image format version: 1.0
            Image optimization: None

            cEOS tools version: (unknown)
            Kernel version: \(machine.kernel)

            Uptime: \(Self.words(machine.uptime))
            Total memory: \(machine.totalMemory) kB
            Free memory: \(machine.freeMemory) kB


            """
    }

    /// Made of the hardware address, as there is none.
    private var serialNumber: String { address.map { "\($0)".filter { $0 != ":" }.uppercased() } ?? "" }

    /// A duration as EOS has it here: `1 hour and 16 minutes`, `3 days, 19 hours and 34 minutes`.
    static func words(_ seconds: Double) -> String {
        let minutes = Int(seconds) / 60
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        let (weeks, days, hours) = (minutes / 10080, minutes / 1440 % 7, minutes / 60 % 24)
        var parts: [String] = []
        if weeks > 0 { parts.append(count(weeks, "week")) }
        if weeks > 0 || days > 0 { parts.append(count(days, "day")) }
        if !parts.isEmpty || hours > 0 { parts.append(count(hours, "hour")) }
        let rest = count(minutes % 60, "minute")
        return parts.isEmpty ? rest : parts.joined(separator: ", ") + " and \(rest)"
    }

    var json: JSONValue? {
        let mac: JSONValue = address.map { "\($0)" } ?? ""
        return .object([
            "mfgName": "Arista", "modelName": "cEOSLab", "hardwareRevision": "", "serialNumber": .string(serialNumber),
            "systemMacAddress": mac, "hwMacAddress": mac, "configMacAddress": "00:00:00:00:00:00",
            "version": .string(build), "architecture": .string(machine.architecture), "internalVersion": .string(build),
            "internalBuildId": .string(machine.software), "imageFormatVersion": "1.0", "imageOptimization": "None",
            "cEosToolsVersion": "(unknown)", "kernelVersion": .string(machine.kernel),
            "bootupTimestamp": .number(now - machine.uptime), "uptime": .number(machine.uptime),
            "memTotal": .integer(machine.totalMemory), "memFree": .integer(machine.freeMemory), "isIntlVersion": false,
        ])
    }
}

/// What `show hostname` answers.
struct Hostname: RouterAnswer {
    private let hostname: String

    init(_ tables: RouterTables) { hostname = tables.hostname }

    var text: String { "Hostname: \(hostname)\nFQDN:     \(hostname)\n" }
    var json: JSONValue? { .object(["hostname": .string(hostname), "fqdn": .string(hostname)]) }
}

/// What `show clock` answers, in UTC.
struct Clock: RouterAnswer {
    private let now: Double

    init(_ tables: RouterTables) { now = tables.now }

    var text: String {
        let days = Int(now) / 86400
        let date = Self.date(days)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // The first day was a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days % 7]
        return
            "\(weekday) \(months[date.month - 1]) \(date.day < 10 ? " " : "")\(date.day) \(Self.time(now)) \(date.year)\n"
            + "Timezone: UTC\nClock source: local\n"
    }

    /// The time of day: `11:30:02`.
    static func time(_ now: Double) -> String {
        let rest = Int(now) % 86400
        return [rest / 3600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    /// The date of a day since 1970 (Howard Hinnant's `civil_from_days`).
    static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    var json: JSONValue? {
        .object([
            "utcTime": .number(now), "timezone": "UTC", "clockSource": .object(["local": true]),
        ])
    }
}

/// What `show vrf` answers: the one that all interfaces are in.
struct VRFList: RouterAnswer {
    private let byFamily: [(family: AddressFamily, names: [PortName], isRouting: Bool)]
    private let all: [PortName]

    init(_ tables: RouterTables) {
        let routed = tables.interfaces().filter { !$0.isSwitched && !$0.mode.hasPrefix("in ") }
        byFamily = AddressFamily.allCases.map { family in
            (family, routed.filter { !$0.addresses(family).isEmpty }.map(\.name), tables.forwards.contains(family))
        }
        all = routed.filter { !$0.addresses(.ipv4).isEmpty || !$0.addresses(.ipv6).isEmpty }.map(\.name)
    }

    var text: String {
        var columns = Columns(
            .init("   VRF", width: 13), .init("  Protocols", width: 15), .init("  State", width: 16),
            .init("  Interfaces", width: 23))
        for row in byFamily {
            // Seven names are a line.
            let lines = stride(from: 0, to: max(1, row.names.count), by: 7).map { start in
                row.names[start..<min(start + 7, row.names.count)].map(\.short).joined(separator: ", ")
            }
            for (index, line) in lines.enumerated() {
                let isFirst = index == 0
                columns.add(
                    isFirst ? "   default" : "", isFirst ? "  \(row.family)" : "",
                    isFirst ? "  \(row.isRouting ? "routing" : "no routing")" : "",
                    "  " + line + (index + 1 < lines.count ? "," : ""))
            }
        }
        return "Maximum number of VRFs allowed: 1\n" + columns.text + "\n"
    }

    var json: JSONValue? {
        func names(_ ports: [PortName]) -> JSONValue { .array(ports.map { "\($0)" }) }
        let protocols = byFamily.map { row in
            (
                row.family == .ipv4 ? "ipv4" : "ipv6",
                JSONValue.object([
                    "supported": true, "protocolState": "up", "routingState": row.isRouting ? "up" : "down",
                ])
            )
        }
        return .object([
            "vrfs": .object([
                "default": .object([
                    "routeDistinguisher": "", "vrfState": "up", "protocols": .named(protocols),
                    "interfaces": names(all), "interfacesV4": names(byFamily[0].names),
                    "interfacesV6": names(byFamily[1].names),
                ])
            ])
        ])
    }
}

/// What `show spanning-tree` answers: the bridges of a router run none.
struct SpanningTree: RouterAnswer {
    init(_ tables: RouterTables) {}

    var text: String { "Spanning-tree has been disabled in the configuration.\n" }
    var json: JSONValue? { .object(["spanningTreeInstances": .named([])]) }
}

/// What `show lldp neighbors` answers: worked out of the cables whose ends are up and which lead to other routers, as no
/// LLDP runs.
struct LLDPNeighbours: RouterAnswer {
    private let neighbours: [(port: PortName, device: String, far: PortName)]

    init(_ tables: RouterTables, _ names: InterfaceNames?) {
        neighbours = tables.farEnds.compactMap { name, end -> (port: PortName, device: String, far: PortName)? in
            let port = PortName(kernel: name)
            // The spare ports of a bundle are down here, and would not be.
            let carrier = tables.bundles[name]?.carrier ?? name
            // The links that a port has for its VLANs speak no LLDP.
            guard port.kind == .ethernet, !port.description.contains("."), tables.carries(carrier),
                names?.contains(port) ?? true
            else { return nil }
            return (port, end.hostname, PortName(kernel: end.port))
        }.sorted { $0.port < $1.port }
    }

    var text: String {
        var columns = Columns(
            .init("Port", width: 13), .init("Neighbor Device ID", width: 24), .init("Neighbor Port ID", width: 22),
            .init("TTL", width: 3))
        for neighbour in neighbours {
            columns.add(neighbour.port.short, neighbour.device, neighbour.far.description, "120")
        }
        return """
            Last table change time   : never
            Number of table inserts  : \(neighbours.count)
            Number of table deletes  : 0
            Number of table drops    : 0
            Number of table age-outs : 0

            \(columns.text)
            """
    }

    var json: JSONValue? {
        .object([
            "tablesLastChangeTime": 0.0, "tablesAgeOuts": 0, "tablesInserts": .integer(neighbours.count),
            "lldpNeighbors": .array(
                neighbours.map {
                    .object([
                        "port": "\($0.port)", "neighborDevice": .string($0.device), "neighborPort": "\($0.far)",
                        "ttl": 120,
                    ])
                }), "tablesDeletes": 0, "tablesDrops": 0,
        ])
    }
}
