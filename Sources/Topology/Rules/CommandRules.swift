/// Rules of the commands of nodes and hosts.
extension TopologyCheck {
    /// What a command waits for is there.
    mutating func commands() {
        let machines =
            topology.nodes.map { (Self.nodes[$0.name], $0.name, $0.commands) }
            + topology.hosts.map { (Self.hosts[$0.name], $0.name, $0.commands) }
        let counts = Dictionary(machines.map { ($0.1, $0.2.count) }, uniquingKeysWith: { first, _ in first })
        for (path, _, commands) in machines {
            for (index, command) in commands.enumerated() {
                for (other, count) in command.waits.sorted(by: { $0.key < $1.key }) {
                    let place = path["commands"][index]["after"][other]
                    guard let there = counts[other] else {
                        report(place, "there is no node or host \(other)\(hint(other, among: counts.keys.sorted()))")
                        continue
                    }
                    if count > there { report(place, "\(other) has \(there) commands, and \(count) are waited for") }
                }
            }
        }
    }
}
