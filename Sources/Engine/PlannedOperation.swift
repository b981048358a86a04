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
                + namespace.content.objects.map { PlannedOperation(name, .add, $0.kind.rawValue, "\($0)") }
                + namespace.content.tables.map { PlannedOperation(name, .add, "table", "\($0.id)") }
        }
    }

    /// What a change of a namespace does.
    static func all(of change: NamespaceChange, _ part: LabComparison.Part) -> [PlannedOperation] {
        let name = part.name
        var operations: [PlannedOperation] = []
        func add(_ operation: Operation) {
            switch operation {
            case .make(.link(let link)):
                let isRebuilt = part.deleted.contains(link.name)
                var planned = PlannedOperation(name, isRebuilt ? .rebuild : .add, "link", "\(link)")
                if case .different(let attributes) = part.linkFaults[link.name] { planned.attributes = attributes }
                operations.append(planned)
            case .make(let object):
                operations.append(PlannedOperation(name, .add, object.kind.rawValue, "\(object)"))
            case .change(let object, let found):
                var planned = PlannedOperation(name, .change, object.kind.rawValue, "\(object)")
                planned.attributes = object.differences(from: found)
                operations.append(planned)
            case .remove(let object):
                // A link that is made anew is told once.
                if case .link(let link) = object, part.deleted.contains(link.name) { return }
                operations.append(PlannedOperation(name, .remove, object.kind.rawValue, "\(object)"))
            case .setIPv4, .setNeighbourParameter:
                let words = "\(operation)".split(separator: " ", maxSplits: 1)
                operations.append(PlannedOperation(name, .add, "\(words[0])", "\(words[1])"))
            }
        }
        for operation in change.room { add(operation) }
        for setting in change.early + change.late {
            operations.append(PlannedOperation(name, .change, "sysctl", "\(KernelObject.setting(setting))"))
        }
        for operation in change.make { add(operation) }
        for table in change.tables {
            var planned = PlannedOperation(
                name, Action(rawValue: table.action.rawValue) ?? .change, "table", "\(table.id)")
            for case .different(.table(let wanted), _, let attributes) in part.findings
            where wanted.id == table.id { planned.attributes = attributes }
            operations.append(planned)
        }
        for operation in change.clear { add(operation) }
        return operations
    }
}
