import NetworkObjects

/// What `show interfaces counters rates` answers: what ports carry in a second, by the kernel's counters at two moments.
struct InterfaceRates: RouterAnswer {
    /// Seconds between the two moments.
    private let interval: Double
    private let now: Double
    private let ports: [(interface: RouterInterface, received: Rate, sent: Rate)]

    /// What one way of a link carries in a second.
    private struct Rate {
        var bits = 0.0
        var packets = 0.0

        init(_ before: LinkCounters.Direction, _ after: LinkCounters.Direction, in seconds: Double) {
            guard seconds > 0 else { return }
            // A link that was made anew counts from the start.
            bits = Double(after.bytes - min(before.bytes, after.bytes)) * 8 / seconds
            packets = Double(after.packets - min(before.packets, after.packets)) / seconds
        }

        /// Of the speed that the port says it has.
        var share: Double { bits / Double(InterfaceStatus.bandwidth) }
        /// In Mb/s, percent, and thousands of packets a second, as EOS rounds them.
        var cells: [String] {
            [(bits / 1e6).oneDecimal, (share * 100).oneDecimal + "%", "\(Int((packets / 1000).rounded()))"]
        }
    }

    init(_ tables: RouterTables, _ names: InterfaceNames?) {
        interval = tables.earlierCounters.age
        now = tables.now
        ports = tables.interfaces(names).filter { [.ethernet, .management, .portChannel].contains($0.kind) }.map {
            let before = tables.earlierCounters.links[$0.link.link.name] ?? LinkCounters()
            let after = tables.counters[$0.link.link.name] ?? LinkCounters()
            let seconds = tables.earlierCounters.age
            return (
                $0, Rate(before.received, after.received, in: seconds), Rate(before.sent, after.sent, in: seconds)
            )
        }
    }

    var text: String {
        var columns = Columns(
            .init("Port", width: 8, gap: 2), .init("Name", width: 10, gap: 2), .init("Intvl", width: 5, gap: 2),
            .init("In Mbps", width: 8, alignsRight: true, gap: 2), .init("%", width: 5, alignsRight: true, gap: 2),
            .init("In Kpps", width: 7, alignsRight: true, gap: 2),
            .init("Out Mbps", width: 8, alignsRight: true, gap: 2), .init("%", width: 5, alignsRight: true, gap: 2),
            .init("Out Kpps", width: 8, alignsRight: true), rule: .none)
        let seconds = Int(interval.rounded())
        let interval = "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
        for (interface, received, sent) in ports {
            let (input, output) = (received.cells, sent.cells)
            columns.add(
                interface.name.short, interface.description ?? "", interval, input[0], input[1], input[2], output[0],
                output[1], output[2])
        }
        return columns.text
    }

    var json: JSONValue? {
        let values = ports.map { interface, received, sent in
            (
                interface.name.description,
                JSONValue.object([
                    "description": .string(interface.description ?? ""),
                    "interval": .integer(Int(interval.rounded())), "inBpsRate": .number(received.bits),
                    "inPpsRate": .number(received.packets), "outBpsRate": .number(sent.bits),
                    "outPpsRate": .number(sent.packets), "lastUpdateTimestamp": .number(now),
                ])
            )
        }
        return .object(["interfaces": .named(values)])
    }
}

extension Double {
    /// With one digit after the point; none are negative here.
    fileprivate var oneDecimal: String {
        let tenths = Int((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
