import Addresses
import Blueprint
import FoundationEssentials
import NetworkObjects
import Topology

/// What the commands of a running lab's hosts made, kept in its state: it is what the lab should hold from then on. A host has a record
/// once all of its commands are over.
struct CommandRecords: Codable {
    private var version = CommandRecords.currentVersion
    private var hosts: [String: Record] = [:]

    private static let currentVersion = 1

    /// What was made in one host.
    private struct Record: Codable {
        /// The commands that were run.
        var commands: [[String]]
        var environment: [String: String]
        var changes: [StoredChange]
        /// The new names of ends of cables, by their old ones.
        var renamed: [String: String]?
    }

    private struct StoredChange: Codable {
        var before: StoredObject?
        var after: [StoredObject]
        var command: Int
    }

    /// No host has any.
    init() {}

    // MARK: Reading and writing

    /// Reads them; none where they cannot be read, so that the commands run again.
    static func read(_ state: StateDirectory) throws(EngineError) -> CommandRecords {
        // One that is damaged or of another version costs no more than that.
        guard let bytes = try StateDirectory.read(state.commands),
            let records = try? JSONDecoder().decode(CommandRecords.self, from: Data(bytes)),
            records.version == currentVersion
        else { return CommandRecords() }
        return records
    }

    /// Writes them in the place of those that were there.
    func write(to state: StateDirectory) throws { try StateDirectory.write(json: self, to: state.commands) }

    // MARK: Their meaning

    /// The hosts of a blueprint with commands that have not all been run.
    func hostsToRun(_ blueprint: Blueprint) -> Set<String> {
        Set(blueprint.namespaces.filter { !$0.commands.isEmpty && !isRun($0) }.map(\.name))
    }

    private func isRun(_ host: Blueprint.Namespace) -> Bool {
        guard let record = hosts[host.name] else { return false }
        return record.commands == host.commands.map(\.words) && record.environment == host.environment
    }

    /// Takes note of what commands made.
    mutating func add(_ made: [String: MadeByCommands], of blueprint: Blueprint) {
        for host in blueprint.namespaces {
            guard let made = made[host.name], !host.commands.isEmpty else { continue }
            hosts[host.name] = Record(
                commands: host.commands.map(\.words), environment: host.environment,
                changes: made.changes.map { change in
                    StoredChange(
                        before: change.before.map(StoredObject.init), after: change.after.map(StoredObject.init),
                        command: change.command)
                },
                renamed: made.renamed.isEmpty
                    ? nil
                    : Dictionary(made.renamed.map { ("\($0)", "\($1)") }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// How many objects they name.
    var objectCount: Int { made.values.reduce(0) { $0 + $1.objectCount } }

    /// Forgets hosts.
    mutating func remove(_ names: Set<String>) { for name in names { hosts[name] = nil } }

    /// What was made, by host.
    var made: [String: MadeByCommands] {
        hosts.mapValues { record in
            var made = MadeByCommands()
            made.changes = record.changes.map { change in
                MadeByCommands.Change(
                    before: change.before?.object, after: change.after.map(\.object), command: change.command)
            }
            for (former, name) in record.renamed ?? [:] {
                if let former = InterfaceName(former), let name = InterfaceName(name) { made.renamed[former] = name }
            }
            return made
        }
    }
}

extension Blueprint {
    /// Has each host with commands hold what they made, and one whose commands have not all been run what there is before.
    ///
    /// - Parameter names: hosts whose commands are to be run, whatever the records say.
    /// - Returns: the hosts whose commands are to be run.
    @discardableResult
    mutating func take(_ records: CommandRecords, running names: Set<String> = []) -> Set<String> {
        let toRun = records.hostsToRun(self).union(names)
        take(records.made.filter { !toRun.contains($0.key) })
        goBackBeforeCommands(of: toRun)
        return toRun
    }
}

/// An object of any kind as it is written.
private struct StoredObject: Codable {
    var object: KernelObject

    private enum CodingKeys: String, CodingKey { case kind, value }

    init(_ object: KernelObject) { self.object = object }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .kind)
        guard let kind = ObjectKinds.all.first(where: { "\($0)" == name }) else {
            throw DecodingError.dataCorruptedError(forKey: .kind, in: container, debugDescription: "no kind \(name)")
        }
        func read<Object: NetworkObject>(_ kind: Object.Type) throws -> KernelObject {
            KernelObject(try container.decode(kind, forKey: .value))
        }
        object = try read(kind)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("\(type(of: object.value))", forKey: .kind)
        try container.encode(object.value, forKey: .value)
    }
}
