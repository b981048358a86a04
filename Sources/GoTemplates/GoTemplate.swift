/// A template of Go's package text/template, as containerlab renders startup configurations with (`SubstituteEnvsAndTemplate` in its
/// utils/template.go) and `docker --format` prints: values, conditions, loops and functions. Templates within templates are not read.
public struct GoTemplate: Sendable {
    let nodes: [GoTemplateNode]

    /// What is wrong with a template, or cannot be worked out.
    public struct Problem: Error, Hashable {
        /// The line of the template, counted from 1.
        public var line: Int
        public var sentence: String
    }

    /// What a template comes to.
    public struct Rendered: Sendable {
        public var text: String
        /// For each line of the text, the template's line that it begins in.
        public var lines: [Int]
    }

    /// Whether a text has anything of a template.
    public static func isNeeded(for text: String) -> Bool { text.contains("{{") }

    public init(_ text: String) throws(Problem) {
        var parser = GoTemplateParser(try GoTemplateLexer.pieces(of: text))
        nodes = try parser.parse()
    }

    /// The text for some data.
    ///
    /// - Parameter functions: those that whoever renders it adds to text/template's own.
    public func rendered(_ data: GoValue, functions: GoFunctions = .none) throws(Problem) -> Rendered {
        var evaluation = GoTemplateEvaluation(data, functions)
        try evaluation.run(nodes, dot: data)
        return evaluation.rendered
    }
}
