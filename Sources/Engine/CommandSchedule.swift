import Blueprint
import Topology

/// In which order the commands of hosts begin: those of one host one after the other, those of several side by side, each once what it
/// waits for is over. Pure.
struct CommandSchedule {
    /// One command of one host, by their positions.
    struct Item: Hashable {
        var host: Int
        var command: Int
    }

    private let commands: [[HostCommand]]
    private let position: [String: Int]
    /// How many commands of each host are over.
    private var over: [Int]
    private var running: Set<Int> = []

    /// - Parameter hosts: the hosts and their commands. What is not among them is not waited for.
    init(_ hosts: [(name: String, commands: [HostCommand])]) {
        commands = hosts.map(\.commands)
        over = hosts.map { _ in 0 }
        position = Dictionary(hosts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether all are over.
    var isOver: Bool { zip(over, commands).allSatisfy { $0 == $1.count } }

    /// Takes those that can begin now.
    ///
    /// - Parameter count: the most to take.
    mutating func begin(atMost count: Int) -> [Item] {
        let idle = commands.indices.filter { over[$0] < commands[$0].count && !running.contains($0) }
        var ready = idle.filter { isReady($0) }
        // What waits in a circle would wait for ever.
        if ready.isEmpty, running.isEmpty, let first = idle.first { ready = [first] }
        let taken = ready.prefix(count)
        running.formUnion(taken)
        return taken.map { Item(host: $0, command: over[$0]) }
    }

    private func isReady(_ host: Int) -> Bool {
        commands[host][over[host]].waits.allSatisfy { name, count in
            guard let other = position[name] else { return true }
            return over[other] >= min(count, commands[other].count)
        }
    }

    /// Takes note that the running command of a host is over.
    mutating func end(of host: Int) {
        running.remove(host)
        over[host] += 1
    }
}
