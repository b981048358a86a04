/// Text that is not YAML, or more than this project reads of it.
package struct YAMLSyntaxError: Error, Hashable, Sendable {
    package var mark: YAMLValue.Mark
    package var sentence: String

    package init(_ mark: YAMLValue.Mark, _ sentence: String) {
        self.mark = mark
        self.sentence = sentence
    }

    /// A key that its map has already.
    package init(duplicate key: String, _ mark: YAMLValue.Mark, first: YAMLValue.Mark) {
        self.init(mark, "duplicate key \(key) (first at line \(first.line))")
    }
}
