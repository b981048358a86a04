/// Works out a template's text.
struct GoTemplateEvaluation {
    private let data: GoValue
    private let functions: GoFunctions
    private(set) var rendered = GoTemplate.Rendered(text: "", lines: [])
    private var atLineStart = true
    private var scopes: [[String: GoValue]] = [[:]]
    private var steps = 0
    /// Whether a loop is to be left, or its next round begun.
    private var leaving: Bool?

    /// What one template may do: more than any device's configuration needs.
    private static let maximumSteps = 200_000
    private static let maximumBytes = 1 << 20

    init(_ data: GoValue, _ functions: GoFunctions) {
        self.data = data
        self.functions = functions
    }

    mutating func run(_ nodes: [GoTemplateNode], dot: GoValue) throws(GoTemplate.Problem) {
        for node in nodes {
            if leaving != nil { return }
            switch node {
            case .text(let text, let line): try write(text, line, isSource: true)
            case .output(let pipeline, let line):
                let value = try value(of: pipeline, dot, line)
                if pipeline.variables.isEmpty { try write(value.description, line, isSource: false) }
            case .condition(let pipeline, let then, let otherwise, let line):
                try inScope { evaluation throws(GoTemplate.Problem) in
                    let holds = try evaluation.value(of: pipeline, dot, line).isTrue
                    try evaluation.run(holds ? then : otherwise, dot: dot)
                }
            case .with(let pipeline, let then, let otherwise, let line):
                try inScope { evaluation throws(GoTemplate.Problem) in
                    let value = try evaluation.value(of: pipeline, dot, line)
                    if value.isTrue {
                        try evaluation.run(then, dot: value)
                    } else {
                        try evaluation.run(otherwise, dot: dot)
                    }
                }
            case .range(let pipeline, let body, let otherwise, let line):
                try range(pipeline, body, otherwise, dot, line)
            case .leave(let isContinuing): leaving = isContinuing
            }
        }
    }

    private mutating func range(
        _ pipeline: GoTemplateNode.Pipeline, _ body: [GoTemplateNode], _ otherwise: [GoTemplateNode], _ dot: GoValue,
        _ line: Int
    ) throws(GoTemplate.Problem) {
        var plain = pipeline
        plain.variables = []
        let items: [(key: GoValue, value: GoValue)]
        switch try value(of: plain, dot, line) {
        case .list(let values): items = values.enumerated().map { (.int($0), $1) }
        case .map(let values): items = values.sorted { $0.key < $1.key }.map { (.text($0.key), $0.value) }
        case .int(let count): items = (0..<min(max(count, 0), Self.maximumSteps)).map { (.int($0), .int($0)) }
        case .none: items = []
        case let other:
            throw GoTemplate.Problem(line: line, sentence: "there is no range over \(other)")
        }
        if items.isEmpty {
            return try inScope { evaluation throws(GoTemplate.Problem) in try evaluation.run(otherwise, dot: dot) }
        }
        for (key, value) in items {
            try inScope { evaluation throws(GoTemplate.Problem) in
                let names = pipeline.variables
                if names.count == 2 { evaluation.declare(names[0], key) }
                if let last = names.last { evaluation.declare(last, value) }
                try evaluation.run(body, dot: value)
            }
            let stops = leaving == false
            leaving = nil
            if stops { break }
        }
    }

    private mutating func inScope(
        _ body: (inout Self) throws(GoTemplate.Problem) -> Void
    ) throws(GoTemplate.Problem) {
        scopes.append([:])
        defer { scopes.removeLast() }
        try body(&self)
    }

    private mutating func declare(_ name: String, _ value: GoValue) { scopes[scopes.count - 1][name] = value }

