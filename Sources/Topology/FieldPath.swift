/// Where a value is in a topology: `nodes.dual-stack-worker.interfaces.eth1.addresses[0]`.
public struct FieldPath: Hashable, Sendable {
    /// The steps from the root.
    public var steps: [Step]

    /// One step down.
    public enum Step: Hashable, Sendable {
        /// To the value under this key of a map.
        case key(String)
        /// To the value at this position of a list, counted from 0.
        case index(Int)
    }

    /// The root, or the place that these steps lead to.
    public init(_ steps: [Step] = []) { self.steps = steps }

    /// The place under a key of this one.
    public subscript(key: String) -> FieldPath { FieldPath(steps + [.key(key)]) }

    /// The place at a position of this one, counted from 0.
    public subscript(index: Int) -> FieldPath { FieldPath(steps + [.index(index)]) }
}

extension FieldPath: CustomStringConvertible {
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}
