/// One line of an EOS configuration, as words.
struct EOSCommand {
    /// Its place in the file.
    let place: SourceLine
    /// The words, without a leading `no` or `default`.
    let words: [Substring]
    /// Whether it began with `no` or `default`: both take back what the rest would set.
    let isNegated: Bool
    /// Whether it was indented.
    let isIndented: Bool

    /// The words of a line; nil for a blank line and a comment.
    init?(_ line: Substring, at place: SourceLine) {
        var words = line.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let first = words.first, !first.hasPrefix("!") else { return nil }
        isNegated = words.count > 1 && (first == "no" || first == "default")
        if isNegated { words.removeFirst() }
        self.words = words
        self.place = place
        isIndented = line.first == " " || line.first == "\t"
    }

    /// The words that follow these keywords; nil if the command does not begin with them.
    ///
    /// EOS takes a keyword's beginning for the keyword while no other begins so. How much of a keyword must be written
    /// is before a bar: `sw|itchport mo|de`.
    func arguments(after keywords: String) -> ArraySlice<Substring>? {
        var rest = words[...]
        for keyword in keywords.split(separator: " ") {
            guard let word = rest.popFirst(), Self.isKeyword(word, keyword) else { return nil }
        }
        return rest
    }

    /// Whether the command is these keywords and nothing more.
    func matches(_ keywords: String) -> Bool { arguments(after: keywords)?.isEmpty == true }

    /// Whether a word is a keyword or a beginning of it.
    static func isKeyword(_ word: Substring, _ keyword: Substring) -> Bool {
        let parts = keyword.split(separator: "|")
        guard parts.count == 2 else { return word.lowercased() == keyword }
        guard word.utf8.count <= keyword.utf8.count, word.utf8.count >= parts[0].utf8.count else { return false }
        return (parts[0] + parts[1]).hasPrefix(word.lowercased())
    }
}
