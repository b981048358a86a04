/// A template of Go's package text/template, as containerlab renders startup configurations with (`SubstituteEnvsAndTemplate` in its
/// utils/template.go): values, conditions, loops and functions. Templates within templates are not read.
struct GoTemplate: Sendable {
    let nodes: [GoTemplateNode]

    /// What is wrong with a template, or cannot be worked out.
    struct Problem: Error, Hashable {
        /// The line of the template, counted from 1.
        var line: Int
        var sentence: String
    }

    /// What a template comes to.
    struct Rendered: Sendable {
        var text: String
        /// For each line of the text, the template's line that it begins in.
        var lines: [Int]
    }

    /// Whether a text has anything of a template.
    static func isNeeded(for text: String) -> Bool { text.contains("{{") }

    init(_ text: String) throws(Problem) {
        var parser = GoTemplateParser(try GoTemplateLexer.pieces(of: text))
        nodes = try parser.parse()
    }

    /// The text for some data.
    func rendered(_ data: GoValue) throws(Problem) -> Rendered {
        var evaluation = GoTemplateEvaluation(data)
        try evaluation.run(nodes, dot: data)
        return evaluation.rendered
    }
}
