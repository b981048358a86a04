/// What `sudo` is asked for, with the caller's PATH kept: with its own (`secure_path`), the names of a lab are not found.
public struct SudoWords: Hashable, Sendable {
    /// The words for the real sudo.
    public let words: [String]
    /// The command without sudo, for who is root already and has none; nil where it is none that can be run so.
    public let bareCommand: [String]?

    /// The options with a value (sudo(8)), by letter and by name.
    private static let valued: Set<String> = [
        "-C", "-D", "-g", "-h", "-p", "-R", "-r", "-T", "-t", "-U", "-u", "--chdir", "--chroot", "--close-from",
        "--command-timeout", "--group", "--host", "--other-user", "--prompt", "--role", "--type", "--user",
    ]
    /// Those with which there is no command, or one of a shell that has an environment of its own.
    private static let other: Set<String> = [
        "-e", "-i", "-K", "-k", "-l", "-s", "-V", "-v", "--edit", "--help", "--list", "--login", "--remove-timestamp",
        "--reset-timestamp", "--shell", "--validate", "--version",
    ]
    /// The variables that go with the command.
    private static let kept = ["PATH", "KUBECONFIG", "NSLAB_LAB"]

    /// - Parameters:
    ///   - written: the words after `sudo`.
    ///   - environment: the caller's.
    public init(_ written: [String], environment: [String: String] = [:]) {
        var index = 0
        var isOther = false
        options: while index < written.count, written[index].hasPrefix("-") {
            let word = written[index]
            index += 1
            if word == "--" { break options }
            if Self.valued.contains(word) { index += 1 }
            // Letters that stand together.
            let letters = word.hasPrefix("--") ? [] : word.dropFirst().map { "-\($0)" }
            if Self.other.contains(word) || letters.contains(where: Self.other.contains) { isOther = true }
        }
        index = min(index, written.count)
        let command = Array(written[index...])
        guard !command.isEmpty, !isOther else {
            (words, bareCommand) = (written, nil)
            return
        }
        let variables = Self.kept.compactMap { name in environment[name].map { "\(name)=\($0)" } }
        words = Array(written[..<index]) + ["env"] + variables + command
        bareCommand = ["env"] + variables + command
    }
}
