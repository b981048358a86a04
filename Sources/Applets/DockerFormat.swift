import ClusterObjects
import GoTemplates

/// What `--format` of a list asks for (docker/cli, cli/command/formatter).
struct DockerFormat {
    /// A column: its field in templates, its head, and what stands there.
    struct Column {
        var field: String
        var head: String

        init(_ field: String, _ head: String) { (self.field, self.head) = (field, head) }
    }

    /// All fields that a template may name.
    let columns: [Column]
    /// The template of the list without `--format`.
    let usual: String

    /// The list as text.
    ///
    /// - Parameters:
    ///   - format: what `--format` says; nil for the usual table.
    ///   - rows: for each thing, its fields: texts, and maps for methods with one argument.
    /// - Throws: `AppletError` for a template that cannot be read or worked out.
    func text(_ format: String?, isQuiet: Bool, rows: [[String: GoValue]]) throws(AppletError) -> String {
        if isQuiet, format == nil { return try lines(of: "{{.ID}}", rows) }
        var template = format ?? "table"
        if template == "json" { template = "{{json .}}" }
        if template == "table" { template = "table \(usual)" }
        guard template.hasPrefix("table") else { return try lines(of: template, rows) }
        let fields = String(template.dropFirst("table".count).drop { $0 == " " })
        var heads: [String: GoValue] = [:]
        for column in columns { heads[column.field] = .text(column.head) }
        // A label's head is the end of its name.
        heads["Label"] = .map(Self.labelHeads(in: fields))
        let lines = try lines(of: fields, [heads] + rows)
        let cells = lines.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        guard let first = cells.first else { return "" }
        var table = TextTable(first)
        for row in cells.dropFirst() { table.add(row) }
        return table.aligned(minimum: 10)
    }

    private func lines(of template: String, _ rows: [[String: GoValue]]) throws(AppletError) -> String {
        let template = template.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
        var text = ""
        for row in rows { text += try Self.rendered(template, .structure(row)) + "\n" }
        return text
    }

    private static func labelHeads(in fields: String) -> [String: GoValue] {
        var heads: [String: GoValue] = [:]
        for part in fields.split(separator: "\"").enumerated() where part.offset % 2 == 1 {
            heads[String(part.element)] = .text(
                part.element.split { $0 == "." || $0 == "-" }.last.map { $0.uppercased() } ?? "")
        }
        return heads
    }

    /// A template worked out.
    ///
    /// - Throws: `AppletError`, with docker's words and what is wrong.
    static func rendered(_ template: String, _ data: GoValue) throws(AppletError) -> String {
        do throws(GoTemplate.Problem) {
            return try GoTemplate(template).rendered(data, functions: .docker).text
        } catch {
            throw AppletError("template parsing error: \(error.sentence)")
        }
    }
}

extension GoFunctions {
    /// The functions that docker adds (docker/cli, templates/templates.go).
    static let docker = GoFunctions { (name, arguments) throws(GoFunctionError) in
        switch name {
        case "json": return .text(try GoFunctionError.one(arguments).json.description)
        case "join":
            let (items, separator) = try GoFunctionError.pair(arguments)
            guard case .list(let values) = items else { throw GoFunctionError(sentence: "\(items) is no list") }
            return .text(values.map(\.description).joined(separator: separator.description))
        case "split":
            let (text, separator) = try GoFunctionError.pair(arguments)
            return .list(text.description.components(separatedBy: separator.description).map { .text($0) })
        case "lower": return .text(try GoFunctionError.one(arguments).description.lowercased())
        case "upper": return .text(try GoFunctionError.one(arguments).description.uppercased())
        case "title":
            let text = try GoFunctionError.one(arguments).description
            return .text(text.prefix(1).uppercased() + text.dropFirst())
        case "truncate":
            let (text, length) = try GoFunctionError.pair(arguments)
            return .text(String(text.description.prefix(max(0, try length.requiredNumber))))
        case "pad":
            guard arguments.count == 3 else { throw .wrongCount }
            let counts = (try arguments[1].requiredNumber, try arguments[2].requiredNumber)
            let blanks = { String(repeating: " ", count: min(max(0, $0), 256)) }
            return .text(blanks(counts.0) + arguments[0].description + blanks(counts.1))
        default: return nil
        }
    }
}
