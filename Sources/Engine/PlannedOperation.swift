import Blueprint
import NetworkObjects

/// One thing that an `up` does to a lab, as it is told to the user.
public struct PlannedOperation: Hashable, Sendable {
    /// The namespace, by the name that people use; nil for the lab as a whole.
    public var namespace: String?
    /// What is done.
    public var action: Action
    /// What sort of object it is done to.
    public var kind: String
    /// The object in the words of the tool that shows it.
    public var object: String
    /// What of it changes: `wanted` becomes what `found` was.
    public var attributes: [AttributeDifference] = []

    /// What can be done to an object.
    public enum Action: String, Sendable {
        case add, change, remove
        /// Removed and made anew, with all that is on it, because the kernel cannot change it in place.
        case rebuild
        /// A command of a node or host.
        case run
    }

    init(_ namespace: String?, _ action: Action, _ kind: String, _ object: String) {
        self.namespace = namespace
        self.action = action
        self.kind = kind
        self.object = object
    }
}

extension PlannedOperation: CustomStringConvertible {
    /// One line.
    public var description: String {
        let place = namespace.map { "\($0): " } ?? ""
        let changes = attributes.map { "\($0.name) \($0.found ?? "nothing") → \($0.wanted ?? "nothing")" }
        return "\(place)\(action.rawValue) \(kind) \(object)"
            + (changes.isEmpty ? "" : " (\(changes.joined(separator: "; ")))")
    }
}

extension PlannedOperation {
    /// What builds a lab that is not there.
    static func all(filling blueprint: Blueprint) -> [PlannedOperation] {
        blueprint.namespaces.flatMap { namespace in
            let name = namespace.name
            return [PlannedOperation(name, .add, "namespace", blueprint.pin(of: namespace))]
                + namespace.content.objects.map { PlannedOperation(name, .add, $0.kindName, "\($0)") }
                + namespace.content.tables.map { PlannedOperation(name, .add, "table", "\($0.id)") }
        }
    }

    /// The commands of hosts.
    static func all(running blueprint: Blueprint, in hosts: Set<String>) -> [PlannedOperation] {
        blueprint.namespaces.filter { hosts.contains($0.name) }.flatMap { host in
            host.commands.map { PlannedOperation(host.name, .run, "command", $0.text) }
        }
    }

    /// What a change of a namespace does.
    static func all(of change: ChangeSet, _ part: LabDiff.Part) -> [PlannedOperation] {
        let name = part.name
        var operations: [PlannedOperation] = []
        func add(_ operation: Operation) {
            var planned = PlannedOperation(name, .add, operation.subject.kind, operation.subject.object)
            switch operation {
            case .make(let object):
                guard let link = object.value as? Link else { break }
                if part.deleted.contains(link.name) { planned.action = .rebuild }
                if case .different(let attributes) = part.linkFaults[link.name] { planned.attributes = attributes }
            case .change(let object, let found):
                planned.action = .change
                planned.attributes = object.differences(from: found)
            case .remove(let object):
                // A link that is made anew is told once.
                if let link = object.value as? Link, part.deleted.contains(link.name) { return }
                planned.action = .remove
            case .setIPv4, .setNeighbourParameter: break
            }
            operations.append(planned)
        }
        for operation in change.predelete { add(operation) }
        for setting in change.sysctls + change.linkSysctls {
            operations.append(PlannedOperation(name, .change, Sysctl.kindName, "\(setting)"))
        }
        for operation in change.create { add(operation) }
        for table in change.tables {
            var planned = PlannedOperation(
                name, Action(rawValue: table.action.rawValue) ?? .change, "table", "\(table.id)")
            for case .different(let wanted, _, let attributes) in part.findings
            where (wanted.value as? RuleTable)?.id == table.id { planned.attributes = attributes }
            operations.append(planned)
        }
        for operation in change.delete { add(operation) }
        return operations
    }
}
