import Addresses

/// What `show ip route summary` answers.
struct RouteSummary: RouterAnswer {
    private let family: AddressFamily
    /// How many prefixes come from where; BGP's and OSPF's also by their sorts.
    private let counts: [String: Int]
    private let lengths: [(length: Int, count: Int)]
    private let total: Int

    init(_ tables: RouterTables, _ family: AddressFamily) {
        self.family = family
        var counts: [String: Int] = [:]
        var lengths: [Int: Int] = [:]
        let prefixes = RouteList(tables, family, nil).grouped.map { $0[0] }
        for route in prefixes {
            counts[route.source.rawValue, default: 0] += 1
            counts[route.code, default: 0] += 1
            lengths[Int(route.prefix.split(separator: "/").last ?? "") ?? 0, default: 0] += 1
        }
        self.counts = counts
        self.lengths = lengths.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        total = prefixes.count
    }

    private func count(_ name: String) -> Int { counts[name] ?? 0 }

    var text: String {
        let isIPv4 = family == .ipv4
        func line(_ name: String, _ count: Int) -> String {
            "   " + name.padded(to: 51 - "\(count)".count) + "\(count)\n"
        }
        let table =
            "   Route Source                                Number Of Routes\n"
            + "------------------------------------- -------------------------\n"
            + line("connected", count("connected")) + line("static (persistent)", count("static"))
            + line("static (non-persistent)", 0) + line("VXLAN Control Service", 0) + line("static nexthop-group", 0)
            + line("ospf", isIPv4 ? count("ospf") : 0)
            + "     Intra-area: \(isIPv4 ? count("ospf") : 0) Inter-area: 0 External-1: 0 External-2: 0\n"
            + "     NSSA External-1: 0 NSSA External-2: 0\n" + line("ospfv3", isIPv4 ? 0 : count("ospf"))
            + line("bgp", count("bgp")) + "     External: \(count("B E")) Internal: \(count("B I"))\n"
            + line("isis", count("isis")) + "     Level-1: 0 Level-2: \(count("isis"))\n" + line("rip", 0)
            + line("kernel", count("kernel")) + line("aggregate", 0) + line("dynamic policy", 0) + line("gribi", 0)
            + "\n" + line("Total Routes", total)
        var text = "\nVRF: default\n" + table + "\nNumber of routes per mask-length:\n"
        for line in stride(from: 0, to: lengths.count, by: 5) {
            let part = lengths[line..<min(line + 5, lengths.count)]
            text += "   " + part.map { "/\($0.length): \($0.count)".padded(to: 14) }.joined().trimmed + "\n"
        }
        return text + "\n"
    }

    var json: JSONValue? {
        let table = JSONValue.object([
            "connected": .integer(count("connected")), "static": .integer(count("static")),
            "staticPersistent": .integer(count("static")), "staticNonPersistent": 0, "staticNexthopGroup": 0,
            "ospfCounts": .object([
                "ospfTotal": .integer(count("ospf")), "ospfIntraArea": .integer(count("ospf")), "ospfInterArea": 0,
                "ospfExternal1": 0, "ospfExternal2": 0, "nssaExternal1": 0, "nssaExternal2": 0,
            ]),
            "bgpCounts": .object([
                "bgpTotal": .integer(count("bgp")), "bgpExternal": .integer(count("B E")),
                "bgpInternal": .integer(count("B I")), "bgpLocal": 0,
            ]),
            "isisCounts": .object(["isisTotal": .integer(count("isis")), "isisLevel1": 0, "isisLevel2": 0]), "rip": 0,
            "kernel": .integer(count("kernel")), "aggregate": 0, "dynamicPolicy": 0, "gribi": 0,
            "maskLen": .named(lengths.map { ("\($0.length)", .integer($0.count)) }), "totalRoutes": .integer(total),
        ])
        let model = JSONValue.object(["configuredProtoModel": "multi-agent", "operatingProtoModel": "multi-agent"])
        return .object(["protoModelStatus": model, "vrfs": .object(["default": table])])
    }
}

extension String {
    /// Without spaces at its end.
    var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