    private mutating func write(_ text: String, _ line: Int, isSource: Bool) throws(GoTemplate.Problem) {
        try step(line)
        guard rendered.text.utf8.count + text.utf8.count <= Self.maximumBytes else {
            throw GoTemplate.Problem(line: line, sentence: "it comes to more than a MiB")
        }
        var current = line
        for part in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 {
                if atLineStart { rendered.lines.append(current) }
                rendered.text += "\n"
                atLineStart = true
                if isSource { current += 1 }
            }
            if !part.element.isEmpty {
                if atLineStart { rendered.lines.append(current) }
                atLineStart = false
                rendered.text += part.element
            }
        }
    }

    private mutating func step(_ line: Int) throws(GoTemplate.Problem) {
        steps += 1
        if steps > Self.maximumSteps { throw GoTemplate.Problem(line: line, sentence: "it takes too many steps") }
    }

    // MARK: Expressions

    private mutating func value(
        of pipeline: GoTemplateNode.Pipeline, _ dot: GoValue, _ line: Int
    ) throws(GoTemplate.Problem) -> GoValue {
        var last: GoValue?
        for command in pipeline.commands { last = try value(of: command, last, dot, line) }
        let value = last ?? .none
        for name in pipeline.variables {
            if pipeline.declares {
                declare(name, value)
            } else if let scope = scopes.lastIndex(where: { $0[name] != nil }) {
                scopes[scope][name] = value
            } else {
                throw GoTemplate.Problem(line: line, sentence: "there is no variable $\(name)")
            }
        }
        return value
    }

    private mutating func value(
        of command: [GoTemplateNode.Operand], _ last: GoValue?, _ dot: GoValue, _ line: Int
    ) throws(GoTemplate.Problem) -> GoValue {
        try step(line)
        guard let first = command.first else { return .none }
        guard case .function(let function) = first.term else {
            let value = try value(of: first, dot, line)
            if command.count == 1, last == nil { return value }
            // A method with one text for its argument, such as `.Label "name"`: data has a map for it.
            guard case .map(let results) = value, command.count == 2, last == nil, !first.fields.isEmpty,
                case .text(let argument) = try self.value(of: command[1], dot, line)
            else { throw GoTemplate.Problem(line: line, sentence: "what stands first is no function") }
            return results[argument] ?? .text("")
        }
        let name = ([function] + first.fields).joined(separator: ".")
        // What decides is enough of these.
        if name == "and" || name == "or" {
            var result: GoValue = .none
            for operand in command.dropFirst() {
                result = try value(of: operand, dot, line)
                if result.isTrue == (name == "or") { return result }
            }
            return last ?? result
        }
        var arguments: [GoValue] = []
        for operand in command.dropFirst() { arguments.append(try value(of: operand, dot, line)) }
        if let last { arguments.append(last) }
        do throws(GoFunctionError) { return try functions.call(name, arguments) } catch {
            throw GoTemplate.Problem(line: line, sentence: "\(name): \(error.sentence)")
        }
    }

    private mutating func value(
        of operand: GoTemplateNode.Operand, _ dot: GoValue, _ line: Int
    ) throws(GoTemplate.Problem) -> GoValue {
        var value: GoValue
        switch operand.term {
        case .value(let constant): value = constant
        case .dot: value = dot
        case .variable(""): value = data
        case .variable(let name):
            guard let known = scopes.last(where: { $0[name] != nil })?[name] else {
                throw GoTemplate.Problem(line: line, sentence: "there is no variable $\(name)")
            }
            value = known
        case .pipeline(let pipeline): value = try self.value(of: pipeline, dot, line)
        case .function: return try self.value(of: [operand], nil, dot, line)
        }
        for field in operand.fields {
            switch value {
            case .structure(let fields):
                guard let found = fields[field] else {
                    throw GoTemplate.Problem(line: line, sentence: "there is no field .\(field)")
                }
                value = found
            case .map(let fields): value = fields[field] ?? .none
            case .none: value = .none
            default: throw GoTemplate.Problem(line: line, sentence: "\(value) has no field .\(field)")
            }
        }
        return value
    }
}
