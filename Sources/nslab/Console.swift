import FoundationEssentials
import Glibc
import NSLabKit
import YAML

/// Where results, progress and errors go: results to standard output, all else to standard error.
struct Console {
    let format: OutputFormat
    let isQuiet: Bool
    let isVerbose: Bool
    let allowsColor: Bool

    /// Prints a result: as a document, or as the table that `table` makes of it.
    func print(_ report: some Encodable, table: () -> String) throws {
        if format == .table { return try Console.output(table()) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(report)
        switch format {
        case .yaml:
            // The same document as in JSON.
            let document = try JSONDecoder().decode(YAMLValue.self, from: json)
            try Console.output(YAMLWriter.document(document))
        case .table, .json: try Console.output(String(decoding: json, as: UTF8.self) + "\n")
        }
    }

    /// Says what is being done, unless the user wants quiet.
    func progress(_ text: String) {
        if !isQuiet { Console.diagnose("\(text)\n") }
    }

    /// Says what only someone who asked for more wants to know.
    func detail(_ text: String) {
        if isVerbose { Console.diagnose("\(text)\n") }
    }

    /// Says what the user should know although all went well.
    func warning(_ text: String) { Console.warn(text) }

    /// As `warning`, for commands without options of their own for what they print.
    static func warn(_ text: String) { Console.diagnose("nslab: warning: \(text)\n") }

    /// Says what went wrong.
    static func error(_ text: String) { Console.diagnose("nslab: \(text)\n") }

    /// Writes a result to standard output, all of it.
    ///
    /// - Throws: `NSLabError` where standard output takes no more (a full disk): a report that is cut short must not pass
    ///   for a whole one. A reader that closes its end early ends the process by SIGPIPE instead.
    static func output(_ text: String) throws(NSLabError) {
        if let error = write(text, to: STDOUT_FILENO) {
            throw NSLabError("standard output: \(String(cString: strerror(error))); the report is incomplete", .refused)
        }
    }

    /// Writes text to standard error. There is nowhere to say that it failed.
    static func diagnose(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    /// Writes text as a whole, and waits where a non-blocking descriptor takes no more for now.
    ///
    /// - Returns: the error number of the write that failed, or nil.
    private static func write(_ text: String, to descriptor: CInt) -> CInt? {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&writable, 1, -1) < 0, errno != EINTR { return errno }
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }

    /// Whether standard output may have colour: a terminal, and `NO_COLOR` is not set (https://no-color.org).
    private var hasColor: Bool {
        allowsColor && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    }

    /// The text in green where there is colour.
    func good(_ text: String) -> String { hasColor ? "\u{1b}[32m\(text)\u{1b}[0m" : text }

    /// The text in yellow where there is colour.
    func doubtful(_ text: String) -> String { hasColor ? "\u{1b}[33m\(text)\u{1b}[0m" : text }

    /// The text in red where there is colour.
    func bad(_ text: String) -> String { hasColor ? "\u{1b}[31m\(text)\u{1b}[0m" : text }
}

extension YAMLValue: Decodable {
    /// The value of a JSON document, its fields by their names.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let content: Content
        if container.decodeNil() {
            content = .scalar("null", isPlain: true)
        } else if let flag = try? container.decode(Bool.self) {
            content = .scalar("\(flag)", isPlain: true)
        } else if let number = try? container.decode(Int64.self) {
            content = .scalar("\(number)", isPlain: true)
        } else if let number = try? container.decode(Double.self) {
            content = .scalar("\(number)", isPlain: true)
        } else if let text = try? container.decode(String.self) {
            content = .scalar(text, isPlain: false)
        } else if let items = try? container.decode([YAMLValue].self) {
            content = .sequence(items)
        } else {
            let fields = try container.decode([String: YAMLValue].self)
            content = .mapping(
                fields.sorted { $0.key < $1.key }.map {
                    Entry(key: YAMLValue(.scalar($0.key, isPlain: false)), value: $0.value)
                })
        }
        self.init(content)
    }
}
