/// A value of a YAML document with the place it stands at. Scalars are text: what they mean is for the reader of a
/// field to say, so that `10` is a VLAN in one place and a label in another, and `no` is never a country.
package struct YAMLValue: Sendable {
    /// What it is.
    package var content: Content
    /// Where it begins.
    package var mark: Mark

    package init(_ content: Content, mark: Mark) {
        self.content = content
        self.mark = mark
    }

    /// A place in the text: line, and column in Unicode scalars, both counted from 1.
    package struct Mark: Hashable, Sendable, Comparable {
        package var line: Int
        package var column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.line, lhs.column) < (rhs.line, rhs.column) }
    }

    /// The three kinds of YAML, and what this project does not read.
    package enum Content: Sendable {
        /// Text; plain if it stood without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLValue])
        /// The pairs as they were written: a key may occur twice.
        case mapping([Entry])
        /// A value with a tag such as `!!int` or `!secret`.
        case tagged(String)
    }

    /// One key and its value.
    package struct Entry: Sendable {
        /// The key; a list or map in its place has no text.
        package var key: YAMLValue
        package var value: YAMLValue
    }

    /// The scalar's text.
    package var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Whether this is YAML's null: nothing at all, `~` or `null`, without quotes.
    package var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What a person would call this value.
    package var kindName: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a map"
        case .tagged: "a tagged value"
        }
    }
}

/// Text that is not YAML, or more than this project reads of it.
package struct YAMLSyntaxError: Error, Hashable, Sendable {
    package var mark: YAMLValue.Mark
    package var sentence: String

    package init(_ mark: YAMLValue.Mark, _ sentence: String) {
        self.mark = mark
        self.sentence = sentence
    }
}
