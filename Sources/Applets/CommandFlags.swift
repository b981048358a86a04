/// What is wrong with a command line, or cannot be answered.
public struct AppletError: Error, Hashable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    /// The exit status.
    public let status: Int32

    public init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }

    /// Bad usage.
    static func usage(_ description: String) -> AppletError { AppletError(description, status: 2) }
}

/// The flags that a command takes, as pflag and docopt read them: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-it`.
struct FlagSet: Sendable {
    /// The flags without a value, by their long names.
    var switches: Set<String> = []
    /// The flags with a value.
    var values: Set<String> = []
    /// The long names of those of one letter.
    var letters: [Character: String] = [:]
    /// Whether all after the first argument are arguments: the command of `docker exec`.
    var endsAtArgument = false

    /// A command line taken apart.
    struct Parsed: Hashable {
        var switches: Set<String> = []
        var values: [String: [String]] = [:]
        var arguments: [String] = []

        func has(_ name: String) -> Bool { switches.contains(name) }

        /// The value of a flag, the last one if it is given more than once.
        func value(_ name: String) -> String? { values[name]?.last }

        func all(_ name: String) -> [String] { values[name] ?? [] }
    }

    /// Takes a command line apart.
    ///
    /// - Parameter command: what the user calls it, for errors.
    /// - Throws: `AppletError` for a flag that there is not, or one without its value.
    func parse(_ words: some Collection<String>, for command: String) throws(AppletError) -> Parsed {
        var parsed = Parsed()
        var rest = Array(words)[...]
        func take(_ name: String, _ written: String, _ value: String?) throws(AppletError) {
            if values.contains(name) {
                guard let value = value ?? rest.popFirst() else {
                    throw .usage("\(command): \(written) needs a value")
                }
                parsed.values[name, default: []].append(value)
            } else if switches.contains(name) {
                if value == nil || value == "true" { parsed.switches.insert(name) }
            } else {
                throw .usage("\(command): \(written) is not known here; it takes \(known)")
            }
        }
        while let word = rest.popFirst() {
            if word == "--" {
                parsed.arguments += rest
                break
            }
            if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                try take(String(parts[0]), "--\(parts[0])", parts.count > 1 ? String(parts[1]) : nil)
            } else if word.hasPrefix("-"), word.count > 1 {
                try takeLetters(word.dropFirst(), command) { name, value throws(AppletError) in
                    try take(name, word, value)
                }
            } else {
                parsed.arguments.append(word)
                if endsAtArgument {
                    parsed.arguments += rest
                    break
                }
            }
        }
        return parsed
    }

    /// Several letters in one word; the value of one that has a value is what follows it in the word, if anything does.
    private func takeLetters(
        _ word: Substring, _ command: String, _ take: (String, String?) throws(AppletError) -> Void
    ) throws(AppletError) {
        var word = word
        while let letter = word.popFirst() {
            guard let name = letters[letter] else {
                throw .usage("\(command): -\(letter) is not known here; it takes \(known)")
            }
            guard values.contains(name) else {
                try take(name, nil)
                continue
            }
            if word.first == "=" { word.removeFirst() }
            return try take(name, word.isEmpty ? nil : String(word))
        }
    }

    private var known: String {
        let names = switches.union(values).sorted().map { "--\($0)" }
        return names.isEmpty ? "no flags" : names.joined(separator: ", ")
    }
}
