/// A path into objects as columns of custom kinds are given: `.status.conditions[?(@.type=="Ready")].status`
/// (k8s.io/client-go/util/jsonpath, as far as definitions use it).
public struct JSONPath: Hashable, Sendable {
    private var steps: [Step] = []

    private enum Step: Hashable, Sendable {
        case member(String)
        case item(Int)
        /// All items of an array or members of an object.
        case all
        /// The items of an array whose member at a path has a text.
        case matching(path: [String], text: String, isEqual: Bool)
    }

    /// Nil for what is no such path.
    public init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
        if rest.first == "$" { rest = rest.dropFirst() }
        while let first = rest.first {
            if first == "." {
                rest = rest.dropFirst()
                if rest.first == "[" || rest.isEmpty { continue }
                guard let name = Self.name(&rest) else { return nil }
                steps.append(name == "*" ? .all : .member(name))
            } else if first == "[" {
                guard let step = Self.bracket(&rest) else { return nil }
                steps.append(step)
            } else {
                guard steps.isEmpty, let name = Self.name(&rest) else { return nil }
                steps.append(.member(name))
            }
        }
    }

    /// A name up to the next dot or bracket; a dot in it is written `\.`.
    private static func name(_ rest: inout Substring) -> String? {
        var name = ""
        while let character = rest.first, character != ".", character != "[" {
            rest = rest.dropFirst()
            if character == "\\", let escaped = rest.first {
                name.append(escaped)
                rest = rest.dropFirst()
            } else {
                name.append(character)
            }
        }
        return name.isEmpty ? nil : name
    }

    private static func bracket(_ rest: inout Substring) -> Step? {
        guard let end = rest.firstIndex(of: "]") else { return nil }
        let text = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        if text == "*" { return .all }
        if let index = Int(text) { return .item(index) }
        if let name = unquoted(text) { return .member(name) }
        guard text.hasPrefix("?("), text.hasSuffix(")") else { return nil }
        let condition = text.dropFirst(2).dropLast()
        for (sign, isEqual) in [("==", true), ("!=", false)] {
            guard let place = condition.firstRange(of: sign) else { continue }
            let left = condition[..<place.lowerBound].filter { $0 != " " }
            let right = condition[place.upperBound...].drop { $0 == " " }
            guard left.hasPrefix("@."), let text = unquoted(right.reversedDroppingBlanks) else { return nil }
            return .matching(
                path: left.dropFirst(2).split(separator: ".").map(String.init), text: text, isEqual: isEqual)
        }
        return nil
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }

    /// What it leads to; nothing where something on the way is not there.
    public func values(in object: JSON) -> [JSON] {
        steps.reduce([object]) { values, step in
            values.flatMap { value -> [JSON] in
                switch step {
                case .member(let name): value[name].isNull ? [] : [value[name]]
                case .item(let index):
                    value.items.indices.contains(index < 0 ? index + value.items.count : index)
                        ? [value[index < 0 ? index + value.items.count : index]] : []
                case .all: value.items + value.members.map(\.value)
                case .matching(let path, let text, let isEqual):
                    value.items.filter { item in (path.reduce(item) { $0[$1] }.text == text) == isEqual }
                }
            }
        }
    }
}

extension Substring {
    fileprivate var reversedDroppingBlanks: Substring {
        var text = self
        while text.last == " " { text = text.dropLast() }
        return text
    }
}
