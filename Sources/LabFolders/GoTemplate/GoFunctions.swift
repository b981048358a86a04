import Addresses

/// What a function cannot be given.
struct GoFunctionError: Error {
    var sentence: String
}

/// The functions that templates have: text/template's own, and those that containerlab adds (`CreateFuncs` in utils/template.go).
enum GoFunctions {
    static func call(_ name: String, _ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        switch name {
        case "not": return .bool(!(try one(arguments)).isTrue)
        case "len": return .int(try length(one(arguments)))
        case "index": return try index(arguments)
        case "print": return .text(arguments.map(\.description).joined(separator: " "))
        case "println": return .text(arguments.map(\.description).joined(separator: " ") + "\n")
        case "printf": return .text(try formatted(arguments))
        case "eq":
            guard let first = arguments.first, arguments.count > 1 else { throw wrongCount }
            return .bool(arguments.dropFirst().contains(first))
        case "ne": return .bool(try pair(arguments).0 != pair(arguments).1)
        case "lt": return .bool(try isLess(pair(arguments).0, pair(arguments).1))
        case "le": return .bool(try !isLess(pair(arguments).1, pair(arguments).0))
        case "gt": return .bool(try isLess(pair(arguments).1, pair(arguments).0))
        case "ge": return .bool(try !isLess(pair(arguments).0, pair(arguments).1))
        case "add": return try arithmetic(arguments) { $0.addingReportingOverflow($1) }
        case "subtract": return try arithmetic(arguments) { $0.subtractingReportingOverflow($1) }
        case "mul": return try arithmetic(arguments) { $0.multipliedReportingOverflow(by: $1) }
        case "div", "idiv": return try arithmetic(arguments) { $0.dividedReportingOverflow(by: $1) }
        case "rem": return try arithmetic(arguments) { $0.remainderReportingOverflow(dividingBy: $1) }
        case "seq": return try sequence(arguments)
        case "slice": return .list(arguments)
        case "conv.ToInt": return .int(try number(one(arguments)))
        case "conv.Join":
            guard case .list(let items)? = arguments.first, arguments.count == 2 else { throw wrongCount }
            return .text(items.map(\.description).joined(separator: arguments[1].description))
        case "strings.Split":
            let (separator, text) = (try pair(arguments).0.description, try pair(arguments).1.description)
            if separator.isEmpty { return .list(text.map { .text(String($0)) }) }
            return .list(text.components(separatedBy: separator).map { .text($0) })
        case "strings.ReplaceAll":
            guard arguments.count == 3 else { throw wrongCount }
            let old = arguments[0].description, text = arguments[2].description
            return .text(old.isEmpty ? text : text.replacing(old, with: arguments[1].description))
        case "net.CIDRHost": return .text(try host(arguments))
        default: throw GoFunctionError(sentence: "there is no such function here")
        }
    }

    private static var wrongCount: GoFunctionError {
        GoFunctionError(sentence: "it is given too few or too many values")
    }

    private static func one(_ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        guard arguments.count == 1 else { throw wrongCount }
        return arguments[0]
    }

    private static func pair(_ arguments: [GoValue]) throws(GoFunctionError) -> (GoValue, GoValue) {
        guard arguments.count == 2 else { throw wrongCount }
        return (arguments[0], arguments[1])
    }

    private static func number(_ value: GoValue) throws(GoFunctionError) -> Int {
        guard let number = value.number else { throw GoFunctionError(sentence: "\(value) is no number") }
        return number
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
        guard var value = arguments.first else { throw wrongCount }
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

    private static func isLess(_ first: GoValue, _ second: GoValue) throws(GoFunctionError) -> Bool {
        if case .text(let a) = first, case .text(let b) = second { return a < b }
        guard case .int(let a) = first, case .int(let b) = second else {
            throw GoFunctionError(sentence: "\(first) and \(second) have no order")
        }
        return a < b
    }

    private static func arithmetic(
        _ arguments: [GoValue], _ body: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) throws(GoFunctionError) -> GoValue {
        let (first, second) = try pair(arguments)
        let result = body(try number(first), try number(second))
        if result.overflow { throw GoFunctionError(sentence: "the result is no number") }
        return .int(result.partialValue)
    }

    /// `seq END`, `seq START END`, `seq START END STEP`, up or down.
    private static func sequence(_ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        var numbers: [Int] = []
        for argument in arguments { numbers.append(try number(argument)) }
        guard (1...3).contains(numbers.count) else { throw wrongCount }
        let start = numbers.count == 1 ? 1 : numbers[0], end = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = (numbers.count == 3 ? numbers[2] : 1).magnitude
        if step == 0 { return .list([]) }
        let bounds = -1_000_000...1_000_000
        guard bounds.contains(start), bounds.contains(end), step < 1_000_000,
            start.distance(to: end).magnitude / step < 65536
        else { throw GoFunctionError(sentence: "this is a longer row than any device needs") }
        return .list(stride(from: start, through: end, by: start <= end ? Int(step) : -Int(step)).map { .int($0) })
    }

    /// `%s`, `%d`, `%v`, `%q`, `%x`, each with a width if need be, and `%%`.
    private static func formatted(_ arguments: [GoValue]) throws(GoFunctionError) -> String {
        guard case .text(let format)? = arguments.first else { throw wrongCount }
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
            guard arguments.indices.contains(next) else { throw wrongCount }
            var item: String
            switch verb {
            case "s", "d", "v": item = arguments[next].description
            case "q": item = "\"\(arguments[next])\""
            case "x": item = String(try number(arguments[next]), radix: 16)
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

    private static func host(_ arguments: [GoValue]) throws(GoFunctionError) -> String {
        let (count, range) = try pair(arguments)
        guard let prefix = InterfaceAddress(range.description)?.prefix, let number = count.number, number >= 0,
            let address = prefix.address(at: UInt128(number))
        else { throw GoFunctionError(sentence: "\(range) has no address number \(count)") }
        return address.description
    }
}

extension String {
    /// The parts between a separator.
    fileprivate func components(separatedBy separator: String) -> [String] {
        var (parts, rest) = ([String](), self[...])
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }
}
