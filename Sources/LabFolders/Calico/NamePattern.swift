import Glibc

/// A regular expression for names of interfaces, as Calico's autodetection takes them (Go's regexp; here POSIX extended
/// regular expressions, which are the same for what people write).
struct NamePattern {
    private let text: String

    /// A pattern; a name fits where some part of it does, unless the pattern is anchored.
    init(_ text: String) { self.text = text }

    /// Whether a name fits.
    ///
    /// Calico looks for a whole name first, and takes the text as a pattern only then.
    func fits(_ name: String) -> Bool {
        if name == text { return true }
        // Repetition counts can make the C library's matcher as large as they say; no name needs them.
        guard text.utf8.count <= 128, !text.contains("{") else { return false }
        let pattern = text.replacing("\\d", with: "[0-9]").replacing("\\w", with: "[0-9A-Za-z_]")
            .replacing("(?:", with: "(")
        var compiled = regex_t()
        guard regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { regfree(&compiled) }
        return regexec(&compiled, name, 0, nil, 0) == 0
    }
}
