import FoundationEssentials
import Glibc
import NSLabKit
import Yams

/// Where results, progress and errors go: results to standard output, all else to standard error.
struct Console {
    let format: OutputFormat
    let isQuiet: Bool
    let isVerbose: Bool
    let allowsColor: Bool

    /// Prints a result: as a document, or as the table that `table` makes of it.
    func print(_ report: some Encodable, table: () -> String) throws {
        switch format {
        case .table:
            Console.write(table(), to: STDOUT_FILENO)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Console.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n", to: STDOUT_FILENO)
        case .yaml:
            let encoder = YAMLEncoder()
            encoder.options.sortKeys = true
            Console.write(try encoder.encode(report), to: STDOUT_FILENO)
        }
    }

    /// Says what is being done, unless the user wants quiet.
    func progress(_ text: String) {
        if !isQuiet { Console.write("\(text)\n", to: STDERR_FILENO) }
    }

    /// Says what only someone who asked for more wants to know.
    func detail(_ text: String) {
        if isVerbose { Console.write("\(text)\n", to: STDERR_FILENO) }
    }

    /// Says what the user should know although all went well.
    func warning(_ text: String) { Console.write("nslab: warning: \(text)\n", to: STDERR_FILENO) }

    /// Says what went wrong.
    static func error(_ text: String) { write("nslab: \(text)\n", to: STDERR_FILENO) }

    /// Writes text as a whole; what a closed or full receiver does not take is lost.
    static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }

    /// Whether standard output may have colour: a terminal, and nobody said no (https://no-color.org).
    private var hasColor: Bool {
        allowsColor && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    }

    /// The text in green where there is colour.
    func good(_ text: String) -> String { hasColor ? "\u{1b}[32m\(text)\u{1b}[0m" : text }

    /// The text in red where there is colour.
    func bad(_ text: String) -> String { hasColor ? "\u{1b}[31m\(text)\u{1b}[0m" : text }
}
