import Addresses
import GoTemplates

extension GoFunctions {
    /// The functions that containerlab adds (`CreateFuncs` in utils/template.go).
    static let containerlab = GoFunctions { (name, arguments) throws(GoFunctionError) in
        switch name {
        case "add": return try arithmetic(arguments) { $0.addingReportingOverflow($1) }
        case "subtract": return try arithmetic(arguments) { $0.subtractingReportingOverflow($1) }
        case "mul": return try arithmetic(arguments) { $0.multipliedReportingOverflow(by: $1) }
        case "div", "idiv": return try arithmetic(arguments) { $0.dividedReportingOverflow(by: $1) }
        case "rem": return try arithmetic(arguments) { $0.remainderReportingOverflow(dividingBy: $1) }
        case "seq": return try sequence(arguments)
        case "slice": return .list(arguments)
        case "conv.ToInt": return .int(try GoFunctionError.one(arguments).requiredNumber)
        case "conv.Join":
            guard case .list(let items)? = arguments.first, arguments.count == 2 else { throw .wrongCount }
            return .text(items.map(\.description).joined(separator: arguments[1].description))
        case "strings.Split":
            let (separator, text) = try GoFunctionError.pair(arguments)
            return .list(text.description.components(separatedBy: separator.description).map { .text($0) })
        case "strings.ReplaceAll":
            guard arguments.count == 3 else { throw .wrongCount }
            let old = arguments[0].description, text = arguments[2].description
            return .text(old.isEmpty ? text : text.replacing(old, with: arguments[1].description))
        case "net.CIDRHost": return .text(try host(arguments))
        default: return nil
        }
    }

    private static func arithmetic(
        _ arguments: [GoValue], _ body: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) throws(GoFunctionError) -> GoValue {
        let (first, second) = try GoFunctionError.pair(arguments)
        let result = body(try first.requiredNumber, try second.requiredNumber)
        if result.overflow { throw GoFunctionError(sentence: "the result is no number") }
        return .int(result.partialValue)
    }

    /// `seq END`, `seq START END`, `seq START END STEP`, up or down.
    private static func sequence(_ arguments: [GoValue]) throws(GoFunctionError) -> GoValue {
        var numbers: [Int] = []
        for argument in arguments { numbers.append(try argument.requiredNumber) }
        guard (1...3).contains(numbers.count) else { throw .wrongCount }
        let start = numbers.count == 1 ? 1 : numbers[0], end = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = (numbers.count == 3 ? numbers[2] : 1).magnitude
        if step == 0 { return .list([]) }
        let bounds = -1_000_000...1_000_000
        guard bounds.contains(start), bounds.contains(end), step < 1_000_000,
            start.distance(to: end).magnitude / step < 65536
        else { throw GoFunctionError(sentence: "this is a longer row than any device needs") }
        return .list(stride(from: start, through: end, by: start <= end ? Int(step) : -Int(step)).map { .int($0) })
    }

    private static func host(_ arguments: [GoValue]) throws(GoFunctionError) -> String {
        let (count, range) = try GoFunctionError.pair(arguments)
        guard let prefix = InterfaceAddress(range.description)?.prefix, let number = count.number, number >= 0,
            let address = prefix.address(at: UInt128(number))
        else { throw GoFunctionError(sentence: "\(range) has no address number \(count)") }
        return address.description
    }
}
