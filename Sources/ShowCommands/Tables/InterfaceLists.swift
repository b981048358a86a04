import Addresses
import NetworkObjects

/// What `show interfaces description` answers.
struct InterfaceDescriptions: RouterAnswer {
    private let interfaces: [RouterInterface]

    init(_ tables: RouterTables, _ names: InterfaceNames?) { interfaces = tables.interfaces(names) }

    var text: String {
        var columns = Columns(
            .init("Interface", width: 30), .init("Status", width: 14), .init("Protocol", width: 18),
            .init("Description"), rule: .none)
        for interface in interfaces {
            columns.add(
                interface.name.short, interface.administrativeStatus, interface.carries ? "up" : "down",
                interface.description ?? "")
        }
        return columns.text
    }

    var json: JSONValue? {
        let values = interfaces.map { interface in
            (
                interface.name.description,
                JSONValue.object([
                    "description": "\(interface.description ?? "")",
                    "interfaceStatus": interface.isUp ? interface.carries ? "up" : "down" : "adminDown",
                    "lineProtocolStatus": interface.carries ? "up" : "down",
                ])
            )
        }
        return .object(["interfaceDescriptions": .named(values)])
    }
}

/// What `show interfaces counters` answers, and its `errors` and `discards`.
struct InterfaceCounters: RouterAnswer {
    private let kind: ShowCommand.Counters
    private let ports: [(name: PortName, counters: LinkCounters)]

    init(_ tables: RouterTables, _ kind: ShowCommand.Counters, _ names: InterfaceNames?) {
        self.kind = kind
        ports = tables.interfaces(names).filter { [.ethernet, .management, .portChannel].contains($0.kind) }.map {
            ($0.name, tables.counters[$0.link.link.name] ?? LinkCounters())
        }
    }

    var text: String {
        switch kind {
        case .packets:
            table(["InOctets", "InUcastPkts", "InMcastPkts", "InBcastPkts"]) {
                [$0.received.bytes, $0.unicast, $0.receivedMulticast, 0]
            } + "\n"
                + table(["OutOctets", "OutUcastPkts", "OutMcastPkts", "OutBcastPkts"]) {
                    [$0.sent.bytes, $0.sent.packets, 0, 0]
                }
        case .errors:
            // The kernel counts what came damaged as a whole.
            table(["FCS", "Align", "Symbol", "Rx", "Runts", "Giants", "Tx"], width: 8) {
                [0, 0, 0, $0.received.errors, 0, 0, $0.sent.errors]
            }
        case .discards:
            table(["InDiscards", "OutDiscards"]) { [$0.received.dropped, $0.sent.dropped] }
        }
    }

    private func table(_ heads: [String], width: Int = 14, _ values: (LinkCounters) -> [UInt64]) -> String {
        func line(_ name: String, _ cells: [String]) -> String {
            name.padded(to: 10)
                + cells.map { String(repeating: " ", count: max(1, width - $0.count)) + $0 }.joined() + "\n"
        }
        return line("Port", heads) + ports.map { line($0.name.short, values($0.counters).map(String.init)) }.joined()
    }

    var json: JSONValue? {
        func number(_ count: UInt64) -> JSONValue { .integer(Int(clamping: count)) }
        switch kind {
        case .packets:
            let values = ports.map { name, counters in
                (
                    name.description,
                    JSONValue.object([
                        "inOctets": number(counters.received.bytes), "inUcastPkts": number(counters.unicast),
                        "inMulticastPkts": number(counters.receivedMulticast), "inBroadcastPkts": 0,
                        "inDiscards": number(counters.received.dropped), "outOctets": number(counters.sent.bytes),
                        "outUcastPkts": number(counters.sent.packets), "outMulticastPkts": 0, "outBroadcastPkts": 0,
                        "outDiscards": number(counters.sent.dropped),
                    ])
                )
            }
            return .object(["interfaces": .named(values)])
        case .errors:
            let values = ports.map { name, counters in
                (
                    name.description,
                    JSONValue.object([
                        "fcsErrors": 0, "alignmentErrors": 0, "symbolErrors": 0,
                        "inErrors": number(counters.received.errors), "frameTooShorts": 0, "frameTooLongs": 0,
                        "outErrors": number(counters.sent.errors),
                    ])
                )
            }
            return .object(["interfaceErrorCounters": .named(values)])
        case .discards:
            let values = ports.map { name, counters in
                (
                    name.description,
                    JSONValue.object([
                        "inDiscards": number(counters.received.dropped), "outDiscards": number(counters.sent.dropped),
                    ])
                )
            }
            let (input, output) = (
                ports.reduce(0) { $0 &+ $1.counters.received.dropped },
                ports.reduce(0) { $0 &+ $1.counters.sent.dropped }
            )
            return .object([
                "inDiscardsTotal": number(input), "outDiscardsTotal": number(output), "interfaces": .named(values),
            ])
        }
    }
}

extension LinkCounters {
    fileprivate var unicast: UInt64 { received.packets - min(received.packets, receivedMulticast) }
}
