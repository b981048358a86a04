/// One thing that is wrong in a file, and where.
public struct TopologyError: Error, Hashable, Sendable {
    /// The file's name as the user gave it.
    public var file: String
    /// The line, counted from 1.
    public var line: Int
    /// The column in Unicode scalars, counted from 1.
    public var column: Int
    /// The field; the root for text that is not YAML at all.
    public var path: FieldPath
    /// What is wrong and what would be right: one sentence without a full stop.
    public var sentence: String

    /// An error at a place.
    public init(file: String, line: Int, column: Int, path: FieldPath = FieldPath(), sentence: String) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.sentence = shortened(sentence)
    }
}

/// A sentence that may quote a file, cut to what a person reads.
package func shortened(_ sentence: String) -> String {
    sentence.utf8.count <= 2000 ? sentence : sentence.prefix(2000) + "…"
}

extension TopologyError: CustomStringConvertible {
    /// `FILE:LINE:COL: field.path: sentence`, the form that editors and CI systems turn into links.
    public var description: String {
        let path = path.description
        return "\(file):\(line):\(column): " + (path.isEmpty ? "" : path + ": ") + sentence
    }
}

/// All that is wrong in a file or several, in the order of their lines. Never empty.
public struct TopologyErrors: Error, Hashable, Sendable {
    /// The errors by file, line and column.
    public let errors: [TopologyError]

    /// These errors, put in order.
    public init(_ errors: [TopologyError]) {
        // Sorted by index too, because the library's sort does not promise to be stable.
        self.errors = errors.enumerated()
            .sorted {
                ($0.element.file, $0.element.line, $0.element.column, $0.offset)
                    < ($1.element.file, $1.element.line, $1.element.column, $1.offset)
            }
            .map(\.element)
    }
}

extension TopologyErrors: CustomStringConvertible {
    /// One line an error.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
