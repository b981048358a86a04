/// What a function cannot be given.
public struct GoFunctionError: Error {
    public var sentence: String

    public init(sentence: String) { self.sentence = sentence }

    /// It is given too few or too many values.
    public static var wrongCount: GoFunctionError {
        GoFunctionError(sentence: "it is given too few or too many values")
    }

    /// The only one of a function's arguments.
    public static func one(_ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        guard arguments.count == 1 else { throw wrongCount }
        return arguments[0]
    }

    /// The two arguments of a function.
    public static func pair(_ arguments: [GoValue]) throws(GoFunctionError) -> (GoValue, GoValue) {
        guard arguments.count == 2 else { throw wrongCount }
        return (arguments[0], arguments[1])
    }
}

/// The functions that templates have: text/template's own, and those that the program which renders them adds.
public struct GoFunctions: Sendable {
    /// What a program adds: its function of a name, given some values; nil where it has none of that name.
    public typealias Addition = @Sendable (String, [GoValue]) throws(GoFunctionError) -> GoValue?

    private let addition: Addition

    public init(_ addition: @escaping Addition) { self.addition = addition }

    /// Text/template's own alone.
    public static let none = GoFunctions { (_, _) throws(GoFunctionError) in nil }

    func call(_ name: String, _ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        if let value = try addition(name, arguments) { return value }
        switch name {
        case "not": return .bool(!(try GoFunctionError.one(arguments)).isTrue)
        case "len": return .int(try Self.length(GoFunctionError.one(arguments)))
        case "index": return try Self.index(arguments)
        case "print": return .text(arguments.map(\.description).joined(separator: " "))
        case "println": return .text(arguments.map(\.description).joined(separator: " ") + "\n")
        case "printf": return .text(try Self.formatted(arguments))
        case "eq":
            guard let first = arguments.first, arguments.count > 1 else { throw .wrongCount }
            return .bool(arguments.dropFirst().contains(first))
        case "ne": return .bool(try GoFunctionError.pair(arguments).0 != GoFunctionError.pair(arguments).1)
        case "lt": return .bool(try Self.isLess(arguments))
        case "ge": return .bool(try !Self.isLess(arguments))
        case "gt": return .bool(try Self.isLess(arguments.reversed()))
        case "le": return .bool(try !Self.isLess(arguments.reversed()))
        default: throw GoFunctionError(sentence: "there is no such function here")
        }
    }

    private static func length(_ value: GoValue) throws(GoFunctionError) -> Int {
        switch value {
        case .text(let text): return text.utf8.count
        case .list(let items): return items.count
        case .map(let items): return items.count
        default: throw GoFunctionError(sentence: "\(value) has no length")
        }
    }

    private static func index(_ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        guard var value = arguments.first else { throw .wrongCount }
        for key in arguments.dropFirst() {
            switch value {
            case .list(let items):
                guard case .int(let index) = key, items.indices.contains(index) else {
                    throw GoFunctionError(sentence: "there is no item \(key)")
                }
                value = items[index]
            case .map(let items): value = items[key.description] ?? .none
            default: throw GoFunctionError(sentence: "\(value) has no items")
            }
        }
        return value
    }

    private static func isLess(_ arguments: [GoValue]) throws(GoFunctionError) -> Bool {
        let (first, second) = try GoFunctionError.pair(arguments)
        if case .text(let a) = first, case .text(let b) = second { return a < b }
        guard case .int(let a) = first, case .int(let b) = second else {
            throw GoFunctionError(sentence: "\(first) and \(second) have no order")
        }
        return a < b
    }

    /// `%s`, `%d`, `%v`, `%q`, `%x`, each with a width if need be, and `%%`.
    private static func formatted(_ arguments: [GoValue]) throws(GoFunctionError) -> String {
        guard case .text(let format)? = arguments.first else { throw .wrongCount }
        var (text, next, rest) = ("", 1, format[...])
        while let character = rest.popFirst() {
            guard character == "%" else {
                text.append(character)
                continue
            }
            let flags = rest.prefix { $0.isNumber || $0 == "-" }
            rest = rest.dropFirst(flags.count)
            guard let verb = rest.popFirst() else { throw GoFunctionError(sentence: "a % ends the text") }
            if verb == "%" {
                text.append("%")
                continue
            }
            guard arguments.indices.contains(next) else { throw .wrongCount }
            var item: String
            switch verb {
            case "s", "d", "v": item = arguments[next].description
            case "q": item = "\"\(arguments[next])\""
            case "x": item = String(try arguments[next].requiredNumber, radix: 16)
            default: throw GoFunctionError(sentence: "%\(verb) is not known here")
            }
            let width = min(Int(flags.filter(\.isNumber)) ?? 0, 256)
            let padding = String(repeating: flags.hasPrefix("0") ? "0" : " ", count: max(width - item.count, 0))
            item = flags.hasPrefix("-") ? item + padding : padding + item
            text += item
            next += 1
        }
        return text
    }
}

extension GoValue {
    /// The number that it is, or that its text says.
    ///
    /// - Throws: `GoFunctionError` for what is none.
    public var requiredNumber: Int {
        get throws(GoFunctionError) {
            guard let number else { throw GoFunctionError(sentence: "\(self) is no number") }
            return number
        }
    }
}

extension String {
    /// The parts between a separator; the characters, of an empty one (`strings.Split` of Go).
    public func components(separatedBy separator: String) -> [String] {
        if separator.isEmpty { return map { String($0) } }
        var (parts, rest) = ([String](), self[...])
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }
}
