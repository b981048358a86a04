/// Reads the parts of a template.
struct GoTemplateParser {
    private let pieces: [GoTemplateLexer.Piece]
    private var position = 0
    private var depth = 0

    private static let maximumDepth = 64

    init(_ pieces: [GoTemplateLexer.Piece]) { self.pieces = pieces }

    /// What ends a list of parts.
    private enum End: Equatable {
        case file, end
        /// With the tokens of an `else if` or `else with`.
        case otherwise([GoTemplateLexer.Token])
    }

    mutating func parse() throws(GoTemplate.Problem) -> [GoTemplateNode] {
        let (nodes, end, line) = try list()
        guard end == .file else {
            throw GoTemplate.Problem(line: line, sentence: "an end or else belongs to nothing that was begun")
        }
        return nodes
    }

    private mutating func list() throws(GoTemplate.Problem) -> (nodes: [GoTemplateNode], end: End, line: Int) {
        var (nodes, line) = ([GoTemplateNode](), 1)
        while position < pieces.count {
            let piece = pieces[position]
            position += 1
            switch piece {
            case .text(let text, let first):
                nodes.append(.text(text, line: first))
            case .action(let tokens, let first):
                line = first
                switch tokens.first {
                case .word("end"): return (nodes, .end, line)
                case .word("else"): return (nodes, .otherwise(Array(tokens.dropFirst())), line)
                case .word("if"), .word("with"), .word("range"): nodes.append(try block(tokens, line))
                case .word("break"): nodes.append(.leave(isContinuing: false))
                case .word("continue"): nodes.append(.leave(isContinuing: true))
                case .word(let word) where ["define", "template", "block"].contains(word):
                    throw GoTemplate.Problem(line: line, sentence: "\(word): templates within templates are not read")
                default: nodes.append(.output(try pipeline(tokens[...], line), line: line))
                }
            }
        }
        return (nodes, .file, line)
    }

    private mutating func block(
        _ tokens: [GoTemplateLexer.Token], _ line: Int
    ) throws(GoTemplate.Problem) -> GoTemplateNode {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.maximumDepth else { throw GoTemplate.Problem(line: line, sentence: "this is too deep") }
        guard case .word(let word)? = tokens.first else { throw GoTemplate.Problem(line: line, sentence: "not read") }
        let pipeline = try pipeline(tokens.dropFirst(), line)
        let (body, end, _) = try list()
        var otherwise: [GoTemplateNode] = []
        switch end {
        case .end: break
        case .otherwise(let more) where more.isEmpty:
            let (nodes, end, _) = try list()
            guard end == .end else { throw GoTemplate.Problem(line: line, sentence: "\(word) has no end") }
            otherwise = nodes
        case .otherwise(let more): otherwise = [try block(more, line)]
        case .file: throw GoTemplate.Problem(line: line, sentence: "\(word) has no end")
        }
        return switch word {
        case "if": .condition(pipeline, then: body, otherwise: otherwise, line: line)
        case "with": .with(pipeline, then: body, otherwise: otherwise, line: line)
        default: .range(pipeline, body: body, otherwise: otherwise, line: line)
        }
    }

    // MARK: Expressions

    private func pipeline(
        _ tokens: ArraySlice<GoTemplateLexer.Token>, _ line: Int
    ) throws(GoTemplate.Problem) -> GoTemplateNode.Pipeline {
        var rest = tokens
        var pipeline = GoTemplateNode.Pipeline()
        if let sign = tokens.firstIndex(where: { $0 == .symbol(":=") || $0 == .symbol("=") }) {
            for token in tokens[..<sign] where token != .symbol(",") {
                guard case .variable(let name) = token else {
                    throw GoTemplate.Problem(line: line, sentence: "only a variable such as $x is set")
                }
                pipeline.variables.append(name)
            }
            pipeline.declares = tokens[sign] == .symbol(":=")
            rest = tokens[(sign + 1)...]
        }
        pipeline.commands = try commands(&rest, line, depth: 0)
        if !rest.isEmpty { throw GoTemplate.Problem(line: line, sentence: "there is one ) too many") }
        return pipeline
    }

    private func commands(
        _ rest: inout ArraySlice<GoTemplateLexer.Token>, _ line: Int, depth: Int
    ) throws(GoTemplate.Problem) -> [[GoTemplateNode.Operand]] {
        guard depth < Self.maximumDepth else { throw GoTemplate.Problem(line: line, sentence: "this is too deep") }
        var commands: [[GoTemplateNode.Operand]] = [[]]
        while let token = rest.first, token != .symbol(")") {
            rest.removeFirst()
            var operand: GoTemplateNode.Operand
            switch token {
            case .symbol("|"):
                commands.append([])
                continue
            case .symbol("("):
                let inner = try self.commands(&rest, line, depth: depth + 1)
                guard rest.popFirst() == .symbol(")") else {
                    throw GoTemplate.Problem(line: line, sentence: "a ( is not closed")
                }
                operand = .init(term: .pipeline(.init(commands: inner)))
            case .symbol(let symbol):
                throw GoTemplate.Problem(line: line, sentence: "\"\(symbol)\" means nothing here")
            case .field(let name, _): operand = .init(term: .dot, fields: name.isEmpty ? [] : [name])
            case .variable(let name): operand = .init(term: .variable(name))
            case .text(let text): operand = .init(term: .value(.text(text)))
            case .number(let number): operand = .init(term: .value(.int(number)))
            case .word("true"): operand = .init(term: .value(.bool(true)))
            case .word("false"): operand = .init(term: .value(.bool(false)))
            case .word("nil"): operand = .init(term: .value(.none))
            case .word(let name): operand = .init(term: .function(name))
            }
            while case .field(let name, isJoined: true)? = rest.first {
                rest.removeFirst()
                operand.fields.append(name)
            }
            commands[commands.count - 1].append(operand)
        }
        if commands.contains(where: \.isEmpty) {
            throw GoTemplate.Problem(line: line, sentence: "an expression is missing")
        }
        return commands
    }
}
