import ClusterObjects
import GoTemplates

extension GoValue {
    /// A JSON value: objects as structures, whose fields are those that there are, but for those of `maps`, which have any.
    ///
    /// - Parameter maps: the names of members that are maps.
    init(_ json: JSON, maps: Set<String> = [], isMap: Bool = false) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let number): self = .int(number)
        case .number(let text), .string(let text): self = .text(text)
        case .array(let items): self = .list(items.map { GoValue($0, maps: maps) })
        case .object(let members):
            var values: [String: GoValue] = [:]
            for entry in members.entries {
                values[entry.name] = GoValue(entry.value, maps: maps, isMap: maps.contains(entry.name))
            }
            self = isMap ? .map(values) : .structure(values)
        }
    }

    /// The value as JSON, names sorted.
    var json: JSON {
        switch self {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .int(let number): return .integer(number)
        case .text(let text): return .string(text)
        case .list(let values): return .array(values.map(\.json))
        case .map(let values), .structure(let values):
            var members = JSON.Members()
            for (name, value) in values.sorted(by: { $0.key < $1.key }) { members[name] = value.json }
            return .object(members)
        }
    }
}

extension JSON {
    /// The value in lines of its own, as Go's `MarshalIndent` has it.
    func indented(by step: Int, depth: Int = 0) -> String {
        let (outer, inner) = (
            String(repeating: " ", count: depth * step), String(repeating: " ", count: (depth + 1) * step)
        )
        switch self {
        case .array(let items) where !items.isEmpty:
            let lines = items.map { inner + $0.indented(by: step, depth: depth + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.entries.map {
                "\(inner)\(JSON.string($0.name)): \($0.value.indented(by: step, depth: depth + 1))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        default: return description
        }
    }
}
