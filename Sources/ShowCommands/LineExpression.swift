import Glibc

/// A regular expression as EOS' filters take it: POSIX' extended ones, capital letters and small ones alike (regex(7)).
///
/// What is no expression stands for its own text.
final class LineExpression {
    private var expression = regex_t()
    private let isExpression: Bool
    private let text: String

    /// The longest that is taken as an expression: longer ones take libc's compiler minutes.
    private static let longest = 1024

    init(_ text: String) {
        self.text = text.lowercased()
        // A number of repeats is multiplied out by libc, which can take all memory.
        let isBounded = text.utf8.count <= Self.longest && !text.contains("{")
        isExpression = isBounded && regcomp(&expression, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0
    }

    deinit { if isExpression { regfree(&expression) } }

    func matches(_ line: String) -> Bool {
        isExpression ? regexec(&expression, line, 0, nil, 0) == 0 : line.lowercased().contains(text)
    }
}
