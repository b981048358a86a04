/// A line that a pod has logged, as the process that answers for pods hands it over.
public struct LogLine: Hashable, Sendable {
    /// When, in nanoseconds since 1970 began.
    public var time: Int
    /// The port of the pod that it is about.
    public var port: UInt16
    /// What, without the end of the line.
    public var text: String

    public init(time: Int, port: UInt16, text: String) {
        self.time = time
        self.port = port
        self.text = text
    }

    /// The longest line in bytes, with its end.
    public static let longest = 2048

    /// The line as it is handed over: `NANOSECONDS PORT TEXT` and its end. What was logged before and what comes while a log is
    /// followed have an empty line between them.
    public var bytes: [UInt8] { Array("\(time) \(port) \(text)\n".utf8) }

    /// Reads a line, without its end; nil for what is none.
    public init?(_ line: some Collection<UInt8>) {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let time = Int(String(decoding: parts[0], as: UTF8.self)), time >= 0,
            let port = UInt16(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        self.init(time: time, port: port, text: String(decoding: parts[2], as: UTF8.self))
    }
}
