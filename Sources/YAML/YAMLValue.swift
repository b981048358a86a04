/// A value of a YAML document and its place. Scalars are text: what they mean is for the reader of a field to say, so that
/// `10` is a VLAN in one place and a label in another, and `no` is never a country.
package struct YAMLValue: Sendable {
    package var content: Content
    /// Where it begins.
    package var mark: Mark

    package init(_ content: Content, mark: Mark = Mark(line: 1, column: 1)) {
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
        /// Text; plain if it was written without quotes and without a tag that makes it text (`!!str`).
        case scalar(String, isPlain: Bool)
        case sequence([YAMLValue])
        /// The pairs as they were written: a key may occur twice.
        case mapping([Entry])
        /// A value with a tag that is not one of YAML's own, such as `!secret`.
        case tagged(String)
    }

    /// One key and its value.
    package struct Entry: Sendable {
        /// The key; a list or map in its place has no text.
        package var key: YAMLValue
        package var value: YAMLValue

        package init(key: YAMLValue, value: YAMLValue) {
            self.key = key
            self.value = value
        }
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
